"""Tables whose rows follow one another in time, one for each `every`, and the labels of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..check.costs import Estimate
from ..check.data import Head, Timed, labelled, tables_in
from ..check.symbols import Component, Symbols
from ..check.values import value
from ..dataclass import dataclass
from ..language import ast
from ..language.diagnostics import Diagnostic, did_you_mean
from ..language.units import SECOND, dim_and_power, parse_unit
from ..machine.memory import size_of
from .arrays import ENDINGS, IMAGES, Arrays, Sparse
from .columns import column_named, whole_numbers
from .sources import OF_NEURONS, TABLES, Files, array_named, read
from .wrong import Wrong, listed

TIMES = ("t", "time")


@dataclass(frozen=True)
class Rows:
    """Rows of a file (SI). For an array, (rows, columns); for a table, one value per entry, with
    its `neuron` and `block` numbers and its time `t` (s)."""

    head: Head
    values: np.ndarray
    keys: Mapping[str, np.ndarray]

    @property
    def of_neurons(self) -> bool:
        """Whether each neuron has its own values."""
        return self.values.ndim > 1 or "neuron" in self.keys


RowsOfFiles = dict[ast.DataExpr, Rows]


def read_all_rows(spec: ast.Spec, files: Files) -> tuple[RowsOfFiles, list[Diagnostic]]:
    """The rows for each drive and all rates, and errors in the files by themselves."""
    found: RowsOfFiles = {}
    problems = []
    for _, _, node in tables_in(spec):
        try:
            found[node] = read_rows(node, files)
        except Wrong as wrong:
            problems.append(wrong.diagnostic)
    return found, problems


def check_all_rows(
    symbols: Symbols, rows: RowsOfFiles, blocks: int, constants: Mapping[str, Any], files: Files
) -> list[Diagnostic]:
    """Check that each layer finds what drives it in its files, and a label for each stimulus."""
    problems = []
    counts = {}
    for node, table, source in tables_in(symbols.spec):
        layer, every = symbols.components[node.name.id], value(table.every, constants)
        size = 1.0 if node.size is None else value(node.size, constants)
        if source in rows and size is not None:
            try:
                fit = FitRows(blocks, int(size))
                counts[table] = fit.check(table, source, rows[source], layer, every)
            except Wrong as wrong:
                problems.append(wrong.diagnostic)
    for node in symbols.spec.of(ast.Layer):
        shows = labelled(node)
        if node.labels is not None and shows is not None:
            try:
                check_labels(node.labels, read_labels(node.labels, files), counts.get(shows), shows)
            except Wrong as wrong:
                problems.append(wrong.diagnostic)
    return problems


def refuse_rows(
    symbols: Symbols,
    rows: RowsOfFiles,
    found: Estimate,
    constants: Mapping[str, Any],
    memory: float,
) -> list[Diagnostic]:
    """Refuse drives that would not fit: a row is kept for each `every`, or for each step if they
    are interpolated."""
    problems = []
    for node, table, source in tables_in(symbols.spec):
        every, size = value(table.every, constants), value(node.size, constants)
        if not isinstance(table, ast.TableDrive) or source not in rows or not every:
            continue
        columns = (size or 1) if rows[source].of_neurons else 1
        columns *= found.blocks if rows[source].head.by_block else 1
        needed = 16 * columns * (found.seconds or 0) / (found.dt if table.linear else every)
        if needed > memory:
            each = "time step" if table.linear else "`every`"
            problems.append(
                Diagnostic(
                    "COST006",
                    table.span,
                    f"this drive needs {size_of(needed)} of memory, a row for"
                    f" each {each}; {size_of(memory)} are free",
                    help="drive fewer neurons, for a shorter time"
                    + (", or leave out `linear`" if table.linear else ""),
                )
            )
    return problems


def read_rows(node: ast.DataExpr, files: Files) -> Rows:
    """The rows of a `from`, all finite."""
    name = node.path.value
    if node.component is not None:
        raise Wrong(
            "FILE002",
            node,
            "rows in time must come from a file, not from results",
            "save them as an array, with a row for each `every`",
        )
    if name.lower().endswith((*ENDINGS, IMAGES)):
        return _of_array(node, read(node, files.arrays))
    if name.lower().endswith(TABLES):
        return _of_table(node, read(node, files.table))
    endings = f"{', '.join((*TABLES, *ENDINGS))} and {IMAGES}"
    raise Wrong(
        "FILE002",
        node.path,
        f"`{name}` holds no values: its name says neither table nor array",
        f"values are read from {endings}",
    )


def _of_array(node: ast.DataExpr, arrays: Arrays) -> Rows:
    wanted, array = array_named(node, arrays)
    name = node.path.value
    if isinstance(array, Sparse):
        raise Wrong(
            "FILE002",
            node.path,
            f"`{name}` holds no rows: it is a sparse matrix",
            "save its dense form, `m.toarray()`",
        )
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        place = np.unravel_index(int(np.argmin(np.isfinite(array))), array.shape)
        raise Wrong(
            "FILE003",
            node.path,
            f"[{', '.join(map(str, place))}] of `{name}` is {array[place]}, not a finite number",
        )
    return Rows(Head("array", name=wanted or None, shape=array.shape), array, {})


def _of_table(node: ast.DataExpr, table: Mapping[str, Sequence[Any]]) -> Rows:
    head, values = column_named(node, table, (*OF_NEURONS, *((t,) for t in TIMES)))
    heads = {str(h).partition("[")[0].strip(): str(h) for h in table}
    name, keys = node.path.value, {}
    for key, choices in (("neuron", ("neuron", "i")), ("block", ("block",))):
        found = next((heads[c] for c in choices if c in heads), None)
        if found is not None:
            keys[key] = whole_numbers(node.path, name, found, table[found])
            head.keys[key] = found  # type: ignore[index]
    time = next((t for t in TIMES if t in heads), None)
    if time is not None:
        column = ast.String(time, span=node.path.span)
        told = ast.DataExpr(node.path, column, None, False, None, span=node.span)
        said, keys["t"] = column_named(told, table, (), unit="s")
        if dim_and_power(parse_unit(said.unit))[0] != SECOND:
            raise Wrong(
                "FILE012",
                node.path,
                f"the column `{said.name}` of `{name}` is not a time",
                "write `t [ms]`, or leave out the column",
            )
    return Rows(head, values, keys)


class FitRows:
    """Checks that a layer finds in a file what drives it: rows with one value for all neurons, or
    with one for each."""

    def __init__(self, blocks: int, size: int):
        self.blocks, self.size = blocks, size

    def check(
        self, table: Timed, node: ast.DataExpr, rows: Rows, layer: Component, every: float | None
    ) -> int:
        """The number of rows."""
        rates = isinstance(table, ast.RatesFile)
        if rates and self.size > 1 and not rows.of_neurons:
            raise Wrong(
                "FILE006",
                node.path,
                f"`{node.path.value}` has one value in each row;"
                f" expected one for each of {self.size} neurons",
                "a table has a column `neuron` beside its values"
                if rows.head.form == "table"
                else "",
            )
        if rows.head.form == "array":
            count = self.array(node, rows, layer, rates)
        else:
            count = self.table(node, rows, layer, every)
        if rates:
            self.not_negative(table.value, node, rows)
        needed = 2 if isinstance(table, ast.TableDrive) and table.linear else 1
        if count < needed:
            raise Wrong(
                "FILE006",
                node.path,
                f"`{node.path.value}` has {count or 'no'} rows; expected {needed} at least",
            )
        return count

    def not_negative(self, value: ast.Expr, node: ast.DataExpr, rows: Rows) -> None:
        """Check rates as they are in the file, or scaled. If something is added to them, the run
        checks."""
        added = any(isinstance(n, ast.Binary | ast.Unary) and n.op in "+-" for n in ast.walk(value))
        if added or rows.values.size == 0 or not np.min(rows.values) < 0:
            return
        entry = int(np.argmin(rows.values))
        place = f"row {entry + 1} below the head"
        if rows.head.form == "array":
            place = f"[{', '.join(map(str, np.unravel_index(entry, rows.values.shape)))}]"
        raise Wrong(
            "FILE003",
            node.path,
            f"{place} of `{node.path.value}` is"
            f" {rows.values.ravel()[entry]:g}, and a rate cannot be negative",
        )

    def array(self, node: ast.DataExpr, rows: Rows, layer: Component, rates: bool) -> int:
        """Check an array. Images, which have two more axes, are flattened row by row."""
        shape, size = rows.values.shape, self.size
        if len(shape) == 1 or (len(shape) in (2, 3) and np.prod(shape[1:]) == size):
            return shape[0]
        name, swapped = node.path.value, len(shape) == 2 and shape[0] == size
        found = " × ".join(map(str, shape)) if shape else "one number"
        raise Wrong(
            "FILE006",
            node.path,
            f"`{name}` has the shape {found}; expected rows × {size}"
            + ("" if rates else ", or one value in each row"),
            "it has a row for each neuron: save its transpose, `x.T`"
            if swapped
            else f"a column for each neuron of `{layer.name}`",
        )

    def table(self, node: ast.DataExpr, rows: Rows, layer: Component, every: float | None) -> int:
        """The number of rows in time of each neuron (and block), which must be the same for all."""
        name, keys = node.path.value, rows.keys
        if "block" in keys and layer.scope == "shared":
            raise Wrong(
                "FILE008",
                node.path,
                f"`{name}` has a column `block`, but `{layer.name}` is shared by all blocks",
                "leave out its column `block`, or write `scope: block`",
            )
        sizes = {"block": self.blocks, "neuron": self.size}
        axes = [a for a in ("block", "neuron") if a in keys]
        for axis in axes:
            wrong = (keys[axis] < 0) | (keys[axis] >= sizes[axis])
            if np.any(wrong):
                entry = int(np.argmax(wrong))
                last = sizes[axis] - 1
                raise Wrong(
                    "FILE008",
                    node.path,
                    f"row {entry + 1} below the head of `{name}` names {axis}"
                    f" {keys[axis][entry]}, and there is no such {axis}"
                    + (f" of `{layer.name}`" if axis == "neuron" else ""),
                    f"there are 0 to {last}" if last else "there is 0 alone",
                )
        shape = tuple(sizes[a] for a in axes)
        series = np.zeros(len(rows.values), dtype=np.int64)
        if axes:
            series = np.ravel_multi_index([keys[a] for a in axes], shape)
        counts = np.bincount(series, minlength=int(np.prod(shape)))
        if len(set(counts.tolist())) > 1:
            most = int(np.argmax(counts == np.bincount(counts).argmax()))
            odd = int(np.argmax(counts != counts[most]))
            raise Wrong(
                "FILE007",
                node.path,
                f"`{name}` has {counts[odd] or 'no'} rows for"
                f" {_named(odd, axes, shape)} and {counts[most]} for {_named(most, axes, shape)}",
                "each must have a value for each time",
            )
        if "t" in keys and every is not None:
            self.times(node, keys["t"], series, every)
        return int(counts[0])

    def times(self, node: ast.DataExpr, t: np.ndarray, series: np.ndarray, every: float) -> None:
        """Check that the rows of each neuron are in time order, one for each `every`."""
        order = np.argsort(series, kind="stable")
        first = np.searchsorted(series[order], series[order])
        want = (np.arange(len(t)) - first) * every
        wrong = np.abs(t[order] - want) > 1e-6 * every
        if np.any(wrong):
            entry = int(np.min(order[wrong]))
            expected = want[int(np.flatnonzero(order == entry)[0])]
            raise Wrong(
                "FILE012",
                node.path,
                f"row {entry + 1} below the head of `{node.path.value}` is at"
                f" {t[entry]:g} s; expected {expected:g} s",
                f"the rows start at 0 s and are {every:g} s apart, in the order of time",
            )


# Labels -----------------------------------------------------------------------------------------


def read_labels(node: ast.DataExpr, files: Files) -> list[str]:
    """The label of each stimulus."""
    # Imports pyarrow, which specs without files do not need.
    from ..runtime.labels import label_text

    name = node.path.value
    if node.component is not None:
        raise Wrong("FILE002", node, "labels must come from a file, not from results")
    if name.lower().endswith(ENDINGS):
        _, array = array_named(node, read(node, files.arrays))
        if isinstance(array, Sparse) or array.ndim != 1 or array.dtype.kind not in "bui":
            raise Wrong(
                "FILE002",
                node.path,
                f"`{name}` has no labels: labels are whole numbers, one for each stimulus",
                "a table may have words",
            )
        return [label_text(cell) for cell in array.tolist()]
    table = read(node, files.table)
    heads = {str(head).strip(): head for head in table}
    wanted = node.column.value if node.column is not None else ""
    if not wanted and len(heads) == 1:
        wanted = next(iter(heads))
    if wanted not in heads:
        missing = f"`{name}` has no column `{wanted}`"
        several = f"`{name}` has {len(heads)} columns: {listed(heads)}"
        hint = did_you_mean(wanted, heads) if wanted else ""
        raise Wrong(
            "FILE005",
            node.column or node,
            missing if wanted else several,
            hint or "say which one has the labels: `column label`",
        )
    found = [label_text(cell) for cell in table[heads[wanted]]]
    if "" in found:
        raise Wrong(
            "FILE003",
            node.path,
            f"row {found.index('') + 1} below the head of `{name}`"
            f" has an empty cell in the column `{wanted}`",
            "each stimulus needs a label",
        )
    return found


def check_labels(node: ast.DataExpr, labels: list[str], rows: int | None, table: Timed) -> None:
    if rows is not None and len(labels) != rows:
        raise Wrong(
            "FILE006",
            node.path,
            f"`{node.path.value}` has {len(labels)} labels, and"
            f" `{table.sources[0].path.value}` {rows} rows",
            "each row is a stimulus and needs a label",
        )


def _named(number: int, axes: Sequence[str], shape: tuple[int, ...]) -> str:
    keys = dict(zip(axes, np.unravel_index(number, shape), strict=True))
    return " of ".join(f"{a} {keys[a]}" for a in ("neuron", "block") if a in keys)
