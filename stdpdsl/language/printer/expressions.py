"""Expressions, units and paths."""

from __future__ import annotations

from .. import ast
from ..ast import Expr

# How tightly an operator binds; looser operands need parentheses.
_LEVEL = {"or": 1, "and": 2, "not": 3, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "**": 8}

_COMPARE, _SIGN, _ATOM = 4, 7, 9


def print_expr(expr: Expr) -> str:
    """An expression with as few parentheses as possible."""
    return _expr(expr)[0]


def print_unit(unit: ast.Unit) -> str:
    """`nS/cm**2`; the empty product is `1`."""
    text = ""
    for factor in unit.factors:
        exponent = factor.exponent
        if text:
            text += "/" if exponent < 0 else "*"
            exponent = abs(exponent)
        text += factor.name if exponent == 1 else f"{factor.name}**{exponent}"
    return text or "1"


def print_path(path: ast.Path) -> str:
    return path.dotted


def _expr(expr: Expr) -> tuple[str, int]:
    """The text, and how tightly its outermost operator binds."""
    match expr:
        case ast.Number():
            return expr.text, _ATOM
        case ast.Quantity():
            return f"{expr.text} {print_unit(expr.unit)}", _ATOM
        case ast.Name():
            return expr.id, _ATOM
        case ast.StringExpr():
            return f'"{expr.value}"', _ATOM
        case ast.Unary(op="not"):
            return f"not {_operand(expr.operand, _LEVEL['not'])}", _LEVEL["not"]
        case ast.Unary():
            return f"{expr.op}{_operand(expr.operand, _SIGN)}", _SIGN
        case ast.Binary():
            return _binary(expr)
        case ast.Call():
            given = [print_expr(arg) for arg in expr.args]
            given += [f"{k.name.id} = {print_expr(k.value)}" for k in expr.kwargs]
            suffix = " independent per block" if expr.independent else ""
            return f"{expr.func.id}({', '.join(given)}){suffix}", _ATOM
        case ast.ListExpr():
            unit = f" {print_unit(expr.unit)}" if expr.unit else ""
            return f"[{', '.join(map(print_expr, expr.items))}]{unit}", _ATOM
        case ast.DataExpr():
            return _data(expr), _ATOM
    raise TypeError(f"no expression: {expr!r}")


def _data(expr: ast.DataExpr) -> str:
    text = f'from "{expr.path.value}"'
    if expr.component is not None:
        kind = "layer" if expr.is_layer else "connection"
        text = f'from results "{expr.path.value}" {kind} {expr.component.value}'
    text += f" column {expr.column.value}" if expr.column is not None else ""
    return text + (f" block {expr.block.text}" if expr.block is not None else "")


def _operand(expr: Expr, level: int) -> str:
    text, own = _expr(expr)
    return text if own >= level else f"({text})"


def _binary(expr: ast.Binary) -> tuple[str, int]:
    level = _LEVEL.get(expr.op, _COMPARE)
    if expr.op == "**":
        # `5 ms**2` would square the unit.
        left = _operand(expr.left, _ATOM + isinstance(expr.left, ast.Quantity))
        return f"{left}**{_operand(expr.right, _SIGN)}", level
    left = _operand(expr.left, level + (level == _COMPARE))
    return f"{left} {expr.op} {_operand(expr.right, level + 1)}", level


def print_slice(node: ast.Slice | None) -> str:
    if node is None:
        return ""
    ends = ["" if end is None else print_expr(end) for end in (node.start, node.stop)]
    return f"[{ends[0]}]" if node.alone else f"[{':'.join(ends)}]"
