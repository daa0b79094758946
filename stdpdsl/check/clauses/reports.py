"""How checks of clauses report what they find."""

from __future__ import annotations

from collections.abc import Mapping

from ...dataclass import dataclass
from ...language import ast
from ...language.source import Span
from ..report import Reporter
from ..symbols import Symbols
from ..values import LONGEST, SHORTEST, value


@dataclass
class ClauseReports:
    """Reports findings about a clause."""

    symbols: Symbols
    reporter: Reporter
    values: Mapping[str, float]

    def positive(self, expr: ast.Expr | None, what: str) -> None:
        number = value(expr, self.values)
        if expr is None or number is None:
            return
        if not 0 < number < float("inf"):
            self.range(expr, f"{what} cannot be {number:g} s", "write a time above 0 s")
        elif not SHORTEST <= number <= LONGEST:
            help = f"write a time between {SHORTEST:g} s and {LONGEST:g} s"
            self.range(expr, f"{what} cannot be {number:g} s", help)

    def count(self, expr: ast.Expr | None, what: str) -> None:
        number = value(expr, self.values)
        if expr is not None and number is not None and number < 1:
            self.range(expr, f"{what} cannot be {number:g}", "a layer has at least one neuron")

    def missing(self, where: ast.Node | Span, message: str, help: str) -> None:
        self.reporter.error("CLAUSE001", where, message, help=help)

    def contradiction(self, node: ast.Node, message: str, other: ast.Node, help: str) -> None:
        self.reporter.error("CLAUSE002", node, message, labels=((other, "and this"),), help=help)

    def misplaced(self, node: ast.Node, message: str, help: str) -> None:
        self.reporter.error("CLAUSE003", node, message, help=help)

    def range(self, node: ast.Node, message: str, help: str) -> None:
        self.reporter.error("TYPE013", node, message, help=help)

    def word(self, node: ast.Ident, what: str, choices: tuple[str, ...]) -> None:
        listed = " or ".join(f"`{c}`" for c in choices)
        self.reporter.error(
            "NAME015", node, f"there is no {what} `{node.id}`", help=f"write {listed}"
        )
