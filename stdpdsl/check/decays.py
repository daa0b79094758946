"""Values that may not be negative in any row of the sweep or in any phase: time constants and other
divisors of a decay, refractory periods, delays."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..language import ast
from ..language.diagnostics import Diagnostic, Label
from ..language.numeric import NotConstant, evaluate
from ..language.printer.expressions import print_expr
from ..language.source import Span
from .exact import System, in_blocks
from .linear import degree
from .rows import Rows
from .solvable import Structure
from .symbols import Component

_EXPONENTIALS = ("exp", "expm1")


def check_decays(component: Component, phases: Iterable[Rows]) -> list[Diagnostic]:
    """`phases` are those in which the component's values change."""
    found: dict[tuple[Span, str], Diagnostic] = {}
    for rows in phases:
        phase = f", in the phase `{rows.phase}`" if rows.phase else ""
        for d in Decays(component, rows).problems():
            # A divisor in several statements is reported once, for its first phase.
            found.setdefault((d.span, d.message), replace(d, message=d.message + phase))
    return list(found.values())


class Decays:
    """The divisors of the decays in one component, and its waiting times."""

    def __init__(self, component: Component, rows: Rows):
        self.component, self.rows = component, rows
        own = rows.values(component.name, component.parameters)
        self.known: Mapping[str, Any] = ChainMap(own, rows.names)

    def problems(self) -> Iterator[Diagnostic]:
        rule, neuron = self.component.rule, self.component.neuron
        for equations in (self.component.equations, rule.post_equations if rule else ()):
            yield from self.of_equations(Structure(equations))
        for part in (rule, neuron):
            for body in (*getattr(part, "handlers", ()), *getattr(part, "every", ())):
                yield from self.of_statements(body)
        if neuron is not None and neuron.refractory is not None:
            yield from self.negative(neuron.refractory, "a refractory period")
        node = self.component.node
        if isinstance(node, ast.Connect):
            handlers = (*(rule.handlers if rule else ()), *node.handlers)
            delays = (node.axonal_delay, node.dendritic_delay, *(h.after for h in handlers))
            for delay in delays:
                if delay is not None:
                    yield from self.negative(delay, "a delay")
            yield from self.swept_delay(node)

    # Decays

    def of_equations(self, structure: Structure) -> Iterator[Diagnostic]:
        system = System(self.component, structure, self.known, unknown=0.0)
        for name, side in structure.sides.items():
            divisors = [(d, self.value(d)) for d in divisors_in(side)]
            for divisor, value in divisors:
                if value is not None and np.any(value == 0):
                    what = f"is 0 {{}}, and the equation of `{name}` divides by it"
                    yield self.wrong(divisor, value == 0, what)
            below = [(d, value) for d, value in divisors if value is not None and np.any(value < 0)]
            if not below or degree(side, {name}, structure.computed, time=0) != 1:
                continue
            rate = system.rate(name, system.known)
            for divisor, value in below if rate is not None else ():
                grows = np.logical_and(value < 0, rate > 0)
                if np.any(grows):
                    yield self.wrong(
                        divisor, grows, f"is negative {{}}, so that `{name}` grows without bound"
                    )

    def of_statements(self, body: ast.Node) -> Iterator[Diagnostic]:
        """`exp(-elapsed/tau)`"""
        for call in ast.below(body, ast.Call):
            if call.func.id not in _EXPONENTIALS:
                continue
            for divisor in divisors_in(call):
                value = self.value(divisor)
                if value is None:
                    continue
                if np.any(value == 0):
                    yield self.wrong(divisor, value == 0, "is 0 {}, and something decays with it")
                if np.any(value < 0) and print_expr(call.args[0]).startswith("-"):
                    yield self.wrong(
                        divisor, value < 0, "is negative {}, so that what decays with it grows"
                    )

    def value(self, expr: ast.Expr) -> np.ndarray | None:
        """The value in each row; None if it is not known before the run."""
        try:
            return np.atleast_1d(np.asarray(evaluate(expr, self.known), dtype=float))
        except (NotConstant, TypeError, ValueError, KeyError):
            return None

    def wrong(self, divisor: ast.Expr, where: np.ndarray, what: str) -> Diagnostic:
        """Report a wrong value at the place where it stands, if there is one such place."""
        name = divisor.id if isinstance(divisor, ast.Name) else ""
        symbol = self.component.parameters.get(name) or self.rows.symbols.constants.get(name)
        columns = self.rows.symbols.columns.values()
        column = next(
            (c for c in columns if c.target in ((self.component.name, name), ("", name)) and name),
            None,
        )
        place = self.place_of(divisor)
        if place is not divisor:
            pass
        elif column is not None:
            place = column.node
        elif symbol is not None and symbol.value is not None:
            place = symbol.value
        labels = (Label(divisor.span, "what is divided by"),) if place is not divisor else ()
        swept = "leave such rows out, as with `where:` in the sweep; " if len(where) > 1 else ""
        return Diagnostic(
            "TYPE013",
            place.span,
            f"`{print_expr(divisor)}` of `{self.component.name}` {what.format(in_blocks(where))}",
            "",
            labels,
            help=f"{swept}a time constant must be above 0; for growth write `x/tau`, not `-x/tau`",
        )

    def place_of(self, expr: ast.Node) -> ast.Node:
        """Where the phase sets a value, if it does."""
        name = expr.id if isinstance(expr, ast.Name) else ""
        return self.rows.changed.get((self.component.name, name), expr)

    # Times

    def negative(self, expr: ast.Expr, what: str) -> Iterator[Diagnostic]:
        value = self.value(expr)
        if value is not None and np.any(value < 0):
            yield self.never(expr, what, value)

    def swept_delay(self, node: ast.Connect) -> Iterator[Diagnostic]:
        value = self.rows.set.get((self.component.name, "delay"))
        if value is not None and np.any(np.asarray(value) < 0):
            column = next(
                c
                for c in self.rows.symbols.columns.values()
                if c.target == (self.component.name, "delay")
            )
            yield self.never(column.node, "a delay", np.asarray(value))

    def never(self, place: ast.Node, what: str, value: np.ndarray) -> Diagnostic:
        lowest = float(np.min(value))
        return Diagnostic(
            "TYPE013",
            self.place_of(place).span,
            f"{what} of `{self.component.name}` cannot be"
            f" {lowest * 1e3:g} ms, as it is {in_blocks(value < 0)}",
            help="write 0 ms or more",
        )


def divisors_in(expr: ast.Expr) -> list[ast.Expr]:
    """The divisors anywhere in an expression."""
    return [n.right for n in ast.below(expr, ast.Binary) if n.op == "/"]
