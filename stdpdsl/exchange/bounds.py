"""Finds statements that clip a variable after each change; a rule writes `in [low, high]` once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..language import ast
from ..language.ast import Expr

Clip = tuple[Expr | None, Expr | None]


def clip_of(statement: ast.Statement) -> tuple[str, Clip] | None:
    """`w = max(low, min(high, w))`, or one half of it."""
    if not isinstance(statement, ast.Update) or statement.op != "=":
        return None
    name, inner = statement.target.id, statement.value
    low, inner = _limit(inner, "max")
    high, inner = _limit(inner, "min")
    if (low is None and high is None) or not (isinstance(inner, ast.Name) and inner.id == name):
        return None
    return name, (low, high)


def _limit(expr: Expr, function: str) -> tuple[Expr | None, Expr]:
    if isinstance(expr, ast.Call) and expr.func.id == function and len(expr.args) == 2:
        return expr.args[0], expr.args[1]
    return None, expr


def bounds_of(
    state: Iterable[str],
    integrated: Iterable[str],
    advance: Sequence[ast.Statement],
    bodies: Iterable[Sequence[ast.Statement]],
    fixed: set[str],
) -> dict[str, Clip]:
    """The bounds of each variable that is clipped after each change, always in the same way.
    `fixed` has the names of the parameters. Only these may stand in a bound.
    """
    found: dict[str, set[Clip | None]] = {name: set() for name in state}
    after = 0
    while after < len(advance) and clip_of(advance[after]) is not None:
        after += 1
    first = dict(c for s in advance[:after] if (c := clip_of(s)) is not None)
    for name in integrated:
        found[name].add(first.get(name))
    for body in (advance, *bodies):
        for k, statement in enumerate(body):
            if not isinstance(statement, ast.Update) or statement.target.id not in found:
                continue
            if clip_of(statement) is not None:
                continue
            following = clip_of(body[k + 1]) if k + 1 < len(body) else None
            name = statement.target.id
            found[name].add(following[1] if following and following[0] == name else None)
    out: dict[str, Clip] = {}
    for name, clips in found.items():
        only = next(iter(clips)) if len(clips) == 1 else None
        if only is not None and all(_is_fixed(e, fixed) for e in only):
            out[name] = only
    return out


def _is_fixed(expr: Expr | None, fixed: set[str]) -> bool:
    names = (n for n in ast.walk(expr) if isinstance(n, ast.Name)) if expr is not None else ()
    return all(n.id in fixed for n in names)


def without_clips(body: Iterable[ast.Statement], clips: Mapping[str, Clip]) -> list[ast.Statement]:
    kept = []
    for statement in body:
        clip = clip_of(statement)
        if clip is None or clips.get(clip[0]) != clip[1]:
            kept.append(statement)
    return kept
