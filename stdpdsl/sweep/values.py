"""Values of expressions in a sweep, and the names of its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..check.columns import Columns
from ..check.report import Reporter
from ..check.symbols import Symbols
from ..check.values import constant_values
from ..language import ast
from ..language.diagnostics import Diagnostic, did_you_mean
from ..language.numeric import NotConstant, evaluate

ReadTable = Callable[[str], Mapping[str, list]]


class Values:
    """Evaluates the expressions of one spec's sweep; problems go to `diagnostics`."""

    def __init__(self, symbols: Symbols, seed: int, read_table: ReadTable):
        self.symbols = symbols
        self.seed = seed
        self.read_table = read_table
        self.diagnostics: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []
        self.constants = constant_values(symbols, unswept=False)

    def report(self, code: str, node: ast.Node, message: str, help: str = "", **more: Any) -> None:
        self.diagnostics.append(Diagnostic(code, node.span, message, help=help, **more))

    def value(self, expr: ast.Expr, env: Mapping[str, Any]) -> Any:
        try:
            return evaluate(expr, {**self.constants, **env})
        except NotConstant as problem:
            if isinstance(problem.node, ast.Name):
                known = [*self.constants, *env]
                self.report(
                    "SWEEP012",
                    problem.node,
                    f"`{problem.node.id}` has no value here",
                    help=did_you_mean(problem.node.id, known)
                    or "a sweep uses columns, unswept parameters and constants",
                )
            else:
                self.report("SWEEP012", problem.node, f"this {problem.reason}")
            return 0.0

    def count(self, expr: ast.Expr, what: str, least: int = 1) -> int:
        value = self.value(expr, {})
        good = np.ndim(value) == 0 and value == int(value) and least <= value
        good = good and (least > 0 or value < 2**31)  # how many are reported elsewhere
        if not good:
            text = f"`{what}` is a whole number of at least {least}, not {value}"
            self.report("SWEEP013", expr, text)
            return 1
        return int(value)

    def name_of(self, node: ast.Axis | ast.Header) -> str:
        return self.column_named(node.path.dotted)

    def column_named(self, dotted: str) -> str:
        for column in self.symbols.columns.values():
            if column.path.dotted == dotted:
                return column.name
        # Two names of one parameter, `Apre` and `feedforward.Apre`, are reported as swept twice.
        return dotted

    def names_presets(self, name: str) -> bool:
        column = self.symbols.columns.get(name)
        return column is not None and column.of_presets

    def presets_of(self, path: ast.Path) -> list[str] | None:
        """The presets that a column of this name may hold; None for a column of numbers."""
        if path.parts[-1].id != "preset":
            return None
        target = Columns(self.symbols, Reporter()).target(path)
        component = self.symbols.components.get(target[0]) if target else None
        if component is None or component.rule is None:
            return None
        return [p.name.id for p in component.rule.presets]

    def array(self, name: str, values: list[Any]) -> np.ndarray:
        return np.array(values, dtype=object if self.names_presets(name) else float)
