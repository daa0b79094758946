"""The examples in `grammars/examples/`, and the lines in them that show a clause."""

from __future__ import annotations

import re
from itertools import takewhile

from ...resources import resource_dir


def example(declaration: str) -> str:
    """The spec that shows a declaration with all of its clauses."""
    path = resource_dir("grammars") / "examples" / f"{declaration}.stdp"
    return path.read_text(encoding="utf-8")


def example_lines(declaration: str, clause: str) -> str:
    """The lines of an example that contain the clause, without indentation; from the declaration's
    own example if it is there."""
    others = sorted(resource_dir("grammars").glob("examples/*.stdp"))
    texts = [example(declaration), *(path.read_text(encoding="utf-8") for path in others)]
    # The formatter writes `delay:` out.
    names = (clause, "axonal delay") if clause == "delay" else (clause,)
    found = (_lines(text, declaration, name) for name in names for text in texts)
    return next(lines for lines in found if lines)


def _lines(text: str, declaration: str, clause: str) -> str:
    word = r"\s+".join(map(re.escape, clause.split()))
    anywhere = declaration in ("record", "measure")
    line_of = re.compile(rf" {{4}}.*\b{word}\b" if anywhere else rf" {{4}}{word}\b(?! *=)")
    body = re.compile(rf"^{declaration}\b[^\n]*\n(?:(?:[ \t][^\n]*)?\n)*", re.MULTILINE)
    for found in body.finditer(text):
        lines = found[0].split("\n")
        for k, line in enumerate(lines):
            if line_of.match(line):
                more = takewhile(lambda below: below.startswith(" " * 8), lines[k + 1 :])
                return "\n".join(text[4:] for text in (line, *more))
    return ""
