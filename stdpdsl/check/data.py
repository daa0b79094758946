"""What is known about the values behind a `from` before the sweep is evaluated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

import numpy as np

from ..dataclass import dataclass
from ..language import ast


@dataclass(frozen=True)
class Head:
    """How the entries of a file are stored, and in which unit.

    `form`: "array" (NumPy), "sparse" (SciPy's matrix), "table", "results". `name` is the array's
    name in an .npz file, or the header of the table's column as written; `keys` are the headers of
    the columns that number a table's entries: `pre` and `post`, or `neuron`, and perhaps `block`.
    `blocks` are the columns of the earlier results' sweep, and each block's `status`. `number` is
    the column of this sweep that numbers the files of the blocks.
    """

    form: str
    unit: str = ""
    power: int = 0
    whole: bool = False
    name: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, np.ndarray] = field(default_factory=dict)
    count: int = 0  # blocks of the earlier results
    shared: bool = False  # whether the earlier results have it once for all blocks
    shape: tuple[int, ...] = ()  # neurons of its layers there
    every: float = 0.0  # s between rows that were recorded at regular times
    rows: int = 0
    number: str = ""

    @property
    def by_block(self) -> bool:
        """Whether a table has entries per block."""
        return "block" in self.keys


Timed = ast.TableDrive | ast.RatesFile


def tables_in(spec: ast.Spec) -> Iterator[tuple[ast.Layer, Timed, ast.DataExpr]]:
    """Each file whose rows follow one another in time, with its layer."""
    for layer in spec.of(ast.Layer):
        timed: list[Timed] = [*layer.tables]
        timed += [layer.source] if isinstance(layer.source, ast.RatesFile) else []
        for table in timed:
            of_run = isinstance(table, ast.RatesFile) and any(s.component for s in table.sources)
            if len(table.sources) == 1 and not of_run:  # otherwise the check reports it
                yield layer, table, table.sources[0]


def labelled(layer: ast.Layer) -> Timed | None:
    """What shows the stimuli of a layer, if these may have labels."""
    if isinstance(layer.source, ast.RatesFile):
        return layer.source
    held = [table for table in layer.tables if not table.linear]
    return held[0] if len(held) == 1 else None


def data_in(spec: ast.Spec) -> Iterator[tuple[ast.Layer | ast.Connect, ast.DataExpr]]:
    """Each `from` of values, or of an earlier run's spikes or rates, where one is allowed, with its
    layer or connection."""
    for node in spec.declarations:
        values: list[ast.Node]
        if isinstance(node, ast.Layer):
            values = [a.value for a in (*node.initial, *node.arguments)]
            values += [node.source] if isinstance(node.source, ast.SpikesOfResults) else []
            if isinstance(node.source, ast.RatesOfResults):  # a file is refused here
                values += [source for source in node.source.sources if source.component]
        elif isinstance(node, ast.Connect):
            given = (node.weight, node.axonal_delay, node.dendritic_delay)
            assigned = [*node.initial, *(a for use in node.plasticity for a in use.arguments)]
            values = [*(a.value for a in assigned), *(v for v in given if v is not None)]
        else:
            continue
        for value in values:
            for part in ast.below(value, ast.DataExpr):
                yield node, part
