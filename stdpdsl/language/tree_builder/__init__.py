"""A spec's tree from the parser's reductions: one method for each rule (or alias) of stdp.lark.

`expressions` tells what a method receives.
"""

from __future__ import annotations

from .. import ast
from ..ast import Ident, Node
from ..diagnostics import Label
from ..source import Span
from .expressions import Children, first_of, of_kind
from .models import ModelBuilder
from .network import NetworkBuilder
from .runs import RunBuilder
from .sweeps import SweepBuilder


class Builder(ModelBuilder, NetworkBuilder, SweepBuilder, RunBuilder):
    """Makes the nodes of a whole file."""

    def start(self, children: Children) -> ast.Spec:
        model, docs = first_of(children, Ident), of_kind(children, ast.Doc)
        declarations = of_kind(children, ast.Declaration)
        if len(docs) > 1:
            self._problem(
                "SYN026",
                docs[1].span,
                "the model has a docstring already",
                labels=(Label(docs[0].span, "the first one"),),
            )
        nodes = [child for child in children if isinstance(child, Node)]
        end = nodes[-1].span.end if nodes else 0
        span = Span(self.source, nodes[0].span.start if nodes else 0, end)
        return ast.Spec(model, docs[0] if docs else None, declarations, span=span)

    def model(self, children: Children) -> Ident:
        return self._ident(children[1])
