"""Equations of a Brian2 model, and the closed form of a trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..check.symbols import unit_type
from ..ir import Equation
from ..language import ast

Show = Callable[[ast.Expr], str]

# Flags that tell where a variable lives or how it is integrated; the compiler decides both.
_OURS = {"shared", "event-driven", "event driven", "clock-driven", "clock driven"}


def unit_of(e: ast.Equation) -> str:
    """The unit as Brian2 writes it, or `integer`, `boolean`."""
    names = [f.name for f in e.unit.factors]
    if names in (["integer"], ["boolean"]):
        return names[0]
    known = unit_type(e.unit)
    assert known is not None  # the check has refused unknown units
    return known.dim.unit_name()


def flags_of(e: ast.Equation) -> list[str]:
    return [" ".join(word.id for word in words) for words in e.flags]


def lower_equation(
    e: ast.Equation, show: Show, name: str, gate: str = "", flags: Sequence[str] = ()
) -> Equation:
    """A `gate` of 1 or 0 lets a differential equation run or freezes it."""
    unit, shown = unit_of(e), (*(f for f in flags_of(e) if f not in _OURS), *flags)
    if e.kind == "parameter":
        return Equation(name, "stored", unit, flags=shown)
    assert e.rhs is not None
    rhs = show(e.rhs)
    if e.kind == "subexpression":
        return Equation(name, "computed", unit, rhs=rhs, flags=shown)
    return Equation(name, "differential", unit, rhs=f"{gate}*({rhs})" if gate else rhs, flags=shown)


def trace_now(e: ast.Equation, show: Callable[..., str], own: str) -> str:
    """The right side that extrapolates an event-driven variable to the time at which it is read.
    `show` prints an expression, with names replaced by the given text."""
    assert e.rhs is not None
    still, at_one = show(e.rhs, **{e.name.id: "0"}), show(e.rhs, **{e.name.id: "1"})
    if is_product(e.rhs, e.name.id):
        return f"{own}*exp(({at_one})*(t - lastupdate))"
    slope = f"(({at_one}) - ({still}))"
    return f"({own} + ({still})/{slope})*exp({slope}*(t - lastupdate)) - ({still})/{slope}"


def is_product(expr: ast.Expr, name: str) -> bool:
    """Whether the expression is `c*x` or `x/c`: a product with no constant term."""
    match expr:
        case ast.Name():
            return expr.id == name
        case ast.Unary():
            return is_product(expr.operand, name)
        case ast.Binary(op="*"):
            return is_product(expr.left, name) or is_product(expr.right, name)
        case ast.Binary(op="/"):
            return is_product(expr.left, name)
    return False
