"""Checks the options of `stdpdsl run`: which ones conflict, and where results go."""

from __future__ import annotations

import argparse
from pathlib import Path

from .terminal import USAGE, Stop


def output_of(options: argparse.Namespace) -> Path:
    """The folder of the results. Stop if options conflict, or if the folder has something that
    the run may not replace.
    """
    from ..runtime import folder as folders

    _check_elsewhere(options)
    _check_state(options)
    if options.extend:
        return _to_extend(options)
    name = options.output or options.continues or Path(options.spec).stem + ".results"
    output = Path(name).resolve()
    if not (options.resume or continues(options) == output):
        try:
            folders.check_folder(output, options.overwrite)
        except folders.ResultsError as error:
            raise Stop(f"error: {error}", USAGE) from None
    return output


def continues(options: argparse.Namespace) -> Path | None:
    """The results that the run continues, if any."""
    return Path(options.continues).resolve() if options.continues else None


def _check_elsewhere(options: argparse.Namespace) -> None:
    if options.python and (options.cluster or options.slurm):
        raise Stop(
            "error: --python names a Python of this machine; leave it out with --cluster"
            " and --slurm, whose workers have their own",
            USAGE,
        )


def _check_state(options: argparse.Namespace) -> None:
    """Stop if an option conflicts with --keep-state or --continue."""
    if options.longer and not options.continues:
        raise Stop("error: --for needs --continue DIR", USAGE)
    for option, there in (("--keep-state", options.keep_state), ("--continue", options.continues)):
        if there and options.parameters != "synapse":
            raise Stop(f"error: {option} works with --parameters synapse only", USAGE)
        if there and options.until_stable:
            raise Stop(
                f"error: {option} cannot be combined with --until-stable, because blocks then"
                " end at"
                " different times",
                USAGE,
            )
    if not options.continues:
        return
    for name in ("extend", "shard", "cluster", "slurm", "python"):
        if getattr(options, name):
            raise Stop(f"error: --continue cannot be combined with --{name}", USAGE)


def _to_extend(options: argparse.Namespace) -> Path:
    """The results that are to be extended. Stop if another option conflicts."""
    for name in ("output", "overwrite", "resume", "shard"):
        if getattr(options, name):
            option = "-o" if name == "output" else f"--{name}"
            raise Stop(f"error: --extend adds to the results in DIR; leave out {option}", USAGE)
    return Path(options.extend).resolve()
