"""The dimension of an expression whose names are known and whose units fit."""

from __future__ import annotations

from collections.abc import Mapping

from ..language import ast
from ..language.ast import Expr
from ..language.builtins import DISTRIBUTIONS, FUNCTIONS
from ..language.numeric import NotConstant, evaluate
from ..language.units import NONE, SECOND, Dim, dim_and_power, lookup

SAME = {name for name, function in FUNCTIONS.items() if function.rule == "same"}


def dimension(expr: Expr, known: Mapping[str, Dim]) -> Dim:
    """None if the expression is not a number."""
    match expr:
        case ast.Quantity():
            return unit_dimension(expr.unit)
        case ast.Name():
            if expr.id in known:
                return known[expr.id]
            if expr.id in ("t", "dt"):
                return SECOND
            unit = lookup(expr.id) if len(expr.id) > 1 else None
            return unit[0] if unit else NONE
        case ast.Unary():
            return NONE if expr.op == "not" else dimension(expr.operand, known)
        case ast.Binary():
            return _binary(expr, known)
        case ast.Call():
            return _call(expr, known)
    return NONE


def unit_dimension(unit: ast.Unit) -> Dim:
    if [f.name for f in unit.factors] in (["integer"], ["boolean"]):
        return NONE
    return dim_and_power((f.name, f.exponent) for f in unit.factors)[0]


def _binary(expr: ast.Binary, known: Mapping[str, Dim]) -> Dim:
    left = dimension(expr.left, known)
    if expr.op == "*":
        return left * dimension(expr.right, known)
    if expr.op == "/":
        return left / dimension(expr.right, known)
    if expr.op == "**":
        return left ** exponent(expr.right) if not left.is_none else NONE
    return left if expr.op in ("+", "-", "%") else NONE


def exponent(expr: Expr) -> float:
    """The exponent of a quantity, which must be a literal number."""
    try:
        return float(evaluate(expr, {}))
    except NotConstant:
        return 1.0


def _call(expr: ast.Call, known: Mapping[str, Dim]) -> Dim:
    name = expr.func.id
    first = dimension(expr.args[0], known) if expr.args else NONE
    if name == "sqrt":
        return first**0.5
    if name in SAME:
        return first
    kept = name in DISTRIBUTIONS and DISTRIBUTIONS[name].units.startswith("v")
    return first if kept else NONE
