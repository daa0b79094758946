"""The value of a constant expression, in SI units, with NumPy.

The generated script computes the same expressions with the same operators on the same types
(Python floats, or arrays over the sweep's rows), so both get the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from . import ast
from .builtins import CONSTANTS, FUNCTIONS, LISTS
from .units import dim_and_power, in_si, lookup, resolve


class NotConstant(Exception):
    """The expression contains something that has no value yet; `node` is that part."""

    def __init__(self, node: ast.Node, reason: str = "has no constant value"):
        self.node = node
        self.reason = reason
        super().__init__(reason)


def whole_steps(delay: float, dt: float) -> int:
    """The number of time steps of a delay (s), rounded to the nearest, halves up, like the script's
    `delays`."""
    return math.floor(delay / dt + 0.5 + 1e-9)


@cache
def power(unit: ast.Unit) -> int:
    """The power of ten that converts a unit to SI; 0 for a level in dB."""
    return 0 if is_level(unit) else dim_and_power((f.name, f.exponent) for f in unit.factors)[1]


@ast.found_once
def quantity(node: ast.Quantity) -> float:
    """The double nearest to the decimal number in SI units; a level in dB is its number."""
    return in_si(node.text, power(node.unit))


def with_unit(expr: ast.Expr, unit: ast.Unit | None) -> ast.Expr:
    """A plain number, signed or not, with the unit that its list, table or bounds share (`[10, -20]
    ms`); any other expression unchanged."""
    match expr:
        case ast.Number() if unit is not None:
            return ast.Quantity(float(expr.value), unit, expr.text, span=expr.span)
        case ast.Unary(op="-" | "+") if unit is not None:
            operand = with_unit(expr.operand, unit)
            if operand is not expr.operand:
                return ast.Unary(expr.op, operand, span=expr.span)
    return expr


def times_unit_name(expr: ast.Binary) -> ast.Quantity | None:
    """The quantity that `5*ms` is, if `ms` is not declared in the spec; None for other products."""
    sign, number, name = "", expr.left, expr.right
    if isinstance(number, ast.Unary) and number.op in ("-", "+"):
        sign, number = number.op, number.operand
    if expr.op != "*" or not isinstance(number, ast.Number) or not isinstance(name, ast.Name):
        return None
    if len(name.id) == 1 or lookup(name.id) is None:
        return None
    unit = ast.Unit((ast.UnitFactor(name.id, 1, span=name.span),), span=name.span)
    text = sign + number.text
    return ast.Quantity(float(text), unit, text, span=expr.span)


LARGEST_WHOLE = 2**53
"""Up to this limit, every whole number is exact as a double."""


def is_level(unit: ast.Unit) -> bool:
    return [f.name for f in unit.factors] == ["dB"]


def evaluate(expr: ast.Expr, env: Mapping[str, Any]) -> Any:
    """A number, or an array if `env` contains arrays or the expression makes a list.

    Raises NotConstant for a name that is not in `env`, an unknown function, a draw, or arithmetic
    without a result (division by zero, overflow).
    """
    if isinstance(expr, ast.Number | ast.Quantity | ast.Name):
        return _evaluate(expr, env)  # most are, and nothing is computed
    import numpy as np

    with np.errstate(all="ignore"):
        return _evaluate(expr, env)


def _evaluate(expr: ast.Expr, env: Mapping[str, Any]) -> Any:
    match expr:
        case ast.Number():
            return expr.value
        case ast.Quantity():
            return quantity(expr)
        case ast.Name():
            if expr.id in env:
                return env[expr.id]
            if expr.id in CONSTANTS:
                return CONSTANTS[expr.id]
            if len(expr.id) > 1 and lookup(expr.id) is not None:  # `5*ms`
                return resolve([(expr.id, 1)])[1]
            raise NotConstant(expr)
        case ast.Unary():
            return _unary(expr.op, _evaluate(expr.operand, env))
        case ast.Binary():
            return _chain(expr, env)
        case ast.ListExpr():
            return _list(expr, env)
        case ast.Call():
            return _call(expr, env)
    raise NotConstant(expr)


def _chain(expr: ast.Binary, env: Mapping[str, Any]) -> Any:
    """A left-leaning chain; not recursive, because sums may be long."""
    spine: list[ast.Binary] = []
    node: ast.Expr = expr
    while isinstance(node, ast.Binary):
        spine.append(node)
        node = node.left
    product = times_unit_name(spine[-1])
    if product is not None and spine[-1].right.id not in env:  # type: ignore[attr-defined]
        node = product
        spine.pop()
    value = _evaluate(node, env)
    for binary in reversed(spine):
        value = _binary(binary, value, _evaluate(binary.right, env))
    return value


def _unary(op: str, value: Any) -> Any:
    import numpy as np

    if op == "not":
        return np.logical_not(value)
    return -value if op == "-" else +value


def _binary(node: ast.Binary, a: Any, b: Any) -> Any:
    import numpy as np

    if isinstance(a, int) and isinstance(b, int) and not _is_exact(node.op, a, b):
        a, b = float(a), float(b)
    try:
        match node.op:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                return a / b
            case "//":
                return a // b
            case "%":
                return a % b
            case "**":
                # In floats, because an integer power could be astronomically large.
                power = _as_float(a) ** _as_float(b)
                if isinstance(power, complex):  # Python's, of a negative number
                    raise NotConstant(node, "is not a real number")
                return power
            case "<":
                return a < b
            case "<=":
                return a <= b
            case ">":
                return a > b
            case ">=":
                return a >= b
            case "==":
                return a == b
            case "!=":
                return a != b
            case "and":
                return np.logical_and(a, b)
            case "or":
                return np.logical_or(a, b)
    except ZeroDivisionError:
        raise NotConstant(node, "divides by zero") from None
    except OverflowError:
        raise NotConstant(node, "is too large for a number") from None
    raise NotConstant(node)


def _is_exact(op: str, a: int, b: int) -> bool:
    """Whether the result of an operation on whole numbers is exact as a double."""
    size = abs(a) * abs(b) if op == "*" else max(abs(a), abs(b), abs(a) + abs(b))
    return size <= LARGEST_WHOLE


def _as_float(value: Any) -> Any:
    import numpy as np

    return value.astype(float) if isinstance(value, np.ndarray) else float(value)


def _list(expr: ast.ListExpr, env: Mapping[str, Any]) -> Any:
    import numpy as np

    if any(isinstance(item, ast.StringExpr) for item in expr.items):
        raise NotConstant(expr)
    return np.array([_item(item, expr.unit, env) for item in expr.items])


def _item(item: ast.Expr, unit: ast.Unit | None, env: Mapping[str, Any]) -> Any:
    """An item of a list; what is not a plain number is multiplied by the list's unit."""
    whole = with_unit(item, unit)
    value = _evaluate(whole, env)
    return value if whole is not item or unit is None else float(value) * float(f"1e{power(unit)}")


def _call(expr: ast.Call, env: Mapping[str, Any]) -> Any:

    name = expr.func.id
    arguments = [_evaluate(a, env) for a in expr.args]
    named = {k.name.id: _evaluate(k.value, env) for k in expr.kwargs}
    if name in FUNCTIONS:
        if len(arguments) != FUNCTIONS[name].arity or named:
            raise NotConstant(expr)
        return _function(FUNCTIONS[name].numpy)(*arguments)
    if name in LISTS:
        try:
            values = [*arguments, *(named[n] for n in LISTS[name].arguments[len(arguments) :])]
        except KeyError:
            raise NotConstant(expr) from None
        if LISTS[name].units[2] == "n":
            values[2] = int(values[2])
            if values[2] > 10_000_000:
                raise NotConstant(expr, f"makes a list of {values[2]:,} values")
        try:
            return _function(LISTS[name].numpy)(*values)
        except (ValueError, ZeroDivisionError, MemoryError):
            raise NotConstant(expr, "makes no list") from None
    raise NotConstant(expr)


@cache
def _function(name: str) -> Any:
    """The function that the script calls by this name; our own are from the runtime."""
    import numpy as np

    if name.startswith("np."):
        return getattr(np, name.removeprefix("np."))
    from ..runtime import numerics

    return getattr(numerics, name)
