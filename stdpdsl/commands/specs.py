"""Commands that write, check or compile a spec."""

from __future__ import annotations

import argparse
import gc
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .reading import allowed_folders, compile_spec, read, reason, writing
from .terminal import (
    DONE,
    SPEC_WRONG,
    USAGE,
    Stop,
    colours,
    columns,
    complain,
    count,
    is_terminal,
    note,
    say,
)

if TYPE_CHECKING:
    from ..language.diagnostics import Diagnostic
    from ..language.source import Source


def new(options: argparse.Namespace) -> int:
    """Write a starter spec."""
    from ..outputs import write_whole
    from ..resources import resource_dir

    path = Path(options.name)
    if path.suffix != ".stdp":
        path = path.with_name(path.name + ".stdp")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", path.stem):
        raise Stop(
            f"{path}: error: a model's name must consist of letters, digits and underscores"
            " and begin with a letter",
            USAGE,
        )
    text = (resource_dir("templates") / "new" / "starter.stdp").read_text(encoding="utf-8")
    with writing(path):
        if os.path.lexists(path):
            raise FileExistsError
        write_whole(path, text.replace("NAME", path.stem).encode())
    note(f"wrote {path}; next: stdpdsl run {path}\n")
    return DONE


def check(options: argparse.Namespace) -> int:
    """Report every error and warning in the specs."""
    from .. import compiler
    from ..language.diagnostics import (
        WIDTH,
        CompileError,
        has_errors,
        in_order,
        render,
        to_json,
    )

    found: list[Diagnostic] = []
    methods: list[str] = []
    unreadable = 0
    for name in options.specs:
        try:
            source, folder = read(name)
        except Stop as stop:
            complain(str(stop))
            unreadable += 1
            continue
        try:
            found += compiler.check_text(source, folder, [], allowed=allowed_folders(options))[1]
            if options.verbose and not has_errors(found):
                methods += compiler.methods(source, folder, allowed_folders(options))
        except CompileError as error:
            found += error.diagnostics
    found = in_order(found)
    if options.format == "json":
        say(to_json(found) + "\n")
    else:
        errors = sum(d.severity == "error" for d in found) + unreadable
        warnings = len(found) + unreadable - errors
        wide = columns(sys.stdout, WIDTH)
        said = render(found, colours(sys.stdout), wide) + "".join(methods)
        said += f"{count(len(options.specs), 'spec')} checked:"
        say(f"{said} {count(errors, 'error')}, {count(warnings, 'warning')}\n")
    return SPEC_WRONG if unreadable or has_errors(found) else DONE


def plan(options: argparse.Namespace) -> int:
    """Print what a run would do."""
    compiled = compile_spec(options)
    say(compiled.plan.render().rstrip("\n") + "\n")
    return DONE


def compile_(options: argparse.Namespace) -> int:
    """Write the Brian2 script."""
    from ..outputs import write_output

    compiled = compile_spec(options)
    if options.output is None:
        say(compiled.script)
        return DONE
    with writing(options.output):
        write_output(Path(options.output), compiled.script.encode(), ".py", "script")
    note(f"wrote {options.output}; next: python {options.output} --help\n")
    return DONE


def fmt(options: argparse.Namespace) -> int:
    """Rewrite specs in their canonical form."""
    from ..language.comments import formatted
    from ..language.diagnostics import CompileError, render

    changed: list[str] = []
    failed = 0
    for name in options.specs:
        try:
            source, _ = read(name)
            text = formatted(source)
            if text != source.text:
                changed.append(name)
                if not options.check:
                    _replace(Path(name), source, text)
        except Stop as stop:
            failed += 1
            complain(str(stop))
        except CompileError as error:
            failed += 1
            complain(render(error.diagnostics, colours(sys.stderr)).rstrip("\n") + "\n")
    would = "would be " if options.check else ""
    say("".join(f"{name}: {would}formatted\n" for name in changed))
    same = len(options.specs) - len(changed) - failed
    say(
        f"{count(len(changed), 'spec')} {would}formatted, {same} already"
        + (f", {failed} could not be read" if failed else "")
        + "\n"
    )
    return SPEC_WRONG if failed or (options.check and changed) else DONE


def _replace(path: Path, source: Source, text: str) -> None:
    """Replace a file atomically: it has either the old or the new text."""
    from ..language.source import text_in
    from ..outputs import write_whole

    try:
        if text_in(path) != source.text:
            raise Stop(
                f"{path}: error: the file changed in the meantime; run the command again",
                SPEC_WRONG,
            )
        write_whole(path, text.encode())
    except OSError as error:
        raise Stop(f"{path}: error: {reason(error)}", SPEC_WRONG) from None


def explain(options: argparse.Namespace) -> int:
    """Explain an error code, with a wrong and a right example."""
    import textwrap

    from ..language.diagnostics import did_you_mean
    from ..language.explanations import codes, explanation

    code, known = options.code.upper(), codes()
    if code not in known:
        near = did_you_mean(code, known) or f"codes run from {known[0]} to {known[-1]}"
        raise Stop(f"error: there is no error code `{options.code}`; {near}", USAGE)
    about = explanation(code)
    wrong, message, right = (
        textwrap.indent(text, "    ") for text in (about.wrong, about.message, about.right)
    )
    say(
        f"{code}: {about.title}\n\n{about.prose}\n\nWrong:\n\n{wrong}\n{message}\nRight:\n\n{right}"
    )
    return DONE


def lsp(options: argparse.Namespace) -> int:
    """Serve an editor over standard input and output."""
    import importlib.util

    if not importlib.util.find_spec("pygls"):
        raise Stop("error: the language server needs pygls: pip install 'stdpdsl[editor]'", USAGE)
    if is_terminal(sys.stdin):
        complain("this is the language server, which an editor starts; press Ctrl-C to end it")
    allowed = [folder.resolve() for folder in allowed_folders(options)]
    gc.enable()  # this process runs for a long time
    from ..editor.language_server import serve

    serve(allowed)
    return DONE
