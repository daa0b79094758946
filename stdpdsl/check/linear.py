"""Whether an expression is linear in some of its names."""

from __future__ import annotations

from collections.abc import Mapping

from ..language import ast


def degree(
    expr: ast.Expr,
    variables: set[str],
    computed: Mapping[str, ast.Expr] | None = None,
    time: int | None = None,
) -> int | None:
    """0 or 1: the expression's degree in the variables; None if it is not linear in them, or
    depends on time. `computed`: what the names of computed variables stand for. `time`: 0 while
    time is held constant."""

    def of(part: ast.Expr) -> int | None:
        return degree(part, variables, computed, time)

    match expr:
        case ast.Name():
            if expr.id in (computed or {}):
                rest = {n: v for n, v in (computed or {}).items() if n != expr.id}
                return degree((computed or {})[expr.id], variables, rest, time)
            return 1 if expr.id in variables else (time if expr.id == "t" else 0)
        case ast.Unary():
            return of(expr.operand) if expr.op != "not" else None
        case ast.Binary():
            left, right = of(expr.left), of(expr.right)
            if left is None or right is None:
                return None
            if expr.op in ("+", "-"):
                return max(left, right)
            if expr.op == "*":
                return left + right if left + right < 2 else None
            if expr.op == "/":
                return left if right == 0 else None
            return 0 if left == right == 0 else None
        case ast.Call():
            return 0 if all(of(a) == 0 for a in expr.args) else None
    return 0
