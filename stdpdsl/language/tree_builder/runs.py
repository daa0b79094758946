"""Recording, measures and runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from .. import ast
from ..ast import Expr
from .clauses import Clause, ClauseBuilder
from .expressions import Children, Several, first_of, of_kind, tokens_of
from .network import Part


class RunBuilder(ClauseBuilder):
    """Makes recordings, measures and runs."""

    def record(self, children: Children) -> ast.Record:
        items: list[ast.RecordSpikes | ast.RecordState] = []
        for child in of_kind(children, ast.RecordSpikes, Several):
            items += child.value if isinstance(child, Several) else (child,)
        return ast.Record(tuple(items), span=self._span(children))

    def record_spikes(self, children: Children) -> ast.RecordSpikes:
        parts = of_kind(children, Part)
        layers, slices = (tuple(p[k] for p in parts) for k in (0, 1))
        return ast.RecordSpikes(layers, slices, self._window(children), span=self._span(children))

    def record_state(self, children: Children) -> Several:
        """One item for each component."""
        middle = next(n for n, c in enumerate(children) if c == "of" and c.type != "NAME")
        variables = tuple(self._ident(token) for token in tokens_of(children[:middle], "NAME"))
        span, window = self._span(children), self._window(children)
        return Several(
            tuple(
                ast.RecordState(
                    variables, p.name, p.slice, first_of(children, Expr), window, span=span
                )
                for p in of_kind(children, Part)
            ),
            span,
        )

    def record_events(self, children: Children) -> ast.RecordSpikes:
        middle = next(n for n, c in enumerate(children) if c == "of" and c.type != "NAME")
        events = tuple(self._ident(token) for token in tokens_of(children[:middle], "NAME"))
        return replace(self.record_spikes(children), events=events)

    def blocks(self, children: Children) -> Clause:
        return self._part_of_window("blocks", of_kind(children, Expr), children)

    def in_phases(self, children: Children) -> Clause:
        names = tuple(self._ident(token) for token in tokens_of(children, "NAME"))
        return self._part_of_window("phases", names, children)

    def from_to(self, children: Children) -> Clause:
        field = "start" if children[0] == "from" else "stop"
        return self._part_of_window(field, first_of(children, Expr), children)

    def _part_of_window(self, field: str, value: Any, children: Children) -> Clause:
        span = self._span(children)
        return Clause(field, value, span, span)

    def _window(self, children: Children) -> ast.Window:
        clauses = of_kind(children, Clause)
        span = clauses[0].span.to(clauses[-1].span) if clauses else self._span(children)
        return ast.Window(**self._collect(children), span=span)

    def measures(self, children: Children) -> ast.Measures:
        return ast.Measures(of_kind(children, ast.Measure), span=self._span(children))

    def measure(self, children: Children) -> ast.Measure:
        name, *component = (self._ident(token) for token in tokens_of(children, "NAME"))
        value = first_of(children, Expr)
        return ast.Measure(
            name, component[0] if component else None, value, span=self._span(children)
        )

    def run(self, children: Children) -> ast.Run:
        fields = self._collect(children)
        fields["stretches"] = fields.pop("phases", ())
        return ast.Run(**fields, span=self._span(children))

    def repeated(self, children: Children) -> ast.Repeated:
        phases = of_kind(children, ast.Phase)
        return ast.Repeated(children[1], phases, span=self._span(children))

    def phase(self, children: Children) -> ast.Phase:
        modifiers = of_kind(children[3:], *get_args(ast.Modifier))
        return ast.Phase(
            self._ident(children[0]), children[2], modifiers, span=self._span(children)
        )

    def silence(self, children: Children) -> ast.PlasticityOff | ast.Frozen | ast.Off:
        name, word = children
        span = self._span(children)
        if word == "frozen":
            return ast.Frozen(self._ident(name), span=span)
        if name == "plasticity":
            return ast.PlasticityOff(span=span)
        return ast.Off(self._ident(name), span=span)

    def store(self, children: Children) -> ast.Store:
        return ast.Store(self._ident(children[1]), len(children) > 2, span=self._span(children))

    def restore(self, children: Children) -> ast.Restore:
        word = str(children[2]) if len(children) > 2 else ""
        paths = of_kind(children, ast.Path)
        return ast.Restore(self._ident(children[1]), word, paths, span=self._span(children))

    def until(self, children: Children) -> ast.Until:
        measure, *variable, component = (self._ident(t) for t in tokens_of(children, "NAME"))
        relation = str(tokens_of(children, "COMPARE")[0])
        goal, every = (c for c in children if isinstance(c, Expr))
        return ast.Until(
            measure,
            variable[0] if variable else None,
            component,
            relation,
            goal,
            every,
            span=self._span(children),
        )

    def set_value(self, children: Children) -> ast.SetValue:
        return ast.SetValue(children[1], children[3], span=self._span(children))
