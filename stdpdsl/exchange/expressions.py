"""Prints expressions in NESTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..dataclass import dataclass
from ..language import ast
from ..language.ast import Expr
from ..language.builtins import DISTRIBUTIONS
from ..language.units import Dim, dim_and_power, lookup
from .names import Names
from .quantities import factors, in_base, powers

_LEVEL = {"or": 1, "and": 2, "not": 3, "+": 5, "-": 5, "*": 6, "/": 6, "**": 8}
_COMPARE, _SIGN, _ATOM = 4, 7, 9
_FUNCTIONS = {
    name: name
    for name in "exp expm1 log10 sin cos tan sinh cosh tanh abs floor ceil clip min max".split()
} | {"log": "ln"}


@dataclass
class Printed:
    """Prints the expressions of one block. Anything that NESTML lacks is an error at its place."""

    names: Names
    local: Mapping[str, str]
    refuse: Callable[..., None]
    dim: Callable[[Expr], Dim]
    clock: str | None  # the variable for which `t - it` is the time since the last update
    draws: bool = False  # whether a random draw is allowed here
    time: bool = True  # whether `t` is allowed here

    def print(self, expr: Expr) -> str:
        return self._print(expr)[0]

    def quantity(self, number: str, dim: Dim) -> str:
        """A number in NESTML's units: `20 ms`, `0.02 ms**-1`."""
        named = [n if p == 1 else f"{n}**{p}" for n, p in factors(dim)]
        return f"{number} {'*'.join(named)}"

    def real(self, expr: Expr) -> str:
        """A function's argument as a real number: in NESTML's C++, 0 and 0.0 have different
        types.
        """
        if isinstance(expr, ast.Unary) and expr.op in ("-", "+"):
            return expr.op + self.real(expr.operand)
        if _is_whole(expr) or isinstance(expr, ast.Quantity):
            text, space, unit = self.print(expr).partition(" ")
            if not isinstance(expr, ast.Number | ast.Quantity):
                return f"1.0 * ({text}{space}{unit})"
            return text + ".0" * text.isdigit() + space + unit
        return self.print(expr)

    def _operand(self, expr: Expr, level: int) -> str:
        text, own = self._print(expr)
        return text if own >= level else f"({text})"

    def _print(self, expr: Expr) -> tuple[str, int]:
        """The text, and the precedence of its outermost operator."""
        match expr:
            case ast.Number():
                return expr.text, _ATOM
            case ast.Quantity():
                return self._quantity(expr)
            case ast.Name():
                return self._name(expr)
            case ast.Unary(op="not"):
                return f"not {self._operand(expr.operand, _LEVEL['not'])}", _LEVEL["not"]
            case ast.Unary():
                return f"{expr.op}{self._operand(expr.operand, _SIGN)}", _SIGN
            case ast.Binary():
                return self._binary(expr)
            case ast.Call():
                return self._call(expr)
        self.refuse(expr, "NESTML has no such value")
        return "0", _ATOM

    def _quantity(self, expr: ast.Quantity) -> tuple[str, int]:
        dim, _ = dim_and_power((f.name, f.exponent) for f in expr.unit.factors)
        if powers(dim) is None:
            self.refuse(expr, f"NESTML has no unit for a {dim.describe()}")
            return "0", _ATOM
        number, dim = in_base(expr)
        if dim.is_none:
            return number, _ATOM
        return self.quantity(number, dim), 0

    def _name(self, expr: ast.Name) -> tuple[str, int]:
        name = expr.id
        if name in self.local:
            return self.local[name], _ATOM
        if name in self.names:
            return self.names[name], _ATOM
        if name == "t" and not self.time:
            self.refuse(
                expr,
                "NESTML has no absolute time here, only the time since the last event",
                "read it as `t - last`, and end `advance:` with `last = t`",
            )
        if name in ("t", "inf"):
            return name, _ATOM
        if name == "e":
            return "2.718281828459045", _ATOM
        if name == "pi":
            return "3.141592653589793", _ATOM
        unit = lookup(name) if len(name) > 1 else None
        if unit is not None:
            factor = ast.UnitFactor(name, 1, span=expr.span)
            one = ast.Quantity(1, ast.Unit((factor,), span=expr.span), "1", span=expr.span)
            return f"({self._quantity(one)[0]})", _ATOM
        self.refuse(expr, f"NESTML synapses have no `{name}`")
        return "0", _ATOM

    def _binary(self, expr: ast.Binary) -> tuple[str, int]:
        op = expr.op
        if op in ("%", "//"):
            self.refuse(expr, f"NESTML has no `{op}` of real numbers")
            return "0", _ATOM
        if op == "-" and _is(expr.left, "t") and self.clock and _is(expr.right, self.clock):
            return "timestep()", _ATOM
        level = _LEVEL.get(op, _COMPARE)
        if op == "**":
            left = self._operand(expr.left, _ATOM)
            return f"{left}**{self._operand(expr.right, _ATOM)}", level
        left = self._operand(expr.left, level + (level == _COMPARE))
        if op == "/" and _is_whole(expr.left) and _is_whole(expr.right):
            left = f"1.0 * {left}"  # two integers would be divided to an integer
        return f"{left} {op} {self._operand(expr.right, level + 1)}", level

    def _call(self, expr: ast.Call) -> tuple[str, int]:
        name = expr.func.id
        if expr.kwargs or expr.independent:
            self.refuse(expr, f"NESTML's `{name}` does not take these arguments")
            return "0", _ATOM
        if name in DISTRIBUTIONS and not self.draws:
            self.refuse(expr, "NESTML draws random numbers only when a spike arrives")
            return "0", _ATOM
        together = name in ("clip", "min", "max")
        given = [self.real(a) if together else self.print(a) for a in expr.args]
        if name in _FUNCTIONS:
            return f"{_FUNCTIONS[name]}({', '.join(given)})", _ATOM
        if name == "int":
            return f"({given[0]} ? 1.0 : 0.0)", _ATOM
        if name == "sqrt" and self.dim(expr.args[0]).is_none:
            return f"{self._operand(expr.args[0], _ATOM)}**0.5", _LEVEL["**"]
        if name == "exprel":
            own = self._operand(expr.args[0], _ATOM)
            return f"({own} == 0 ? 1.0 : expm1({given[0]}) / {own})", _ATOM
        if name == "normal":
            return f"random_normal({', '.join(given)})", _ATOM
        if name == "uniform":
            low = self._operand(expr.args[0], _LEVEL["+"] + 1)
            return f"random_uniform({given[0]}, {given[1]} - {low})", _ATOM
        kind = "draw" if name in DISTRIBUTIONS else "function"
        self.refuse(expr, f"NESTML has no {kind} `{name}`")
        return "0", _ATOM


def _is(expr: Expr, name: str) -> bool:
    return isinstance(expr, ast.Name) and expr.id == name


def _is_whole(expr: Expr) -> bool:
    if isinstance(expr, ast.Number):
        return isinstance(expr.value, int)
    if isinstance(expr, ast.Unary):
        return _is_whole(expr.operand)
    return isinstance(expr, ast.Binary) and all(map(_is_whole, (expr.left, expr.right)))
