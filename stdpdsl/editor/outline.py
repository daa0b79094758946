"""The declarations of a text and what they declare, for an editor's table of contents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..dataclass import dataclass
from ..language import ast
from ..language.source import Span


@dataclass(frozen=True)
class Entry:
    name: str
    kind: str  # the declaration's word, or parameter, variable, constant, preset
    span: Span
    at: Span  # of the name
    children: tuple[Entry, ...] = ()


def outline(declarations: Iterable[ast.Declaration]) -> list[Entry]:
    return [_entry(declaration) for declaration in declarations]


def _entry(node: ast.Declaration) -> Entry:
    word = type(node).__name__.lower()
    name = getattr(node, "name", None)
    inside = tuple(sorted(_inside(node), key=lambda entry: entry.span.start))
    if isinstance(name, ast.Ident):
        return Entry(name.id, word, node.span, name.span, inside)
    title = node.path.value if isinstance(node, ast.Use) else word
    return Entry(title, word, node.span, node.span, inside)


def _inside(node: ast.Declaration) -> Iterator[Entry]:
    named: list[tuple[str, tuple]] = []
    match node:
        case ast.Constants():
            named = [("constant", node.items)]
        case ast.Neuron():
            named = [("parameter", node.parameters), ("variable", node.equations)]
        case ast.Rule():
            named = [
                ("parameter", node.parameters),
                ("preset", node.presets),
                ("variable", (*node.equations, *node.post_equations)),
            ]
        case ast.Run():
            named = [("phase", node.phases)]
    for kind, parts in named:
        for part in parts:
            yield Entry(part.name.id, kind, part.span, part.name.span)
