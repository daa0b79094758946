"""Expressions from the parser's reductions: one method for each rule (or alias) of
expressions.lark.

A method receives the right side of its rule, including punctuation: tokens (`str` with `type`,
`start_pos`, `end_pos`) and the results of the methods below it. Nothing here recurses, so only
`MAX_DEPTH` limits the depth of nesting; this keeps later passes safe.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from .. import ast
from ..ast import Expr, Ident
from ..diagnostics import Diagnostic, Label
from ..source import Source, Span

Children = list[Any]  # of a rule: tokens, and what the methods returned

MAX_DEPTH = 200  # of an expression's tree, because later passes recurse
LAYOUT = frozenset({"_NEWLINE", "_INDENT", "_DEDENT"})


class Group(NamedTuple):
    """An expression in parentheses. The span of an operator includes them; the expression's own
    does not."""

    node: Expr
    span: Span


class Several(NamedTuple):
    """Several nodes for which the tree has no node of their own."""

    value: Any
    span: Span


def _bare(item: Expr | Group) -> Expr:
    return item.node if isinstance(item, Group) else item


def start_of(item: Any) -> int:
    return item.start_pos if isinstance(item, str) else item.span.start  # type: ignore[attr-defined]


def end_of(item: Any) -> int:
    return item.end_pos if isinstance(item, str) else item.span.end  # type: ignore[attr-defined]


def of_kind(children: Children, *kinds: type) -> tuple[Any, ...]:
    return tuple(child for child in children if isinstance(child, kinds))


def tokens_of(children: Children, *types: str) -> list[Any]:
    return [child for child in children if isinstance(child, str) and child.type in types]  # type: ignore[attr-defined]


def first_of(children: Children, *kinds: type) -> Any:
    return next((child for child in children if isinstance(child, kinds)), None)


class ExpressionBuilder:
    """Has the source that is being parsed, and the problems found so far."""

    def __init__(self) -> None:
        self.source = Source("", "")
        self.problems: list[Diagnostic] = []

    def reset(self, source: Source) -> None:
        self.source = source
        self.problems = []

    def __getattr__(self, name: str):
        # lark prefixes the aliases of an imported grammar with that grammar's name.
        if name.startswith("expressions__"):
            return getattr(self, name.removeprefix("expressions__"))
        raise AttributeError(name)

    # Places -------------------------------------------------------------------------------------

    def _span(self, children: Children) -> Span:
        last = len(children) - 1
        while last and getattr(children[last], "type", None) in LAYOUT:
            last -= 1
        return Span(self.source, start_of(children[0]), end_of(children[last]))

    def _at(self, token: Any) -> Span:
        return Span(self.source, token.start_pos, token.end_pos)

    def _problem(self, code: str, span: Span, message: str, **more: Any) -> None:
        self.problems.append(Diagnostic(code, span, message, **more))

    def _ident(self, token: Any) -> Ident:
        return Ident(str(token), span=self._at(token))

    # Expressions --------------------------------------------------------------------------------

    def expr(self, children: Children) -> Expr:
        node = _bare(children[0])
        # A tree cannot be deeper than its text is long.
        if node.span.end - node.span.start > MAX_DEPTH and ast.depth(node) > MAX_DEPTH:
            self._problem(
                "SYN028",
                node.span,
                f"this expression nests more than {MAX_DEPTH} operations",
                help="give its parts names of their own",
            )
            return ast.Number(0, "0", span=node.span)
        return node

    def binary(self, children: Children) -> Expr:
        left, op, right = children
        span = Span(self.source, left.span.start, right.span.end)
        return ast.Binary(str(op), _bare(left), _bare(right), span=span)

    def unary(self, children: Children) -> Expr:
        op, operand = children
        span = Span(self.source, op.start_pos, operand.span.end)
        return ast.Unary(str(op), _bare(operand), span=span)

    def group(self, children: Children) -> Group:
        return Group(children[1], self._span(children))

    def name(self, children: Children) -> ast.Name:
        return ast.Name(str(children[0]), span=self._at(children[0]))

    def number(self, children: Children) -> ast.Number:
        token = children[0]
        span = self._at(token)
        return ast.Number(self._value(str(token), span), str(token), span=span)

    def quantity(self, children: Children) -> ast.Quantity:
        token = children[0]
        text, unit = token.split(" ")
        number_end = token.start_pos + len(text)
        value = self._value(text, Span(self.source, token.start_pos, number_end))
        return ast.Quantity(
            float(value), self._unit(unit, number_end + 1), text, span=self._at(token)
        )

    def _value(self, text: str, span: Span) -> float | int:
        try:
            value = int(text) if text.isdigit() else float(text)
            if not math.isfinite(float(value)):
                raise OverflowError
        except OverflowError:
            self._problem("SYN023", span, f"`{shortened(text)}` is too large for a number")
        except ValueError:
            hint = "a number has at most one decimal point" if text.count(".") > 1 else ""
            self._problem("SYN023", span, f"`{shortened(text)}` is not a number", help=hint)
        else:
            return value
        return 0

    def call(self, children: Children) -> ast.Call:
        args, kwargs = self._arguments(children[1:])
        return ast.Call(
            self._ident(children[0]),
            args,
            kwargs,
            bool(tokens_of(children, "INDEPENDENT")),
            span=self._span(children),
        )

    def data(self, children: Children) -> ast.DataExpr:
        string = tokens_of(children, "STRING")[0]
        path = ast.String(string[1:-1], span=self._at(string))
        given = {word.type: after for word, after in zip(children, children[1:], strict=False)}
        is_layer = "LAYER" in given
        column, component = (
            ast.String(str(given[word]), span=self._at(given[word])) if word in given else None
            for word in ("COLUMN", "LAYER" if is_layer else "CONNECTION")
        )
        block = self.number([given["BLOCK"]]) if "BLOCK" in given else None
        return ast.DataExpr(path, column, component, is_layer, block, span=self._span(children))

    def _arguments(self, children: Children) -> tuple[tuple[Expr, ...], tuple[ast.Keyword, ...]]:
        args: list[Expr] = []
        kwargs: dict[str, ast.Keyword] = {}
        for child in children:
            if isinstance(child, ast.Keyword):
                if child.name.id in kwargs:
                    self._problem(
                        "SYN031",
                        child.name.span,
                        f"`{child.name.id}` is given twice",
                        labels=(Label(kwargs[child.name.id].name.span, "here first"),),
                    )
                kwargs[child.name.id] = child
            elif isinstance(child, Expr):
                if kwargs:
                    self._problem(
                        "SYN031",
                        child.span,
                        "an argument without a name follows one with a name",
                        help="put arguments without names first, or name this one as well",
                    )
                args.append(child)
        return tuple(args), tuple(kwargs.values())

    def keyword(self, children: Children) -> ast.Keyword:
        return ast.Keyword(self._ident(children[0]), children[2], span=self._span(children))

    def list_expr(self, children: Children) -> ast.ListExpr:
        unit = self._list_unit(children[-1])
        items = of_kind(children, Expr)
        if unit:
            for item in items:
                for inner in (item, *ast.walk(item)):
                    if isinstance(inner, ast.Quantity):
                        self._problem(
                            "SYN033",
                            inner.unit.span,
                            "this item has a unit, and so has the whole list",
                            labels=(Label(unit.span, "the list's unit"),),
                            help="write the unit once, after the list",
                        )
                        break
        return ast.ListExpr(items, unit, span=self._span(children))

    def _list_unit(self, bracket: Any) -> ast.Unit | None:
        return self._unit(bracket[2:], bracket.start_pos + 2) if len(bracket) > 1 else None

    # Units --------------------------------------------------------------------------------------

    def _unit(self, text: str, start: int) -> ast.Unit:
        """The unit inside a quantity's token: `nS/cm**2`."""
        factors = []
        sign, position = 1, 0
        while position < len(text):
            end = position
            while end < len(text) and text[end] not in "*/":
                end += 1
            name, exponent = text[position:end], 1
            if text.startswith("**", end):
                digits = end + 2
                end = digits + 1
                while end < len(text) and text[end].isdigit():
                    end += 1
                exponent = self._exponent(
                    text[digits:end], Span(self.source, start + digits, start + end)
                )
            span = Span(self.source, start + position, start + end)
            if text.startswith("**", end):
                self._problem("SYN034", span, "a unit has one exponent")
                break
            factors.append(ast.UnitFactor(name, sign * exponent, span=span))
            sign = -1 if text.startswith("/", end) else 1
            position = end + 1
        return ast.Unit(tuple(factors), span=Span(self.source, start, start + len(text)))

    def _exponent(self, text: str, span: Span) -> int:
        if len(text.removeprefix("-")) > 2 or not text.removeprefix("-").isdigit():
            self._problem(
                "SYN034",
                span,
                f"`{shortened(text)}` is not a unit's exponent",
                help="a small whole number",
            )
            return 1
        return int(text)

    def unit(self, children: Children) -> ast.Unit:
        """A unit of several tokens, as in `w : siemens / meter**2`."""
        factors: list[ast.UnitFactor] = []
        sign, k = 1, 0
        while k < len(children):
            token = children[k]
            after, exponent = k + 1, 1
            if after < len(children) and children[after] == "**":
                minus = children[after + 1] == "-"
                number = children[after + 1 + minus]
                exponent = self._exponent(str(number), self._at(number)) * (-1 if minus else 1)
                after += 2 + minus
            if token.type == "NAME":
                span = Span(self.source, token.start_pos, children[after - 1].end_pos)
                factors.append(ast.UnitFactor(str(token), sign * exponent, span=span))
            elif token != "1":
                self._problem(
                    "SYN034",
                    self._at(token),
                    f"`{shortened(token)}` is not a unit",
                    help="what has no unit is declared with `1`",
                )
            if after < len(children):
                sign = -1 if children[after] == "/" else 1
            k = after + 1
        return ast.Unit(tuple(factors), span=self._span(children))


def shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"
