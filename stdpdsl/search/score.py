"""Scores a trial: its objectives, and by how much it misses the constraints, from the measures
of its blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..check.measures import is_reduction
from ..language import ast
from ..language.numeric import NotConstant, evaluate

FAILED = ("nan", "bounds")
"""The values of `status` that mark a block whose numbers are meaningless."""
REDUCE: dict[str, Any] = {
    "mean": np.mean,
    "sd": np.std,
    "min": np.min,
    "max": np.max,
    "sum": np.sum,
    "fraction": np.mean,
}

Columns = Mapping[str, np.ndarray]


def scores(
    search: ast.Search, blocks: Columns, constants: Mapping[str, Any]
) -> tuple[np.ndarray, float]:
    """The objectives of a trial (NaN without a value), and by how much it misses its
    constraints (0 if it meets all). `blocks` has a value for each block, in the last phase.
    """
    if np.isin(blocks["status"], FAILED).any():
        return np.full(max(1, len(search.objectives)), np.nan), 0.0
    env = dict(constants) | names_of(blocks)
    with np.errstate(all="ignore"):
        if search.compare is not None:
            found = [fit_error(search.compare, env)]
            if isinstance(search, ast.Infer):  # half of chi squared, over the rows of the data
                copies = len(np.unique(blocks.get("replicate", np.zeros(1))))
                found = [0.5 * found[0] * len(blocks["status"]) / copies]
        else:
            found = [reduced(o.value, env) for o in search.objectives]
        missed = [violation(c, env) for c in search.constraints]
    return np.array(found, dtype=float), float(sum(missed))


def names_of(blocks: Columns) -> dict[str, Any]:
    """Columns by their full names and by the last part of their names."""
    short = {name.rpartition(".")[2]: values for name, values in blocks.items()}
    return {**short, **blocks}


def fit_error(node: ast.Comparison, env: Mapping[str, Any]) -> float:
    """The mean of the squared differences, each divided by its standard error if there is one."""
    predicted = each(node.value, env)
    off = predicted - env[node.observed.id]
    return float(np.mean((off / env[node.error.id]) ** 2 if node.error else off**2))


def each(expr: ast.Expr, env: Mapping[str, Any]) -> np.ndarray:
    """The value of a formula in each block."""
    try:
        return np.asarray(evaluate(expr, env), dtype=float)
    except NotConstant:
        return np.asarray(np.nan)


def reduced(expr: ast.Expr, env: Mapping[str, Any]) -> float:
    """One number for all blocks. A measure outside of `mean(...)` or another reduction stands
    for its mean.
    """
    found: dict[str, Any] = {}

    def without(node: ast.Expr) -> ast.Expr:
        name = f"of the blocks {len(found)}"  # no name of a spec
        if is_reduction(node):
            assert isinstance(node, ast.Call)
            found[name] = float(REDUCE[node.func.id](each(node.args[0], env)))
            return ast.Name(name, span=node.span)
        if isinstance(node, ast.Name):
            values = env.get(node.id)
            if values is None or np.ndim(values) == 0:
                return node
            found[name] = float(np.mean(np.asarray(values, dtype=float)))
            return ast.Name(name, span=node.span)
        if isinstance(node, ast.Binary):
            return replace(node, left=without(node.left), right=without(node.right))
        if isinstance(node, ast.Unary):
            return replace(node, operand=without(node.operand))
        if isinstance(node, ast.Call):
            return replace(node, args=tuple(map(without, node.args)))
        return node

    whole = without(expr)
    try:
        return float(evaluate(whole, {**env, **found}))
    except (NotConstant, OverflowError):
        return float("nan")


def violation(expr: ast.Expr, env: Mapping[str, Any]) -> float:
    """By how much a comparison fails, as a fraction of the larger side: 0 if it holds, 1 if a
    side has no value.
    """
    assert isinstance(expr, ast.Binary)
    if expr.op in ("and", "or"):
        sides = violation(expr.left, env), violation(expr.right, env)
        return max(sides) if expr.op == "and" else min(sides)
    low, high = reduced(expr.left, env), reduced(expr.right, env)
    if expr.op in (">", ">="):
        low, high = high, low
    if low < high or (low == high and "=" in expr.op):
        return 0.0
    if not (np.isfinite(low) and np.isfinite(high)):
        return 1.0
    size = max(abs(low), abs(high))
    return max((low - high) / size, float(np.finfo(float).tiny)) if size else 1e-300
