"""Translates NESTML's expressions and units to ours."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ..language import ast
from ..language.ast import Expr, Ident
from ..language.diagnostics import Diagnostic
from ..language.source import Source, Span
from ..language.units import NONE, Dim, dim_and_power, lookup
from .quantities import base_unit, decimal, powers

WORD = re.compile(r"[\w.]+")
CHOICE = "?"  # the function that stands for `condition ? value : other`


class Expressions:
    """Reads expressions and units, with their places."""

    def __init__(self, source: Source):
        self.source = source
        self.problems: list[Diagnostic] = []
        self.starts = [0, *(n + 1 for n, c in enumerate(source.text) if c == "\n")]

    # Places

    def span(self, node: Any) -> Span:
        at = node.get_source_position()
        return self.between(at.start_line, at.start_column, at.end_line, at.end_column)

    def between(self, line: int, column: int, last: int, end: int) -> Span:
        """The span. Lines count from 1, columns from 0; `last` is the column where the last word
        begins.
        """
        text = self.source.text
        start = min(self.starts[min(max(line, 1), len(self.starts)) - 1] + column, len(text))
        stop = min(self.starts[min(max(last, 1), len(self.starts)) - 1] + end, len(text))
        word = WORD.match(text, stop)
        stop = word.end() if word else stop + 1
        line_end = text.find("\n", start)
        line_end = len(text) if line_end < 0 else line_end
        return Span(self.source, start, max(start, min(max(stop, start + 1), line_end)))

    def refuse(self, node: Any, message: str, help: str = "") -> None:
        span = node.span if isinstance(node, ast.Node) else self.span(node)
        self.problems.append(Diagnostic("", span, message, help=help))

    def ident(self, name: str, node: Any) -> Ident:
        return Ident(name, span=self.span(node))

    # Types and units

    def type(self, node: Any) -> tuple[Dim, str]:
        if node.is_real:
            return NONE, "number"
        if node.is_integer:
            return NONE, "integer"
        if node.is_boolean:
            return NONE, "boolean"
        if node.is_unit_type():
            symbol = node.get_type_symbol()
            dim = _dimension(symbol.astropy_unit if symbol is not None else None)
            if dim is not None and powers(dim) is not None:
                return dim, "number"
        self.refuse(node, "a rule has no such type")
        return NONE, "number"

    def in_unit(self, number: str, factors: list[tuple[str, int]], node: Any) -> Expr:
        """A number and its unit. The unit keeps its names if our language has them."""
        from pynestml.symbols.predefined_units import PredefinedUnits

        span = self.span(node)
        whole, power = NONE, 0
        ours = True
        for name, exponent in factors:
            unit = (
                PredefinedUnits.get_unit(name).get_unit() if PredefinedUnits.is_unit(name) else None
            )
            dim = _dimension(unit)
            ten = _power_of_ten(float(unit.decompose().scale)) if unit is not None else None
            if dim is None or ten is None:
                self.refuse(node, f"a rule has no unit `{name}`")
                return ast.Number(0, "0", span=span)
            ours = ours and lookup(name) == (dim, ten)
            whole, power = whole * dim**exponent, power + ten * exponent
        if powers(whole) is None:
            self.refuse(
                node, f"the import knows products of ms, mV and pA only, not a {whole.describe()}"
            )
            return ast.Number(0, "0", span=span)
        if ours:
            parts = tuple(ast.UnitFactor(n, p, span=span) for n, p in factors)
            return quantity(number, ast.Unit(parts, span=span), span)
        base = base_unit(whole, span)
        shift = power - dim_and_power((f.name, f.exponent) for f in base.factors)[1]
        return quantity(decimal(number, shift), base, span)

    def factors(self, unit: Any) -> list[tuple[str, int]]:
        """The factors of a unit such as `mV**2*ms/pA`."""
        if isinstance(unit, int):
            return []
        if unit.is_encapsulated:
            return self.factors(unit.compound_unit)
        if unit.is_pow:
            if unit.exponent is None or int(unit.exponent) != unit.exponent:
                self.refuse(unit, "the powers of a unit must be whole numbers")
                return []
            return [(n, p * int(unit.exponent)) for n, p in self.factors(unit.base)]
        if unit.is_times or unit.is_div:
            sign = -1 if unit.is_div else 1
            right = [(n, sign * p) for n, p in self.factors(unit.rhs)]
            return [*self.factors(unit.lhs), *right]
        return [(unit.unit, 1)]

    # Expressions

    def expression(self, node: Any) -> Expr:
        span = self.span(node)
        if type(node).__name__ == "ASTSimpleExpression":
            return self.simple(node, span)
        if node.is_ternary_operator():
            parts = (node.get_condition(), node.get_if_true(), node.get_if_not())
            given = tuple(self.expression(p) for p in parts)
            return ast.Call(Ident(CHOICE, span=span), given, span=span)
        if node.is_logical_not:
            return ast.Unary("not", self.expression(node.get_expression()), span=span)
        if node.is_unary_operator():
            operator = node.get_unary_operator()
            if operator.is_unary_tilde:
                self.refuse(node, "a rule has no bitwise operators")
            inner = self.expression(node.get_expression())
            return ast.Unary("-", inner, span=span) if operator.is_unary_minus else inner
        if node.is_compound_expression():
            left, right = self.expression(node.get_lhs()), self.expression(node.get_rhs())
            return folded(
                ast.Binary(self.operator(node.get_binary_operator()), left, right, span=span)
            )
        return self.expression(node.get_expression())

    def operator(self, node: Any) -> str:
        found = {
            "is_times_op": "*",
            "is_div_op": "/",
            "is_plus_op": "+",
            "is_minus_op": "-",
            "is_pow_op": "**",
            "is_modulo_op": "%",
            "is_lt": "<",
            "is_le": "<=",
            "is_gt": ">",
            "is_ge": ">=",
            "is_eq": "==",
            "is_ne": "!=",
            "is_ne2": "!=",
            "is_logical_and": "and",
            "is_logical_or": "or",
        }
        for name, operator in found.items():
            if getattr(node, name, False):
                return operator
        self.refuse(node, "a rule has no such operator")
        return "+"

    def simple(self, node: Any, span: Span) -> Expr:
        if node.is_function_call():
            call = node.get_function_call()
            given = tuple(self.expression(a) for a in call.get_args())
            return ast.Call(Ident(call.get_name(), span=span), given, span=span)
        if node.is_boolean_true or node.is_boolean_false:
            return ast.Name("True" if node.is_boolean_true else "False", span=span)
        if node.is_inf_literal:
            return ast.Name("inf", span=span)
        if node.is_numeric_literal():
            text = number_text(node.get_numeric_literal())
            if node.unitType is not None:
                return self.in_unit(text, self.factors(node.unitType), node)
            value = node.get_numeric_literal()
            return ast.Number(value, text, span=span)
        if node.is_variable():
            variable = node.get_variable()
            name = variable.get_name()
            if variable.has_vector_parameter() or variable.get_delay_parameter():
                self.refuse(node, "a rule has no vectors and no delayed values")
            if variable.get_differential_order():
                self.refuse(node, "a rule cannot read derivatives")
            return ast.Name(name, span=span)
        self.refuse(node, "a rule has no strings")
        return ast.Number(0, "0", span=span)


def number_text(value: float | int) -> str:
    """The number of a quantity as text; 20.0 becomes `20`."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def quantity(number: str, unit: ast.Unit, span: Span) -> ast.Quantity:
    return ast.Quantity(float(number), unit, number, span=span)


def folded(expr: ast.Binary) -> Expr:
    """`0.02 / (1 ms)` as one quantity, as NESTML writes units that have no name."""
    left, right = expr.left, expr.right
    if expr.op not in ("*", "/") or not isinstance(right, ast.Quantity) or right.text != "1":
        return expr
    if not isinstance(left, ast.Quantity | ast.Number):
        return expr
    sign = 1 if expr.op == "*" else -1
    own = left.unit.factors if isinstance(left, ast.Quantity) else ()
    exponents = {f.name: f.exponent for f in own}
    for factor in right.unit.factors:
        exponents[factor.name] = exponents.get(factor.name, 0) + sign * factor.exponent
    parts = tuple(ast.UnitFactor(n, p, span=expr.span) for n, p in exponents.items() if p)
    text = left.text if isinstance(left, ast.Quantity) else number_text(left.value)
    if not parts:
        return replace(left, span=expr.span) if isinstance(left, ast.Number) else expr
    return quantity(text, ast.Unit(parts, span=expr.span), expr.span)


def _dimension(unit: Any) -> Dim | None:
    """The dimension of an astropy unit."""
    if unit is None:
        return None
    places = ("m", "kg", "s", "A", "K", "mol", "cd")
    found = dict.fromkeys(places, 0.0)
    base = unit.decompose()
    for part, power in zip(base.bases, base.powers, strict=True):
        if part.name not in found:
            return None
        found[part.name] += float(power)
    tidy = tuple(int(p) if p == int(p) else p for p in found.values())
    return Dim(tidy)


def _power_of_ten(scale: float) -> int | None:
    import math

    power = round(math.log10(scale)) if scale > 0 else 0
    return power if scale > 0 and abs(scale / 10.0**power - 1) < 1e-12 else None
