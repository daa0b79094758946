"""First values of synapses, their delays and their bounds."""

from __future__ import annotations

from collections.abc import Mapping

from ..check.order import dependency_order, names_in
from ..ir import Initial
from ..language import ast
from .synapses import Synapses
from .values import used_names


class SynapseValues:
    def __init__(self, synapses: Synapses):
        self.synapses, self.values, self.own = synapses, synapses.values, synapses.own
        self.c, self.node, self.bounds = synapses.c, synapses.node, synapses.bounds
        self.pre, self.post = synapses.pre, synapses.post

    def pair_names(self, expr: ast.Expr) -> Mapping[str, str]:
        """`i`, `j` and the layers' first values, at each synapse."""
        extra = {"i": "edges.i", "j": "edges.j", **self.synapses.sizes}
        scope = self.values.symbols.pattern_scope(self.c)
        for name in used_names([expr]):
            symbol = scope.get(name)
            if symbol is None or not symbol.side:
                continue
            side = self.pre if symbol.side == "pre" else self.post
            if symbol.kind == "parameter":
                parameter = side.parameters[symbol.name]
                extra[name] = self.values.reference(parameter, side, "edges.copy")
            else:
                extra[name] = f"x.values[{side.name!r}][{symbol.name!r}][edges.{symbol.side}]"
        return extra

    def each_synapse(self) -> dict[str, str]:
        """The parameters that differ between synapses, and how many synapses there are."""
        return {name: f"edges.values[{self.own[name]!r}]" for name in self.synapses.fixed}

    def value(self, name: str, expr: ast.Expr, variable: str, phase: bool = False) -> Initial:
        first = {n: f"edges.values[{self.own[n]!r}]" for n in self.first_values if n != name}
        names = {**self.pair_names(expr), **self.each_synapse(), **first}
        return self.values.initial(
            name, expr, self.c, "edges.copy", names, self.bounds.get(name), variable, phase
        )

    def initial(self) -> list[Initial]:
        counted = {
            "N_incoming": "synapses_per_neuron(edges.copy, edges.j)",
            "N_outgoing": "synapses_per_neuron(edges.copy, edges.i)",
            "synapse_number": "edges.number",
        }
        found = [Initial(variable=self.own[n], code=counted[n]) for n in self.synapses.counts]
        weight = self.node.weight
        if weight is not None:
            swept = self.values.attribute(self.c, "weight", "edges.copy")
            own = self.own["w"]
            found.append(
                Initial(variable=own, code=swept) if swept else self.value(own, weight, own)
            )
        values = self.c.first_values
        uses = {n: [x.id for x in names_in(v) if x.id in values] for n, v in values.items()}
        for name in dependency_order(uses)[0]:
            found.append(self.value(self.own[name], values[name], self.own[name]))
        return found

    @property
    def first_values(self) -> list[str]:
        """The variables of a synapse that have a value before it starts."""
        return [*self.c.first_values, *(["w"] if self.node.weight is not None else [])]

    def set_by_phase(self, items: Mapping[str, ast.Expr]) -> tuple[Initial, ...]:
        """Variables as a phase sets them."""
        return tuple(self.value(name, expr, self.own[name], True) for name, expr in items.items())

    def delay(self, expr: ast.Expr | None, name: str, swept: bool) -> Initial | None:
        column = self.values.attribute(self.c, "delay", "edges.copy") if swept else None
        if column is not None:
            return Initial(variable="delay", code=column)
        return None if expr is None else self.value(name, expr, "delay")

    def weight_bounds(self) -> tuple[str, str] | None:
        bounds = self.bounds.get(self.c.weight or "")
        if bounds is None:
            return None
        extra = {"i": "edges.i", "j": "edges.j", **self.synapses.sizes}
        extra |= self.each_synapse()
        return (
            self.values.code(bounds.low, self.c, extra, "edges.copy"),
            self.values.code(bounds.high, self.c, extra, "edges.copy"),
        )
