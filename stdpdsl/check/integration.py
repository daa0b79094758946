"""How the differential equations of one Brian2 object are solved."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..dataclass import dataclass
from .exact import Model, System, models_of
from .rows import Rows
from .solvable import Structure
from .symbols import Component, Scope


@dataclass(frozen=True)
class Integration:
    """How the differential equations of one Brian2 object are solved.

    `parts`: (method, variables) as the script has it: a method of Brian2's, or "exact" or
    "exponential" for those of stdpdsl/runtime/exact.py. `methods`: (variable, effective method);
    "exact" only if the solution does not depend on the time step.
    """

    parts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    methods: tuple[tuple[str, str], ...] = ()
    equal: tuple[tuple[str, str], ...] = ()
    """Pairs of variables that are solved exactly and decay at the same rate in some row."""


def integration(
    models: Sequence[Model],
    held: Collection[str] = (),
    component: Component | None = None,
    every: Sequence[Rows] = (),
) -> Integration:
    """The method of each variable of an object: the one that its model gives, or else the best that
    works for all values. `held`: names that change from step to step, but not through these
    equations. `every` has the values of a component in all rows, phase by phase."""
    system = Structure([e for m in models for e in m.equations])
    said = {
        e.name.id: (m.method.id, m.at_least)
        for m in models
        if m.method is not None
        for e in m.equations
        if e.kind == "ode"
    }
    given = {name: method for name, (method, at_least) in said.items() if not at_least}
    # GSL integrates all variables of an object or none.
    whole = next((method for method, _ in said.values() if method.startswith("gsl")), "")
    exact = [] if whole else system.together(given)
    together = {name for names in exact for name in names}
    rest: dict[str, list[str]] = {}
    methods: dict[str, str] = {}
    for name in system.sides:
        if name in together:
            methods[name] = system.in_truth(name, "exact", held)
            continue
        asked = whole or (said[name][0] if name in said else "")
        methods[name] = asked or system.in_truth(name, system.stepwise(name), held)
        rest.setdefault(asked or system.stepwise(name), []).append(name)
    parts = (*(("exact", names) for names in exact), *rest.items())
    equal: dict[tuple[str, str], None] = {}
    for rows in every:
        assert component is not None
        known = models_of(component, rows.symbols, rows)[1]
        ours = {*together, *(n for n, method in methods.items() if method == "exact")}
        equal |= dict.fromkeys(System(component, system, known).near(ours))
    return Integration(
        tuple((method, tuple(names)) for method, names in parts),
        tuple(methods.items()),
        tuple(equal),
    )


def changing(scope: Scope) -> set[str]:
    """The names of a synapse's two sides that change from step to step."""
    return {
        name
        for name, symbol in scope.items()
        if symbol.kind == "port"
        or (symbol.side and symbol.equation is not None and symbol.equation.kind != "parameter")
    }
