"""Checks the run: its duration, its phases, and what they change."""

from __future__ import annotations

from ...language import ast
from ..symbols import INTEGER, TIME, Component, Type
from ..turns import MOST_TURNS, target_of, turns_of
from ..values import value
from .declared import as_float
from .experiment import Experiment
from .statements import assignable, is_shared, shared_reads


class Phases:
    """Checks `run:`, with the names and the units that the experiment knows."""

    def __init__(self, experiment: Experiment):
        self.experiment = experiment
        self.models, self.inference = experiment.models, experiment.inference
        self.symbols, self.reporter = experiment.symbols, experiment.reporter

    def run(self, run: ast.Run) -> None:
        constant = self.experiment.constant
        if run.dt is not None:
            constant(run.dt, TIME, "`dt`")
        if run.seed is not None:
            constant(run.seed, INTEGER, "`seed`")
        if run.duration is not None:
            self.duration(run.duration)
        for part in run.stretches:
            if isinstance(part, ast.Repeated):
                self.count(part.count)
        self.turns(run)
        seen: dict[str, ast.Node] = {}
        for phase in run.phases:
            name = phase.name
            self.reporter.once(
                seen, name.id, name, f"the phase `{name.id}`", help="rename one of them"
            )
            self.duration(phase.duration)
            self.phase(phase)

    def duration(self, expr: ast.Expr) -> None:
        """A time, or the name of a sound."""
        if isinstance(expr, ast.Name) and expr.id not in self.symbols.constants:
            if expr.id not in self.symbols.sounds:
                known = [*self.symbols.sounds, *self.symbols.constants]
                self.reporter.error(
                    "NAME001",
                    expr,
                    f"there is no sound or constant `{expr.id}`",
                    help=self.reporter.suggest(expr.id, known, "known")
                    or "a duration must be a time, such as `10 s`, or a sound",
                )
            return
        self.experiment.constant(expr, TIME, "`duration`")

    def count(self, expr: ast.Expr) -> None:
        """Checks the number of repetitions."""
        found = self.experiment.constant(expr, INTEGER, "`repeat`")
        number = value(expr, self.inference.values)
        if found is not None and number is not None and not 1 <= number <= MOST_TURNS:
            self.reporter.error(
                "TYPE013",
                expr,
                f"phases cannot be repeated {number:g} times",
                help=f"write a number from 1 to {MOST_TURNS}",
            )

    def turns(self, run: ast.Run) -> None:
        """Checks the total number of phases."""
        several = [part for part in run.stretches if isinstance(part, ast.Repeated)]
        number = len(turns_of(run, self.inference.values, MOST_TURNS + 1))
        if number > MOST_TURNS and all(
            (value(part.count, self.inference.values) or 0) <= MOST_TURNS for part in several
        ):
            self.reporter.error(
                "TYPE013",
                several[-1].count,
                f"the run has {number} phases",
                help=f"the limit is {MOST_TURNS}: repeat them less often, or let inputs change"
                ' inside a phase, as with `rates: from "FILE" every 350 ms`',
            )

    def phase(self, phase: ast.Phase) -> None:
        """Checks what a phase changes."""
        targets: dict[tuple[str, str], ast.Node] = {}
        for modifier in phase.modifiers:
            if isinstance(modifier, ast.Frozen | ast.Off):
                self.silenced(modifier)
            elif isinstance(modifier, ast.SetValue):
                self.set_value(modifier)
                target = target_of(self.symbols, modifier.path)
                if target is None:
                    continue
                key = target[0].name, target[1]
                said = f"`{modifier.path.dotted}`"
                self.reporter.once(targets, key, modifier.path, said, "is set twice in this phase")

    def silenced(self, modifier: ast.Frozen | ast.Off) -> None:
        component = self.experiment.find(modifier.connection, "connection")
        if component is not None and component.kind != "connection":
            self.reporter.error(
                "NAME001",
                modifier.connection,
                f"`{component.name}` is a {component.kind}, not a connection",
                help="name a connection",
            )
        elif isinstance(modifier, ast.Frozen) and component and component.weight is None:
            self.reporter.error(
                "CLAUSE003",
                modifier.connection,
                f"`{component.name}` has no weight to freeze",
                help=f"`{component.name} off` silences it",
            )

    # Set

    def set_value(self, node: ast.SetValue) -> None:
        name = node.path.parts[-1]
        if len(node.path.parts) == 1:
            found = target_of(self.symbols, node.path)
            if found is None:
                self.no_target(node.path)
                return
            component = found[0]
        else:
            there = self.experiment.find(node.path.parts[0], "layer or connection")
            if there is None or there.unsure:
                return
            component = there
        if name.id in component.variables and name.id not in component.parameters:
            self.variable(node, component)
            return
        want: Type | None = None
        symbol = component.parameters.get(name.id)
        if symbol is None:
            self.neither(name, component)
        elif self.waits(name, component):
            want = as_float(self.inference.type_of(symbol))
        context = self.models.context(self.symbols.value_scope(component), f"`{component.name}`")
        self.inference.expect(node.value, context, want, f"`{node.path.dotted}`")

    def no_target(self, path: ast.Path) -> None:
        """Reports a name without a component that no component has, or several."""
        name = path.dotted
        components = self.symbols.components.values()
        for kind in ("parameter", "variable"):
            of_kind = {"parameter": lambda c: c.parameters, "variable": lambda c: c.variables}[kind]
            owners = [c.name for c in components if name in of_kind(c)]
            if owners:
                listed = ", ".join(f"`{o}.{name}`" for o in owners)
                self.reporter.error(
                    "NAME019",
                    path,
                    f"`{name}` is a {kind} of {len(owners)} components",
                    help=f"say which one: {listed}",
                )
                return
        constant = name in self.symbols.constants
        known = [n for c in components for n in (*c.parameters, *c.variables)]
        self.reporter.error(
            "NAME003",
            path,
            f"`{name}` is a constant, so a phase cannot change it"
            if constant
            else f"no component has a parameter or variable `{name}`",
            help="make it a parameter of the components that use it"
            if constant
            else self.reporter.suggest(name, known, "parameters and variables"),
        )

    def neither(self, name: ast.Ident, component: Component) -> None:
        if component.kind == "layer" and component.neuron is None and not component.parameters:
            help = f"`{component.name}` is an input: its spikes are generated before the run"
        else:
            known = [*component.parameters, *component.variables]
            help = self.reporter.suggest(name.id, known, "it has")
        self.reporter.error(
            "NAME003",
            name,
            f"`{component.name}` has no parameter or variable `{name.id}`",
            help=help,
        )

    def variable(self, node: ast.SetValue, component: Component) -> None:
        """Checks a variable, which takes the same kinds of values as in `initial:`."""
        name = node.path.parts[-1]
        symbol = component.variables[name.id]
        layer = component.kind == "layer"
        scope = self.symbols.neuron_scope if layer else self.symbols.weight_scope
        context = self.models.context(scope(component), f"`{component.name}`")
        context = context.but(draws=True)
        if name.id in component.each:
            self.reporter.error(
                "NAME007",
                name,
                f"`{name.id}` differs between elements here, so a phase cannot change it",
                help=f"make it a variable: `{name.id} : 1` under `equations:`",
            )
            self.inference.infer(node.value, context)
            return
        if not (assignable(self.inference, name, symbol) and self.stored(name, component)):
            self.inference.infer(node.value, context)
            return
        self.inference.used.add((component.name, name.id))
        wanted = self.inference.type_of(symbol)
        self.inference.expect(node.value, context, wanted, f"`{node.path.dotted}`")
        if is_shared(symbol):
            as_update = ast.Update(name, "=", node.value, span=node.span)
            shared_reads(self.inference, as_update, scope(component))

    def waits(self, name: ast.Ident, component: Component) -> bool:
        """Whether a component runs phase by phase, not before the network."""
        node = component.node
        if not isinstance(node, ast.Layer) or not node.heard or component.scope != "shared":
            return True
        self.reporter.error(
            "NAME007",
            name,
            f"`{component.name}` hears a sound and runs once, before the network, so no"
            f" phase can set `{name.id}`",
            labels=((node.heard[0], "heard here"),),
            help=f"give `{component.name}` a copy per block: `scope: block`",
        )
        return False

    def stored(self, name: ast.Ident, component: Component) -> bool:
        """Whether a variable keeps a value that is set."""
        node = component.node
        drives = node.drive if isinstance(node, ast.Layer) else ()
        driven = next((d for d in drives if d.variable.id == name.id), None)
        sums = [
            (d, c)
            for c in self.symbols.connections
            if c.post is component
            for d in getattr(c.node, "delivery", ())
            if d.continuously and d.target.id == name.id
        ]
        if not self.waits(name, component):
            return False
        place: ast.Node
        if driven is not None or sums:
            place = driven if driven is not None else sums[0][0]
            self.reporter.error(
                "NAME007",
                name,
                f"`{name.id}` is computed in each time step, so it cannot be set",
                labels=((place, "here"),),
                help="set the variables from which it is computed",
            )
            return False
        return True
