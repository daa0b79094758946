"""The canonical text of a tree: what `stdpdsl fmt` writes.

`parse(print_spec(spec)) == spec`, and printing a printed text changes nothing. Comments are not in
the tree; comments.py puts them back, using the positions that the lines remember.
"""

from __future__ import annotations

from .. import ast
from ..ast import Node
from . import models, network, runs, sweeps  # noqa: F401  each registers its nodes
from .lines import Line, doc_lines, lines_of


def print_spec(spec: ast.Spec) -> str:
    """The canonical text of a file, without its comments."""
    return "\n".join(spec_lines(spec)) + "\n"


def print_node(node: Node) -> str:
    """The canonical text of a declaration, clause, statement or equation, without a line feed."""
    return "\n".join(lines_of(node))


def spec_lines(spec: ast.Spec) -> list[str]:
    lines = doc_lines(spec.doc) if spec.doc else []
    if spec.model:
        lines.append(Line(f"model {spec.model.id}", spec.model.span))
    previous: ast.Declaration | None = None
    for declaration in spec.declarations:
        together = isinstance(declaration, ast.Use) and isinstance(previous, ast.Use)
        lines += [""] if lines and not together else []
        lines += lines_of(declaration)
        previous = declaration
    return lines
