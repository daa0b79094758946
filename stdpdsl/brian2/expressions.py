"""Expressions as text: in Brian2's language (for equations and statements) and as NumPy code.

Both print from the syntax tree, never from the spec's text.
"""

from __future__ import annotations

from collections.abc import Mapping

from .. import ast
from ..builtins import FUNCTIONS, LISTS
from ..check.symbols import Type
from ..numeric import power, quantity, times_unit_name, with_unit
from ..units import resolve

_PRECEDENCE = {
    "or": 1, "and": 2, "not": 3,
    "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6,
    "neg": 7, "**": 8, "atom": 9,
}  # fmt: skip

# The units that Brian2 knows by a short name in every equation, and imports from it.
SHORT_UNITS = frozenset(
    "mV mA uA nA pA ms us Hz kHz MHz nS uS nF uF pF Mohm kohm Gohm mohm cm mm um mM uM nM"
    " volt amp second hertz siemens farad ohm metre meter coulomb joule watt newton kelvin"
    " mole".split()
)


class Printer:
    """Common to both languages: operators with as few parentheses as they need."""

    def __init__(self, names: Mapping[str, str] | None = None):
        self.names = names or {}

    def show(self, expr: ast.Expr) -> str:
        return self._show(expr)[0]

    def _show(self, expr: ast.Expr) -> tuple[str, int]:
        match expr:
            case ast.Name():
                return self.name(expr), _PRECEDENCE["atom"]
            case ast.Unary(op="not"):
                return self.negation(expr.operand)
            case ast.Unary():
                inner = self._within(expr.operand, _PRECEDENCE["neg"])
                return f"{expr.op}{inner}", _PRECEDENCE["neg"]
            case ast.Binary():
                return self.binary(expr)
            case _:
                return self.leaf(expr)

    def _within(self, expr: ast.Expr, level: int) -> str:
        text, own = self._show(expr)
        return f"({text})" if own < level else text

    def name(self, expr: ast.Name) -> str:
        return self.names.get(expr.id, expr.id)

    def is_unit(self, name: str) -> bool:
        """Whether the name of a unit means the unit here, and nothing of the spec's own."""
        return name not in self.names

    def negation(self, operand: ast.Expr) -> tuple[str, int]:
        return f"not {self._within(operand, _PRECEDENCE['not'])}", _PRECEDENCE["not"]

    def binary(self, expr: ast.Binary) -> tuple[str, int]:
        # Chains lean to the left and may be long: walk them without recursion.
        spine = [expr]
        while isinstance(spine[-1].left, ast.Binary):
            spine.append(spine[-1].left)
        product = times_unit_name(spine[-1])
        if product is not None and self.is_unit(product.unit.factors[0].name):
            spine.pop()
            text, level = self.leaf(product)
        else:
            text, level = self._show(spine[-1].left)
        for node in reversed(spine):
            text, level = self.operation(node, text, level)
        return text, level

    def operation(self, node: ast.Binary, left: str, left_level: int) -> tuple[str, int]:
        own = _PRECEDENCE[node.op]
        comparison = own == _PRECEDENCE["<"]
        if node.op == "**":  # leans to the right; a sign in the exponent needs none
            left = f"({left})" if left_level <= own else left
            right, right_level = self._show(node.right)
            right = f"({right})" if right_level < own else right
            return f"{left}**{right}", own
        left = f"({left})" if left_level < own + comparison else left
        right = self._within(node.right, own + 1)
        tight = node.op in ("*", "/")
        return (f"{left}{node.op}{right}" if tight else f"{left} {node.op} {right}"), own

    def leaf(self, expr: ast.Expr) -> tuple[str, int]:
        raise NotImplementedError(type(expr).__name__)


class Brian2Printer(Printer):
    """For equations and statements. `types` tells divisions of integers, which Brian2's C++ would
    do in single precision."""

    def __init__(
        self, names: Mapping[str, str] | None = None, types: Mapping[int, Type] | None = None
    ):
        super().__init__(names)
        self.types = types or {}

    def is_integer(self, expr: ast.Expr) -> bool:
        if isinstance(expr, ast.Number):
            return isinstance(expr.value, int)
        known = self.types.get(id(expr))
        return known is not None and known.kind != "float"

    def operation(self, node: ast.Binary, left: str, left_level: int) -> tuple[str, int]:
        if node.op == "/" and self.is_integer(node.left) and self.is_integer(node.right):
            if isinstance(node.left, ast.Number):
                left, left_level = repr(float(node.left.value)), _PRECEDENCE["atom"]
            else:
                inner = f"({left})" if left_level < _PRECEDENCE["*"] else left
                left, left_level = f"1.0*{inner}", _PRECEDENCE["*"]
        return super().operation(node, left, left_level)

    def leaf(self, expr: ast.Expr) -> tuple[str, int]:
        match expr:
            case ast.Number():
                return repr(expr.value), _PRECEDENCE["atom"]
            case ast.Quantity():
                return brian2_quantity(expr)
            case ast.Call():
                return self.call(expr), _PRECEDENCE["atom"]
        return super().leaf(expr)

    def call(self, expr: ast.Call) -> str:
        arguments = [self.show(a) for a in expr.args]
        known = FUNCTIONS[expr.func.id]
        if expr.func.id in ("clip", "min", "max"):
            whole = all(self.is_integer(a) for a in expr.args)
            found = self.types.get(id(expr.args[0]))
            infinite = times_unit("inf", found.dim.unit_name() if found else "1")
            if whole:
                infinite = "2147483647"
            elif self.is_integer(expr.args[0]):
                # Compiled targets would give the bounds the type of what is clipped.
                # (sympy makes `1.0*(0)` a whole number again, and leaves `0.0`).
                first = expr.args[0]
                plain = first.operand if isinstance(first, ast.Unary) else first
                literal = isinstance(plain, ast.Number)
                arguments[0] = f"{arguments[0]}.0" if literal else f"1.0*({arguments[0]})"
            if "{" in known.brian2:
                return known.brian2.format(*arguments, inf=infinite)
        return f"{known.brian2}({', '.join(arguments)})"


def brian2_quantity(expr: ast.Quantity) -> tuple[str, int]:
    """`20*ms` where Brian2 knows the unit and its product is the quantity to the bit; else the
    value in SI with base units, as in `3e-09*siemens`."""
    factors, value = expr.unit.factors, quantity(expr)
    if len(factors) == 1 and factors[0].exponent == 1 and factors[0].name in SHORT_UNITS:
        number = int(expr.number) if expr.number == int(expr.number) else expr.number
        if number * float(f"1e{power(expr.unit)}") == value:
            return f"{number!r}*{factors[0].name}", _PRECEDENCE["*"]
    return si_quantity(value, expr.unit), _PRECEDENCE["*"]


def si_quantity(value: float, unit: ast.Unit) -> str:
    """`2e-05*siemens/metre**2`: a value in SI with its base units, whose product is exact."""
    dim, _ = resolve((f.name, f.exponent) for f in unit.factors)
    name = dim.unit_name()
    return repr(value) if name == "1" else times_unit(repr(value), name)


def times_unit(value: str, unit: str) -> str:
    """`value*unit` for a unit as Dim.unit_name() writes it."""
    if unit == "1":
        return value
    return f"{value}{unit[1:]}" if unit.startswith("1/") else f"{value}*{unit}"


class NumpyPrinter(Printer):
    """Plain Python over SI floats and arrays; equal to numeric.evaluate() to the bit."""

    def __init__(self, names: Mapping[str, str] | None = None):
        super().__init__({"pi": "np.pi", "e": "np.e", "inf": "np.inf", **(names or {})})

    def name(self, expr: ast.Name) -> str:
        if expr.id in self.names:
            return self.names[expr.id]
        return repr(resolve([(expr.id, 1)])[1])  # of a unit: `5*ms`

    def negation(self, operand: ast.Expr) -> tuple[str, int]:
        return f"np.logical_not({self.show(operand)})", _PRECEDENCE["atom"]

    def operation(self, node: ast.Binary, left: str, left_level: int) -> tuple[str, int]:
        if node.op in ("and", "or"):
            return f"np.logical_{node.op}({left}, {self.show(node.right)})", _PRECEDENCE["atom"]
        if node.op == "**" and isinstance(node.left, ast.Number):
            left = repr(float(node.left.value))
        return super().operation(node, left, left_level)

    def leaf(self, expr: ast.Expr) -> tuple[str, int]:
        match expr:
            case ast.Number():
                return repr(expr.value), _PRECEDENCE["atom"]
            case ast.Quantity():
                return repr(quantity(expr)), _PRECEDENCE["atom"]
            case ast.StringExpr():
                return repr(expr.value), _PRECEDENCE["atom"]
            case ast.ListExpr():
                return self.list(expr), _PRECEDENCE["atom"]
            case ast.Call():
                return self.call(expr), _PRECEDENCE["atom"]
        return super().leaf(expr)

    def list(self, expr: ast.ListExpr) -> str:
        items = []
        for item in expr.items:
            whole = with_unit(item, expr.unit)
            text, level = self._show(whole)
            if whole is item and expr.unit is not None and power(expr.unit):
                text = f"({text})" if level < _PRECEDENCE["*"] else text
                text = f"{text}*{float(f'1e{power(expr.unit)}')!r}"
            items.append(text)
        return f"[{', '.join(items)}]"

    def call(self, expr: ast.Call) -> str:
        name = expr.func.id
        arguments = [self.show(a) for a in expr.args]
        named = {k.name.id: self.show(k.value) for k in expr.kwargs}
        if name in LISTS:
            order = LISTS[name].arguments
            arguments += [named[n] for n in order[len(arguments) :]]
            return f"{LISTS[name].numpy}({', '.join(arguments)})"
        return f"{FUNCTIONS[name].numpy}({', '.join(arguments)})"
