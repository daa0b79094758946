"""The types of operators and lists."""

from __future__ import annotations

from ...language import ast
from ...language.numeric import NotConstant, evaluate
from ...language.units import NONE
from ..symbols import BOOLEAN, FLOAT, Type
from .context import Context
from .expectations import Expectations
from .messages import describe, spot, unit_help


class Operators(Expectations):
    """Infers the types of operators and lists."""

    # Operators

    def unary(self, expr: ast.Unary, context: Context) -> Type | None:
        found = self.infer(expr.operand, context)
        if found is None:
            return None
        if expr.op == "not":
            return BOOLEAN if self.is_condition(expr.operand, found, "`not`") else None
        return found if self.is_number(expr.operand, found, f"`{expr.op}`") else None

    def chain(self, expr: ast.Binary, context: Context) -> Type | None:
        """A left-leaning chain, without recursion because sums may be long."""
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
                self.remember(id(binary), left)
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
            "+": "cannot be added",
            "-": "cannot be subtracted",
            "%": "have no remainder",
            "//": "cannot be divided to a whole number",
        }.get(expr.op, "cannot be compared")
        self.reporter.error(
            "UNIT003",
            expr.left,
            f"{left.dim.describe()} and {right.dim.describe()} {verb}"
            if left.dim.describe() != right.dim.describe()
            else f"these two values {verb}",
            label=describe(left),
            labels=((expr.right, describe(right)),),
            help=unit_help(expr.right, left.dim, right.dim)
            or unit_help(expr.left, right.dim, left.dim),
        )

    def power(self, expr: ast.Binary, base: Type, exponent: Type) -> Type | None:
        if not exponent.dim.is_none:
            self.reporter.error(
                "UNIT005",
                spot(expr.right),
                "an exponent cannot have a unit",
                describe(exponent),
                help="divide it by a quantity of the same kind",
            )
            return None
        if base.dim.is_none:
            whole = base.kind == exponent.kind == "integer" and isinstance(expr.right, ast.Number)
            return Type(NONE, "integer" if whole else "float")
        try:
            value = float(evaluate(expr.right, self.values))
            return Type(base.dim**value)
        except (NotConstant, TypeError, ValueError, OverflowError):
            self.reporter.error(
                "UNIT005",
                expr.right,
                f"the exponent of {base.dim.describe()} must be a constant number",
                "its value is not known here",
                labels=((expr.left, describe(base)),),
                help="divide the base by a quantity of its kind first, as in `(x / (1 mV))**n`",
            )
            return None

    def list(self, expr: ast.ListExpr, context: Context) -> Type | None:
        if not context.lists:
            self.reporter.error(
                "TYPE008",
                expr,
                "a list is not allowed here",
                help="lists are values of a sweep's axes and of sounds",
            )
            return None
        single = context.but(lists=False)
        found: list[Type | None] = [self.infer(item, single) for item in expr.items]
        shared = self.unit(expr.unit) if expr.unit is not None else None
        if expr.unit is not None:
            for item, kind in zip(expr.items, found, strict=True):
                if kind is not None and not kind.dim.is_none:
                    self.reporter.error(
                        "UNIT008",
                        spot(item),
                        "both this item and the list have a unit",
                        labels=((expr.unit, "the list's unit"),),
                        help="leave out one of them",
                    )
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
                    "UNIT008",
                    spot(item),
                    f"all items of a list have the same unit: expected {describe(first[1])},"
                    f" found {describe(kind)}",
                    labels=((first[0], describe(first[1])),),
                    help="write the unit once, after the list: `[5, 10] ms`",
                )
                return None
        if first is None:
            return FLOAT
        return first[1] if whole else first[1]._replace(kind=_not_whole(first[1].kind))


def _not_whole(kind: str) -> str:
    return "float" if kind == "integer" else kind
