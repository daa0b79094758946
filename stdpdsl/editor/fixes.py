"""Edits that a message's help stands for. Each is tried on the text before it is offered."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..dataclass import dataclass
from ..language.diagnostics import Diagnostic
from ..language.source import Span
from .document import Document

_UNITS = {
    "time": "ms",
    "voltage": "mV",
    "rate": "Hz",
    "current": "pA",
    "conductance": "nS",
    "capacitance": "pF",
    "resistance": "Mohm",
    "frequency": "Hz",
    "length": "um",
}
"""For a number that lacks its unit: the one that such values are usually given in."""
_OTHER_TEXT = re.compile(
    r"(?:did you mean|write|spell it out:|a derivative is written|(?:[\w ]+) is written) `([^`]+)`"
    r"(?:\?| to compare| for `[^`]+`)?"
)
_LESS = re.compile(r"leave out the (?:quotes|unit): `([^`]+)`")
_LINE = re.compile(r"(?:add|give it one:|bind it:) `(\w[\w ]*: [^`…]+)`")


@dataclass(frozen=True)
class Fix:
    title: str
    span: Span
    text: str

    def applied(self, text: str) -> str:
        return text[: self.span.start] + self.text + text[self.span.end :]


def fix(document: Document, diagnostic: Diagnostic) -> Fix | None:
    """The first of its edits with which the text is right at that place, and nowhere else wrong
    that was right."""
    if diagnostic.span.source is not document.source:
        return None
    for proposed in proposals(diagnostic):
        after = Document(
            document.path, proposed.applied(document.text), document.texts, document.allowed
        )
        if _better(document, after, diagnostic, proposed):
            return proposed
    return None


def proposals(d: Diagnostic) -> Iterator[Fix]:
    """What the help may stand for, as far as it is an edit."""
    span, source, at = d.span, d.span.source, d.span.text
    point = Span(source, span.end, span.end)
    if (other := _OTHER_TEXT.fullmatch(d.help)) and d.code not in ("SYN006", "SYN007"):
        new = other[1]
        if at:
            behind = source.text[span.end : span.end + 1]
            short = new[:-1] if new.endswith(":") and behind == ":" else new
            yield Fix(f"Replace `{at}` by `{short}`", span, short)
            if d.code == "SYN009":
                yield Fix("Leave one space", span, " ")
        if not at or (new in "+-*/" and re.match(r"\w|\(", at)):
            start = Span(source, span.start, span.start)
            yield Fix(f"Insert `{new}`", start, new if not at else f"{new} ")
    if d.code in ("SYN006", "SYN007"):
        bare = source.text[: span.start].rstrip(" ")
        word = Span(source, len(bare), span.end)
        yield Fix(
            "Write `:`" if d.code == "SYN006" else "Write `=`",
            word,
            ":" if d.code == "SYN006" else " =",
        )
        return
    if less := _LESS.fullmatch(d.help):
        yield Fix(f"Replace `{at}` by `{less[1]}`", span, less[1])
        for label in d.labels:
            yield Fix(f"Replace `{label.span.text}` by `{less[1]}`", label.span, less[1])
    if d.help == "delete it":
        yield Fix("Delete it", span, "")
    if d.code == "SYN005":
        yield Fix("Add `:`", span, ":")
    if d.code in ("SYN012", "SYN013"):
        end = '"' if d.code == "SYN012" else '\n"""'
        yield Fix("End it", point if d.code == "SYN012" else _line_end(span), end)
    if d.code == "UNIT001":
        yield from _product(d)
    if d.code == "UNIT002" and (wanted := re.search(r"expected (\w+), found no unit", d.message)):
        unit = _UNITS.get(wanted[1])
        if unit and re.fullmatch(r"[\d.]+(?:[eE][+-]?\d+)?", at):
            yield Fix(f"Add the unit `{unit}`", point, f" {unit}")
        elif unit and at.endswith("]"):
            yield Fix(f"Add the unit `{unit}`", point, f" {unit}")
    if d.code == "SYN002":
        yield Fix("Indent with four spaces", span, "    ")
    if d.code == "SYN029" and not at:
        yield Fix("Add `: 1`", span, " : 1")
    if d.code == "SYN034":
        yield Fix("Replace by `1`", span, "1")
    if line := _LINE.match(d.help):
        yield from _new_line(d, line[1])


def _product(d: Diagnostic) -> Iterator[Fix]:
    """`1 Hz*t`, where the unit was meant to end before the sign."""
    span, source = d.span, d.span.source
    before = re.search(r"(\s*)([*/])(\s*)\Z", source.text[max(0, span.start - 3) : span.start])
    if before:
        sign = Span(source, span.start - len(before[0]), span.start)
        yield Fix(f"Write ` {before[2]} `, a product", sign, f" {before[2]} ")


def _new_line(d: Diagnostic, line: str) -> Iterator[Fix]:
    """A clause that is missing, below the header of its declaration."""
    text = d.span.source.text
    start = text.rfind("\n", 0, d.span.start) + 1
    header = text.find("\n", d.span.start)
    if header < 0 or text[start:header].startswith(" ") or not text[start:header].endswith(":"):
        return
    yield Fix(f"Add `{line}`", Span(d.span.source, header, header), f"\n    {line}")


def _line_end(span: Span) -> Span:
    end = span.source.text.find("\n", span.start)
    end = len(span.source.text) if end < 0 else end
    return Span(span.source, end, end)


def _better(before: Document, after: Document, told: Diagnostic, fix: Fix) -> bool:
    """Whether what was told is gone, and its place is free of errors."""
    end = fix.span.start + len(fix.text)
    wrong = [d for d in after.diagnostics if d.span.source is after.source]
    here = [
        d
        for d in wrong
        if d.span.start <= fix.span.start < max(d.span.end, d.span.start + 1)
        or fix.span.start <= d.span.start < end
    ]
    same = sum(d.code == told.code and d.message == told.message for d in wrong)
    was = sum(d.code == told.code and d.message == told.message for d in before.diagnostics)
    return not here and same < was
