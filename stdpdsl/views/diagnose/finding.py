"""The outcome of a check, and the data that checks use."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from ...dataclass import dataclass
from ...results.axes import Design, design_of
from ...results.reader import Results

MOST_NAMED = 6


@dataclass(frozen=True)
class Finding:
    """The outcome of a check. `status` is "passed", "found", or "unknown" if the results do not
    tell. `help` says what to do about a finding.
    """

    check: str
    status: str
    text: str
    help: str = ""


class Run:
    """The run, as the checks see it."""

    def __init__(self, results: Results, design: Design | None):
        self.results = results
        self.design = design or design_of(results)

    @cached_property
    def block(self) -> np.ndarray:
        return self.design.columns["block"].astype(int)

    def column(self, name: str) -> np.ndarray | None:
        values = self.design.columns.get(name)
        return None if values is None else values.astype(float)

    def owners(self, end: str) -> Iterator[tuple[str, np.ndarray]]:
        """The connections or layers that have a measure, with the measure's values per row."""
        for name in self.design.measures:
            if name.endswith(end):
                yield name[: -len(end)], self.design.columns[name].astype(float)

    def blocks_where(self, rows: np.ndarray) -> str:
        """`in 3 of 9 blocks (0, 4, 8)`, with the phases if it was not so in all of them."""
        phase = self.design.columns.get("phase")
        if phase is None or np.all(rows[np.isin(self.block, self.block[rows])]):
            return self._of_blocks(np.unique(self.block[rows]))
        by_blocks: dict[tuple[int, ...], list[str]] = {}  # phases that concern the same blocks
        for name in dict.fromkeys(phase[rows].tolist()):
            found = tuple(np.unique(self.block[rows & (phase == name)]).tolist())
            by_blocks.setdefault(found, []).append(name)
        return "; ".join(
            f"in the phase{'s' if len(names) > 1 else ''} {', '.join(names)},"
            f" {self._of_blocks(np.array(blocks))}"
            for blocks, names in by_blocks.items()
        )

    def _of_blocks(self, blocks: np.ndarray) -> str:
        named = ", ".join(map(str, blocks[:MOST_NAMED].tolist()))
        more = ", …" if len(blocks) > MOST_NAMED else ""
        if len(blocks) == self.design.blocks:
            return "in every block" if len(blocks) > 1 else "in the only block"
        return f"in {len(blocks)} of {self.design.blocks} blocks ({named}{more})"

    @cached_property
    def outcomes(self) -> np.ndarray:
        """The measures of each row to six digits, to tell whether two rows differ. Smaller
        differences are rounding, not an effect of a parameter.
        """
        names = [n for n in self.design.outcomes if "_before_" not in n]
        columns = [self.design.columns[n].astype(float) for n in names]
        if not columns:
            return np.zeros((len(self.block), 0))
        return six_digits(np.nan_to_num(np.stack(columns, axis=1), nan=-1.0))


def six_digits(values: np.ndarray) -> np.ndarray:
    """Values rounded to six significant digits."""
    size = np.abs(np.where(values == 0, 1.0, values))
    unit = 10.0 ** (np.floor(np.log10(size)) - 5)
    return np.round(values / unit) * unit
