"""Values for which Brian2's `exact` integration fails.

Measured with Brian2 2.9.0 (tests/run/test_exact.py). sympy solves the equations once, with the
names in them, and the solution divides by differences of rates: two coupled variables whose time
constants have different names and the same value give NaN (with a third variable between them, a
wrong value), and nearly equal ones lose precision: the relative error is about 1e-14 divided by
their relative difference.

`solvable` tells which equations can be solved at all; this module finds the values that fail.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np

from ..dataclass import dataclass
from ..language import ast
from ..language.diagnostics import Diagnostic, Label
from ..language.numeric import NotConstant, evaluate
from .linear import degree
from .order import dependency_order, names_in
from .rows import Rows
from .solvable import TOO_LARGE, Equations, Structure, reach
from .symbols import Component, Symbols
from .traces import stepwise

# Below this relative difference of two rates, fewer than eight digits are right. Below the second,
# the rates count as equal and have a formula of their own.
NEAR = 1e-6
EQUAL = 1e-12
_LISTED = 3

_STOCHASTIC = ("euler", "heun", "milstein")


@dataclass(frozen=True)
class Model:
    """Equations with their `method:`. A rule's method applies to its synapses. It applies to the
    equations that the rule adds to its target only if they have no exact solution (`at_least`)."""

    method: ast.Ident | None
    equations: Equations
    at_least: bool = False


def post_equations(c: Component, names: Mapping[str, str]) -> tuple[ast.Equation, ...]:
    """The equations that a rule adds to its target, with the `names` of its variables and ports
    there. Its parameters are prefixed with the connection's name."""
    assert c.rule is not None
    known = {name: f"{c.name}_{name}" for name in (*c.parameters, *c.value_ports)} | {**names}
    return tuple(ast.renamed(e, known) for e in c.rule.post_equations)


def check_exact(component: Component, phases: Iterable[Rows]) -> list[Diagnostic]:
    """Errors for methods that cannot solve their equations, and for solutions that would be NaN or
    imprecise in some rows of the sweep; warnings for what takes too long to solve exactly. `phases`
    are those in which the component's values change."""
    first, *later = phases
    found = list(problems_of(component, first.symbols, first))
    for rows in later:
        told = {(d.code, d.span) for d in found}
        phase = f", in the phase `{rows.phase}`"
        found += [
            replace(d, message=d.message + phase)
            for d in problems_of(component, rows.symbols, rows)
            if (d.code, d.span) not in told
        ]
    return found


def problems_of(component: Component, symbols: Symbols, rows: Rows) -> Iterator[Diagnostic]:
    """The problems with the methods of one component."""
    models, known = models_of(component, symbols, rows)
    for model in models:
        if model.method is not None:
            yield from unfit(model.method, Structure(model.equations), component)
    system = Structure([e for m in models for e in m.equations])
    given = {
        e.name.id: m.method.id for m in models if m.method and not m.at_least for e in m.equations
    }
    yield from too_large(system, given, component)
    exact = {n for names in system.together(given) for n in names}
    exact |= {n for n in system.sides if given.get(n) == "exact"}
    of_brian2 = {n for n in system.sides if given.get(n) == "linear"}
    yield from System(component, system, known).problems(exact, of_brian2)


def models_of(
    component: Component, symbols: Symbols, rows: Rows
) -> tuple[list[Model], Mapping[str, Any]]:
    """The equations that one Brian2 object integrates in each step, and the values of the names in
    them in every row."""
    known = dict(rows.values(component.name, component.parameters))
    if component.rule is not None:
        late = stepwise(component, symbols)
        equations = [e for e in component.equations if e.kind != "ode" or e.name.id in late]
        return [Model(component.rule.method, equations)], ChainMap(known, rows.names)
    models = []
    if component.neuron is not None:
        models.append(Model(component.neuron.method, component.equations))
    for c in symbols.connections:
        if c.post is component and c.rule is not None and c.rule.post_equations:
            names = {name: f"{c.name}_{name}" for name in c.post_variables}
            models.append(Model(c.rule.method, post_equations(c, names), at_least=True))
            own = rows.values(c.name, c.parameters)
            known |= {f"{c.name}_{name}": value for name, value in own.items()}
    return models, ChainMap(known, rows.names)


def unfit(method: ast.Ident, system: Structure, component: Component) -> Iterator[Diagnostic]:
    """Errors for a `method:` that cannot solve the equations of its model."""
    for name, equation in system.equations.items():
        why = ""
        if method.id in ("exact", "linear"):
            why = system.obstacle(name)
        elif system.noisy(name) and method.id not in _STOCHASTIC:
            why = "it holds noise"
        elif method.id == "exponential_euler":
            linear = degree(system.sides[name], {name}, system.computed, time=0)
            why = "" if linear is not None else f"it is not linear in `{name}`"
        if why:
            model = component.neuron or component.rule
            said = (
                "has no exact solution for all values"
                if method.id in ("exact", "linear")
                else (f"cannot be solved by `{method.id}`")
            )
            owner = model.name.id if model is not None else component.name
            yield Diagnostic(
                "RUN012",
                method.span,
                f"`{owner}` {said}",
                why,
                (Label(equation.span, "this equation"),),
                help="leave out `method:`, and the"
                " compiler chooses for each variable; or take `method: rk4`, or `method: euler`"
                " where there is noise",
            )
            return


def too_large(
    system: Structure, given: Collection[str], component: Component
) -> Iterator[Diagnostic]:
    """A warning for equations that could be solved exactly, but not in reasonable time."""
    exact = {n for names in system.together(given) for n in names}
    could = {n for n in system.sides if n not in given and not system.obstacle(n)}
    left = [n for n in system.sides if n in could - exact and system.sources(n) <= could]
    if left:
        listed = ", ".join(f"`{n}`" for n in left[:_LISTED])
        more = f" and {len(left) - _LISTED} more" if len(left) > _LISTED else ""
        yield Diagnostic(
            "RUN014",
            system.equations[left[0]].span,
            f"{listed}{more} of `{component.name}` are"
            f" integrated by exponential Euler: {TOO_LARGE}",
            severity="warning",
            help="say so with `method: exponential_euler`, or take `method: rk4`",
        )


class System:
    """The linear differential equations of one component, in every row."""

    def __init__(
        self,
        component: Component,
        structure: Structure,
        known: Mapping[str, Any],
        unknown: float = np.nan,
    ):
        self.component, self.known, self.unknown = component, known, unknown
        self.equations = structure.equations
        self.odes, self.computed = structure.sides, structure.computed
        self.acts_on = structure.acts_on
        self.names = set().union(*structure.all_names.values())

    def problems(
        self, exact: Collection[str], of_brian2: Collection[str] = ()
    ) -> Iterator[Diagnostic]:
        """The failures of variables that are solved exactly, by our method or by Brian2's."""
        exact = {*exact, *of_brian2}
        pairs = self.near(exact)
        for (later, earlier), (near, equal, rates) in pairs.items():
            alone = equal & (later not in of_brian2)
            for other, (also, _, _) in pairs.items():
                if other != (later, earlier) and {*other} & {later, earlier}:
                    alone &= ~np.broadcast_to(also, alone.shape)
            if np.any(near & ~alone):
                why = "brian2" if later in of_brian2 else "third"
                why = "nearly" if np.any(near & ~equal) else why
                yield self.equal(later, earlier, near & ~alone, rates, why)
        for later in self.odes:
            if later in exact and self.pushed(later):
                rate = self.rate(later, self.known)
                none = np.atleast_1d(np.asarray(np.nan if rate is None else rate) == 0)
                if none.any():
                    yield self.no_leak(later, none)

    def near(self, exact: Collection[str]) -> dict[tuple[str, str], tuple[Any, Any, Any]]:
        """Pairs of variables, the second of which acts on the first, whose rates are nearly equal
        in some row: the rows with nearly equal rates, those with equal rates, and the first
        variable's rate (1/s)."""
        rates = {name: self.rate(name, self.known) for name in self.odes if name in exact}
        found = {}
        for later in rates:
            for earlier in sorted(reach(self.acts_on, later) - {later}):
                a, b = rates[later], rates.get(earlier)
                if a is None or b is None or self.same_formula(later, earlier):
                    continue
                apart = np.atleast_1d(np.abs(a - b))
                size = np.maximum(np.abs(a), np.abs(b))
                near = apart <= NEAR * size
                if near.any():
                    equal = apart <= EQUAL * size
                    found[later, earlier] = near, equal, np.broadcast_to(a, near.shape)
        return found

    def rate(self, name: str, known: Mapping[str, Any]) -> Any:
        """The factor of a variable in its own equation (1/s), per row; None if unknown."""
        at_zero, at_one = (self.right_side(name, known, value) for value in (0.0, 1.0))
        return None if at_zero is None or at_one is None else at_one - at_zero

    def right_side(self, name: str, known: Mapping[str, Any], value: float) -> Any:
        """The right side with the variable at `value`, the other differential variables at 0, and
        `unknown` for what is not known before the run."""
        known_later = {
            *self.component.variables,
            *self.component.post_variables,
            "i",
            "j",
            "N",
            "t",
            "N_pre",
            "N_post",
            *(self.names - set(self.known)),
        }
        env: dict[str, Any] = dict.fromkeys(known_later, self.unknown)
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
        """Whether two rates are equal by name (`tau` in both), so that sympy sees it."""
        draws = Random(0)  # importing numpy.random would take a twentieth of `check`
        other = {n: draws.uniform(0.5, 2.0) for n in sorted(self.known)}
        one, two = self.rate(a, other), self.rate(b, other)
        return one is not None and two is not None and bool(np.allclose(one, two, rtol=1e-9))

    def pushed(self, name: str) -> bool:
        """Whether anything besides its own decay moves a variable when all others are 0."""
        value = self.right_side(name, self.known, 0.0)
        return value is not None and bool(np.any(value != 0))

    def equal(
        self, later: str, earlier: str, near: np.ndarray, rates: np.ndarray, why: str
    ) -> Diagnostic:
        row = int(np.argmax(near))
        names = self.time_names(later) + self.time_names(earlier)
        by = f" ({' and '.join(f'`{n}`' for n in dict.fromkeys(names))})" if names else ""
        value = _time(1 / abs(float(rates[row]))) if rates[row] else "none"
        one, two = self.equations[later], self.equations[earlier]
        what, help = {
            "nearly": (
                "have nearly the same time constant",
                "make the values equal, or different by more than a millionth",
            ),
            "third": (
                "have, as a third variable does, the same time constant",
                "take values of which two at most are equal, or that differ by more than a"
                f" millionth; or add `method: rk4` to `{self.model_name}`",
            ),
            "brian2": (
                "have the same time constant",
                "leave out `method:`, and the compiler chooses a solution for this too",
            ),
        }[why]
        return Diagnostic(
            "RUN012",
            one.name.span,
            f"`{later}` and `{earlier}` of `{self.component.name}` {what}"
            f"{by}, {value}, {in_blocks(near)}, and the exact solution divides by the difference",
            "acted upon",
            (Label(two.name.span, f"acts on `{later}`"),),
            help=help,
        )

    def no_leak(self, name: str, none: np.ndarray) -> Diagnostic:
        return Diagnostic(
            "RUN012",
            self.equations[name].name.span,
            f"`{name}` of `{self.component.name}` has no"
            f" leak {in_blocks(none)}, and Brian2's exact solution divides by it",
            help=f"add `method: euler` to `{self.model_name}`",
        )

    @property
    def model_name(self) -> str:
        model = self.component.neuron or self.component.rule
        assert model is not None
        return model.name.id

    def time_names(self, variable: str) -> list[str]:
        """The parameters and constants that are divisors in an equation."""
        found = []
        for node in ast.below(self.odes[variable], ast.Binary):
            if node.op == "/":
                found += [n.id for n in names_in(node.right) if n.id in self.known]
        return found


def in_blocks(where: np.ndarray) -> str:
    """`in block 3`, `in blocks 0, 1, 2 and 5 more`, `in every block`; empty without a sweep."""
    if len(where) == 1 or where.all():
        return "in every block"
    rows = np.flatnonzero(where)
    listed = ", ".join(str(r) for r in rows[:_LISTED])
    more = f" and {len(rows) - _LISTED:,} more" if len(rows) > _LISTED else ""
    return f"in block{'s' if len(rows) > 1 else ''} {listed}{more}"


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:g} ms" if seconds < 1 else f"{seconds:g} s"
