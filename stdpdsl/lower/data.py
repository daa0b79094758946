"""Values from files, as calls of the functions in stdpdsl/runtime/values.py."""

from __future__ import annotations

from collections.abc import Mapping

from ..check.data import Head
from ..check.files import split_head
from ..check.symbols import Component
from ..language import ast


def data_code(node: ast.DataExpr, head: Head, component: Component, shape: tuple[int, ...]) -> str:
    """One value for each neuron of a layer, or for each synapse of a connection. `shape` has the
    sizes of its axes."""
    path = f"x.file({node.path.value!r})"
    of_pairs = component.kind == "connection"
    index = {"pre": "edges.i", "post": "edges.j"} if of_pairs else {"neuron": "i"}
    if len(shape) > 2 or "synapse_number" in head.keys:
        index["synapse_number"] = "edges.number"
    if head.by_block:
        index["block"] = ("edges.copy" if of_pairs else "copy") + " + x.first"
    if not head.number:
        return read_code(head, path, index, shape)
    number = f"row[{head.number!r}][{'edges.copy' if of_pairs else 'copy'}]"
    read = read_code(head, "path", {key: key for key in index}, shape)
    return (
        f"from_each({path}, {head.number!r}, {number}, lambda path, {', '.join(index)}: {read},"
        f" {', '.join(index.values())})"
    )


def read_code(head: Head, path: str, index: Mapping[str, str], shape: tuple[int, ...]) -> str:
    """Code that reads a file. `path` and `index` are code for its name, and for the numbers that
    tell what each value belongs to."""
    places = ", ".join(index.values())
    if head.form == "array":
        name = f", name={head.name!r}" if head.name else ""
        return f"array_from({path}, {shape}, {places}{name})"
    if head.form == "sparse":
        return f"sparse_from({path}, {shape}, {places})"
    asked = ", ".join(f"({head.keys[k]!r}, {index[k]})" for k in head.keys)
    column = split_head(head.name or "")[0]
    power = f", {head.power}" if head.unit else ""
    if not asked:  # the rows are the neurons, in order
        return f"column_from({path}, {column!r}{power})[{places}]"
    return f"entries_from({path}, {column!r}, [{asked}]{power})"


def earlier_code(node: ast.DataExpr, head: Head, component: Component, blocks: list[int]) -> str:
    """The same from the results of an earlier run; `blocks` are the earlier blocks from which the
    blocks of this run take their values."""
    assert node.component is not None
    of_pairs = component.kind == "connection"
    block = ("edges.copy" if of_pairs else "copy") + " + x.first"
    if head.shared or len(set(blocks)) == 1:
        block = "0" if head.shared else repr(blocks[0])
    elif blocks != list(range(len(blocks))):
        block = f"np.array({blocks})[{block}]"
    function, index = ("synapses_from", "edges.i, edges.j") if of_pairs else ("neurons_from", "i")
    index += ", edges.number" if len(head.shape) > 2 else ""
    return (
        f"{function}(x.file({node.path.value!r}), {node.component.value!r}, {head.name!r},"
        f" {block}, {index})"
    )
