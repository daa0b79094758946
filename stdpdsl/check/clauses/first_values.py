"""Everything that initial values, patterns and delays read must have a value before the simulation
starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from ...language import ast
from ..kept import Checks
from ..order import dependency_order, names_in
from ..report import Reporter
from ..symbols import Component, Scope, Symbol, Symbols
from ..turns import target_of
from ..types.statements import flag_words


class FirstValues:
    def __init__(self, symbols: Symbols, reporter: Reporter, checks: Checks):
        self.symbols, self.reporter, self.checks = symbols, reporter, checks

    def check(self) -> None:
        for component in self.symbols.components.values():
            self.checks.step("first values", component, partial(self.component, component))
        for run in self.symbols.spec.of(ast.Run):
            for modifier in (m for phase in run.phases for m in phase.modifiers):
                if isinstance(modifier, ast.SetValue):
                    self.set_value(modifier)

    def component(self, component: Component) -> None:
        if component.kind == "connection":
            self.connection(component)
        elif component.neuron is not None:
            self.layer(component)

    def layer(self, layer: Component) -> None:
        values = layer.first_values
        self.read(values.values(), self.symbols.neuron_scope(layer), layer)
        self.cycles(values)

    def cycles(self, values: Mapping[str, ast.Expr]) -> None:
        """Report initial values that use one another in a cycle."""
        uses = {n: [x.id for x in names_in(v) if x.id in values] for n, v in values.items()}
        for cycle in dependency_order(uses)[1]:
            self.reporter.cycle(cycle, values, f"the initial value of `{cycle[0]}`")

    def connection(self, connection: Component) -> None:
        node = connection.node
        assert isinstance(node, ast.Connect)
        found: list[ast.Expr | None] = [
            node.axonal_delay,
            node.dendritic_delay,
            node.weight,
            *(a.value for a in node.initial),
            *(h.after for h in node.handlers),
        ]
        if connection.rule is not None:
            found += [h.after for h in connection.rule.handlers]
            found += [a.value for a in connection.rule.initial if a.name.id in connection.variables]
        if node.pattern is not None:
            found += [node.pattern.argument, node.pattern.where]
        self.read(filter(None, found), self.symbols.first_scope(connection), connection)
        self.cycles(connection.first_values)

    def set_value(self, node: ast.SetValue) -> None:
        """The value that a phase sets must be known before the run, like an initial value."""
        target = target_of(self.symbols, node.path)
        if target is None or target[1] not in target[0].variables:
            return
        component = target[0]
        layer = component.kind == "layer"
        scope = (self.symbols.neuron_scope if layer else self.symbols.first_scope)(component)
        for name in names_in(node.value):
            symbol = scope.get(name.id)
            if symbol is None or (symbol.kind != "variable" and name.id not in RUNNING):
                continue
            owner = self.symbols.components[symbol.owner] if symbol.side else component
            if symbol.name in owner.first_values and is_constant(symbol, owner):
                continue
            self.reporter.error(
                "NAME025",
                name,
                f"`{name.id}` is known only while the simulation runs",
                help=f"`set` takes what is known before the run: let `{node.path.dotted}` change in"
                " `reset:`, `every ...:` or an equation"
                if name.id not in RUNNING
                else "write what it is as the phase begins",
            )

    def read(self, values: Iterable[ast.Expr], scope: Scope, component: Component) -> None:
        """Report names that have no value yet."""
        for name in (n for value in values for n in names_in(value)):
            symbol = scope.get(name.id)
            if symbol is None or (symbol.kind != "variable" and name.id not in RUNNING):
                continue
            layer = self.symbols.components[symbol.owner] if symbol.side else component
            weight = layer.kind == "connection" and symbol.equation is None  # `weight:`
            if symbol.name in layer.first_values or weight:
                continue
            computed = symbol.equation is not None and symbol.equation.kind == "subexpression"
            if computed or name.id in RUNNING:
                self.reporter.error(
                    "NAME025",
                    name,
                    f"`{name.id}` is known only while the simulation runs",
                    help="write what it is at the start",
                )
            else:
                self.reporter.error(
                    "NAME025",
                    name,
                    f"`{symbol.name}` of `{layer.name}` has no initial value",
                    help=f"give it one: `initial: {symbol.name} = ...`",
                )


def is_constant(symbol: Symbol, component: Component) -> bool:
    """Whether a variable never changes."""
    flagged = symbol.equation is not None and ("constant",) in flag_words(symbol.equation)
    return symbol.name in component.each or flagged


RUNNING = ("t", "dt", "lastspike", "lastspike_pre", "lastspike_post", "not_refractory", "xi")
