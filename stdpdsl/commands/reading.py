"""Reads the files that a command's options name, and reports errors of reading and writing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .terminal import SPEC_WRONG, USAGE, Stop, colours, columns, complain

if TYPE_CHECKING:
    from ..compiler import Compiled
    from ..execution.wanted import Request
    from ..language.source import Source


def read(name: str) -> tuple[Source, Path]:
    """A spec's text, and the folder that its file names are relative to."""
    from ..language.source import Source, text_in

    try:
        text = text_in(Path(name))
    except OSError as error:
        raise Stop(f"{name}: error: {reason(error)}", SPEC_WRONG) from None
    except UnicodeDecodeError as error:
        data = error.object
        line = data.count(b"\n", 0, error.start) + 1
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        found = "it looks like UTF-16" if wide else f"byte 0x{data[error.start]:02x}"
        raise Stop(
            f"{name}:{line}: error: is not text in UTF-8 ({found}); save it as UTF-8", SPEC_WRONG
        ) from None
    return Source(name, text), Path(name).parent


def compile_spec(options: argparse.Namespace) -> Compiled:
    """Compile a spec and show its warnings."""
    compiled = request_of(options).compile(*read(options.spec))
    show_warnings(compiled)
    return compiled


def request_of(options: argparse.Namespace) -> Request:
    """The compile request that the options make."""
    from ..execution.wanted import Request

    return Request(
        options.set,
        options.parameters,
        options.target,
        options.until_stable,
        options.workers,
        allowed_folders(options),
        getattr(options, "keep_state", False),
    )


def show_warnings(compiled: Compiled) -> None:
    """Show the compiler's warnings about a correct spec."""
    from ..language.diagnostics import WIDTH, render

    if compiled.diagnostics:
        wide = columns(sys.stderr, WIDTH)
        complain(render(compiled.diagnostics, colours(sys.stderr), wide).rstrip("\n") + "\n")


def allowed_folders(options: argparse.Namespace) -> list[Path]:
    """The folders of `--allow-read`. One that does not exist would give misleading errors later."""
    for folder in options.allow_read:
        if not folder.is_dir():
            raise Stop(f"--allow-read {folder}: error: there is no such folder", USAGE)
    return list(options.allow_read)


@contextmanager
def writing(name: str | Path) -> Iterator[None]:
    """Explain why a file cannot be written or will not be replaced."""
    from ..outputs import NotReplaced

    try:
        yield
    except NotReplaced as error:
        raise Stop(str(error), USAGE) from None
    except OSError as error:
        raise Stop(f"{name}: error: {reason(error)}", USAGE) from None


def reason(error: OSError) -> str:
    """Why a file could not be read or written, in words."""
    reasons: dict[type[OSError], str] = {
        FileNotFoundError: "there is no such file or folder",
        FileExistsError: "exists already",
        IsADirectoryError: "is a folder",
        NotADirectoryError: "its folder is a file",
        PermissionError: "permission denied",
    }
    return reasons.get(type(error), error.strerror or str(error))
