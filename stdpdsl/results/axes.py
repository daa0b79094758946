"""What was varied in a run and what was measured: the sweep's axes and the measures of `blocks`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..language.builtins import MEASURES
from ..language.columns import FIXED_COLUMNS
from .dataset import Dataset

FEW = 12
"""So many values of a column can be facets or curves of their own."""


@dataclass(frozen=True)
class Axis:
    """A column of the sweep that varies by itself; `with_it` vary with it (`zip`, `derive`)."""

    name: str
    unit: str
    values: np.ndarray  # the distinct ones, in order
    with_it: tuple[str, ...] = ()
    drawn: bool = False
    """Whether its values are draws from a range, or points of a search in it."""

    @property
    def words(self) -> bool:
        """Whether its values are names (presets), not numbers."""
        return self.values.dtype.kind not in "iuf"

    @property
    def geometric(self) -> bool:
        """Whether its values are spaced by a factor, so that a logarithmic scale shows them."""
        v = self.values
        if self.words or len(v) < 3 or not np.all(np.isfinite(v)) or np.min(v) <= 0:
            return False
        logs = np.log(v)
        even, even_log = (np.ptp(np.diff(x)) / np.ptp(x) for x in (v.astype(float), logs))
        return bool(even_log < even and v[-1] / v[0] >= 3)


@dataclass(frozen=True)
class Design:
    """The table of blocks, sorted out: one row per block and phase."""

    columns: dict[str, np.ndarray]
    sweep: tuple[str, ...]
    axes: tuple[Axis, ...]
    measures: tuple[str, ...]
    phases: tuple[str, ...]
    replicates: int
    inputs: frozenset[str] = frozenset()  # layers whose spikes are given, not an outcome

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The measures of what the network made of its input."""
        given = {f"{layer}_{end}" for layer in self.inputs for end in MEASURES}
        return tuple(name for name in self.measures if name not in given)

    @property
    def blocks(self) -> int:
        return len(np.unique(self.columns["block"]))

    @property
    def grid(self) -> bool:
        """Whether the blocks fill the product of the axes, or nearly (`where` may leave holes)."""
        cells = int(np.prod([len(a.values) for a in self.axes], dtype=object))
        return cells <= 2 * self.blocks / max(1, self.replicates)

    def of_phase(self, phase: str | None) -> np.ndarray:
        """Which rows are of a phase; all of them where there are none."""
        if phase is None:
            return np.ones(len(self.columns["block"]), bool)
        return np.asarray(self.columns["phase"] == phase)


def sweep_columns(results: Dataset) -> tuple[str, ...]:
    """The sweep's columns, which every table has, in the order of the spec."""
    fixed = {*FIXED_COLUMNS, *results.measures}
    return tuple(name for name in results.columns("blocks") if name not in fixed)


def design_of(results: Dataset) -> Design:
    """The design of a run, from its `blocks` and the spec that is saved with it."""
    table = results.table("blocks", each=40)  # bytes, also as an array and while it is sorted
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
    """The columns that the spec derives, and those that it draws, by their names in the results;
    and its layers of given spikes."""
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
            if search.compare is not None:  # what was measured is not a parameter
                named = (search.compare.observed, search.compare.error)
                derived.update(name.id for name in named if name is not None)
    except CompileError:  # of another version; the values alone tell nearly as much
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
    """The columns that vary and do not follow from the ones before them."""
    names = [n for n in rows if n != "replicate" and len(np.unique(rows[n])) > 1]
    # What is derived follows from the others, wherever it stands; unless it is all there is.
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
    """The axis with which a column goes along, as in a `zip`.

    Where each row has a value of its own, as in a random design, everything is a function of
    everything; then only what rises or falls with the axis goes along with it.
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
