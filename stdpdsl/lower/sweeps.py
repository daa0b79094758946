"""The sweep as code that makes the same table again, to the bit."""

from __future__ import annotations

from typing import Any

from ..check.search_plan import OWN_COLUMNS
from ..language import ast
from .expressions import NumpyPrinter
from .values import Values


def sweep_lines(values: Values) -> list[str]:
    table = values.table
    lines: list[str] = []
    if table.parts:
        lines.append("row = product(")
        lines += [f"    {sweep_part(values, part)}," for part in table.parts]
        lines.append(")")
    else:
        lines.append("row = {}")

    def names_for(used: dict[str, Any]) -> dict[str, str]:
        names = {n.rsplit(".", 1)[-1]: f"row[{n!r}]" for n in table.columns}
        return {**names, **{n: repr(v) for n, v in used.items()}}

    for name, axis, used in table.derive:
        code = NumpyPrinter(names_for(used), values.checked.types).show(axis.value)
        lines.append(f"row[{name!r}] = {code} + np.zeros({rows_before(values)})")
    if table.where is not None:
        code = NumpyPrinter(names_for(table.where_values), values.checked.types).show(table.where)
        lines.append(f"row = where(row, {code})")
    if "replicate" in table.columns:
        first = f", {table.first_replicate}" if table.first_replicate else ""
        lines.append(f"row = replicates(row, {table.replicates}{first})")
    for name in OWN_COLUMNS:
        if name in table.columns and table.columns[name].dtype == int:
            lines.append(f"row[{name!r}] = row[{name!r}].astype(int)")
    if table.order:
        lines.append("row = rows_in_order(row, ORDER)")
    order = ", ".join(repr(n) for n in table.columns)
    lines.append(f"return {{name: row[name] for name in ({order}{',' if order else ''})}}")
    return lines


def rows_before(values: Values) -> int:
    """Rows of the product, before `where`."""
    rows = 1
    for part in values.table.parts:
        rows *= len(next(iter(part.columns.values())))
    return rows


def sweep_part(values: Values, part: Any) -> str:
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
        items.append(f"{name!r}: {code}")
    return "{" + ", ".join(items) + "}"
