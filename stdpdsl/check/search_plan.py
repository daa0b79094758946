"""The numbers of a search: its method, trials and batches, and its stopping rule."""

from __future__ import annotations

import math
from typing import Any

from ..dataclass import dataclass
from ..language import ast
from ..language.numeric import NotConstant, evaluate
from ..language.refined import METHOD
from .measures import measured
from .order import names_in
from .symbols import Component, Symbols
from .values import value

METHODS = ("tpe", "cma_es", "nsga2", "random", "sobol", "grid", METHOD)
INFERENCE = "importance_sampling"
NPE = "npe"
"""Neural posterior estimation."""
INFERENCES = (INFERENCE, NPE)

OWN_COLUMNS = ("generation", "trial")

REFINED = 10
"""Trials per grid point of a sweep that is refined, if `refine:` names no number."""
DEFAULTS = {"trials": 100, "batch": 50, "seed": 0}


@dataclass(frozen=True)
class Plan:
    """The numbers of a search: `stop` is 0 if all trials are run."""

    method: str
    trials: int
    batch: int
    seed: int
    stop: int
    reasons: tuple[str, ...] = ()
    after: float = 0.0
    """Why trials are ended early, and after which time (s)."""
    difference: float | None = None
    """The difference to which a grid is refined: in the objective's unit, or as a fraction of its
    range."""
    relative: bool = False
    grid: tuple[tuple[float, ...], ...] = ()
    """The values of each axis in ascending order, if it begins with a grid of a sweep."""

    @property
    def in_words(self) -> str:
        """The method as a report names it."""
        return {INFERENCE: "importance sampling", NPE: "neural posterior estimation"}.get(
            self.method, self.method
        )


def plan_of(search: ast.Search, constants: dict[str, Any]) -> Plan:
    """The plan of a search that has been checked."""

    def number(name: str, default: int) -> int:
        expr = getattr(search, name)
        found = None if expr is None else value(expr, constants)
        return default if found is None else int(found)

    usual = "tpe" if len(search.objectives) < 2 else "nsga2"
    usual = INFERENCE if isinstance(search, ast.Infer) else usual
    grid = grid_of(search, constants) if isinstance(search, ast.Refined) else ()
    points = math.prod(map(len, grid)) if grid else DEFAULTS["batch"]
    trials = number("trials", REFINED * points if grid else DEFAULTS["trials"])
    limit = search.difference
    difference = None if limit is None else value(limit.value, constants)
    relative = limit is not None and limit.percent
    if relative and difference is not None:
        difference /= 100
    return Plan(
        search.method.id if search.method else usual,
        trials,
        min(trials, number("batch", points)),
        number("seed", DEFAULTS["seed"]),
        number("stop", 0),
        *early_of(search, constants),
        difference,
        relative,
        grid,
    )


def grid_of(search: ast.Refined, constants: dict[str, Any]) -> tuple[tuple[float, ...], ...]:
    """The values of its axes, each a list of numbers; an axis that is not a list is left out."""
    found = []
    for axis in search.over:
        try:
            values = evaluate(axis.value, constants)
        except (NotConstant, TypeError, ValueError, KeyError, OverflowError):
            continue
        each = values if hasattr(values, "__iter__") else [values]
        found.append(tuple(sorted(float(x) for x in each)))
    return tuple(found)


def early_of(search: ast.Search, constants: dict[str, Any]) -> tuple[tuple[str, ...], float]:
    """Why trials end early, and when (s); nothing if none does."""
    if search.early is None:
        return (), 0.0
    found = value(search.early.after, constants)
    return tuple(r.id for r in search.early.reasons), float("nan" if found is None else found)


def watched(search: ast.Search, symbols: Symbols) -> list[str]:
    """The layers of neurons that determine the objectives and constraints: the measured layers, and
    the targets of measured connections."""
    measures = {m.name.id: m for d in symbols.spec.of(ast.Measures) for m in d.items}
    columns = measured(symbols)
    found: dict[str, None] = {}

    def see(component: Component | None) -> None:
        if component is not None and component.kind == "connection":
            component = component.post
        if component is not None and f"{component.name}_rate" in columns and component.neuron:
            found[component.name] = None

    waiting: list[ast.Expr] = [o.value for o in search.objectives] + list(search.constraints)
    waiting += [search.compare.value] if search.compare else []
    seen: set[str] = set()
    while waiting:
        for name in names_in(waiting.pop()):
            if name.id in seen:
                continue
            seen.add(name.id)
            if name.id in columns:
                see(symbols.components.get(columns[name.id].owner or ""))
            elif name.id in measures:
                of = measures[name.id].component
                see(symbols.components.get(of.id) if of else None)
                waiting.append(measures[name.id].value)
    return list(found)
