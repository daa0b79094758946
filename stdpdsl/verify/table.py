"""The parts of a verification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stdpdsl.results.reader import Results

from ..dataclass import dataclass


@dataclass(frozen=True)
class Row:
    """One published number and the one that a run gave, both in SI units.

    `tolerance` is absolute: `abs(obtained - published) <= tolerance` is ok. `source` is the paper's
    table, figure or equation.
    """

    quantity: str
    published: float
    obtained: float
    tolerance: float
    source: str

    @property
    def ok(self) -> bool:
        return bool(abs(self.obtained - self.published) <= self.tolerance)  # False for nan


@dataclass(frozen=True)
class Replay:
    """A spec in `specs/` (its file name), and what its results show about the paper's."""

    spec: str
    measure: Callable[[Results], list[Row]]


NOT_IN_NEST = "NEST ships no such rule"


@dataclass(frozen=True)
class Verification:
    """The tests of one rule in the library; `oracle` and `nest` are pytest's names of the tests.

    If `nest` is empty, `without_nest` gives the reason; `replays` is empty if no number of the
    paper is reproduced.
    """

    rule: str
    oracle: str
    nest: str = ""
    replays: tuple[Replay, ...] = ()
    without_nest: str = ""


def columns(results: Results, name: str, **where: object) -> dict[str, Any]:
    """The columns of a table as NumPy arrays, for the rows in which the named columns have a
    value."""
    import pyarrow.dataset as ds

    condition = None
    for column, value in where.items():
        equal = ds.field(column) == value
        condition = equal if condition is None else condition & equal
    table = results.table(name, filter=condition)
    return {c: table[c].to_numpy(zero_copy_only=False) for c in table.column_names}
