"""An evaluated sweep: a column per parameter, a row per block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any

import numpy as np

from ..dataclass import dataclass
from ..language import ast


@dataclass(frozen=True)
class Part:
    """One factor of the product. `source` is its syntax; rendering prints it as code, except for
    tables and files, whose values are printed."""

    source: ast.SweepPart
    columns: dict[str, np.ndarray]
    axes: dict[str, ast.Expr] = field(default_factory=dict)


@dataclass(frozen=True)
class SweepTable:
    """The evaluated sweep. `columns` contains SI floats, one per row, in the order of the spec;
    `replicate` (whole numbers) is last if the spec asks for replicates. A column of presets
    contains their names (dtype object)."""

    parts: tuple[Part, ...]
    derive: tuple[tuple[str, ast.Axis, dict[str, Any]], ...]  # name, axis, unswept values it uses
    where: ast.Expr | None
    where_values: dict[str, Any]
    replicates: int
    first_replicate: int
    columns: dict[str, np.ndarray]
    rows: int
    seed: int
    order: tuple[int, ...] = ()
    """The row of the spec for each block, if the blocks are not in that order."""

    def in_order(self, order: Sequence[int]) -> SweepTable:
        """The same rows in another order; ValueError if they are not the same rows."""
        if sorted(order) != list(range(self.rows)):
            raise ValueError(f"{len(order)} blocks are not an order of the {self.rows} rows")
        columns = {name: values[list(order)] for name, values in self.columns.items()}
        return replace(self, columns=columns, order=tuple(order))

    def after(self, first: int) -> SweepTable:
        """The rows from a given one on, to estimate the costs of only these."""
        columns = {name: values[first:] for name, values in self.columns.items()}
        replicates = len(np.unique(columns["replicate"])) if "replicate" in columns else 1
        return replace(self, columns=columns, rows=self.rows - first, replicates=replicates)


def length(part: Part) -> int:
    return len(next(iter(part.columns.values()))) if part.columns else 1


def length_of(columns: Mapping[str, np.ndarray]) -> int:
    return len(next(iter(columns.values()))) if columns else 1
