"""The type of every expression: its dimension, and whether it is a number or a condition.

An expression that is wrong, or that holds a name that means nothing, has the type None: whoever
uses it stays silent, so that each cause is told once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from ..language import ast
from ..language.builtins import FUNCTIONS
from ..language.numeric import NotConstant, evaluate
from ..language.units import (
    NONE,
    SECOND,
    all_names,
    dim_and_power,
    lookup,
    parse_unit,
    resolve,
)
from .calls import infer_call
from .data import Head
from .messages import READ_TOO_EARLY, describe, spot, unit_help
from .report import Reporter
from .symbols import BOOLEAN, FLOAT, INTEGER, Scope, Symbol, Symbols, Type

LEVEL = Type(NONE, "level")  # `65 dB`


@dataclass(frozen=True)
class Context:
    """Where an expression stands: what names mean there, and what it may hold."""

    scope: Scope
    where: str  # for messages: "`pair_additive`", "the sweep"
    draws: bool = False
    lists: bool = False
    data: bool = False  # values from files, one for each neuron or synapse
    strings: bool = False
    noise: bool = False  # `xi`, in differential equations only
    open_names: bool = False  # unknown names may come from a file that is not read yet
    sides_unknown: bool = False  # a rule that nobody uses: `v_post` may be anything
    locals: Mapping[str, Type | None] = field(default_factory=dict)
    later: frozenset[str] = frozenset()  # locals of the block that are assigned further down
    hints: Mapping[str, str] = field(default_factory=dict)  # for names that are known elsewhere
    elements: Context | None = None  # what a measure's `mean(...)` is taken over
    accuracy: Callable[[ast.Call], Type | None] | None = None  # of the layer of a measure

    def but(self, **changes: Any) -> Context:
        return replace(self, **changes)


class Inference:
    """Infers types, remembers them by node, and reports what does not fit."""

    def __init__(
        self, symbols: Symbols, reporter: Reporter, values: Mapping[str, Any],
        data: Mapping[ast.DataExpr, Head],
    ):  # fmt: skip
        self.symbols = symbols
        self.reporter = reporter
        self.values = values  # of constants that are not swept: exponents may use them
        self.data = data  # what stands behind each `from`
        self.types: dict[int, Type] = {}
        self.used: set[tuple[str, str]] = set()  # (owner, name) of every symbol that is read
        # Types of constants, parameters and columns, which their values tell; see declared.py.
        self.declared_type: Callable[[Symbol], Type | None] = lambda symbol: None
        # Takes another type for one whose value was reported, so that its uses stay silent.
        self.correct: Callable[[Symbol, Type], None] = lambda symbol, type: None

    def type_of(self, symbol: Symbol) -> Type | None:
        return symbol.type if symbol.type is not None else self.declared_type(symbol)

    def infer(self, expr: ast.Expr, context: Context) -> Type | None:
        found = self._infer(expr, context)
        if found is not None:
            before = self.types.get(id(expr))
            # A rule used twice, once with a whole number: whole wins, as the careful reading of
            # a division.
            if before is None or before.kind != "integer":
                self.types[id(expr)] = found
        return found

    def _infer(self, expr: ast.Expr, context: Context) -> Type | None:
        match expr:
            case ast.Number():
                return INTEGER if isinstance(expr.value, int) else FLOAT
            case ast.Quantity():
                return self.unit(expr.unit, self.apart(expr, context))
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
                self.reporter.error("TYPE011", expr, "a text cannot stand here",
                                    help="write a number, a name or an expression")  # fmt: skip
        return None

    def apart(self, expr: ast.Quantity, context: Context) -> str:
        """How to keep a name apart from the unit that it was taken for a part of, or ``."""
        text = expr.span.text.partition(" ")[0]
        known: list[str] = []
        for factor in expr.unit.factors:
            if factor.name in context.scope or factor.name in context.locals:
                quantity = f"{text} {'*'.join(known)}"
                above = factor.exponent > 0
                return f"{quantity} * {factor.name}" if above else f"({quantity})/{factor.name}"
            known.append(factor.span.text)
        return ""

    def unit(self, unit: ast.Unit, apart: str = "") -> Type | None:
        """The type of a number with this unit; `apart` is what may have been meant instead."""
        if [f.name for f in unit.factors] == ["dB"]:
            return LEVEL
        good = True
        for factor in unit.factors:
            if lookup(factor.name) is None:
                good = False
                self.unknown_unit(factor, factor.name, apart)
        return Type(resolve((f.name, f.exponent) for f in unit.factors)[0]) if good else None

    def unknown_unit(self, node: ast.Node, name: str, apart: str = "") -> None:
        help = self.reporter.suggest(name, all_names(), "")
        if not help.startswith("did"):
            help = "units are Brian2's, such as `ms`, `mV`, `nS`, `Hz`"
        if apart:
            help = f"`{name}` was read as a part of the unit: write `{apart}`"
        elif name == "dB":
            help = "dB stands alone, as in `65 dB`"
        self.reporter.error("UNIT001", node, f"there is no unit `{name}`", help=help)

    def from_file(self, expr: ast.DataExpr, context: Context) -> Type | None:
        if not context.data:
            self.reporter.error(
                "TYPE016", expr, "values from a file cannot stand here",
                help="they stand in `initial:` of a layer or connection, in `weight:`, in `delay:`,"
                " as parameters, `neuron: cell(tau = ...)`, and in `drive:`",
            )  # fmt: skip
            return None
        head = self.data.get(expr)
        if head is None:  # which is reported with the file
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
                    "SWEEP017", expr, f"`{name}` holds names of presets, with which nothing can be"
                    " computed", help="compare what the presets set, or leave their rows out",
                )  # fmt: skip
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
                "NAME005", expr, f"`{name}` is read before it is assigned",
                help=READ_TOO_EARLY,
            )  # fmt: skip
            return None
        base, _, side = name.rpartition("_")
        if side in ("pre", "post") and f"N_{side}" in context.scope and name not in context.hints:
            self.no_side_variable(expr, base, side, context)
            return None
        self.reporter.error(
            "NAME004", expr, f"`{name}` is not declared in {context.where}",
            help=context.hints.get(name) or self.hint(name, context),
        )  # fmt: skip
        return None

    def of_presets(self, name: str) -> bool:
        column = self.symbols.columns.get(name)
        return column is not None and column.of_presets

    def no_side_variable(self, node: ast.Node, base: str, side: str, context: Context) -> None:
        known = (s.name for s in context.scope.values() if s.side == side and s.kind == "variable")
        self.reporter.error(
            "NAME011", node, f"the {side} layer has no variable `{base}`",
            help=self.reporter.suggest(base, known, "it has")
            or f"the {side} layer has no variables",
        )  # fmt: skip

    def hint(self, name: str, context: Context) -> str:
        own = (n for n, s in context.scope.items() if s.kind != "builtin")
        if name in FUNCTIONS:
            return f"`{name}` is a function: `{name}(...)`"
        if name.lower() in ("true", "false"):
            number = int(name.lower() == "true")
            return f"write {number} for a number, and `{name.lower()}` for a condition"
        layers = {"pre": "source", "post": "target"}
        sides = [side for side in layers if f"{name}_{side}" in context.scope]
        if sides:
            return "write " + " or ".join(
                f"`{name}_{side}`, which is that of the {layers[side]} layer" for side in sides
            )
        column = self.symbols.columns.get(name)
        if column is not None and context.scope.get(name) is None and column.target is None:
            return f"`{name}` is a column of the sweep; a constant is the same in every block"
        if name.swapcase() in context.scope:  # too far off for letters alone, as `W` is from `w`
            return f"did you mean `{name.swapcase()}`?"
        if len(name) == 1 and lookup(name) is not None:
            return f"as a unit it stands right behind its number: `1 {name}`"
        return self.reporter.suggest(name, chain(own, context.locals))

    def noise(self, expr: ast.Name, context: Context) -> Type | None:
        if not context.noise:
            self.reporter.error(
                "TYPE015", expr, f"`{expr.id}` is noise, which only a differential equation takes",
                help="draw a number in an `every` statement: `every 1 ms: x = normal(0, 1)`",
            )  # fmt: skip
            return None
        self.reporter.warn(
            "RUN008", expr, f"with `{expr.id}`, a block alone is not the same to the last bit",
            help="Brian2 draws this noise for all blocks in one go, so it depends on how many"
            " there are",
        )  # fmt: skip
        return Type(SECOND**-0.5)

    # Operators

    def unary(self, expr: ast.Unary, context: Context) -> Type | None:
        found = self.infer(expr.operand, context)
        if found is None:
            return None
        if expr.op == "not":
            return BOOLEAN if self.is_condition(expr.operand, found, "`not`") else None
        return found if self.is_number(expr.operand, found, f"`{expr.op}`") else None

    def chain(self, expr: ast.Binary, context: Context) -> Type | None:
        """A left-leaning chain without recursion, since sums may be long."""
        spine: list[ast.Binary] = []
        node: ast.Expr = expr
        while isinstance(node, ast.Binary):
            spine.append(node)
            node = node.left
        left = self.infer(node, context)
        for binary in reversed(spine):
            right = self.infer(binary.right, context)
            left = self.binary(binary, left, right, context)
            if left is not None and binary is not expr:
                self.types[id(binary)] = left
        return left

    def binary(
        self, expr: ast.Binary, left: Type | None, right: Type | None, context: Context
    ) -> Type | None:
        op = expr.op
        if op in ("and", "or"):
            good = [
                found is not None and self.is_condition(side, found, f"`{op}`")
                for side, found in ((expr.left, left), (expr.right, right))
            ]
            return BOOLEAN if all(good) else None
        numbers = [
            found is None or self.is_number(side, found, f"`{op}`")
            for side, found in ((expr.left, left), (expr.right, right))
        ]
        if left is None or right is None or not all(numbers):
            # A comparison is a condition, whatever it compares.
            return None
        if op == "**":
            return self.power(expr, left, right)
        both = left.kind == right.kind == "integer"
        if op == "*":
            return Type(left.dim * right.dim, "integer" if both else "float")
        if op == "/":
            return Type(left.dim / right.dim)
        if op == "//":
            if left.dim != right.dim:
                self.mismatch(expr, left, right)
                return None
            return Type(NONE, "integer" if both else "float")
        if left.dim != right.dim:
            self.mismatch(expr, left, right)
            return None
        if op in ("+", "-", "%"):
            return Type(left.dim, "integer" if both else "float")
        return BOOLEAN

    def mismatch(self, expr: ast.Binary, left: Type, right: Type) -> None:
        verb = {
            "+": "cannot be added", "-": "cannot be subtracted", "%": "have no remainder",
            "//": "cannot be divided to a whole number",
        }.get(expr.op, "cannot be compared")  # fmt: skip
        self.reporter.error(
            "UNIT003", expr.left,
            f"{left.dim.describe()} and {right.dim.describe()} {verb}"
            if left.dim.describe() != right.dim.describe()
            else f"these two {verb}",
            label=describe(left), labels=((expr.right, describe(right)),),
            help=unit_help(expr.right, left.dim, right.dim)
            or unit_help(expr.left, right.dim, left.dim),
        )  # fmt: skip

    def power(self, expr: ast.Binary, base: Type, exponent: Type) -> Type | None:
        if not exponent.dim.is_none:
            self.reporter.error(
                "UNIT005", spot(expr.right), "an exponent has no unit", describe(exponent),
                help="divide it by a quantity of the same kind",
            )  # fmt: skip
            return None
        if base.dim.is_none:
            whole = base.kind == exponent.kind == "integer" and isinstance(expr.right, ast.Number)
            return Type(NONE, "integer" if whole else "float")
        try:
            value = float(evaluate(expr.right, self.values))
            return Type(base.dim**value)
        except (NotConstant, TypeError, ValueError, OverflowError):
            self.reporter.error(
                "UNIT005", expr.right,
                f"the exponent of {base.dim.describe()} must be a constant number",
                "its value is not known here", labels=((expr.left, describe(base)),),
                help="divide the base by a quantity of its kind first, as in `(x / (1 mV))**n`",
            )  # fmt: skip
            return None

    def is_number(self, expr: ast.Expr, found: Type, what: str) -> bool:
        if found.kind == "boolean":
            self.reporter.error(
                "TYPE003", expr, f"{what} takes numbers, and this is a condition",
                help="`int(...)` makes a condition 1 or 0",
            )  # fmt: skip
            return False
        if found.kind == "level":
            self.reporter.error(
                "UNIT006", spot(expr), f"{what} does not take a level in dB",
                help="levels stand alone, in the clauses of sounds and filters",
            )  # fmt: skip
            return False
        return True

    def is_condition(self, expr: ast.Expr, found: Type, what: str) -> bool:
        if found.kind == "boolean":
            return True
        self.reporter.error(
            "TYPE002", expr, f"{what} takes a condition, and this is a number", describe(found),
            help="compare it with something, as in `x > 0`",
        )  # fmt: skip
        return False

    def list(self, expr: ast.ListExpr, context: Context) -> Type | None:
        if not context.lists:
            self.reporter.error(
                "TYPE008", expr, "a list cannot stand here",
                help="lists are values of a sweep's axes and of sounds",
            )  # fmt: skip
            return None
        single = context.but(lists=False)
        found: list[Type | None] = [self.infer(item, single) for item in expr.items]
        shared = self.unit(expr.unit) if expr.unit is not None else None
        if expr.unit is not None:
            for item, kind in zip(expr.items, found, strict=True):
                if kind is not None and not kind.dim.is_none:
                    self.reporter.error(
                        "UNIT008", spot(item), "this item has a unit, and so has the list",
                        labels=((expr.unit, "the list's unit"),), help="leave out one of them",
                    )  # fmt: skip
            return shared
        first: tuple[ast.Expr, Type] | None = None
        whole = True
        for item, kind in zip(expr.items, found, strict=True):
            if kind is None:
                return None
            whole = whole and kind.kind == "integer"
            if first is None:
                first = item, kind
            elif kind.dim != first[1].dim or (kind.kind == "level") != (first[1].kind == "level"):
                self.reporter.error(
                    "UNIT008", spot(item), f"a list has one unit: expected"
                    f" {describe(first[1])}, found {describe(kind)}",
                    labels=((first[0], describe(first[1])),),
                    help="write the unit once, behind the list: `[5, 10] ms`",
                )  # fmt: skip
                return None
        if first is None:
            return FLOAT
        return first[1] if whole else replace(first[1], kind=_not_whole(first[1].kind))

    # Expectations

    def expect(
        self, expr: ast.Expr, context: Context, want: Type | None, what: str,
        also: tuple[ast.Node, str] | None = None,
    ) -> Type | None:  # fmt: skip
        """Infers, and reports when the type is not the one that `what` needs."""
        found = self.infer(expr, context)
        if found is None or want is None:
            return found
        return found if self.fits(expr, found, want, what, also) else None

    def fits(
        self, expr: ast.Expr, found: Type, want: Type, what: str,
        also: tuple[ast.Node, str] | None = None,
    ) -> bool:  # fmt: skip
        labels = (also,) if also else ()
        if want.kind == "boolean" or found.kind == "boolean":
            if want.kind == found.kind:
                return True
            if want.kind == "boolean":
                self.reporter.error(
                    "TYPE002", expr, f"{what} is a condition, and this is a number",
                    describe(found), "compare it with something, as in `x > 0`", labels,
                )  # fmt: skip
            else:
                self.reporter.error(
                    "TYPE001", expr, f"{what} is a number, and this is a condition",
                    help="`int(...)` makes a condition 1 or 0", labels=labels,
                )  # fmt: skip
            return False
        if want.dim != found.dim or (want.kind == "level") != (found.kind == "level"):
            self.reporter.error(
                "UNIT002", spot(expr),
                f"{what}: expected {describe(want)}, found {describe(found)}",
                help=unit_help(expr, want.dim, found.dim), labels=labels,
            )  # fmt: skip
            return False
        if want.kind == "integer" and found.kind == "float":
            self.reporter.error(
                "TYPE004", expr, f"{what} is a whole number, and this need not be",
                help="write it without a decimal point, or round it with `int(...)`", labels=labels,
            )  # fmt: skip
            return False
        return True


def owner_key(symbol: Symbol) -> tuple[str, str]:
    """What a symbol's type and use are filed under."""
    if symbol.kind in ("constant", "column", "builtin", "local"):
        return f"<{symbol.kind}>", symbol.name
    return symbol.owner, symbol.name


def _not_whole(kind: str) -> str:
    return "float" if kind == "integer" else kind
