"""The `blocks` table as text: aligned, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import math
import textwrap
from collections.abc import Sequence, Set
from typing import Any

from ..results.errors import ResultsError
from ..results.reader import Results

CELL = 150
"""Approximate bytes per displayed value."""


def summary(
    results: Results,
    form: str = "table",
    sort: str = "",
    width: int = 0,
    where: str = "",
    whole: bool = False,
) -> str:
    """One line per block (and phase) for which `where` holds. `-COL` sorts from the highest.

    As text, the table is at most `width` characters wide, if `width` is not 0. It shows as many
    measures that differ between rows as fit, and lists what was left out below. With `whole`, it
    shows all columns, one part below the other.
    """
    table = results.table("blocks", each=CELL)
    if where:
        table = table.filter(_holds(table, where))
    if sort:
        column = sort.removeprefix("-")
        if column not in table.column_names:
            raise ResultsError(
                f"{results.folder}: no column {column} to sort by, only "
                + ", ".join(table.column_names)
            )
        order = "descending" if sort.startswith("-") else "ascending"
        keys = [(column, order)] + [("block", "ascending")] * (column != "block")
        table = table.sort_by(keys)
    names, rows = table.column_names, table.to_pylist()
    if form == "json":
        return json.dumps([_finite(row) for row in rows], indent=2, ensure_ascii=False) + "\n"
    if form == "csv":
        return _as_csv(names, rows)
    units = [results.units.get(name, "1") for name in names]
    heads = [
        name if unit in ("", "1") else f"{name} [{unit}]"
        for name, unit in zip(names, units, strict=True)
    ]
    columns = [
        _aligned(head, [row[name] for row in rows]) for head, name in zip(heads, names, strict=True)
    ]
    if width and not whole:
        measured = set(results.measures)
        return _fitting(names, columns, measured, {n for n in measured if _differs(n, rows)}, width)
    return "\n".join(_fold(columns, width))


def _differs(name: str, rows: Sequence[dict[str, Any]]) -> bool:
    """Whether a column's displayed values differ."""
    return len({_cell(row[name]) for row in rows}) > 1


def _fitting(
    names: Sequence[str],
    columns: Sequence[list[str]],
    measured: Set[str],
    differ: Set[str],
    width: int,
) -> str:
    """The columns that identify a block, and as many of the measures that `differ` as fit."""
    shown = [column for name, column in zip(names, columns, strict=True) if name not in measured]
    same = [name for name in names if name in measured and name not in differ]
    too_many: list[str] = []
    left = width - sum(len(column[0]) + 2 for column in shown)
    for name, column in zip(names, columns, strict=True):
        if name in differ:
            left -= len(column[0]) + 2
            if left >= -2 and not too_many:
                shown.append(column)
            else:
                too_many.append(name)
    lines = _fold(shown, width)
    said = []
    if too_many:
        said.append(f"{len(too_many)} that did not fit")
    if same and len(columns[0]) > 2:
        said.append(f"{len(same)} that {'are' if len(same) > 1 else 'is'} the same in every row")
    if said:
        count = len(too_many) + len(same)
        text = f"{count} more column{'s' if count > 1 else ''}: {', '.join(said)}; next: --all"
        lines += [*textwrap.wrap(text, width), ""]
    return "\n".join(lines)


def columns_of(results: Results, form: str = "table") -> str:
    """A line for each column of each table: its kind, its unit and its meaning."""
    names = ("table", "column", "kind", "unit", "description")
    rows = [
        {"table": table, "column": column, **{n: said.get(n, "") for n in names[2:]}}
        for table in results.tables
        for column, said in results.described(table).items()
    ]
    if form == "json":
        return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    if form == "csv":
        return _as_csv(names, rows)
    columns = [_aligned(name, [row[name] for row in rows]) for name in names]
    return "\n".join(_fold(columns, 0))


def _as_csv(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(row.values() for row in rows)
    return text.getvalue()


def _holds(table: Any, where: str) -> Any:
    """A condition evaluated for each row. Columns are in SI, so `taupre > 10 ms` works as
    written. Values of a text column are written as bare words: `status == ok`.
    """
    import numpy as np

    from ..language.diagnostics import CompileError, Diagnostic, did_you_mean
    from ..language.numeric import NotConstant, evaluate
    from ..language.overrides import typed_expression

    condition = typed_expression("--where", where)
    columns = {name: np.asarray(table[name].to_pylist()) for name in table.column_names}
    words = {str(w): str(w) for c in columns.values() if c.dtype.kind == "U" for w in c}
    known = {**words, **columns}
    try:
        found = np.asarray(evaluate(condition, known))
        if found.dtype != bool:
            raise NotConstant(condition, "is not a condition; an example: `Apre > 1e-3`")
    except NotConstant as problem:
        name = problem.node.span.text
        unknown = problem.reason == "has no constant value"
        raise CompileError(
            [
                Diagnostic(
                    "NAME004" if unknown else "TYPE002",
                    problem.node.span,
                    f"there is no column `{name}`" if unknown else f"this {problem.reason}",
                    help=(did_you_mean(name, known) or f"there are: {', '.join(columns)}")
                    if unknown
                    else "",
                )
            ]
        ) from None
    except (TypeError, ValueError):
        raise CompileError(
            [
                Diagnostic(
                    "TYPE002",
                    condition.span,
                    "numbers and words cannot be compared",
                )
            ]
        ) from None
    return np.broadcast_to(found, table.num_rows)


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN and no infinity, so these become strings."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }


def _aligned(head: str, values: list[Any]) -> list[str]:
    """A column's cells, padded: numbers to the right, words to the left."""
    cells = [head, *map(_cell, values)]
    wide = max(map(len, cells))
    words = any(isinstance(value, str) for value in values)
    return [cell.ljust(wide) if words else cell.rjust(wide) for cell in cells]


def _cell(value: Any) -> str:
    """A value with five significant digits. The Parquet files have all digits."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _fold(columns: list[list[str]], width: int) -> list[str]:
    """The lines of the table. A table wider than `width` is split into parts, one below the
    other, each beginning with the first column.
    """
    lines: list[str] = []
    rest = columns[1:]
    while True:
        part = [columns[0]]
        while rest and (
            not width
            or len(part) == 1
            or sum(len(column[0]) + 2 for column in (*part, rest[0])) - 2 <= width
        ):
            part.append(rest.pop(0))
        lines += ["  ".join(cells).rstrip() for cells in zip(*part, strict=True)]
        lines.append("")
        if not rest:
            return lines
