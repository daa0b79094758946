"""Lines that are neither a declaration nor a clause nor an equation."""

from __future__ import annotations

import re

from ..diagnostics import Diagnostic, did_you_mean
from .failure import BLOCKS, RESERVED_WORDS, Failure
from .words import one_of

OF_A_RULE = {
    "pre": "declare `x` in the `neuron:` of the source, and read it as `x_pre`",
    "reset": "what happens once per spike of the target stands under `post reset:`",
    "every": "`every …:` stands in the connection that uses the rule",
}


def equation_without_unit(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "NEWLINE" or ":" not in f.expected:
        return None
    if f.context([*BLOCKS, "equations", "parameters", "on", "every", "reset"]) != "equations":
        return None
    return Diagnostic(
        "SYN029",
        f.span,
        "this equation has no unit",
        help="end it with `: volt`, say, or `: 1` for a plain number",
    )


def unknown_word(f: Failure) -> Diagnostic | None:
    """A line that starts with a word that is neither a declaration nor a clause of one."""
    piece = f.piece
    if not piece.is_word or "NAME" in f.expected or f.after_value:
        return None
    if not f.starts_line and not (f.previous and f.previous.text == ":"):
        return None
    words = [word for word in f.expected if word.isidentifier() and word.islower()]
    if not words:
        return None
    if {"layer", "rule"} <= f.expected:
        return _unknown_declaration(f, words)
    owner = f.context(BLOCKS)
    hint = did_you_mean(piece.text, words) or f"it may have {one_of(words, 'and')}"
    following = re.match(r" *([-+*/]?)=", f.source.text[piece.end : piece.end + 20])
    if following and "on" in words and (following[1] or "parameters" not in words):
        where = "`reset:`, `every …:`" if "reset" in words else "`on pre:`, `on post:`"
        hint = f"statements stand under {where}"
    elif following and "parameters" in words:
        hint = "values stand under `parameters:`"
    elif owner == "rule" and piece.text in OF_A_RULE:
        hint = OF_A_RULE[piece.text]
    elif "on" in words and (trigger := re.fullmatch("on_(pre|post)", piece.text)):
        hint = f"write `on {trigger[1]}:`"
    elif owner == "connect":
        hint = _of_a_connection(f) or hint
    message = f"`{piece.text}` is not a clause of `{owner}`" if owner else ""
    return Diagnostic("SYN024", f.span, message or f"`{piece.text}` is not a clause", help=hint)


_BRIAN2_LINE = re.compile(r"[.](\w+)[ ]*(?:=[ ]*([^#\n]*)|[(])")


def _of_a_connection(f: Failure) -> str:
    """`synapses.w = 0.5` and `synapses.connect(p = 0.1)` are lines of Brian2."""
    line = _BRIAN2_LINE.match(f.source.text, f.piece.end)
    if line is None:
        return ""
    name, value = line[1], (line[2] or "").strip().strip("\"'")
    if name == "connect":
        return "in the connection, write `pattern:`, as in `pattern: random(p = 0.1)`"
    if name == "delay":
        return f"in the connection, write `delay: {value}`"
    return f"in the layer or connection, write `initial: {name} = {value}`" if value else ""


def _unknown_declaration(f: Failure, words: list[str]) -> Diagnostic:
    word = f.piece.text
    if word == "model":
        message = "the `model` line comes first, and once"
        return Diagnostic("SYN025", f.span, message)
    hint = did_you_mean(word, words) or f"a declaration is {one_of(words)}"
    if mine := _of_a_connection(f):
        return Diagnostic("SYN025", f.span, f"`{word}` starts no declaration", help=mine)
    following = f.source.text[f.piece.end :].lstrip(" ")[:1]
    if following in (":", "=") and not did_you_mean(word, words):
        hint = "a line that belongs to a declaration is indented"
    return Diagnostic("SYN025", f.span, f"`{word}` starts no declaration", help=hint)


def reserved(f: Failure) -> Diagnostic | None:
    if f.piece.text not in RESERVED_WORDS or "NAME" not in f.expected:
        return None
    if f.wants_value and f.piece.text in ("and", "or"):
        return None
    hint = "choose another name"
    if f.piece.text == "spikes" and f.context({"ports"}):
        hint = "a port that takes spikes has no unit"
    elif f.piece.text == "spikes" and f.context({"plasticity"}):
        hint = "name the port: `PORT = spikes of LAYER`"
    return Diagnostic("SYN022", f.span, f"`{f.piece.text}` is a reserved word", help=hint)
