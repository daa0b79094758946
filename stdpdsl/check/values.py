"""Numbers that are known before the sweep is evaluated."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..language import ast
from ..language.numeric import NotConstant, evaluate
from .order import dependency_order, names_in
from .symbols import Component, Symbols

SHORTEST, LONGEST = 1e-30, 1e30
"""Limits of `dt` and durations (s): far beyond any use, but a quotient of two such times is
finite."""


def constant_values(symbols: Symbols, unswept: bool = True) -> dict[str, Any]:
    """The constants' values, except those that cannot be computed. With `unswept`, those that a
    column sets, and those that use them, are also left out."""
    swept = {c.target[1] for c in symbols.columns.values() if c.target and not c.target[0]}
    exprs = {n: s.value for n, s in symbols.constants.items() if s.value is not None}
    uses = {n: [x.id for x in names_in(v) if x.id in exprs] for n, v in exprs.items()}
    values: dict[str, Any] = {}
    for name in dependency_order(uses)[0]:
        if unswept and (name in swept or any(used not in values for used in uses[name])):
            continue
        try:
            values[name] = evaluate(exprs[name], values)
        except (NotConstant, TypeError, ValueError, KeyError):
            continue
    return values


GRID = 4_000_000
"""Up to this many pairs of neurons, an expression is evaluated for each."""


def on_pairs(expr: ast.Expr | None, pre: int, post: int, known: Mapping[str, Any]) -> Any:
    """The value of `p` or `where` at each pair, an array (pre, post). None if it is not known, or
    if there are more than GRID pairs."""
    if expr is None or not 0 < pre * post <= GRID:
        return None
    i, j = np.arange(float(pre))[:, None], np.arange(float(post))[None, :]
    pair = {"i": i, "j": j, "N_pre": pre, "N_post": post}
    try:
        found = np.asarray(evaluate(expr, ChainMap(pair, known)))  # type: ignore[arg-type]
    except (NotConstant, TypeError, ValueError, KeyError):
        return None
    return np.broadcast_to(found, (pre, post))


def value(expr: ast.Expr | None, known: Mapping[str, Any]) -> float | None:
    """One number, finite or infinite; None if it is not known yet."""
    if expr is None:
        return None
    try:
        return float(evaluate(expr, known))
    except (NotConstant, TypeError, ValueError, KeyError, OverflowError):
        return None


def weight_range(connection: Component, constants: Mapping[str, Any]) -> float | None:
    """The distance between the bounds of a connection's weight by the values in the spec, or
    None."""
    equation = next((e for e in connection.equations if e.name.id == connection.weight), None)
    if equation is None or equation.bounds is None:
        return None
    known = dict(constants)
    for _ in connection.parameters:  # each may use others, in any order
        for name, symbol in connection.parameters.items():
            if name not in known and (number := value(symbol.value, known)) is not None:
                known[name] = number
    ends = value(equation.bounds.low, known), value(equation.bounds.high, known)
    return None if None in ends else ends[1] - ends[0]  # type: ignore[operator]


def _terms(expr: ast.Expr) -> Iterator[ast.Expr]:
    """The terms that are added and subtracted."""
    if isinstance(expr, ast.Unary) and expr.op in "+-":
        yield from _terms(expr.operand)
    elif isinstance(expr, ast.Binary) and expr.op in "+-":
        yield from _terms(expr.left)
        yield from _terms(expr.right)
    else:
        yield expr


def steps_of(connection: Component) -> list[str]:
    """The parameters of a rule that its statements add to a variable unscaled: `apre += Apre`, but
    not `apre += Apre * ratio`, whose size is given by no single parameter."""
    body = [s for h in (connection.rule.handlers if connection.rule else ()) for s in h.body]
    values = [s.value for s in body if isinstance(s, ast.Update) and s.op in ("+=", "-=")]
    names = [term.id for v in values for term in _terms(v) if isinstance(term, ast.Name)]
    return [name for name in dict.fromkeys(names) if name in connection.parameters]
