"""Strings, brackets, lines and colons: what is missing or superfluous."""

from __future__ import annotations

import re

from ..diagnostics import Diagnostic, Label
from ..source import Span
from .failure import DECLARATIONS, LAYOUT_KINDS, Failure
from .words import DESIGNS, SAMPLES, one_of


def unclosed_docstring(f: Failure) -> Diagnostic | None:
    text, at = f.source.text, f.piece.start
    if f.piece.kind == "CHARACTER" and text.startswith('"""', at):
        span = Span(f.source, at, at + 3)
        return Diagnostic("SYN013", span, "this docstring has no end", help='end it with `"""`')
    previous = f.previous
    if previous and previous.kind == "DOC" and "\n" in previous.text and f.piece.kind != "NEWLINE":
        opening = Span(f.source, previous.start, previous.start + 3)
        closing = Span(f.source, previous.end - 3, previous.end)
        return Diagnostic(
            "SYN013",
            opening,
            f"this docstring goes on to line {closing.line}, where text follows its end",
            labels=(Label(closing, "it ends here"),),
            help="should it have ended earlier?",
        )
    return None


def unclosed_string(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "CHARACTER" or f.piece.text != '"':
        return None
    line_end = f.source.text.find("\n", f.piece.start)
    end = len(f.source.text) if line_end < 0 else line_end
    end = f.piece.start + len(f.source.text[f.piece.start : end].rstrip())
    span = Span(f.source, f.piece.start, end)
    return Diagnostic("SYN012", span, "this string has no end", help='end it with `"`')


_BRACKETS = re.compile(r'"""(?:[^"]|"(?!""))*"""|"[^"\r\n]*"|#[^\n]*|[()\[\]]')

_CLOSING = {"(": ")", "[": "]"}


def _open_brackets(text: str, start: int, end: int) -> list[tuple[str, int]]:
    """The brackets open at `end`, outermost first."""
    opened: list[tuple[str, int]] = []
    for match in _BRACKETS.finditer(text, start, end):
        sign = match[0]
        if sign in _CLOSING:
            opened.append((sign, match.start()))
        elif sign in ")]" and opened and _CLOSING[opened[-1][0]] == sign:
            opened.pop()
    return opened


_NEXT_DECLARATION = re.compile(rf"^(?:{'|'.join(DECLARATIONS)})\b", re.MULTILINE)


def unclosed_bracket(f: Failure) -> Diagnostic | None:
    opened = _open_brackets(f.source.text, f.start, f.piece.start)
    if not opened or f.piece.text in (")", "]"):
        return None
    sign, at = opened[-1]
    if "\n" not in f.source.text[at : f.piece.start] and f.piece.kind not in LAYOUT_KINDS:
        return None
    # A bracket that is closed in the same declaration is not the cause.
    after = _NEXT_DECLARATION.search(f.source.text, at)
    end = after.start() if after else len(f.source.text)
    if (sign, at) not in _open_brackets(f.source.text, f.start, end):
        return None
    span = Span(f.source, at, at + 1)
    return Diagnostic("SYN014", span, f"this `{sign}` is never closed")


def wrong_bracket(f: Failure) -> Diagnostic | None:
    sign = f.piece.text
    if sign not in (")", "]"):
        return None
    opened = _open_brackets(f.source.text, f.start, f.piece.start)
    if not opened:
        return Diagnostic("SYN015", f.span, f"this `{sign}` closes nothing")
    opening, at = opened[-1]
    if _CLOSING[opening] == sign:
        return None
    where = Label(Span(f.source, at, at + 1), "opened here")
    message = f"`{sign}` cannot close `{opening}`"
    return Diagnostic(
        "SYN015", f.span, message, labels=(where,), help=f"write `{_CLOSING[opening]}`"
    )


def semicolon(f: Failure) -> Diagnostic | None:
    if f.piece.text != ";":
        return None
    return Diagnostic(
        "SYN021", f.span, "`;` separates nothing", help="start a new line for each statement"
    )


def missing_body(f: Failure) -> Diagnostic | None:
    previous = f.previous
    if "INDENT" in f.expected and previous and previous.kind == "NEWLINE":
        line = f.source.text[: previous.start].rpartition("\n")[2]
        start = previous.start - len(line.lstrip())
        span = Span(f.source, start, previous.start)
        return Diagnostic(
            "SYN027", span, "this header has no body", help="indent the lines that belong to it"
        )
    if f.piece.kind == "DEDENT" and f.starts_line:
        return Diagnostic("SYN027", f.span, f"this body lacks {one_of(f.expected)}")
    return None


def indentation(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "INDENT":
        return None
    line = f.source.text.rfind("\n", 0, f.piece.end) + 1
    span = Span(f.source, line, max(line + 1, f.piece.end))
    return Diagnostic(
        "SYN003",
        span,
        "this line is indented further than the one before",
        help="lines of one body start in the same column",
    )


def colon_or_equals(f: Failure) -> Diagnostic | None:
    text = f.piece.text
    if text == "=" and ":" in f.expected and not f.after_value:
        return Diagnostic(
            "SYN006", f.span, "a clause is written with `:`", help="write `:` for `=`"
        )
    if text == ":" and "=" in f.expected and f.previous and f.previous.kind != "DERIVATIVE":
        return Diagnostic("SYN007", f.span, "a value is given with `=`", help="write `=` for `:`")
    if text == "=" and f.previous and (f.previous.text, f.previous.end) == ("=", f.piece.start):
        span = Span(f.source, f.previous.start, f.piece.end)
        message = "`==` compares; it gives no value"
        return Diagnostic("SYN032", span, message, help="write `=` to give a value")
    if text == "=" and f.after_value and "and" in f.expected:
        return Diagnostic(
            "SYN032",
            f.span,
            "`=` gives a value; it does not compare",
            help="write `==` to compare",
        )
    return None


def missing_colon(f: Failure) -> Diagnostic | None:
    if ":" not in f.expected or f.piece.kind not in ("NEWLINE", "END", *_values()):
        return None
    if f.piece.kind != "NEWLINE" and (f.after_value or not f.previous):
        return None
    at = f.previous.end if f.previous else f.piece.start
    header = f.source.text[f.source.text.rfind("\n", 0, at) + 1 : at].strip()
    if f.piece.kind != "NEWLINE":
        header = f.previous.text if f.previous else ""
    return Diagnostic(
        "SYN005",
        Span(f.source, at, at),
        f"`:` is missing after `{header}`" if len(header) <= 60 else "`:` is missing",
        help=SAMPLES.format(header) if header in DESIGNS else "",
    )


def _values() -> tuple[str, ...]:
    return ("NAME", "NUMBER", "QUANTITY", "STRING")
