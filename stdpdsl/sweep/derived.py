"""Columns that are computed from others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..language import ast
from .values import Values


class Derived(Values):
    """Computes columns from others."""

    def derive(
        self, sweep: ast.Sweep, columns: dict[str, np.ndarray], rows: int
    ) -> list[tuple[str, ast.Axis, dict[str, Any]]]:
        waiting = {self.name_of(axis): axis for axis in sweep.derive}
        done: list[tuple[str, ast.Axis, dict[str, Any]]] = []
        shorts = {last_part(n): n for n in waiting}
        while waiting:
            ready = [
                name
                for name, axis in waiting.items()
                if not any(
                    shorts.get(used) in waiting for used in names_of(axis.value) if used in shorts
                )
            ]
            if not ready:
                axis = next(iter(waiting.values()))
                self.report(
                    "SWEEP011",
                    axis.path,
                    f"`{axis.path.dotted}` is derived from itself",
                    help="a cycle: "
                    + " -> ".join(f"`{n}`" for n in [*waiting, next(iter(waiting))]),  # noqa: E501
                )
                break
            for name in ready:
                axis = waiting.pop(name)
                values = self.unswept(axis.value, axis, columns)
                env = {**columns, **{last_part(n): v for n, v in columns.items()}, **values}
                result = np.asarray(self.value(axis.value, env), dtype=float)
                columns[name] = np.array(np.broadcast_to(result, rows))
                done.append((name, axis, values))
        return done

    def unswept(
        self, expr: ast.Expr, axis: ast.Axis | None, columns: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The values of the names in an expression that are not columns: for a parameter its
        unswept value, otherwise that of a constant."""
        found: dict[str, Any] = {}
        shorts = {last_part(n) for n in columns}
        first = None
        if axis is not None and len(axis.path.parts) == 2:
            first = axis.path.parts[0].id
        elif axis is not None:
            dotted = axis.path.dotted
            columns_of = self.symbols.columns.values()
            target = next((c.target for c in columns_of if c.path.dotted == dotted), None)
            first = target[0] if target else None
        owners = list(self.symbols.components.values())
        owners.sort(key=lambda c: c.name != first)
        for name in names_of(expr):
            if name in columns or name in shorts or name in found:
                continue
            owner = next((c for c in owners if name in c.parameters), None)
            if owner is not None:
                found[name] = self.parameter(owner.name, name, ())
            elif name in self.constants:
                found[name] = self.constants[name]
        return {n: v for n, v in found.items() if v is not None}

    def parameter(self, component: str, name: str, path: tuple[str, ...]) -> Any:
        owner = self.symbols.components[component]
        symbol = owner.parameters.get(name)
        if symbol is None or symbol.value is None or name in path:
            return None
        env = dict(self.constants)
        for used in names_of(symbol.value):
            if used in owner.parameters:
                env[used] = self.parameter(component, used, (*path, name))
        return self.value(symbol.value, {n: v for n, v in env.items() if v is not None})


def names_of(expr: ast.Expr) -> list[str]:
    return [n.id for n in ast.below(expr, ast.Name)]


def last_part(name: str) -> str:
    return name.rsplit(".", 1)[-1]
