"""Commands that show results."""

from __future__ import annotations

import argparse
import functools
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .reading import allowed_folders, writing
from .terminal import (
    DONE,
    SPEC_WRONG,
    USAGE,
    Stop,
    colours,
    complain,
    is_terminal,
    note,
    show,
    tell,
)


def in_bounds(
    command: Callable[[argparse.Namespace], int],
) -> Callable[[argparse.Namespace], int]:
    """A command that reads results. They may come from others, so a limit keeps them from
    taking all of the machine's memory.
    """

    @functools.wraps(command)
    def bounded(options: argparse.Namespace) -> int:
        from ..machine.memory import available_memory, no_more_than_there_is, size_of

        there = available_memory()
        try:
            with no_more_than_there_is():
                return command(options)
        except MemoryError:
            text = f"error: this takes more memory than is free ({size_of(there)})"
            raise Stop(text, SPEC_WRONG) from None

    return bounded


@in_bounds
def report(options: argparse.Namespace) -> int:
    """Write the report page of a run."""
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
    """Check a run for typical faults, and print each check."""
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
    """The findings from blocks that are run again with half the time step."""
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
    """Repeat a run from the metadata of its results, and print what differs."""
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
        raise Stop(
            "error: --columns describes columns and cannot be combined with options"
            " that select or sort rows",
            USAGE,
        )
    try:
        results = load(options.folder)
        if options.columns:
            text = columns_of(results, options.format)
        else:
            text = summarise(
                results,
                options.format,
                options.sort or "",
                width,
                options.where or "",
                options.all,
            )
    except ResultsError as error:
        raise Stop(f"error: {error}", SPEC_WRONG) from None
    except CompileError as error:  # of `--where`
        raise Stop(render(error.diagnostics, colours(sys.stderr)).rstrip("\n"), USAGE) from None
    show(text, options.format)
    return DONE
