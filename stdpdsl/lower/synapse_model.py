"""The equations of synapses: which variables are integrated, which are updated by events, which are
summed."""

from __future__ import annotations

from functools import cached_property

from ..check.exact import Model
from ..check.integration import Integration, changing, integration
from ..ir import Equation, Trace
from ..language import ast
from .advance import advanced
from .equations import lower_equation, trace_now, unit_of
from .synapses import Synapses


class SynapseModel:
    def __init__(self, synapses: Synapses):
        self.synapses, self.values, self.code = synapses, synapses.values, synapses.code
        self.c, self.node, self.post = synapses.c, synapses.node, synapses.post
        self.equations, self.own, self.fixed = synapses.equations, synapses.own, synapses.fixed
        self.gates, self.switches = synapses.gates, synapses.switches

    def integration(self) -> Integration | None:
        """How the variables that are integrated at each step are solved."""
        clock = [e for e in self.equations if e.kind == "ode" and not self.synapses.is_trace(e)]
        if not clock or self.c.rule is None:
            return None
        stepwise = [
            ast.renamed(e, self.own)
            for e in self.equations
            if e in clock or e.kind == "subexpression"
        ]
        model = Model(self.c.rule.method, stepwise)
        return integration([model], changing(self.code.scope), self.c, self.values.in_phases)

    def model(self) -> tuple[list[Equation], list[Trace]]:
        equations: list[Equation] = []
        traces: list[Trace] = []
        for e in self.equations:
            name = e.name.id
            if self.synapses.is_trace(e):
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

    # Variables that the rule's `advance:` brings up to date

    @cached_property
    def advanced(self) -> dict[str, ast.Expr]:
        """The stored variables as they are at `t`, in terms of the stored values."""
        self.kept_alive = found = advanced(
            self.synapses.advance, self.synapses.bounds, self.values.checked.types
        )
        return {name: value for name, value in found.items() if name in self.own}

    def now_in_model(self, name: str) -> str:
        """The same in Brian2's language."""
        traces = {
            e.name.id: f"({trace_now(e, self.code.show, self.own[e.name.id])})"
            for e in self.equations
            if self.synapses.is_trace(e)
        }
        text = self.code.show(self.advanced[name], **traces)
        gate = self.gates.learning if name == self.c.weight else ""
        return f"{gate}*({text}) + (1 - {gate})*{self.own[name]}" if gate else f"({text})"

    def advanced_traces(self) -> list[Trace]:
        """The same in NumPy, at the end of the run."""
        stored = {n: f"s[{own!r}]" for n, own in self.own.items()}
        stored |= {
            e.name.id: self.trace(e).code for e in self.equations if self.synapses.is_trace(e)
        }
        stored |= {"t": "t", "i": "edges.i", "j": "edges.j", **self.synapses.sizes}
        return [
            Trace(
                name=self.own[name],
                code=self.values.code(value, self.c, stored, "edges.copy"),
                now=f"{self.own[name]}__now",
                advanced=True,
            )
            for name, value in self.advanced.items()
            if not (name == self.c.weight and self.switches.frozen_at_end(self.c.name))
        ]

    def advanced_equations(self) -> list[Equation]:
        """Variables with the advanced values: `x__now` for recording and for the ends of phases;
        `x__then` stores it when a phase ends and the synapse itself is brought up to date."""
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

    # Continuous deliveries

    def summed(self) -> list[tuple[str, Equation]]:
        """(variable of the target, its equation here) of each continuous delivery."""
        found = []
        for d in self.node.delivery:
            if d.continuously and d.value is not None:
                name = self.synapses.added.layers[self.post.name].summed[d.target.id][self.c.name]
                unit = self.values.unit(self.post.variables[d.target.id])
                text = self.code.show(d.value, **{n: self.now_in_model(n) for n in self.advanced})
                text = f"{self.gates.sending}*({text})" if self.gates.sending else text
                sum_there = Equation(f"{name}_post", "computed", unit, rhs=text, flags=("summed",))
                found.append((name, sum_there))
        return found
