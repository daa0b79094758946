"""The outcome of a search, from its dataset: `results.best`, `results.front`, `results.trials`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..check.values import value
from ..dataclass import dataclass
from ..language import ast
from ..language.draws import arguments_of
from ..results.errors import ResultsError
from ..results.reader import Results
from .neural import learning_batches
from .posterior import Posterior, effective, quantiles
from .space import Space, space_in
from .trials import Trials, all_trials, in_words, no_value

if TYPE_CHECKING:
    from ..api import Spec


@dataclass(frozen=True)
class Trial:
    """One trial: `values` of the axes in SI, `objectives` under the names that the spec writes,
    and by how much the trial misses the constraints (0 if it meets all).
    """

    number: int
    generation: int
    values: dict[str, float]
    objectives: dict[str, float]
    missed: float
    results: Results
    space: Space

    @property
    def blocks(self) -> Any:
        """The rows of this trial in the table `blocks`: see `results.blocks`."""
        return self.results.blocks.filter(trial=self.number)

    def to_spec(self, path: str | Path | None = None) -> Spec:
        """The spec with these values and without its search. Running it gives exactly the same
        numbers. It is also written into a new file if you name one.
        """
        from ..api import load_spec
        from ..outputs import write_new

        text = self.text
        if path is None:
            return load_spec(text)
        write_new(Path(path), text.encode())
        return load_spec(Path(path))

    @property
    def text(self) -> str:
        """The text of the spec that `to_spec` gives."""
        values = np.array([list(self.values.values())])
        rows: dict[str, list[str]] = {}
        if any(
            call.independent for call in ast.walk(self.space.spec) if isinstance(call, ast.Call)
        ):
            # Such draws depend on all columns of a row.
            rows = {"generation": [str(self.generation)], "trial": [str(self.number)]}
        return self.space.with_values(rows, values)


@dataclass(frozen=True)
class Answers:
    """The trials of a search, the best first if there is one objective."""

    results: Results
    space: Space
    found: Trials

    def trial(self, number: int) -> Trial:
        """The trial with this number. ResultsError if there is none, or if it has no blocks."""
        rows = np.flatnonzero(self.found.number == number)
        if not len(rows) or np.isnan(self.found.values[rows[0]]).any():
            raise ResultsError(f"{self.results.folder}: has no trial {number}")
        return self._trial(int(rows[0]))

    def _trial(self, row: int) -> Trial:
        found, space = self.found, self.space
        return Trial(
            int(found.number[row]),
            int(found.generation[row]),
            dict(zip(space.columns, map(float, found.values[row]), strict=True)),
            dict(zip(space.objectives, map(float, found.objectives[row]), strict=True)),
            float(found.missed[row]),
            self.results,
            space,
        )

    def front(self) -> list[Trial]:
        """The Pareto front: trials that no other trial beats in every objective. With one
        objective, a single trial; empty if no trial meets the constraints.
        """
        return [self._trial(int(row)) for row in self.found.front()]

    def best(self) -> Trial:
        """The first trial of the front. With several objectives, the trial that is best in the
        first one. ResultsError if no trial meets the constraints.
        """
        front = self.found.front()
        if not len(front):
            raise ResultsError(self.why_none())
        return self._trial(int(front[np.argmin(self.found.losses[front][:, 0])]))

    def why_none(self) -> str:
        """Why there is no best trial."""
        finite = np.isfinite(self.found.objectives).all(axis=1)
        name = f"{self.results.folder}: "
        if not finite.any():
            return name + no_value(self.found)
        rows = np.flatnonzero(finite)
        near = rows[int(np.argmin(self.found.missed[rows]))]
        return (
            f"{name}no trial meets the constraints; trial {int(self.found.number[near])} comes"
            f" closest and misses them by {self.found.missed[near]:.2g} of their size"
        )

    def at_ends(self, trial: Trial) -> list[str]:
        """The axes where a trial lies at an end, within 1/50 of the axis length. There may be
        better values beyond that end.
        """
        found = []
        for axis, name in zip(self.space.search.over, self.space.columns, strict=True):
            call = axis.value
            if not isinstance(call, ast.Call) or call.func.id not in ("uniform", "loguniform"):
                continue
            given = arguments_of(call)
            low, high = (value(given.get(n), self.space.constants) for n in ("low", "high"))
            at = trial.values[name]
            if low is None or high is None:
                continue
            if call.func.id == "loguniform":
                low, high, at = (float(np.log(x)) for x in (low, high, at))
            if not 0.02 < (at - low) / (high - low) < 0.98:
                found.append(name)
        return found

    def ranked(self) -> np.ndarray:
        """Rows, the best first: those that meet the constraints, by the first objective; then
        those that do not, by how much they miss them; then those without a value.
        """
        losses = self.found.losses[:, 0]
        bad = ~np.isfinite(self.found.objectives).all(axis=1)
        return np.lexsort((losses, self.found.missed, bad))

    def table(self, rows: Sequence[int] | None = None) -> list[dict[str, object]]:
        """All trials as mappings, in the order in which they ran."""
        chosen = range(len(self.found)) if rows is None else rows
        return in_words(self.space, self.found, list(chosen))


def without_empty(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `Answers.table` without the columns `missed` and `ended` if these are empty in
    every row.
    """
    empty = {k for k in ("missed", "ended") if not any(row.get(k) for row in table)}
    return [{k: v for k, v in row.items() if k not in empty} for row in table]


@dataclass(frozen=True)
class Belief:
    """The posterior from an inference: `values` (n, axes) in SI, and the weight of each row.
    The weights sum to 1.
    """

    space: Space
    number: np.ndarray
    values: np.ndarray
    weights: np.ndarray
    calibration: dict[str, list[int]] = field(default_factory=dict)
    """How often the true value lay in the region that a network gave, in trials that were not
    used for training.
    """

    @property
    def calibrated(self) -> str:
        """The calibration as a sentence; empty if there is none."""
        if not self.calibration:
            return ""
        cases, inside = (sum(self.calibration.get(name, ())) for name in ("cases", "inside"))
        central = zip(self.space.columns, self.calibration.get("central", ()), strict=False)
        each = ", ".join(f"{name} {count}" for name, count in central)
        text = (
            f"calibration in {cases} held-out simulations: the true values lay in the 90 % region"
            f" in {inside}, and in the central 90 % of each axis in: {each}"
        )
        # The standard deviation of a count of which 90 % are expected is 0.3 sqrt(cases).
        if inside < 0.9 * cases - 3 * 0.3 * cases**0.5:
            text += "; the posterior is too narrow: run more trials"
        return text

    @property
    def effective(self) -> float:
        """The effective sample size: the number of independent samples that carry as much
        information.
        """
        return effective(self.weights)

    def summary(self) -> list[dict[str, object]]:
        """For each axis, the mean, the sd, the median and the ends of the central 90 %."""
        found: list[dict[str, object]] = []
        for name, values in zip(self.space.columns, self.values.T, strict=True):
            mean = float(self.weights @ values)
            sd = float(np.sqrt(self.weights @ (values - mean) ** 2))
            low, median, high = map(float, quantiles(values, self.weights, [0.05, 0.5, 0.95]))
            found.append(
                {"axis": name, "mean": mean, "sd": sd, "5 %": low, "median": median, "95 %": high}
            )
        return found

    def table(self) -> list[dict[str, object]]:
        """Each trial with a weight above 0, with its values."""
        return [
            {
                "trial": int(n),
                "weight": float(w),
                **{c: float(v) for c, v in zip(self.space.columns, row, strict=True)},
            }
            for n, w, row in zip(self.number, self.weights, self.values, strict=True)
            if w > 0
        ]


def belief_of(results: Results) -> Belief:
    """The posterior in some results. ResultsError if they come from no inference, or if no
    trial has a value.
    """
    answers = answers_of(results)
    space, found = answers.space, answers.found
    if not isinstance(space.search, ast.Infer):
        raise ResultsError(f"{results.folder}: holds a search, but its spec has no `infer:`")
    if not np.isfinite(found.objectives).any():
        raise ResultsError(answers.why_none())
    if learning := learning_batches(space.plan):
        return neural_belief(answers, learning)
    sampler = Posterior(space.plan, len(space.columns))
    generations, first = np.unique(found.generation, return_index=True)
    for a, b in zip(first, [*first[1:], len(found)], strict=True):
        sampler.ask(int(b - a))
        sampler.tell(found.losses[a:b], found.missed[a:b])
    return Belief(space, found.number, found.values, sampler.weights())


def neural_belief(answers: Answers, learning: int) -> Belief:
    """The trials that were drawn from the network's posterior, with equal weights."""
    found = answers.found
    drawn = (found.generation >= learning) & np.isfinite(found.objectives[:, 0])
    if not drawn.any():
        raise ResultsError(
            f"{answers.results.folder}: no trial has been drawn from the posterior"
            " yet; continue with `stdpdsl search --resume`"
        )
    said = answers.results.metadata.get("calibration", {})
    return Belief(answers.space, found.number, found.values, drawn / drawn.sum(), said)


def answers_of(results: Results) -> Answers:
    """The outcome of a search. ResultsError if the results come from no search."""
    space = space_in(results)
    return Answers(results, space, all_trials(results, space))
