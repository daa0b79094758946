"""Translates NESTML's expressions to ours and writes out NESTML's implicit casts.

In NESTML, `x real = tau` is the number of ms in tau. A quantity that is assigned to a number is
divided by NESTML's unit; a number that is assigned to a quantity is multiplied by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..dataclass import dataclass
from ..language import ast
from ..language.ast import Expr, Ident
from ..language.units import NONE, SECOND, Dim
from .dimensions import exponent
from .nestml_expressions import CHOICE, quantity
from .nestml_nodes import Declared, Function
from .quantities import base_unit, in_base

FUNCTIONS = {
    name: name for name in "exp expm1 log10 sin cos tan sinh cosh tanh floor ceil".split()
} | {"ln": "log"}
_SAME = {"abs": 1, "min": 2, "max": 2, "clip": 3}


@dataclass(frozen=True)
class Known:
    """What a NESTML name means in the rule."""

    expr: Callable[[ast.Name], Expr]
    dim: Dim
    kind: str  # number, integer, boolean


@dataclass
class Casts:
    """Translates the expressions of one block. `step` replaces `timestep()`, if that is allowed
    here; `when` is 1 if the statement takes effect, else 0.
    """

    known: Mapping[str, Known]
    functions: Mapping[str, Function]
    refuse: Callable[..., None]
    step: str = ""
    draws: bool = True
    when: Expr | None = None
    depth: int = 0
    guarded: frozenset[str] = frozenset()  # names that `when` was computed from
    fixed: frozenset[str] = frozenset()  # parameters

    def within(self, when: Expr, read: frozenset[str]) -> Casts:
        """For statements that take effect only if `when` is 1. `when` was computed from the names
        `read`.
        """
        return replace(self, when=when, guarded=self.guarded | read)

    # Public methods

    def value(self, expr: Expr, dim: Dim, kind: str = "number") -> Expr:
        """The expression, cast to the type of the variable that receives it."""
        if kind == "boolean":
            return self.as_number(expr)
        found, own, sort = self.number(expr)
        if kind == "integer" and sort != "integer":
            self.refuse(
                expr,
                "NESTML truncates this number to an integer; a rule does not",
                "declare the variable as real",
            )
        return self.cast(found, own, dim)

    def as_number(self, expr: Expr) -> Expr:
        """A condition as 1 or 0."""
        if isinstance(expr, ast.Name) and expr.id in ("True", "False"):
            return number_at(int(expr.id == "True"), expr)
        if isinstance(expr, ast.Name) and expr.id in self.known:
            return self.known[expr.id].expr(expr)
        return call("int", self.condition(expr))

    def condition(self, expr: Expr) -> Expr:
        match expr:
            case ast.Name(id="True" | "False"):
                op = "<" if expr.id == "True" else ">"
                return ast.Binary(op, number_at(0, expr), number_at(1, expr), span=expr.span)
            case ast.Name() if expr.id in self.known and self.known[expr.id].kind == "boolean":
                own = self.known[expr.id].expr(expr)
                return ast.Binary("==", own, number_at(1, expr), span=expr.span)
            case ast.Unary(op="not"):
                return replace(expr, operand=self.condition(expr.operand))
            case ast.Binary(op="and" | "or"):
                return replace(
                    expr, left=self.condition(expr.left), right=self.condition(expr.right)
                )
            case ast.Binary(op="<" | "<=" | ">" | ">=" | "==" | "!="):
                if expr.op in ("==", "!=") and self.is_condition(expr.left):
                    left, right = self.as_number(expr.left), self.as_number(expr.right)
                    return replace(expr, left=left, right=right)
                left, right, _, _ = self.matched(expr)
                return replace(expr, left=left, right=right)
        self.refuse(expr, "this is not a condition")
        return ast.Binary("<", number_at(0, expr), number_at(1, expr), span=expr.span)

    def is_condition(self, expr: Expr) -> bool:
        if isinstance(expr, ast.Name):
            known = self.known.get(expr.id)
            return expr.id in ("True", "False") or (known is not None and known.kind == "boolean")
        if isinstance(expr, ast.Unary):
            return expr.op == "not"
        return isinstance(expr, ast.Binary) and expr.op not in ("+", "-", "*", "/", "**", "%")

    def cast(self, expr: Expr, own: Dim, wanted: Dim) -> Expr:
        if own == wanted:
            return expr
        if own.is_none:
            if isinstance(expr, ast.Number):
                return quantity(expr.text, base_unit(wanted, expr.span), expr.span)
            return ast.Binary("*", expr, _one(wanted, expr), span=expr.span)
        if wanted.is_none:
            if isinstance(expr, ast.Quantity):
                text = in_base(expr)[0]
                return ast.Number(float(text), text, span=expr.span)
            return ast.Binary("/", expr, _one(own, expr), span=expr.span)
        self.refuse(expr, f"a {own.describe()} cannot be converted to a {wanted.describe()}")
        return expr

    # Numbers

    def number(self, expr: Expr) -> tuple[Expr, Dim, str]:
        """The expression, its dimension, and `integer` if it can only be an integer."""
        match expr:
            case ast.Number():
                return expr, NONE, "integer" if isinstance(expr.value, int) else "number"
            case ast.Quantity():
                _, dim = in_base(expr)
                return expr, dim, "number"
            case ast.Name():
                return self.name(expr)
            case ast.Unary(op="-" | "+"):
                inner, dim, kind = self.number(expr.operand)
                return replace(expr, operand=inner), dim, kind
            case ast.Binary():
                return self.binary(expr)
            case ast.Call():
                return self.call(expr)
        return self.as_number(expr), NONE, "integer"

    def name(self, expr: ast.Name) -> tuple[Expr, Dim, str]:
        if expr.id in self.known:
            known = self.known[expr.id]
            return known.expr(expr), known.dim, "integer" if known.kind == "boolean" else known.kind
        if expr.id == "t":
            return expr, SECOND, "number"
        if expr.id in ("e", "inf"):
            return expr, NONE, "number"
        if expr.id in ("True", "False"):
            return self.as_number(expr), NONE, "integer"
        self.refuse(expr, f"`{expr.id}` has no value here")
        return expr, NONE, "number"

    def matched(self, expr: ast.Binary) -> tuple[Expr, Expr, Dim, str]:
        """Both sides in the same unit. A number next to a quantity is in NESTML's unit."""
        left, own, first = self.number(expr.left)
        right, other, second = self.number(expr.right)
        kind = "integer" if first == second == "integer" else "number"
        if own == other:
            return left, right, own, kind
        if own.is_none and isinstance(left, ast.Number):
            return self.cast(left, own, other), right, other, kind
        if other.is_none and isinstance(right, ast.Number):
            return left, self.cast(right, other, own), own, kind
        if own.is_none or other.is_none:
            return self.cast(left, own, NONE), self.cast(right, other, NONE), NONE, kind
        self.refuse(expr, f"a {own.describe()} and a {other.describe()} cannot be combined")
        return left, right, own, kind

    def binary(self, expr: ast.Binary) -> tuple[Expr, Dim, str]:
        op = expr.op
        if self.is_condition(expr):
            return self.as_number(expr), NONE, "integer"
        if op in ("+", "-"):
            left, right, dim, kind = self.matched(expr)
            return replace(expr, left=left, right=right), dim, kind
        if op == "%":
            self.refuse(expr, "NESTML's remainder `%` has no equivalent in a rule")
            return expr, NONE, "integer"
        left, own, first = self.number(expr.left)
        right, other, second = self.number(expr.right)
        whole = first == second == "integer"
        if op == "**":
            right = self.cast(right, other, NONE)
            if not own.is_none and not _is_constant(right):
                left, own = self.cast(left, own, NONE), NONE
            dim = own if own.is_none else own ** exponent(right)
            return replace(expr, left=self.finite(left, own), right=right), dim, "number"
        if op == "*":
            return (
                replace(expr, left=left, right=right),
                own * other,
                "integer" if whole else "number",
            )
        if whole and not _divides(left, right):
            self.refuse(
                expr,
                "NESTML's code for NEST divides two integers to an integer; a rule gives a"
                " real number",
                "write a decimal point, as in 1./2",
            )
        return replace(expr, left=left, right=self.finite(right, other)), own / other, "number"

    def finite(self, expr: Expr, dim: Dim) -> Expr:
        """A value that must not be 0 or negative. It is 1 if the statement has no effect, because 0
        times infinity is NaN.
        """
        if self.when is None or isinstance(expr, ast.Number | ast.Quantity):
            return expr
        safe = self.fixed - self.guarded
        if all(n.id in safe for n in ast.walk(expr) if isinstance(n, ast.Name)):
            return expr
        other = minus_one(self.when)
        one = other if dim.is_none else ast.Binary("*", other, _one(dim, expr), span=expr.span)
        return ast.Binary("+", times(self.when, expr), one, span=expr.span)

    def call(self, expr: ast.Call) -> tuple[Expr, Dim, str]:
        name, args = expr.func.id, expr.args
        if name == CHOICE:
            return self.choice(expr)
        if name in FUNCTIONS and len(args) == 1:
            found, own, _ = self.number(args[0])
            given = self.cast(found, own, NONE)
            if name in ("ln", "log10"):
                given = self.finite(given, NONE)
            return call(FUNCTIONS[name], given), NONE, "number"
        if name in _SAME and len(args) == _SAME[name]:
            return self.same(name, args)
        if name == "pow" and len(args) == 2:
            return self.binary(ast.Binary("**", args[0], args[1], span=expr.span))
        if name == "timestep" and self.step:
            return ast.Name(self.step, span=expr.span), SECOND, "number"
        if name in ("random_normal", "random_uniform") and len(args) == 2:
            return self.draw(expr)
        if name in self.functions:
            return self.written_out(expr)
        help = {
            "convolve": "write the kernel as an equation, and add to its variable in the"
            " spike handler",
            "resolution": "a rule may not depend on the time step",
        }.get(name, "")
        self.refuse(expr, f"a rule has no `{name}` here", help)
        return number_at(0, expr), NONE, "number"

    def same(self, name: str, args: tuple[Expr, ...]) -> tuple[Expr, Dim, str]:
        found = [self.number(a) for a in args]
        dims = {dim for item, dim, _ in found if not (dim.is_none and isinstance(item, ast.Number))}
        dim = dims.pop() if len(dims) == 1 else NONE
        kind = "integer" if all(k == "integer" for _, _, k in found) else "number"
        return call(name, *(self.cast(e, own, dim) for e, own, _ in found)), dim, kind

    def draw(self, expr: ast.Call) -> tuple[Expr, Dim, str]:
        if not self.draws:
            self.refuse(expr, "a rule can draw random numbers in `on ...:` only")
        left, right, dim, _ = self.matched(
            ast.Binary("+", expr.args[0], expr.args[1], span=expr.span)
        )
        if expr.func.id == "random_normal":
            return call("normal", left, right), dim, "number"
        high = ast.Binary("+", left, right, span=expr.span)
        return call("uniform", left, high), dim, "number"

    def choice(self, expr: ast.Call) -> tuple[Expr, Dim, str]:
        """`c ? a : b` as `int(c)*a + (1 - int(c))*b`; `c ? 1 : 0` as `int(c)`."""
        condition, first, second = expr.args
        given = call("int", self.condition(condition))
        if _is_value(first, 1) and _is_value(second, 0):
            return given, NONE, "integer"
        read = frozenset(n.id for n in ast.walk(given) if isinstance(n, ast.Name)) | self.guarded
        outer = self.when
        yes = given if outer is None else times(outer, given)
        no = minus_one(given) if outer is None else times(outer, minus_one(given))
        inside = [replace(self, when=when, guarded=read) for when in (yes, no)]
        a, own, _ = inside[0].number(first)
        b, other, _ = inside[1].number(second)
        dim = own if own == other else NONE
        if own != other:
            if isinstance(first, ast.Number) and own.is_none:
                dim = other
            elif isinstance(second, ast.Number) and other.is_none:
                dim = own
        a, b = self.cast(a, own, dim), self.cast(b, other, dim)
        left, right = times(given, a), times(minus_one(given), b)
        if _is_value(b, 0):
            return left, dim, "number"
        if _is_value(a, 0):
            return right, dim, "number"
        return ast.Binary("+", left, right, span=expr.span), dim, "number"

    def written_out(self, expr: ast.Call) -> tuple[Expr, Dim, str]:
        """A call of the model's own function, replaced by the expression that it returns."""
        function = self.functions[expr.func.id]
        if self.depth > 20 or len(expr.args) != len(function.parameters):
            self.refuse(
                expr, f"the call of `{expr.func.id}` cannot be replaced by its expression here"
            )
            return number_at(0, expr), NONE, "number"
        given: dict[str, Known] = {}
        for parameter, arg in zip(function.parameters, expr.args, strict=True):
            given[parameter.name.id] = self.argument(parameter, arg)
        inside = replace(self, known={**self.known, **given}, depth=self.depth + 1)
        result = function.result
        assert result.value is not None
        value = inside.value(result.value, result.dim, result.kind)
        return value, result.dim, result.kind

    def argument(self, parameter: Declared, arg: Expr) -> Known:
        value = self.value(arg, parameter.dim, parameter.kind)
        return Known(lambda _: value, parameter.dim, parameter.kind)


def number_at(value: int, at: ast.Node) -> ast.Number:
    return ast.Number(value, str(value), span=at.span)


def _one(dim: Dim, at: ast.Node) -> Expr:
    return quantity("1", base_unit(dim, at.span), at.span)


def call(name: str, *args: Expr) -> ast.Call:
    span = args[0].span
    return ast.Call(Ident(name, span=span), tuple(args), span=span)


def times(a: Expr, b: Expr) -> Expr:
    if _is_value(b, 1):
        return a
    return b if _is_value(a, 1) else ast.Binary("*", a, b, span=b.span)


def minus_one(expr: Expr) -> Expr:
    """`1 - x`; for a condition written as a number, the number of the opposite condition."""
    if isinstance(expr, ast.Call) and expr.func.id == "int":
        return call("int", _opposite(expr.args[0]))
    if isinstance(expr, ast.Binary) and expr.op == "-" and _is_value(expr.left, 1):
        return expr.right
    return ast.Binary("-", number_at(1, expr), expr, span=expr.span)


def _opposite(expr: Expr) -> Expr:
    turned = {"==": "!=", "!=": "=="}
    if isinstance(expr, ast.Binary) and expr.op in turned:
        return replace(expr, op=turned[expr.op])
    if isinstance(expr, ast.Unary) and expr.op == "not":
        return expr.operand
    return ast.Unary("not", expr, span=expr.span)


def _is_value(expr: Expr, value: int) -> bool:
    return isinstance(expr, ast.Number) and expr.value == value


def _is_constant(expr: Expr) -> bool:
    return not any(isinstance(n, ast.Name | ast.Call) for n in ast.walk(expr))


def _divides(left: Expr, right: Expr) -> bool:
    if isinstance(left, ast.Number) and isinstance(right, ast.Number):
        return bool(right.value) and left.value % right.value == 0
    return False
