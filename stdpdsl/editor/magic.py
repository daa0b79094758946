"""`%%stdp` in notebooks: a cell that is a spec is checked and run, and gives its results."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from ..api import RunError, Spec, run
from ..compiler import check_text
from ..language.diagnostics import CompileError, has_errors, render
from ..language.source import Source

_USAGE = "%%stdp [NAME] [-o DIR] [--overwrite] [--set NAME=VALUE]... [--target T] [--check]"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise ValueError(f"{message}\n{_USAGE}")


def _options(line: str) -> argparse.Namespace:
    parser = _Parser(prog="%%stdp", add_help=False, allow_abbrev=False)
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("-o", dest="output")
    parser.add_argument("--overwrite", action="store_true")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--target", default="auto")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(shlex.split(line))
    if options.name and not options.name.isidentifier():
        raise ValueError(f"{options.name!r} is no name\n{_USAGE}")
    return options


def cell(shell: Any, line: str, text: str) -> Any:
    """Check and run a cell; its results, also under the name that the line gives. What is wrong is
    printed as `stdpdsl check` prints it, and nothing runs. Files that the spec names are taken from
    the notebook's folder. ValueError for a line that is not understood."""
    options = _options(line)
    text = text if text.endswith("\n") else f"{text}\n"
    if options.check:
        found = check_text(Source("<cell>", text), Path(), list(options.set))[1]
        _tell(render(found) or "no errors\n")
        return None if has_errors(found) else True
    values = tuple((n.strip(), v.strip()) for n, _, v in (s.partition("=") for s in options.set))
    try:
        results = run(
            Spec(text, "<cell>", values=values),
            options.output,
            target=options.target,
            overwrite=options.overwrite,
            progress=_has_bar(),
        )
    except CompileError as error:
        _tell(render(error.diagnostics))
        return None
    except RunError as error:
        _tell(f"{error}\n")
        return None
    if options.name:
        shell.user_ns[options.name] = results
    return results


def _tell(text: str) -> None:
    sys.stderr.write(text)


def _has_bar() -> bool:
    from importlib.util import find_spec

    return find_spec("tqdm") is not None


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext stdpdsl` calls."""

    def stdp(line: str, text: str) -> Any:
        return cell(shell, line, text)

    stdp.__doc__ = f"{_USAGE}\n\n{cell.__doc__}"
    shell.register_magic_function(stdp, magic_kind="cell", magic_name="stdp")
