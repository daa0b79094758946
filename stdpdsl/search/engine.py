"""The loop of a search: ask the sampler for a batch of points, run them as one sweep, append the
results, and tell the sampler the objectives.

    OUT                 the dataset; exists after the first generation
    OUT.beginning       the beginning of a generation, if `stop trials:` needs it
    OUT.generation      a generation that has run but is not yet appended
    OUT.generation.shards   a generation that is running

The dataset holds the whole state of a search. To resume, the sampler is asked again for every batch
and must give the trials that are in the dataset; then it is told their objectives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..compiler import Compiled
from ..dataclass import dataclass
from ..execution.append import append, begin
from ..execution.errors import JobError
from ..execution.interpreter import ready_interpreter
from ..execution.job import job_folder, read_job
from ..execution.local import DONE, SIMULATION_FAILED, Event, Outcome
from ..execution.sharded_run import Manner, Runner, run_and_save
from ..execution.wanted import Request, differences, wanted_of
from ..language.source import Source
from ..lower.until_stable import until
from ..results.errors import ResultsError
from ..results.reader import load
from ..runtime import folder as result_folder
from .early import beginning, ended
from .neural import Neural
from .refine import Refine
from .samplers import Sampler, SearchError, sampler_of
from .simulated import simulated_in
from .space import Space
from .trials import (
    Trials,
    all_trials,
    completed,
    ended_in,
    no_trials,
    no_value,
    said_of_ended,
    trials_of,
)

HOPELESS = 2
"""A search ends after so many batches if no trial has a value."""


@dataclass(frozen=True)
class How:
    """How a search runs. Only two options change the trials: `more` is the number of trials to
    run beyond those in the spec, and `until_stable` ends blocks early when their weights are
    stable.
    """

    folder: Path
    sets: Sequence[str] = ()
    target: str = "auto"
    workers: int = 0
    allowed: Sequence[Path] = ()
    resume: bool = False
    overwrite: bool = False
    more: int = 0
    until_stable: str | None = None


def search(
    space: Space,
    output: Path,
    how: How,
    on_event: Callable[[Event], None],
    told: Callable[[Trials, int], None],
    runner: Runner | None = None,
) -> tuple[Trials, Outcome]:
    """Run a search into `output`, an absolute path. After each generation, `told` is called with
    the trials and their planned number. SearchError or JobError if the search cannot start or
    continue. Finished generations are always kept.
    """
    plan = space.plan
    sampler = sampler_of(plan, len(space.columns), len(space.directions))
    if isinstance(sampler, Neural):
        sampler.look = lambda: simulated_in(load(output), space)
    trials = no_trials(space)
    generation = 0
    if result_folder.is_result(output) and (how.resume or how.more):
        trials = known_trials(space, output, how)
        generation = replay(sampler, space, trials)
    else:
        try:
            result_folder.check_folder(output, how.overwrite)
        except result_folder.ResultsError as error:
            raise JobError(str(error)) from None
    wanted = max(plan.trials, len(trials) if how.more else 0) + how.more
    if len(trials):
        told(trials, wanted)
    while len(trials) < wanted and not is_over(sampler, trials, how):
        count = min(plan.batch, wanted - len(trials))
        numbers = list(range(len(trials), len(trials) + count))
        values = space.values(sampler.ask(count))
        learnt = sampler.calibration if isinstance(sampler, Neural) else {}
        batch = Batch(space, generation, numbers, values, trials, learnt)
        outcome = run_generation(batch, output, how, on_event, runner)
        if outcome.folder == "":
            return trials, outcome
        new = trials_of(load(output), space, after=len(trials) - 1)
        # Trials without blocks have no value: `where` left them out, or they ended early.
        if len(new) != count:
            new = completed(new, space, generation, numbers, values)
        for number, one in ended_in(load(output)).items():
            if number >= len(trials):
                new.end(number - len(trials), one["status"])
        trials = trials.with_more(new)
        sampler.tell(new.losses, new.missed, new.ended != "")
        generation += 1
        told(trials, wanted)
        if len(trials) >= HOPELESS * plan.batch and not np.isfinite(trials.objectives).any():
            return trials, Outcome(SIMULATION_FAILED, no_value(trials), folder=str(output))
    return trials, Outcome(DONE, folder=str(output))


def is_over(sampler: Sampler, trials: Trials, how: How) -> bool:
    """Whether the spec's `stop:` ends the search. Trials that `--more` asks for are run in any
    case.
    """
    plan = trials.space.plan
    if how.more or not len(trials):
        return False
    if isinstance(sampler, Refine) and sampler.is_fine():
        return True
    return bool(plan.stop and trials.since_improvement() >= plan.stop)


def known_trials(space: Space, output: Path, how: How) -> Trials:
    """The trials in a dataset. SearchError if the dataset is not from this search."""
    results = load(output)
    if "search" not in results.metadata:
        raise SearchError(f"{output}: holds the results of a run, not of a search")
    said = {"spec": results.spec, **{k: results.metadata.get(k) for k in ("set", "until_stable")}}
    asked = None if how.until_stable is None else until(how.until_stable).data()
    asks = {"spec": space.source.text, "set": list(how.sets), "until_stable": asked}
    lines = differences(said, asks)
    if lines:
        raise SearchError(
            f"{output}: holds a different search; these differ:\n  " + "\n  ".join(lines)
        )
    return all_trials(results, space)


def replay(sampler: Sampler, space: Space, trials: Trials) -> int:
    """Ask and tell every trial in a dataset; returns the number of generations. SearchError if
    the sampler asks for other trials, as another version of it might.
    """
    generations, first = np.unique(trials.generation, return_index=True)
    ends = [*first[1:], len(trials)]
    for a, b in zip(first, ends, strict=True):
        if isinstance(sampler, Neural) and not sampler.is_learning:
            sampler.batches += 1  # samples of a posterior; its network need not be trained again
            continue
        values = space.values(sampler.ask(int(b - a)))
        known = trials.values[a:b]
        there = ~np.isnan(known)
        if not np.allclose(values[there], known[there], rtol=1e-9, atol=0):
            raise SearchError(
                f"generation {int(trials.generation[a])} differs from the trials that this"
                " version of"
                " the sampler asks for; continue with the versions of optuna and cmaes"
                " that began it"
            )
        sampler.tell(trials.losses[a:b], trials.missed[a:b], trials.ended[a:b] != "")
    return len(generations)


@dataclass(frozen=True)
class Batch:
    """A generation: its number, its trials' numbers and values (n, axes), the trials that ran
    before, and the calibration of the posterior that it was drawn from.
    """

    space: Space
    number: int
    trials: Sequence[int]
    values: np.ndarray
    before: Trials
    calibration: dict[str, list[int]] = field(default_factory=dict)

    def text(self, chosen: Sequence[int]) -> str:
        """The spec of some trials of the batch, chosen by their index."""
        trials = [self.trials[k] for k in chosen]
        return self.space.generation(self.number, trials, self.values[list(chosen)])


def run_generation(
    batch: Batch, output: Path, how: How, on_event: Callable[[Event], None], runner: Runner | None
) -> Outcome:
    """Run a batch and append it. The outcome has no folder if the run did not finish."""
    space, is_first = batch.space, not len(batch.before)
    every = list(range(len(batch.trials)))
    dead: dict[int, str] = {}
    short = output.with_name(f"{output.name}.beginning")
    if space.plan.reasons:
        text, setting = beginning(space, batch.text(every))
        sets = [*how.sets, setting]
        outcome = _simulate(
            space, text, short, replace(how, sets=sets, until_stable=None), 0, on_event, runner
        )
        if not outcome.folder:
            return outcome
        dead = ended(space, short)
    # A dataset needs blocks, so if all trials ended early, the first is run nevertheless.
    chosen = [k for k in every if batch.trials[k] not in dead] or [0]
    text = batch.text(chosen)
    work = output.with_name(f"{output.name}.generation")
    first = 0 if is_first else int(load(output).metadata["blocks"])
    outcome = _simulate(space, text, work, how, first, on_event, runner)
    if not outcome.folder:
        return outcome
    lasts = load(work).metadata["time_asked"]
    # If a sound sets the duration, it is known only now.
    if space.plan.reasons and space.plan.after >= lasts:
        _remove_other(work)
        _remove_other(short)
        raise SearchError(
            f"`stop trials:` checks trials after {space.plan.after:g} s, but the run lasts only"
            f" {lasts:g} s: use a shorter time"
        )
    said: dict[str, Any] = {
        "search": {"generations": batch.number + 1, "trials": int(batch.trials[-1]) + 1},
        "set": list(how.sets),
    }
    if batch.calibration:
        said["calibration"] = batch.calibration
    if space.plan.reasons:
        now = completed(no_trials(space), space, batch.number, batch.trials, batch.values)
        for number, why in dead.items():
            now.end(number - batch.trials[0], why)
        said["ended_early"] = said_of_ended(batch.before) | said_of_ended(now)
    if is_first:
        begin(work, output, space.source.text, said, how.overwrite)
    else:
        append(work, output, said)
    _remove_other(work)
    _remove_other(short)
    return replace(outcome, folder=str(output))


def _simulate(
    space: Space,
    text: str,
    work: Path,
    how: How,
    first: int,
    on_event: Callable[[Event], None],
    runner: Runner | None,
) -> Outcome:
    """Run a sweep into `work`, or use what an earlier search left of it there."""
    _remove_other(work, text, how.sets)
    request = Request(
        list(how.sets), "synapse", how.target, how.until_stable, how.workers, how.allowed
    )
    with ready_interpreter(how.target, elsewhere=bool(runner)) as interpreter:
        compiled = request.compile(Source(space.source.name, text), how.folder, first=first)
        manner = _manner(compiled, text, work)
        task = (compiled, text, how.folder, work, on_event, manner, runner)
        return run_and_save(*task, interpreter=interpreter)


def _manner(compiled: Compiled, text: str, work: Path) -> Manner:
    """Whether to use the shards in `work`."""
    # Shards that an earlier process of this search left are used. Shards of another search, or of
    # one begun by another version, are not.
    wanted = wanted_of(compiled, text)
    known = read_job(job_folder(work))
    same = known is not None and not differences(known, wanted.job(known["shards"]))
    same = same or result_folder.is_result(work)
    return Manner(same, not same)


def _remove_other(work: Path, text: str = "", sets: Sequence[str] = ()) -> None:
    """Delete a generation that has been appended, or that belongs to another search."""
    try:
        if not result_folder.is_result(work):
            return
        there = load(work)
        if (there.spec, list(there.metadata.get("set", ()))) != (text, list(sets)):
            result_folder.remove_but(work, result_folder.foreign_in(work))
    except (OSError, ValueError, ResultsError) as error:
        raise JobError(f"{work}: cannot be read: {error}") from None
