"""`found A, expected B`, if nothing more certain is known."""

from __future__ import annotations

import re

from ..builtins import PATTERNS
from ..diagnostics import Diagnostic, did_you_mean
from .failure import BLOCKS, FLAGS, Failure
from .words import DESIGNS, SAMPLES, one_of, shown


def unexpected(f: Failure) -> Diagnostic:
    hint = _advice(f)
    message = f"found {shown(f.piece)}, expected {one_of(f.expected)}"
    return Diagnostic("SYN001", f.span, message, help=hint)


def _advice(f: Failure) -> str:
    """What may have been meant, if nothing more certain is known."""
    piece, previous = f.piece, f.previous
    before = previous.text if previous else ""
    line = f.source.line(f.span.line).strip()
    if piece.kind == "DOC":
        return "a docstring stands around the model line, and first in a neuron, rule or connection"
    if "-" in line and set(line) <= set("|-:+ "):
        return "a table has no line between its head and its rows"
    if piece.text == "|" and before == "|":
        head = "[" in f.expected or "." in f.expected or f.expected <= {"NAME", "NEWLINE"}
        return "give this column a name" if head else "each cell holds a value"
    if piece.text in FLAGS and "in" in f.expected:
        return f"flags stand in parentheses: `({FLAGS[piece.text]})`"
    if piece.text in ("event", "clock") and "in" in f.expected:
        return "leave it out: the compiler chooses event-driven integration where it is exact"
    if piece.text in ("if", "except", "without") and "where" in f.expected:
        return "write `where`, as in `where i != j`"
    if piece.text == ":" and f.context({*BLOCKS, "parameters"}) == "parameters":
        return "a parameter has the dimensions of its value: leave out what follows"
    if piece.text == "*" and before == "]":
        return "a list's unit follows after one space: `[10, 20] ms`"
    if line.removesuffix(":") in DESIGNS and piece.kind == "NEWLINE":
        return SAMPLES.format(line.removesuffix(":"))
    if piece.text == "[" and before == "=":
        return "one value stands here; a list is an axis of the sweep, `COMPONENT.NAME = [...]`"
    after = f.source.text[piece.end :]
    if piece.text == "," and previous and previous.kind in ("NUMBER", "QUANTITY"):
        if previous.end == piece.start and (digits := re.match(r"\d+", after)):
            return f"the decimal sign is a point: `{before}.{digits[0]}`"
        axis = re.search(r"= *([^=#]+?)( [A-Za-z][\w*/]*)? *(#.*)?$", line)
        if axis and f.context({*BLOCKS, "grid", "zip"}) in ("grid", "zip"):
            return f"a list stands in brackets: `[{axis[1]}]{axis[2] or ''}`"
    if piece.text == "-" and f.context({*BLOCKS, "pattern"}) == "pattern" and previous:
        word = re.match(r"[\w-]+", f.source.text[previous.start :])
        return did_you_mean(word[0].replace("-", "_"), PATTERNS) if word else ""
    if piece.text == "," and f.expected == {"NEWLINE"}:
        return "start a new line"
    if before == "from" and "STRING" in f.expected and not piece.is_word:
        return "`from` takes values from a file here: it is not a name in an expression"
    if before == "requires":
        return "a rule requires variables of its target: `requires post:`"
    if piece.text == "," and f.context({"ports"}):
        return "each port stands on its own line"
    if f.context({"presets"}) and piece.kind == "NEWLINE" and before == ",":
        return "or one value per line, indented below the preset's name"
    if before == ":" and f.previous and f.context({"presets"}) and f.expected == {"NEWLINE"}:
        return "each preset has a name and a line of its own, below `presets:`"
    if f.after_target:
        return did_you_mean(before, ["deliver", "normalise"])
    if "and" in f.expected and "," not in f.expected and piece.kind in ("NAME", "("):
        return "multiplication is written `*`"
    if piece.is_word:
        return did_you_mean(piece.text, [word for word in f.expected if word.islower()])
    return ""
