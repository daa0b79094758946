"""Words for types and units in messages, and the part of an expression that a message points at."""

from __future__ import annotations

from ...language import ast
from ...language.units import AMP, FARAD, HERTZ, METRE, OHM, SECOND, SIEMENS, VOLT, Dim
from ..symbols import Type

_EXAMPLES = {
    SECOND: "ms",
    VOLT: "mV",
    AMP: "pA",
    SIEMENS: "nS",
    HERTZ: "Hz",
    FARAD: "pF",
    OHM: "Mohm",
    METRE: "um",
}

READ_TOO_EARLY = (
    "assign it on a line above; to keep a value from one spike to the next, declare it under"
    " `equations:`, as in `w : 1 in [0, wmax]`"
)


def describe(found: Type) -> str:
    if found.kind == "boolean":
        return "a condition"
    if found.kind == "level":
        return "a level in dB"
    return found.dim.describe()


def spot(expr: ast.Expr) -> ast.Node:
    """The smallest part that shows the unit: `mV` of `-20 mV`."""
    while isinstance(expr, ast.Unary):
        expr = expr.operand
    return expr.unit if isinstance(expr, ast.Quantity) else expr


def unit_help(expr: ast.Expr, want: Dim, found: Dim) -> str:
    """The hint for a number that lacks a unit or has one too many."""
    inner, sign = expr, ""
    while isinstance(inner, ast.Unary):
        sign += inner.op
        inner = inner.operand
    if isinstance(inner, ast.Number) and found.is_none and not want.is_none:
        return f"give it its unit: `{sign}{inner.text} {example_unit(want)}`"
    if isinstance(inner, ast.Name) and inner.id == "inf" and found.is_none:
        return f"infinity needs a unit, too: `inf*{want.unit_name()}`"
    if isinstance(inner, ast.Quantity) and want.is_none:
        return f"leave out the unit: `{sign}{inner.text}`"
    return ""


def example_unit(dim: Dim) -> str:
    return _EXAMPLES.get(dim) or dim.unit_name().replace(" ", "")
