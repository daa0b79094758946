"""What a connection delivers by spike, and what waits at its synapses for a dendritic delay."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..check.symbols import Component
from ..language import ast
from ..language.numeric import NotConstant, whole_steps
from .expressions import times_unit
from .model_code import ModelCode, assignment
from .values import used_names

# Deliveries held at one synapse, if nothing tells how many can be under way.
MOST_HELD = 16


class Deliveries:
    """The deliveries of a connection; each `deliver` in a pathway is one."""

    def __init__(
        self, code: ModelCode, c: Component, handlers: Sequence[ast.Handler], weight: str, gate: str
    ):
        node = c.node
        assert isinstance(node, ast.Connect) and c.pre and c.post
        self.code, self.values, self.node, self.pre, self.post = (
            code,
            code.values,
            node,
            c.pre,
            c.post,
        )
        self.weight, self.gate, self.key = weight, gate, (c.name, "delay")
        self.by_spike = [d for d in node.delivery if not d.continuously]
        self.statements = [s for h in handlers for s in h.body]
        self.own = {e.name.id for e in c.rule.equations} if c.rule else set()
        self.rings = 0
        self.variables: list[tuple[str, str]] = []
        """(name, unit) of the variables that hold deliveries under way."""

    def lines(self, due: list[str], locals: set[str]) -> list[str]:
        """Lines for a rule's delivery, or for a spike that arrives later; in that case the lines of
        its arrival are added to `due`."""
        if self.node.dendritic_delay is None:
            return self.plain(locals)
        if not self.by_spike:
            return []
        if not self.holds:
            due += self.plain(set())
            return []
        return self.holding(due, locals)

    def items(self, locals: set[str]) -> list[tuple[str, str]]:
        """(variable of the target, value) of everything that is delivered by spike."""
        values = (s.value for s in self.statements if isinstance(s, ast.Deliver))
        default = next((value for value in values if value is not None), None)
        found = []
        for d in self.by_spike:
            value = d.value or default
            text = self.code.show(value, locals) if value else self.weight
            found.append((f"{d.target.id}_post", text))
        return found

    @property
    def holds(self) -> bool:
        """Whether a delivery has to be held at the synapse with its present value: with a dendritic
        delay, unless its value never changes and can be read on arrival."""
        if self.node.dendritic_delay is None or not self.by_spike:
            return False
        values = [s.value for s in self.statements if isinstance(s, ast.Deliver)]
        values += [d.value for d in self.by_spike]
        locals = {s.target.id for s in self.statements if isinstance(s, ast.Update)}
        return bool(used_names(values) & (self.own | locals))

    def plain(self, locals: set[str]) -> list[str]:
        return [assignment(target, "+=", text, self.gate) for target, text in self.items(locals)]

    def holding(self, due: list[str], locals: set[str]) -> list[str]:
        """Each value waits at its synapse, cycling through as many places as deliveries can be
        under way."""
        ring, slots, lines = self.rings, self.most_under_way(), []
        self.rings += 1
        self.variables += [(f"held__in_{ring}", "integer"), (f"held__out_{ring}", "integer")]
        if ring == 0:
            self.variables.append(("held__lost", "integer"))
        for number, (target, text) in enumerate(self.items(locals)):
            unit = self.values.unit(self.post.variables[target.removesuffix("_post")])
            infinite = times_unit("inf", unit)
            passing = f"passing__{ring}_{number}"
            # A copy, so that later changes of the weight do not matter (see ModelCode.copied).
            lines.append(f"{passing} = clip({text}, -{infinite}, {infinite})")
            places = [f"held__{ring}_{number}_{k}" for k in range(slots)]
            for k, place in enumerate(places):
                mine = f"int(held__in_{ring} % {slots} == {k})"
                lines.append(f"{place} = {mine}*{passing} + (1 - {mine})*{place}")
            self.variables += [(place, unit) for place in places]
            value = " + ".join(
                f"int(held__out_{ring} % {slots} == {k})*{place}" for k, place in enumerate(places)
            )
            due.append(assignment(target, "+=", value, self.gate))
        due.append(f"held__out_{ring} += 1")
        lost = f"held__lost += int(held__in_{ring} - held__out_{ring} > {slots})"
        return [*lines, f"held__in_{ring} += 1", lost]

    def most_under_way(self) -> int:
        """At most one per step of the delay, and one per refractory period of the source."""
        node, values = self.node, self.values
        column = values.by_target.get(self.key) if node.sweeps_dendritic else None
        try:
            delay = (
                max(values.table.columns[column])
                if column
                else values.number(node.dendritic_delay, 0.0)
            )
        except NotConstant:  # a draw, or a value of the row
            return MOST_HELD
        dt = next((values.number(r.dt, 1e-4) for r in values.symbols.spec.of(ast.Run)), 1e-4)
        most = whole_steps(min(delay, MOST_HELD * dt), dt) + 1
        neuron = self.pre.neuron
        if neuron is not None and neuron.refractory is not None:
            try:
                period = values.number(neuron.refractory, 0.0)
                most = min(most, math.floor(delay / period) + 2) if period > 0 else most
            except NotConstant:
                pass
        return max(1, min(most, MOST_HELD))
