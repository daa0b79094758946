"""A rule as a synapse model in NESTML 9.

What NESTML cannot say is refused with its place in the rule. The numbers of a model in NESTML are
numbers of ms, mV and pA, so every quantity is written in these, exactly.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..language import ast
from ..language.ast import Expr
from ..language.diagnostics import CompileError, Diagnostic
from ..language.units import Dim, lookup
from .dimensions import dimension, unit_dimension
from .expressions import Printed
from .names import Names
from .nest_notes import notes
from .quantities import powers, type_name


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
class _Exporter:
    rule: ast.Rule
    preset: ast.Preset | None
    of_spec: Mapping[str, Expr]  # constants
    problems: list[Diagnostic] = field(default_factory=list)

    def __post_init__(self) -> None:
        rule = self.rule
        self.variables = {e.name.id: e for e in rule.equations}
        self.defaults = {p.name.id: p.value for p in rule.parameters}
        for item in self.preset.values if self.preset else ():
            self.defaults[item.name.id] = item.value
        self.initial = {a.name.id: a.value for a in rule.initial}
        self.constants = self.used_constants()
        self.clock = self.clock_of_advance()
        self.known = {n: unit_dimension(e.unit) for n, e in self.variables.items()}
        for name, value in _in_order({**self.constants, **self.defaults}):
            self.known[name] = dimension(value, self.known)
        needed = [r.name.id for r in rule.requires] + [e.name.id for e in rule.post_equations]
        self.of_target = {f"{name}_post" for name in needed}
        self.internals = dict(self.fixed_locals())
        own = [*self.defaults, *self.constants, *self.internals, *self.variables]
        own += [p.name.id for p in rule.ports]
        self.names = Names(own, ("pre_spikes", "post_spikes", rule.name.id))

    def refuse(self, node: ast.Node, message: str, help: str = "") -> None:
        if isinstance(node, ast.Name) and node.id in self.of_target:
            return  # which was refused where it is declared
        self.problems.append(Diagnostic("", node.span, message, help=help))

    # What there is

    def used_constants(self) -> dict[str, Expr]:
        """The spec's constants that the rule uses, each before those that use it."""
        known = self.of_spec
        own = {*self.defaults, *self.variables}
        found: dict[str, Expr] = {}

        def visit(node: ast.Node) -> None:
            for part in ast.walk(node):
                if isinstance(part, ast.Name) and part.id in known and part.id not in own:
                    if part.id not in found:
                        visit(known[part.id])
                        found[part.id] = known[part.id]

        visit(self.rule)
        for value in self.defaults.values():
            visit(value)
        return found

    def clock_of_advance(self) -> str | None:
        """The variable that keeps the time of the last update: `last = t` ends `advance:`, and all
        else reads it as `t - last` there."""
        last = self.rule.advance[-1] if self.rule.advance else None
        if not (isinstance(last, ast.Update) and last.op == "=" and _is_name(last.value, "t")):
            return None
        name = last.target.id
        if name not in self.variables or name in self.initial:
            return None
        reads = sum(_is_name(n, name) for n in ast.walk(self.rule))
        since = sum(_is_since(n, name) for s in self.rule.advance[:-1] for n in ast.walk(s))
        writes = sum(isinstance(n, ast.Update) and n.target.id == name for n in ast.walk(self.rule))
        return name if reads == since and writes == 1 else None

    def fixed_locals(self) -> Iterator[tuple[str, Expr]]:
        """Locals of `advance:` that depend on parameters alone: handlers may read them, too."""
        fixed = {*self.defaults, *self.constants}
        counts = Counter(s.target.id for s in self.rule.advance if isinstance(s, ast.Update))
        for s in self.rule.advance:
            if isinstance(s, ast.Update) and s.op == "=" and s.target.id not in self.variables:
                names = {n.id for n in ast.walk(s.value) if isinstance(n, ast.Name)}
                if counts[s.target.id] == 1 and all(n in fixed or lookup(n) for n in names):
                    fixed.add(s.target.id)
                    self.known[s.target.id] = dimension(s.value, self.known)
                    yield s.target.id, s.value

    # The model

    def model(self) -> str:
        rule = self.rule
        self.refuse_clauses()
        blocks: list[list[str]] = []
        parameters = self.declarations(_in_order({**self.constants, **self.defaults}))
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
                    f"`{handler.trigger.id}` is an event of a neuron that is no spike, of which a"
                    " synapse in NESTML knows nothing",
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

    def dim(self, expr: Expr) -> Dim:
        return dimension(expr, self.known)

    def type(self, dim: Dim, node: ast.Node) -> str:
        if powers(dim) is None:
            self.refuse(node, f"NESTML has no unit for a {dim.describe()} here")
            return "real"
        return type_name(dim)

    def declarations(self, items: Iterable[tuple[str, Expr]]) -> list[str]:
        return [
            f"{self.names[n]} {self.type(self.dim(v), v)} = {self.expression(v)}" for n, v in items
        ]

    def state(self, equation: ast.Equation) -> str:
        name = self.names[equation.name.id]
        words = [f.name for f in equation.unit.factors]
        if words in (["integer"], ["boolean"]) or any(
            "shared" in _words(f) for f in equation.flags
        ):
            self.refuse(equation, f"`{equation.name.id}` is no number of each synapse")
        dim = unit_dimension(equation.unit)
        value = self.initial.get(equation.name.id)
        said = self.expression(value) if value is not None else "0"
        if value is None and not dim.is_none and powers(dim) is not None:
            said = self.printer().quantity("0", dim)
        low, high = self.limits(equation)
        guards = [f"({name} >= {low})" if low else "", f"({name} <= {high})" if high else ""]
        guard = " and ".join(g for g in guards if g)
        return f"{name} {self.type(dim, equation)} = {said}" + (f" [[{guard}]]" if guard else "")

    def limits(self, equation: ast.Equation) -> tuple[str, str]:
        """Those of `in [low, high]`; empty where there is none."""
        if equation.bounds is None:
            return "", ""
        low, high = equation.bounds.low, equation.bounds.high
        printer = self.printer()
        endless = isinstance(low, ast.Unary) and _is_name(low.operand, "inf")
        return (
            "" if endless else printer.real(low),
            "" if _is_name(high, "inf") else printer.real(high),
        )

    def equation(self, equation: ast.Equation) -> list[str]:
        if equation.rhs is None:
            return []
        name = self.names[equation.name.id]
        said = self.expression(equation.rhs)
        if equation.kind == "ode":
            return [f"{name}' = {said}"]
        return [f"inline {name} {self.type(unit_dimension(equation.unit), equation)} = {said}"]

    # Statements

    def printer(self, local: Mapping[str, str] | None = None, time: bool = True) -> Printed:
        draws = local is not None and time
        return Printed(self.names, local or {}, self.refuse, self.dim, self.clock, draws, time)

    def expression(self, expr: Expr) -> str:
        return self.printer().print(expr)

    def handler(self, handler: ast.Handler, priority: int) -> list[str]:
        trigger = handler.trigger.id
        port = {"pre": "pre_spikes", "post": "post_spikes"}.get(trigger) or self.names[trigger]
        body = handler.body
        if trigger not in ("pre", "post"):
            body = tuple(self.of_one_spike(trigger, body))
        said = f", priority={priority}" if len(self.rule.handlers) > 1 else ""
        return [f"onReceive({port}{said}):", *("    " + line for line in self.statements(body))]

    def of_one_spike(self, port: str, body: tuple[ast.Statement, ...]) -> Iterator[ast.Statement]:
        """NESTML's handler runs for each spike, ours once for all of a step: the same where each
        adds its share to what the handler does not read."""
        if not any(_is_name(n, port) for s in body for n in ast.walk(s)):
            yield from body  # once in a step, however many spikes: NESTML's for each
            return
        written = {s.target.id for s in body if isinstance(s, ast.Update)}
        for statement in body:
            read = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
            if isinstance(statement, ast.Update) and statement.op in ("+=", "-="):
                one = None if read & written else _without_factor(statement.value, port)
                if one is not None:
                    yield replace(statement, value=one)
                    continue
            self.refuse(
                statement,
                f"NESTML handles each spike of `{port}` by itself, so the number of spikes can only"
                f" be a factor of what is added: `x += {port}*...`",
            )

    def update(self) -> list[str]:
        lines = []
        if any(e.kind == "ode" for e in self.rule.equations):
            lines.append("integrate_odes()")
        for equation in self.rule.equations:
            if equation.kind == "ode":
                lines += self.clipped(equation.name.id)
        body = [
            s
            for s in (self.rule.advance[:-1] if self.clock else self.rule.advance)
            if not (isinstance(s, ast.Update) and s.target.id in self.internals)
        ]
        return lines + self.statements(body, time=False)

    def statements(self, body: Iterable[ast.Statement], time: bool = True) -> list[str]:
        local: dict[str, str] = {}
        lines: list[str] = []
        for statement in body:
            printer = self.printer(local, time)
            if isinstance(statement, ast.Deliver):
                lines.append(self.delivery(statement, printer))
            elif isinstance(statement, ast.Update):
                name = statement.target.id
                said = printer.print(statement.value)
                if name in self.variables:
                    lines.append(f"{self.names[name]} {statement.op} {said}")
                    lines += self.clipped(name)
                elif name in local:
                    lines.append(f"{local[name]} {statement.op} {said}")
                else:
                    local[name] = self.names.new(name)
                    dim = self.known[name] = self.dim(statement.value)
                    lines.append(f"{local[name]} {self.type(dim, statement)} = {said}")
            else:
                self.refuse(
                    statement, "a synapse in NESTML knows no other synapse, so it cannot normalise"
                )
        return lines

    def clipped(self, name: str) -> list[str]:
        low, high = self.limits(self.variables[name])
        own = self.names[name]
        said = f"min({high}, {own})" if high else own
        said = f"max({low}, {said})" if low else said
        return [f"{own} = {said}"] if said != own else []

    def delivery(self, statement: ast.Deliver, printer: Printed) -> str:
        if statement.value is not None:
            return f"emit_spike({printer.print(statement.value)})"
        weight = next((v for v in ("w", *self.variables) if v in self.variables), None)
        if weight is None:
            self.refuse(statement, "it is not said what is delivered")
        return f"emit_spike({self.names[weight] if weight else 0})"


def _block(head: str, lines: list[str]) -> list[str]:
    return [f"{head}:", *("    " + line for line in lines)] if lines else []


def _index(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _words(flag: tuple[ast.Ident, ...]) -> tuple[str, ...]:
    return tuple(word.id for word in flag)


def _in_order(values: Mapping[str, Expr]) -> Iterator[tuple[str, Expr]]:
    """Each after those that it uses."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[tuple[str, Expr]]:
        if name in values and name not in done:
            done.add(name)
            for part in ast.walk(values[name]):
                if isinstance(part, ast.Name):
                    yield from visit(part.id)
            yield name, values[name]

    for name in values:
        yield from visit(name)


def _is_name(node: ast.Node | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_since(node: ast.Node, name: str) -> bool:
    """`t - last`"""
    return (
        isinstance(node, ast.Binary)
        and node.op == "-"
        and _is_name(node.left, "t")
        and _is_name(node.right, name)
    )


def _without_factor(expr: Expr, name: str) -> Expr | None:
    """The expression without a name that is a factor of it, once; None if it is not."""
    one = ast.Number(1, "1", span=expr.span)
    if _is_name(expr, name):
        return one
    if not isinstance(expr, ast.Binary) or expr.op not in ("*", "/"):
        return None
    if any(_is_name(n, name) for n in ast.walk(expr.right)):
        inner = _without_factor(expr.right, name) if expr.op == "*" else None
        if inner is None or any(_is_name(n, name) for n in ast.walk(expr.left)):
            return None
        return expr.left if inner == one else replace(expr, right=inner)
    left = _without_factor(expr.left, name)
    if left is None:
        return None
    return expr.right if left == one and expr.op == "*" else replace(expr, left=left)
