"""Characters, operators and numbers that are written differently here."""

from __future__ import annotations

import re

from ..diagnostics import Diagnostic, Label
from ..source import Span
from .failure import Failure

CHARACTERS = {
    "\r": "lines end with a line feed, alone or behind a carriage return: save the file so",
    "‘": "strings stand in straight double quotes",
    "’": "strings stand in straight double quotes",
    "“": "strings stand in straight double quotes",
    "”": "strings stand in straight double quotes",
    "„": "strings stand in straight double quotes",
    "'": "strings stand in straight double quotes",
    "`": "names are written without quotes",
    "\\": "lines go on freely inside brackets; nothing else continues a line",
    "−": "a minus sign is written `-`",
    "–": "a minus sign is written `-`",
    "—": "a minus sign is written `-`",
    "×": "multiplication is written `*`",
    "·": "multiplication is written `*`",
    "÷": "division is written `/`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "→": "write `->`",
    "²": "a square is written `**2`",
    "³": "a cube is written `**3`",
    "µ": "micro is written `u`, as in `us`",
    "μ": "micro is written `u`, as in `us`",
    "Ω": "write `ohm`",
    "∞": "write `inf`",
    "π": "write `pi`",
    "τ": "spell it out: `tau`",
    "\xa0": "this is a no-break space; write a plain one",
    "\ufeff": "this is an invisible byte order mark; delete it",
    "\u200b": "this is an invisible space; delete it",
    "{": "lists stand in `[ ]`",
    "}": "lists stand in `[ ]`",
    "$": "formulas are written without `$`",
}

OPERATOR_SLIPS = {
    "&&": "write `and`",
    "||": "write `or`",
    "^": "a power is written `**`",
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`",
    "~": "write `not`",
    "@": "",
    "?": "",
}


def operator_slip(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "CHARACTER" and not (f.piece.kind == "|" and f.after_value):
        return None
    at = f.piece.start
    for sign, hint in OPERATOR_SLIPS.items():  # the longer ones first
        if f.source.text.startswith(sign, at):
            span = Span(f.source, at, at + len(sign))
            return Diagnostic("SYN011", span, f"`{sign}` is not an operator", help=hint)
    return None


def unknown_character(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "CHARACTER":
        return None
    sign = f.piece.text
    name = f"`{sign}`" if sign.isprintable() and sign != "`" else f"U+{ord(sign):04X}"
    hint = CHARACTERS.get(sign, "")
    if sign == "'" and f.previous and f.previous.is_word and f.previous.end == f.piece.start:
        hint = f"a derivative is written `d{f.previous.text}/dt`"
    if not hint and sign.isalpha():
        hint = "names are made of letters from a to z, digits and `_`"
    return Diagnostic("SYN010", f.span, f"the character {name} has no meaning here", help=hint)


def unit_apart(f: Failure) -> Diagnostic | None:
    previous, piece = f.previous, f.piece
    if not previous or not piece.is_word or previous.kind not in ("NUMBER", "]"):
        return None
    span = Span(f.source, previous.start, piece.end)
    gap = f.source.text[previous.end : piece.start]
    if gap == "" and previous.kind == "NUMBER" and re.match(r"_|[xXbBoO]\d|[eE]$|j$", piece.text):
        hint = "large numbers are written without `_`" if piece.text[0] == "_" else ""
        return Diagnostic("SYN023", span, f"`{span.text}` is not a number", help=hint)
    if gap == "":
        number = previous.text if previous.kind == "NUMBER" else "[…]"
        spot = span if previous.kind == "NUMBER" else Span(f.source, previous.start, piece.end)
        return Diagnostic(
            "SYN008",
            spot,
            "a space is missing between the number and its unit",
            help=f"write `{number} {piece.text}`",
        )
    if gap != " " and gap.isspace() and "\n" not in gap:
        number = previous.text if previous.kind == "NUMBER" else "[…]"
        return Diagnostic(
            "SYN009",
            Span(f.source, previous.end, piece.start),
            "a number and its unit are separated by exactly one space",
            help=f"write `{number} {piece.text}`",
        )
    return None


def chained_comparison(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "COMPARE" or not f.after_value:
        return None
    left, sign, right = f.stack[-3:] if len(f.stack) >= 3 else (None, None, None)
    hint = ""
    labels: tuple[Label, ...] = ()
    if isinstance(sign, str) and hasattr(left, "span") and hasattr(right, "span"):
        middle = right.span.text
        hint = f"write `{left.span.text} {sign} {middle} and {middle} {f.piece.text} …`"
        at = Span(f.source, sign.start_pos, sign.end_pos)  # type: ignore[attr-defined]
        labels = (Label(at, "the first comparison"),)
    return Diagnostic("SYN016", f.span, "comparisons do not chain", labels=labels, help=hint)


_QUOTED = re.compile(r"([\"'])(.*?)\1")


def quoted(f: Failure) -> Diagnostic | None:
    """An expression or a statement in quotes, as in Brian2, or a mere string."""
    quoted = _QUOTED.match(f.source.text, f.piece.start)
    statement = {"deliver", "NAME"} <= f.expected
    if f.piece.text[:1] not in ("'", '"') or not quoted or not (f.wants_value or statement):
        return None
    span = Span(f.source, *quoted.span())
    hint = f"leave out the quotes: `{quoted[2].strip()}`" if quoted[2].strip() else ""
    what = "an expression" if f.wants_value else "a statement"
    return Diagnostic("SYN017", span, f"{what} is written without quotes", help=hint)
