"""Functions that the code of Brian2's objects calls, on every target."""


def code_function(in_numpy, arg_units, cpp, cython, return_unit=1, **options):
    """A Function of Brian2 with its code in C++ and Cython."""
    from brian2.core.functions import Function

    made = Function(
        in_numpy, arg_units=arg_units, return_unit=return_unit, return_type="float", **options
    )
    # Passed as it is: Brian2 would wrap it in a check that writes out all results in each step.
    for language, code in (("numpy", in_numpy), ("cpp", cpp), ("cython", cython)):
        made.implementations.add_implementation(language, code)
    return made
