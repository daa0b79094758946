"""A rule as a synapse model in NESTML 9.

What NESTML cannot say is refused with its place in the rule. The numbers of a model in NESTML are
numbers of ms, mV and pA, so every quantity is written in these, exactly.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from ..language import ast
from ..language.ast import Expr
from ..language.diagnostics import CompileError
from .dimensions import unit_dimension
from .nest_notes import notes
from .quantities import powers
from .to_nestml_statements import Statements, in_order


def export(
    rule: ast.Rule, preset: ast.Preset | None = None, constants: Iterable[ast.Assign] = ()
) -> str:
    """The model, as a text, of a rule in which nothing is wrong; CompileError with all that NESTML
    cannot say. `constants` are those of the rule's spec."""
    exporter = _Exporter(rule, preset, {a.name.id: a.value for a in constants})
    text = exporter.model()
    if exporter.problems:
        raise CompileError(exporter.problems)
    return text


@dataclass
class _Exporter(Statements):
    def model(self) -> str:
        rule = self.rule
        self.refuse_clauses()
        blocks: list[list[str]] = []
        parameters = self.declarations(in_order({**self.constants, **self.defaults}))
        state = [
            self.state(e)
            for e in rule.equations
            if e.kind != "subexpression" and e.name.id != self.clock
        ]
        equations = [line for e in rule.equations for line in self.equation(e)]
        blocks.append(_block("state", state))
        blocks.append(_block("parameters", parameters))
        blocks.append(_block("internals", self.declarations(self.internals.items())))
        blocks.append(_block("equations", equations))
        handled = {h.trigger.id for h in rule.handlers}
        ports = [p.name.id for p in rule.ports]
        inputs = ["pre_spikes <- spike", "post_spikes <- spike"]
        inputs += [f"{self.names[p]} <- spike" for p in ports]
        blocks.append(_block("input", inputs))
        blocks.append(_block("output", ["spike"]))
        order = [t for t in ("pre", "post", *ports) if t in handled]
        spikes = [h for h in rule.handlers if h.side is None]
        for handler in sorted(spikes, key=lambda h: _index(order, h.trigger.id)):
            blocks.append(self.handler(handler, len(order) - _index(order, handler.trigger.id)))
        blocks.append(_block("update", self.update()))
        body = "\n\n".join(
            "\n".join("    " + line if line else "" for line in b) for b in blocks if b
        )
        return f"{self.head(order)}model {self.name}:\n{body}\n"

    @property
    def name(self) -> str:
        base = self.rule.name.id + (f"_{self.preset.name.id}" if self.preset else "")
        return self.names.plain(base) + ("" if base.endswith("_synapse") else "_synapse")

    def head(self, order: list[str]) -> str:
        said = self.rule.doc.text if self.rule.doc else f"The rule {self.rule.name.id}."
        if self.preset:
            said += f"\n\nWith the parameters of its preset {self.preset.name.id}."
            said += f" {self.preset.doc.text}" if self.preset.doc else ""
        lines = [short for line in said.splitlines() for short in textwrap.wrap(line, 96) or [""]]
        lines += ["", "Written by stdpdsl. Numbers are of ms, mV and pA, as NESTML's are."]
        if len(order) > 1:
            steps = ", then ".join(
                {"pre": "pre_spikes", "post": "post_spikes"}.get(o) or self.names[o] for o in order
            )
            lines += textwrap.wrap(
                f"In one time step: {steps}; by NESTML's manual, the higher priority comes first."
                " The code for NEST that NESTML 9.0 makes takes pre first only if its priority is"
                " the lower. A connection with `ties: post first` has pre and post the other way"
                " round.",
                90,
            )
        for note in notes(self.rule, {**self.constants, **self.defaults}, self.names):
            lines += textwrap.wrap(note, 90)
        if self.names.changed:
            renamed = ", ".join(f"{old} is {new} here" for old, new in self.names.changed.items())
            lines += textwrap.wrap(
                f"Renamed, because NESTML has these words itself: {renamed}.", 90
            )
        if self.rule.method is not None:
            lines.append(
                f"The rule asks for the integrator {self.rule.method.id}; NESTML chooses its own."
            )
        return "".join(f"# {line}".rstrip() + "\n" for line in lines)

    def refuse_clauses(self) -> None:
        rule = self.rule
        for part in rule.requires:
            self.refuse(
                part,
                f"the rule needs `{part.name.id}` of the target neuron at all times; a synapse"
                " in NESTML reads its neuron at spikes only",
            )
        for equation in rule.post_equations:
            self.refuse(
                equation,
                "`post equations:` add variables to the target neuron, which a synapse"
                " in NESTML cannot",
            )
        for statement in rule.post_reset:
            self.refuse(
                statement,
                "`post reset:` changes the target neuron, which a synapse in NESTML cannot",
            )
        for port in rule.ports:
            if port.unit is not None:
                self.refuse(
                    port,
                    f"the port `{port.name.id}` is the value of another layer's variable, which"
                    " a synapse in NESTML cannot read",
                )
        if not any(isinstance(n, ast.Deliver) for n in ast.walk(rule)):
            self.refuse(
                rule.name,
                f"`{rule.name.id}` delivers nothing; a synapse in NESTML must emit a spike",
            )
        seen: set[str] = set()
        for handler in rule.handlers:
            if handler.side is not None:
                self.refuse(
                    handler.trigger,
                    f"`{handler.trigger.id}` is an event of a neuron other than a spike, which a"
                    " synapse in NESTML cannot receive",
                )
            elif handler.after is not None:
                self.refuse(
                    handler.after,
                    "a part of the rule runs a while after the spike; NESTML's"
                    " handlers run at the spike",
                )
            elif handler.trigger.id in seen:
                self.refuse(
                    handler.trigger,
                    f"there are two `on {handler.trigger.id}:`; NESTML has one"
                    " handler for each port",
                )
            seen.add(handler.trigger.id)

    def declarations(self, items: Iterable[tuple[str, Expr]]) -> list[str]:
        return [
            f"{self.names[n]} {self.type(self.dim(v), v)} = {self.expression(v)}" for n, v in items
        ]

    def state(self, equation: ast.Equation) -> str:
        name = self.names[equation.name.id]
        words = [f.name for f in equation.unit.factors]
        if words in (["integer"], ["boolean"]) or any(
            "shared" in words_of(f) for f in equation.flags
        ):
            self.refuse(equation, f"`{equation.name.id}` does not hold a number for each synapse")
        dim = unit_dimension(equation.unit)
        value = self.initial.get(equation.name.id)
        said = self.expression(value) if value is not None else "0"
        if value is None and not dim.is_none and powers(dim) is not None:
            said = self.printer().quantity("0", dim)
        low, high = self.limits(equation)
        guards = [f"({name} >= {low})" if low else "", f"({name} <= {high})" if high else ""]
        guard = " and ".join(g for g in guards if g)
        return f"{name} {self.type(dim, equation)} = {said}" + (f" [[{guard}]]" if guard else "")

    def equation(self, equation: ast.Equation) -> list[str]:
        if equation.rhs is None:
            return []
        name = self.names[equation.name.id]
        said = self.expression(equation.rhs)
        if equation.kind == "ode":
            return [f"{name}' = {said}"]
        return [f"inline {name} {self.type(unit_dimension(equation.unit), equation)} = {said}"]


def _block(head: str, lines: list[str]) -> list[str]:
    return [f"{head}:", *("    " + line for line in lines)] if lines else []


def _index(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def words_of(flag: tuple[ast.Ident, ...]) -> tuple[str, ...]:
    return tuple(word.id for word in flag)
