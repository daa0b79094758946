"""The terms of the right-hand side of an equation, and what its names stand for."""

from __future__ import annotations

from collections.abc import Iterator

from ..language import ast
from .order import names_in


def terms(expr: ast.Expr) -> Iterator[ast.Expr]:
    """The terms of a sum."""
    if isinstance(expr, ast.Binary) and expr.op in ("+", "-"):
        yield from terms(expr.left)
        yield from terms(expr.right)
    elif isinstance(expr, ast.Unary):
        yield from terms(expr.operand)
    else:
        yield expr


def names_behind(expr: ast.Expr, model: ast.Neuron | ast.Rule) -> set[str]:
    """The names in an expression, and the names in what these stand for."""
    post = model.post_equations if isinstance(model, ast.Rule) else ()
    equations = (*model.equations, *post)
    stands_for = {e.name.id: e.rhs for e in equations if e.kind != "ode" and e.rhs}
    found: set[str] = set()
    waiting = [name.id for name in names_in(expr)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [n.id for n in names_in(stands_for[name])] if name in stands_for else []
    return found
