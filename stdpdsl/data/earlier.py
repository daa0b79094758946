"""Values as an earlier run left them, and which of its blocks each block of this run takes them
from.

The results describe themselves. Truncated, damaged or unfinished results, and those of another
program, are refused when they are opened (`stdpdsl/results`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..check.data import Head
from ..language import ast
from ..language.diagnostics import did_you_mean
from ..language.named_files import FROM_FOLDER
from ..language.units import lookup, parse_unit
from ..results.errors import ResultsError
from ..results.network import end_of, ends_of, size_of_layer, unit_of
from ..results.reader import Results
from .wrong import Wrong, listed

SWEPT = ("swept", "free", "derived")


def unusable(node: ast.DataExpr, problem: ResultsError) -> Wrong:
    """The error of a folder without results to start from; `problem` begins with its path."""
    reason = str(problem).partition(": ")[2]
    text = f"`{node.path.value}` contains no results to start from: {reason}"
    return Wrong("FILE009", node.path, text, FROM_FOLDER)


def spikes_of(node: ast.DataExpr, results: Results) -> Head:
    """How the spikes of a layer are stored."""
    component, there = _component(node, results)
    name = node.path.value
    if there.get("recorded") is not True or "spikes" not in results.tables:
        text = f"has not recorded the spikes of `{component}`"
        if "kept" in there:
            text = f"has recorded only a part of the spikes of `{component}`"
        raise Wrong(
            "FILE005", node.path, f"`{name}` {text}", f"record them there: `spikes of {component}`"
        )
    try:
        results.dataset("spikes")  # which tells whether it is complete
        size = size_of_layer(results, component)
        head = Head(
            "results",
            blocks=_sweep(results),
            count=int(results.metadata["blocks"]),
            shared=there.get("shared") is True,
            shape=(size or 0,),
        )
    except ResultsError as problem:
        raise unusable(node, problem) from None
    if head.shared and len(set(head.blocks.get("replicate", [0]))) > 1:
        raise _of_replicates(node)
    return head


def of_results(node: ast.DataExpr, results: Results) -> tuple[Head, Mapping[str, np.ndarray]]:
    """How the values are stored, and the columns `block`, `pre` and `post` or `neuron`, and `value`
    of all blocks. What exists once for all blocks has block 0."""
    component, there = _component(node, results)
    try:
        shared = there.get("shared") is True
        variable = _variable(node, results, component)
        read = _last_samples if node.is_layer else _weights
        rows = read(results, component, variable)
        shape = _shape(results, component, node.is_layer)
        if (most := int(np.max(rows.get("synapse_number", 0), initial=0))) > 0:
            shape = (*shape, most + 1)
    except ResultsError as problem:
        raise unusable(node, problem) from None
    if shared and len(set(rows.get("replicate", [0]))) > 1:
        raise _of_replicates(node)
    unit = unit_of(results, component, variable.removesuffix("_state"))
    head = Head(
        "results",
        "" if unit == "1" else _factors(unit),
        name=variable,
        blocks=_sweep(results),
        count=int(results.metadata["blocks"]),
        shared=shared,
        shape=shape,
    )
    return head, rows


def rates_of(node: ast.DataExpr, results: Results) -> tuple[Head, Mapping[str, np.ndarray]]:
    """How the samples of a layer are stored, and the columns `block`, `neuron`, `row` and `value`
    of all of them: for `rate`, the mean of its neurons, as neuron 0; or for a variable."""
    component, there = _component(node, results)
    if not node.is_layer:
        raise Wrong(
            "FILE005",
            node,
            f"rates must come from a layer, but `{component}` is a connection",
            f'write `from results "{node.path.value}" layer A`',
        )
    variable = "rate" if node.column is None else node.column.value
    try:
        found = _samples(results, component, variable)
        size = size_of_layer(results, component)
        sweep, end = _sweep(results), end_of(results)
    except ResultsError as problem:
        raise unusable(node, problem) from None
    before = found["t"] < end * (1 - 1e-9)  # without the state at the end
    found = {n: v[before] for n, v in found.items()}
    name, shared = node.path.value, there.get("shared") is True
    if not len(found["t"]):
        raise Wrong(
            "FILE005",
            node.column or node.path,
            f"`{name}` has not recorded `{variable}` of `{component}`",
            f"record it there: `{variable} of {component} every 10 ms`",
        )
    if shared and len(set(found.get("replicate", [0]))) > 1:
        raise _of_replicates(node)
    every = _regular(node, found, end)
    found["row"] = np.rint(found["t"] / every).astype(np.int64)
    unit = "hertz" if found["whole"].all() else unit_of(results, component, variable)
    shape = () if found["whole"].all() else (size or 0,)
    head = Head(
        "results",
        "" if unit == "1" else _factors(unit),
        name=variable,
        blocks=sweep,
        count=int(results.metadata["blocks"]),
        shared=shared,
        shape=shape,
        every=every,
        rows=int(found["row"].max()) + 1,
    )
    return head, found


def _regular(node: ast.DataExpr, found: Mapping[str, np.ndarray], end: float) -> float:
    """The time (s) between the samples of a neuron; the first sample is at 0 s."""
    order = np.lexsort((found["t"], found["neuron"], found["block"]))
    t, first = found["t"][order], np.ones(len(order), bool)
    first[1:] = np.logical_or(*(np.diff(found[n][order]) != 0 for n in ("neuron", "block")))
    steps = np.diff(t)[~first[1:]]
    every = float(steps[0]) if len(steps) else end
    if np.any(np.abs(t[first]) > 1e-6 * every) or np.any(np.abs(steps - every) > 1e-6 * every):
        raise Wrong(
            "FILE012",
            node.path,
            f"`{node.path.value}` did not record them at regular times from 0 s on",
            "in that run, record them once, without `from`, `to` and `in phase`: `rate of A"
            " every 10 ms`",
        )
    return every


def _of_replicates(node: ast.DataExpr) -> Wrong:
    assert node.component is not None
    return Wrong(
        "FILE010",
        node.path,
        f"`{node.component.value}` of `{node.path.value}` differs between"
        " replicates, and is shared by the blocks of each",
        "run it without replicates",
    )


def _component(node: ast.DataExpr, results: Results) -> tuple[str, dict[str, Any]]:
    """The layer's or connection's name, and its metadata."""
    assert node.component is not None
    name, component = node.path.value, node.component.value
    network = results.metadata.get("network")
    if not isinstance(network, dict):
        raise Wrong(
            "FILE009",
            node.path,
            f"`{name}` does not describe its network",
            "it is from an older version: run its spec again",
        )
    kind = "layer" if node.is_layer else "connection"
    there = network.get(f"{kind}s")
    if not isinstance(there, dict) or component not in there:
        names = list(there) if isinstance(there, dict) else []
        raise Wrong(
            "FILE005",
            node.component,
            f"`{name}` has no {kind} `{component}`",
            did_you_mean(component, names) or f"it has: {listed(names) or 'none'}",
        )
    said = there[component]
    return component, said if isinstance(said, dict) else {}


def _variable(node: ast.DataExpr, results: Results, component: str) -> str:
    """The column of `weights`, or the recorded variable of a layer."""
    units = results.metadata["network"].get("units")
    start = f"{component}."
    known = [n.removeprefix(start) for n in units if n.startswith(start)] if units else []
    name = node.path.value
    if node.column is None:
        if not node.is_layer and "w" in known:
            return "w"
        if len(known) == 1:
            return known[0]
        raise Wrong(
            "FILE005",
            node,
            f"`{component}` of `{name}` has {len(known) or 'no'} variables"
            + (f": {listed(known)}" if known else ""),
            f"say which one: `column {known[0]}`"
            if known
            else "record it there: `v of A every 1 s`",
        )
    wanted = node.column.value
    if wanted not in known and wanted.removesuffix("_state") not in known:
        help = did_you_mean(wanted, known)
        if node.is_layer:
            help = help or f"record it there: `{wanted} of {component} every 1 s`"
            raise Wrong(
                "FILE005",
                node.column,
                f"`{name}` has not recorded `{wanted}` of `{component}`",
                help,
            )
        raise Wrong(
            "FILE005",
            node.column,
            f"`{component}` of `{name}` has no variable `{wanted}`",
            help or f"it has: {listed(known) or 'none'}",
        )
    return wanted


def _weights(results: Results, connection: str, variable: str) -> dict[str, np.ndarray]:
    import pyarrow.dataset as ds

    if "weights" not in results.tables or variable not in results.columns("weights"):
        raise ResultsError(f"{results.folder}: has saved no {variable} of {connection}")
    columns = ["block", "pre", "post", variable]
    columns += [n for n in ("synapse_number",) if n in results.columns("weights") and n != variable]
    table = results.table(
        "weights",
        _with_replicate(results, "weights", columns),
        ds.field("connection") == connection,
    )
    return _columns(table, variable)


def _last_samples(results: Results, layer: str, variable: str) -> dict[str, np.ndarray]:
    """From the recordings of a layer, the last sample of each neuron: the state at the end."""
    found = _samples(results, layer, variable)
    replicate = found.get("replicate", np.zeros(len(found["t"])))
    order = np.lexsort((found["t"], found["neuron"], found["block"], replicate))
    rows = {n: v[order] for n, v in found.items()}
    same = [rows[n][1:] == rows[n][:-1] for n in ("neuron", "block", "replicate") if n in rows]
    last = np.append(~np.logical_and.reduce(same), True) if len(order) else np.zeros(0, bool)
    return {n: v[last] for n, v in rows.items()}


def _samples(results: Results, layer: str, variable: str) -> dict[str, np.ndarray]:
    """The recordings of a layer; `whole` if they belong to the layer and not to single neurons."""
    import pyarrow.dataset as ds

    if "trajectories" not in results.tables or "layer" not in results.columns("trajectories"):
        raise ResultsError(f"{results.folder}: has recorded no layer")
    condition = (ds.field("layer") == layer) & (ds.field("variable") == variable)
    names = _with_replicate(results, "trajectories", ["block", "neuron", "value", "t"])
    table = results.table("trajectories", names, condition)
    return {**_columns(table, "value"), "whole": np.isnan(table["neuron"].to_numpy())}


def _with_replicate(results: Results, table: str, columns: list[str]) -> list[str]:
    return [*columns, *(["replicate"] if "replicate" in results.columns(table) else [])]


def _columns(table: Any, value: str) -> dict[str, np.ndarray]:
    found = {}
    for name in table.column_names:
        array = np.asarray(table[name].to_numpy(), dtype=float)
        whole = name in ("block", "pre", "post", "synapse_number", "neuron", "replicate")
        key = "value" if name == value else name
        found[key] = np.nan_to_num(array).astype(np.int64) if whole else array
    return found


def _shape(results: Results, component: str, is_layer: bool) -> tuple[int, ...]:
    layers = (component,) if is_layer else ends_of(results, component)
    sizes = [size_of_layer(results, layer) for layer in layers]
    if None in sizes:
        raise ResultsError(f"{results.folder}: does not say how large its layers are")
    return tuple(int(size) for size in sizes if size is not None)


def _factors(unit: str) -> str:
    """A unit as in table headers, or nothing if it is not a unit."""
    try:
        return unit if all(lookup(name) for name, _ in parse_unit(unit.replace("1/", "/"))) else ""
    except KeyError:
        return ""


def _sweep(results: Results) -> dict[str, np.ndarray]:
    """The columns of its sweep, one value per block, and the status of each block."""
    kinds = results.described("blocks")
    names = [n for n, said in kinds.items() if said.get("kind") == "swept" or n == "replicate"]
    table = results.table("blocks", ["block", "status", *names])
    blocks = table["block"].to_numpy()
    _, first = np.unique(blocks, return_index=True)  # of several phases
    return {
        n: np.asarray(table[n].to_pylist(), dtype=object if n == "status" else None)[first]
        for n in ("status", *names)
    }


# Which block from which -------------------------------------------------------------------------


def counterparts(
    node: ast.DataExpr, head: Head, columns: Mapping[str, np.ndarray], rows: int
) -> np.ndarray:
    """For each of the `rows` blocks of this run, the block of the earlier results that it takes its
    values from: the given one, the only one, or the one with the same values in the sweep columns
    that both have."""
    name = node.path.value
    if node.block is not None:
        chosen = node.block.value
        if not isinstance(chosen, int) or not 0 <= chosen < head.count:
            last = f"it has 0 to {head.count - 1}" if head.count > 1 else "it has block 0 alone"
            raise Wrong("FILE010", node.block, f"`{name}` has no block {chosen}", last)
        return _good(node, head, np.full(rows, chosen))
    if head.shared or head.count == 1:
        return _good(node, head, np.zeros(rows, dtype=np.int64))
    common = [n for n in head.blocks if n in columns and n != "status"]
    own = [n for n in head.blocks if n not in columns and n != "status"]
    places: dict[tuple, list[int]] = {}
    for block, key in enumerate(_rows(head.blocks, common, head.count)):
        places.setdefault(key, []).append(block)
    found = np.empty(rows, dtype=np.int64)
    for block, key in enumerate(_rows(columns, common, rows)):
        there = places.get(key, [])
        if len(there) == 1:
            found[block] = there[0]
            continue
        values = ", ".join(f"{n} = {v}" for n, v in zip(common, key, strict=True))
        where = f"block {block}" + (f" ({values})" if values else "")
        if not there:
            raise Wrong(
                "FILE010",
                node,
                f"{where} has no counterpart in `{name}`: no block there"
                f" has the same {listed(common)}",
                "sweep the same values, or say from which block: `block 0`",
            )
        more = ", ".join(map(str, there[:6])) + ("" if len(there) < 7 else ", …")
        raise Wrong(
            "FILE010",
            node,
            f"{where} has {len(there)} counterparts in `{name}`: its blocks {more}",
            f"they differ in {listed(own)}: sweep that here too, or say from which block:"
            f" `block {there[0]}`",
        )
    return _good(node, head, found)


def _rows(columns: Mapping[str, np.ndarray], names: list[str], rows: int) -> list[tuple]:
    if not names:
        return [()] * rows
    return list(zip(*(np.asarray(columns[n]).tolist() for n in names), strict=True))


def _good(node: ast.DataExpr, head: Head, blocks: np.ndarray) -> np.ndarray:
    """The blocks, if the run of each was good."""
    for block in np.unique(blocks).tolist():
        status = head.blocks["status"][block]
        if status not in ("ok", "stable"):
            raise Wrong(
                "FILE009",
                node.path,
                f"block {block} of `{node.path.value}` has the status {status}",
                "correct its spec and run it again",
            )
    return blocks
