"""What initial values, patterns and delays read must have a value before the simulation starts."""

from __future__ import annotations

from collections.abc import Iterable

from ..language import ast
from .order import dependency_order, names_in
from .report import Reporter
from .symbols import Component, Scope, Symbols


class FirstValues:
    def __init__(self, symbols: Symbols, reporter: Reporter):
        self.symbols, self.reporter = symbols, reporter

    def check(self) -> None:
        for layer in self.symbols.layers:
            if layer.neuron is not None:
                self.layer(layer)
        for connection in self.symbols.connections:
            self.connection(connection)

    def layer(self, layer: Component) -> None:
        values = layer.first_values
        self.read(values.values(), self.symbols.neuron_scope(layer), layer)
        uses = {n: [x.id for x in names_in(v) if x.id in values] for n, v in values.items()}
        for cycle in dependency_order(uses)[1]:
            self.reporter.cycle(cycle, values, f"the initial value of `{cycle[0]}`")

    def connection(self, connection: Component) -> None:
        node = connection.node
        assert isinstance(node, ast.Connect)
        found: list[ast.Expr | None] = [
            node.axonal_delay, node.dendritic_delay, node.weight,
            *(a.value for a in node.initial), *(h.after for h in node.handlers),
        ]  # fmt: skip
        if connection.rule is not None:
            found += [h.after for h in connection.rule.handlers]
        if node.pattern is not None:
            found += [node.pattern.argument, node.pattern.where]
        self.read(filter(None, found), self.symbols.first_scope(connection), connection)

    def read(self, values: Iterable[ast.Expr], scope: Scope, component: Component) -> None:
        """Report what has no value yet."""
        for name in (n for value in values for n in names_in(value)):
            symbol = scope.get(name.id)
            if symbol is None or (symbol.kind != "variable" and name.id not in RUNNING):
                continue
            layer = self.symbols.components[symbol.owner] if symbol.side else component
            if symbol.name in layer.first_values:
                continue
            computed = symbol.equation is not None and symbol.equation.kind == "subexpression"
            if computed or name.id in RUNNING:
                self.reporter.error(
                    "NAME025", name, f"`{name.id}` is known only while the simulation runs",
                    help="write what it is at the start",
                )  # fmt: skip
            else:
                self.reporter.error(
                    "NAME025", name, f"`{symbol.name}` of `{layer.name}` has no initial value",
                    help=f"give it one: `initial: {symbol.name} = ...`",
                )  # fmt: skip


RUNNING = ("t", "dt", "lastspike", "lastspike_pre", "lastspike_post", "not_refractory", "xi")
