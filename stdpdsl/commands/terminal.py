"""What a command says: its results to standard output, all else to standard error.

A reader that has gone away is no error.
"""

from __future__ import annotations

import os
import sys
from typing import IO

DONE, SPEC_WRONG, USAGE, SIMULATION_FAILED, OUR_BUG, INTERRUPTED = 0, 1, 2, 3, 70, 130


class Stop(Exception):
    """End the command with a message and an exit code."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


def say(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read it has seen enough. The exit code stays what it is, and Python must not
        # trip over the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show(text: str, form: str) -> None:
    """What results hold, which may come from a stranger; data for programs stay as they are."""
    from ..diagnostics import seen

    say(text if form in ("csv", "json") else seen(text))


def tell(text: str) -> None:
    """How far something is, beside what is printed."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        pass


def complain(text: str) -> None:
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        pass


def is_terminal(stream: IO[str]) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def colours(stream: IO[str]) -> bool:
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" + "s" * (number != 1)
