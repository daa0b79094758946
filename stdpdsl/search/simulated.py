"""The simulations of an inference's trials, and the data that they are compared with."""

from __future__ import annotations

import numpy as np

from ..dataclass import dataclass
from ..results.reader import Results
from .score import each, names_of
from .space import Space
from .trials import blocks_of


@dataclass(frozen=True)
class Simulated:
    """`number` (n) of each complete trial; its `values` (n, replicates, rows of the data); and
    for each row of the data, the `observed` value and its standard `error`. `rows` are the
    data's rows in `columns`, which are columns of `blocks`.
    """

    number: np.ndarray
    values: np.ndarray
    observed: np.ndarray
    error: np.ndarray
    rows: np.ndarray
    columns: dict[str, np.ndarray]


def simulated_in(results: Results, space: Space) -> Simulated:
    """The simulations in a dataset. A trial is left out if `where` left out any of its blocks."""
    compare = space.search.compare
    assert compare is not None and compare.error is not None
    columns, numbers, ends = blocks_of(results)
    names = names_of(columns)
    with np.errstate(all="ignore"):
        values = np.broadcast_to(each(compare.value, dict(space.constants) | names), ends[-1:])
    first, count = ends[:-1], np.diff(ends)
    most = int(np.argmax(count))
    rows, copies = rows_of(columns, slice(ends[most], ends[most + 1]))
    rows = rows + ends[most]
    layout = np.concatenate(copies)
    whole = count == len(layout)
    found = values[first[whole][:, None] + layout[None, :]]
    observed, error = (names[n.id][rows] for n in (compare.observed, compare.error))
    shape = (-1, len(copies), len(rows))
    return Simulated(numbers[whole], found.reshape(shape), observed, error, rows, columns)


def rows_of(columns: dict[str, np.ndarray], trial: slice) -> tuple[np.ndarray, list[np.ndarray]]:
    """The positions of the data's rows within a trial: in the first replicate, and in every
    replicate.
    """
    count = trial.stop - trial.start
    if "replicate" not in columns:
        return np.arange(count), [np.arange(count)]
    replicate = columns["replicate"][trial]
    copies = [np.flatnonzero(replicate == r) for r in np.unique(replicate)]
    return copies[0], copies
