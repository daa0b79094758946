"""What names mean in a sweep: in `derive:` and `where:`."""

from __future__ import annotations

from collections import ChainMap
from functools import cached_property

from ...language import ast
from ..order import names_in
from ..report import Reporter
from ..symbols import Column, Scope, Symbol, Symbols


class SweepNames:
    """Says which axes are drawn and which are derived, and what a name means there."""

    def __init__(self, symbols: Symbols, reporter: Reporter):
        self.symbols, self.reporter = symbols, reporter
        self.derived: set[int] = set()  # axes, by `id` as all here
        self.random_axes = {id(a) for search in symbols.spec.of(ast.Search) for a in search.over}
        self.cells: dict[int, list[ast.Expr]] = {}  # below each head of a table
        for sweep in symbols.spec.of(ast.Sweep):
            self.derived.update(id(axis) for axis in sweep.derive)
            for part in sweep.parts:
                if isinstance(part, ast.RandomSamples):
                    self.random_axes.update(id(axis) for axis in part.axes)
                if isinstance(part, ast.Table):
                    for k, header in enumerate(part.headers):
                        self.cells[id(header)] = [row[k] for row in part.rows if k < len(row)]

    def follows_preset(self, symbol: Symbol) -> bool:
        """Whether a parameter, or one that its value uses, is set by a swept preset."""
        component = self.symbols.components.get(symbol.owner)
        if symbol.kind != "parameter" or component is None:
            return False
        table, waiting, seen = component.parameters, [symbol.name], set()
        while waiting:
            name = waiting.pop()
            if name not in table or name in seen:
                continue
            seen.add(name)
            if table[name].by_preset:
                return True
            value = table[name].value
            waiting += [n.id for n in names_in(value)] if value is not None else []
        return False

    @cached_property
    def names(self) -> tuple[dict[str, Symbol], dict[str, Symbol]]:
        """Columns by their last part, and the parameters of all components."""
        columns: dict[str, Symbol] = {}
        for item in self.symbols.columns.values():
            symbol = Symbol(item.name, "column", item.node)
            columns.setdefault(item.path.parts[-1].id, symbol)
        parameters = {
            name: symbol
            for component in reversed(list(self.symbols.components.values()))
            for name, symbol in component.parameters.items()
        }
        return columns, parameters

    def scope(self, column: Column | None) -> Scope:
        """In `derive` and `where`, a bare name is a column by its last part, else a parameter by
        its unswept value (the own component's first), else a constant."""
        columns, parameters = self.names
        own = self.symbols.components.get(column.target[0]) if column and column.target else None
        return ChainMap(columns, own.parameters if own else {}, parameters, self.symbols.globals)

    def ambiguous(self, expr: ast.Expr, column: Column | None) -> None:
        """Reports a name without a component that two components, or two columns, have."""
        shorts: dict[str, list[str]] = {}
        for item in self.symbols.columns.values():
            shorts.setdefault(item.path.parts[-1].id, []).append(item.name)
        own = column.target[0] if column and column.target else ""
        scope = self.scope(column)
        for name in names_in(expr):
            symbol = scope.get(name.id)
            if symbol is not None and self.follows_preset(symbol):
                self.reporter.error(
                    "SWEEP017",
                    name,
                    f"`{name.id}` differs between the presets, so it has no single value here",
                    help=f"sweep `{symbol.owner}.{name.id}` itself, or derive what"
                    " depends on it in the rule: `b = -1.05 * a`",
                )
                continue
            columns = shorts.get(name.id, [])
            owners = self.symbols.owners(name.id)
            if len(columns) > 1:
                meant = [f"`{c}`" for c in columns]
            elif columns or len(owners) < 2 or own in owners:
                continue
            else:
                meant = [f"`{owner}.{name.id}`" for owner in owners]
            self.reporter.error(
                "NAME019",
                name,
                f"`{name.id}` could mean {' or '.join(meant)}",
                help="derive it in a column with a name of its own, or make it a constant",
            )
