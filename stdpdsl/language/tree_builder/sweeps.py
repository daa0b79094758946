"""Sweeps and searches."""

from __future__ import annotations

from .. import ast
from ..ast import Expr
from ..diagnostics import Label
from .clauses import Clause, ClauseBuilder
from .expressions import Children, Several, first_of, of_kind, tokens_of


class SweepBuilder(ClauseBuilder):
    """Makes sweeps and searches."""

    def sweep(self, children: Children) -> ast.Sweep:
        fields = self._collect(children)
        parts = of_kind(children, ast.SweepPart)
        return ast.Sweep(parts, **fields, span=self._span(children))

    def table(self, children: Children) -> ast.Table:
        header, *rows = of_kind(children, Several)
        for row in rows:
            if len(row.value) != len(header.value):
                self._problem(
                    "SYN035",
                    row.span,
                    f"this row has {_count(len(row.value), 'cell')}, "
                    f"the table has {_count(len(header.value), 'column')}",
                    labels=(Label(header.span, "the columns"),),
                )
        return ast.Table(
            header.value,
            tuple(row.value for row in rows),
            tuple(row.span for row in rows),
            span=self._span(children),
        )

    def header_row(self, children: Children) -> Several:
        return Several(of_kind(children, ast.Header), self._span(children))

    def header(self, children: Children) -> ast.Header:
        return ast.Header(children[0], first_of(children, ast.Unit), span=self._span(children))

    def row(self, children: Children) -> Several:
        return Several(of_kind(children, Expr), self._span(children))

    def axes(self, children: Children) -> Clause | ast.Grid | ast.Zip:
        word = children[0]
        axes, span = of_kind(children, ast.Axis), self._span(children)
        if word == "derive":
            return Clause("derive", axes, span, self._at(word))
        return (ast.Grid if word == "grid" else ast.Zip)(axes, span=span)

    def axis(self, children: Children) -> ast.Axis:
        return ast.Axis(children[0], children[2], span=self._span(children))

    def random(self, children: Children) -> ast.RandomSamples:
        axes = of_kind(children, ast.Axis)
        return ast.RandomSamples(children[2], axes, str(children[0]), span=self._span(children))

    def refinement(self, children: Children) -> Clause:
        span = self._span(children)
        value, *trials = of_kind(children, Expr)
        node = ast.Refinement(value, first_of(children, ast.Limit), *trials, span=span)
        return Clause("refine", node, span, self._at(children[0]))

    def limit(self, children: Children) -> ast.Limit:
        (child,), span = children, self._span(children)
        if isinstance(child, Expr):
            return ast.Limit(child, span=span)
        text = child.rstrip("%").rstrip()
        return ast.Limit(ast.Number(float(text), text, span=span), True, span=span)

    def from_file(self, children: Children) -> ast.FromFile:
        return ast.FromFile(self._path(children[2]), span=self._span(children))

    def search(self, children: Children) -> ast.Search:
        return ast.Search(**self._collect(children), span=self._span(children))

    def fit(self, children: Children) -> ast.Fit:
        return ast.Fit(**self._collect(children), span=self._span(children))

    def infer(self, children: Children) -> ast.Infer:
        return ast.Infer(**self._collect(children), span=self._span(children))

    def objective(self, children: Children) -> Clause:
        word, span = children[0], self._span(children)
        objective = ast.Objective(str(word), children[2], span=span)
        return Clause("objectives", objective, span, self._at(word))

    def constraint(self, children: Children) -> Clause:
        span = self._span(children)
        return Clause("constraints", children[3], span, self._span(children[:2]))

    def stop(self, children: Children) -> Clause:
        return Clause("stop", children[5], self._span(children), self._at(children[0]))

    def difference(self, children: Children) -> Clause:
        value = first_of(children, ast.Limit)
        return Clause("difference", value, self._span(children), self._at(children[0]))

    def early(self, children: Children) -> Clause:
        span = self._span(children)
        reasons = tuple(map(self._ident, tokens_of(children[3:], "NAME")))
        node = ast.Early(reasons, first_of(children, Expr), span=span)
        return Clause("early", node, span, self._span(children[:2]))

    def experiments(self, children: Children) -> Clause:
        span = self._span(children)
        part = ast.FromFile(self._path(children[3]), span=span)
        return Clause("data", part, span, self._at(children[0]))

    def comparison(self, children: Children) -> Clause:
        span = self._span(children)
        names = [
            ast.Name(n.id, span=n.span) for n in map(self._ident, tokens_of(children[4:], "NAME"))
        ]
        node = ast.Comparison(children[2], *names, span=span)
        return Clause("compare", node, span, self._at(children[0]))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
