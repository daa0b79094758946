"""A model in NESTML, read by NESTML's own parser, with our expressions in it.

Each node keeps its place in the NESTML text. An expression has what NESTML has and our language
has not as calls: `?(condition, value, other)`, and `True` and `False` as names.
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..language import ast
from ..language.ast import Expr, Ident
from ..language.diagnostics import CompileError, Diagnostic
from ..language.source import Source, Span
from ..language.units import NONE, Dim, dim_and_power, lookup
from .quantities import base_unit, decimal, powers

_WORD = re.compile(r"[\w.]+")
CHOICE = "?"  # the function that stands for `condition ? value : other`


@dataclass(frozen=True)
class Declared:
    """`tau ms = 20 ms`; `kind` is `number`, `integer` or `boolean`."""

    name: Ident
    dim: Dim
    kind: str
    value: Expr | None
    comment: str = ""
    is_delay: bool = False


@dataclass(frozen=True)
class Assigned:
    target: Ident
    op: str
    value: Expr
    span: Span


@dataclass(frozen=True)
class Emitted:
    """`emit_spike(w)`"""

    args: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True)
class Integrated:
    """`integrate_odes(x)`; all equations where no names are given."""

    names: tuple[Ident, ...]
    span: Span


@dataclass(frozen=True)
class Branches:
    """`if`, its `elif`s, and an `else` as a branch without a condition."""

    branches: tuple[tuple[Expr | None, tuple[Statement, ...]], ...]
    span: Span


Statement = Declared | Assigned | Emitted | Integrated | Branches


@dataclass(frozen=True)
class Handled:
    port: Ident
    priority: int | None
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Function:
    name: str
    parameters: tuple[Declared, ...]
    result: Declared  # its value is what is returned


@dataclass
class Model:
    name: Ident
    state: list[Declared] = field(default_factory=list)
    parameters: list[Declared] = field(default_factory=list)
    internals: list[Declared] = field(default_factory=list)
    inlines: list[Declared] = field(default_factory=list)
    odes: list[tuple[Ident, Expr]] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)
    spikes: list[Ident] = field(default_factory=list)
    continuous: list[Declared] = field(default_factory=list)
    handlers: list[Handled] = field(default_factory=list)
    update: tuple[Statement, ...] = ()


def read(source: Source) -> Model:
    """The one model of a file; CompileError with what is wrong with it, or not known here."""
    reader = _Reader(source)
    model = reader.parsed()
    if reader.problems:
        raise CompileError(reader.problems)
    assert model is not None
    return model


class _Reader:
    def __init__(self, source: Source):
        self.source = source
        self.problems: list[Diagnostic] = []
        self.starts = [0, *(n + 1 for n, c in enumerate(source.text) if c == "\n")]

    # Places

    def span(self, node: Any) -> Span:
        at = node.get_source_position()
        return self.between(at.start_line, at.start_column, at.end_line, at.end_column)

    def between(self, line: int, column: int, last: int, end: int) -> Span:
        """Lines from 1, columns from 0; the last one is that in which the last word begins."""
        text = self.source.text
        start = min(self.starts[min(max(line, 1), len(self.starts)) - 1] + column, len(text))
        stop = min(self.starts[min(max(last, 1), len(self.starts)) - 1] + end, len(text))
        word = _WORD.match(text, stop)
        stop = word.end() if word else stop + 1
        line_end = text.find("\n", start)
        line_end = len(text) if line_end < 0 else line_end
        return Span(self.source, start, max(start, min(max(stop, start + 1), line_end)))

    def refuse(self, node: Any, message: str, help: str = "") -> None:
        span = node.span if isinstance(node, ast.Node) else self.span(node)
        self.problems.append(Diagnostic("", span, message, help=help))

    def ident(self, name: str, node: Any) -> Ident:
        return Ident(name, span=self.span(node))

    # NESTML's parser

    def parsed(self) -> Model | None:
        from pynestml.cocos.co_cos_manager import CoCosManager
        from pynestml.symbols.predefined_functions import PredefinedFunctions
        from pynestml.symbols.predefined_types import PredefinedTypes
        from pynestml.symbols.predefined_units import PredefinedUnits
        from pynestml.symbols.predefined_variables import PredefinedVariables
        from pynestml.utils.logger import Logger, LoggingLevel
        from pynestml.utils.model_parser import ModelParser

        unit: Any = None
        models: list[Any] = []
        with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.nestml"
            path.write_bytes(self.source.text.encode())
            Logger.init_logger(LoggingLevel.NO)
            PredefinedUnits.register_units()
            PredefinedTypes.register_types()
            PredefinedFunctions.register_functions()
            PredefinedVariables.register_variables()
            try:
                unit = ModelParser.parse_file(str(path))
                models = unit.get_model_list() if unit is not None else []
                if len(models) == 1:
                    CoCosManager.check_cocos(models[0])
            except (Exception, SystemExit) as error:  # whatever it does with a text that is wrong
                whole = Span(self.source, 0, 0)
                self.problems.append(Diagnostic("", whole, f"NESTML cannot read it: {error!r}"))
        for _, _, level, _, place, message in Logger.get_log().values():
            if level == LoggingLevel.ERROR:
                span = Span(self.source, 0, 0)
                if place is not None:
                    span = self.between(
                        place.start_line, place.start_column, place.end_line, place.end_column
                    )
                said = " ".join(str(message).split()).rstrip(".!")
                self.problems.append(Diagnostic("", span, f"NESTML: {said}"))
        if unit is None and not self.problems:
            self.problems.append(Diagnostic("", Span(self.source, 0, 0), "is no model in NESTML"))
        if unit is not None and len(models) != 1:
            self.problems.append(
                Diagnostic(
                    "",
                    Span(self.source, 0, 0),
                    f"there are {len(models)} models here",
                    help="give each a file of its own",
                )
            )
        return self.model(models[0]) if len(models) == 1 and not self.problems else None

    def model(self, node: Any) -> Model:
        model = Model(self.ident(node.get_name(), node))
        for element in node.get_body().get_body_elements():
            kind = type(element).__name__.removeprefix("AST")
            if kind == "BlockWithVariables":
                found = [d for item in element.declarations for d in self.declared(item)]
                place = model.state if element.is_state else model.parameters
                place = model.internals if element.is_internals else place
                place += found
            elif kind == "EquationsBlock":
                self.equations(element, model)
            elif kind == "InputBlock":
                for port in element.input_definitions:
                    self.port(port, model)
            elif kind == "OnReceiveBlock":
                priority = element.get_const_parameters().get("priority")
                port = self.ident(element.get_port_name(), element)
                body = self.statements(element.get_stmts_body().stmts)
                said = int(priority) if priority is not None else None
                model.handlers.append(Handled(port, said, body))
            elif kind == "UpdateBlock":
                model.update = self.statements(element.stmts_body.stmts)
            elif kind == "Function":
                self.function(element, model)
            elif kind == "OnConditionBlock":
                self.refuse(element, "a rule acts at spikes, not when a condition becomes true")
            elif kind != "OutputBlock":
                self.refuse(element, f"a rule has nothing like this {kind}")
        return model

    def equations(self, block: Any, model: Model) -> None:
        for item in block.declarations:
            kind = type(item).__name__
            if kind == "ASTOdeEquation":
                lhs = item.lhs
                if lhs.get_differential_order() != 1:
                    self.refuse(
                        item,
                        "an equation is of the first derivative",
                        "write one equation for each derivative",
                    )
                model.odes.append((self.ident(lhs.get_name(), lhs), self.expression(item.rhs)))
            elif kind == "ASTInlineExpression":
                dim, sort = self.type(item.data_type)
                name = self.ident(item.variable_name, item)
                model.inlines.append(Declared(name, dim, sort, self.expression(item.expression)))
            else:
                self.refuse(
                    item,
                    "a rule has no kernels",
                    "write an equation of what the kernel gives, and let the handler add to it",
                )

    def port(self, port: Any, model: Model) -> None:
        name = self.ident(port.get_name(), port)
        if port.has_size_parameter():
            self.refuse(port, "a rule has no vectors of ports", "give each port a name of its own")
        if port.is_spike():
            model.spikes.append(name)
        elif port.has_datatype():
            dim, kind = self.type(port.get_datatype())
            model.continuous.append(Declared(name, dim, kind, None))
        else:
            self.refuse(port, f"`{name.id}` has no type")

    def function(self, node: Any, model: Model) -> None:
        body = node.stmts_body.stmts
        given = body[0].small_stmt.return_stmt if body and body[0].small_stmt else None
        if len(body) != 1 or given is None or given.expression is None:
            self.refuse(
                node,
                f"`{node.get_name()}` does more than return an expression",
                "write its statements where it is called",
            )
            return
        parameters = []
        for parameter in node.get_parameters():
            dim, kind = self.type(parameter.data_type)
            parameters.append(Declared(self.ident(parameter.name, parameter), dim, kind, None))
        dim, kind = (
            self.type(node.get_return_type()) if node.get_return_type() else (NONE, "number")
        )
        result = Declared(
            self.ident(node.get_name(), node), dim, kind, self.expression(given.expression)
        )
        model.functions[node.get_name()] = Function(node.get_name(), tuple(parameters), result)

    def declared(self, item: Any) -> Iterator[Declared]:
        dim, kind = self.type(item.get_data_type())
        value = self.expression(item.get_expression()) if item.has_expression() else None
        if item.has_size_parameter():
            self.refuse(item, "a rule has no vectors")
        delay = any(
            (getattr(d, "namespace", None), getattr(d, "name", None)) == ("nest", "delay")
            or (str(getattr(d, "namespace", "")), str(getattr(d, "name", ""))) == ("nest", "delay")
            for d in item.get_decorators() or ()
        )
        comment = " ".join((item.in_comment or "").split())
        for variable in item.get_variables():
            name = self.ident(variable.get_name(), variable)
            yield Declared(name, dim, kind, value, comment, delay)

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
        """A number and its unit, with the unit's names if our language has them."""
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
            self.refuse(node, f"a rule that NESTML can have has no {whole.describe()}")
            return ast.Number(0, "0", span=span)
        if ours:
            parts = tuple(ast.UnitFactor(n, p, span=span) for n, p in factors)
            return quantity(number, ast.Unit(parts, span=span), span)
        base = base_unit(whole, span)
        shift = power - dim_and_power((f.name, f.exponent) for f in base.factors)[1]
        return quantity(decimal(number, shift), base, span)

    def factors(self, unit: Any) -> list[tuple[str, int]]:
        """Of `mV**2*ms/pA`."""
        if isinstance(unit, int):
            return []
        if unit.is_encapsulated:
            return self.factors(unit.compound_unit)
        if unit.is_pow:
            if unit.exponent is None or int(unit.exponent) != unit.exponent:
                self.refuse(unit, "a unit has whole powers")
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
                self.refuse(node, "a rule has no operators of bits")
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
                self.refuse(node, "a rule has no vectors, and no values of the past")
            if variable.get_differential_order():
                self.refuse(node, "a rule reads no derivatives")
            return ast.Name(name, span=span)
        self.refuse(node, "a rule has no texts")
        return ast.Number(0, "0", span=span)

    # Statements

    def statements(self, stmts: Any) -> tuple[Statement, ...]:
        return tuple(found for stmt in stmts for found in self.statement(stmt))

    def statement(self, stmt: Any) -> Iterator[Statement]:
        if stmt.small_stmt is not None:
            yield from self.small(stmt.small_stmt)
            return
        compound = stmt.compound_stmt
        if compound.if_stmt is None:
            self.refuse(compound, "a rule has no loops", "write the turns one after the other")
            return
        clauses = [compound.if_stmt.if_clause, *compound.if_stmt.elif_clauses]
        branches: list[tuple[Expr | None, tuple[Statement, ...]]] = [
            (self.expression(c.condition), self.statements(c.stmts_body.stmts)) for c in clauses
        ]
        last = compound.if_stmt.else_clause
        if last is not None:
            branches.append((None, self.statements(last.stmts_body.stmts)))
        yield Branches(tuple(branches), self.span(compound))

    def small(self, stmt: Any) -> Iterator[Statement]:
        span = self.span(stmt)
        if stmt.declaration is not None:
            yield from self.declared(stmt.declaration)
        elif stmt.assignment is not None:
            item = stmt.assignment
            target = self.ident(item.lhs.get_name(), item.lhs)
            if item.lhs.has_vector_parameter():
                self.refuse(item.lhs, "a rule has no vectors")
            op = "=" if item.is_direct_assignment else "+=" if item.is_compound_sum else ""
            op = op or (
                "-=" if item.is_compound_minus else "*=" if item.is_compound_product else "/="
            )
            yield Assigned(target, op, self.expression(item.rhs), span)
        elif stmt.function_call is not None:
            name, args = stmt.function_call.get_name(), stmt.function_call.get_args()
            if name == "integrate_odes":
                yield Integrated(tuple(self.ident(str(a), a) for a in args), span)
            elif name == "emit_spike":
                yield Emitted(tuple(self.expression(a) for a in args), span)
            elif name not in ("print", "println", "info", "warning"):
                self.refuse(stmt, f"a rule has nothing like `{name}`")
        else:
            self.refuse(stmt, "a rule returns nothing here")


def number_text(value: float | int) -> str:
    """`20` for 20.0, too: a number of a quantity."""
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
    """Of a unit of astropy."""
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
