"""Connections: synapses with their rule, their pathways and their delays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

from ..check.exact import Integration, Model, changing, integration
from ..check.order import dependency_order, names_in
from ..check.symbols import COUNTS, Component
from ..check.traces import event_driven
from ..ir import (
    Connection,
    Equation,
    Every,
    Initial,
    Normalisation,
    Pathway,
    Phase,
    Trace,
    constant,
)
from ..language import ast
from .additions import PORTS_WHEN, Additions
from .advance import advanced
from .deliveries import Deliveries
from .equations import lower_equation, trace_now, unit_of
from .expressions import WORD, in_double
from .layers import size_of
from .model_code import Gates, ModelCode, Needs, assignment
from .patterns import lower_pattern
from .values import Values, used_names

# Pathways of one connection are this far apart in the order of a step from those of the next.
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


@dataclass(frozen=True)
class Way:
    """A pathway whose place in the step is not known yet."""

    name: str
    lines: list[str]
    delay: str
    event: str = ""


class ConnectionLowering:
    """One connection. `place` is its number in the order of declaration, of `count`."""

    def __init__(
        self, values: Values, c: Component, place: int, count: int, needs: Needs,
        added: Additions, switches: Switches,
    ):  # fmt: skip
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
        self.fixed = [*c.each, *self.counts]  # of each synapse, as it is from the start
        self.variables = [*names, *self.fixed, *(["w"] if node.weight is not None else [])]
        taken = {n for side in (c.pre, c.post) for n in (*side.variables, *side.parameters)}
        taken |= {*self.counts} - {"synapse_number"}  # which Brian2 counts over all blocks
        self.own = {n: f"syn__{n}" if n in taken else n for n in self.variables}
        gate = c.name in switches.frozen and c.weight is not None
        self.gates = Gates(
            "learning__on" if gate else "", "sending__on" if c.name in switches.off else ""
        )
        fixed = {
            "i": f"(i % {self.n_pre})", "j": f"(j % {self.n_post})",
            "N_pre": str(self.n_pre), "N_post": str(self.n_post),
        }  # fmt: skip
        for name, shown in added.names.get(c.name, {}).items():
            fixed[f"{name}_post"] = f"{shown}_post"  # of post equations
            fixed[name] = f"{shown}_post"  # of ports
        first = f"(i % {self.n_pre})"
        large = self.n_pre * self.n_post * self.many >= WORD
        if self.many > 1:
            first = f"({self.own['synapse_number']}*{self.n_pre} + {first})"
        if large:
            first = in_double("", first)
        element = f"({first}*{self.n_post} + j % {self.n_post})"
        scope = values.symbols.synapse_scope(c)
        self.code = ModelCode(
            values, c, scope, self.own, fixed, taken | values.held | set(self.own.values()),
            element, needs,
        )  # fmt: skip
        self.deliveries = Deliveries(
            self.code, c, self.handlers, self.own.get("w", "w"), self.gates.sending
        )
        if large:
            self.code.functions.add("functions_in_double")

    def lower(self) -> Connection:
        c, node, values = self.c, self.node, self.values
        model, traces = self.model()
        pathways = self.pathways()
        summed = self.summed()
        regular = self.regular()
        clipped = self.clipped()
        choice = lower_pattern(values, c, self.n_pre, self.n_post)
        model += [Equation(name, "stored", unit) for name, unit in self.deliveries.variables]
        model += [equation for _, equation in summed]
        switch = ("shared", "constant")
        model += [Equation(gate, "stored", "1", flags=switch) for gate in self.gates_used]
        units = {n: values.unit(c.variables[n]) if n in c.each else "1" for n in self.fixed}
        model += [constant(self.own[n], units[n]) for n in self.fixed]
        stored = [self.own[e.name.id] for e in self.equations if e.kind != "subexpression"]
        stored += [self.own[n] for n in self.fixed]
        if node.weight is not None:
            stored.append(self.own["w"])
        return Connection(
            name=c.name,
            pre=self.pre.name,
            post=self.post.name,
            shared=c.scope == "shared",
            couples=c.couples,
            choose=choice.code,
            pairs=choice.pairs,
            draws=choice.draws,
            same=choice.same,
            equations=tuple(model),
            varying=self.code.varying,
            namespace=self.code.namespace,
            pathways=tuple(pathways),
            every=tuple(regular),
            normalise=tuple(self.normalisations()),
            integration=self.integration(),
            initial=tuple(self.initial()),
            axonal=self.delay(node.axonal_delay, "delay", swept=not node.sweeps_dendritic),
            dendritic=self.delay(
                node.dendritic_delay, "dendritic delay", swept=node.sweeps_dendritic
            ),
            weight=self.own.get(c.weight) if c.weight else None,
            state=tuple(stored),
            traces=tuple(traces),
            bounds=self.weight_bounds(),
            summed=tuple(name for name, _ in summed),
            gates=self.gates_used,
            held=self.deliveries.most_under_way() if self.deliveries.variables else 0,
            functions=tuple(sorted(self.code.functions)),
            clipped=clipped,
            many=self.many,
        )

    @property
    def gates_used(self) -> tuple[str, ...]:
        return tuple(g for g in (self.gates.learning, self.gates.sending) if g)

    # The model

    def integration(self) -> Integration | None:
        """How what is integrated at each step is."""
        clock = [e for e in self.equations if e.kind == "ode" and not self.is_trace(e)]
        if not clock or self.c.rule is None:
            return None
        stepwise = [ast.renamed(e, self.own) for e in self.equations
                    if e in clock or e.kind == "subexpression"]  # fmt: skip
        model = Model(self.c.rule.method, stepwise)
        return integration([model], changing(self.code.scope), self.c, self.values.in_phases)

    def is_trace(self, e: ast.Equation) -> bool:
        return event_driven(e, self.c, self.values.symbols)

    def model(self) -> tuple[list[Equation], list[Trace]]:
        equations: list[Equation] = []
        traces: list[Trace] = []
        for e in self.equations:
            name = e.name.id
            if self.is_trace(e):
                equations.append(
                    lower_equation(e, self.code.show, self.own[name], flags=["event-driven"])
                )
                trace = self.trace(e)
                traces.append(trace)
                recorded = (self.c.name, name) in self.switches.recorded
                if recorded or self.c.name in self.switches.set:
                    now = trace_now(e, self.code.show, self.own[name])
                    equations.append(Equation(trace.now, "computed", unit_of(e), rhs=now))
                continue
            gate = self.gates.learning if name == self.c.weight and e.kind == "ode" else ""
            flags = ["clock-driven"] if e.kind == "ode" else []
            equations.append(lower_equation(e, self.code.show, self.own[name], gate, flags))
        if self.node.weight is not None:
            unit = self.values.unit(self.c.variables["w"])
            equations.append(Equation(self.own["w"], "stored", unit))
        return equations + self.advanced_equations(), traces + self.advanced_traces()

    def trace(self, e: ast.Equation) -> Trace:
        rhs = e.rhs
        assert rhs is not None

        def rate(value: str) -> str:
            names = {n: f"s[{self.own[n]!r}]" for n in self.fixed} | {e.name.id: value}
            return self.values.code(rhs, self.c, names, "edges.copy")

        own = self.own[e.name.id]
        age = "t - s['lastupdate']"
        code = f"relaxed(s[{own!r}], {rate('0.0')}, {rate('1.0')}, {age})"
        return Trace(name=own, code=code, now=f"{own}__now")

    # What the rule's `advance:` brings up to date

    @cached_property
    def advanced(self) -> dict[str, ast.Expr]:
        """The stored variables as they are at `t`, in terms of what is stored."""
        self.kept_alive = found = advanced(self.advance, self.bounds, self.values.checked.types)
        return {name: value for name, value in found.items() if name in self.own}

    def now_in_model(self, name: str) -> str:
        """In Brian2's language."""
        traces = {e.name.id: f"({trace_now(e, self.code.show, self.own[e.name.id])})"
                  for e in self.equations if self.is_trace(e)}  # fmt: skip
        text = self.code.show(self.advanced[name], **traces)
        gate = self.gates.learning if name == self.c.weight else ""
        return f"{gate}*({text}) + (1 - {gate})*{self.own[name]}" if gate else f"({text})"

    def advanced_traces(self) -> list[Trace]:
        """The same in NumPy, at the end of the run."""
        stored = {n: f"s[{own!r}]" for n, own in self.own.items()}
        stored |= {e.name.id: self.trace(e).code for e in self.equations if self.is_trace(e)}
        stored |= {"t": "t", "i": "edges.i", "j": "edges.j", "N_pre": repr(self.n_pre),
                   "N_post": repr(self.n_post)}  # fmt: skip
        return [
            Trace(name=self.own[name], code=self.values.code(value, self.c, stored, "edges.copy"),
                  now=f"{self.own[name]}__now", advanced=True)
            for name, value in self.advanced.items()
            if not (name == self.c.weight and self.switches.frozen_at_end(self.c.name))
        ]  # fmt: skip

    def advanced_equations(self) -> list[Equation]:
        """Variables of the model that have what was advanced: where it is recorded, and where a
        phase ends, at which the synapse itself is."""
        found = []
        for name, own in self.own.items():
            recorded = (self.c.name, name) in self.switches.recorded
            if name not in self.advanced or not (recorded or self.switches.several):
                continue
            unit = self.values.unit(self.c.variables[name])
            found.append(Equation(f"{own}__now", "computed", unit, rhs=self.now_in_model(name)))
            if self.switches.several:
                found.append(Equation(f"{own}__then", "stored", unit))
        return found

    # Pathways

    def pathways(self) -> list[Pathway]:
        """In the order of a step: all of the pre side, of the post side, of the ports."""
        due: list[str] = []  # what arrives a dendritic delay after `pre`
        body = {"pre": [] if self.c.rule else self.deliveries.lines(due, set()), "post": []}
        later: dict[str, list[Way]] = {"pre": [], "post": []}
        ports: list[Pathway] = []
        number = 0
        for handler in self.handlers:
            trigger = handler.trigger.id
            arriving = due if handler.after is None else []
            lines = self.code.statements(
                handler.body, self.bounds, partial(self.deliveries.lines, arriving),
                self.c.weight, self.gates,
            )  # fmt: skip
            if handler.after is not None or handler.side is not None:
                side = handler.side.id if handler.side is not None else trigger
                end = "axonal" if side == "pre" else "dendritic"
                delay = f"edges.{end}" if self.has_delay(side) else ""
                if handler.after is not None:
                    after = self.values.code(handler.after, self.c, index="edges.copy")
                    delay = f"edges.{end} + {self.delays(after)}"
                number += 1
                event = trigger if handler.side is not None else ""
                way = Way(f"{event}__{side}_{number}" if event else f"{side}_{number}", lines,
                          delay, event)  # fmt: skip
                later[side] += [way] if event else self.with_arrival(way, delay, arriving)
            elif trigger in body:
                body[trigger] += lines
            else:
                event, order = self.added.events[self.c.name, trigger]
                name = f"on__{trigger}"
                ports.append(
                    Pathway(
                        name=name,
                        side="post",
                        statements=tuple(lines),
                        order=order + 1,
                        delay="",
                        event=event,
                        when=PORTS_WHEN,
                    )
                )
        pre = Way("pre", body["pre"], "edges.axonal" if self.has_axonal else "")
        post = Way("post", body["post"], "edges.dendritic" if self.has_delay("post") else "")
        ways = {
            "pre": [*self.with_arrival(pre, "edges.axonal", due), *later["pre"]],
            "post": [post, *later["post"]],
        }
        return [
            *(
                Pathway(
                    name=way.name,
                    side=side,
                    statements=tuple(way.lines),
                    order=self.order(side) + place,
                    delay=way.delay,
                    event=way.event,
                )
                for side in ways
                for place, way in enumerate(ways[side])
                if way.lines
            ),
            *ports,
        ]

    def with_arrival(self, way: Way, delay: str, arriving: list[str]) -> list[Way]:
        """A pathway, and what arrives a dendritic delay later; that may be no time at all. What
        is held is put aside before it arrives; else it arrives where `pre` would deliver it."""
        if not arriving:
            return [way]
        name = way.name.replace("pre", "arrival")
        arrival = Way(name, arriving, f"{delay} + edges.dendritic")
        return [way, arrival] if self.deliveries.holds else [arrival, way]

    def has_delay(self, side: str) -> bool:
        """Whether spikes and events of a side come later."""
        return self.has_axonal if side == "pre" else self.node.dendritic_delay is not None

    @property
    def has_axonal(self) -> bool:
        swept = (self.c.name, "delay") in self.values.by_target
        return self.node.axonal_delay is not None or (swept and not self.node.sweeps_dendritic)

    def order(self, side: str) -> int:
        """All pre pathways come before all post pathways; `ties` exchanges one connection's."""
        last = self.node.ties is not None and self.node.ties.id == "post"
        late = (side == "post") != last
        return PATHWAYS * (self.place + (self.count if late else 0))

    # What is delivered continuously

    def summed(self) -> list[tuple[str, Equation]]:
        """(variable of the target, its equation here) of what is delivered continuously."""
        found = []
        for d in self.node.delivery:
            if d.continuously and d.value is not None:
                name = self.added.layers[self.post.name].summed[d.target.id][self.c.name]
                unit = self.values.unit(self.post.variables[d.target.id])
                text = self.code.show(d.value, **{n: self.now_in_model(n) for n in self.advanced})
                text = f"{self.gates.sending}*({text})" if self.gates.sending else text
                sum_there = Equation(f"{name}_post", "computed", unit, rhs=text, flags=("summed",))
                found.append((name, sum_there))
        return found

    # What runs regularly

    def regular(self) -> list[Every]:
        clocked = [e for e in self.equations if not self.is_trace(e)]
        found = self.code.clipped(f"{self.c.name}__bounds", clocked)
        for number, item in enumerate(self.node.every):
            body = [s for s in item.body if not isinstance(s, ast.Normalise)]
            body = [*self.advance, *body]
            if body:
                found.append(
                    Every(
                        name=f"{self.c.name}__every_{number}",
                        period=self.values.code(item.period, self.c),
                        statements=tuple(
                            self.code.statements(
                                body, self.bounds, weight=self.c.weight, gates=self.gates
                            )
                        ),
                        order=PATHWAYS * (1000 + self.place) + 4 * number,
                    )
                )
        return found

    def normalisations(self) -> list[Normalisation]:
        found = []
        for number, item in enumerate(self.node.every):
            for s in item.body:
                if not isinstance(s, ast.Normalise):
                    continue
                name = s.variable.id
                own, bounds = self.own[name], self.bounds.get(name)
                unit = self.values.unit(self.c.variables[name])
                zero = "0" if unit == "1" else f"0*{unit}"
                scaled = f"{own}_post*(goal_pre/(total_pre + int(total_pre == {zero})*goal_pre))"
                gate = "learning_pre" if self.gates.learning and name == self.c.weight else ""
                ends = ("low_pre", "high_pre") if bounds else None
                extra = {"i": "i", "j": "i", "N_pre": repr(self.n_pre), "N_post": repr(self.n_post)}

                def code(expr: ast.Expr, extra: dict[str, str] = extra) -> str:
                    return self.values.code(expr, self.c, extra, "copy")

                found.append(
                    Normalisation(
                        name=f"{self.c.name}__normalise_{number}",
                        side=s.side.id,
                        size=self.n_pre if s.side.id == "pre" else self.n_post,
                        period=self.values.code(item.period, self.c),
                        unit=unit,
                        goal=code(s.total),
                        low=code(bounds.low) if bounds else None,
                        high=code(bounds.high) if bounds else None,
                        gated=bool(gate),
                        add=f"total_pre += {own}_post",
                        scale=assignment(f"{own}_post", "=", scaled, gate, ends),
                        order=PATHWAYS * (1000 + self.place) + 4 * number,
                    )
                )
        return found

    # First values

    def pair_names(self, expr: ast.Expr) -> Mapping[str, str]:
        """`i`, `j` and the layers' first values, at each synapse."""
        extra = {
            "i": "edges.i", "j": "edges.j", "N_pre": repr(self.n_pre), "N_post": repr(self.n_post)
        }  # fmt: skip
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
        return {name: f"edges.values[{self.own[name]!r}]" for name in self.fixed}

    def value(self, name: str, expr: ast.Expr, variable: str, phase: bool = False) -> Initial:
        first = {n: f"edges.values[{self.own[n]!r}]" for n in self.first_values if n != name}
        names = {**self.pair_names(expr), **self.each_synapse(), **first}
        return self.values.initial(
            name, expr, self.c, "edges.copy", names, self.bounds.get(name), variable, phase
        )

    def initial(self) -> list[Initial]:
        counted = {"N_incoming": "synapses_per_neuron(edges.copy, edges.j)",
                   "N_outgoing": "synapses_per_neuron(edges.copy, edges.i)",
                   "synapse_number": "edges.number"}  # fmt: skip
        found = [Initial(variable=self.own[n], code=counted[n]) for n in self.counts]
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

    def delays(self, code: str) -> str:
        """Code of whole steps (s) from that of a delay."""
        return f"delays(x, {code}, len(edges.i), {self.c.name!r})"

    def clipped(self) -> tuple[tuple[str, str], ...]:
        """Bounded variables where phases may move the bounds, each with what puts it inside."""
        if self.c.name not in self.switches.set:
            return ()
        ends = ((self.own[name], self.code.ends(bounds)) for name, bounds in self.bounds.items())
        return tuple((own, f"clip({own}, {end[0]}, {end[1]})") for own, end in ends if end)

    def weight_bounds(self) -> tuple[str, str] | None:
        bounds = self.bounds.get(self.c.weight or "")
        if bounds is None:
            return None
        extra = {
            "i": "edges.i", "j": "edges.j", "N_pre": repr(self.n_pre), "N_post": repr(self.n_post)
        }  # fmt: skip
        extra |= self.each_synapse()
        return (
            self.values.code(bounds.low, self.c, extra, "edges.copy"),
            self.values.code(bounds.high, self.c, extra, "edges.copy"),
        )
