"""Values: what a name becomes in the script's Python, and whether blocks differ in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from ..check import Checked
from ..check.rows import Rows, phases_of
from ..check.symbols import Component, Symbol
from ..check.turns import Turn, target_of, turns_of
from ..check.values import constant_values
from ..data.earlier import counterparts
from ..ir import Draw, Initial, Parameter
from ..language import ast
from ..language.builtins import DISTRIBUTIONS
from ..language.diagnostics import Diagnostic
from ..language.draws import arguments_of, distribution_of
from ..language.numeric import evaluate
from ..sweep.table import SweepTable
from .data import data_code, earlier_code
from .expressions import NumpyPrinter


def used_names(nodes: Iterable[ast.Node | None]) -> set[str]:
    return {
        n.id
        for node in nodes
        if node is not None
        for n in ast.walk(node)
        if isinstance(n, ast.Name)
    }


class Values:
    """Answers questions about one checked spec and its evaluated sweep."""

    def __init__(self, checked: Checked, table: SweepTable):
        self.checked, self.table = checked, table
        self.symbols = checked.symbols
        self.constants: dict[str, Any] = constant_values(self.symbols, unswept=False)
        self.problems: list[Diagnostic] = []
        self.by_target = {c.target: c.name for c in self.symbols.columns.values() if c.target}

    @cached_property
    def sets(self) -> dict[tuple[str, str], list[tuple[int, ast.Expr]]]:
        """What phases change: (component, parameter) -> [(number of the phase, value)]."""
        found: dict[tuple[str, str], list[tuple[int, ast.Expr]]] = {}
        for number, turn in enumerate(self.turns):
            for component, name, value in self.set_by(turn.phase):
                if name in component.parameters:
                    found.setdefault((component.name, name), []).append((number, value))
        return found

    @cached_property
    def turns(self) -> list[Turn]:
        """The phases, in the order in which they run."""
        runs: list[ast.Run] = self.symbols.spec.of(ast.Run)
        return [turn for run in runs[:1] for turn in turns_of(run, self.constants)]

    def set_by(self, phase: ast.Phase) -> Iterator[tuple[Component, str, ast.Expr]]:
        """(component, name, value) of the parameters and variables that a phase sets."""
        for modifier in phase.modifiers:
            if isinstance(modifier, ast.SetValue):
                target = target_of(self.symbols, modifier.path)
                assert target is not None  # the check has refused all else
                yield *target, modifier.value

    @cached_property
    def in_phases(self) -> list[Rows]:
        """All values in every row, as the run starts and in each phase that sets some."""
        return phases_of(self.symbols, self.table.columns)

    @cached_property
    def single(self) -> bool:
        """Whether the network is held in single precision."""
        runs: list[ast.Run] = self.symbols.spec.of(ast.Run)
        return any(r.precision is not None and r.precision.id == "single" for r in runs)

    # Which values differ between blocks

    @cached_property
    def held(self) -> set[str]:
        """Constants and free columns that layers may hold as variables."""
        return {
            name
            for name, symbol in self.symbols.globals.items()
            if symbol.kind in ("constant", "column")
            and (self.single or self.symbol_varies(symbol, None))
        }

    def varies(self, expr: ast.Expr | None, component: Component | None) -> bool:
        """Whether a value differs between blocks, or between phases."""
        scope = self.symbols.value_scope(component)
        return any(
            name in scope and self.symbol_varies(scope[name], component)
            for name in used_names([expr])
        )

    def symbol_varies(self, symbol: Symbol, component: Component | None) -> bool:
        if symbol.kind == "column" or ("", symbol.name) in self.by_target:
            return True
        if symbol.kind == "parameter":
            owner = self.symbols.components[symbol.owner]
            key = (owner.name, symbol.name)
            if key in self.by_target or key in self.sets or symbol.by_preset:
                return True
            return self.varies(symbol.value, owner)
        return symbol.kind == "constant" and self.varies(symbol.value, None)

    # As Python

    def unit(self, symbol: Symbol) -> str:
        known = self.checked.type_of(symbol)
        return known.dim.unit_name() if known else "1"

    def code(
        self,
        expr: ast.Expr,
        component: Component | None,
        extra: Mapping[str, str] | None = None,
        index: str = "",
        files: Mapping[ast.DataExpr, str] | None = None,
    ) -> str:
        """Python code for an expression; with an `index`, one value per element. `files` is code
        for each `from`, if that is not a value per neuron or synapse."""
        names = {}
        scope = self.symbols.value_scope(component)
        for name in used_names([expr]):
            symbol = scope.get(name)
            if symbol is not None and symbol.kind != "builtin":
                names[name] = self.reference(symbol, component, index)
        data = files or {
            n: self.from_file(n, component) for n in ast.walk(expr) if isinstance(n, ast.DataExpr)
        }
        return NumpyPrinter({**names, **(extra or {})}, self.checked.types, data).show(expr)

    def from_file(self, node: ast.DataExpr, component: Component | None) -> str:
        """Code for the values of a file, one for each neuron or synapse."""
        assert component is not None
        head = self.checked.data[node]
        shape = self.sizes(component)
        if head.form != "results":
            return data_code(node, head, component, shape)
        blocks = counterparts(node, head, self.table.columns, self.table.rows)
        return earlier_code(node, head, component, blocks.tolist())

    def sizes(self, component: Component) -> tuple[int, ...]:
        """The number of neurons of a layer; or of both layers of a connection, and the synapses per
        pair if there are several."""
        sides = (component.pre, component.post) if component.kind == "connection" else (component,)
        nodes = [c.node for c in sides if c is not None]
        sizes = [
            1 if n.size is None else int(self.number(n.size, 1))
            for n in nodes
            if isinstance(n, ast.Layer)
        ]
        pattern = getattr(component.node, "pattern", None)
        several = self.number(pattern.several, 1) if pattern is not None else 1
        return (*sizes, int(several)) if several > 1 else tuple(sizes)

    def reference(self, symbol: Symbol, component: Component | None, index: str = "") -> str:
        if symbol.kind == "column":
            text = f"row[{symbol.name!r}]"
        elif symbol.kind == "constant":
            text = f"p.constants.{symbol.name}"
        else:
            text = f"p.{symbol.owner}.{symbol.name}"
        return f"at({text}, {index})" if index and self.symbol_varies(symbol, component) else text

    def parameters(self, component: Component | None) -> tuple[Parameter, ...]:
        """Sorted so that each comes after those it uses."""
        table = component.parameters if component else self.symbols.constants
        owner = component.name if component else ""
        done: dict[str, Parameter] = {}

        def visit(name: str) -> None:
            if name in done:
                return
            symbol = table[name]
            column = self.by_target.get((owner, name))
            sets = self.sets.get((owner, name), [])
            values = [
                *([symbol.value] if symbol.value and not column else []),
                *(value for _, value in symbol.by_preset),
                *(value for _, value in sets),
            ]
            for used in sorted(used_names(values)):
                if used in table and used != name:
                    visit(used)
            if column is not None:
                code = f"row[{column!r}]"
            elif symbol.by_preset:
                preset = self.by_target[owner, "preset"]
                items = ", ".join(
                    f"{n!r}: {self.code(value, component)}" for n, value in symbol.by_preset
                )
                code = f"by_preset(row[{preset!r}], {{{items}}})"
            else:
                assert symbol.value is not None
                code = self.code(symbol.value, component)
            done[name] = Parameter(
                name=name,
                code=code,
                varies=self.symbol_varies(symbol, component),
                unit=self.unit(symbol),
                sets=tuple((number, self.code(value, component)) for number, value in sets),
            )

        for name in table:
            visit(name)
        return tuple(done.values())

    def attribute(self, component: Component, name: str, index: str) -> str | None:
        """Code for a swept attribute (`delay`, `weight`, `p`, ...), None if it is not swept."""
        column = self.by_target.get((component.name, name))
        return None if column is None else f"row[{column!r}][{index}]"

    def number(self, expr: ast.Expr | None, default: float) -> float:
        """A value that is known now and the same in every block."""
        return default if expr is None else float(evaluate(expr, self.constants))

    # Values with draws

    def initial(
        self,
        name: str,
        expr: ast.Expr,
        component: Component,
        index: str,
        extra: Mapping[str, str],
        bounds: ast.Bounds | None = None,
        variable: str | None = None,
        phase: bool = False,
    ) -> Initial:
        """`name` keys the draws; `variable` is its name in the script. The draws of values that a
        `phase` sets are keyed by the phase's name too."""
        draws: list[Draw] = []

        def value(node: ast.Expr) -> str:
            if isinstance(node, ast.Call) and node.func.id in DISTRIBUTIONS:
                distribution = distribution_of(node)
                number = (len(draws),) if draws else ()
                draw = Draw(
                    placeholder=f"u{len(draws)}",
                    kind=distribution.base,
                    key=(component.name, name, *number),
                    by_phase=phase,
                    independent=node.independent,
                )
                draws.append(draw)
                given = arguments_of(node)
                texts = [f"({value(given[a])})" for a in distribution.arguments]
                return distribution.transform.format(*texts, u=draw.placeholder)
            if isinstance(node, ast.Binary) and has_draw(node):
                return f"({value(node.left)}) {node.op} ({value(node.right)})"
            if isinstance(node, ast.Unary) and has_draw(node):
                return f"{node.op}({value(node.operand)})"
            if isinstance(node, ast.Call) and has_draw(node):
                names = {f"_{k}": f"({value(a)})" for k, a in enumerate(node.args)}
                slots = tuple(ast.Name(n, span=node.span) for n in names)
                call = ast.Call(node.func, slots, span=node.span)
                return self.code(call, component, {**extra, **names}, index)
            return self.code(node, component, extra, index)

        code = value(expr)
        held = component.variables.get(name)
        if held is not None and held.type is not None and held.type.kind == "integer":
            code = f"in_32_bits({code}, {f'{name} of {component.name}'!r})"
        low = self.code(bounds.low, component, extra, index) if bounds else None
        high = self.code(bounds.high, component, extra, index) if bounds else None
        return Initial(variable=variable or name, code=code, draws=tuple(draws), low=low, high=high)


def has_draw(node: ast.Node) -> bool:
    return any(isinstance(n, ast.Call) and n.func.id in DISTRIBUTIONS for n in ast.walk(node))
