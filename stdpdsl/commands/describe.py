"""The command that writes a paper's model description tables."""

from __future__ import annotations

import argparse
from pathlib import Path

from .reading import allowed_folders, read, writing
from .terminal import DONE, note, say


def describe(options: argparse.Namespace) -> int:
    """Print the description of a spec, or write it into a new file."""
    from ..compiler import examine
    from ..language import ast
    from ..language.diagnostics import CompileError, Diagnostic, has_errors
    from ..language.source import Span
    from ..outputs import write_new
    from ..report.description import describe
    from ..report.table_formats import to_latex, to_markdown

    source, folder = read(options.spec)
    checked, table, found = examine(source, folder, [], allowed=allowed_folders(options))
    if checked is None or has_errors(found):
        raise CompileError(d for d in found if d.severity == "error")
    spec = checked.spec
    if spec.model is None or table is None:
        raise CompileError(
            [
                Diagnostic(
                    "CLAUSE001",
                    Span(source, 0, 0),
                    "this file contains no model, only rules and neurons that other specs can"
                    " `use`",
                    help="describe a spec that uses this file",
                )
            ]
        )
    assert isinstance(spec, ast.Spec)
    form = to_latex if options.format == "latex" else to_markdown
    question = spec.doc.text if spec.doc else ""
    text = form(spec.model.id, question, describe(checked, table.rows))
    if options.output is None:
        say(text)
        return DONE
    with writing(options.output):
        write_new(Path(options.output), text.encode())
    note(f"wrote {options.output}\n")
    return DONE
