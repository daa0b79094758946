"""Commands that make results."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .continuing import check_state_options, continuation, goes_on_in
from .reading import allowed_folders, compile_spec, read
from .results import in_bounds
from .terminal import (
    DONE,
    SIMULATION_FAILED,
    USAGE,
    Stop,
    colours,
    complain,
    count,
    is_terminal,
    note,
)

if TYPE_CHECKING:
    from ..language.source import Source


def run(options: argparse.Namespace) -> int:
    """Compile, run in processes of their own, save."""
    from ..execution.errors import JobError
    from ..execution.interpreter import InterpreterError
    from ..execution.progress import Progress
    from ..execution.sharded_run import Manner, run_and_save, run_one
    from ..runtime import folder as folders

    output = Path(options.output or Path(options.spec).stem + ".results").resolve()
    if options.extend:
        output = _to_extend(options)
    if options.python and (options.cluster or options.slurm):
        raise Stop(
            "error: --python names a Python of this machine; leave it out with --cluster"
            " and --slurm, whose workers have their own",
            USAGE,
        )
    if options.continues and not options.output:
        output = Path(options.continues).resolve()
    check_state_options(options)
    in_place = options.extend or goes_on_in(output, options)
    _warn_of_open_cache()
    if not (options.resume or in_place):
        try:
            folders.check_folder(output, options.overwrite)
        except folders.ResultsError as error:
            raise Stop(f"error: {error}", USAGE) from None
    terminal = is_terminal(sys.stdout)
    manner = Manner(options.resume, options.overwrite)
    base = origin = None
    try:
        with (
            cluster(options) as runner,
            Progress(note, terminal, lambda text: complain(f"warning: {text}")) as progress,
            _ready_interpreter(options, runner) as ready,
        ):
            if options.extend:
                compiled, base, source, folder = _extension(options, output)
                if compiled is None:
                    note(f"{options.extend} has all blocks of {options.spec}: nothing was run\n")
                    return DONE
            elif options.continues:
                compiled, origin, source, folder = continuation(options, bool(in_place))
                if compiled is None:
                    note(f"{options.continues} is as long as it was to be: nothing was run\n")
                    return DONE
            else:
                compiled, source, folder = compile_spec(options)
            run = (compiled, source.text, folder, output, progress)
            with _interpreter(options, compiled, ready) as interpreter:
                if options.shard:
                    outcome = run_one(*run, options.shard, manner, interpreter)
                else:
                    outcome = run_and_save(*run, manner, runner, base, interpreter, origin)
    except (InterpreterError, JobError) as error:
        raise Stop(f"error: {error}", USAGE) from None
    if outcome.message:
        complain(f"{options.spec}: {outcome.message}")
    if outcome.log is not None:
        complain(f"the script and its log are in {outcome.log.parent}")
    if outcome.folder:
        _say_where(options, outcome.folder)
    return outcome.status


def _warn_of_open_cache() -> None:
    from ..runtime import cache

    kept = cache.stdpdsl_cache()
    if kept is not None and cache.open_to_others(kept):
        complain(
            f"warning: others can write into {kept}, so nothing is taken from it and more is"
            f" compiled than need be: chmod go-w {kept}"
        )


def _say_where(options: argparse.Namespace, folder: str) -> None:
    """Where the results are, or the shard, and what comes next."""
    if options.shard:
        shown = os.path.relpath(folder)
        note(
            f"the shard is in {shown}; when all are there: stdpdsl merge {os.path.dirname(shown)}\n"
        )
        return
    shown = options.extend or options.output or options.continues or os.path.relpath(folder)
    note(_how_many_stable(folder) if options.until_stable else "")
    note(f"results are in {shown}; next: stdpdsl summary {shown}\n")


@contextmanager
def _ready_interpreter(options: argparse.Namespace, runner: Any) -> Iterator[Any]:
    """The Python that simulates, which begins while the spec is compiled, if it is this one."""
    from ..execution.interpreter import ready_interpreter

    if runner or options.python:
        yield None
        return
    with ready_interpreter(options.target) as ready:
        yield ready


@contextmanager
def _interpreter(options: argparse.Namespace, compiled: Any, ready: Any) -> Iterator[Any]:
    """The Python that simulates: the one that is ready, unless another one was asked for."""
    from ..execution.interpreter import interpreter_at

    if not options.python:
        yield ready
        return
    needed = ("brian2", "pyarrow", *(("brian2hears",) if compiled.experiment.sounds else ()))
    with interpreter_at(options.python, needed) as found:
        yield found


def _to_extend(options: argparse.Namespace) -> Path:
    """The results that are to be extended; no option may say otherwise."""
    for name in ("output", "overwrite", "resume", "shard"):
        if getattr(options, name):
            option = "-o" if name == "output" else f"--{name}"
            raise Stop(f"error: --extend adds to the results in DIR; leave out {option}", USAGE)
    return Path(options.extend).resolve()


def _extension(options: argparse.Namespace, output: Path) -> tuple[Any, Any, Source, Path]:
    """What the results lack, compiled; what of an earlier try has remained is put right."""
    from ..execution.extend import Request, extension, recover
    from ..execution.job import finished_with
    from ..language.diagnostics import render

    source, folder = read(options.spec)
    recover(output)
    request = Request(
        options.set,
        options.parameters,
        options.target,
        options.until_stable,
        options.workers,
        allowed_folders(options),
    )
    compiled, base = extension(source, folder, output, request)
    if compiled is None:
        finished_with(output)
    elif compiled.diagnostics:
        complain(render(compiled.diagnostics, colours(sys.stderr)).rstrip("\n") + "\n")
    return compiled, base, source, folder


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
    """What runs shards on a cluster, if one was asked for; the options know its workers then."""
    if not (options.cluster or options.slurm):
        if options.slurm_option:
            raise Stop("error: --slurm-option goes with --slurm", USAGE)
        yield None
        return
    from ..execution.cluster import ClusterError, connected, cores, on_cluster

    if options.shard:
        raise Stop("error: --shard runs here; --cluster and --slurm run all shards", USAGE)
    if options.slurm and not options.workers:
        raise Stop("error: say how many jobs SLURM is to run: --workers N", USAGE)
    slurm = dict(options.slurm_option) if options.slurm else None
    try:
        with connected(options.cluster, slurm, options.workers) as client:
            options.workers = options.workers or cores(client)
            yield on_cluster(client)
    except ClusterError as error:
        raise Stop(f"error: {error}", SIMULATION_FAILED) from None


@in_bounds
def merge(options: argparse.Namespace) -> int:
    """Put the shards of a run together."""
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
