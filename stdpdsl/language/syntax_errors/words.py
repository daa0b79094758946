"""Words for what was found and what was expected."""

from __future__ import annotations

from collections.abc import Iterable

from .failure import OPERATORS, VALUE, Piece

DESIGNS = ("random", "sobol", "latin_hypercube")

SAMPLES = "write how many: `{}: 3 samples`"

_FOUND = {
    "NEWLINE": "the end of the line",
    "INDENT": "an indented line",
    "DEDENT": "the end of the indented lines",
    "END": "the end of the file",
    "STRING": "a string",
    "DOC": "a docstring",
}

_EXPECTED = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a string in quotes",
    "DERIVATIVE": "an equation",
    "FLAG_WORD": "a flag such as `unless refractory`",
    "INDENT": "an indented body",
    "NEWLINE": "the end of the line",
    "COMPARE": "a comparison",
}


def shown(piece: Piece) -> str:
    return _FOUND.get(piece.kind) or f"`{piece.text}`"


def one_of(expected: Iterable[str], last: str = "or") -> str:
    """`a value, `where` or the end of the line`."""
    kinds = set(expected)
    parts = []
    if kinds >= VALUE:
        parts += ["a value", "a list"] if "[" in kinds else ["a value"]
        kinds -= {*VALUE, "QUANTITY", "[", "-", "+", "not"}
    if "*" in kinds and "+" in kinds:
        parts.append("an operator")
        kinds -= OPERATORS
        kinds -= {"independent", "("}
    if "+=" in kinds:
        parts.append("`=`, `+=`, `-=`, `*=`, `/=`")
        kinds -= {"=", "+=", "-=", "*=", "/="}
    if "DERIVATIVE" in kinds:
        kinds.discard("NAME")
    kinds -= {"QUANTITY", "DOC", "DEDENT", "END"}
    end = kinds & {"NEWLINE"}
    words = sorted(kinds - end - _EXPECTED.keys())
    parts += [_EXPECTED[kind] for kind in sorted(kinds - end) if kind in _EXPECTED]
    parts += [f"`{word}`" for word in words]
    parts += [_EXPECTED[kind] for kind in end]
    if len(parts) < 2:
        return parts[0] if parts else "nothing more"
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
