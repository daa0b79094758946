"""What a run varied and what it measured: the sweep's axes and the measures of `blocks`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..dataclass import dataclass
from ..language.builtins import MEASURES
from ..language.columns import FIXED_COLUMNS
from .dataset import Dataset

FEW = 12
"""A column with at most this many values can be drawn as separate panels or curves."""


@dataclass(frozen=True)
class Axis:
    """A column of the sweep that varies independently. The columns `with_it` vary with it
    (`zip`, `derive`).
    """

    name: str
    unit: str
    values: np.ndarray  # distinct values, sorted
    with_it: tuple[str, ...] = ()
    drawn: bool = False
    """Whether the values are random draws from a range, or points of a search in it."""

    @property
    def words(self) -> bool:
        """Whether the values are names (presets), not numbers."""
        return self.values.dtype.kind not in "iuf"

    @property
    def geometric(self) -> bool:
        """Whether the values are spaced by a constant factor, so that a logarithmic scale suits
        them.
        """
        v = self.values
        if self.words or len(v) < 3 or not np.all(np.isfinite(v)) or np.min(v) <= 0:
            return False
        logs = np.log(v)
        even, even_log = (np.ptp(np.diff(x)) / np.ptp(x) for x in (v.astype(float), logs))
        return bool(even_log < even and v[-1] / v[0] >= 3)


@dataclass(frozen=True)
class Design:
    """The table of blocks with its columns classified: one row per block and phase."""

    columns: dict[str, np.ndarray]
    sweep: tuple[str, ...]
    axes: tuple[Axis, ...]
    measures: tuple[str, ...]
    phases: tuple[str, ...]
    replicates: int
    inputs: frozenset[str] = frozenset()  # layers whose spikes are input, not an outcome

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The measures of outcomes, without the measures of the input."""
        given = {f"{layer}_{end}" for layer in self.inputs for end in MEASURES}
        return tuple(name for name in self.measures if name not in given)

    @property
    def blocks(self) -> int:
        return len(np.unique(self.columns["block"]))

    @property
    def grid(self) -> bool:
        """Whether the blocks fill the product of the axes, at least nearly (`where` may leave
        gaps).
        """
        cells = int(np.prod([len(a.values) for a in self.axes], dtype=object))
        return cells <= 2 * self.blocks / max(1, self.replicates)

    def of_phase(self, phase: str | None) -> np.ndarray:
        """The rows of a phase; all rows if there are no phases."""
        if phase is None:
            return np.ones(len(self.columns["block"]), bool)
        return np.asarray(self.columns["phase"] == phase)


def sweep_columns(results: Dataset) -> tuple[str, ...]:
    """The sweep's columns, in the order of the spec. Every table has them."""
    fixed = {*FIXED_COLUMNS, *results.measures}
    return tuple(name for name in results.columns("blocks") if name not in fixed)


def design_of(results: Dataset) -> Design:
    """The design of a run, from its `blocks` and the spec that is saved with it."""
    table = results.table("blocks", each=40)  # bytes, including the array and its sorting
    columns = {name: _array(table[name]) for name in table.column_names}
    sweep = sweep_columns(results)
    phases: tuple[str, ...] = ()
    if "phase" in columns:
        phases = tuple(dict.fromkeys(str(p) for p in columns["phase"]))
    first = np.unique(columns["block"], return_index=True)[1]
    rows = {name: columns[name][first] for name in sweep}
    measures = tuple(n for n in results.measures if columns[n].dtype.kind in "iuf")
    replicates = len(np.unique(rows["replicate"])) if "replicate" in rows else 1
    derived, drawn, inputs = _said(results.metadata.get("spec", ""))
    axes = _axes(rows, derived, drawn, results.units)
    return Design(columns, sweep, axes, measures, phases, replicates, inputs)


def _array(column: Any) -> np.ndarray:
    values = column.to_numpy(zero_copy_only=False)
    return values.astype(str) if values.dtype == object else values


def _said(text: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The columns that the spec derives and those that it draws at random, by their names in
    the results; and its layers of given spikes.
    """
    from ..language import ast
    from ..language.diagnostics import CompileError
    from ..language.parser import parse
    from ..language.refined import search_of
    from ..language.source import Source

    derived: set[str] = set()
    drawn: set[str] = set()
    inputs: set[str] = set()
    try:
        spec = parse(Source("spec.stdp", text))
        inputs = {d.name.id for d in spec.of(ast.Layer) if d.source is not None}
        for sweep in spec.of(ast.Sweep):
            derived.update(_both(axis.path.dotted for axis in sweep.derive))
            for part in sweep.parts:
                if isinstance(part, ast.RandomSamples):
                    drawn.update(_both(axis.path.dotted for axis in part.axes))
        if (search := search_of(spec)) is not None:
            drawn.update(_both(axis.path.dotted for axis in search.over))
            derived.update(("generation", "trial"))
            if search.compare is not None:  # a measure is not a parameter
                named = (search.compare.observed, search.compare.error)
                derived.update(name.id for name in named if name is not None)
    except CompileError:  # from another version; the values alone tell nearly as much
        pass
    return frozenset(derived), frozenset(drawn), frozenset(inputs)


def _both(paths: Iterable[str]) -> Iterable[str]:
    for path in paths:
        yield from (path, path.rpartition(".")[2])


def _axes(
    rows: dict[str, np.ndarray],
    derived: frozenset[str],
    drawn: frozenset[str],
    units: dict[str, str],
) -> tuple[Axis, ...]:
    """The columns that vary and do not follow from the columns before them."""
    names = [n for n in rows if n != "replicate" and len(np.unique(rows[n])) > 1]
    # A derived column follows from the others, wherever it stands, unless there are no others.
    names = [n for n in names if n not in derived] or names
    chosen: list[str] = []
    follows: dict[str, list[str]] = {}
    for name in names:
        leader = None if name in drawn else _leader(rows, chosen, name)
        if leader is not None:
            follows[leader].append(name)
        else:
            chosen.append(name)
            follows[name] = []
    return tuple(
        Axis(
            n,
            units.get(n, ""),
            _distinct(rows[n]),
            tuple(follows[n]),
            n in drawn and _is_continuous(rows[n]),
        )
        for n in chosen
    )


def _is_continuous(values: np.ndarray) -> bool:
    return values.dtype.kind == "f" and not np.all(values == np.floor(values))


def _leader(rows: dict[str, np.ndarray], chosen: list[str], name: str) -> str | None:
    """The axis that a column follows, as in a `zip`. If each row has a different value, as in a
    random design, every column is a function of every other. Then a column follows an axis only if
    it rises or falls with it.
    """
    column = rows[name]
    for other in chosen:
        axis = rows[other]
        pairs = len(set(zip(axis.tolist(), column.tolist(), strict=True)))
        if pairs > len(np.unique(axis)):
            continue
        number = axis.dtype.kind in "iuf" and column.dtype.kind in "iuf"
        rest = [rows[n] for n in rows if n not in (name, "replicate")]
        cells = len(set(zip(*(r.tolist() for r in rest), strict=True)))
        if pairs < cells:
            return other
        if number:
            step = np.sign(np.diff(column[np.argsort(axis, kind="stable")].astype(float)))
            if not (np.any(step > 0) and np.any(step < 0)):
                return other
        elif pairs <= FEW and len(chosen) == 1:
            return other
    return None


def _distinct(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind in "iuf":
        return np.unique(values)
    return np.array(list(dict.fromkeys(values.tolist())))
