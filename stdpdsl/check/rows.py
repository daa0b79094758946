"""What only the rows of the sweep can tell: bounds that stand the wrong way round in some block."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..language import ast
from ..language.diagnostics import Diagnostic
from ..language.numeric import NotConstant, evaluate
from .order import dependency_order, names_in
from .symbols import Component, Symbol, Symbols


def check_rows(symbols: Symbols, columns: Mapping[str, Any]) -> list[Diagnostic]:
    """`columns` is the evaluated sweep, one value per row (SI)."""
    rows = Rows(symbols, columns)
    return [d for c in symbols.components.values() for d in rows.bounds(c)] if columns else []


class Rows:
    """Values in every row."""

    def __init__(self, symbols: Symbols, columns: Mapping[str, Any]):
        self.symbols = symbols
        self.columns = columns
        self.set = {c.target: columns[c.name] for c in symbols.columns.values()
                    if c.target and c.name in columns}  # fmt: skip
        self.names: dict[str, Any] = {
            c.name: columns[c.name] for c in symbols.columns.values()
            if c.target is None and c.name in columns
        }  # fmt: skip
        self.names = self.values("", symbols.constants)

    def values(self, owner: str, table: Mapping[str, Symbol]) -> dict[str, Any]:
        """Of constants, or of a component's parameters; what has no value here is left out."""
        found: dict[str, Any] = {}
        known = ChainMap(found, self.names)
        uses = {
            name: [n.id for v in _values(symbol) for n in names_in(v) if n.id in table]
            for name, symbol in table.items()
        }
        for name in dependency_order(uses)[0]:
            if (owner, name) in self.set:
                found[name] = self.set[owner, name]
                continue
            try:
                found[name] = self.value(owner, table[name], known)
            except (NotConstant, TypeError, ValueError, KeyError):
                found[name] = np.nan
        return {**self.names, **found} if not owner else found

    def value(self, owner: str, symbol: Symbol, known: Mapping[str, Any]) -> Any:
        if not symbol.by_preset:
            assert symbol.value is not None
            return evaluate(symbol.value, known)
        names = self.set[owner, "preset"]
        conditions = [names == preset for preset, _ in symbol.by_preset]
        return np.select(conditions, [evaluate(value, known) for _, value in symbol.by_preset])

    def bounds(self, component: Component) -> list[Diagnostic]:
        model = component.neuron or component.rule
        post = component.rule.post_equations if component.rule else ()
        equations = [e for e in (*(model.equations if model else ()), *post) if e.bounds]
        if not equations:
            return []
        known = ChainMap(self.values(component.name, component.parameters), self.names)
        problems = []
        for equation in equations:
            assert equation.bounds is not None
            try:
                low = evaluate(equation.bounds.low, known)
                high = evaluate(equation.bounds.high, known)
            except (NotConstant, TypeError, ValueError, KeyError):
                continue
            wrong = np.atleast_1d(np.greater(low, high))
            if wrong.any():
                row = int(np.argmax(wrong))
                low, high = (np.broadcast_to(x, wrong.shape)[row] for x in (low, high))
                where = f" in block {row}" if len(wrong) > 1 else ""
                problems.append(Diagnostic(
                    "RUN010", equation.bounds.span, f"the lower bound of `{equation.name.id}` in"
                    f" `{component.name}` is above the upper{where}: {low:g} > {high:g}",
                    help="leave such rows out, as with `where:` in the sweep",
                ))  # fmt: skip
        return problems


def _values(symbol: Symbol) -> list[ast.Expr]:
    own = [symbol.value] if symbol.value is not None else []
    return [*own, *(value for _, value in symbol.by_preset)]
