"""Sweep, record and run: what they name and the units of what they say."""

from __future__ import annotations

from collections import ChainMap

from ..language import ast
from .declared import Declared
from .infer import Context
from .models import Models
from .symbols import BOOLEAN, INTEGER, NUMBERS, TIME, Component, Type
from .values import value

_CONNECTION_RECORDS = ("delay",)


class Experiment:
    """Checks the declarations that are no part of the network."""

    def __init__(self, models: Models, declared: Declared):
        self.models = models
        self.declared = declared
        self.inference = models.inference
        self.symbols = models.symbols
        self.reporter = models.reporter
        self.constants = ChainMap(self.symbols.constants, NUMBERS)
        self.recorded: dict[tuple[object, ...], ast.Ident] = {}

    def constant(self, expr: ast.Expr, want: Type | None, what: str) -> Type | None:
        return self.inference.expect(expr, Context(self.constants, "the constants"), want, what)

    # Sweep

    def sweep(self, sweep: ast.Sweep) -> None:
        for part in sweep.parts:
            if isinstance(part, ast.RandomSamples):
                self.constant(part.samples, INTEGER, "`random`")
        self.presets(sweep)
        if sweep.where is not None:
            self.declared.ambiguous(sweep.where, None)
            context = Context(
                self.declared.derive_scope(None), "the sweep",
                open_names=self.declared.open_columns,
            )  # fmt: skip
            self.inference.expect(sweep.where, context, BOOLEAN, "`where`")
        if sweep.replicates is not None:
            self.constant(sweep.replicates, INTEGER, "`replicates`")
        if sweep.replicate is not None:
            self.constant(sweep.replicate, INTEGER, "`replicate`")

    def presets(self, sweep: ast.Sweep) -> None:
        """Columns of presets: each value is the name of one."""
        lists: dict[int, tuple[ast.Expr, ...]] = {}
        for part in sweep.parts:
            if isinstance(part, ast.Grid | ast.Zip):
                for axis in part.axes:
                    whole = axis.value
                    items = whole.items if isinstance(whole, ast.ListExpr) else (whole,)
                    lists[id(axis)] = items
            elif isinstance(part, ast.Table):
                for k, header in enumerate(part.headers):
                    lists[id(header)] = tuple(row[k] for row in part.rows if k < len(row))
        for column in self.symbols.columns.values():
            component = self.symbols.components.get(column.target[0]) if column.target else None
            if not column.of_presets or component is None:  # misspelt, as is told elsewhere
                continue
            rule = component.rule
            unit = getattr(column.node, "unit", None) or getattr(
                getattr(column.node, "value", None), "unit", None
            )
            if unit is not None:
                self.no_name(unit, "a preset's name has no unit")
            elif id(column.node) in lists:
                for item in lists[id(column.node)]:
                    self.preset(item, rule)
            elif isinstance(column.node, ast.Axis):
                self.no_name(column.node.value, "a preset is neither computed nor drawn")

    def preset(self, item: ast.Expr, rule: ast.Rule | None) -> None:
        if not isinstance(item, ast.Name):
            self.no_name(item, "this is no name of a preset")
            return
        known = [p.name.id for p in rule.presets] if rule else []
        if rule is not None and item.id not in known:
            self.reporter.error(
                "NAME001", item, f"`{rule.name.id}` has no preset `{item.id}`",
                help=self.reporter.suggest(item.id, known, "its presets") or "it has no presets",
            )  # fmt: skip

    def no_name(self, node: ast.Node, message: str) -> None:
        self.reporter.error(
            "SWEEP017", node, message,
            help="list presets by name in `grid:`, `zip:`, a table or a file",
        )  # fmt: skip

    # Record

    def record(self, record: ast.Record) -> None:
        for item in record.items:
            if isinstance(item, ast.RecordSpikes):
                for name in item.layers:
                    self.spikes(name)
            else:
                self.state(item)

    def spikes(self, name: ast.Ident) -> None:
        layer = self.find(name, "layer")
        if layer is not None and layer.neuron is not None and layer.neuron.threshold is None:
            self.reporter.error(
                "CLAUSE001", name, f"`{layer.name}` has no spikes to record",
                help=f"`{layer.neuron.name.id}` has no `threshold:`",
            )  # fmt: skip

    def state(self, item: ast.RecordState) -> None:
        component = self.find(item.component, "layer or connection")
        self.constant(item.every, TIME, "`every`")
        for block in item.blocks or ():
            self.constant(block, INTEGER, "a block's number")
        if component is None or component.unsure:
            return
        numbers = [value(x, self.inference.values) for x in (item.every, *(item.blocks or ()))]
        for variable in item.variables:
            name = variable.id
            key = (component.name, name, *numbers)
            if None not in numbers and key in self.recorded:
                self.reporter.error(
                    "NAME002", item.component, f"`{name}` of `{component.name}` is recorded twice,"
                    " and each sample would be saved twice", help="leave one out",
                    labels=((self.recorded[key], "the first"),),
                )  # fmt: skip
            self.recorded.setdefault(key, item.component)
            if name in component.variables:
                self.inference.used.add((component.name, name))
            elif added := self.symbols.adding(component, name):
                self.inference.used |= {(c.name, name) for c in added}
            elif component.kind == "layer" and component.neuron is None:
                self.reporter.error(
                    "NAME011", variable, f"`{component.name}` is an input and has no variables",
                    help=f"record its spikes: `spikes of {component.name}`",
                )  # fmt: skip
            else:
                self.models.no_variable(variable, component)

    def find(self, name: ast.Ident, what: str) -> Component | None:
        found = self.symbols.components.get(name.id)
        if found is None or (what == "layer" and found.kind != "layer"):
            known = [c.name for c in self.symbols.components.values() if c.kind in what]
            self.reporter.error(
                "NAME001", name, f"there is no {what} `{name.id}`",
                help=self.reporter.suggest(name.id, known, "known") or "none is declared",
            )  # fmt: skip
            return None
        return found
