"""Variables of a synapse that events bring up to date, in a rule without `advance:`.

`w = w*exp(-(t - last)/tau)` brings `w` from the last event to this one. Between the two, `w`
differs from the stored value. `w += A*exp(-(t - last)/tau)` pairs the two events, and between them
`w` is constant. Both have the same form. But bringing `w` up to date in two steps gives the same as
in one, and pairing twice does not. So the statements are evaluated with numbers in place of all
names. Statements that depend on a draw are not judged, because no formula can bring them up to
date.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from random import Random
from typing import Any

import numpy as np

from ..language import ast
from ..language.builtins import CONSTANTS
from ..language.numeric import NotConstant, evaluate
from ..language.units import lookup
from .order import dependency_order, names_in

_INTERVALS = tuple(10 ** (k / 2) for k in range(-7, 2))  # s
_SAME = 1e-10
_DRAWS = 4

Values = dict[str, Any]


def stale(rule: ast.Rule) -> list[ast.Update]:
    """The first statement for each variable whose stored value is that of its last event, although
    a handler computes how it has changed since."""
    advanced = {s.target.id for s in rule.advance if isinstance(s, ast.Update)}
    stored = {e.name.id for e in rule.equations if e.kind == "parameter"}
    computed = [
        {n.id for n in names_in(e.rhs)}
        for e in rule.equations
        if e.kind == "subexpression" and e.rhs is not None
    ]
    found: dict[str, ast.Update] = {}
    for handler in rule.handlers:
        body = [s for s in handler.body if isinstance(s, ast.Update)]
        for last in sorted(stored & {s.target.id for s in body}):
            # A variable that an equation computes from both, such as a calcium concentration from
            # its peak, is up to date.
            skip = {last} | advanced | {n for names in computed if last in names for n in names}
            catch_up = _CatchUp(rule, body, stored, last)
            for s in catch_up.late:
                if s.target.id in stored - skip and catch_up.brings(s.target.id):
                    found.setdefault(s.target.id, s)
    return list(found.values())


class _CatchUp:
    """What a handler computes from the time since `last`: its locals, the stored variables that
    depend on that time (`late`), and `last` itself."""

    def __init__(self, rule: ast.Rule, body: list[ast.Update], stored: set[str], last: str):
        self.stored, self.last = stored, last
        statements = [*_computed(rule), *body]
        lately: set[str] = set()
        self.late: list[ast.Update] = []
        self.statements: list[ast.Update] = []
        for s in statements:
            names, target = {n.id for n in names_in(s.value)}, s.target.id
            if {"t", last} <= names or names & lately:
                if target in stored:
                    self.late.append(s)
                else:
                    lately.add(target)
            if target not in stored or target == last or s in self.late:
                self.statements.append(s)
        self.names = _names(rule, self.statements)
        self.fixed: Values = {}

    def brings(self, name: str) -> bool:
        """Whether the statements bring a variable from the stored time to `t`."""
        with np.errstate(all="ignore"):
            found = [self.moves(name, Random(seed)) for seed in range(_DRAWS)]
        return None not in found and any(found)

    def moves(self, name: str, draw: Random) -> bool | None:
        """Whether the variable changes between events, for these numbers. None if two steps do not
        equal one, or if `last` does not become the time of the event."""

        def numbers(names: Iterable[str]) -> Values:
            return {n: np.float64(draw.uniform(0.5, 1.5)) for n in names}

        self.fixed = numbers(self.names)
        state, other = numbers(sorted(self.stored)), numbers(sorted(self.stored))
        own = {**state, name: other[name]}
        shifts = [self.run(s, t)[self.last] - t for s in (state, other) for t in (5.0, 7.0)]
        shift = shifts[0]
        here, with_own, elsewhere = (self.jump(s, 5.0, shift)[name] for s in (state, own, other))
        if not (np.ptp(shifts) < _SAME and abs(with_own - here) < _SAME):
            return None
        moved = False
        for h in _INTERVALS:
            half, whole = 5 + 0.6 * h, 5 + 1.3 * h
            once = self.step(state, 5.0, whole, shift)
            twice = self.step(self.step(state, 5.0, half, shift), half, whole, shift)
            if not abs(twice[name] - once[name]) <= _SAME:
                return None
            change = once[name] - state[name]
            if not abs(elsewhere - here) < _SAME:
                # It jumps because others have changed since; only its own share of that counts.
                change -= self.step(own, 5.0, whole, shift)[name] - own[name]
            moved = moved or bool(abs(change) > 10 * _SAME)
        return moved

    def step(self, state: Values, start: float, stop: float, shift: float) -> Values:
        """The state at `stop`, without what the event itself adds."""
        jump = self.jump(state, stop, shift)
        after = self.run({**state, self.last: start + shift}, stop)
        return {n: after[n] - jump[n] for n in self.stored}

    def jump(self, state: Values, t: float, shift: float) -> Values:
        """What the statements change when no time has passed."""
        after = self.run({**state, self.last: t + shift}, t)
        return {n: after[n] - state[n] for n in self.stored}

    def run(self, state: Values, t: float) -> Values:
        env = {**self.fixed, **state, "t": t}
        for s in self.statements:
            value = s.value
            if s.op != "=":
                before = ast.Name(s.target.id, span=s.span)
                value = ast.Binary(s.op[:-1], before, value, span=s.span)
            try:
                env[s.target.id] = np.float64(evaluate(value, env))
            # A draw, for example, or something that is wrong anyway.
            except (NotConstant, TypeError, ValueError):
                env[s.target.id] = np.nan
        return {n: env[n] for n in self.stored}


def _computed(rule: ast.Rule) -> Iterator[ast.Update]:
    """The rule's computed variables as statements, in order of dependency."""
    values = {e.name.id: e for e in rule.equations if e.kind == "subexpression" and e.rhs}
    uses: Mapping[str, Collection[str]] = {
        n: [x.id for x in names_in(e.rhs) if x.id in values] for n, e in values.items() if e.rhs
    }
    for name in dependency_order(uses)[0]:
        equation = values[name]
        if equation.rhs is not None:
            yield ast.Update(equation.name, "=", equation.rhs, span=equation.span)


def _names(rule: ast.Rule, statements: Iterable[ast.Update]) -> list[str]:
    """Names that need a number: the rule's own, and all others except constants and units."""
    declared = {p.name.id for p in rule.parameters} | {e.name.id for e in rule.equations}
    names = dict.fromkeys(n.id for s in statements for n in names_in(s.value))
    return [n for n in names if n in declared or (n not in CONSTANTS and lookup(n) is None)]
