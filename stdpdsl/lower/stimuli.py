"""Tables whose rows drive a layer one after another: see stdpdsl/runtime/stimuli.py."""

from __future__ import annotations

from ..check.data import Head
from ..check.files import split_head
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
    return Table(drive.variable.id, layer.name, shown, every, drive.linear, drive.repeat, column)


def rows_code(node: ast.DataExpr, head: Head, columns: int) -> str:
    """A call that reads the rows of a file, with so many columns."""
    path = f"x.file({node.path.value!r})"
    if head.form == "array":
        return f"array_rows({path}, {columns}{f', {head.name!r}' if head.name else ''})"
    name = split_head(head.name or "")[0]
    power = f", power={head.power}" if head.unit else ""
    keys = "".join(f", {key}={head.keys[key]!r}" for key in ("neuron", "block") if key in head.keys)
    return f"table_rows({path}, {columns}, {name!r}{power}{keys})"
