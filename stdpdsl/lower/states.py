"""States that phases store and restore, and at which a block ends a phase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..check.symbols import TIME, Component
from ..check.traces import event_driven
from ..check.types.states import restored
from ..ir import Restored, Stored, Until
from ..language import ast
from ..language.numeric import evaluate
from .additions import Additions
from .recording import layer_name
from .values import Values, used_names


class StateLowering:
    """`own` are the names of a connection's variables in its model."""

    def __init__(self, values: Values, own: Mapping[str, Mapping[str, str]], added: Additions):
        self.values, self.own, self.added = values, own, added
        self.components = values.symbols.components
        self.times = [
            (c.name, self.name(c, v)) for c in self.components.values() for v in times_in(c)
        ]

    def restores(self, phase: ast.Phase) -> tuple[Restored, ...]:
        return tuple(self.restored(m) for m in phase.modifiers if isinstance(m, ast.Restore))

    def restored(self, node: ast.Restore) -> Restored:
        parts: dict[str, tuple[str, ...] | None] = {}
        without: list[tuple[str, str]] = []
        for component, chosen, stays in restored(node, self.components):
            parts[component.name] = (
                None if chosen is None else tuple(self.name(component, v) for v in chosen)
            )
            without += [(component.name, self.name(component, v)) for v in stays]
        partly = []
        for c in self.values.symbols.connections:
            if c.name in parts:
                traces = [self.name(c, t) for t in traces_of(self.values, c)]
                names = parts[c.name]
                back = [
                    t
                    for t in traces
                    if (names is None or t in names) and (c.name, t) not in without
                ]
                if back and back == traces:  # with the times that belong to their values
                    parts[c.name] = None if names is None else (*names, "lastupdate")
                else:
                    without += [(c.name, "lastupdate")] if traces and names is None else []
                    partly += [c.name] if back else []
        times = [
            (c, v)
            for c, v in self.times
            if c in parts and (c, v) not in without and v in (parts[c] or (v,))
        ]
        return Restored(
            name=node.name.id,
            components=tuple(parts.items()),
            without=tuple(without),
            times=tuple(times),
            partly=tuple(partly),
        )

    def stores(self, phase: ast.Phase) -> tuple[Stored, ...]:
        """Of all components that some phase restores from it."""
        found = []
        for node in phase.modifiers:
            if isinstance(node, ast.Store):
                later = (
                    r
                    for turn in self.values.turns
                    for r in self.restores(turn.phase)
                    if r.name == node.name.id
                )
                names = dict.fromkeys(c for r in later for c, _ in r.components)
                if names:
                    found.append(
                        Stored(name=node.name.id, components=tuple(names), at_start=node.at_start)
                    )
        return tuple(found)

    def until(self, phase: ast.Phase) -> Until | None:
        """The condition that ends this phase for a block."""
        node = next((m for m in phase.modifiers if isinstance(m, ast.Until)), None)
        if node is None:
            return None
        component = self.components[node.component.id]
        return Until(
            measure=node.measure.id,
            component=component.name,
            variable=self.name(component, node.variable.id) if node.variable else "",
            relation=node.relation,
            goal=self.values.code(node.goal, component),
            every=float(evaluate(node.every, self.values.constants)),
            times=tuple(self.times),
        )

    def name(self, component: Component, variable: str) -> str:
        """The name of a variable in the model."""
        if component.kind == "connection":
            return self.own[component.name][variable]
        ident = ast.Ident(variable, span=component.node.span)
        return layer_name(self.values, component, ident, self.added)


def partly_restored(values: Values) -> set[str]:
    """The connections of which only some traces are restored. All their traces are brought up to
    date when they are stored and when they are restored."""
    found = set()
    for turn in values.turns:
        for node in (m for m in turn.phase.modifiers if isinstance(m, ast.Restore)):
            for component, chosen, stays in restored(node, values.symbols.components):
                traces = traces_of(values, component)
                back = [t for t in traces if (chosen is None or t in chosen) and t not in stays]
                if back and back != traces:
                    found.add(component.name)
    return found


def traces_of(values: Values, component: Component) -> list[str]:
    """The variables of a connection that its events bring up to date."""
    if component.kind != "connection" or component.rule is None:
        return []
    return [
        e.name.id for e in component.rule.equations if event_driven(e, component, values.symbols)
    ]


def times_in(component: Component) -> Iterator[str]:
    """Variables that hold a time of the run, because a statement computes them from `t`."""
    model = component.neuron or component.rule
    node = component.node
    bodies: list[tuple[ast.Statement, ...]] = []
    for part in (model, node):
        bodies += [getattr(part, name, ()) for name in ("reset", "advance", "post_reset")]
        bodies += [h.body for h in (*getattr(part, "handlers", ()), *getattr(part, "every", ()))]
    found = {
        s.target.id
        for body in bodies
        for s in body
        if isinstance(s, ast.Update) and s.op == "=" and "t" in used_names([s.value])
    }
    yield from (
        n for n, symbol in component.variables.items() if n in found and symbol.type == TIME
    )
