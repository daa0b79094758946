"""A compiled spec run in shards, in processes of their own; the results appear whole or not at all.

Finished shards wait beside the results (`job.py`), so an interrupted run can go on.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..dataclass import dataclass
from ..results.reader import load
from ..runtime.folder import is_result
from ..runtime.shards import blocks_of_shard
from .errors import JobError
from .interpreter import Interpreter
from .job import Job, finished_with, opened, opened_for_one
from .local import DONE, INTERRUPTED, SIMULATION_FAILED, Children, Event, Outcome, run_script
from .merge import Base, Origin, all_shards, damage, merge
from .merge_events import Together
from .wanted import Wanted, differences, wanted_of

if TYPE_CHECKING:
    from ..compiler import Compiled

_NO_MEMORY = re.compile(r"\bmemory\b|MemoryError|bad_alloc")
MOST_LOST = 10  # lines about values that are not finite


@dataclass(frozen=True)
class Manner:
    """How a run treats existing results."""

    resume: bool = False
    overwrite: bool = False


FRESH = Manner()


@dataclass(frozen=True)
class Task:
    """What the shards of a job have in common. `data` is the folder of the files that they read;
    `earlier` is the folder of the results from whose end they go on, if they do."""

    job: Job
    wanted: Wanted
    data: Path
    blocks: int
    earlier: Path | None = None

    def size(self, number: int) -> int:
        """The number of blocks in a shard."""
        return len(blocks_of_shard(self.blocks, number, self.job.shards))

    def failed(self, number: int, outcome: Outcome) -> Outcome:
        """What went wrong with a shard: which shard, if there are several, and what to do if memory
        was too small."""
        if outcome.status != SIMULATION_FAILED:
            return outcome
        text, count = outcome.message, self.job.shards
        if count > 1:
            text = f"shard {number:,} of {count:,}: {text}"
        hints = []
        if count > 1:
            hints.append("fewer shards at a time (--workers 1)")
        if self.blocks > count:
            hints.append(f"smaller shards (--shard K/N with N above {count:,})")
        if hints and _NO_MEMORY.search(text):
            text += ("\n" if "\n" in text else "; ") + f"{' or '.join(hints)} need less memory"
        return replace(outcome, message=text)

    def done(self, todo: Sequence[int]) -> int:
        """The number of blocks done by all other shards."""
        return self.blocks - sum(map(self.size, todo))


Runner = Callable[[Task, Sequence[int], int, Callable[[Event], None]], Outcome]
"""Runs shards of a job, some at a time, and tells how that ended; finished shards are then
there."""


def run_and_save(
    compiled: Compiled,
    spec: str,
    data: Path,
    output: Path,
    on_event: Callable[[Event], None],
    manner: Manner = FRESH,
    runner: Runner | None = None,
    base: Base | None = None,
    interpreter: Interpreter | None = None,
    origin: Origin | None = None,
) -> Outcome:
    """Run a compiled spec and put its results into `output`, with the script and the spec's text.

    Files that the spec names are taken from `data`. Raises JobError if the run cannot begin. It
    runs on this machine unless a `runner` runs it elsewhere, and with this Python unless another is
    given. With a `base`, the results in `output`, the new blocks are added to those. Shards that an
    earlier try finished are used. With an `origin`, the run goes on from those results, and
    replaces them if they are in `output`.
    """
    more = {}
    if origin is not None:
        more["continues"] = origin.checksum
        if origin.folder == output:
            manner = Manner(resume=True, overwrite=True)
    if base is not None:
        more["extends"] = base.checksum
        manner = Manner(resume=True)
    wanted = wanted_of(compiled, spec, interpreter, **more)
    in_place = base is not None or (origin is not None and origin.folder == output)
    if not in_place and manner.resume and _is_complete(output, wanted):
        finished_with(output)
        return Outcome(DONE, folder=str(output))
    with opened(output, wanted, compiled.plan.shards, manner.resume, manner.overwrite) as job:
        earlier = origin.folder if origin is not None and origin.kept else None
        task = Task(job, wanted, data, compiled.plan.blocks, earlier)
        _set_damaged_aside(job, on_event)
        done = set(job.finished())
        todo = [k for k in range(1, job.shards + 1) if k not in done]
        outcome = (runner or run_here)(task, todo, compiled.plan.workers, on_event)
        finished = job.finished()
        if len(finished) < job.shards:
            if outcome.status == DONE:
                text = "what ran them says that all shards are done, and some are not there"
                outcome = Outcome(SIMULATION_FAILED, text)
            between = "\n" if "\n" in outcome.message else "; "
            message = f"{outcome.message}{between}{_kept(len(finished), job)}"
            return replace(outcome, message=message)
        folders = [job.place(k) for k in finished]
        if done or runner:  # what others wrote
            folders = all_shards(folders)
        if origin is not None:
            origin.check()
        said = origin.said if origin is not None and origin.kept else {}
        lost = merge(folders, output, manner.overwrite or base is not None, base, said)
        job.remove()
        message = "\n".join([*lost[:MOST_LOST], *(["..."] if len(lost) > MOST_LOST else [])])
        return Outcome(SIMULATION_FAILED if lost else DONE, message, folder=str(output))


def _set_damaged_aside(job: Job, on_event: Callable[[Event], None]) -> None:
    """Set aside damaged shards of an earlier try, so that they run again."""
    for number in job.finished():
        wrong = damage(job.place(number))
        if wrong:
            job.set_aside(number)
            on_event({"event": "warning", "text": f"{wrong}; the shard runs again"})


def _is_complete(output: Path, wanted: Wanted) -> bool:
    """Whether there is nothing left to resume. Raises JobError if the results belong to something
    else."""
    if not is_result(output):
        return False
    metadata = load(output).metadata
    said = {name: metadata.get(name) for name in ("spec", "set", "target", "until_stable")}
    said["parameters"] = metadata.get("lowering")
    said |= {"keep_state": True} if "state" in metadata["tables"] else {}
    lines = differences(said, {"spec": wanted.spec, **wanted.settings})
    if lines:
        raise JobError(f"{output}: holds other results; what differs:\n  " + "\n  ".join(lines))
    return True


def run_one(
    compiled: Compiled,
    spec: str,
    data: Path,
    output: Path,
    on_event: Callable[[Event], None],
    shard: tuple[int, int],
    manner: Manner = FRESH,
    interpreter: Interpreter | None = None,
) -> Outcome:
    """Run one shard, which stays beside `output` until all are merged; `Outcome.folder` is its
    folder."""
    number, count = shard
    if count > compiled.plan.most:
        raise JobError(
            f"there are at most {compiled.plan.most} shards: there is no {number}/{count}"
        )
    wanted = wanted_of(compiled, spec, interpreter)
    with opened_for_one(output, wanted, number, count) as job:
        place = job.place(number)
        if manner.resume and place.is_dir() and not damage(place):
            return Outcome(DONE, folder=str(place))
        more = ["--overwrite"] if manner.overwrite or manner.resume else []
        task = Task(job, wanted, data, compiled.plan.blocks)
        with Children() as children:
            return task.failed(number, run_shard(task, number, on_event, children, more))


def run_here(
    task: Task, todo: Sequence[int], workers: int, on_event: Callable[[Event], None]
) -> Outcome:
    """Run shards on this machine, some at a time. After a failure, no other shard begins."""
    together = Together(on_event, {k: task.size(k) for k in todo}, task.done(todo))
    bad: list[Outcome] = []

    def one(number: int) -> None:
        if not bad and not children.interrupts:
            outcome = run_shard(task, number, lambda e: together.hear(number, e), children)
            # A script from an earlier, killed run may have finished this shard first.
            if not outcome.folder and not task.job.place(number).is_dir():
                bad.append(task.failed(number, outcome))

    with Children() as children, ThreadPoolExecutor(max(1, min(workers, len(todo)))) as pool:
        for _ in pool.map(one, todo):
            pass
    if children.interrupts:
        return Outcome(INTERRUPTED, "interrupted")
    return bad[0] if bad else Outcome(DONE)


def run_shard(
    task: Task,
    number: int,
    on_event: Callable[[Event], None],
    children: Children,
    more: Sequence[str] = (),
) -> Outcome:
    """A process that waits for another script afterwards is given back. The working folder of any
    other, with the script and its log, is kept only if there is a log to read.
    """
    interpreter = task.wanted.interpreter
    waiting = interpreter.process()
    path = waiting.workdir / "script.py"
    place = task.job.place(number)
    keep = False
    try:
        path.write_text(task.wanted.script, encoding="utf-8", newline="\n")
        arguments = ["--out", str(place), "--data", str(task.data.resolve())]
        arguments += ["--shard", f"{number}/{task.job.shards}", *more]
        arguments += ["--earlier", str(task.earlier)] if task.earlier is not None else []
        outcome = run_script(path, arguments, on_event, waiting, children, interpreter.ready)
        if outcome.status != DONE and not outcome.folder:
            # What a killed script could not clean up.
            for leftover in place.parent.glob(f"{place.name}.partial-*"):
                shutil.rmtree(leftover, ignore_errors=True)
        keep = outcome.log is not None
        return outcome
    finally:
        if not waiting.ended:
            interpreter.take_back(waiting)
        elif not keep:
            shutil.rmtree(waiting.workdir, ignore_errors=True)


def _kept(finished: int, job: Job) -> str:
    if not finished:
        return "nothing was saved"
    return (
        f"{finished:,} of {job.shards:,} shards are finished and kept in {job.folder};"
        " the same command with --resume goes on"
    )
