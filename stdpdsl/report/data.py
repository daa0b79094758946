"""What the report shows: the measures that vary, representative blocks, and their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import cached_property
from typing import Any

import numpy as np

from ..dataclass import dataclass
from ..language.builtins import READ_AS
from ..results.axes import Axis, Design, design_of
from ..results.errors import ResultsError
from ..results.labels import measure
from ..results.reader import Results

CHOSEN, ALL = 3, 4
"""This many blocks are shown side by side, or all of them if there are no more than the second
number."""

MOST_SAMPLES = 20_000_000
"""The most samples read from all blocks' trajectories."""

MOST_ROWS = 5_000_000
"""The most rows read from the chosen blocks."""

BIN = 10
"""The minimum number of blocks in a group of neighbours along an axis."""

_RANK = (
    "mean weight",
    "mean rate",
    "selectivity for stimuli",
    "spread of weights (sd)",
    "weights at a bound (fraction)",
    "mean change of a weight",
)


@dataclass(frozen=True)
class Measure:
    """A column of `blocks` that varies."""

    column: str
    owner: str
    words: str
    unit: str

    @property
    def title(self) -> str:
        return f"{self.owner}: {self.words}" if self.owner else self.words

    @property
    def read_as(self) -> str:
        """What its values mean, if its name does not tell."""
        return READ_AS.get(self.column.rpartition("_")[2], "") if self.owner else ""

    @property
    def before(self) -> str:
        """The column of the same measure before learning, if this one is after it."""
        return self.column.replace("_after_", "_before_") if "_after_" in self.column else ""


def rank(one: Measure) -> int:
    """The rank of a measure among the others."""
    if not one.owner:
        return -1
    return _RANK.index(one.words) if one.words in _RANK else len(_RANK)


@dataclass
class Data:
    """A run, and the part of it that is shown."""

    results: Results
    asked: Sequence[int] = ()
    windows: bool = False
    notes: list[str] = field(default_factory=list)

    @cached_property
    def design(self) -> Design:
        return design_of(self.results)

    @cached_property
    def units(self) -> dict[str, str]:
        """Units of columns, and of variables such as `feedforward.w` and `A1.v`."""
        return {**spec_units(self.results.spec), **self.results.units}

    @cached_property
    def measures(self) -> list[Measure]:
        """The measures that vary with the parameters: first the spec's own, then weights and rates;
        measures of the network's inputs come last."""
        found = []
        for name in self.design.measures:
            owner, words, unit = measure(name, self.units)
            if words == "spikes" or "before" in words or name in self.constant:
                continue
            if owner in self.fixed and "weight" in words:
                continue
            found.append(Measure(name, owner, words, unit))
        return sorted(found, key=lambda one: (one.owner in self.design.inputs, rank(one)))

    @cached_property
    def constant(self) -> list[str]:
        """The measures that have the same value in all blocks of a replicate and phase."""
        d = self.design
        keys = [d.columns[n] for n in ("replicate", "phase") if n in d.columns]
        group = groups(keys) if keys else np.zeros(len(d.columns["block"]), int)
        parts = [group == k for k in range(int(group.max()) + 1)] if len(group) else []
        return [
            name
            for name in d.measures
            if not any(varies(d.columns[name][part].astype(float)) for part in parts)
        ]

    @cached_property
    def fixed(self) -> list[str]:
        """The connections whose weights never changed, and so are not an outcome."""
        d = self.design
        found = []
        for name in d.measures:
            owner = name.removesuffix("_after_mean")
            pairs = [(f"{owner}_before_{m}", f"{owner}_after_{m}") for m in ("mean", "sd")]
            if owner != name and all(
                a in d.columns
                and b in d.columns
                and np.array_equal(d.columns[a], d.columns[b], equal_nan=True)
                for a, b in pairs
            ):
                found.append(owner)
        return found

    @cached_property
    def phase(self) -> str | None:
        """The last phase, if there are several: the outcome of the run."""
        return self.design.phases[-1] if self.design.phases else None

    @cached_property
    def chosen(self) -> list[int]:
        """The blocks side by side: the requested ones, or else all, or else the few that were
        recorded, or else the extremes of the first measures and the ends of the sweep."""
        known = np.unique(self.design.columns["block"]).astype(int).tolist()
        if self.asked:
            for block in self.asked:
                if block not in known:
                    raise ResultsError(
                        f"{self.results.folder}: there is no block {block},"
                        f" only {known[0]} to {known[-1]}"
                    )
            return list(dict.fromkeys(self.asked))
        if len(known) <= ALL:
            return known
        if 0 < len(self.recorded) <= ALL:
            return self.recorded
        found: dict[int, None] = {}
        rows = self.design.of_phase(self.phase)
        if "replicate" in self.design.columns:
            rows &= self.design.columns["replicate"] == self.design.columns["replicate"].min()
        block = self.design.columns["block"][rows].astype(int)
        for one in self.measures[:2]:
            values = self.design.columns[one.column][rows].astype(float)
            good = np.flatnonzero(np.isfinite(values))
            if len(good):
                order = good[np.argsort(values[good], kind="stable")]
                for k in (0, len(order) - 1, len(order) // 2):
                    found[int(block[order[k]])] = None
        for end in (block[0], block[-1], block[len(block) // 2]):
            found[int(end)] = None
        return sorted(list(found)[:CHOSEN])

    @cached_property
    def recorded(self) -> list[int]:
        """The blocks that have trajectories, as `record` may restrict them."""
        import pyarrow.compute as pc
        import pyarrow.dataset as ds

        if not 0 < self.results.metadata["tables"].get("trajectories", 0) <= MOST_SAMPLES:
            return []
        table = self.results.table("trajectories", ["block"], ds.field("block").is_valid())
        return sorted(pc.unique(table["block"]).to_pylist())

    def parameters(self, block: int) -> dict[str, Any]:
        """A block's values of the sweep columns that vary."""
        d = self.design
        row = int(np.argmax(d.columns["block"] == block))
        names = [n for axis in d.axes for n in (axis.name, *axis.with_it)]
        if (
            d.replicates > 1
            and len(np.unique(d.columns["replicate"][np.isin(d.columns["block"], self.asked)])) > 1
        ):
            names.append("replicate")
        return {name: d.columns[name][row].item() for name in names}

    def end_of(self, block: int, end: float) -> float:
        """When a block ended (s): when it was stable, or else at the end of the run."""
        found = self.design.columns.get("stable_after")
        at = np.nan if found is None else found[self.design.columns["block"] == block][-1]
        return float(at) if np.isfinite(at) else end

    def rows(self, table: str, columns: Sequence[str]) -> Any:
        """The rows of the chosen blocks, and of what exists once, as a dictionary of arrays."""
        import pyarrow.dataset as ds

        if table not in self.results.tables:
            return None
        names = self.results.columns(table)
        keep = ds.field("block").isin(self.chosen) | ds.field("block").is_null()
        if "replicate" in names:
            first = int(self.design.columns["replicate"].min()) if self.design.replicates else 0
            keep &= ds.field("block").is_valid() | (ds.field("replicate") == first)
        count = self.results.dataset(table).count_rows(filter=keep)
        if count == 0:
            return None
        if count > MOST_ROWS:
            self.notes.append(
                f"The chosen blocks have {count:,} rows of {table}, too many for a page;"
                " choose fewer with --blocks."
            )
            return None
        found = self.results.table(table, [c for c in columns if c in names], keep)
        return {name: found[name].to_numpy(zero_copy_only=False) for name in found.column_names}


def varies(values: np.ndarray) -> bool:
    """Whether values differ by more than the order of summation explains."""
    good = values[np.isfinite(values)]
    return len(good) > 1 and bool(np.ptp(good) > 1e-12 * np.max(np.abs(good)))


def groups(keys: Sequence[np.ndarray]) -> np.ndarray:
    """The number of the group of equal keys that each row belongs to."""
    codes = [np.unique(key, return_inverse=True)[1].ravel() for key in keys]
    found: np.ndarray = np.unique(np.stack(codes), axis=1, return_inverse=True)[1].ravel()
    return found


def cells(d: Design, column: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of a measure over replicates: a row (of `d.columns`) for each combination of the axes,
    and its mean over the finite values."""
    index = np.flatnonzero(rows)
    values = d.columns[column][index].astype(float)
    group = groups([d.columns[axis.name][index] for axis in d.axes])
    good = np.isfinite(values)
    count = np.bincount(group[good], minlength=group.max() + 1)
    total = np.bincount(group[good], weights=values[good], minlength=group.max() + 1)
    first = index[np.unique(group, return_index=True)[1]]
    return first, total / np.where(count, count, np.nan)


def mean_by_axes(d: Design, axes: Sequence[Axis], column: str, rows: np.ndarray) -> np.ndarray:
    """Means of a measure over everything except these axes; NaN if there is no block."""
    values = d.columns[column][rows].astype(float)
    shape = tuple(len(axis.values) for axis in axes)
    cell = np.ravel_multi_index([places(axis, d.columns[axis.name][rows]) for axis in axes], shape)
    good = np.isfinite(values)
    size = int(np.prod(shape))
    count = np.bincount(cell[good], minlength=size)
    total = np.bincount(cell[good], weights=values[good], minlength=size)
    with np.errstate(invalid="ignore"):
        return (total / np.where(count, count, np.nan)).reshape(shape)


def places(axis: Axis, values: np.ndarray) -> np.ndarray:
    """The index of each value among those of the axis."""
    if not axis.words:
        return np.searchsorted(axis.values, values)
    order = {value: k for k, value in enumerate(axis.values.tolist())}
    return np.array([order[v] for v in values.tolist()], dtype=int)


def explained(d: Design, column: str, rows: np.ndarray) -> list[float | None]:
    """The fraction of a measure's variance between combinations of the parameters that each axis
    explains by itself (eta squared, 0 to 1); None if there are too few blocks to tell."""
    first, values = cells(d, column, rows)
    good = np.isfinite(values)
    total = float(np.var(values[good])) if np.any(good) else 0.0
    parts: list[float | None] = []
    for axis in d.axes:
        where = binned(places(axis, d.columns[axis.name][first[good]]), axis.drawn)
        if not total or where is None:
            parts.append(None)
            continue
        count = np.bincount(where)
        means = np.bincount(where, weights=values[good]) / np.maximum(count, 1)
        spread = np.sum(count * (means - values[good].mean()) ** 2) / len(where)
        parts.append(float(spread / total))
    return parts


def binned(where: np.ndarray, drawn: bool = False) -> np.ndarray | None:
    """Groups of equal positions along an axis. If most blocks have a position of their own, groups
    of neighbours, at least BIN in each; None if there are too few blocks for that. Random positions
    are always binned: each block has its own position on every axis, so single blocks would credit
    one axis with the effects of the others."""
    if drawn:
        _, rank = np.unique(where, return_inverse=True)
        bins = min(8, (rank.max(initial=-1) + 1) // BIN)
        return None if bins < 2 else rank.ravel() * bins // (rank.max() + 1)
    if 2 * len(np.unique(where)) <= len(where):
        return where
    bins = min(8, len(where) // BIN)
    if bins < 2:
        return None
    rank = np.argsort(np.argsort(where, kind="stable"), kind="stable")
    return rank * bins // len(where)


def averaged(
    x: np.ndarray, values: np.ndarray, drawn: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Means of the finite values in groups along x, and the positions of the groups."""
    good = np.isfinite(values)
    x, values = x[good], values[good]
    where = binned(np.unique(x, return_inverse=True)[1].ravel(), drawn)
    if where is None:
        return np.array([]), np.array([])
    there = np.unique(where)
    return (
        np.array([np.median(x[where == k]) for k in there]),
        np.array([np.mean(values[where == k]) for k in there]),
    )


def spec_units(text: str) -> dict[str, str]:
    """The unit of each variable of a spec, such as `feedforward.w`; empty if the spec cannot be
    read."""
    from ..check import check
    from ..compiler import library
    from ..language.diagnostics import CompileError
    from ..language.parser import parse
    from ..language.source import Source

    try:
        checked = check(parse(Source("spec.stdp", text)), {}, library())
        found = {}
        for component in checked.symbols.components.values():
            for name, symbol in component.variables.items():
                known = checked.type_of(symbol)
                if known is not None:
                    found[f"{component.name}.{name}"] = known.dim.unit_name()
        return found
    except (CompileError, KeyError, AttributeError, TypeError):  # a spec of another version
        return {}
