"""Checks that need the rows of the sweep, and the values that phases set: bounds that are the wrong
way round in some block."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np

from ..language import ast
from ..language.diagnostics import Diagnostic, Label
from ..language.numeric import NotConstant, evaluate
from .order import dependency_order, names_in
from .symbols import Component, Symbol, Symbols
from .turns import target_of, turns_of
from .values import constant_values


def check_bounds(phases: Sequence[Rows]) -> list[Diagnostic]:
    first, *later = phases
    problems = [d for c in first.touched.values() for d in first.bounds(c)]
    found = problems if first.columns else []
    told = {d.span for d in problems}
    for rows in later:
        more = [d for c in rows.touched.values() for d in rows.bounds(c) if d.span not in told]
        told |= {d.span for d in more}
        found += more
    return found


class Rows:
    """Values in every row; in a later phase, including what has been `set` so far, by component and
    parameter."""

    def __init__(self, symbols: Symbols, columns: Mapping[str, Any]):
        self.symbols = symbols
        self.columns = columns
        self.phase = ""
        self.changed: Mapping[tuple[str, str], ast.Expr] = {}
        self.touched = dict(symbols.components)
        """The components that have other values here than one phase earlier."""
        self.set = {
            c.target: columns[c.name]
            for c in symbols.columns.values()
            if c.target and c.name in columns
        }
        self.names: dict[str, Any] = {
            c.name: columns[c.name]
            for c in symbols.columns.values()
            if c.target is None and c.name in columns
        }
        self.names = self.values("", symbols.constants)

    def later(
        self, phase: str, changed: Mapping[tuple[str, str], ast.Expr], here: set[str]
    ) -> Rows:
        """The values in a phase that sets something of the components `here`."""
        rows = copy(self)
        rows.phase, rows.changed = phase, changed
        # What a rule adds to its target's equations uses the values of the connection.
        here = here | {c.post.name for c in self.symbols.connections if c.name in here and c.post}
        rows.touched = {n: c for n, c in self.symbols.components.items() if n in here}
        return rows

    def values(self, owner: str, table: Mapping[str, Symbol]) -> dict[str, Any]:
        """Values of constants, or of a component's parameters. Those without a value here are left
        out."""
        found: dict[str, Any] = {}
        known = ChainMap(found, self.names)
        uses = {
            name: [
                n.id for v in self.values_of(owner, symbol) for n in names_in(v) if n.id in table
            ]
            for name, symbol in table.items()
        }
        for name in dependency_order(uses)[0]:
            if (owner, name) in self.set and (owner, name) not in self.changed:
                found[name] = self.set[owner, name]
                continue
            try:
                found[name] = self.value(owner, table[name], known)
            except (NotConstant, TypeError, ValueError, KeyError):
                found[name] = np.nan
        return {**self.names, **found} if not owner else found

    def values_of(self, owner: str, symbol: Symbol) -> list[ast.Expr]:
        """The values that a parameter may have."""
        if (owner, symbol.name) in self.changed:
            return [self.changed[owner, symbol.name]]
        own = [symbol.value] if symbol.value is not None else []
        return [*own, *(value for _, value in symbol.by_preset)]

    def value(self, owner: str, symbol: Symbol, known: Mapping[str, Any]) -> Any:
        if (owner, symbol.name) in self.changed:
            return evaluate(self.changed[owner, symbol.name], known)
        if not symbol.by_preset:
            assert symbol.value is not None
            return evaluate(symbol.value, known)
        names = self.set[owner, "preset"]
        conditions = [names == preset for preset, _ in symbol.by_preset]
        return np.select(conditions, [evaluate(value, known) for _, value in symbol.by_preset])

    def bounds(self, component: Component) -> list[Diagnostic]:
        model = component.neuron or component.rule
        post = component.rule.post_equations if component.rule else ()
        equations = [e for e in (*(model.equations if model else ()), *post) if e.bounds]
        if not equations:
            return []
        known = ChainMap(self.values(component.name, component.parameters), self.names)
        problems = []
        for equation in equations:
            assert equation.bounds is not None
            try:
                low = evaluate(equation.bounds.low, known)
                high = evaluate(equation.bounds.high, known)
            except (NotConstant, TypeError, ValueError, KeyError):
                continue
            wrong = np.atleast_1d(np.greater(low, high))
            if wrong.any():
                row = int(np.argmax(wrong))
                low, high = (np.broadcast_to(x, wrong.shape)[row] for x in (low, high))
                where = f" in block {row}" if len(wrong) > 1 else ""
                where += f" in the phase `{self.phase}`" if self.phase else ""
                names = (n.id for n in ast.walk(equation.bounds) if isinstance(n, ast.Name))
                setting = next(
                    (
                        self.changed[component.name, n]
                        for n in names
                        if (component.name, n) in self.changed
                    ),
                    None,
                )
                place: ast.Node = setting or equation.bounds
                problems.append(
                    Diagnostic(
                        "RUN010",
                        place.span,
                        f"the lower bound of `{equation.name.id}` in"
                        f" `{component.name}` is above the upper{where}: {low:g} > {high:g}",
                        labels=(Label(equation.bounds.span, "the bounds"),) if setting else (),
                        help="set another value"
                        if setting
                        else "leave such rows out, as with `where:` in the sweep",
                    )
                )
        return problems


def phases_of(symbols: Symbols, columns: Mapping[str, Any]) -> list[Rows]:
    """The values at the start, and in each phase that sets parameters; later phases keep them. The
    third turn of a repeated phase has the values of its second, so two turns are enough."""
    constants = constant_values(symbols)
    changed: dict[tuple[str, str], ast.Expr] = {}
    first = Rows(symbols, columns)
    found = [first]
    for run in symbols.spec.of(ast.Run):
        for phase in (t.phase for t in turns_of(run, constants, most=2)):
            sets = [
                (target_of(symbols, m.path), m.value)
                for m in phase.modifiers
                if isinstance(m, ast.SetValue)
            ]
            here = {
                (target[0].name, target[1]): value
                for target, value in sets
                if target is not None and target[1] in target[0].parameters
            }
            changed |= here
            if here:
                found.append(first.later(phase.name.id, dict(changed), {name for name, _ in here}))
    return found
