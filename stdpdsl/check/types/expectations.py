"""Checks that an expression has the expected type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...language import ast
from ...language.units import NONE, all_names, lookup, resolve
from ..report import Reporter
from ..symbols import Symbol, Type
from .context import Context
from .messages import describe, spot, unit_help

LEVEL = Type(NONE, "level")  # `65 dB`


class Expectations:
    """Reports expressions that do not have the expected type."""

    def __init__(self, reporter: Reporter, values: Mapping[str, Any]):
        self.reporter = reporter
        self.values = values  # values of constants that are not swept; exponents may use them
        self.types: dict[int, Type] = {}
        self.noted: tuple[dict[int, Type], ...] = (self.types,)  # where they are remembered

    def infer(self, expr: ast.Expr, context: Context) -> Type | None:
        raise NotImplementedError

    def remember(self, node: int, found: Type) -> None:
        """A rule used twice, once with a whole number: whole wins, as the careful reading of a
        division."""
        for types in self.noted:
            before = types.get(node)
            if before is None or before.kind != "integer":
                types[node] = found

    def unit(self, unit: ast.Unit, apart: Callable[[], str] = str) -> Type | None:
        """The type of a number with this unit. `apart` tells what may have been meant instead."""
        if [f.name for f in unit.factors] == ["dB"]:
            return LEVEL
        good = True
        for factor in unit.factors:
            if lookup(factor.name) is None:
                good = False
                self.unknown_unit(factor, factor.name, apart())
        return Type(resolve((f.name, f.exponent) for f in unit.factors)[0]) if good else None

    def unknown_unit(self, node: ast.Node, name: str, apart: str = "") -> None:
        help = self.reporter.suggest(name, all_names(), "")
        if not help.startswith("did"):
            help = "units are Brian2's, such as `ms`, `mV`, `nS`, `Hz`"
        if apart:
            help = f"`{name}` was read as part of the unit: write `{apart}`"
        elif name == "dB":
            help = "dB cannot be combined with other units: `65 dB`"
        self.reporter.error("UNIT001", node, f"there is no unit `{name}`", help=help)

    def is_number(self, expr: ast.Expr, found: Type, what: str) -> bool:
        if found.kind == "boolean":
            self.reporter.error(
                "TYPE003",
                expr,
                f"{what} needs a number, but this is a condition",
                help="`int(...)` turns a condition into 1 or 0",
            )
            return False
        if found.kind == "level":
            self.reporter.error(
                "UNIT006",
                spot(expr),
                f"{what} does not take a level in dB",
                help="a level in dB is allowed only by itself, in clauses of sounds and filters",
            )
            return False
        return True

    def is_condition(self, expr: ast.Expr, found: Type, what: str) -> bool:
        if found.kind == "boolean":
            return True
        self.reporter.error(
            "TYPE002",
            expr,
            f"{what} needs a condition, but this is a number",
            describe(found),
            help="compare it with something, as in `x > 0`",
        )
        return False

    # Expectations

    def expect(
        self,
        expr: ast.Expr,
        context: Context,
        want: Type | None,
        what: str,
        also: tuple[ast.Node, str] | None = None,
    ) -> Type | None:
        """Infers the type, and reports if it is not the type that `what` needs."""
        found = self.infer(expr, context)
        if found is None or want is None:
            return found
        return found if self.fits(expr, found, want, what, also) else None

    def fits(
        self,
        expr: ast.Expr,
        found: Type,
        want: Type,
        what: str,
        also: tuple[ast.Node, str] | None = None,
    ) -> bool:
        labels = (also,) if also else ()
        if want.kind == "boolean" or found.kind == "boolean":
            if want.kind == found.kind:
                return True
            if want.kind == "boolean":
                self.reporter.error(
                    "TYPE002",
                    expr,
                    f"{what} must be a condition, but this is a number",
                    describe(found),
                    "compare it with something, as in `x > 0`",
                    labels,
                )
            else:
                self.reporter.error(
                    "TYPE001",
                    expr,
                    f"{what} must be a number, but this is a condition",
                    help="`int(...)` turns a condition into 1 or 0",
                    labels=labels,
                )
            return False
        if want.dim != found.dim or (want.kind == "level") != (found.kind == "level"):
            self.reporter.error(
                "UNIT002",
                spot(expr),
                f"{what}: expected {describe(want)}, found {describe(found)}",
                help=unit_help(expr, want.dim, found.dim),
                labels=labels,
            )
            return False
        if want.kind == "integer" and found.kind == "float":
            self.reporter.error(
                "TYPE004",
                expr,
                f"{what} must be a whole number, but this may have a fraction",
                help="write it without a decimal point, or round it with `int(...)`",
                labels=labels,
            )
            return False
        return True


def owner_key(symbol: Symbol) -> tuple[str, str]:
    """The key under which a symbol's type and use are stored."""
    if symbol.kind in ("constant", "column", "builtin", "local"):
        return f"<{symbol.kind}>", symbol.name
    return symbol.owner, symbol.name
