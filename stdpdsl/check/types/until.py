"""Checks phases that end for a block when a condition holds (`until`)."""

from __future__ import annotations

from ...language import ast
from ...language.units import HERTZ
from ..slices import spiking
from ..symbols import FLOAT, TIME, Component, Type
from ..traces import event_driven
from ..values import value
from .declared import as_float
from .experiment import Experiment

COUNTED = "count", "rate"
OF_VALUES = "mean", "min", "max", "sum"
RELATIONS = "<", "<=", ">", ">="


class Endings:
    """Checks `until`, with the names and the units that the experiment knows."""

    def __init__(self, experiment: Experiment):
        self.experiment = experiment
        self.models, self.inference = experiment.models, experiment.inference
        self.symbols, self.reporter = experiment.symbols, experiment.reporter

    def run(self, run: ast.Run) -> None:
        for phase in run.phases:
            found = [m for m in phase.modifiers if isinstance(m, ast.Until)]
            said = f"the phase `{phase.name.id}`"
            first: dict[str, ast.Node] = {}
            for node in found:
                if self.reporter.once(first, "", node, said, "has two conditions"):
                    self.until(node, phase)
                    self.alone(node)

    def until(self, node: ast.Until, phase: ast.Phase) -> None:
        component = self.experiment.find(node.component, "layer or connection")
        want: Type | None = None
        if component is not None and not component.unsure and self.each_has(node, component):
            want = self.measured(node, component)
        scope = self.symbols.value_scope(component)
        context = self.models.context(scope, "the condition")
        self.inference.expect(node.goal, context, want, f"`{self.said(node)}`")
        if node.relation not in RELATIONS:
            self.reporter.error(
                "TYPE013",
                node,
                f"`until` cannot use `{node.relation}`",
                help="write `>=` or `<=`, because the measured value may jump past the limit",
            )
        if self.experiment.constant(node.every, TIME, "`every`") is None:
            return
        every, lasts = (value(x, self.inference.values) for x in (node.every, phase.duration))
        if every is not None and lasts is not None and every > lasts * (1 + 1e-9):
            self.reporter.error(
                "TYPE013",
                node.every,
                f"the phase ends after {lasts:g} s, before the first check at {every:g} s",
                help="check more often",
                labels=((phase.duration, "the duration of the phase"),),
            )

    def said(self, node: ast.Until) -> str:
        of = f"({node.variable.id})" if node.variable else ""
        return f"{node.measure.id}{of} of {node.component.id}"

    def each_has(self, node: ast.Until, component: Component) -> bool:
        """Whether each block simulates its own copy of the component."""
        if component.scope == "shared":
            self.reporter.error(
                "CLAUSE003",
                node.component,
                f"`{component.name}` exists once for all blocks, but"
                " each block must end its phase by itself",
                help="use a layer or connection that each block has, or write `scope: block`",
            )
        elif component.kind == "layer" and component.neuron is None:
            self.reporter.error(
                "CLAUSE003",
                node.component,
                f"`{component.name}` is an input; its spikes do not depend on the state of"
                " the block",
                help="use a layer that it drives",
            )
        else:
            return True
        return False

    def measured(self, node: ast.Until, component: Component) -> Type | None:
        """The value that is compared, or None if an error was reported."""
        measure = node.measure
        if measure.id not in (*COUNTED, *OF_VALUES):
            self.reporter.error(
                "NAME015",
                measure,
                f"`until` cannot use `{measure.id}`",
                help=self.reporter.suggest(measure.id, (*COUNTED, *OF_VALUES), "it can use"),
            )
            return None
        if measure.id in OF_VALUES:
            if node.variable is not None:
                return self.variable(node.variable, component)
            name = component.weight or next(iter(component.variables), "v")
            self.reporter.error(
                "CLAUSE001",
                measure,
                f"the {measure.id} of what?",
                help=f"write `{measure.id}({name}) of {component.name}`",
            )
        elif node.variable is not None:
            self.reporter.error(
                "CLAUSE003",
                node.variable,
                f"`{measure.id}` is a measure of a layer's spikes",
                help=f"write `{measure.id} of {component.name}`",
            )
        elif component.kind != "layer":
            self.reporter.error(
                "NAME001",
                node.component,
                f"`{component.name}` is a connection, but `{measure.id}` is a measure of a"
                " layer's spikes",
                help="name a layer"
                + (
                    f", or write `mean({component.weight}) of {component.name}`"
                    if component.weight
                    else ""
                ),
            )
        elif not spiking(component):
            self.experiment.silent(node.component, component)
        else:
            return FLOAT if measure.id == "count" else Type(HERTZ)
        return None

    def variable(self, name: ast.Ident, component: Component) -> Type | None:
        """Checks a variable, whose current value must be stored."""
        symbol = component.variables.get(name.id)
        if symbol is None or name.id in component.each:
            self.models.no_variable(name, component)
            return None
        self.inference.used.add((component.name, name.id))
        equation = symbol.equation
        why = ""
        if equation is not None and equation.kind == "subexpression":
            why = "is computed from other variables"
        elif (
            component.rule is not None
            and equation is not None
            and (event_driven(equation, component, self.symbols) or component.rule.advance)
        ):
            why = "is updated by spikes only"
        elif component.kind == "layer" and equation is None:
            why = "belongs to another layer"
        if why:
            self.reporter.error(
                "NAME011",
                name,
                f"`{name.id}` of `{component.name}` {why}, so `until` cannot use it",
                help="use a variable that the model stores, such as the weight",
            )
            return None
        found = self.inference.type_of(symbol)
        if found is not None and found.kind == "boolean":
            self.reporter.error(
                "TYPE001", name, f"`{name.id}` is not a number", help="use a number"
            )
            return None
        return as_float(found)

    def alone(self, node: ast.Until) -> None:
        """Coupled blocks cannot end a phase at different times."""
        for c in (c for c in self.symbols.connections if c.couples):
            assert isinstance(c.node, ast.Connect)
            self.reporter.error(
                "CLAUSE002",
                node,
                f"`{c.name}` couples the blocks, so they cannot end a phase at different times",
                labels=((c.node.name, "this connects different blocks"),),
                help="leave out `until`, or that connection",
            )
