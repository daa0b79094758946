"""Prints the statements and expressions of a rule in NESTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace

from ..dataclass import dataclass
from ..language import ast
from ..language.ast import Expr
from ..language.diagnostics import Diagnostic
from ..language.units import Dim, lookup
from .dimensions import dimension, unit_dimension
from .expressions import Printed
from .names import Names
from .quantities import powers, type_name


@dataclass
class Statements:
    """Writes the statements of a rule in NESTML."""

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
        for name, value in in_order({**self.constants, **self.defaults}):
            self.known[name] = dimension(value, self.known)
        needed = [r.name.id for r in rule.requires] + [e.name.id for e in rule.post_equations]
        self.of_target = {f"{name}_post" for name in needed}
        self.internals = dict(self.fixed_locals())
        own = [*self.defaults, *self.constants, *self.internals, *self.variables]
        own += [p.name.id for p in rule.ports]
        self.names = Names(own, ("pre_spikes", "post_spikes", rule.name.id))

    def refuse(self, node: ast.Node, message: str, help: str = "") -> None:
        if isinstance(node, ast.Name) and node.id in self.of_target:
            return  # already an error at its declaration
        self.problems.append(Diagnostic("", node.span, message, help=help))

    # What the rule contains

    def used_constants(self) -> dict[str, Expr]:
        """The spec's constants that the rule uses, each before the constants that depend on it."""
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
        """The variable that keeps the time of the last update. `advance:` ends with `last = t`, and
        otherwise only reads it as `t - last`.
        """
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
        """The local variables of `advance:` that depend on parameters only. Handlers may read them,
        too.
        """
        fixed = {*self.defaults, *self.constants}
        counts = Counter(s.target.id for s in self.rule.advance if isinstance(s, ast.Update))
        for s in self.rule.advance:
            if isinstance(s, ast.Update) and s.op == "=" and s.target.id not in self.variables:
                names = {n.id for n in ast.walk(s.value) if isinstance(n, ast.Name)}
                if counts[s.target.id] == 1 and all(n in fixed or lookup(n) for n in names):
                    fixed.add(s.target.id)
                    self.known[s.target.id] = dimension(s.value, self.known)
                    yield s.target.id, s.value

    def dim(self, expr: Expr) -> Dim:
        return dimension(expr, self.known)

    def type(self, dim: Dim, node: ast.Node) -> str:
        if powers(dim) is None:
            self.refuse(node, f"NESTML has no unit for a {dim.describe()} here")
            return "real"
        return type_name(dim)

    def limits(self, equation: ast.Equation) -> tuple[str, str]:
        """The bounds of `in [low, high]`; empty if there are none."""
        if equation.bounds is None:
            return "", ""
        low, high = equation.bounds.low, equation.bounds.high
        printer = self.printer()
        endless = isinstance(low, ast.Unary) and _is_name(low.operand, "inf")
        return (
            "" if endless else printer.real(low),
            "" if _is_name(high, "inf") else printer.real(high),
        )

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
        """The statement for a single spike. NESTML's handler runs once per spike, ours once per
        time step. The result is the same if each spike adds its share to a variable that the
        handler does not read.
        """
        if not any(_is_name(n, port) for s in body for n in ast.walk(s)):
            yield from body  # runs once per time step here, once per spike in NESTML
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
                f"NESTML handles each spike of `{port}` separately, so the number of spikes"
                f" may only multiply what is added: `x += {port}*...`",
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
                    statement,
                    "a synapse in NESTML cannot see other synapses, so it cannot normalise",
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
            self.refuse(statement, "nothing says what is delivered")
        return f"emit_spike({self.names[weight] if weight else 0})"


def in_order(values: Mapping[str, Expr]) -> Iterator[tuple[str, Expr]]:
    """The items, each after those that it uses."""
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
    """The expression without one factor `name`; None if the name is not a factor."""
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
