"""Which equations Brian2's `exact` integration can solve, and for which values it fails.

Measured with Brian2 2.9.0 (tests/run/test_exact.py). sympy solves the equations once, with the
names in them, and the solution divides by differences of rates: two coupled variables whose time
constants have different names and the same value give NaN (with a third variable between them, a
wrong value), and nearly equal ones lose digits, about 1e-14 over their relative difference.

Whether an equation *can* be solved depends on names alone: variables that act on one another in a
circle give complex numbers for some values, and a variable without a leak of its own is refused.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

import numpy as np

from .. import ast
from ..diagnostics import Diagnostic, Label
from ..numeric import NotConstant, evaluate
from .linear import degree
from .order import dependency_order, names_in
from .rows import Rows
from .symbols import Component, Symbols

# Below this relative difference of two rates, fewer than eight digits are right.
NEAR = 1e-6
_LISTED = 3

Equations = Sequence[ast.Equation]


# Structure: what the names tell -----------------------------------------------------------------


def integrator(given: ast.Ident | None, equations: Equations) -> str:
    """What the model says; else `exact` where that is possible for all values, else `euler`."""
    if given is not None:
        return given.id
    return "exact" if solvable(equations) else "euler"


def solvable(equations: Equations) -> bool:
    return obstacle(equations) is None


def obstacle(equations: Equations) -> tuple[ast.Equation, str] | None:
    """The first equation that has no exact solution for all values, and why."""
    computed = _computed(equations)
    odes = {e.name.id: e for e in equations if e.kind == "ode" and e.rhs is not None}
    sides = {n: e.rhs for n, e in odes.items() if e.rhs is not None}
    acts_on = _dependencies(sides, computed)
    for name, rhs in sides.items():
        circle = [n for n in sorted(acts_on[name] - {name}) if name in _reach(acts_on, n)]
        if any(n.id == "xi" or n.id.startswith("xi_") for n in names_in(rhs)):
            return odes[name], "it holds noise"
        if degree(rhs, set(odes), computed) is None:
            return odes[name], "it is not linear, or changes with time"
        if name not in acts_on[name]:
            return odes[name], f"`{name}` has no leak: it does not stand on the right itself"
        if circle:
            return odes[name], f"`{name}` and `{circle[0]}` act on one another"
    return None


def _computed(equations: Equations) -> dict[str, ast.Expr]:
    return {e.name.id: e.rhs for e in equations if e.kind == "subexpression" and e.rhs is not None}


def _dependencies(
    odes: Mapping[str, ast.Expr], computed: Mapping[str, ast.Expr]
) -> dict[str, set[str]]:
    """The variables that each right side names, itself or by way of computed ones."""
    named = {n: {x.id for x in names_in(v)} for n, v in {**computed, **odes}.items()}
    computed_use = {n: named[n] for n in computed}
    through = {n: _reach(computed_use, n) for n in computed}
    return {
        name: (named[name] | {x for c in named[name] for x in through.get(c, ())}) & set(odes)
        for name in odes
    }


def _reach(uses: Mapping[str, Iterable[str]], start: str) -> set[str]:
    """Everything that `start` uses, directly or not; itself only on a circle."""
    found: set[str] = set()
    waiting = list(uses.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += uses.get(name, ())
    return found


# Values: what the rows tell ---------------------------------------------------------------------


def check_exact(symbols: Symbols, columns: Mapping[str, Any]) -> list[Diagnostic]:
    """Errors for what would come out as NaN or with few digits in some rows of the sweep."""
    rows = Rows(symbols, columns)
    problems: list[Diagnostic] = []
    for component in symbols.components.values():
        model = component.neuron or component.rule
        if model is None or integrator(model.method, component.equations) != "exact":
            continue
        if model.method is not None and (found := obstacle(component.equations)) is not None:
            problems.append(Diagnostic(
                "RUN012", model.method.span, f"`{model.name.id}` has no exact solution for all"
                " values", found[1], (Label(found[0].span, "this equation"),),
                help="take `method: rk4`, or `method: euler` where there is noise",
            ))  # fmt: skip
            continue
        problems += System(component, rows).problems()
    return list(dict.fromkeys(problems))


class System:
    """The linear differential equations of one component, in every row."""

    def __init__(self, component: Component, rows: Rows):
        self.component = component
        self.equations = {e.name.id: e for e in component.equations if e.kind == "ode"}
        self.odes = {n: e.rhs for n, e in self.equations.items() if e.rhs is not None}
        self.computed = _computed(component.equations)
        own = rows.values(component.name, component.parameters)
        self.known: Mapping[str, Any] = ChainMap(own, rows.names)
        self.acts_on = _dependencies(self.odes, self.computed)

    def problems(self) -> Iterator[Diagnostic]:
        rates = {name: self.rate(name, self.known) for name in self.odes}
        for later in self.odes:
            for earlier in _reach(self.acts_on, later) - {later}:
                a, b = rates[later], rates[earlier]
                if a is None or b is None or self.same_formula(later, earlier):
                    continue
                near = np.atleast_1d(np.abs(a - b) <= NEAR * np.maximum(np.abs(a), np.abs(b)))
                if near.any():
                    yield self.equal(later, earlier, near, np.broadcast_to(a, near.shape))
            a = rates[later]
            if a is not None and self.pushed(later):
                none = np.atleast_1d(np.asarray(a) == 0)
                if none.any():
                    yield self.no_leak(later, none)

    def rate(self, name: str, known: Mapping[str, Any]) -> Any:
        """The factor of a variable in its own equation (1/s), per row; None where unknown."""
        at_zero, at_one = (self.right_side(name, known, value) for value in (0.0, 1.0))
        return None if at_zero is None or at_one is None else at_one - at_zero

    def right_side(self, name: str, known: Mapping[str, Any], value: float) -> Any:
        """With the variable at `value`, the other differential ones at 0, and NaN for what is not
        known before the run."""
        env: dict[str, Any] = {n: np.nan for n in self.component.variables}
        env |= {n: np.nan for n in ("i", "j", "N", "t", "N_pre", "N_post")}
        env |= dict.fromkeys(self.odes, 0.0)
        env[name] = value
        whole = ChainMap(env, known)  # type: ignore[arg-type]
        try:
            for computed in self._in_order():
                env[computed] = evaluate(self.computed[computed], whole)
            return np.asarray(evaluate(self.odes[name], whole), dtype=float)
        except (NotConstant, TypeError, ValueError, KeyError):
            return None

    def _in_order(self) -> list[str]:
        uses = {n: [x.id for x in names_in(v)] for n, v in self.computed.items()}
        return dependency_order(uses)[0]

    def same_formula(self, a: str, b: str) -> bool:
        """Whether two rates are equal by their names (`tau` in both), which sympy sees."""
        draws = Random(0)  # numpy.random would take a twentieth of `check` to import
        other = {n: draws.uniform(0.5, 2.0) for n in sorted(self.known)}
        one, two = self.rate(a, other), self.rate(b, other)
        return one is not None and two is not None and bool(np.allclose(one, two, rtol=1e-9))

    def pushed(self, name: str) -> bool:
        """Whether something but its own decay moves a variable when all others are 0."""
        value = self.right_side(name, self.known, 0.0)
        return value is not None and bool(np.any(value != 0))

    def equal(self, later: str, earlier: str, near: np.ndarray, rates: np.ndarray) -> Diagnostic:
        row = int(np.argmax(near))
        names = self.time_names(later) + self.time_names(earlier)
        by = f" ({' and '.join(f'`{n}`' for n in dict.fromkeys(names))})" if names else ""
        value = _time(1 / abs(float(rates[row]))) if rates[row] else "none"
        one, two = self.equations[later], self.equations[earlier]
        return Diagnostic(
            "RUN012", one.name.span, f"`{later}` and `{earlier}` of `{self.component.name}` have"
            f" the same time constant{by}, {value}, {_blocks(near)}, and Brian2's exact solution"
            " divides by the difference", "acted upon",
            (Label(two.name.span, f"acts on `{later}`"),),
            help=f"add `method: rk4` to `{self.model_name}`, or take values that differ by more"
            " than a millionth",
        )  # fmt: skip

    def no_leak(self, name: str, none: np.ndarray) -> Diagnostic:
        return Diagnostic(
            "RUN012", self.equations[name].name.span, f"`{name}` of `{self.component.name}` has no"
            f" leak {_blocks(none)}, and Brian2's exact solution divides by it",
            help=f"add `method: euler` to `{self.model_name}`",
        )  # fmt: skip

    @property
    def model_name(self) -> str:
        model = self.component.neuron or self.component.rule
        assert model is not None
        return model.name.id

    def time_names(self, variable: str) -> list[str]:
        """The parameters and constants in an equation by which something is divided."""
        found = []
        for node in ast.walk(self.odes[variable]):
            if isinstance(node, ast.Binary) and node.op == "/":
                found += [n.id for n in names_in(node.right) if n.id in self.known]
        return found


def _blocks(where: np.ndarray) -> str:
    """`in block 3`, `in blocks 0, 1, 2 and 5 more`, `in every block`; nothing without a sweep."""
    if len(where) == 1 or where.all():
        return "in every block"
    rows = np.flatnonzero(where)
    listed = ", ".join(str(r) for r in rows[:_LISTED])
    more = f" and {len(rows) - _LISTED:,} more" if len(rows) > _LISTED else ""
    return f"in block{'s' if len(rows) > 1 else ''} {listed}{more}"


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:g} ms" if seconds < 1 else f"{seconds:g} s"
