"""Connections: synapses with their rule, their pathways and their delays."""

from __future__ import annotations

from ..ir import Connection, Equation, Every, Normalisation, constant
from ..language import ast
from .model_code import assignment
from .pathways import Pathways
from .patterns import lower_pattern
from .synapse_model import SynapseModel
from .synapse_values import SynapseValues
from .synapses import PATHWAYS, Synapses


class ConnectionLowering:
    def __init__(self, synapses: Synapses):
        self.synapses, self.values, self.code = synapses, synapses.values, synapses.code
        self.c, self.node, self.own = synapses.c, synapses.node, synapses.own
        self.bounds, self.gates = synapses.bounds, synapses.gates
        self.model, self.first = SynapseModel(synapses), SynapseValues(synapses)

    def lower(self) -> Connection:
        c, node, synapses = self.c, self.node, self.synapses
        equations, traces = self.model.model()
        pathways = Pathways(synapses).pathways()
        summed = self.model.summed()
        regular = self.regular()
        clipped = self.clipped()
        choice = lower_pattern(self.values, c, synapses.n_pre, synapses.n_post)
        equations += self.held()
        equations += [equation for _, equation in summed]
        equations += self.given()
        return Connection(
            name=c.name,
            pre=synapses.pre.name,
            post=synapses.post.name,
            shared=c.scope == "shared",
            couples=c.couples,
            choose=choice.code,
            pairs=choice.pairs,
            draws=choice.draws,
            same=choice.same,
            equations=tuple(equations),
            varying=self.code.varying,
            namespace=self.code.namespace,
            pathways=tuple(pathways),
            every=tuple(regular),
            normalise=tuple(self.normalisations()),
            integration=self.model.integration(),
            initial=tuple(self.first.initial()),
            axonal=self.first.delay(node.axonal_delay, "delay", swept=not node.sweeps_dendritic),
            dendritic=self.first.delay(
                node.dendritic_delay, "dendritic delay", swept=node.sweeps_dendritic
            ),
            weight=self.own.get(c.weight) if c.weight else None,
            state=tuple(self.state()),
            traces=tuple(traces),
            bounds=self.first.weight_bounds(),
            summed=tuple(name for name, _ in summed),
            gates=synapses.gates_used,
            held=synapses.deliveries.most_under_way() if synapses.deliveries.variables else 0,
            functions=tuple(sorted(self.code.functions)),
            clipped=clipped,
            many=synapses.many,
        )

    def held(self) -> list[Equation]:
        """What waits at the synapses to be delivered."""
        return [Equation(name, "stored", u) for name, u in self.synapses.deliveries.variables]

    def given(self) -> list[Equation]:
        """Values that are not part of the rule: the switches of phases, and parameters of each
        synapse."""
        c, switch = self.c, ("shared", "constant")
        found = [Equation(gate, "stored", "1", flags=switch) for gate in self.synapses.gates_used]
        for n in self.synapses.fixed:
            unit = self.values.unit(c.variables[n]) if n in c.each else "1"
            found.append(constant(self.own[n], unit))
        return found

    def state(self) -> list[str]:
        """All stored variables."""
        rule = [self.own[e.name.id] for e in self.synapses.equations if e.kind != "subexpression"]
        weight = [] if self.node.weight is None else [self.own["w"]]
        return [*rule, *(self.own[n] for n in self.synapses.fixed), *weight]

    # Code that runs regularly

    def regular(self) -> list[Every]:
        clocked = [e for e in self.synapses.equations if not self.synapses.is_trace(e)]
        found = self.code.clipped(f"{self.c.name}__bounds", clocked)
        for number, item in enumerate(self.node.every):
            body = [s for s in item.body if not isinstance(s, ast.Normalise)]
            body = [*self.synapses.advance, *body]
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
                        order=self.order(number),
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
                extra = {"i": "i", "j": "i", **self.synapses.sizes}

                def code(expr: ast.Expr, extra: dict[str, str] = extra) -> str:
                    return self.values.code(expr, self.c, extra, "copy")

                found.append(
                    Normalisation(
                        name=f"{self.c.name}__normalise_{number}",
                        side=s.side.id,
                        size=self.synapses.n_pre if s.side.id == "pre" else self.synapses.n_post,
                        period=self.values.code(item.period, self.c),
                        unit=unit,
                        goal=code(s.total),
                        low=code(bounds.low) if bounds else None,
                        high=code(bounds.high) if bounds else None,
                        gated=bool(gate),
                        add=f"total_pre += {own}_post",
                        scale=assignment(f"{own}_post", "=", scaled, gate, ends),
                        order=self.order(number),
                    )
                )
        return found

    def order(self, number: int) -> int:
        """The order of the first statement of an `every`, in its slot of a step."""
        return PATHWAYS * (1000 + self.synapses.place) + 4 * number

    def clipped(self) -> tuple[tuple[str, str], ...]:
        """Bounded variables whose bounds phases may move, each with the code that clips it."""
        if self.c.name not in self.synapses.switches.set:
            return ()
        ends = ((self.own[name], self.code.ends(bounds)) for name, bounds in self.bounds.items())
        return tuple((own, f"clip({own}, {end[0]}, {end[1]})") for own, end in ends if end)
