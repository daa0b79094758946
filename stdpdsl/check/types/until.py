"""Phases that end for a block when a condition holds."""

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
                f"a phase does not end by `{node.relation}`",
                help="write `>=` or `<=`: what is measured may pass by a value",
            )
        if self.experiment.constant(node.every, TIME, "`every`") is None:
            return
        every, lasts = (value(x, self.inference.values) for x in (node.every, phase.duration))
        if every is not None and lasts is not None and every > lasts * (1 + 1e-9):
            self.reporter.error(
                "TYPE013",
                node.every,
                f"the phase ends at {lasts:g} s, before the first check at {every:g} s",
                help="check more often",
                labels=((phase.duration, "it lasts so long"),),
            )

    def said(self, node: ast.Until) -> str:
        of = f"({node.variable.id})" if node.variable else ""
        return f"{node.measure.id}{of} of {node.component.id}"

    def each_has(self, node: ast.Until, component: Component) -> bool:
        """Whether each block has a component of its own that is simulated."""
        if component.scope == "shared":
            self.reporter.error(
                "CLAUSE003",
                node.component,
                f"`{component.name}` exists once for all blocks, and"
                " each block ends its phase by itself",
                help="name a layer or connection that each block has, or write `scope: block`",
            )
        elif component.kind == "layer" and component.neuron is None:
            self.reporter.error(
                "CLAUSE003",
                node.component,
                f"`{component.name}` is an input, whose spikes do not depend on the block's state",
                help="name a layer that it drives",
            )
        else:
            return True
        return False

    def measured(self, node: ast.Until, component: Component) -> Type | None:
        """What is compared, or None where it is told what is wrong."""
        measure = node.measure
        if measure.id not in (*COUNTED, *OF_VALUES):
            self.reporter.error(
                "NAME015",
                measure,
                f"a phase does not end by `{measure.id}`",
                help=self.reporter.suggest(measure.id, (*COUNTED, *OF_VALUES), "it may end by"),
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
                f"`{measure.id}` is that of a layer's spikes",
                help=f"write `{measure.id} of {component.name}`",
            )
        elif component.kind != "layer":
            self.reporter.error(
                "NAME001",
                node.component,
                f"`{component.name}` is a connection, and `{measure.id}`"
                " is that of a layer's spikes",
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
        """One that is held as it is now."""
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
            why = "is brought up to date by spikes alone"
        elif component.kind == "layer" and equation is None:
            why = "is that of another layer"
        if why:
            self.reporter.error(
                "NAME011",
                name,
                f"`{name.id}` of `{component.name}` {why}, and no phase can end by it",
                help="take a variable that the model stores, such as the weight",
            )
            return None
        found = self.inference.type_of(symbol)
        if found is not None and found.kind == "boolean":
            self.reporter.error(
                "TYPE001", name, f"`{name.id}` is not a number", help="take a variable that is one"
            )
            return None
        return as_float(found)

    def alone(self, node: ast.Until) -> None:
        """Blocks that feel one another cannot wait each by itself."""
        for c in (c for c in self.symbols.connections if c.couples):
            assert isinstance(c.node, ast.Connect)
            self.reporter.error(
                "CLAUSE002",
                node,
                f"`{c.name}` couples the blocks, and none of them can wait by itself",
                labels=((c.node.name, "it goes across blocks"),),
                help="leave out `until`, or that connection",
            )
