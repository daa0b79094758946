"""Whole numbers as doubles: Brian2 has them in 32 bits, which overflow silently."""

import numpy as np

from .code_functions import code_function

# By name: what each computes in NumPy, C++ and Cython.
FUNCTIONS_IN_DOUBLE = {
    "double__of": (np.positive, "x", "x"),
    "double__floor": (np.floor, "std::floor(x)", "floor(x)"),
    "double__ceil": (np.ceil, "std::ceil(x)", "ceil(x)"),
    "double__int": (np.trunc, "std::trunc(x)", "(floor(x) if x > 0 else ceil(x))"),
}


def functions_in_double():
    """Whole numbers as doubles, and the functions that make them, for a namespace."""

    def function(name, compute, cpp, cython):
        def in_numpy(x):
            return compute(np.asarray(x, dtype=float))

        return code_function(
            in_numpy,
            [1],
            f"static inline double {name}(double x) {{ return {cpp}; }}",
            f"cdef inline double {name}(double x):\n    return {cython}",
        )

    return {name: function(name, *code) for name, code in FUNCTIONS_IN_DOUBLE.items()}
