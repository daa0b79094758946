"""Errors and warnings: one data structure, one renderer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ..dataclass import dataclass
from .source import Span


@dataclass(frozen=True)
class Label:
    """A remark at a second place, such as the first declaration of a name."""

    span: Span
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """What is wrong (`message`), where (`span`), and what to do (`help`).

    The message states the fault, labels locate it, and only `help` suggests a fix. `label` is
    printed under the carets.
    """

    code: str
    span: Span
    message: str
    label: str = ""
    labels: tuple[Label, ...] = ()
    help: str = ""
    severity: str = "error"


class CompileError(Exception):
    """Raised once by a stage, with all errors that it found."""

    def __init__(self, diagnostics: Iterable[Diagnostic]):
        self.diagnostics = tuple(in_order(diagnostics))
        super().__init__(render(self.diagnostics))


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By file and place, each only once."""
    unique = dict.fromkeys(diagnostics)
    return sorted(unique, key=lambda d: (d.span.source.name, d.span.start, d.span.end, d.code))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(d.severity == "error" for d in diagnostics)


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """`did you mean `x`?` for the nearest candidate, or nothing."""
    import difflib

    near = difflib.get_close_matches(name, sorted(set(candidates)), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""


# Control characters other than tabs and line ends; Unicode line ends; marks of writing direction.
# On a terminal or in an editor they make a text look different from what it is.
UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_STYLES = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "bold": "\x1b[1m", "dim": "\x1b[34m"}


WIDTH = 200
"""Width in columns of output that does not go to a terminal."""
_LONGEST = 160  # of a line of the spec that is shown, however wide the page


def render(diagnostics: Iterable[Diagnostic], colour: bool = False, width: int = WIDTH) -> str:
    """The text that people read; it ends with a line feed unless it is empty. If a line of the spec
    is longer than `width` columns, the part around the place is shown."""

    def paint(text: str, style: str) -> str:
        return f"{_STYLES[style]}{text}\x1b[0m" if colour and text else text

    return "".join(_render_one(d, paint, width) + "\n" for d in diagnostics)


def seen(text: str) -> str:
    """A text from a spec, from a file that it names or from results, made safe for a terminal."""
    return UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)


def _render_one(d: Diagnostic, paint: Callable[[str, str], str], columns: int) -> str:
    head = f"{d.span.source.name}:{d.span.line}:{d.span.column}: "
    kind = paint(f"{d.severity}[{d.code}]" if d.code else d.severity, d.severity)
    lines = [paint(seen(head), "bold") + kind + f": {seen(d.message)}"]
    spots = [Label(d.span, d.label), *d.labels]
    width = max(len(str(spot.span.line)) for spot in spots)
    gutter = " " * width
    for k, spot in enumerate(spots):
        if spot.span.source is not d.span.source:
            where = seen(f"{spot.span.source.name}:{spot.span.line}:{spot.span.column}")
            lines.append(paint(f"{gutter} --> {where}", "dim"))
        text = spot.span.source.line(spot.span.line).rstrip("\r").expandtabs(1)
        room = max(20, min(_LONGEST, columns - width - 3))
        shown, shift = _window(seen(text), spot.span.column - 1, room)
        start = spot.span.column - 1 - shift
        length = max(1, min(spot.span.end - spot.span.start, len(shown) - start))
        mark = ("^" if k == 0 else "-") * length
        lines.append(paint(f"{spot.span.line:>{width}} | ", "dim") + shown)
        under = " " * start + mark + (f" {seen(spot.text)}" if spot.text else "")
        style = d.severity if k == 0 else "dim"
        lines.append(paint(f"{gutter} | ", "dim") + paint(under, style))
    if d.help:
        lines.append(paint(f"{gutter} = ", "dim") + f"help: {seen(d.help)}")
    return "\n".join(lines) + "\n"


def _window(text: str, column: int, width: int) -> tuple[str, int]:
    """A long line is cut to the part around the column; returns the text and the shift."""
    if len(text) <= width:
        return text, 0
    shift = max(0, min(column - width // 2, len(text) - width))
    return text[shift : shift + width], shift


def to_json(diagnostics: Iterable[Diagnostic]) -> str:
    """One JSON array, for other programs."""
    import json

    rows = [
        {
            "code": d.code,
            "severity": d.severity,
            "file": d.span.source.name,
            "line": d.span.line,
            "column": d.span.column,
            "end_line": d.span.source.position(d.span.end)[0],
            "end_column": d.span.source.position(d.span.end)[1],
            "message": d.message,
            "label": d.label,
            "help": d.help,
            "labels": [
                {
                    "file": x.span.source.name,
                    "line": x.span.line,
                    "column": x.span.column,
                    "text": x.text,
                }
                for x in d.labels
            ],
        }
        for d in diagnostics
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)
