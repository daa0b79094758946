"""The pathways of synapses: the code at the events of either side, and its place in a step."""

from __future__ import annotations

from functools import partial

from ..dataclass import dataclass
from ..ir import Pathway
from ..language import ast
from .additions import PORTS_WHEN
from .synapses import PATHWAYS, Synapses


@dataclass(frozen=True)
class Way:
    """A pathway whose place in the step is not known yet."""

    name: str
    lines: list[str]
    delay: tuple[str, ...]
    event: str = ""


class Pathways:
    def __init__(self, synapses: Synapses):
        self.synapses, self.values, self.code = synapses, synapses.values, synapses.code
        self.c, self.node, self.deliveries = synapses.c, synapses.node, synapses.deliveries

    def pathways(self) -> list[Pathway]:
        """In the order of a step: all of the pre side, of the post side, of the ports."""
        due: list[str] = []  # what arrives a dendritic delay after `pre`
        body = {"pre": [] if self.c.rule else self.deliveries.lines(due, set()), "post": []}
        later: dict[str, list[Way]] = {"pre": [], "post": []}
        ports: list[Pathway] = []
        number = 0
        for handler in self.synapses.handlers:
            trigger = handler.trigger.id
            arriving = due if handler.after is None else []
            lines = self.code.statements(
                handler.body,
                self.synapses.bounds,
                partial(self.deliveries.lines, arriving),
                self.c.weight,
                self.synapses.gates,
            )
            if handler.after is not None or handler.side is not None:
                side = handler.side.id if handler.side is not None else trigger
                number += 1
                later[side] += self.later(handler, side, number, lines, arriving)
            elif trigger in body:
                body[trigger] += lines
            else:
                ports.append(self.of_port(trigger, lines))
        pre = Way("pre", body["pre"], ("edges.axonal",) if self.has_axonal else ())
        post = Way("post", body["post"], ("edges.dendritic",) if self.has_delay("post") else ())
        ways = {
            "pre": [*self.with_arrival(pre, ("edges.axonal",), due), *later["pre"]],
            "post": [post, *later["post"]],
        }
        return [*(p for side in ways for p in self.in_order(side, ways[side])), *ports]

    def later(
        self, handler: ast.Handler, side: str, number: int, lines: list[str], arriving: list[str]
    ) -> list[Way]:
        """The pathways of a handler with its own delay, `after`, or of an event of a side."""
        end = "axonal" if side == "pre" else "dendritic"
        delay: tuple[str, ...] = (f"edges.{end}",) if self.has_delay(side) else ()
        if handler.after is not None:
            after = self.values.code(handler.after, self.c, index="edges.copy")
            delay = (f"edges.{end}", self.delays(after))
        if handler.side is not None:
            event = handler.trigger.id
            return [Way(f"{event}__{side}_{number}", lines, delay, event)]
        return self.with_arrival(Way(f"{side}_{number}", lines, delay), delay, arriving)

    def of_port(self, trigger: str, lines: list[str]) -> Pathway:
        """At the spikes that a port of the rule receives."""
        event, order = self.synapses.added.events[self.c.name, trigger]
        return Pathway(
            name=f"on__{trigger}",
            side="post",
            statements=tuple(lines),
            order=order + 1,
            event=event,
            when=PORTS_WHEN,
        )

    def in_order(self, side: str, ways: list[Way]) -> list[Pathway]:
        """The pathways of a side that do something, each at its place in the step."""
        return [
            Pathway(
                name=way.name,
                side=side,
                statements=tuple(way.lines),
                order=self.order(side) + place,
                delay=way.delay,
                event=way.event,
            )
            for place, way in enumerate(ways)
            if way.lines
        ]

    def with_arrival(self, way: Way, delay: tuple[str, ...], arriving: list[str]) -> list[Way]:
        """A pathway, and the one that follows after a dendritic delay, which may be zero. Held
        deliveries are stored before they arrive; others arrive where `pre` would deliver them."""
        if not arriving:
            return [way]
        name = way.name.replace("pre", "arrival")
        arrival = Way(name, arriving, (*delay, "edges.dendritic"))
        return [way, arrival] if self.deliveries.holds else [arrival, way]

    def has_delay(self, side: str) -> bool:
        """Whether spikes and events of a side come later."""
        return self.has_axonal if side == "pre" else self.node.dendritic_delay is not None

    @property
    def has_axonal(self) -> bool:
        swept = (self.c.name, "delay") in self.values.by_target
        return self.node.axonal_delay is not None or (swept and not self.node.sweeps_dendritic)

    def order(self, side: str) -> int:
        """All pre pathways come before all post pathways; `ties` swaps this for one connection."""
        last = self.node.ties is not None and self.node.ties.id == "post"
        late = (side == "post") != last
        return PATHWAYS * (self.synapses.place + (self.synapses.count if late else 0))

    def delays(self, code: str) -> str:
        """Code for whole steps (s) from the code for a delay."""
        return f"delays(x, {code}, len(edges.i), {self.c.name!r})"
