"""The command line: arguments in, exit code out.

Modules are imported where they are used, so that `--help` is fast.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import Any

from .commands.arguments import argument_parser
from .commands.terminal import (
    INTERRUPTED,
    OUR_BUG,
    SPEC_WRONG,
    USAGE,
    Stop,
    colours,
    columns,
    complain,
    count,
    open_streams,
    say,
)


def main(arguments: list[str] | None = None) -> int:
    """The `stdpdsl` command."""
    # The process is short-lived; garbage collection would take a tenth of its time.
    collecting = gc.isenabled()
    gc.disable()
    open_streams()
    os.environ["MPLBACKEND"] = (
        "Agg"  # commands draw into files; an unknown MPLBACKEND would be an error
    )
    # NumPy would start threads that are not used here, which takes a tenth of a short command.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may be unable to show an accent
            sys.stdout.reconfigure(errors="backslashreplace")
        options = _parsed(arguments)
        status: int = options.command(options)
        return status
    except Stop as stop:
        complain(str(stop))
        return stop.status
    except KeyboardInterrupt:
        complain("stdpdsl: interrupted")
        return INTERRUPTED
    except OSError as error:
        complain(_what_the_system_refused(error))
        return USAGE
    except Exception as error:
        if type(error).__name__ == "CompileError":
            return _refuse(error)
        complain(_bug_report(error))
        return OUR_BUG
    finally:
        if collecting:
            gc.enable()


def command() -> None:
    """The process of the `stdpdsl` command."""
    gc.disable()  # until it ends: a collection before that would take a tenth of a short command
    status = main()
    from .execution.attached import leave

    leave(status)


def _parsed(arguments: list[str] | None) -> Any:
    """The options. A wrong command line, or `--help`, ends the process."""
    try:
        words = sys.argv[1:] if arguments is None else arguments
        return argument_parser(*words[:1]).parse_args(words)
    except SystemExit:
        say("")  # help was printed, if possible
        raise


def _what_the_system_refused(error: OSError) -> str:
    """The message for an error of the system, such as a full disk, too few file handles, or a
    folder without permission. It is not a bug in stdpdsl.
    """
    from .commands.reading import reason

    where = f"{error.filename}: " if error.filename else ""
    return f"{where}error: {reason(error)}"


def _refuse(error: Any) -> int:
    from .language.diagnostics import WIDTH, render

    wide = columns(sys.stderr, WIDTH)
    complain(render(error.diagnostics, colours(sys.stderr), wide).rstrip("\n") + "\n")
    errors = sum(d.severity == "error" for d in error.diagnostics)
    complain(f"{count(errors, 'error')}; nothing was written")
    return SPEC_WRONG


def _bug_report(error: Exception) -> str:
    import tempfile
    import traceback
    from importlib.metadata import PackageNotFoundError, metadata

    from . import __version__

    head = f"stdpdsl {__version__}, Python {sys.version}\narguments: {sys.argv[1:]}\n\n"
    where = ""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="stdpdsl-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(head + "".join(traceback.format_exception(error)))
        where = f" with the file {file.name}"
    except OSError:
        traceback.print_exception(error)
    try:
        urls = metadata("stdpdsl").get_all("Project-URL") or []
    except PackageNotFoundError:
        urls = []
    address = next((url.partition(", ")[2] for url in urls if url.startswith("Issues")), "")
    text = str(error).partition("\n")[0]
    return (
        f"stdpdsl: sorry, this is a bug in stdpdsl: {type(error).__name__}: {text}\n"
        f"Please report it{' at ' + address if address else ''}{where}."
    )


if __name__ == "__main__":
    command()
