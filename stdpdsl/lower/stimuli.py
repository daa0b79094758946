"""Tables whose rows drive a layer one after another: see stdpdsl/runtime/stimuli.py."""

from __future__ import annotations

from ..check.data import Head, Timed, labelled
from ..check.files import split_head
from ..check.measures import shown
from ..check.symbols import Component
from ..ir import Table
from ..language import ast
from .values import Values


def table_of(values: Values, layer: Component, drive: ast.TableDrive, size: int) -> Table:
    node = drive.sources[0]
    head = values.checked.data[node]
    of_neurons = "neuron" in head.keys or len(head.shape) > 1
    each = head.by_block or values.varies(drive.value, None)
    columns = size if of_neurons else 1
    if head.by_block:
        columns *= values.table.rows
    code = rows_code(node, head, columns)
    if each and of_neurons:
        code += f"[:, i + {size}*(copy + x.first)]" if head.by_block else "[:, i]"
    elif head.by_block:
        code += "[:, copy + x.first]"
    shown = values.code(drive.value, None, index="copy", files={node: code})
    every = values.number(drive.every, 0.0)
    column = "i" if each else f"i % {size}" if of_neurons else "0"
    return Table(
        variable=drive.variable.id,
        layer=layer.name,
        code=shown,
        every=every,
        linear=drive.linear,
        repeat=drive.repeat,
        column=column,
    )


def presented(values: Values) -> str:
    """Code for what is presented when in each replicate, for the measures of responses; empty
    unless exactly one thing presents it."""
    found = shown(values.symbols)
    if isinstance(found, ast.Sound):
        return (
            f"[sounds[{found.name.id!r}, replicate].presentations"
            " for replicate in x.replicate_of_copy.tolist()]"
        )
    table = None if found is None else labelled(found)
    if found is None or table is None:
        return ""
    size = int(values.number(found.size, 1))
    rows, node = f"len({table_code(values, table, size)})", found.labels
    every = values.number(table.every, 0.0)
    more = ""
    if isinstance(table, ast.RatesFile) and table.gap is not None:
        more += f", gap={values.number(table.gap, 0.0)!r}"
    more += ", repeat=True" if table.repeat else ""
    if node is not None:
        name = f", {node.column.value!r}" if node.column is not None else ""
        more += f", labels=labels_from(x.file({node.path.value!r}), {rows}{name})"
    return f"[shown_rows(x, {rows}, {every!r}{more})] * len(x.replicate_of_copy)"


def table_code(values: Values, table: Timed, size: int) -> str:
    """A call that reads the rows of a table."""
    node = table.sources[0]
    head = values.checked.data[node]
    columns = size if "neuron" in head.keys or len(head.shape) > 1 else 1
    columns *= values.table.rows if head.by_block else 1
    return rows_code(node, head, columns, "stored_rows")


def rows_code(node: ast.DataExpr, head: Head, columns: int, of_arrays: str = "array_rows") -> str:
    """A call that reads the rows of a file with a number of columns."""
    path = f"x.file({node.path.value!r})"
    if head.form == "array":
        return f"{of_arrays}({path}, {columns}{f', {head.name!r}' if head.name else ''})"
    name = split_head(head.name or "")[0]
    power = f", power={head.power}" if head.unit else ""
    keys = "".join(f", {key}={head.keys[key]!r}" for key in ("neuron", "block") if key in head.keys)
    return f"table_rows({path}, {columns}, {name!r}{power}{keys})"
