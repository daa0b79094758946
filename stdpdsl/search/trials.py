"""The trials of a search, read from its table of blocks. Nothing else about them is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from itertools import pairwise
from typing import Any

import numpy as np

from ..dataclass import dataclass
from ..results.errors import ResultsError
from ..results.reader import Results
from .score import scores
from .space import Space


@dataclass
class Trials:
    """The trials, one row each: `values` (n, axes) in SI, `objectives` (n, objectives) as in the
    spec, NaN if a trial failed, and by how much each trial misses the constraints.
    """

    space: Space
    number: np.ndarray
    generation: np.ndarray
    values: np.ndarray
    objectives: np.ndarray
    missed: np.ndarray
    ended: np.ndarray
    """Why a trial ended early: silent, saturated or not finite; "" if it did not."""
    signs: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.signs = np.array([1 if d == "minimise" else -1 for d in self.space.directions])

    def __len__(self) -> int:
        return len(self.number)

    def end(self, row: int, why: str) -> None:
        """Remove the objectives of trials that ended early, whatever their blocks have."""
        self.objectives[row], self.missed[row], self.ended[row] = np.nan, 0.0, why

    @property
    def losses(self) -> np.ndarray:
        """The objectives, negated if they are to be maximised, so that smaller is better."""
        return self.objectives * self.signs

    def good(self) -> np.ndarray:
        """Which trials have a value and meet all constraints."""
        return np.isfinite(self.objectives).all(axis=1) & (self.missed == 0)

    def front(self) -> np.ndarray:
        """Rows of the good trials that no other beats in every objective. With one objective,
        the best trial.
        """
        rows = np.flatnonzero(self.good())
        losses = self.losses[rows]
        if not len(rows):
            return rows
        if losses.shape[1] == 1:
            return rows[[int(np.argmin(losses[:, 0]))]]
        order = np.lexsort(losses.T[::-1])
        kept: list[int] = []
        for k in order:
            one = losses[k]
            front = losses[kept]
            if not len(front) or not np.any(np.all(front <= one, axis=1)):
                kept.append(int(k))
        return rows[sorted(kept)]

    def since_improvement(self) -> int:
        """The number of trials after the last one that is now on the front."""
        front = self.front()
        return len(self) - int(front.max()) - 1 if len(front) else 0

    def with_more(self, other: Trials) -> Trials:
        def both(name: str) -> np.ndarray:
            return np.concatenate([getattr(self, name), getattr(other, name)])

        names = ("number", "generation", "values", "objectives", "missed", "ended")
        return Trials(self.space, *map(both, names))


def no_trials(space: Space) -> Trials:
    n, axes, objectives = 0, len(space.columns), len(space.directions)
    nothing = np.zeros(n, dtype=int)
    return Trials(
        space,
        nothing,
        nothing,
        np.zeros((n, axes)),
        np.zeros((n, objectives)),
        np.zeros(n),
        unended(n),
    )


def unended(count: int) -> np.ndarray:
    return np.full(count, "", dtype=object)


def blocks_of(
    results: Results, after: int = -1
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """For trials above a number: the columns of `blocks` in the last phase, sorted by trial;
    the trials' numbers; and the row where each begins, plus the end of the last.
    """
    import pyarrow.dataset as ds

    table = results.table("blocks", filter=ds.field("trial") > after)
    if "phase" in table.column_names:
        phases = table["phase"].to_numpy(zero_copy_only=False)
        last = results.metadata["phases"][-1]["name"]
        table = table.filter(phases == last)
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    order = np.lexsort((columns["block"], columns["trial"]))
    columns = {name: values[order] for name, values in columns.items()}
    number, first = np.unique(columns["trial"], return_index=True)
    return columns, number, np.append(first, len(order))


def trials_of(results: Results, space: Space, after: int = -1) -> Trials:
    """The trials in some results whose number is above a limit."""
    columns, number, ends = blocks_of(results, after)
    constants = space.constants
    found = [
        scores(space.search, {n: v[a:b] for n, v in columns.items()}, constants)
        for a, b in pairwise(ends)
    ]
    first = ends[:-1]
    objectives = np.array([one for one, _ in found]).reshape(len(number), len(space.directions))
    values = np.stack([columns[name][first] for name in space.columns], axis=1)
    missed = np.array([miss for _, miss in found])
    return Trials(
        space,
        number,
        columns["generation"][first],
        values,
        objectives,
        missed,
        unended(len(number)),
    )


def completed(
    found: Trials,
    space: Space,
    generation: int,
    numbers: Sequence[int],
    values: np.ndarray,
    generations: np.ndarray | None = None,
) -> Trials:
    """The trials, completed by those of `numbers` that have no block. These have no value."""
    n = len(numbers)
    of = np.full(n, generation) if generations is None else generations
    whole = Trials(
        space,
        np.array(numbers),
        of,
        values.copy(),
        np.full((n, len(space.directions)), np.nan),
        np.zeros(n),
        unended(n),
    )
    rows = np.searchsorted(whole.number, found.number)
    for name in ("generation", "values", "objectives", "missed"):
        getattr(whole, name)[rows] = getattr(found, name)
    return whole


def all_trials(results: Results, space: Space) -> Trials:
    """All trials of a search's dataset, including those without blocks."""
    found = trials_of(results, space)
    said = results.metadata["search"]
    count = int(said.get("trials", 0))
    if len(found) < count:
        number = np.arange(count)
        nothing = np.full((count, len(space.columns)), np.nan)
        found = completed(found, space, 0, number.tolist(), nothing, number // space.plan.batch)
    for trial, one in ended_in(results).items():
        row = int(np.searchsorted(found.number, trial))
        if row == len(found) or found.number[row] != trial:
            raise ResultsError(f"{results.folder}: has no trial {trial}")
        found.generation[row] = one["generation"]
        found.values[row] = [one[name] for name in space.columns]
        found.end(row, str(one["status"]))
    return found


def ended_in(results: Results) -> dict[int, dict[str, Any]]:
    """The trials of a search's dataset that ended early, by number: the reason (`status`), the
    `generation` and the values.
    """
    said = results.metadata.get("ended_early", {})
    try:
        return {
            int(number): {**one, "status": str(one["status"]), "generation": int(one["generation"])}
            for number, one in said.items()
        }
    except (KeyError, ValueError):
        raise ResultsError(
            f"{results.folder}: the record of its trials that ended early is damaged"
        ) from None


def no_value(trials: Trials) -> str:
    """Why there is no best trial if no trial has a value."""
    if len(trials) and np.all(trials.ended != ""):
        whys = sorted(set(trials.ended.tolist()))
        return f"no trial has a value: all ended early, {' or '.join(whys)}"
    return "no trial has a value: its objective is NaN or infinite in all of them"


def said_of_ended(trials: Trials) -> dict[str, dict[str, Any]]:
    """The metadata entry for trials that ended early. Most of them have no blocks."""
    return {
        str(trials.number[k]): {
            "status": trials.ended[k],
            "generation": int(trials.generation[k]),
            **dict(zip(trials.space.columns, map(float, trials.values[k]), strict=True)),
        }
        for k in np.flatnonzero(trials.ended != "")
    }


def in_words(space: Space, trials: Trials, rows: Sequence[int]) -> list[dict[str, object]]:
    """Trials as mappings: number, generation, values, objectives, and by how much each misses
    the constraints.
    """
    return [
        {
            "trial": int(trials.number[k]),
            "generation": int(trials.generation[k]),
            **{n: float(v) for n, v in zip(space.columns, trials.values[k], strict=True)},
            **{n: float(v) for n, v in zip(space.objectives, trials.objectives[k], strict=True)},
            "missed": float(trials.missed[k]),
            **({"ended": str(trials.ended[k])} if space.plan.reasons else {}),
        }
        for k in rows
    ]
