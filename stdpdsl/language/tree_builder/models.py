"""Constants, neurons and rules, with their equations and statements."""

from __future__ import annotations

from .. import ast
from ..ast import Expr, Ident
from ..diagnostics import Label
from ..numeric import with_unit
from ..source import Span
from .clauses import ClauseBuilder
from .expressions import Children, Several, first_of, of_kind, tokens_of


class ModelBuilder(ClauseBuilder):
    """Makes neurons and rules."""

    def constants(self, children: Children) -> ast.Constants:
        return ast.Constants(of_kind(children, ast.Assign), span=self._span(children))

    def use(self, children: Children) -> ast.Use:
        return ast.Use(self._path(children[1]), span=self._span(children))

    def neuron(self, children: Children) -> ast.Neuron:
        fields = self._with_parts(children, events=ast.Event, handlers=ast.Handler, every=ast.Every)
        return ast.Neuron(self._ident(children[1]), **fields, span=self._span(children))

    def rule(self, children: Children) -> ast.Rule:
        fields = self._with_parts(children, handlers=ast.Handler)
        return ast.Rule(self._ident(children[1]), **fields, span=self._span(children))

    def preset(self, children: Children) -> ast.Preset:
        values, doc = of_kind(children, ast.Assign), first_of(children, ast.Doc)
        return ast.Preset(self._ident(children[0]), values, doc, span=self._span(children))

    def requirement(self, children: Children) -> ast.Requirement:
        return ast.Requirement(self._ident(children[0]), children[2], span=self._span(children))

    def port(self, children: Children) -> ast.Port:
        unit = first_of(children, ast.Unit)
        return ast.Port(self._ident(children[0]), unit, span=self._span(children))

    def event(self, children: Children) -> ast.Event:
        return ast.Event(self._ident(children[1]), children[3], span=self._span(children))

    def handler(self, children: Children) -> ast.Handler:
        trigger, *side = tokens_of(children[:3], "NAME")
        place = 2 + len(side)
        late = children[place] == "after"
        body = of_kind(children, ast.Statement)
        return ast.Handler(
            self._ident(trigger),
            children[place + 1] if late else None,
            body,
            self._ident(side[0]) if side else None,
            span=self._span(children),
        )

    def every(self, children: Children) -> ast.Every:
        body = of_kind(children, ast.Statement)
        return ast.Every(children[1], body, span=self._span(children))

    def equation(self, children: Children) -> ast.Equation:
        head = children[0]
        name, rhs, kind = self._ident(head), first_of(children, Expr), "subexpression"
        if head.type == "DERIVATIVE":
            kind = "ode"
            span = Span(self.source, head.start_pos + 1, head.end_pos - 3)
            name = Ident(head[1:-3], span=span)
        elif rhs is None:
            kind = "parameter"
        flags = first_of(children, Several)
        return ast.Equation(
            kind,
            name,
            rhs,
            first_of(children, ast.Unit),
            first_of(children, ast.Bounds),
            flags.value if flags else (),
            span=self._span(children),
        )

    def bounds(self, children: Children) -> ast.Bounds:
        low, high = of_kind(children, Expr)
        unit = self._list_unit(children[-1])
        if unit:
            low, high = self._give_unit(low, unit), self._give_unit(high, unit)
        return ast.Bounds(low, high, span=self._span(children))

    def _give_unit(self, item: Expr, unit: ast.Unit) -> Expr:
        """`[-80, 0] mV` of bounds is short for `[-80 mV, 0 mV]`."""
        given = with_unit(item, unit)
        if given is item:
            self._problem(
                "SYN033",
                item.span,
                "bounds share a unit only where both are plain numbers",
                labels=(Label(unit.span, "the shared unit"),),
                help="give each bound its own unit",
            )
        return given

    def flags(self, children: Children) -> Several:
        flags = tuple(child for child in children if isinstance(child, tuple))
        return Several(flags, self._span(children))

    def flag(self, children: Children) -> tuple[Ident, ...]:
        return tuple(self._ident(token) for token in children)

    def update(self, children: Children) -> ast.Update:
        target, op, value = children[:3]
        return ast.Update(self._ident(target), str(op), value, span=self._span(children))

    def deliver(self, children: Children) -> ast.Deliver:
        return ast.Deliver(first_of(children, Expr), span=self._span(children))

    def normalise(self, children: Children) -> ast.Normalise:
        variable, side = self._ident(children[1]), self._ident(children[3])
        return ast.Normalise(variable, side, children[5], span=self._span(children))
