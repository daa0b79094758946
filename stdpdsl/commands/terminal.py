"""The output of commands: results go to standard output, all else to standard error. It is no error
if the reader of a pipe ends. It is an error if results cannot be written because standard output is
full or closed.
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
    """Print the result of a command. Stop if it cannot be printed."""
    if "stdout" in _closed:
        raise Stop("error: standard output is closed", USAGE)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _print_no_more()  # the reader of the pipe has ended; keep the exit code
    except OSError as error:
        _print_no_more()
        raise Stop(f"error: standard output: {error.strerror}", USAGE) from None


def note(text: str) -> None:
    """Print progress and notes. Ignore errors, because no result is lost."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        _print_no_more()


def _print_no_more() -> None:
    """Discard the unprinted rest, so that Python does not fail when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_closed: set[str] = set()


def open_streams() -> None:
    """Open the standard streams that were closed when the process started. Otherwise the next
    file that is opened would get the number of such a stream, and output would go into it.
    """
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
    """Print text from results with control characters removed, because results may come from
    others. Data for programs stay unchanged.
    """
    from ..language.diagnostics import seen

    say(text if form in ("csv", "json") else seen(text))


def tell(text: str) -> None:
    """Print progress between other output."""
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
    """The width of the terminal; `otherwise` if the output is not a terminal."""
    import shutil

    return shutil.get_terminal_size().columns if is_terminal(stream) else otherwise


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" + "s" * (number != 1)
