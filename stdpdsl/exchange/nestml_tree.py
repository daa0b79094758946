"""Reads a NESTML model with NESTML's own parser into a tree with our expressions.

Each node keeps its place in the NESTML text. What our language lacks becomes a call, such as
`?(condition, value, other)`; `True` and `False` become names.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..language.ast import Expr
from ..language.diagnostics import CompileError, Diagnostic
from ..language.source import Source, Span
from ..language.units import NONE
from .nestml_expressions import Expressions
from .nestml_nodes import (
    Assigned,
    Branches,
    Declared,
    Emitted,
    Function,
    Handled,
    Integrated,
    Model,
    Statement,
)


def read(source: Source) -> Model:
    """The only model of a file. CompileError if the model is wrong or has something unknown."""
    reader = _Reader(source)
    model = reader.parsed()
    if reader.problems:
        raise CompileError(reader.problems)
    assert model is not None
    return model


class _Reader(Expressions):
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
            except (Exception, SystemExit) as error:  # NESTML raises many kinds of error
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
            self.problems.append(
                Diagnostic("", Span(self.source, 0, 0), "is not a model in NESTML")
            )
        if unit is not None and len(models) != 1:
            self.problems.append(
                Diagnostic(
                    "",
                    Span(self.source, 0, 0),
                    f"this file has {len(models)} models, and exactly one is expected",
                    help="put each model into its own file",
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
                self.refuse(element, f"this {kind} has no equivalent in a rule")
        return model

    def equations(self, block: Any, model: Model) -> None:
        for item in block.declarations:
            kind = type(item).__name__
            if kind == "ASTOdeEquation":
                lhs = item.lhs
                if lhs.get_differential_order() != 1:
                    self.refuse(
                        item,
                        "an equation must be of first order",
                        "write one first-order equation for each derivative",
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
            self.refuse(port, "a rule has no port vectors", "give each port a name of its own")
        if port.is_spike():
            model.spikes.append(name)
        elif port.has_datatype():
            dim, kind = self.type(port.get_datatype())
            model.continuous.append(Declared(name, dim, kind, None))
        else:
            self.refuse(port, f"`{name.id}` is declared without a type")

    def function(self, node: Any, model: Model) -> None:
        body = node.stmts_body.stmts
        given = body[0].small_stmt.return_stmt if body and body[0].small_stmt else None
        if len(body) != 1 or given is None or given.expression is None:
            self.refuse(
                node,
                f"the function `{node.get_name()}` does more than return one expression",
                "write its statements at each place where it is called",
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

    # Statements

    def statements(self, stmts: Any) -> tuple[Statement, ...]:
        return tuple(found for stmt in stmts for found in self.statement(stmt))

    def statement(self, stmt: Any) -> Iterator[Statement]:
        if stmt.small_stmt is not None:
            yield from self.small(stmt.small_stmt)
            return
        compound = stmt.compound_stmt
        if compound.if_stmt is None:
            self.refuse(
                compound, "a rule has no loops", "write out the iterations one after the other"
            )
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
                self.refuse(stmt, f"`{name}` has no equivalent in a rule")
        else:
            self.refuse(stmt, "`return` is not allowed here")
