"""The lines of a node: headers, bodies and clauses."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

from .. import ast
from ..ast import Expr, Node
from ..source import Span
from .expressions import print_expr

INDENT = "    "
WIDTH = 100


class Line(str):
    """A line and the part of the source that it prints; for a header, where that part starts."""

    span: Span

    def __new__(cls, text: str, span: Span) -> Line:
        line = super().__new__(cls, text)
        line.span = span
        return line


def indented(lines: Iterable[str]) -> list[str]:
    return [with_text(line, INDENT + line) if line else "" for line in lines]


def with_text(line: str, text: str) -> str:
    """Another text with the same position."""
    return Line(text, line.span) if isinstance(line, Line) else text


def doc_lines(doc: ast.Doc) -> list[str]:
    first, *rest = doc.text.split("\n")
    if not rest and not first.endswith('"'):
        return [Line(f'"""{first}"""', doc.span)]
    if rest and all(line[:1] in ("", " ", "\t") for line in rest):
        # Where only the first line starts in the first column, its column must be seen.
        return [Line('"""', doc.span), first, *rest, '"""']
    return [Line(f'"""{first}', doc.span), *rest, '"""']


def block(head: str, nodes: Iterable[Node | None]) -> list[str]:
    """A header and the lines of its body; nothing if there is no body."""
    lines = [line for node in nodes if node for line in lines_of(node)]
    return [f"{head}:", *indented(lines)] if lines else []


def inline(head: str, nodes: tuple[Node, ...]) -> list[str]:
    """The same as `block`; a body of one line goes on the header's line."""
    lines = [line for node in nodes for line in lines_of(node)]
    return [with_text(lines[0], f"{head}: {lines[0]}")] if len(lines) == 1 else block(head, nodes)


def clause(word: str, value: Expr | ast.Ident | None) -> list[str]:
    if value is None:
        return []
    text = value.id if isinstance(value, ast.Ident) else print_expr(value)
    return [Line(f"{word}: {text}", value.span)]


def assigned(assigns: Iterable[ast.Assign]) -> str:
    return ", ".join(f"{a.name.id} = {print_expr(a.value)}" for a in assigns)


def arguments(assigns: tuple[ast.Assign, ...]) -> str:
    return f"({assigned(assigns)})" if assigns else ""


def names(names: Iterable[ast.Ident]) -> str:
    return ", ".join(name.id for name in names)


def lines_of(node: Node) -> list[str]:
    """The lines of a declaration, clause, statement or equation; the first line has its
    position."""
    first, *rest = layout(node)
    if not isinstance(first, Line):
        span = node.span
        first = Line(first, Span(span.source, span.start, span.start) if rest else span)
    return [first, *rest]


@singledispatch
def layout(node: Node) -> list[str]:
    raise TypeError(f"no line of a spec: {node!r}")


@layout.register
def _(node: ast.Doc) -> list[str]:
    return doc_lines(node)


@layout.register
def _(node: ast.Assign) -> list[str]:
    return [f"{node.name.id} = {print_expr(node.value)}"]
