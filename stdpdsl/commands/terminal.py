"""What a command says: its results to standard output, all else to standard error.

A reader that has gone away is not an error. Standard output that is full or closed is one, where it
takes what the command was asked for.
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
    """What a command was asked for. Stop if it cannot be printed."""
    if "stdout" in _closed:
        raise Stop("error: standard output is closed", USAGE)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _print_no_more()  # whoever read it has seen enough; the exit code stays what it is
    except OSError as error:
        _print_no_more()
        raise Stop(f"error: standard output: {error.strerror}", USAGE) from None


def note(text: str) -> None:
    """How far something is, and what was done: nothing is lost if that cannot be printed."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        _print_no_more()


def _print_no_more() -> None:
    """Python must not trip over the rest when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_closed: set[str] = set()


def open_streams() -> None:
    """Open the standard streams that were closed when the process was started: otherwise the next
    file that it opens would be one of them, and be written into."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        _closed.add(name)
        nothing = os.open(os.devnull, os.O_RDWR)
        if nothing != number:
            os.dup2(nothing, number)
            os.close(nothing)
        os.set_inheritable(number, True)
        setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


def show(text: str, form: str) -> None:
    """What results hold, which may come from a stranger; data for programs stay as they are."""
    from ..language.diagnostics import seen

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


def columns(stream: IO[str], otherwise: int) -> int:
    """How wide a terminal is; something else than a terminal has `otherwise`."""
    import shutil

    return shutil.get_terminal_size().columns if is_terminal(stream) else otherwise


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" + "s" * (number != 1)
