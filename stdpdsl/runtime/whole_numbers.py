"""Whole numbers in double: Brian2 has them in 32 bits, which overflow silently."""

import numpy as np

# By name: what they compute in NumPy, C++ and Cython.
FUNCTIONS_IN_DOUBLE = {
    "double__of": (np.positive, "x", "x"),
    "double__floor": (np.floor, "std::floor(x)", "floor(x)"),
    "double__ceil": (np.ceil, "std::ceil(x)", "ceil(x)"),
    "double__int": (np.trunc, "std::trunc(x)", "(floor(x) if x > 0 else ceil(x))"),
}


def functions_in_double():
    """Whole numbers as doubles, and the functions that make them: part of a namespace."""
    from brian2.core.functions import Function

    def function(name, compute, cpp, cython):
        def in_numpy(x):
            return compute(np.asarray(x, dtype=float))

        made = Function(in_numpy, arg_units=[1], return_unit=1, return_type="float")
        made.implementations.add_implementation(
            "cpp", f"static inline double {name}(double x) {{ return {cpp}; }}"
        )
        made.implementations.add_implementation(
            "cython", f"cdef inline double {name}(double x):\n    return {cython}"
        )
        return made

    return {name: function(name, *code) for name, code in FUNCTIONS_IN_DOUBLE.items()}
