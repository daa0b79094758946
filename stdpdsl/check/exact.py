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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np

from ..language import ast
from ..language.diagnostics import Diagnostic, Label
from ..language.numeric import NotConstant, evaluate
from .linear import degree
from .order import dependency_order, names_in
from .rows import Rows, phases_of
from .symbols import Component, Scope, Symbols
from .traces import stepwise

# Below this relative difference of two rates, fewer than eight digits are right; below the second
# one they are equal, and have a formula of their own.
NEAR = 1e-6
EQUAL = 1e-12
_LISTED = 3
# What sympy solves in ten seconds (Brian2 2.9, one core): a fifth variable in a row takes minutes.
MOST_TOGETHER = 6
LONGEST_CHAIN = 4
_STOCHASTIC = ("euler", "heun", "milstein")
TOO_LARGE = (
    f"it would take too long to solve more than {MOST_TOGETHER} variables together, or more than"
    f" {LONGEST_CHAIN} that act on one another in a row"
)

Equations = Sequence[ast.Equation]


@dataclass(frozen=True)
class Model:
    """Equations with their `method:`. That of a rule is for its synapses; the equations that it
    adds to its target have it only where they have no exact solution (`at_least`)."""

    method: ast.Ident | None
    equations: Equations
    at_least: bool = False


# Structure: what the names tell -----------------------------------------------------------------


@dataclass(frozen=True)
class Integration:
    """How the differential equations of one Brian2 object are solved.

    `parts`: (method, variables) as the script has it: a method of Brian2's, or "exact" or
    "exponential" for those of stdpdsl/runtime/exact.py. `methods`: (variable, method) as
    it acts, which is "exact" only of a solution that does not depend on the time step.
    """

    parts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    methods: tuple[tuple[str, str], ...] = ()
    equal: tuple[tuple[str, str], ...] = ()
    """Pairs of variables that are solved exactly and decay at the same rate in some row."""


def integration(
    models: Sequence[Model], held: Collection[str] = (), component: Component | None = None,
    every: Sequence[Rows] = (),
) -> Integration:  # fmt: skip
    """The method of each variable of an object: what its model says, else the best that is possible
    for all values. `held`: names that change from step to step, but not by these equations. `every`
    has the values of a component in all rows, phase by phase."""
    system = Structure([e for m in models for e in m.equations])
    said = {e.name.id: (m.method.id, m.at_least) for m in models if m.method is not None
            for e in m.equations if e.kind == "ode"}  # fmt: skip
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
        tuple((method, tuple(names)) for method, names in parts), tuple(methods.items()),
        tuple(equal),
    )


def post_equations(c: Component, names: Mapping[str, str]) -> tuple[ast.Equation, ...]:
    """What a rule adds to its target, with the `names` of its variables and ports there; its
    parameters bear the connection's name."""
    assert c.rule is not None
    known = {name: f"{c.name}_{name}" for name in (*c.parameters, *c.value_ports)} | {**names}
    return tuple(ast.renamed(e, known) for e in c.rule.post_equations)


def changing(scope: Scope) -> set[str]:
    """The names of a synapse's two sides that change from step to step."""
    return {
        name for name, symbol in scope.items()
        if symbol.kind == "port" or (
            symbol.side and symbol.equation is not None and symbol.equation.kind != "parameter"
        )
    }  # fmt: skip


class Structure:
    """What the names in differential equations tell of how they can be solved."""

    def __init__(self, equations: Equations):
        self.equations = {e.name.id: e for e in equations if e.kind == "ode" and e.rhs is not None}
        self.sides = {n: e.rhs for n, e in self.equations.items() if e.rhs is not None}
        self.computed = _computed(equations)
        self.acts_on = _dependencies(self.sides, self.computed)
        self.all_names = _all_names(self.sides, self.computed)

    def noisy(self, name: str) -> bool:
        return any(n == "xi" or n.startswith("xi_") for n in self.all_names[name])

    def obstacle(self, name: str) -> str:
        """Why a variable has no exact solution for all values; nothing if it has one."""
        circle = [n for n in sorted(self.acts_on[name] - {name}) if name in self.sources(n)]
        if self.noisy(name):
            return "it holds noise"
        if degree(self.sides[name], set(self.sides), self.computed) is None:
            return "it is not linear, or changes with time"
        if name not in self.acts_on[name]:
            return f"`{name}` has no leak: it does not stand on the right itself"
        if circle:
            return f"`{name}` and `{circle[0]}` act on one another"
        return ""

    def sources(self, name: str) -> set[str]:
        """All variables that act on this one, directly or not."""
        return _reach(self.acts_on, name)

    def together(self, without: Collection[str] = ()) -> list[list[str]]:
        """The systems of variables that are solved exactly. Of a system that would take too long
        to solve, only those on which no other acts."""
        free = {n for n in self.sides if n not in without and not self.obstacle(n)}
        found = {n for n in free if self.sources(n) <= free}
        for system in self.systems(found):
            if len(system) > MOST_TOGETHER or any(self.chain(n) > LONGEST_CHAIN for n in system):
                found -= {n for n in system if self.sources(n) != {n}}
        return self.systems(found)

    def systems(self, names: set[str]) -> list[list[str]]:
        """The same names, apart where they have nothing to do with one another."""
        links = {n: self.acts_on[n] | {m for m in names if n in self.acts_on[m]} for n in names}
        found: list[list[str]] = []
        for name in self.sides:
            if name in names and not any(name in system for system in found):
                near = {name, *_reach(links, name)}
                found.append([n for n in self.sides if n in near & names])
        return found

    def chain(self, name: str) -> int:
        """How many variables act on one another in a row, this one the last."""
        return 1 + max((self.chain(n) for n in self.acts_on[name] - {name}), default=0)

    def stepwise(self, name: str) -> str:
        """Exponential Euler where an equation is linear in its own variable, all else held over
        the step, and without noise; Euler elsewhere."""
        linear = degree(self.sides[name], {name}, self.computed, time=0) == 1
        return "exponential" if linear and not self.noisy(name) else "euler"

    def in_truth(self, name: str, asked: str, held: Collection[str]) -> str:
        """The method as it acts: what the others are held for is no exact solution."""
        names = set().union(*(self.all_names[n] for n in {name, *self.sources(name)}))
        changing = {*held, *self.sides}
        if asked == "exponential" or (asked == "exact" and names & {*held}):
            return "exponential_euler"
        if asked == "euler" and not self.noisy(name):
            if degree(self.sides[name], changing, self.computed) == 0:
                return "exact"  # a constant rate of change
        return asked


def solvable(equations: Equations) -> bool:
    """Whether all variables have an exact solution for all values."""
    return obstacle(equations) is None


def obstacle(equations: Equations) -> tuple[ast.Equation, str] | None:
    """The first equation that has no exact solution for all values, and why."""
    system = Structure(equations)
    for name, equation in system.equations.items():
        if why := system.obstacle(name):
            return equation, why
    together = {name for names in system.together() for name in names}
    for name in system.equations:
        if name not in together:
            return system.equations[name], TOO_LARGE
    return None


def _computed(equations: Equations) -> dict[str, ast.Expr]:
    return {e.name.id: e.rhs for e in equations if e.kind == "subexpression" and e.rhs is not None}


def _dependencies(
    odes: Mapping[str, ast.Expr], computed: Mapping[str, ast.Expr]
) -> dict[str, set[str]]:
    """The variables that each right side names, itself or by way of computed ones."""
    return {name: found & set(odes) for name, found in _all_names(odes, computed).items()}


def _all_names(
    odes: Mapping[str, ast.Expr], computed: Mapping[str, ast.Expr]
) -> dict[str, set[str]]:
    """All names in each right side, the same."""
    named = {n: {x.id for x in names_in(v)} for n, v in {**computed, **odes}.items()}
    computed_use = {n: named[n] for n in computed}
    through = {n: _reach(computed_use, n) for n in computed}
    return {n: named[n] | {x for c in named[n] for x in through.get(c, ())} for n in odes}


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
    """Errors for methods that cannot solve their equations, and for what would come out as NaN or
    with few digits in some rows of the sweep; warnings for what takes too long to solve exactly."""
    problems: list[Diagnostic] = []
    first, *later = phases_of(symbols, columns)
    for component in symbols.components.values():
        found = list(problems_of(component, symbols, first))
        for rows in later:
            if component.name not in rows.touched:
                continue
            told = {(d.code, d.span) for d in found}
            phase = f", in the phase `{rows.phase}`"
            found += [replace(d, message=d.message + phase)
                      for d in problems_of(component, symbols, rows)
                      if (d.code, d.span) not in told]  # fmt: skip
        problems += found
    return list(dict.fromkeys(problems))


def problems_of(component: Component, symbols: Symbols, rows: Rows) -> Iterator[Diagnostic]:
    """What is wrong with the methods of one component."""
    models, known = models_of(component, symbols, rows)
    for model in models:
        if model.method is not None:
            yield from unfit(model.method, Structure(model.equations), component)
    system = Structure([e for m in models for e in m.equations])
    given = {e.name.id: m.method.id for m in models if m.method and not m.at_least
             for e in m.equations}  # fmt: skip
    yield from too_large(system, given, component)
    exact = {n for names in system.together(given) for n in names}
    exact |= {n for n in system.sides if given.get(n) == "exact"}
    of_brian2 = {n for n in system.sides if given.get(n) == "linear"}
    yield from System(component, system, known).problems(exact, of_brian2)


def models_of(
    component: Component, symbols: Symbols, rows: Rows
) -> tuple[list[Model], Mapping[str, Any]]:
    """The equations that one object of Brian2 integrates at each step, and the values in every row
    of what they name."""
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
            said = "has no exact solution for all values" if method.id in ("exact", "linear") else (
                f"cannot be solved by `{method.id}`"
            )  # fmt: skip
            owner = model.name.id if model is not None else component.name
            yield Diagnostic(
                "RUN012", method.span, f"`{owner}` {said}", why,
                (Label(equation.span, "this equation"),), help="leave out `method:`, and the"
                " compiler chooses for each variable; or take `method: rk4`, or `method: euler`"
                " where there is noise",
            )  # fmt: skip
            return


def too_large(
    system: Structure, given: Collection[str], component: Component
) -> Iterator[Diagnostic]:
    """A warning for what could be solved exactly, but not in reasonable time."""
    exact = {n for names in system.together(given) for n in names}
    could = {n for n in system.sides if n not in given and not system.obstacle(n)}
    left = [n for n in system.sides if n in could - exact and system.sources(n) <= could]
    if left:
        listed = ", ".join(f"`{n}`" for n in left[:_LISTED])
        more = f" and {len(left) - _LISTED} more" if len(left) > _LISTED else ""
        yield Diagnostic(
            "RUN014", system.equations[left[0]].span, f"{listed}{more} of `{component.name}` are"
            f" integrated by exponential Euler: {TOO_LARGE}", severity="warning",
            help="say so with `method: exponential_euler`, or take `method: rk4`",
        )  # fmt: skip


class System:
    """The linear differential equations of one component, in every row."""

    def __init__(
        self, component: Component, structure: Structure, known: Mapping[str, Any],
        unknown: float = np.nan,
    ):  # fmt: skip
        self.component, self.known, self.unknown = component, known, unknown
        self.equations = structure.equations
        self.odes, self.computed = structure.sides, structure.computed
        self.acts_on = structure.acts_on
        self.names = set().union(*structure.all_names.values())

    def problems(
        self, exact: Collection[str], of_brian2: Collection[str] = ()
    ) -> Iterator[Diagnostic]:
        """What fails in the variables that are solved exactly, by our way or by Brian2's."""
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
        in some row: where they are, where they are equal, and the first one's rate (1/s)."""
        rates = {name: self.rate(name, self.known) for name in self.odes if name in exact}
        found = {}
        for later in rates:
            for earlier in sorted(_reach(self.acts_on, later) - {later}):
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
        """The factor of a variable in its own equation (1/s), per row; None where unknown."""
        at_zero, at_one = (self.right_side(name, known, value) for value in (0.0, 1.0))
        return None if at_zero is None or at_one is None else at_one - at_zero

    def right_side(self, name: str, known: Mapping[str, Any], value: float) -> Any:
        """With the variable at `value`, the other differential ones at 0, and `unknown` for what
        is not known before the run."""
        known_later = {*self.component.variables, *self.component.post_variables, "i", "j", "N",
                       "t", "N_pre", "N_post", *(self.names - set(self.known))}  # fmt: skip
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
        """Whether two rates are equal by their names (`tau` in both), which sympy sees."""
        draws = Random(0)  # numpy.random would take a twentieth of `check` to import
        other = {n: draws.uniform(0.5, 2.0) for n in sorted(self.known)}
        one, two = self.rate(a, other), self.rate(b, other)
        return one is not None and two is not None and bool(np.allclose(one, two, rtol=1e-9))

    def pushed(self, name: str) -> bool:
        """Whether something but its own decay moves a variable when all others are 0."""
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
            "nearly": ("have nearly the same time constant",
                       "take equal values, or such as differ by more than a millionth"),
            "third": ("have, as a third variable does, the same time constant",
                      "take values of which two at most are equal, or that differ by more than a"
                      f" millionth; or add `method: rk4` to `{self.model_name}`"),
            "brian2": ("have the same time constant",
                       "leave out `method:`, and the compiler chooses a solution for this too"),
        }[why]  # fmt: skip
        return Diagnostic(
            "RUN012", one.name.span, f"`{later}` and `{earlier}` of `{self.component.name}` {what}"
            f"{by}, {value}, {in_blocks(near)}, and the exact solution divides by the difference",
            "acted upon", (Label(two.name.span, f"acts on `{later}`"),), help=help,
        )  # fmt: skip

    def no_leak(self, name: str, none: np.ndarray) -> Diagnostic:
        return Diagnostic(
            "RUN012", self.equations[name].name.span, f"`{name}` of `{self.component.name}` has no"
            f" leak {in_blocks(none)}, and Brian2's exact solution divides by it",
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


def in_blocks(where: np.ndarray) -> str:
    """`in block 3`, `in blocks 0, 1, 2 and 5 more`, `in every block`; nothing without a sweep."""
    if len(where) == 1 or where.all():
        return "in every block"
    rows = np.flatnonzero(where)
    listed = ", ".join(str(r) for r in rows[:_LISTED])
    more = f" and {len(rows) - _LISTED:,} more" if len(rows) > _LISTED else ""
    return f"in block{'s' if len(rows) > 1 else ''} {listed}{more}"


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:g} ms" if seconds < 1 else f"{seconds:g} s"
