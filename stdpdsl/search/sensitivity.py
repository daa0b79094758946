"""How much each axis matters to each measure: Sobol' indices, or Morris' elementary effects,
with SALib (Herman & Usher 2017, doi:10.21105/joss.00097) on one sweep of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..check.search_plan import OWN_COLUMNS
from ..compiler import examine
from ..dataclass import dataclass
from ..execution.interpreter import ready_interpreter
from ..execution.local import Event, Outcome
from ..execution.sharded_run import Manner, Runner, run_and_save
from ..execution.wanted import Request
from ..language import ast
from ..language.diagnostics import CompileError, Diagnostic, has_errors
from ..language.rows import with_table, without
from ..language.source import Source
from ..lower import lower
from ..results.reader import Results
from ..sweep.evaluate import Evaluator
from .samplers import SearchError
from .score import FAILED
from .space import drawn, heads_of

LEVELS = 4
"""The number of levels of each axis, for Morris' method."""
CONSTANT = 1e-12
"""A measure counts as constant if it varies by less than this fraction of its size."""


@dataclass(frozen=True)
class Effect:
    """The effect of an axis on a measure. Sobol': the fraction of the variance that the axis
    explains alone (`first`), and with all its interactions (`total`). Morris: the mean size of the
    change between neighbouring levels (`first`, mu*), and its sd (`total`, sigma), in the measure's
    unit. `first_conf` and `total_conf` are half the 95 % interval, NaN for sigma.
    """

    measure: str
    axis: str
    first: float
    first_conf: float
    total: float
    total_conf: float


@dataclass(frozen=True)
class Question:
    """The axes, the method, and the number of samples."""

    source: Source
    axes: tuple[ast.Axis, ...]
    columns: list[str]
    heads: list[str]
    evaluator: Evaluator
    method: str
    samples: int
    seed: int
    """The seed for SALib, which treats 0 as no seed."""

    @property
    def problem(self) -> dict[str, Any]:
        """The problem as SALib defines it, on the unit cube."""
        count = len(self.columns)
        return {"num_vars": count, "names": self.columns, "bounds": [[0.0, 1.0]] * count}

    def points(self) -> np.ndarray:
        """(trials, axes) in the unit cube: samples * (axes + 2) of them for Sobol', samples *
        (axes + 1) for Morris."""
        salib = _salib()
        rng = np.random.default_rng(self.seed)
        found: np.ndarray
        if self.method == "sobol":
            found = salib.sample.sobol.sample(
                self.problem, self.samples, calc_second_order=False, seed=rng
            )
        else:
            seed = int(rng.integers(2**31))
            found = salib.sample.morris.sample(
                self.problem, self.samples, num_levels=LEVELS, seed=seed
            )
        return found

    def text(self) -> str:
        """The spec with a row for each point, combined with the rest of its sweep."""
        values = drawn(self.evaluator, self.axes, self.points())
        rows = {OWN_COLUMNS[1]: [str(k) for k in range(len(values))]}
        rows |= {
            head: [repr(float(v)) for v in column]
            for head, column in zip(self.heads, values.T, strict=True)
        }
        text = without(self.source.text, ast.Search, self.source.name)
        return with_table(
            text, rows, beside=True, called=self.source.name, drop=(ast.RandomSamples,)
        )


def question(
    source: Source,
    folder: Path,
    sets: Sequence[str],
    method: str,
    samples: int,
    seed: int,
    allowed: Sequence[Path] = (),
) -> Question:
    """The analysis of a spec. CompileError if the spec is wrong or has no axes with
    distributions.
    """
    checked, table, diagnostics = examine(source, folder, list(sets), None, allowed)
    if checked is None or table is None or has_errors(diagnostics):
        raise CompileError(diagnostics)
    axes = [
        axis
        for sweep in checked.spec.of(ast.Sweep)
        for part in sweep.parts
        if isinstance(part, ast.RandomSamples)
        for axis in part.axes
    ]
    axes += [axis for search in checked.spec.of(ast.Search) for axis in search.over]
    if not axes:
        at = checked.spec.model or checked.spec
        raise CompileError(
            [
                Diagnostic(
                    "SEARCH002",
                    at.span,
                    "no axis of this spec has a distribution",
                    help="sweep some parameters with `random: 100 samples`, for example `Apre"
                    " = loguniform(1e-4, 0.1)`",
                )
            ]
        )
    if method == "morris" and len(axes) < 2:
        raise SearchError("Morris' method needs at least two axes")
    by_path = {c.path.dotted: c.name for c in checked.symbols.columns.values()}
    columns = [by_path[axis.path.dotted] for axis in axes]
    heads = heads_of(axes, columns, lower(checked, table).units)
    evaluator = Evaluator(checked.symbols, 0, lambda name: {})
    return Question(source, tuple(axes), columns, heads, evaluator, method, samples, seed)


def run_question(
    asked: Question,
    folder: Path,
    sets: Sequence[str],
    output: Path,
    target: str,
    workers: int,
    on_event: Callable[[Event], None],
    manner: Manner,
    allowed: Sequence[Path] = (),
    runner: Runner | None = None,
) -> Outcome:
    """Run all points as one sweep into `output`."""
    text = asked.text()
    request = Request(list(sets), target=target, workers=workers, allowed=allowed)
    with ready_interpreter(target, elsewhere=bool(runner)) as interpreter:
        compiled = request.compile(Source(asked.source.name, text), folder)
        task = (compiled, text, folder, output, on_event, manner, runner)
        return run_and_save(*task, interpreter=interpreter)


def effects(asked: Question, results: Results) -> tuple[list[Effect], list[str]]:
    """The effect of each axis on each measure that varies, grouped by measure; and the measures
    that lack a value in some block. Several blocks of a point are averaged; of several phases,
    the last counts.
    """
    salib, points = _salib(), asked.points()
    table = results.table("blocks")
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    rows = np.ones(len(table), bool)
    if "phase" in columns:
        rows = columns["phase"] == results.metadata["phases"][-1]["name"]
    trial = columns[OWN_COLUMNS[1]][rows].astype(int)
    count = np.bincount(trial, minlength=len(points))
    failed = np.isin(columns["status"][rows], FAILED)
    found, lost = [], []
    for name in results.measures:
        if columns[name].dtype.kind not in "iuf":
            continue
        each = np.where(failed, np.nan, columns[name][rows].astype(float))
        with np.errstate(all="ignore"):
            mean = np.bincount(trial, each, minlength=len(points)) / count
        if not np.isfinite(mean).all():
            if np.isfinite(mean).any():
                lost.append(name)
            continue
        if np.ptp(mean) <= CONSTANT * np.max(np.abs(mean)):
            continue
        if asked.method == "sobol":
            one = salib.analyze.sobol.analyze(
                asked.problem, mean, calc_second_order=False, seed=asked.seed + 1
            )
            keys = ("S1", "S1_conf", "ST", "ST_conf")
        else:
            one = salib.analyze.morris.analyze(
                asked.problem, points, mean, num_levels=LEVELS, seed=asked.seed + 1
            )
            one["nothing"] = np.full(len(points.T), np.nan)
            keys = ("mu_star", "mu_star_conf", "sigma", "nothing")
        found += [
            Effect(name, axis, *(float(one[key][k]) for key in keys))
            for k, axis in enumerate(asked.columns)
        ]
    return found, lost


def _salib() -> Any:
    try:
        import SALib
        import SALib.analyze.morris
        import SALib.analyze.sobol
        import SALib.sample.morris
        import SALib.sample.sobol
    except ImportError:
        raise SearchError("SALib is not installed: pip install 'stdpdsl[search]'") from None
    return SALib
