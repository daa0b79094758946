"""The sweep: from its parts to columns with one value per block.

Rows are counted before they are made. Parts multiply in text order, and the last varies fastest;
then come `derive`, `where`, and `replicates`, which is outermost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..check.search_plan import OWN_COLUMNS, plan_of
from ..check.symbols import Symbols
from ..language import ast
from ..language.diagnostics import Diagnostic, Label
from ..runtime.table import product
from .derived import Derived
from .files import MAX_ROWS
from .parts import Parts
from .table import Part, SweepTable, length, length_of
from .values import ReadTable


class Evaluator(Parts, Derived):
    """Evaluates one spec's sweep; problems go to `diagnostics`."""

    def run(self) -> SweepTable | None:
        searches = self.symbols.spec.of(ast.Search)
        sweep = self.sweep(searches)
        if sweep is None:
            return SweepTable((), (), None, {}, 1, 0, {}, 1, self.seed)
        self.read_files(sweep)
        if searches and searches[0].compare and searches[0].data:
            self.measurements(searches[0].compare, self.files[searches[0].data.path.value])
        parts = self.parts(sweep)
        replicates = self.count(sweep.replicates, "replicates") if sweep.replicates else 1
        first = self.count(sweep.replicate, "replicate", 0) if sweep.replicate else 0
        rows = int(np.prod([length(p) for p in parts], dtype=object)) * replicates
        if rows > MAX_ROWS:
            self.report(
                "SWEEP006",
                sweep,
                f"the sweep has {rows:,} rows; the limit is {MAX_ROWS:,}",
                help="take fewer values per axis, or `random: N samples` of the same space",
            )
        if self.diagnostics:
            return None
        columns = product(*(p.columns for p in parts if p.columns))
        rows = length_of(columns)
        derive = self.derive(sweep, columns, rows)
        where_values: dict[str, Any] = {}
        if sweep.where is not None and not self.diagnostics:
            where_values = self.unswept(sweep.where, None, columns)
            keep = np.broadcast_to(self.value(sweep.where, {**columns, **where_values}), rows)
            columns = {name: values[keep] for name, values in columns.items()}
            rows = int(np.count_nonzero(keep))
        if self.diagnostics:
            return None
        if rows == 0:
            self.report(
                "SWEEP007",
                sweep.where or sweep,
                "the sweep has no rows",
                help="`where` keeps none of them" if sweep.where else "give it at least one",
            )
            return None
        self.check_values(sweep, columns)
        if sweep.replicates is not None or sweep.replicate is not None:
            columns = {n: np.tile(v, replicates) for n, v in columns.items()}
            columns["replicate"] = first + np.repeat(np.arange(replicates), rows)
        return SweepTable(
            tuple(parts),
            tuple(derive),
            sweep.where,
            where_values,
            replicates,
            first,
            self.in_order(columns),
            rows * replicates,
            self.seed,
        )

    def sweep(self, searches: Sequence[ast.Search]) -> ast.Sweep | None:
        """The only sweep of the spec; the sweep of a search has a batch of its trials."""
        sweeps = self.symbols.spec.of(ast.Sweep)
        if searches:
            sweeps = [self.generation(searches[0], sweeps[0] if sweeps else None), *sweeps[1:]]
        for extra in sweeps[1:]:
            self.report(
                "SWEEP005",
                extra,
                "a spec has one sweep",
                help="move its parts into the first",
                labels=(Label(sweeps[0].span, "the first"),),
            )
        return sweeps[0] if sweeps else None

    def in_order(self, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Columns in the order of the spec. The numbers of a search's trials are whole, like
        replicates."""
        for name in OWN_COLUMNS:
            if name in columns and np.all(columns[name] == np.floor(columns[name])):
                columns[name] = columns[name].astype(int)
        return {n: columns[n] for n in [*self.symbols.columns, "replicate"] if n in columns}

    def generation(self, search: ast.Search, sweep: ast.Sweep | None) -> ast.Sweep:
        """A sweep with as many rows as a batch of trials, all with random values."""
        count = plan_of(search, self.constants).batch
        batch = ast.Number(count, str(count), span=search.span)
        trials = ast.RandomSamples(batch, search.over, span=search.span)
        parts = (trials, *((search.data,) if search.data else ()))
        if sweep is None:
            return ast.Sweep(parts, span=search.span)
        return replace(sweep, parts=(*parts, *sweep.parts))

    def measurements(self, compare: ast.Comparison, part: Part) -> None:
        """Check that standard errors are above 0; empty cells are reported as for any table."""
        if compare.error is None or compare.error.id not in part.columns:
            return
        values = part.columns[compare.error.id]
        bad = np.flatnonzero(~(values > 0)) if values.dtype != object else np.zeros(0, int)
        if len(bad):
            self.report(
                "SEARCH007",
                compare.error,
                f"the standard error is {values[bad[0]]:g} in row {bad[0] + 1} below the head",
                help="each must be above 0; leave out `within` if there are no standard errors",
            )

    def check_values(self, sweep: ast.Sweep, columns: Mapping[str, np.ndarray]) -> None:
        for name, values in columns.items():
            if values.dtype == object:
                continue
            bad = ~np.isfinite(values)
            # A column derived from a bad one is bad too, so one message is enough.
            if bad.any() and not self.diagnostics:
                row = int(np.argmax(bad))
                self.report(
                    "SWEEP014",
                    self.node_of(name, sweep),
                    f"the column `{name}` is {values[row]} in row {row}",
                    help="every value of a sweep must be a finite number",
                )
        # Numbers distinguish the trials of a search, but these are not known yet.
        if not columns or self.diagnostics or self.symbols.spec.of(ast.Search):
            return
        rows = np.stack([_comparable(v) for v in columns.values()], axis=1)
        unique, counts = np.unique(rows, axis=0, return_counts=True)
        if len(unique) < len(rows):
            k = int(np.argmax(counts > 1))
            twins = np.flatnonzero((rows == unique[k]).all(axis=1))
            self.report(
                "SWEEP015",
                sweep,
                f"rows {twins[0]} and {twins[1]} of the sweep are identical",
                help="for repeats with different random numbers write `replicates: 2`",
            )

    def node_of(self, name: str, sweep: ast.Sweep) -> ast.Node:
        column = self.symbols.columns.get(name)
        return column.path if column else sweep


def evaluate_sweep(
    symbols: Symbols, seed: int, read_table: ReadTable
) -> tuple[SweepTable | None, list[Diagnostic]]:
    """The table, or None and the errors. `read_table` maps a file's name in the spec to its
    columns, and raises OSError or ValueError."""
    evaluator = Evaluator(symbols, seed, read_table)
    table = evaluator.run()
    return table, [*evaluator.diagnostics, *evaluator.warnings]


def _comparable(values: np.ndarray) -> np.ndarray:
    """Names, each replaced by its number among all names of the column."""
    if values.dtype == object:
        values = np.unique(values, return_inverse=True)[1]
    return np.asarray(values, dtype=float)
