"""Commands that make results."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .reading import read, request_of, show_warnings
from .results import in_bounds
from .run_options import continues, output_of
from .terminal import DONE, SIMULATION_FAILED, USAGE, Stop, complain, count, is_terminal, note

if TYPE_CHECKING:
    from ..execution.local import Outcome
    from ..execution.prepare import Prepared
    from ..execution.progress import Progress


def run(options: argparse.Namespace) -> int:
    """Compile a spec, run it in separate processes, and save the results."""
    from ..execution.errors import JobError
    from ..execution.interpreter import InterpreterError
    from ..execution.progress import Progress

    output = output_of(options)
    _warn_of_open_cache()
    try:
        with (
            cluster(options) as runner,
            Progress(note, is_terminal(sys.stdout), _warn) as progress,
        ):
            outcome = _prepare_and_run(options, output, runner, progress)
    except (InterpreterError, JobError) as error:
        raise Stop(f"error: {error}", USAGE) from None
    if outcome is None:
        return DONE
    if outcome.message:
        complain(f"{options.spec}: {outcome.message}")
    if outcome.log is not None:
        complain(f"the script and its log are in {outcome.log.parent}")
    if outcome.folder:
        _say_where(options, outcome.folder)
    return outcome.status


def _prepare_and_run(
    options: argparse.Namespace, output: Path, runner: Any, progress: Progress
) -> Outcome | None:
    """The outcome of the run; None if there was nothing to run."""
    from ..execution.interpreter import ready_interpreter
    from ..execution.prepare import prepare
    from ..execution.sharded_run import Manner, run_and_save, run_one

    manner = Manner(options.resume, options.overwrite)
    with ready_interpreter(options.target, options.python, bool(runner)) as interpreter:
        source, data = read(options.spec)
        more = {"continues": continues(options), "longer": options.longer}
        prepared = prepare(source, data, request_of(options), output, options.extend, **more)
        compiled = prepared.compiled
        if compiled is None:
            _say_nothing_to_run(options)
            return None
        show_warnings(compiled)
        _say_again_from_start(options, prepared)
        interpreter.check(hears=bool(compiled.experiment.sounds))
        task = (compiled, source.text, data, output, progress)
        if options.shard:
            return run_one(*task, options.shard, manner, interpreter)
        base, origin = prepared.base, prepared.origin
        return run_and_save(*task, manner, runner, base, interpreter, origin)


def _warn(text: str) -> None:
    complain(f"warning: {text}")


def _say_nothing_to_run(options: argparse.Namespace) -> None:
    if options.extend:
        note(f"{options.extend} already has all blocks of {options.spec}: nothing was run\n")
    else:
        note(f"{options.continues} already has this duration: nothing was run\n")


def _say_again_from_start(options: argparse.Namespace, prepared: Prepared) -> None:
    """Tell the user if earlier results have no saved state to continue from."""
    origin = prepared.origin
    if origin is not None and not origin.kept:
        complain(
            f"{options.continues} has no saved state (stdpdsl run --keep-state), so its"
            f" {origin.seconds:g} s are simulated again"
        )


def _warn_of_open_cache() -> None:
    from ..runtime import cache

    kept = cache.stdpdsl_cache()
    if kept is not None and cache.open_to_others(kept):
        complain(
            f"warning: the cache {kept} is not used, because other users can write to it;"
            " compiling takes"
            f" longer; to use it: chmod go-w {kept}"
        )


def _say_where(options: argparse.Namespace, folder: str) -> None:
    """Tell the user where the results or the shard are, and what comes next."""
    if options.shard:
        shown = os.path.relpath(folder)
        note(
            f"the shard is in {shown}; when all are there: stdpdsl merge {os.path.dirname(shown)}\n"
        )
        return
    shown = options.extend or options.output or options.continues or os.path.relpath(folder)
    note(_how_many_stable(folder) if options.until_stable else "")
    note(f"results are in {shown}; next: stdpdsl summary {shown}\n")


def _how_many_stable(folder: str) -> str:
    from ..results.labels import shown
    from ..results.reader import load

    results = load(folder)
    status = results.table("blocks", ["status"])["status"].to_pylist()
    asked, reached = (shown(results.metadata[f"time_{k}"], "s") for k in ("asked", "reached"))
    return (
        f"{status.count('stable')} of {count(len(status), 'block')} became stable;"
        f" {reached} of {asked} were simulated\n"
    )


@contextmanager
def cluster(options: argparse.Namespace) -> Iterator[Any]:
    """The runner of shards on a cluster, if the options ask for one. Sets the number of workers
    in the options.
    """
    if not (options.cluster or options.slurm):
        if options.slurm_option:
            raise Stop("error: --slurm-option needs --slurm", USAGE)
        yield None
        return
    from ..execution.cluster import ClusterError, connected, cores, on_cluster

    if options.shard:
        raise Stop("error: --shard runs here; --cluster and --slurm run all shards", USAGE)
    if options.slurm and not options.workers:
        raise Stop("error: give the number of SLURM jobs: --workers N", USAGE)
    slurm = dict(options.slurm_option) if options.slurm else None
    try:
        with connected(options.cluster, slurm, options.workers) as client:
            options.workers = options.workers or cores(client)
            yield on_cluster(client)
    except ClusterError as error:
        raise Stop(f"error: {error}", SIMULATION_FAILED) from None


@in_bounds
def merge(options: argparse.Namespace) -> int:
    """Merge the shards of a run."""
    from ..execution.errors import JobError
    from ..execution.merge import all_shards, shard_folders
    from ..execution.merge import merge as merged
    from ..language.diagnostics import seen

    folders = [Path(name) for name in options.folders]
    if not options.output and (len(folders) > 1 or folders[0].suffix != ".shards"):
        raise Stop("error: name the folder of the results: -o DIR", USAGE)
    output = Path(options.output) if options.output else folders[0].with_suffix("")
    try:
        found = all_shards(shard_folders(folders))
        lost = merged(found, output.resolve(), options.overwrite)
    except JobError as error:
        raise Stop(f"error: {error}", USAGE) from None
    note(f"{count(len(found), 'shard')} merged into {output}; next: stdpdsl summary {output}\n")
    for text in lost:
        complain(seen(text))
    return SIMULATION_FAILED if lost else DONE
