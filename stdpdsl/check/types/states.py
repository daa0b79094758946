"""Checks the states that phases store and restore."""

from __future__ import annotations

from collections.abc import Iterator

from ...language import ast
from ..clauses.first_values import is_constant
from ..symbols import Component
from ..turns import turns_of
from .experiment import Experiment
from .statements import assignable


class States:
    """Checks `store` and `restore`, with the names that the experiment knows."""

    def __init__(self, experiment: Experiment):
        self.experiment = experiment
        self.models, self.inference = experiment.models, experiment.inference
        self.symbols, self.reporter = experiment.symbols, experiment.reporter

    def run(self, run: ast.Run) -> None:
        for phase in run.phases:
            for modifier in phase.modifiers:
                if isinstance(modifier, ast.Restore):
                    self.paths(modifier)
        self.order(run)

    def order(self, run: ast.Run) -> None:
        """Checks that a state is stored before it is restored."""
        every = {
            m.name.id: m.name for p in run.phases for m in p.modifiers if isinstance(m, ast.Store)
        }
        stored: set[str] = set()
        told: set[int] = set()
        used: set[str] = set()
        for turn in turns_of(run, self.inference.values, most=2):
            modifiers = turn.phase.modifiers
            for node in (m for m in modifiers if isinstance(m, ast.Restore)):
                name = node.name.id
                used.add(name)
                if name in stored or id(node) in told:
                    continue
                told.add(id(node))
                later = every.get(name)
                self.reporter.error(
                    "NAME028",
                    node.name,
                    f"the state `{name}` is not stored yet in this phase"
                    if later
                    else f"no phase stores a state `{name}`",
                    labels=((later, "stored here, later"),) if later else (),
                    help=f"store it in an earlier phase: `store {name}`"
                    if later
                    else self.reporter.suggest(name, every, "stored states")
                    or f"let an earlier phase store it: `store {name}`",
                )
            stored |= {m.name.id for m in modifiers if isinstance(m, ast.Store)}
        for name, known in every.items():
            if name not in used and not used - every.keys():  # or a misspelt one is meant
                self.reporter.warn(
                    "NAME020",
                    known,
                    f"no phase restores the state `{name}`",
                    help=f"write `restore {name}` in a later phase, or leave it out",
                )

    def paths(self, node: ast.Restore) -> None:
        """Checks the components and variables that are named."""
        seen: dict[str, ast.Node] = {}
        for path in node.paths:
            said = f"`{path.dotted}`"
            self.reporter.once(seen, path.dotted, path, said, help="leave one out")
            component = self.experiment.find(path.parts[0], "layer or connection")
            if component is None or component.unsure:
                continue
            why = without_state(component)
            if why:
                self.reporter.error(
                    "NAME011",
                    path.parts[0],
                    f"`{component.name}` has no state: {why}",
                    help="leave it out",
                )
            elif len(path.parts) > 1:
                self.variable(path.parts[1], component)

    def variable(self, name: ast.Ident, component: Component) -> None:
        symbol = component.variables.get(name.id)
        if symbol is None and self.symbols.adding(component, name.id):
            return
        if symbol is None or name.id in component.each:
            self.models.no_variable(name, component)
        elif is_constant(symbol, component):
            assignable(self.inference, name, symbol)
        elif symbol.equation is not None and symbol.equation.kind == "subexpression":
            self.reporter.error(
                "NAME007",
                name,
                f"`{name.id}` is computed from other variables, so it is not stored",
                labels=((symbol.equation.name, "its expression"),),
                help="name the variables from which it is computed",
            )


def without_state(component: Component) -> str:
    """Why a component has no state to store; empty if it has one."""
    if component.kind != "layer" or not isinstance(component.node, ast.Layer):
        return ""
    if component.neuron is None:
        return "it is an input, whose spikes do not depend on a state"
    if component.node.drive and component.scope == "shared":
        return "it hears a sound and runs once, before the network"
    return ""


def restored(
    node: ast.Restore, components: dict[str, Component]
) -> Iterator[tuple[Component, list[str] | None, list[str]]]:
    """(component, its variables or None for all of it, variables that stay) of what is put back."""
    named: dict[str, list[str] | None] = {}
    for path in node.paths:
        name = path.parts[0].id
        if len(path.parts) == 1:
            named[name] = None
        elif name not in named:
            named[name] = [path.parts[1].id]
        elif (found := named[name]) is not None:
            found.append(path.parts[1].id)
    for name, component in components.items():
        if without_state(component):
            continue
        if node.word == "of":
            if name in named:
                yield component, named[name], []
        elif name not in named:
            yield component, None, []
        elif (stays := named[name]) is not None:
            yield component, None, stays
