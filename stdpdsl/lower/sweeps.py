"""The sweep as code that makes the same table again, to the bit."""

from __future__ import annotations

from typing import Any

from ..check.search_plan import OWN_COLUMNS
from ..ir import Sweep
from ..language import ast
from .expressions import NumpyPrinter
from .values import Values


def lower_sweep(values: Values) -> Sweep:
    table = values.table

    def code(expr: ast.Expr, used: dict[str, Any]) -> str:
        names = {n.rsplit(".", 1)[-1]: f"table[{n!r}]" for n in table.columns}
        names |= {n: repr(v) for n, v in used.items()}
        return NumpyPrinter(names, values.checked.types).show(expr)

    numbered = "replicate" in table.columns
    return Sweep(
        axes=tuple(axis(values, part) for part in table.parts),
        derived=tuple((name, code(axis.value, used)) for name, axis, used in table.derive),
        rows=rows_before(values),
        where=code(table.where, table.where_values) if table.where is not None else "",
        replicates=(table.replicates, table.first_replicate) if numbered else None,
        whole=tuple(n for n in OWN_COLUMNS if n in table.columns and table.columns[n].dtype == int),
        ordered=bool(table.order),
        columns=tuple(table.columns),
    )


def rows_before(values: Values) -> int:
    """Rows of the product, before `where`."""
    rows = 1
    for part in values.table.parts:
        rows *= len(next(iter(part.columns.values())))
    return rows


def axis(values: Values, part: Any) -> tuple[tuple[str, str], ...]:
    items = []
    random = isinstance(part.source, ast.RandomSamples)
    for name, column in part.columns.items():
        expr = part.axes.get(name)
        if column.dtype == object:
            code = repr([str(v) for v in column])
        elif expr is None or random:
            code = "[" + ", ".join(repr(float(v)) for v in column) + "]"
        else:
            names = {n: repr(v) for n, v in values.constants.items()}
            code = NumpyPrinter(names, values.checked.types).show(expr)
        items.append((name, code))
    return tuple(items)
