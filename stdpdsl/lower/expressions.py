"""Expressions as text: in Brian2's language (for equations and statements) and as NumPy code.

Both print from the syntax tree, never from the spec's text.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..check.symbols import Type
from ..language import ast
from ..language.builtins import FUNCTIONS, LISTS
from ..language.numeric import LARGEST_WHOLE, power, quantity, times_unit_name, with_unit
from ..language.units import resolve

_PRECEDENCE = {
    "or": 1,
    "and": 2,
    "not": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "==": 4,
    "!=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "//": 6,
    "%": 6,
    "neg": 7,
    "**": 8,
    "atom": 9,
}

_ARITHMETIC = frozenset({"+", "-", "*", "//", "%", "**"})
WORD = 2**31
"""Smaller whole numbers fit into the signed 32 bits in which Brian2 holds them."""

# The units that Brian2 knows by a short name in every equation, and which can be imported from it.
SHORT_UNITS = frozenset(
    "mV mA uA nA pA ms us Hz kHz MHz nS uS nF uF pF Mohm kohm Gohm mohm cm mm um mM uM nM"
    " volt amp second hertz siemens farad ohm metre meter coulomb joule watt newton kelvin"
    " mole".split()
)


class Printer:
    """Common to both languages: operators with as few parentheses as they need.

    A whole number means the same in both, on every target: it is exact up to 2**53, and rounded
    like any other number beyond. If an operation on whole numbers may reach `limit`, it is done in
    double precision. `types` tells which expressions are whole numbers.
    """

    limit: int

    def __init__(
        self, names: Mapping[str, str] | None = None, types: Mapping[int, Type] | None = None
    ):
        self.names = names or {}
        self.types = types or {}

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
        """Whether a unit's name means the unit here, and is not declared in the spec."""
        return name not in self.names

    # Whole numbers

    def is_integer(self, expr: ast.Expr) -> bool:
        """Whether a value is a whole number, or a condition."""
        if isinstance(expr, ast.Number):
            return isinstance(expr.value, int)
        known = self.types.get(id(expr))
        return known is not None and known.kind != "float"

    def is_condition(self, expr: ast.Expr) -> bool:
        known = self.types.get(id(expr))
        return known is not None and known.kind == "boolean"

    def largest_of_name(self, name: str) -> float:
        """The largest magnitude of a whole number by its name."""
        return WORD

    def largest(self, expr: ast.Expr) -> float:
        """The largest possible magnitude of a whole number, as far as it is known."""
        match expr:
            case ast.Number():
                return abs(expr.value)
            case ast.Name():
                return self.largest_of_name(expr.id)
            case ast.Unary():
                return self.largest(expr.operand)
            case ast.Binary(op="+" | "-"):
                return self.largest(expr.left) + self.largest(expr.right)
            case ast.Binary(op="*"):
                return self.largest(expr.left) * self.largest(expr.right)
            case ast.Binary(op="//"):
                return self.largest(expr.left)
            case ast.Binary(op="%"):
                return self.largest(expr.right)
            case ast.Binary(op="**"):
                base, power = self.largest(expr.left), self.largest(expr.right)
                return base**power if base < WORD and power < 64 else float("inf")
            case ast.Call(func=ast.Ident(id="abs" | "min" | "max" | "clip")):
                return max(map(self.largest, expr.args))
            case ast.Call(func=ast.Ident(id="int")) if self.is_condition(expr.args[0]):
                return 1
        return WORD

    def overflows(self, node: ast.Binary) -> bool:
        """Whether an operation on whole numbers may reach the limit."""
        if node.op not in _ARITHMETIC or not self.is_integer(node):
            return False
        return max(map(self.largest, (node, node.left, node.right))) >= self.limit

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
        if node.op == "**":  # leans to the right; a sign in the exponent needs no parentheses
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
    """For equations and statements. Brian2 computes whole numbers in 32 bits, which overflow
    silently; so do its `int`, `floor` and `ceil` on some targets."""

    limit = WORD

    def in_double(self, function: str, text: str) -> str:
        """A value as a double, or the double that `floor`, `ceil` or `int` makes of it. This calls
        our own function, because Brian2 would simplify `1.0*x*x` to `x*x`."""
        return in_double(function, text)

    def is_double(self, expr: ast.Expr) -> bool:
        """Whether a whole number is printed so that Brian2 treats it as a double."""
        match expr:
            case ast.Unary():
                return self.is_double(expr.operand)
            case ast.Binary():
                if expr.op not in _ARITHMETIC:
                    return False
                sides = (expr.left, expr.right)
                return self.overflows(expr) or any(map(self.is_double, sides))
            case ast.Call(func=ast.Ident(id="int")):
                return not self.is_integer(expr.args[0]) or self.is_double(expr.args[0])
            case ast.Call(func=ast.Ident(id="abs" | "min" | "max" | "clip")):
                return any(map(self.is_double, expr.args))
        return False

    def operation(self, node: ast.Binary, left: str, left_level: int) -> tuple[str, int]:
        if node.op == "/" and self.is_integer(node.left) and self.is_integer(node.right):
            if isinstance(node.left, ast.Number):
                left, left_level = repr(float(node.left.value)), _PRECEDENCE["atom"]
            else:
                inner = f"({left})" if left_level < _PRECEDENCE["*"] else left
                left, left_level = f"1.0*{inner}", _PRECEDENCE["*"]
        elif self.overflows(node) and not self.is_double(node.left):
            number = isinstance(node.left, ast.Number)
            left = repr(float(node.left.value)) if number else self.in_double("", left)  # type: ignore[attr-defined]
            left_level = _PRECEDENCE["atom"]
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
        name, arguments = expr.func.id, [self.show(a) for a in expr.args]
        known = FUNCTIONS[name]
        if name in ("floor", "ceil", "int") and not self.is_condition(expr.args[0]):
            return self.in_double("" if self.is_integer(expr.args[0]) else name, arguments[0])
        if name in ("clip", "min", "max"):
            whole = all(self.is_integer(a) and not self.is_double(a) for a in expr.args)
            found = self.types.get(id(expr.args[0]))
            infinite = times_unit("inf", found.dim.unit_name() if found else "1")
            first = expr.args[0]
            if whole:
                infinite = "2147483647"
            elif self.is_integer(first) and not self.is_double(first):
                # Compiled targets would give the bounds the type of what is clipped.
                # (sympy makes `1.0*(0)` a whole number again, and leaves `0.0`).
                plain = first.operand if isinstance(first, ast.Unary) else first
                literal = isinstance(plain, ast.Number)
                arguments[0] = f"{arguments[0]}.0" if literal else f"1.0*({arguments[0]})"
            if "{" in known.brian2:
                return known.brian2.format(*arguments, inf=infinite)
        return f"{known.brian2}({', '.join(arguments)})"


def in_double(function: str, text: str) -> str:
    """A call of a function of stdpdsl/runtime/whole_numbers.py: `floor`, `ceil`, `int`, or
    none of them."""
    return f"double__{function or 'of'}({text})"


def brian2_quantity(expr: ast.Quantity) -> tuple[str, int]:
    """`20*ms` if Brian2 knows the unit and the product equals the quantity to the bit; otherwise
    the SI value with base units, as in `3e-09*siemens`."""
    factors, value = expr.unit.factors, quantity(expr)
    if len(factors) == 1 and factors[0].exponent == 1 and factors[0].name in SHORT_UNITS:
        number = int(expr.number) if expr.number == int(expr.number) else expr.number
        if number * float(f"1e{power(expr.unit)}") == value:
            return f"{number!r}*{factors[0].name}", _PRECEDENCE["*"]
    return si_quantity(value, expr.unit), _PRECEDENCE["*"]


def si_quantity(value: float, unit: ast.Unit) -> str:
    """`2e-05*siemens/metre**2`: an SI value with its base units, whose product is exact."""
    dim, _ = resolve((f.name, f.exponent) for f in unit.factors)
    name = dim.unit_name()
    return repr(value) if name == "1" else times_unit(repr(value), name)


def times_unit(value: str, unit: str) -> str:
    """`value*unit` for a unit as Dim.unit_name() writes it."""
    if unit == "1":
        return value
    return f"{value}{unit[1:]}" if unit.startswith("1/") else f"{value}*{unit}"


class NumpyPrinter(Printer):
    """Plain Python over SI floats and arrays; equal to numeric.evaluate() to the bit. NumPy's whole
    numbers of 64 bits overflow silently."""

    limit = LARGEST_WHOLE

    def __init__(
        self,
        names: Mapping[str, str] | None = None,
        types: Mapping[int, Type] | None = None,
        data: Mapping[ast.DataExpr, str] | None = None,
    ):
        self.data = data or {}
        builtin = {"pi": "np.pi", "e": "np.e", "inf": "np.inf", "true": "True", "false": "False"}
        super().__init__({**builtin, **(names or {})}, types)

    def name(self, expr: ast.Name) -> str:
        if expr.id in self.names:
            return self.names[expr.id]
        return repr(resolve([(expr.id, 1)])[1])  # of a unit: `5*ms`

    def negation(self, operand: ast.Expr) -> tuple[str, int]:
        return f"np.logical_not({self.show(operand)})", _PRECEDENCE["atom"]

    def operation(self, node: ast.Binary, left: str, left_level: int) -> tuple[str, int]:
        if node.op in ("and", "or"):
            return f"np.logical_{node.op}({left}, {self.show(node.right)})", _PRECEDENCE["atom"]
        if isinstance(node.left, ast.Number) and (node.op == "**" or self.overflows(node)):
            left = repr(float(node.left.value))
        elif self.overflows(node):
            inner = f"({left})" if left_level < _PRECEDENCE["*"] else left
            left, left_level = f"1.0*{inner}", _PRECEDENCE["*"]
        return super().operation(node, left, left_level)

    def leaf(self, expr: ast.Expr) -> tuple[str, int]:
        match expr:
            case ast.Number():
                return repr(expr.value), _PRECEDENCE["atom"]
            case ast.Quantity():
                return repr(quantity(expr)), _PRECEDENCE["atom"]
            case ast.StringExpr():
                return repr(expr.value), _PRECEDENCE["atom"]
            case ast.DataExpr():
                return self.data[expr], _PRECEDENCE["atom"]
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
