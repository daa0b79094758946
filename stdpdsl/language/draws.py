"""Reads a call of a draw: its distribution, and its arguments by name."""

from __future__ import annotations

from . import ast
from .builtins import DISTRIBUTIONS, LOGNORMAL_BY_MEAN, Distribution


def distribution_of(call: ast.Call) -> Distribution:
    """The distribution that a call draws from. `lognormal` takes `mu` and `sigma` of the logarithm,
    or, by name, `mean` and `sd` of the variable itself."""
    named = {keyword.name.id for keyword in call.kwargs}
    if call.func.id == "lognormal" and named & set(LOGNORMAL_BY_MEAN.arguments):
        return LOGNORMAL_BY_MEAN
    return DISTRIBUTIONS[call.func.id]


def arguments_of(call: ast.Call) -> dict[str, ast.Expr]:
    """A draw's arguments by their names."""
    given = dict(zip(distribution_of(call).arguments, call.args, strict=False))
    return given | {k.name.id: k.value for k in call.kwargs}
