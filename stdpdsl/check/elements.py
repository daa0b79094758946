"""Parameters that differ between neurons or synapses.

If a layer or connection gives a parameter a draw, or values from a file, it becomes a variable of
each element that nothing changes. `each` of its component holds these with their first values. The
same goes for every parameter whose own value uses one of these.
"""

from __future__ import annotations

from ..language import ast
from ..language.builtins import DISTRIBUTIONS
from .order import dependency_order, names_in
from .symbols import Component, Symbol, Symbols


def promote(symbols: Symbols) -> None:
    """Make variables of these parameters. A parameter that a column of the sweep sets stays one."""
    swept = {column.target for column in symbols.columns.values() if column.target}
    for component in symbols.components.values():
        for name in by_element(component):
            symbol = component.parameters[name]
            if (component.name, name) in swept or symbol.by_preset:
                continue
            assert isinstance(symbol.node, ast.Assign) and symbol.value is not None
            del component.parameters[name]
            component.each[name] = ast.Assign(
                symbol.node.name, symbol.value, span=symbol.value.span
            )
            component.variables[name] = Symbol(
                name, "variable", symbol.node, symbol.value, owner=component.name
            )
        component._as_side.clear()
    symbols._owners = None


def by_element(component: Component) -> list[str]:
    """The parameters of a component that differ between its elements, in order of dependency."""
    values = {n: s.value for n, s in component.parameters.items() if s.value is not None}
    given = {
        name
        for name, symbol in component.parameters.items()
        if isinstance(symbol.node, ast.Assign) and symbol.value is not symbol.node.value
    }
    found = {name for name in given if differs(values[name])}
    if not found:
        return []
    uses = {n: [x.id for x in names_in(v) if x.id in values] for n, v in values.items()}
    order, _ = dependency_order(uses)
    for name in order:
        if found & set(uses[name]):
            found.add(name)
    return [name for name in order if name in found]


def differs(value: ast.Expr) -> bool:
    """Whether a value differs between neurons or synapses."""
    calls = ast.below(value, ast.Call)
    drawn = any(call.func.id in DISTRIBUTIONS for call in calls)
    return drawn or bool(ast.below(value, ast.DataExpr))
