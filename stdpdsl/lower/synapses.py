"""What the stages that lower a connection know about its synapses."""

from __future__ import annotations

from dataclasses import replace

from ..check.symbols import COUNTS, Component
from ..check.traces import event_driven
from ..dataclass import dataclass
from ..ir import Phase
from ..language import ast
from .additions import Additions
from .deliveries import Deliveries
from .expressions import WORD, in_double
from .layers import size_of
from .model_code import Gates, ModelCode, Needs, in_layer
from .values import Values, used_names

# The offset between the pathways of one connection and the next in the order of a step.
PATHWAYS = 1000


@dataclass(frozen=True)
class Switches:
    """What phases do to connections, and where traces must be brought up to date."""

    frozen: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    set: frozenset[str] = frozenset()
    recorded: frozenset[tuple[str, str]] = frozenset()  # (connection, variable)
    phases: tuple[Phase, ...] = ()

    @property
    def several(self) -> bool:
        return len(self.phases) > 1

    def frozen_at_end(self, connection: str) -> bool:
        """Whether a connection does not learn in the last phase."""
        return bool(self.phases) and connection in self.phases[-1].frozen


class Synapses:
    """The synapses of one connection. `place` is its number in the order of declaration, out of
    `count`."""

    def __init__(
        self,
        values: Values,
        c: Component,
        place: int,
        count: int,
        needs: Needs,
        added: Additions,
        switches: Switches,
    ):
        node = c.node
        assert isinstance(node, ast.Connect) and c.pre and c.post
        self.values, self.c, self.node, self.pre, self.post = values, c, node, c.pre, c.post
        self.place, self.count, self.added, self.switches = place, count, added, switches
        self.n_pre, self.n_post = size_of(values, c.pre), size_of(values, c.post)
        self.equations = c.rule.equations if c.rule else ()
        self.advance = c.rule.advance if c.rule else ()
        more = [replace(h, body=(*self.advance, *h.body)) for h in node.handlers]
        self.handlers = [*(c.rule.handlers if c.rule else ()), *more]
        self.bounds = {e.name.id: e.bounds for e in self.equations if e.bounds}
        names = [e.name.id for e in self.equations]
        used = used_names([node, *c.rules])
        pattern = node.pattern
        self.many = int(values.number(pattern.several if pattern else None, 1))
        used |= {"synapse_number"} if self.many > 1 else set()
        self.counts = [name for name in COUNTS if name in used]
        self.fixed = [*c.each, *self.counts]  # of each synapse, unchanged from the start
        self.variables = [*names, *self.fixed, *(["w"] if node.weight is not None else [])]
        taken = {n for side in (c.pre, c.post) for n in (*side.variables, *side.parameters)}
        taken |= {*self.counts} - {"synapse_number"}  # because Brian2 counts over all blocks
        self.own = {n: f"syn__{n}" if n in taken else n for n in self.variables}
        gate = c.name in switches.frozen and c.weight is not None
        self.gates = Gates(
            "learning__on" if gate else "", "sending__on" if c.name in switches.off else ""
        )
        fixed = {}
        for name, shown in added.names.get(c.name, {}).items():
            fixed[f"{name}_post"] = f"{shown}_post"  # of post equations
            fixed[name] = f"{shown}_post"  # of ports
        large = self.n_pre * self.n_post * self.many >= WORD
        scope = values.symbols.synapse_scope(c)
        self.code = ModelCode(
            values,
            c,
            scope,
            self.own,
            {"i": self.n_pre, "j": self.n_post, "N_pre": self.n_pre, "N_post": self.n_post},
            fixed,
            taken | values.held | set(self.own.values()),
            self.element(large),
            needs,
        )
        self.deliveries = Deliveries(
            self.code, c, self.handlers, self.own.get("w", "w"), self.gates.sending
        )
        if large:
            self.code.functions.add("functions_in_double")

    def element(self, large: bool) -> str:
        """Code for a synapse's number in its copy, which keys its draws; in double precision if it
        may not fit into Brian2's integers."""
        first = in_layer("i", self.n_pre)
        if self.many > 1:
            first = f"({self.own['synapse_number']}*{self.n_pre} + {first})"
        if large:
            first = in_double("", first)
        return f"({first}*{self.n_post} + j % {self.n_post})"

    @property
    def gates_used(self) -> tuple[str, ...]:
        return tuple(g for g in (self.gates.learning, self.gates.sending) if g)

    def is_trace(self, e: ast.Equation) -> bool:
        return event_driven(e, self.c, self.values.symbols)

    @property
    def sizes(self) -> dict[str, str]:
        """Code for the sizes of both layers."""
        return {"N_pre": repr(self.n_pre), "N_post": repr(self.n_post)}
