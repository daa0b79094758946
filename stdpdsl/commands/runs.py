"""Commands that make results, and that show them."""

from __future__ import annotations

import argparse
import functools
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .continuing import check_state_options, continuation, goes_on_in
from .reading import allowed_folders, compile_spec, read, writing
from .terminal import (
    DONE,
    SIMULATION_FAILED,
    SPEC_WRONG,
    USAGE,
    Stop,
    colours,
    complain,
    count,
    is_terminal,
    note,
    say,
    show,
    tell,
)

if TYPE_CHECKING:
    from ..language.source import Source

_KEPT = re.compile(
    r"programs|heard|templates|cython-[0-9a-f]{16}|grammar-[0-9a-f]{24}\.pickle|\w+\.new"
)
"""The names of what is in the cache."""


def run(options: argparse.Namespace) -> int:
    """Compile, run in processes of their own, save."""
    from ..execution.errors import JobError
    from ..execution.interpreter import InterpreterError
    from ..execution.progress import Progress
    from ..execution.sharded_run import Manner, run_and_save, run_one
    from ..runtime import cache
    from ..runtime import folder as folders

    output = Path(options.output or Path(options.spec).stem + ".results").resolve()
    if options.extend:
        output = _to_extend(options)
    if options.python and (options.cluster or options.slurm):
        raise Stop("error: --python names a Python of this machine; leave it out with --cluster"
                   " and --slurm, whose workers have their own", USAGE)  # fmt: skip
    if options.continues and not options.output:
        output = Path(options.continues).resolve()
    check_state_options(options)
    in_place = options.extend or goes_on_in(output, options)
    kept = cache.stdpdsl_cache()
    if kept is not None and cache.open_to_others(kept):
        complain(f"warning: others can write into {kept}, so nothing is taken from it and more is"
                  f" compiled than need be: chmod go-w {kept}")  # fmt: skip
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
        shown = options.extend or options.output or options.continues
        shown = shown or os.path.relpath(outcome.folder)
        if options.shard:
            shown = os.path.relpath(outcome.folder)
            note(f"the shard is in {shown}; when all are there: stdpdsl merge"
                  f" {os.path.dirname(shown)}\n")  # fmt: skip
        else:
            note(_how_many_stable(outcome.folder) if options.until_stable else "")
            note(f"results are in {shown}; next: stdpdsl summary {shown}\n")
    return outcome.status


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
        options.set, options.parameters, options.target, options.until_stable, options.workers,
        allowed_folders(options),
    )  # fmt: skip
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


def in_bounds(
    command: Callable[[argparse.Namespace], int],
) -> Callable[[argparse.Namespace], int]:
    """A command that reads results, which may come from a stranger: however much memory they ask
    for, the machine keeps its own."""

    @functools.wraps(command)
    def bounded(options: argparse.Namespace) -> int:
        from ..machine.memory import available_memory, no_more_than_there_is, size_of

        there = available_memory()
        try:
            with no_more_than_there_is():
                return command(options)
        except MemoryError:
            text = f"error: this takes more memory than there is ({size_of(there)})"
            raise Stop(text, SPEC_WRONG) from None

    return bounded


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


@in_bounds
def report(options: argparse.Namespace) -> int:
    """Write the page that shows a run."""
    from ..outputs import check_output, write_output
    from ..results.errors import ResultsError
    from ..results.reader import load

    name = Path(options.folder).name.removesuffix(".results") or "results"
    form = ".pdf" if options.pdf or Path(options.output or "").suffix == ".pdf" else ".html"
    path = Path(options.output or f"{name}{form}")
    with writing(path):
        check_output(path, form, "report")
    try:
        from ..report import report as page
        from ..report.pdf import printed

        text = page(load(options.folder), options.blocks or (), options.windows)
        data = printed(text) if form == ".pdf" else text.encode()
    except ResultsError as error:
        raise Stop(f"error: {error}", SPEC_WRONG) from None
    with writing(path):
        write_output(path, data, form, "report")
    note(f"wrote {path} ({len(data) / 1e6:.1f} MB)\n")
    if options.open:
        import webbrowser

        if not webbrowser.open(path.resolve().as_uri()):
            complain(f"no browser could be started; open {path} yourself")
    return DONE


@in_bounds
def diagnose(options: argparse.Namespace) -> int:
    """Print every check of a run, passed or not."""
    from ..results.errors import ResultsError
    from ..results.reader import load
    from ..views.diagnose import findings, render

    try:
        results = load(options.folder)
        found = findings(results)
        if options.refine:
            found += _refined(results, options)
    except (ResultsError, ValueError) as error:
        raise Stop(f"error: {error}", USAGE) from None
    show(render(found, options.format), options.format)
    return SPEC_WRONG if any(one.status == "found" for one in found) else DONE


def _refined(results: Any, options: argparse.Namespace) -> list[Any]:
    """What blocks that are run again with half the time step say."""
    from ..execution.progress import Progress
    from ..execution.refine import refined

    terminal = is_terminal(sys.stderr)
    with Progress(tell, terminal, lambda text: complain(f"warning: {text}")) as progress:
        return refined(results, Path(options.data), progress, allowed_folders(options))


@in_bounds
def compare(options: argparse.Namespace) -> int:
    """Print what differs between two runs."""
    from ..results.errors import ResultsError
    from ..results.reader import load
    from ..views.compare import compare as differences
    from ..views.compare import render

    try:
        found = differences(load(options.a), load(options.b))
    except ResultsError as error:
        raise Stop(f"error: {error}", USAGE) from None
    show(render(found, options.format), options.format)
    return DONE if all(one.same for one in found) else SPEC_WRONG


@in_bounds
def reproduce(options: argparse.Namespace) -> int:
    """Run a result again from its own metadata, and say what differs."""
    from ..execution.progress import Progress
    from ..execution.reproduce import reproduce as again
    from ..execution.temporary_run import RunFailed
    from ..results.errors import ResultsError
    from ..results.reader import load
    from ..views.compare import render

    terminal = is_terminal(sys.stderr)
    try:
        results = load(options.folder)
        with Progress(tell, terminal, lambda text: complain(f"warning: {text}")) as progress:
            found = again(results, Path(options.data), progress, allowed_folders(options))
    except (ResultsError, ValueError) as error:
        raise Stop(f"error: {error}", USAGE) from None
    except RunFailed as error:
        raise Stop(f"error: {error}", error.status) from None
    show(render(found, options.format), options.format)
    return DONE if all(one.same for one in found) else SPEC_WRONG


@in_bounds
def summary(options: argparse.Namespace) -> int:
    """Print the table of blocks."""
    from ..language.diagnostics import CompileError, render
    from ..results.errors import ResultsError
    from ..results.reader import load
    from ..views.summary import columns_of
    from ..views.summary import summary as summarise

    width = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else 0
    if options.columns and (options.where or options.sort):
        raise Stop("error: --columns says what columns are, for which no row is chosen", USAGE)
    try:
        results = load(options.folder)
        if options.columns:
            text = columns_of(results, options.format)
        else:
            text = summarise(
                results, options.format, options.sort or "", width, options.where or "",
                options.all,
            )  # fmt: skip
    except ResultsError as error:
        raise Stop(f"error: {error}", SPEC_WRONG) from None
    except CompileError as error:  # of `--where`
        raise Stop(render(error.diagnostics, colours(sys.stderr)).rstrip("\n"), USAGE) from None
    show(text, options.format)
    return DONE


def cache(options: argparse.Namespace) -> int:
    """Delete what is kept between runs, and nothing that stdpdsl did not put there."""
    from ..machine.memory import size_of
    from ..runtime.cache import stdpdsl_cache

    folder = stdpdsl_cache()
    if folder is None:
        raise Stop("error: nothing is kept, because there is no home folder", USAGE)
    kept = [path for path in folder.glob("*") if _KEPT.fullmatch(path.name)]
    inside = [path for one in kept for path in (one, *one.rglob("*")) if not path.is_dir()]
    size = sum(path.lstat().st_size for path in inside)
    for path in kept:
        with writing(path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    left = [path.name for path in folder.glob("*")]
    say(f"freed {size_of(size)} in {folder}\n")
    if left:
        complain(f"{folder}: {', '.join(left[:3])} stays, because stdpdsl did not write it")
    elif folder.exists():
        folder.rmdir()
    return DONE
