"""The search space: points of the unit cube, the parameter values that they stand for, and
specs with these values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..check.search_plan import OWN_COLUMNS, Plan, plan_of, watched
from ..compiler import examine, library
from ..dataclass import dataclass
from ..language import ast
from ..language.diagnostics import CompileError, Diagnostic, has_errors
from ..language.overrides import with_settings
from ..language.parser import parse
from ..language.refined import search_of
from ..language.rows import with_table, without
from ..language.source import Source
from ..lower import lower
from ..results.errors import ResultsError
from ..results.reader import Results
from ..sweep.designs import SMALLEST
from ..sweep.evaluate import Evaluator

GEOMETRIC = ("geomspace", "logspace")


@dataclass
class Space:
    """The search space of a spec. `columns` are the axes' names in the results, `heads` their
    names in a sweep's table. A space that is read from results has no `evaluator` and gives no
    new values.
    """

    source: Source
    spec: ast.Spec
    search: ast.Search
    plan: Plan
    columns: list[str]
    heads: list[str]
    constants: Mapping[str, Any]
    warnings: Sequence[Diagnostic] = ()
    evaluator: Evaluator | None = None
    watched: Sequence[str] = ()
    """The layers that can end a trial early."""

    @property
    def is_inference(self) -> bool:
        """Whether the spec asks for a posterior, not for a best trial."""
        return isinstance(self.search, ast.Infer)

    @property
    def directions(self) -> list[str]:
        """`minimise` or `maximise`, for each objective."""
        return [o.direction for o in self.search.objectives] or ["minimise"]

    @property
    def objectives(self) -> list[str]:
        """Each objective as the spec writes it; `error` of a fit, `misfit` of an inference."""
        texts = [" ".join(o.value.span.text.split()) for o in self.search.objectives]
        return texts or ["misfit" if isinstance(self.search, ast.Infer) else "error"]

    def values(self, points: np.ndarray) -> np.ndarray:
        """The values of points (n, axes) of the unit cube, in SI."""
        if self.plan.grid:
            each = zip(self.search.over, self.plan.grid, points.T, strict=True)
            return np.stack([between(axis, list_, u) for axis, list_, u in each], axis=1)
        assert self.evaluator is not None
        return drawn(self.evaluator, self.search.over, points)

    def generation(self, number: int, trials: Sequence[int], values: np.ndarray) -> str:
        """The text of a spec whose sweep has a row for each trial, multiplied by the rows of
        the spec's own sweep and of its data.
        """
        rows = {
            OWN_COLUMNS[0]: [str(number)] * len(trials),
            OWN_COLUMNS[1]: [str(trial) for trial in trials],
        }
        return self.with_values(rows, values)

    def with_values(self, rows: dict[str, list[str]], values: np.ndarray) -> str:
        """The spec without its search, and with these values (n, axes) in its sweep."""
        rows = rows | {
            head: [repr(float(v)) for v in column]
            for head, column in zip(self.heads, values.T, strict=True)
        }
        text = without(self.source.text, ast.Search, self.source.name)
        data = self.search.data
        more = f'    from: "{data.path.value}"\n' if data else ""
        drop = (ast.Grid,) if self.plan.grid else ()
        return with_table(text, rows, True, self.source.name, more, drop)


def between(axis: ast.Axis, values: Sequence[float], u: np.ndarray) -> np.ndarray:
    """The values of points of [0, 1] on a grid's axis. The grid's values are equally spaced in
    [0, 1]; between them, values are interpolated, geometrically if the list is geometric. At
    the grid's points, the values are exact to the last bit.
    """
    known = np.array(values)
    place = u * (len(known) - 1)
    low = np.clip(np.floor(place), 0, len(known) - 2).astype(int)
    part = place - low
    logarithmic = isinstance(axis.value, ast.Call) and axis.value.func.id in GEOMETRIC
    a, b = known[low], known[low + 1]
    found = a * (b / a) ** part if logarithmic else a + part * (b - a)
    near = np.rint(place).astype(int)
    return np.where(np.abs(place - near) < 1e-9, known[near], found)


def drawn(evaluator: Evaluator, axes: Sequence[ast.Axis], points: np.ndarray) -> np.ndarray:
    """The values of points (n, axes) of the unit cube on axes with distributions, in SI."""
    each = []
    for axis, u in zip(axes, points.T, strict=True):
        assert isinstance(axis.value, ast.Call)
        if axis.value.func.id not in ("uniform", "loguniform"):  # their ends are excluded
            u = np.clip(u, SMALLEST, 1 - SMALLEST)
        each.append(evaluator.draw(axis, u))
    return np.stack(each, axis=1)


def space_of(source: Source, folder: Path, sets: list[str], allowed: Sequence[Path] = ()) -> Space:
    """The search space of a spec, checked. CompileError if the spec is wrong or contains no
    search.
    """
    checked, table, diagnostics = examine(source, folder, sets, None, allowed)
    if checked is None or table is None or has_errors(diagnostics):
        raise CompileError(diagnostics)
    search = search_of(checked.spec)
    if search is None:
        at = checked.spec.model or checked.spec
        raise CompileError(
            [
                Diagnostic(
                    "SEARCH002",
                    at.span,
                    "this spec has no `search:` and no `fit:`",
                    help="add one, or run the spec with `stdpdsl run`",
                )
            ]
        )
    units = lower(checked, table).units
    by_path = {c.path.dotted: c.name for c in checked.symbols.columns.values()}
    columns = [by_path[axis.path.dotted] for axis in search.over]
    evaluator = Evaluator(checked.symbols, 0, lambda name: {})
    plan = plan_of(search, evaluator.constants)
    return Space(
        source,
        checked.spec,
        search,
        plan,
        columns,
        heads_of(search.over, columns, units),
        evaluator.constants,
        diagnostics,
        evaluator,
        watched(search, checked.symbols),
    )


def heads_of(
    axes: Sequence[ast.Axis], columns: Sequence[str], units: Mapping[str, str]
) -> list[str]:
    """The heads of the axes in a sweep's table whose cells are SI values."""
    each = [units.get(column, "1") for column in columns]
    paths = [axis.path.dotted for axis in axes]
    return [p + (f" [{u}]" if u != "1" else "") for p, u in zip(paths, each, strict=True)]


def space_in(results: Results) -> Space:
    """The search space of results. It needs none of the files that the spec names. ResultsError
    if the results come from no search.
    """
    metadata = results.metadata
    if "search" not in metadata:
        raise ResultsError(f"{results.folder}: holds the results of a run, not of a search")
    source = Source("spec.stdp", results.spec)
    spec = with_settings(parse(source), list(metadata.get("set", ())), library())
    search = search_of(spec)
    if search is None:
        raise ResultsError(f"{results.folder}: its spec has no `search:` and no `fit:`")
    there = set(results.columns("blocks"))
    columns = []
    for axis in search.over:
        name = axis.path.dotted
        columns.append(name if name in there else name.rpartition(".")[2])
        if columns[-1] not in there:
            raise ResultsError(f"{results.folder}: blocks has no column {name}")
    constants = {
        name: float(said["value"])
        for name, said in metadata.get("parameters", {}).items()
        if "." not in name and "value" in said
    }
    return Space(
        source,
        spec,
        search,
        plan_of(search, constants),
        columns,
        heads_of(search.over, columns, results.units),
        constants,
    )
