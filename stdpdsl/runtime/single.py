"""Single precision: what is computed with times comes out as a double and is then rounded."""

import re
import warnings

import numpy as np

from .code_functions import code_function
from .errors import fail
from .exact import exact_by_variable

# Functions of doubles, by name: what they compute in NumPy, C++ and Cython.
FUNCTIONS_OF_DOUBLE = {
    "single__of": (np.float32, "(float)x", "<float>x"),
    "double__exp": (np.exp, "std::exp(x)", "exp(x)"),
}
EXP = re.compile(r"\bexp\b")


def in_single(values, what):
    """Numbers rounded to single precision, stored as doubles."""
    with np.errstate(over="ignore", under="ignore"):
        held = np.asarray(values).astype(np.float32).astype(float)[()]
    lost = (np.isinf(held) & np.isfinite(values)) | ((held == 0) & (np.asarray(values) != 0))
    if np.any(lost):
        number = np.broadcast_to(values, np.shape(lost))[lost].flat[0]
        fail(
            f"{what} is {number:g} somewhere, which single precision cannot hold;"
            " take `precision: double`"
        )
    return held


def exact_in_single(equations, variables=None, method_options=None, written=None):
    """Brian2's exact solution. Its factors contain differences of almost equal numbers, so they are
    computed in double precision and then rounded."""

    from brian2.parsing.sympytools import sympy_to_str

    def rounded(factor):
        return f"single__of({re.sub(EXP, 'double__exp', (written or sympy_to_str)(factor))})"

    return exact_by_variable(equations, variables, method_options, rounded)


def functions_of_double():
    """The functions that those factors call, for a namespace."""
    found = {}
    for name, (in_numpy, in_cpp, in_cython) in FUNCTIONS_OF_DOUBLE.items():
        kind = "float" if name == "single__of" else "double"
        found[name] = code_function(
            in_numpy,
            [None],
            f"static inline {kind} {name}(double x) {{ return {in_cpp}; }}",
            f"cdef inline {kind} {name}(double x):\n    return {in_cython}",
            return_unit=lambda unit: unit,
        )
    return found


def expect_overflow():
    """Brian2 checks whether each state variable is above 1e50, which no float is."""
    warnings.filterwarnings("ignore", "overflow encountered in cast", module="brian2.groups.group")
