"""The sweep as code that makes the same table again, to the bit."""

from __future__ import annotations

from ..dataclass import dataclass


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A product of axes, each the (name, code) of columns that go together; then derived columns,
    the condition `where` for the rows that are kept, and replicates (how many, the number of the
    first). Code names the `table`."""

    axes: tuple[tuple[tuple[str, str], ...], ...]
    derived: tuple[tuple[str, str], ...]
    rows: int  # of the product
    where: str
    replicates: tuple[int, int] | None
    whole: tuple[str, ...]  # columns of whole numbers
    ordered: bool  # as in the experiment
    columns: tuple[str, ...]
