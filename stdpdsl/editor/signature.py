"""The call that a place is in: what may be given, and which of it is being written."""

from __future__ import annotations

import re

from ..dataclass import dataclass
from ..language import ast
from ..language.builtins_audio import FILTERS, REQUIRED, SOUNDS
from ..language.meanings import MEANINGS
from ..language.printer.expressions import print_expr, print_unit
from .document import Document

_PIECE = re.compile(r'"""(?:[^"]|"(?!""))*"""|"[^"\n]*"|#[^\n]*|[()\[\],]|^(?=\S)', re.MULTILINE)


@dataclass(frozen=True)
class Signature:
    label: str
    parameters: tuple[str, ...]  # parts of the label
    active: int | None
    text: str = ""  # Markdown


def signature_at(document: Document, offset: int) -> Signature | None:
    call = _open_call(document.text[:offset])
    if call is None:
        return None
    name, preset, argument, position = call
    found = _signature(document, name, preset, document.text[:offset])
    if found is None:
        return None
    head, parameters, text = found
    named = re.match(r"\s*(\w+)\s*=(?!=)", argument)
    active: int | None = position
    if named:
        names = [re.split(r"[ :]", p)[0] for p in parameters]
        active = names.index(named[1]) if named[1] in names else None
    elif position >= len(parameters):
        active = None
    return Signature(f"{head}({', '.join(parameters)})", tuple(parameters), active, text)


def _open_call(text: str) -> tuple[str, str, str, int] | None:
    """(name, preset, the argument so far, how many come before it) of the innermost open call."""
    opened: list[tuple[int, list[int]]] = []  # where, and the commas behind it
    for piece in _PIECE.finditer(text):
        sign = piece[0]
        if sign == "":
            opened = []  # a declaration starts: nothing stays open over it
        elif sign in ("(", "["):
            opened.append((piece.start(), []))
        elif sign in (")", "]") and opened:
            opened.pop()
        elif sign == "," and opened:
            opened[-1][1].append(piece.end())
    if opened and text[opened[-1][0]] == "[":
        opened.pop()
    if not opened:
        return None
    start, commas = opened[-1]
    name = re.search(r"(\w+)(?:\.(\w+))?\Z", text[:start])
    if name is None:
        return None
    return name[1], name[2] or "", text[(commas or [start + 1])[-1] :], len(commas)


def _signature(
    document: Document, name: str, preset: str, before: str
) -> tuple[str, list[str], str] | None:
    declaration = (re.findall(r"^([a-z]+)\b", before, re.MULTILINE) or [""])[-1]
    symbols = document.symbols
    if declaration in ("sound", "filterbank") and (audio := {**SOUNDS, **FILTERS}.get(name)):
        given = []
        for p in audio.parameters:
            unit = "" if p.unit == "1" else f" : {p.unit}"
            default = "" if p.default in (REQUIRED, None) else f" = {p.default}"
            given.append(f"{p.name}{unit}{default}")
        return name, given, audio.doc
    model: ast.Neuron | ast.Rule | None = None
    if declaration == "connect":
        model = symbols.rules.get(name)
    elif declaration == "layer":
        model = symbols.neurons.get(name)
    if model is not None:
        values = {p.name.id: print_expr(p.value) for p in model.parameters}
        if isinstance(model, ast.Rule):
            chosen = (p for p in model.presets if p.name.id == preset)
            values |= {v.name.id: print_expr(v.value) for p in chosen for v in p.values}
        given = [f"{n} = {value}" for n, value in values.items()]
        for port in model.ports if isinstance(model, ast.Rule) else ():
            kind = print_unit(port.unit) if port.unit else "spikes"
            given.append(f"{port.name.id} : {kind}")
        title = (model.doc.text if model.doc else "").partition("\n")[0]
        return f"{name}.{preset}" if preset else name, given, title
    if name in MEANINGS:
        form, text = MEANINGS[name]
        inside = re.fullmatch(r"\w+\((.*)\)", form)
        return (name, inside[1].split(", "), text) if inside else None
    return None
