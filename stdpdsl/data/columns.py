"""Columns of a table that a spec names, as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..check.data import Head
from ..check.files import split_head
from ..language import ast
from ..language.diagnostics import did_you_mean
from ..language.units import dim_and_power, in_si, parse_unit
from ..sweep.files import is_number, number_of
from .wrong import Wrong, listed


def column_named(
    node: ast.DataExpr,
    table: Mapping[str, Sequence[Any]],
    keys: Iterable[Iterable[str]],
    unit: str = "",
) -> tuple[Head, np.ndarray]:
    """The column of a table that a `from` means, and its numbers (SI). The columns `keys` number
    its rows; `unit` is the unit of a header without one."""
    name = node.path.value
    heads = {split_head(str(head))[0]: str(head) for head in table}
    taken = {"block"}.union(*keys)
    if node.column is None:
        others = [n for n in heads if n not in taken]
        if len(others) != 1:
            raise Wrong(
                "FILE005",
                node,
                f"`{name}` has {len(others) or 'no'} columns of values"
                + (f": {listed(others)}" if others else ""),
                f"say which one: `column {others[0]}`" if others else "",
            )
        wanted, spot = others[0], node.path
    else:
        wanted, spot = node.column.value, node.column
    if wanted not in heads:
        raise Wrong(
            "FILE005",
            spot,
            f"`{name}` has no column `{wanted}`",
            did_you_mean(wanted, heads) or f"it has: {listed(heads)}",
        )
    unit = split_head(heads[wanted])[1] or unit
    try:
        power = dim_and_power(parse_unit(unit))[1] if unit else 0
    except KeyError as unknown:
        raise Wrong(
            "FILE003",
            spot,
            f"the column `{heads[wanted]}` of `{name}` has the unit {unknown}, which is unknown",
        ) from None
    values = numbers_of(node.path, name, heads[wanted], table[heads[wanted]], power)
    return Head("table", unit, power, whole(values), heads[wanted]), values


def numbers_of(
    spot: ast.Node, name: str, head: str, cells: Sequence[Any], power: int = 0
) -> np.ndarray:
    """The numbers of a column in SI, all finite."""
    try:
        found = np.array([in_si(number_of(c), power) for c in cells], dtype=float)
        bad = None if np.all(np.isfinite(found)) else int(np.argmin(np.isfinite(found)))
    except (TypeError, ValueError):
        bad = next(k for k, c in enumerate(cells) if not is_number(c))
    if bad is not None:
        cell = cells[bad]
        shown = "nothing" if cell in (None, "") else f"`{cell}`"
        raise Wrong(
            "FILE003",
            spot,
            f"row {bad + 1} below the head of `{name}` has {shown} in the column `{head}`",
            "each cell that is read must be one finite number",
        )
    return found


def whole_numbers(spot: ast.Node, name: str, head: str, cells: Sequence[Any]) -> np.ndarray:
    """The numbers of neurons or blocks in a column."""
    found = numbers_of(spot, name, head, cells)
    broken = (found != np.floor(found)) | (np.abs(found) >= 2**53)
    if np.any(broken):
        row = int(np.argmax(broken))
        raise Wrong(
            "FILE003",
            spot,
            f"row {row + 1} below the head of `{name}` has {found[row]:g} in the column `{head}`",
            "neurons and blocks are numbered 0, 1, 2, ...",
        )
    return found.astype(np.int64)


def whole(values: np.ndarray) -> bool:
    return bool(np.all(values == np.floor(values)))
