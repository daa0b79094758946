"""Checks the names and units in `sweep:`, `record:` and `run:`."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import replace

from ...language import ast
from ..slices import check_slice, is_rate, spiking
from ..symbols import BOOLEAN, INTEGER, NUMBERS, TIME, Component, Type
from ..turns import turns_of
from ..values import value
from .context import Context
from .declared import Declared
from .models import Models

_CONNECTION_RECORDS = ("delay",)


class Experiment:
    """Checks the declarations that are not part of the network."""

    def __init__(self, models: Models, declared: Declared):
        self.models = models
        self.declared = declared
        self.inference = models.inference
        self.symbols = models.symbols
        self.reporter = models.reporter
        self.constants = ChainMap(self.symbols.constants, NUMBERS)
        self.recorded: dict[tuple[object, ...], ast.Node] = {}
        self.of_events: dict[tuple[str, str], ast.Node] = {}
        self.timed: dict[str, ast.Node] = {}  # layers whose spikes are recorded
        self.partly: set[str] = set()  # layers of which only some spikes are recorded

    def constant(self, expr: ast.Expr, want: Type | None, what: str) -> Type | None:
        return self.inference.expect(expr, Context(self.constants, "the constants"), want, what)

    # Sweep

    def sweep(self, sweep: ast.Sweep) -> None:
        for part in sweep.parts:
            if isinstance(part, ast.RandomSamples):
                self.constant(part.samples, INTEGER, "`random`")
        self.presets(sweep)
        if sweep.where is not None:
            self.declared.sweep_names.ambiguous(sweep.where, None)
            context = Context(
                self.declared.sweep_names.scope(None),
                "the sweep",
                open_names=self.declared.open_columns,
            )
            self.inference.expect(sweep.where, context, BOOLEAN, "`where`")
        if sweep.replicates is not None:
            self.constant(sweep.replicates, INTEGER, "`replicates`")
        if sweep.replicate is not None:
            self.constant(sweep.replicate, INTEGER, "`replicate`")

    def presets(self, sweep: ast.Sweep) -> None:
        """Checks columns of presets: each value must be the name of a preset."""
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
            if not column.of_presets or component is None:  # misspelt, which is reported elsewhere
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
                self.no_name(column.node.value, "a preset cannot be computed or drawn at random")

    def preset(self, item: ast.Expr, rule: ast.Rule | None) -> None:
        if not isinstance(item, ast.Name):
            self.no_name(item, "this is not the name of a preset")
            return
        known = [p.name.id for p in rule.presets] if rule else []
        if rule is not None and item.id not in known:
            self.reporter.error(
                "NAME001",
                item,
                f"`{rule.name.id}` has no preset `{item.id}`",
                help=self.reporter.suggest(item.id, known, "its presets") or "it has no presets",
            )

    def no_name(self, node: ast.Node, message: str) -> None:
        self.reporter.error(
            "SWEEP017",
            node,
            message,
            help="list presets by name in `grid:`, `zip:`, a table or a file",
        )

    # Record

    def record(self, record: ast.Record) -> None:
        for item in record.items:
            self.window(item.window)
            if isinstance(item, ast.RecordSpikes):
                for name, part in zip(item.layers, item.parts, strict=True):
                    if item.events:
                        self.events(item, name, part)
                    else:
                        self.spikes(name, part, item.window)
            else:
                self.state(item)

    def window(self, window: ast.Window) -> None:
        """Checks the time window of a recording."""
        for block in window.blocks or ():
            self.constant(block, INTEGER, "a block's number")
        ends = ((window.start, "`from`"), (window.stop, "`to`"))
        fit = [end is None or self.constant(end, TIME, what) is not None for end, what in ends]
        runs = self.symbols.spec.of(ast.Run)
        known = [p.name.id for run in runs for p in run.phases]
        for phase in window.phases or ():
            if phase.id not in known:
                self.reporter.error(
                    "NAME001",
                    phase,
                    f"there is no phase `{phase.id}`",
                    help=self.reporter.suggest(phase.id, known, "the phases")
                    or "this run has no `phases:`",
                )
        if not all(fit):
            return
        start, stop = (
            None if end is None else value(end, self.inference.values) for end, _ in ends
        )
        if start is not None and stop is not None and not start < stop:
            self.reporter.error(
                "TYPE013",
                window.stop or window,
                "nothing is recorded: `to` must be later than `from`",
                help="write the earlier time first",
            )
        if start is None:
            return
        turns = (turn for run in runs for turn in turns_of(run, self.inference.values))
        times = [value(turn.phase.duration, self.inference.values) for turn in turns]
        times += [value(run.duration, self.inference.values) for run in runs if run.duration]
        total = sum(time for time in times if time is not None)
        if None not in times and times and start >= total:
            self.reporter.error(
                "TYPE013",
                window.start or window,
                f"nothing is recorded: the run ends at {total:g} s",
                help="use an earlier time",
            )

    def part(self, part: ast.Slice | None, component: Component) -> None:
        """Which neurons of a layer are recorded."""
        if part is None:
            return
        for end in (part.start, part.stop):
            if end is not None:
                self.constant(end, INTEGER, "a neuron's number")
        if component.kind == "connection":
            self.reporter.error(
                "CLAUSE003",
                part,
                f"`{component.name}` is a connection, but only layers can be sliced",
                help="record all its synapses, or declare a separate connection for those"
                " that matter",
            )
            return
        check_slice(part, component, self.inference.values, self.reporter)

    def events(self, item: ast.RecordSpikes, name: ast.Ident, part: ast.Slice | None) -> None:
        """`high of A`: without `every`, the name is the name of an event."""
        component = self.find(name, "layer or connection")
        if component is None or component.unsure:
            return
        self.part(part, component)
        neuron = component.neuron
        known = [e.name.id for e in neuron.events] if neuron else []
        for event in item.events:
            said = f"{event.id} of {name.id}"
            if event.id not in known:
                variables = {*component.variables, *component.post_variables, "rate"}
                self.reporter.error(
                    "NAME017",
                    event,
                    f"`{component.name}` has no event `{event.id}`",
                    help=f"`{event.id}` is a parameter and does not change: if it is swept,"
                    " every table"
                    " has it, and `Results.parameters` has all parameters"
                    if event.id in component.parameters
                    else f"give a sampling period: `{said} every 1 ms`"
                    if event.id in variables or self.symbols.adding(component, event.id)
                    else self.reporter.suggest(event.id, known, "its events")
                    or "declare an event in the neuron: `event NAME: CONDITION`",
                )
                continue
            assert isinstance(component.node, ast.Layer)
            if component.scope == "shared" and component.node.drive:
                self.reporter.error(
                    "CLAUSE003",
                    event,
                    f"`{name.id}` runs before the network, so its events cannot be recorded",
                    help=f"count them in a variable: `on {event.id}: count += 1`",
                )
            self.reporter.once(
                self.of_events,
                (name.id, event.id),
                name,
                f"`{said}`",
                "is recorded twice",
                help="record them in one line",
            )

    def spikes(self, name: ast.Ident, part: ast.Slice | None, window: ast.Window) -> None:
        layer = self.find(name, "layer")
        if layer is not None:
            self.part(part, layer)
            some = part is not None or window != ast.Window(span=window.span)
            if some and name.id not in self.timed:
                self.partly.add(name.id)
            if some or name.id in self.partly:
                self.reporter.once(
                    self.timed,
                    name.id,
                    name,
                    f"the spikes of `{name.id}`",
                    "are recorded twice",
                    help="record them in one line",
                )
            self.timed.setdefault(name.id, name)
        if layer is not None and not spiking(layer):
            self.silent(name, layer)

    def silent(self, node: ast.Node, layer: Component) -> None:
        assert layer.neuron is not None
        self.reporter.error(
            "CLAUSE001",
            node,
            f"`{layer.name}` has no spikes to record",
            help=f"`{layer.neuron.name.id}` has no `threshold:`",
        )

    def state(self, item: ast.RecordState) -> None:
        component = self.find(item.component, "layer or connection")
        self.constant(item.every, TIME, "`every`")
        if component is None or component.unsure:
            return
        self.part(item.part, component)
        numbers = [value(x, self.inference.values) for x in (item.every, *(item.blocks or ()))]
        part = (item.part, replace(item.window, blocks=None))
        for variable in item.variables:
            name = variable.id
            key = (component.name, name, part, *numbers)
            if is_rate(self.symbols, component, variable):
                # Bins of different widths could not be told apart.
                key = (component.name, name, part)
            if None not in numbers:
                self.reporter.once(
                    self.recorded,
                    key,
                    item.component,
                    f"`{name}` of `{component.name}`",
                    "is recorded twice, so each sample would be saved twice",
                    help="leave one out",
                )
            if name in component.variables:
                self.inference.used.add((component.name, name))
            elif added := self.symbols.adding(component, name):
                self.inference.used |= {(c.name, name) for c in added}
            elif is_rate(self.symbols, component, variable):
                if not spiking(component):
                    self.silent(variable, component)
            elif component.kind == "layer" and component.neuron is None:
                self.reporter.error(
                    "NAME011",
                    variable,
                    f"`{component.name}` is an input and has no variables",
                    help=f"record its spikes, `spikes of {component.name}`, or its `rate`",
                )
            else:
                self.models.no_variable(variable, component)

    def find(self, name: ast.Ident, what: str) -> Component | None:
        found = self.symbols.components.get(name.id)
        if found is None or (what == "layer" and found.kind != "layer"):
            known = [c.name for c in self.symbols.components.values() if c.kind in what]
            self.reporter.error(
                "NAME001",
                name,
                f"there is no {what} `{name.id}`",
                help=self.reporter.suggest(name.id, known, "known") or "none is declared",
            )
            return None
        return found
