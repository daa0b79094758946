"""The word of a declaration or clause at a place, and what the reference says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..language.clauses import CLAUSES, DECLARATIONS
from ..language.clauses.clause import Clause
from ..language.clauses.examples import example_lines
from ..language.clauses.words import OTHER
from ..language.source import Span
from .document import Document

_TOP = re.compile(r"^([a-z]+)\b", re.MULTILINE)
_HIDDEN = re.compile(r'"""(?:[^"]|"(?!""))*(?:"""|\Z)|"[^"\n]*"?|#[^\n]*')


def clause_at(document: Document, offset: int) -> tuple[Span, str] | None:
    """The word and its text in Markdown; nothing in comments, strings and docstrings."""
    text = document.text
    if any(m.start() <= offset < m.end() for m in _HIDDEN.finditer(text)):
        return None
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : len(text) if end < 0 else end]
    heads = list(_TOP.finditer(text, 0, start + len(line)))
    declaration = heads[-1][1] if heads else ""
    for words, kind, name, entry in _in_line(line, declaration):
        first, last = start + words[0], start + words[1]
        if first <= offset <= last:
            return Span(document.source, first, last), clause_text(kind, name, entry)
    return None


def _in_line(line: str, declaration: str) -> Iterator[tuple[tuple[int, int], str, str, Clause]]:
    """The words of a line that are clauses, with where they stand."""
    if head := re.match(r"([a-z]+)\b", line):
        if head[1] in DECLARATIONS:
            yield head.span(1), "", head[1], DECLARATIONS[head[1]]
    elif head := re.match(r"[ ]{1,4}((?:[a-z]+ )?[a-z_]+)\b", line):
        names = [head[1], head[1].split(" ")[0]]
        for name in names:
            entry = CLAUSES.get(declaration, {}).get(name)
            if entry is not None:
                at = head.start(1)
                yield (at, at + len(name)), declaration, name, entry
                break
    for name in ("every", "from", "in phase") if declaration == "record" else ():
        if found := re.search(rf"\b{name}\b", line):
            yield found.span(), "record", name, CLAUSES["record"][name]
    for name, entry in OTHER.items():
        for found in re.finditer(rf"\b{re.escape(name)}\b", line):
            before = line[: found.start()]
            # A flag stands in parentheses: the word in `scope: shared` is none.
            if not entry.form.startswith("(") or before.count("(") > before.count(")"):
                yield found.span(), "", name, entry


def clause_text(declaration: str, name: str, entry: Clause) -> str:
    """What the reference says, in Markdown."""
    facts = [
        f"{what}: {value}"
        for what, value in (("unit", entry.unit), ("default", entry.default))
        if value
    ]
    parts = [
        f"```stdp\n{entry.form}\n```\n{entry.text}",
        "; ".join(facts),
        f"In Brian2: {entry.brian2}",
    ]
    if declaration:
        parts.append(f"```stdp\n{example_lines(declaration, name)}\n```")
    return "\n\n".join(part for part in parts if part)
