"""Which variables of synapses are integrated event by event, and which step by step.

Only the model decides. A trace whose equation is linear in itself and otherwise contains only what
is constant between events is updated exactly at each event.
"""

from __future__ import annotations

from ..language import ast
from ..language.units import lookup
from .linear import degree
from .order import names_in
from .symbols import COUNTS, Component, Symbols


def event_driven(equation: ast.Equation, connection: Component, symbols: Symbols) -> bool:
    return equation.kind == "ode" and equation.name.id not in stepwise(connection, symbols)


def stepwise(connection: Component, symbols: Symbols) -> set[str]:
    """The variables that are integrated in each step: those that must be, and those that are read
    between events, by another such variable or by the connection."""
    equations = {e.name.id: e for e in connection.equations if e.rhs is not None}
    found: set[str] = set()
    waiting = [
        name
        for name, e in equations.items()
        if e.kind == "ode" and between_events(e, connection, symbols)
    ]
    if isinstance(connection.node, ast.Connect):
        waiting += read_between_events(connection.node)
    if connection.weight is not None and any(run.phases for run in symbols.spec.of(ast.Run)):
        waiting.append(connection.weight)  # phases freeze it, and measure it as they end
    while waiting:
        name = waiting.pop()
        if name in equations and name not in found:
            found.add(name)
            rhs = equations[name].rhs
            waiting += [n.id for n in names_in(rhs)] if rhs is not None else []
    return found


def read_between_events(node: ast.Connect) -> set[str]:
    """Names that a connection reads or assigns outside the events of its synapses: in continuous
    deliveries and in `every`."""
    values = [d.value for d in node.delivery if d.continuously and d.value is not None]
    found: set[str] = set()
    for item in node.every:
        for statement in item.body:
            if isinstance(statement, ast.Update):
                found.add(statement.target.id)
                values.append(statement.value)
            elif isinstance(statement, ast.Normalise):
                found.add(statement.variable.id)
                values.append(statement.total)
    return found | {name.id for value in values for name in names_in(value)}


def between_events(equation: ast.Equation, connection: Component, symbols: Symbols) -> str:
    """Why a differential equation cannot be integrated event by event; empty if it can."""
    name = equation.name.id
    assert equation.rhs is not None
    if equation.bounds is not None:
        return "it is clipped between events"
    constant = symbols.value_scope(connection)

    def changes(other: str) -> bool:
        if other in connection.each or other in COUNTS:
            return False
        return other in connection.variables or (other not in constant and lookup(other) is None)

    others = (n.id for n in names_in(equation.rhs) if n.id != name)
    other = next(filter(changes, others), None)
    if other is not None:
        return f"`{other}` is not a parameter"
    found = degree(equation.rhs, {name})
    if found is None:
        return f"it is not linear in `{name}`"
    if found == 0:
        return f"it does not depend on `{name}`"
    return ""
