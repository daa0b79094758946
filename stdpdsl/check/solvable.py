"""Which equations have an exact solution for all values, judging by their names.

Variables that act on one another in a cycle have complex rates for some values, and a variable
without its own leak is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from ..language import ast
from .linear import degree
from .order import names_in

# What sympy solves in ten seconds (Brian2 2.9, one core); a fifth variable in a chain takes
# minutes.
MOST_TOGETHER = 6
LONGEST_CHAIN = 4

TOO_LARGE = (
    f"it would take too long to solve more than {MOST_TOGETHER} variables together, or more than"
    f" {LONGEST_CHAIN} that act on one another in a row"
)

Equations = Sequence[ast.Equation]


class Structure:
    """What the names in differential equations tell about how they can be solved."""

    def __init__(self, equations: Equations):
        self.equations = {e.name.id: e for e in equations if e.kind == "ode" and e.rhs is not None}
        self.sides = {n: e.rhs for n, e in self.equations.items() if e.rhs is not None}
        self.computed = _computed(equations)
        self.acts_on = _dependencies(self.sides, self.computed)
        self.all_names = _all_names(self.sides, self.computed)

    def noisy(self, name: str) -> bool:
        return any(n == "xi" or n.startswith("xi_") for n in self.all_names[name])

    def obstacle(self, name: str) -> str:
        """Why a variable has no exact solution for all values; empty if it has one."""
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
        return reach(self.acts_on, name)

    def together(self, without: Collection[str] = ()) -> list[list[str]]:
        """The systems of variables that are solved exactly. If a system would take too long, only
        those of its variables on which no other variable acts."""
        free = {n for n in self.sides if n not in without and not self.obstacle(n)}
        found = {n for n in free if self.sources(n) <= free}
        for system in self.systems(found):
            if len(system) > MOST_TOGETHER or any(self.chain(n) > LONGEST_CHAIN for n in system):
                found -= {n for n in system if self.sources(n) != {n}}
        return self.systems(found)

    def systems(self, names: set[str]) -> list[list[str]]:
        """The same names, split into independent systems."""
        links = {n: self.acts_on[n] | {m for m in names if n in self.acts_on[m]} for n in names}
        found: list[list[str]] = []
        for name in self.sides:
            if name in names and not any(name in system for system in found):
                near = {name, *reach(links, name)}
                found.append([n for n in self.sides if n in near & names])
        return found

    def chain(self, name: str) -> int:
        """How many variables act on one another in a chain that ends with this one."""
        return 1 + max((self.chain(n) for n in self.acts_on[name] - {name}), default=0)

    def stepwise(self, name: str) -> str:
        """Exponential Euler if an equation is linear in its own variable, with all else held over
        the step, and without noise; otherwise Euler."""
        linear = degree(self.sides[name], {name}, self.computed, time=0) == 1
        return "exponential" if linear and not self.noisy(name) else "euler"

    def in_truth(self, name: str, asked: str, held: Collection[str]) -> str:
        """The effective method: with other variables held constant, it is not an exact solution."""
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
    """The variables that each right side names, directly or through computed variables."""
    return {name: found & set(odes) for name, found in _all_names(odes, computed).items()}


def _all_names(
    odes: Mapping[str, ast.Expr], computed: Mapping[str, ast.Expr]
) -> dict[str, set[str]]:
    """All names in each right side, likewise."""
    named = {n: {x.id for x in names_in(v)} for n, v in {**computed, **odes}.items()}
    computed_use = {n: named[n] for n in computed}
    through = {n: reach(computed_use, n) for n in computed}
    return {n: named[n] | {x for c in named[n] for x in through.get(c, ())} for n in odes}


def reach(uses: Mapping[str, Iterable[str]], start: str) -> set[str]:
    """Everything that `start` uses, directly or not; `start` itself only if there is a cycle."""
    found: set[str] = set()
    waiting = list(uses.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += uses.get(name, ())
    return found
