"""`advance:` as expressions: the values of a synapse's variables at a time without an event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from ..language import ast


def advanced(
    statements: Iterable[ast.Statement], bounds: Mapping[str, ast.Bounds], types: dict[int, Any]
) -> dict[str, ast.Expr]:
    """The value after the statements of each name that they assign, in terms of the values before.
    `types` gets the types of new nodes, by node id; the caller has to keep these nodes alive."""
    known: dict[str, ast.Expr] = {}
    for statement in statements:
        assert isinstance(statement, ast.Update)  # the check has refused all else
        target, span = statement.target, statement.span
        value = with_values(statement.value, known, types)
        if statement.op != "=":
            before = known.get(target.id, ast.Name(target.id, span=target.span))
            value = ast.Binary(statement.op[0], before, value, span=span)
        if (ends := bounds.get(target.id)) is not None:
            value = ast.Call(ast.Ident("clip", span=span), (value, ends.low, ends.high), span=span)
        known[target.id] = value
    return known


def with_values(node: Any, known: Mapping[str, ast.Expr], types: dict[int, Any]) -> Any:
    """An expression in which names stand for expressions."""
    if isinstance(node, ast.Name):
        return known.get(node.id, node)
    changed = {}
    for name in (item.name for item in fields(node) if item.name != "span"):
        value = getattr(node, name)
        if isinstance(value, ast.Node):
            changed[name] = with_values(value, known, types)
        elif isinstance(value, tuple):
            changed[name] = tuple(
                with_values(v, known, types) if isinstance(v, ast.Node) else v for v in value
            )
    new = replace(node, **changed) if changed else node
    if id(node) in types:
        types[id(new)] = types[id(node)]
    return new
