"""A search that several processes share, such as the tasks of a job array. All run the same command
and see the same folder.

    OUT.search-lock     held by the leader, which asks for the trials and adds the results
    OUT.generation.shards/0003-of-0016.lock     held by whoever runs this shard

All others run shards of the current generation. A lock ends with its process: if a process dies,
another takes its shard, or becomes the leader and continues from the dataset. A helper compiles its
own spec with the trials listed in the job, so no code from the folder is run.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..compiler import Compiled, compile_source
from ..execution.errors import Busy, JobError
from ..execution.job import Job, job_folder, read_job
from ..execution.local import DONE, INTERRUPTED, Children, Event, Outcome
from ..execution.locks import locked, locks_hold
from ..execution.sharded_run import Task, run_shard
from ..execution.wanted import differences, wanted_of
from ..language import ast
from ..language.diagnostics import CompileError
from ..language.rows import without
from ..language.source import Source
from ..results.errors import ResultsError
from ..results.reader import load
from ..runtime import folder as result_folder
from .engine import How, search
from .space import Space
from .trials import Trials, no_trials

PAUSE = 0.2
"""Seconds after which an idle process looks for work again."""
_LOCK = re.compile(rb"(process \d+ on [^\n]*\n)?\Z")
PARTS = ("beginning", "generation")


def share(
    space: Space,
    output: Path,
    how: How,
    on_event: Callable[[Event], None],
    told: Callable[[Trials, int], None],
) -> tuple[Trials, Outcome]:
    """Lead the search or help with it until it is done. JobError if the folder's file system
    has no locks.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    name = f"{output.name}.search-lock"
    if not is_lock(output.with_name(name)):
        raise JobError(
            f"{output.with_name(name)}: is not a lock file of stdpdsl; move it elsewhere"
        )
    helper = Helper(space, output, how, on_event)
    with Children() as children:
        while not children.interrupts:
            with ExitStack() as lead:
                try:
                    lead.enter_context(locked(output.parent, True, name))
                except Busy:
                    if not helper.help(children):
                        time.sleep(PAUSE)
                    continue
                if not locks_hold(output.parent, name):
                    raise JobError(
                        f"{output.parent}: is on a file system without locks; --share needs locks"
                    )
                found = search(space, output, replace(how, resume=True), on_event, told, run_some)
                output.with_name(name).unlink(missing_ok=True)
                return found
    return no_trials(space), Outcome(INTERRUPTED, "interrupted")


def is_lock(path: Path) -> bool:
    """Whether a file may be used as a lock: it is one, or it does not exist."""
    try:
        return not path.is_symlink() and bool(_LOCK.match(path.read_bytes()[:1000]))
    except FileNotFoundError:
        return True
    except OSError:
        return False


def run_some(
    task: Task, todo: Sequence[int], workers: int, on_event: Callable[[Event], None]
) -> Outcome:
    """A runner (see sharded_run.py): runs the shards that no other process has taken, one at a
    time, and waits for the rest.
    """
    with Children() as children:
        while missing := [k for k in todo if not task.job.place(k).is_dir()]:
            if children.interrupts:
                return Outcome(INTERRUPTED, "interrupted")
            outcome = run_first(task, missing, on_event, children)
            if outcome is None:
                time.sleep(PAUSE)
            elif not outcome.folder and outcome.status != DONE:
                return outcome
    return Outcome(DONE)


def run_first(
    task: Task,
    missing: Sequence[int],
    on_event: Callable[[Event], None],
    children: Children,
    stands: Callable[[], bool] = lambda: True,
) -> Outcome | None:
    """Run the first shard that no process has taken, if the job is still valid (`stands`). None
    if there is no such shard.
    """
    for number in missing:
        place = task.job.place(number)
        try:
            with locked(task.job.folder, True, f"{place.name}.lock"):
                if place.is_dir() or not stands():
                    return None
                outcome = run_shard(task, number, on_event, children)
                there = place.is_dir()
                return replace(outcome, status=DONE) if there else task.failed(number, outcome)
        except Busy:
            continue
    return None


def stands_in(folder: Path, said: dict[str, object]) -> bool:
    """Whether a job is unchanged."""
    return read_job(folder) == said


def bare(text: str, *kinds: type[ast.Declaration]) -> list[str]:
    """The tokens of a spec without some declarations."""
    for kind in kinds:
        text = without(text, kind)
    return text.split()


class Helper:
    """A process that does not lead."""

    def __init__(self, space: Space, output: Path, how: How, on_event: Callable[[Event], None]):
        self.space, self.output, self.how, self.on_event = space, output, how, on_event
        self.known: tuple[str, int, Compiled] | None = None
        text = without(space.source.text, ast.Search, space.source.name)
        self.own = {
            "generation": bare(text, ast.Sweep),
            "beginning": bare(text, ast.Sweep, ast.Record, ast.Measures),
        }

    def help(self, children: Children) -> bool:
        """Run a shard of the current generation that no process has taken, if there is one. If
        it fails, the leader runs it again and reports the error.
        """
        for part in PARTS:
            work = self.output.with_name(f"{self.output.name}.{part}")
            folder = job_folder(work)
            said = read_job(folder)
            if said is None:
                continue
            try:
                job = Job(folder, said["shards"])
                missing = [k for k in range(1, job.shards + 1) if not job.place(k).is_dir()]
                compiled = self.compiled(said, part) if missing else None
                if compiled is None:
                    continue
                wanted = wanted_of(compiled, said["spec"])
                if lines := differences(said, wanted.job(job.shards)):
                    if read_job(folder) == said:
                        self.on_event(
                            {
                                "event": "warning",
                                "text": "this process does not help, because it differs from"
                                " the leading process:\n  " + "\n  ".join(lines),
                            }
                        )
                    continue
                task = Task(job, wanted, self.how.folder, compiled.plan.blocks)
                stands = partial(stands_in, folder, said)
                if run_first(task, missing, lambda event: None, children, stands):
                    return True
            except (OSError, JobError, ResultsError, CompileError):
                continue  # the leader has moved on in the meantime
        return False

    def compiled(self, said: dict[str, object], part: str) -> Compiled | None:
        """The compiled generation of a job. None if its spec differs from ours in more than the
        trials.
        """
        text, sets = str(said["spec"]), said.get("set")
        is_result = result_folder.is_result(self.output)
        first = int(load(self.output).metadata["blocks"]) if is_result else 0
        first = first if part == "generation" else 0
        if self.known is not None and self.known[:2] == (text, first):
            return self.known[2]
        if bare(text, ast.Sweep) != self.own[part]:
            return None
        how = self.how
        chosen = list(map(str, sets)) if isinstance(sets, list) else []
        until = how.until_stable if part == "generation" else None
        compiled = compile_source(
            Source(self.space.source.name, text),
            how.folder,
            chosen,
            "synapse",
            how.target,
            how.workers,
            allowed=how.allowed,
            until_stable=until,
            first=first,
        )
        self.known = text, first, compiled
        return compiled
