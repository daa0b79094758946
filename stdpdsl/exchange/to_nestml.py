"""Exports a rule as a synapse model in NESTML 9.

Anything that NESTML cannot express is an error at its place in the rule. NESTML computes in ms, mV
and pA, so every quantity is converted to these, exactly.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from ..dataclass import dataclass
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
    """The text of the model, for a rule without errors. CompileError lists everything that NESTML
    cannot express. `constants` are those of the rule's spec.
    """
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
        lines += ["", "Written by stdpdsl. All numbers are in NESTML's units."]
        if len(order) > 1:
            steps = ", then ".join(
                {"pre": "pre_spikes", "post": "post_spikes"}.get(o) or self.names[o] for o in order
            )
            lines += textwrap.wrap(
                f"Order in a time step: {steps}. NESTML's manual says that the higher priority"
                " comes first. NESTML 9.0's code for NEST, however, takes pre first only if pre has"
                " the lower priority. In a connection with `ties: post first`, pre and post come in"
                " the opposite order.",
                90,
            )
        for note in notes(self.rule, {**self.constants, **self.defaults}, self.names):
            lines += textwrap.wrap(note, 90)
        if self.names.changed:
            renamed = ", ".join(f"{old} is {new} here" for old, new in self.names.changed.items())
            lines += textwrap.wrap(f"Renamed, because NESTML reserves these words: {renamed}.", 90)
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
                f"the rule needs `{part.name.id}` of the target neuron at all times; a"
                " NESTML synapse reads its neuron at spikes only",
            )
        for equation in rule.post_equations:
            self.refuse(
                equation,
                "`post equations:` add variables to the target neuron, which a NESTML synapse"
                " cannot do",
            )
        for statement in rule.post_reset:
            self.refuse(
                statement,
                "`post reset:` changes the target neuron, which a NESTML synapse cannot do",
            )
        for port in rule.ports:
            if port.unit is not None:
                self.refuse(
                    port,
                    f"the port `{port.name.id}` is the value of another layer's variable,"
                    " which a NESTML synapse cannot read",
                )
        if not any(isinstance(n, ast.Deliver) for n in ast.walk(rule)):
            self.refuse(
                rule.name,
                f"`{rule.name.id}` delivers nothing; a NESTML synapse must emit a spike",
            )
        seen: set[str] = set()
        for handler in rule.handlers:
            if handler.side is not None:
                self.refuse(
                    handler.trigger,
                    f"`{handler.trigger.id}` is an event other than a spike, which a NESTML"
                    " synapse cannot receive",
                )
            elif handler.after is not None:
                self.refuse(
                    handler.after,
                    "a part of the rule runs some time after the spike; NESTML's handlers run"
                    " at the spike",
                )
            elif handler.trigger.id in seen:
                self.refuse(
                    handler.trigger,
                    f"there are two `on {handler.trigger.id}:` blocks; NESTML allows one"
                    " handler per port",
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
            self.refuse(equation, f"`{equation.name.id}` is not one number per synapse")
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
