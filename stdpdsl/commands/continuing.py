"""`stdpdsl run --keep-state`, and `--continue DIR`: runs that go on from finished results."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .reading import allowed_folders, read
from .terminal import USAGE, Stop, colours, complain

if TYPE_CHECKING:
    from ..language.source import Source


def check_state_options(options: argparse.Namespace) -> None:
    """No option may contradict what --keep-state and --continue do."""
    if options.longer and not options.continues:
        raise Stop("error: --for goes with --continue DIR", USAGE)
    for option, there in (("--keep-state", options.keep_state), ("--continue", options.continues)):
        if there and options.parameters != "synapse":
            raise Stop(f"error: {option} goes with --parameters synapse only", USAGE)
        if there and options.until_stable:
            raise Stop(
                f"error: {option} cannot be had with --until-stable, which ends blocks at"
                " times of their own",
                USAGE,
            )
    if not options.continues:
        return
    for name in ("extend", "shard", "cluster", "slurm", "python"):
        if getattr(options, name):
            raise Stop(f"error: --continue cannot be had with --{name}", USAGE)


def goes_on_in(output: Path, options: argparse.Namespace) -> bool:
    """Whether a run goes on from the very results whose place it takes."""
    return bool(options.continues) and Path(options.continues).resolve() == output


def continuation(options: argparse.Namespace, in_place: bool) -> tuple[Any, Any, Source, Path]:
    """The run that goes on from finished results, compiled, and these."""
    from ..execution import continued
    from ..execution.extend import Request, recover
    from ..language.diagnostics import render

    source, folder = read(options.spec)
    earlier = Path(options.continues).resolve()
    if in_place:
        recover(earlier)
    request = Request(
        options.set,
        options.parameters,
        options.target,
        options.until_stable,
        options.workers,
        allowed_folders(options),
    )
    compiled, origin = continued.continuation(
        source, folder, earlier, request, options.longer, options.keep_state
    )
    if compiled is not None and compiled.diagnostics:
        complain(render(compiled.diagnostics, colours(sys.stderr)).rstrip("\n") + "\n")
    if compiled is not None and not origin.kept:
        complain(
            f"{options.continues} has kept no state (stdpdsl run --keep-state): its"
            f" {origin.seconds:g} s are simulated again"
        )
    return compiled, origin, source, folder
