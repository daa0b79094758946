"""Names, docstrings, and clauses before they become the fields of a declaration."""

from __future__ import annotations

import textwrap
from typing import Any, NamedTuple

from .. import ast
from ..ast import Node
from ..diagnostics import Label
from ..source import Span
from .expressions import Children, ExpressionBuilder, Several, first_of, of_kind, tokens_of


class Clause(NamedTuple):
    """`size: 10` before it becomes the field of a declaration. `title` is as in the spec."""

    field: str
    value: Any
    span: Span
    title: Span


FIELD_OF = {  # if a clause's word is not the field's name
    "poisson": "source",
    "spikes": "source",
    "regular": "source",
    "rates": "source",
    "filter": "filters",
    "then": "filters",
}


REPEATED = frozenset(
    {  # clauses that may occur more than once
        "drive",
        "delivery",
        "filters",
        "objectives",
        "constraints",
    }
)


class ClauseBuilder(ExpressionBuilder):
    """The parts from which declarations are made."""

    def doc(self, children: Children) -> ast.Doc:
        text = children[0][3:-3].replace("\r\n", "\n")
        first, _, rest = text.partition("\n")
        text = first.strip() + "\n" + textwrap.dedent(rest)
        text = "\n".join(line.rstrip() for line in text.split("\n")).strip()
        return ast.Doc(text, span=self._span(children))

    def string(self, children: Children) -> ast.StringExpr:
        return ast.StringExpr(children[0][1:-1], span=self._at(children[0]))

    def _path(self, string: ast.StringExpr) -> ast.String:
        return ast.String(string.value, span=string.span)

    def path(self, children: Children) -> ast.Path:
        parts = tuple(self._ident(token) for token in tokens_of(children, "NAME"))
        return ast.Path(parts, span=self._span(children))

    def assign(self, children: Children) -> ast.Assign:
        return ast.Assign(self._ident(children[0]), children[2], span=self._span(children))

    def arguments(self, children: Children) -> Several:
        return Several(of_kind(children, ast.Assign), self._span(children))

    def clause(self, children: Children) -> Clause:
        """`WORD: value`; the value is an expression, a name or the result of a rule."""
        word, value = children[0], children[2]
        if isinstance(value, str):
            value = self._ident(value)
        span = self._span(children)
        return Clause(FIELD_OF.get(word, str(word)), value, span, self._at(word))

    def block(self, children: Children) -> Clause:
        """`WORD:` and a body."""
        word = children[0]
        span = self._span(children)
        return Clause(str(word), of_kind(children[2:], Node), span, self._at(word))

    def side_block(self, children: Children) -> Clause:
        """`requires post:`, `post equations:`, `post reset:` and a body."""
        words = children[:2]
        field = "requires" if words[0] == "requires" else "_".join(words)
        span = self._span(children)
        return Clause(field, of_kind(children[3:], Node), span, self._span(words))

    def _collect(self, children: Children) -> dict[str, Any]:
        """The fields that a declaration's clauses fill."""
        fields: dict[str, Any] = {}
        titles: dict[str, Span] = {}
        for clause in of_kind(children, Clause):
            if clause.field in REPEATED:
                fields[clause.field] = (*fields.get(clause.field, ()), clause.value)
            elif clause.field in fields:
                first = titles[clause.field]
                message = f"`{clause.title.text}` is given twice"
                if first.text != clause.title.text:
                    message = f"`{clause.title.text}` stands beside `{first.text}`: only one may"
                labels = (Label(first, "the first one"),)
                self._problem("SYN026", clause.title, message, labels=labels)
            else:
                fields[clause.field] = clause.value
                titles[clause.field] = clause.title
        return fields

    def _with_parts(self, children: Children, **kinds: type) -> dict[str, Any]:
        """Clauses, the docstring, and the parts (handlers, `every`, events) of a declaration."""
        fields = self._collect(children)
        fields["doc"] = first_of(children, ast.Doc)
        for name, kind in kinds.items():
            fields[name] = of_kind(children, kind)
        return fields
