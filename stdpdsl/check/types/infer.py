"""Infers the type of every expression: its dimension, and whether it is a number or a condition.

A wrong expression, or one with an unknown name, has the type None. Nothing is reported about
expressions that use it, so that each cause is reported once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from ...language import ast
from ...language.builtins import FUNCTIONS
from ...language.units import SECOND, dim_and_power, lookup, parse_unit
from ..data import Head
from ..report import Reporter
from ..symbols import FLOAT, INTEGER, Symbol, Symbols, Type
from .calls import infer_call
from .context import Context
from .expectations import owner_key
from .messages import READ_TOO_EARLY
from .operators import Operators

Found = tuple[dict[int, Type], set[tuple[str, str]]]


class Inference(Operators):
    """Infers types, stores them by node, and reports what does not fit."""

    def __init__(
        self,
        symbols: Symbols,
        reporter: Reporter,
        values: Mapping[str, Any],
        data: Mapping[ast.DataExpr, Head],
    ):
        super().__init__(reporter, values)
        self.symbols = symbols
        self.data = data  # the sources of each `from`
        self.used: set[tuple[str, str]] = set()  # (owner, name) of every symbol that is read
        # Types of constants, parameters and columns follow from their values; see declared.py.
        self.declared_type: Callable[[Symbol], Type | None] = lambda symbol: None
        # Corrects the type of a symbol whose value was reported, so that its uses are not reported.
        self.correct: Callable[[Symbol, Type], None] = lambda symbol, type: None

    def type_of(self, symbol: Symbol) -> Type | None:
        return symbol.type if symbol.type is not None else self.declared_type(symbol)

    def apart(self, check: Callable[[], object]) -> tuple[Found, bool]:
        """Make a check: the types and uses that it finds, and whether it had nothing to report."""
        own: Found = {}, set()
        before, told = self.used, self.reporter.told
        self.noted, self.used = (self.types, own[0]), own[1]
        try:
            check()
        finally:
            before |= own[1]
            self.noted, self.used = (self.types,), before
        return own, self.reporter.told == told

    def take(self, types: Mapping[int, Type], used: set[tuple[str, str]]) -> None:
        """What `apart` found before."""
        self.used |= used
        for node, found in types.items():
            self.remember(node, found)

    def infer(self, expr: ast.Expr, context: Context) -> Type | None:
        found = self._infer(expr, context)
        if found is not None:
            self.remember(id(expr), found)
        return found

    def _infer(self, expr: ast.Expr, context: Context) -> Type | None:
        match expr:
            case ast.Number():
                return INTEGER if isinstance(expr.value, int) else FLOAT
            case ast.Quantity():
                return self.unit(expr.unit, lambda: self.not_a_unit(expr, context))
            case ast.Name():
                return self.name(expr, context)
            case ast.Unary():
                return self.unary(expr, context)
            case ast.Binary():
                return self.chain(expr, context)
            case ast.Call():
                return infer_call(self, expr, context)
            case ast.ListExpr():
                return self.list(expr, context)
            case ast.DataExpr():
                return self.from_file(expr, context)
            case ast.StringExpr():
                self.reporter.error(
                    "TYPE011",
                    expr,
                    "a text is not allowed here",
                    help="write a number, a name or an expression",
                )
        return None

    def not_a_unit(self, expr: ast.Quantity, context: Context) -> str:
        """How to write a name that was read as part of a unit, or ``."""
        known: list[str] = []
        for factor in expr.unit.factors:
            if factor.name in context.scope or factor.name in context.locals:
                text = expr.span.text.partition(" ")[0]
                quantity = f"{text} {'*'.join(known)}"
                above = factor.exponent > 0
                return f"{quantity} * {factor.name}" if above else f"({quantity})/{factor.name}"
            known.append(factor.span.text)
        return ""

    def from_file(self, expr: ast.DataExpr, context: Context) -> Type | None:
        if not context.data:
            self.reporter.error(
                "TYPE016",
                expr,
                "values from a file are not allowed here",
                help="they are allowed in `initial:` of a layer or connection, in `weight:`,"
                " `delay:` and `drive:`, and as parameters: `neuron: cell(tau = ...)`",
            )
            return None
        head = self.data.get(expr)
        if head is None:  # already reported with the file
            return None
        dim, _ = dim_and_power(parse_unit(head.unit))
        return Type(dim, "integer" if head.whole and dim.is_none else "float")

    # Names

    def name(self, expr: ast.Name, context: Context) -> Type | None:
        name = expr.id
        if name in context.locals:
            return context.locals[name]
        symbol = context.scope.get(name)
        if symbol is not None:
            self.used.add(owner_key(symbol))
            if symbol.kind == "column" and self.of_presets(symbol.name):
                self.reporter.error(
                    "SWEEP017",
                    expr,
                    f"`{name}` contains names of presets, which cannot be used in a calculation",
                    help="use a parameter that the presets set, or leave out their rows",
                )
                return None
            return self.type_of(symbol)
        if name == "xi" or name.startswith("xi_"):
            return self.noise(expr, context)
        if len(name) > 1 and (unit := lookup(name)) is not None:
            return Type(unit[0])
        if context.open_names or (context.sides_unknown and name.endswith(("_pre", "_post"))):
            return None
        if name in context.later:
            self.reporter.error(
                "NAME005",
                expr,
                f"`{name}` is read before it is assigned",
                help=READ_TOO_EARLY,
            )
            return None
        base, _, side = name.rpartition("_")
        if side in ("pre", "post") and f"N_{side}" in context.scope and name not in context.hints:
            self.no_side_variable(expr, base, side, context)
            return None
        self.reporter.error(
            "NAME004",
            expr,
            f"`{name}` is not declared in {context.where}",
            help=context.hints.get(name) or self.hint(name, context),
        )
        return None

    def of_presets(self, name: str) -> bool:
        column = self.symbols.columns.get(name)
        return column is not None and column.of_presets

    def no_side_variable(self, node: ast.Node, base: str, side: str, context: Context) -> None:
        known = (s.name for s in context.scope.values() if s.side == side and s.kind == "variable")
        self.reporter.error(
            "NAME011",
            node,
            f"the {side} layer has no variable `{base}`",
            help=self.reporter.suggest(base, known, "it has")
            or f"the {side} layer has no variables",
        )

    def hint(self, name: str, context: Context) -> str:
        own = (n for n, s in context.scope.items() if s.kind != "builtin")
        if name in FUNCTIONS:
            return f"`{name}` is a function: `{name}(...)`"
        if name.lower() in ("true", "false"):
            number = int(name.lower() == "true")
            return f"write {number} for a number, or `{name.lower()}` for a condition"
        layers = {"pre": "source", "post": "target"}
        sides = [side for side in layers if f"{name}_{side}" in context.scope]
        if sides:
            return "write " + " or ".join(
                f"`{name}_{side}`, which is that of the {layers[side]} layer" for side in sides
            )
        column = self.symbols.columns.get(name)
        if column is not None and context.scope.get(name) is None and column.target is None:
            return f"`{name}` is a column of the sweep, but a constant must be the same in"
            " every block"
        if name.swapcase() in context.scope:  # `W` and `w` are too different for the spelling check
            return f"did you mean `{name.swapcase()}`?"
        if len(name) == 1 and lookup(name) is not None:
            return f"write a unit after its number: `1 {name}`"
        return self.reporter.suggest(name, chain(own, context.locals))

    def noise(self, expr: ast.Name, context: Context) -> Type | None:
        if not context.noise:
            self.reporter.error(
                "TYPE015",
                expr,
                f"`{expr.id}` is noise, which is allowed in differential equations only",
                help="draw a number in an `every` statement: `every 1 ms: x = normal(0, 1)`",
            )
            return None
        self.reporter.warn(
            "RUN008",
            expr,
            f"with `{expr.id}`, a block run alone does not give the same bits",
            help="Brian2 draws this noise for all blocks together, so it depends on the"
            " number of blocks",
        )
        return Type(SECOND**-0.5)
