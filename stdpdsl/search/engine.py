"""The loop of a search: ask for a batch of points, run them as one sweep, append the results, tell
what they were worth.

    OUT                 the dataset, from the first generation on
    OUT.beginning       the beginning of a generation, where `stop trials:` asks for it
    OUT.generation      a generation that has run and is not yet appended
    OUT.generation.shards   one that is running

All that a search knows is in its dataset. To go on, the same questions are asked again, which must
give the trials that are there, and the same answers told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..compiler import Compiled
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
"""Batches after which a search ends that has found no value at all."""


@dataclass(frozen=True)
class How:
    """How a search runs. None of it changes the trials, but `more`, which is how many are run
    beyond those that the spec asks for, and `until_stable`, by which blocks end early whose weights
    have come to rest."""

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
    """Run a search into `output`, an absolute path; `told` hears after each generation
    the trials, and how many there are to be.

    SearchError or JobError where it cannot begin or go on. What has run stays, whatever happens.
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
        if len(new) != count:  # `where` left some out, which then have no value, or they ended
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
    """Whether the spec's `stop:` ends it. Trials that are asked for beyond the spec's are run."""
    plan = trials.space.plan
    if how.more or not len(trials):
        return False
    if isinstance(sampler, Refine) and sampler.is_fine():
        return True
    return bool(plan.stop and trials.since_improvement() >= plan.stop)


def known_trials(space: Space, output: Path, how: How) -> Trials:
    """What a dataset has; SearchError where it is of something else."""
    results = load(output)
    if "search" not in results.metadata:
        raise SearchError(f"{output}: holds results of a run, not of a search")
    said = {"spec": results.spec, **{k: results.metadata.get(k) for k in ("set", "until_stable")}}
    asked = None if how.until_stable is None else until(how.until_stable).data()
    asks = {"spec": space.source.text, "set": list(how.sets), "until_stable": asked}
    lines = differences(said, asks)
    if lines:
        raise SearchError(f"{output}: holds another search; what differs:\n  " + "\n  ".join(lines))
    return all_trials(results, space)


def replay(sampler: Sampler, space: Space, trials: Trials) -> int:
    """Ask and tell all that a dataset has; the number of generations. SearchError where the
    sampler asks for others, as another version of it would."""
    generations, first = np.unique(trials.generation, return_index=True)
    ends = [*first[1:], len(trials)]
    for a, b in zip(first, ends, strict=True):
        if isinstance(sampler, Neural) and not sampler.is_learning:
            sampler.batches += 1  # samples of a posterior, whose network need not be taught again
            continue
        values = space.values(sampler.ask(int(b - a)))
        known = trials.values[a:b]
        there = ~np.isnan(known)
        if not np.allclose(values[there], known[there], rtol=1e-9, atol=0):
            raise SearchError(
                f"generation {int(trials.generation[a])} has other trials than this version of the"
                " sampler asks for; go on with the versions of optuna and cmaes that began it"
            )
        sampler.tell(trials.losses[a:b], trials.missed[a:b], trials.ended[a:b] != "")
    return len(generations)


@dataclass(frozen=True)
class Batch:
    """A generation: its number, its trials' numbers and their values (n, axes), and the trials that
    ran before; how well what it was drawn from is calibrated."""

    space: Space
    number: int
    trials: Sequence[int]
    values: np.ndarray
    before: Trials
    calibration: dict[str, list[int]] = field(default_factory=dict)

    def text(self, chosen: Sequence[int]) -> str:
        """Its spec, with some of its trials, by their place in it."""
        trials = [self.trials[k] for k in chosen]
        return self.space.generation(self.number, trials, self.values[list(chosen)])


def run_generation(
    batch: Batch, output: Path, how: How, on_event: Callable[[Event], None], runner: Runner | None
) -> Outcome:
    """Run a batch and append it; the outcome has no folder where it did not run to its end."""
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
    # A dataset has blocks: where all trials ended, the first is run nevertheless.
    chosen = [k for k in every if batch.trials[k] not in dead] or [0]
    text = batch.text(chosen)
    work = output.with_name(f"{output.name}.generation")
    first = 0 if is_first else int(load(output).metadata["blocks"])
    outcome = _simulate(space, text, work, how, first, on_event, runner)
    if not outcome.folder:
        return outcome
    lasts = load(work).metadata["time_asked"]
    if space.plan.reasons and space.plan.after >= lasts:  # of a sound this is known only now
        _remove_other(work)
        _remove_other(short)
        raise SearchError(
            f"`stop trials:` looks after {space.plan.after:g} s, and the run lasts"
            f" {lasts:g} s: take a shorter time"
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
    """Run a sweep into `work`, or take what an earlier search has left of it there."""
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
    """Whether to take what is in `work`."""
    # Shards of it that an earlier search has left are taken; those of another, which was killed
    # and is not gone on with, or was begun by another version, are not.
    wanted = wanted_of(compiled, text)
    known = read_job(job_folder(work))
    same = known is not None and not differences(known, wanted.job(known["shards"]))
    same = same or result_folder.is_result(work)
    return Manner(same, not same)


def _remove_other(work: Path, text: str = "", sets: Sequence[str] = ()) -> None:
    """Delete a generation that has been appended, or is of another search."""
    try:
        if not result_folder.is_result(work):
            return
        there = load(work)
        if (there.spec, list(there.metadata.get("set", ()))) != (text, list(sets)):
            result_folder.remove_but(work, result_folder.foreign_in(work))
    except (OSError, ValueError, ResultsError) as error:
        raise JobError(f"{work}: cannot be read: {error}") from None
