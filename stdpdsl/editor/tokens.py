"""What kind of thing each name is, for an editor's colours."""

from __future__ import annotations

from collections.abc import Iterator

from ..check.symbols import Symbol
from ..dataclass import dataclass
from ..language import ast
from ..language.builtins_audio import AudioFunction
from ..language.meanings import MEANINGS
from ..language.source import Span
from .document import Document
from .names import Link, links, name_of, target_of

KINDS = (
    "class",
    "namespace",
    "variable",
    "parameter",
    "property",
    "function",
    "type",
    "event",
    "enumMember",
)
MODIFIERS = ("declaration", "readonly", "defaultLibrary")
_OF_NODE = {
    ast.Neuron: "class",
    ast.Rule: "class",
    ast.Layer: "namespace",
    ast.Connect: "namespace",
    ast.Sound: "namespace",
    ast.Filterbank: "namespace",
    ast.Preset: "enumMember",
    ast.Port: "event",
    ast.Event: "event",
    ast.Phase: "enumMember",
    ast.Measure: "property",
    ast.Update: "variable",
}
_OF_SYMBOL = {
    "constant": "variable",
    "parameter": "parameter",
    "variable": "variable",
    "port": "event",
    "column": "property",
    "measure": "property",
    "builtin": "variable",
    "local": "variable",
}


@dataclass(frozen=True)
class Colour:
    span: Span
    kind: str
    modifiers: tuple[str, ...] = ()


def colours(document: Document) -> list[Colour]:
    """Of all names and units, in the order of the text."""
    found: dict[int, Colour] = {}
    for declaration in document.declarations:
        for link in links(declaration):
            for colour in _colour(document, link):
                found.setdefault(colour.span.start, colour)
    ordered = [found[start] for start in sorted(found)]
    clear: list[Colour] = []
    for colour in ordered:
        if not clear or clear[-1].span.end <= colour.span.start:
            clear.append(colour)
    return [c for c in clear if "\n" not in c.span.text]


def _colour(document: Document, link: Link) -> Iterator[Colour]:
    node = link.node
    if isinstance(node, ast.UnitFactor):
        yield Colour(node.span, "type", ("defaultLibrary",))
    if not isinstance(node, ast.Ident | ast.Name) or node.span.text != node.id:
        return
    target = target_of(document, link)
    if isinstance(target, AudioFunction):
        yield Colour(node.span, "function", ("defaultLibrary",))
    elif isinstance(target, Symbol) and target.node is None:
        yield Colour(node.span, "variable", ("readonly", "defaultLibrary"))
    elif isinstance(target, Symbol):
        assert target.node is not None
        fixed = target.kind in ("constant", "parameter", "column")
        yield Colour(node.span, _OF_SYMBOL[target.kind], _modifiers(node, target.node, fixed))
    elif isinstance(target, ast.Node):
        kind = _OF_NODE.get(type(target))
        if kind is not None:
            yield Colour(node.span, kind, _modifiers(node, target, False))
    elif node.id in MEANINGS:
        call = isinstance(link.parent, ast.Call)
        yield Colour(node.span, "function" if call else "variable", ("defaultLibrary",))


def _modifiers(node: ast.Node, target: ast.Node, fixed: bool) -> tuple[str, ...]:
    here = name_of(target) == node.span
    return (*(("declaration",) if here else ()), *(("readonly",) if fixed else ()))
