"""The spec's own measures: one number per block, from weights, rates and one another."""

from __future__ import annotations

from collections import ChainMap
from functools import cached_property, partial

from ..language import ast
from ..language.builtins import FUNCTIONS, MEASURES, REDUCTIONS, layer_measures, weight_measures
from ..language.columns import TAKEN
from ..language.units import HERTZ, NONE
from .blocks import Blocks
from .columns import uses
from .data import labelled
from .order import dependency_order, names_in
from .symbols import FLOAT, INTEGER, TIME, Component, Scope, Symbol, Symbols, Type
from .types.context import Context
from .types.models import Models
from .values import constant_values, value


def is_reduction(node: ast.Node) -> bool:
    """Whether a call in a measure is a reduction over the elements; `min(a, b)` is not."""
    return (
        isinstance(node, ast.Call)
        and node.func.id in REDUCTIONS
        and (node.func.id not in FUNCTIONS or len(node.args) == 1)
    )


def elements_of(component: Component) -> dict[str, Symbol]:
    """The values that each element has: a synapse its weight before and at the end of a phase, a
    neuron its rate in that phase; and the indices of the element."""
    found: dict[str, Type | None] = {}
    if component.kind == "connection":
        weight = component.weight
        if weight is not None:
            kind = component.variables[weight].type
            found |= {weight: kind, f"{weight}_before": kind}
        found |= dict.fromkeys(("i", "j", "N_pre", "N_post"), INTEGER)
    else:
        if _spikes(component):
            found["rate"] = Type(HERTZ)
        found |= dict.fromkeys(("i", "N"), INTEGER)
    return {n: Symbol(n, "builtin", type=kind, owner=component.name) for n, kind in found.items()}


RECORDED = {
    "cv": "`spikes of {0}`",
    "synchrony": "`spikes of {0}`, of two neurons or more",
    "selectivity": "`spikes of {0}` and one sound is heard, or one layer shows stimuli",
    "sparseness": "`spikes of {0}` and one sound is heard, or one layer shows stimuli",
    "settled": "`{1} of {0} every …`",
}
"""Measures that need this in `record:`; {1} is the weight."""


def shown(symbols: Symbols) -> ast.Sound | ast.Layer | None:
    """The only sound that is heard, or the only layer that shows stimuli, if each block has the
    same."""
    nodes = [c.node for c in symbols.layers if isinstance(c.node, ast.Layer)]
    banks = {drive.filterbank.id for node in nodes for drive in node.heard}
    heard = {b.sound.id for n, b in symbols.filterbanks.items() if n in banks and b.sound}
    found: list[ast.Sound | ast.Layer] = [s for n, s in symbols.sounds.items() if n in heard]
    found += [n for n in nodes if isinstance(n.source, ast.RatesFile) or (n.labels and labelled(n))]
    if len(found) != 1:
        return None
    table = labelled(found[0]) if isinstance(found[0], ast.Layer) else None
    if table is not None:
        varying = {c.name for c in symbols.columns.values() if c.target is None}
        varying |= {c.target[1] for c in symbols.columns.values() if c.target and not c.target[0]}
        times = [table.every, getattr(table, "gap", None)]
        if any(uses(symbols, time, varying) for time in times if time is not None):
            return None
    return found[0]


def measured(symbols: Symbols) -> dict[str, Symbol]:
    """The measures that every run of this spec takes of each block, by their columns in
    `blocks`."""
    spikes, states = set(), set()
    for record in symbols.spec.of(ast.Record):
        for item in record.items:
            if isinstance(item, ast.RecordSpikes):
                spikes |= set() if item.events else {layer.id for layer in item.layers}
            else:
                states |= {(item.component.id, v.id) for v in item.variables}
    stimuli = shown(symbols) is not None
    constants = constant_values(symbols)
    found: dict[str, Symbol] = {}
    if any(
        isinstance(m, ast.Until)
        for run in symbols.spec.of(ast.Run)
        for phase in run.phases
        for m in phase.modifiers
    ):
        found["stopped_after"] = Symbol("stopped_after", "measure", type=TIME)
    for component in symbols.components.values():
        weight = component.weight if component.kind == "connection" else None
        if weight is not None:
            equation = component.variables[weight].equation
            bounded = equation is not None and equation.bounds is not None
            ends = weight_measures(bounded, (component.name, weight) in states)
        elif isinstance(component.node, ast.Layer) and _spikes(component):
            several = value(component.node.size, constants) != 1
            ends = layer_measures(component.name in spikes, several, stimuli)
        else:
            continue
        for end in ends:
            name = f"{component.name}_{end}"
            found[name] = Symbol(
                name, "measure", type=_type_of(end, component), owner=component.name
            )
    return found


def _spikes(layer: Component) -> bool:
    return layer.neuron is None or layer.neuron.threshold is not None


def _type_of(end: str, component: Component) -> Type | None:
    unit = MEASURES[end][1]
    if unit == "w":
        return component.variables[component.weight or ""].type
    return {"s": TIME, "Hz": Type(HERTZ)}.get(unit, Type(NONE))


class OwnMeasures:
    """Checks the measures and enters them into the symbols with their types."""

    def __init__(self, models: Models):
        self.models, self.symbols = models, models.symbols
        self.inference, self.reporter = models.inference, models.reporter

    @cached_property
    def measured(self) -> dict[str, Symbol]:
        return measured(self.symbols)

    @cached_property
    def hints(self) -> dict[str, str]:
        return {
            f"{c.name}_{end}": f"it is measured where `record:` has {what.format(c.name, c.weight)}"
            for c in self.symbols.components.values()
            for end, what in RECORDED.items()
            if (end == "settled") == bool(c.kind == "connection" and c.weight)
        }

    def check(self) -> None:
        items: dict[str, ast.Measure] = {}
        for declaration in self.symbols.spec.of(ast.Measures):
            for item in declaration.items:
                if self.free(item, items):
                    items[item.name.id] = item
        uses = {n: [x.id for x in names_in(m.value) if x.id in items] for n, m in items.items()}
        order, cycles = dependency_order(uses)
        for cycle in cycles:
            self.reporter.cycle(cycle, {n: m.value for n, m in items.items()})
        for name in order:
            self.measure(items[name])

    def free(self, item: ast.Measure, others: dict[str, ast.Measure]) -> bool:
        """Whether a measure's name is unused: it becomes a column of `blocks`."""
        name = item.name.id
        first = next((m.name for n, m in others.items() if n.lower() == name.lower()), None)
        if first is not None:
            text = (
                f"there are two measures `{name}`"
                if first.id == name
                else (f"the measures `{first.id}` and `{name}` differ in case only")
            )
            self.reporter.error(
                "NAME002",
                item.name,
                text,
                labels=((first, "the first"),),
                help="give one of them another name",
            )
            return False
        taken = ""
        if name.lower() in TAKEN:
            taken = "is a column that every result has"
        elif name.lower() in {n.lower() for n in (*self.symbols.columns, *self.symbols.constants)}:
            taken = "is a column of the sweep, or a constant"
        elif name.lower() in self.symbols.measured_of:
            owner = self.symbols.measured_of[name.lower()]
            taken = f"is what a measure of `{owner}` is called"
        if taken:
            self.reporter.error(
                "NAME014", item.name, f"`{name}` {taken}", help="give this measure another name"
            )
        return not taken

    def measure(self, item: ast.Measure) -> None:
        name = item.name.id
        found = self.type_of(item)
        # If it has no type, that has been reported, and its uses are not.
        known = Type(found.dim) if found is not None else None
        owner = f"<measure {name}>" if found is not None else ""
        self.symbols.measures[name] = Symbol(name, "measure", item, item.value, known, owner=owner)

    def type_of(self, item: ast.Measure) -> Type | None:
        """Its type; None if an error was reported."""
        name = item.name.id
        scope: Scope = ChainMap(self.symbols.measures, self.measured, self.symbols.globals)
        context = self.models.context(scope, f"the measure `{name}`").but(hints=self.hints)
        if item.component is not None:
            component = self.symbols.components.get(item.component.id)
            if component is None:
                self.reporter.error(
                    "NAME001",
                    item.component,
                    f"there is no layer or connection `{item.component.id}`",
                    help=self.reporter.suggest(item.component.id, self.symbols.components, "known"),
                )
                return None
            if component.unsure:
                return None
            context = self.over(component, name, item)
        found = self.inference.infer(item.value, context)
        number = found is not None and self.inference.is_number(item.value, found, "a measure")
        return found if number else None

    def over(self, component: Component, name: str, item: ast.Measure) -> Context:
        where = f"the measure `{name}` of `{component.name}`"
        elements = elements_of(component)
        outer = ChainMap(
            component.parameters, self.symbols.measures, self.measured, self.symbols.globals
        )
        hints = self.hints | {
            n: f"each element has its own: `mean({n})`, or `sd max min sum`" for n in elements
        }
        for n in component.each:
            hints[n] = f"`{n}` differs between elements, so a measure cannot use it"
        for lost in ("w", "rate"):
            if lost not in elements:
                hints[lost] = f"`{component.name}` has no {'weight' if lost == 'w' else 'rate'}"
        inner = self.models.context(ChainMap(elements, outer), where).but(hints=hints)
        if component.scope == "shared":
            self.uniform(item, component)
        accuracy = partial(self.accuracy, component) if component.kind == "layer" else None
        return self.models.context(outer, where).but(hints=hints, elements=inner, accuracy=accuracy)

    def accuracy(self, component: Component, call: ast.Call) -> Type | None:
        """`accuracy(label)`: neurons get their labels in the phase `label`."""
        phases = [p.name.id for run in self.symbols.spec.of(ast.Run) for p in run.phases]
        first = call.args[0] if len(call.args) == 1 and not call.kwargs else None
        if not isinstance(first, ast.Name):
            self.reporter.error(
                "TYPE006",
                call,
                "`accuracy` takes the phase in which neurons get their labels",
                help=f"write `accuracy({phases[0] if phases else 'PHASE'})`",
            )
            return None
        if first.id not in phases:
            self.reporter.error(
                "NAME001",
                first,
                f"there is no phase `{first.id}`",
                help=self.reporter.suggest(first.id, phases, "the phases are")
                or "a phase that gives neurons their labels comes before one that tests them",
            )
            return None
        stimuli = shown(self.symbols)
        if stimuli is None:
            self.reporter.error(
                "CLAUSE003",
                call,
                "nothing shows stimuli, or more than one thing does",
                help="one layer with `rates: from ...` and `labels:`, or one sound, shows them",
            )
            return None
        if isinstance(stimuli, ast.Layer) and stimuli.labels is None:
            self.reporter.error(
                "CLAUSE003",
                call,
                f"the stimuli of `{stimuli.name.id}` have no labels",
                labels=((stimuli.name, "shows them"),),
                help='give it labels: `labels: from "labels.csv"`',
            )
            return None
        if f"{component.name}_selectivity" not in self.measured:
            self.reporter.error(
                "CLAUSE003",
                call,
                f"the spikes of `{component.name}` are not recorded",
                help=f"record them: `spikes of {component.name}`",
            )
            return None
        return FLOAT

    def uniform(self, item: ast.Measure, component: Component) -> None:
        """The expression in `mean(...)` of something shared must be the same in every block."""
        varying = Blocks(self.symbols, self.reporter).varying_names()
        for call in ast.walk(item.value):
            for name in names_in(call) if is_reduction(call) else ():
                if name.id in component.parameters:
                    continue
                if name.id in {*varying, *self.symbols.measures, *self.measured}:
                    self.reporter.error(
                        "BLOCK005",
                        name,
                        f"`{component.name}` is shared: what is measured of it is"
                        f" the same in every block, and `{name.id}` is not",
                        help="use it outside of the brackets, or measure a layer with a copy per"
                        " block",
                    )
