"""The network in the metadata, and the rows of one block in any table."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..language.units import lookup
from .dataset import Dataset
from .errors import ResultsError

_FACTOR = r"[a-z]+(\*\*\d+(\.\d+)?)?"
_UNIT = re.compile(rf"(1|{_FACTOR})([*/]{_FACTOR})*")
_NAME = re.compile("[a-z]+")


def size_of_layer(results: Dataset, layer: str) -> int | None:
    """The number of neurons of a layer in each block, if the metadata have it."""
    size = _said(results, "layers", layer).get("size")
    return size if type(size) is int and 0 <= size < 2**53 else None


def partly_recorded(results: Dataset, layer: str) -> dict[str, Any] | None:
    """Which part of a layer's spikes was recorded: `neurons` (the first, and the one after the
    last), `blocks`, `start` and `stop` (s), `phases`. None if all spikes were recorded, or
    none.
    """
    kept = _said(results, "layers", layer).get("kept")
    if not isinstance(kept, dict):
        return None
    # Metadata from others may have anything here.
    items = {"neurons": int, "blocks": int, "phases": str}
    lists = {
        name: kept[name]
        for name, kind in items.items()
        if isinstance(kept.get(name), list) and all(type(x) is kind for x in kept[name])
    }
    times = {n: kept[n] for n in ("start", "stop") if type(kept.get(n)) in (int, float)}
    return {**lists, **times}


def when_recorded(results: Dataset, layer: str) -> list[tuple[float, float]]:
    """The start and stop times (s) between which the spikes of a layer were recorded."""
    kept = partly_recorded(results, layer) or {}
    whole = [(0.0, end_of(results))]
    if names := kept.get("phases"):  # names as in the spec; phases that repeat are numbered
        whole = [
            (start, stop)
            for name, start, stop in phases_of(results)
            if name in names or name.rpartition(" ")[0] in names
        ]
    first, last = float(kept.get("start") or 0.0), float(kept.get("stop") or np.inf)
    cut = [(max(start, first), min(stop, last)) for start, stop in whole]
    return [(start, stop) for start, stop in cut if start < stop]


def recorded_layers(results: Dataset) -> list[str]:
    """The layers whose spikes were all recorded."""
    layers = results.metadata.get("network", {}).get("layers")
    if not isinstance(layers, dict):
        return []
    return [name for name in layers if _said(results, "layers", name).get("recorded") is True]


def ends_of(results: Dataset, connection: str) -> tuple[str, str]:
    """The source and target layers of a connection."""
    said = _said(results, "connections", connection)
    pre, post = said.get("pre"), said.get("post")
    if not (isinstance(pre, str) and isinstance(post, str)):
        raise ResultsError(
            f"{results.folder}: does not say which layers {connection} connects; run its spec again"
        )
    return pre, post


def unit_of(results: Dataset, component: str, variable: str) -> str:
    """Brian2's name of the unit of a recorded or saved variable; 1 if it has none or it is
    unknown.
    """
    found = _said(results, "units", f"{component}.{variable}")
    # The file may come from others, and the package quantities evaluates the text that it gets.
    known = isinstance(found, str) and len(found) < 200 and _UNIT.fullmatch(found)
    return found if known and all(map(lookup, _NAME.findall(found))) else "1"


def _said(results: Dataset, part: str, name: str) -> Any:
    """An entry of the metadata's `network`, which may come from others."""
    entries = results.metadata.get("network", {}).get(part)
    found = entries.get(name) if isinstance(entries, dict) else None
    return found if isinstance(found, dict | str) else {}


def phases_of(results: Dataset) -> list[tuple[str, float, float]]:
    """The name, start and stop (s) of each phase, if there are several."""
    found = []
    for phase in results.metadata.get("phases", ()):
        name, start, stop = (phase.get(key) for key in ("name", "start", "stop"))
        if isinstance(name, str) and all(isinstance(x, int | float) for x in (start, stop)):
            found.append((name, float(start), float(stop)))
    return found if len(found) > 1 else []


def end_of(results: Dataset) -> float:
    """The time (s) that the run reached."""
    return float(results.metadata.get("time_reached") or 0.0)


def blocks_of(results: Dataset) -> list[int]:
    """The numbers of all blocks."""
    numbers = results.table("blocks", ["block"])["block"].to_numpy(zero_copy_only=False)
    return [int(number) for number in np.unique(numbers)]


def replicate_of(results: Dataset, block: int) -> int | None:
    """The replicate of a block, if there are replicates. ResultsError if there is no such block."""
    import pyarrow.dataset as ds

    columns = ["block", *({"replicate"} & set(results.columns("blocks")))]
    rows = results.table("blocks", columns, ds.field("block") == block).to_pylist()
    if not rows:
        numbers = blocks_of(results)
        there = f"blocks run from {numbers[0]} to {numbers[-1]}" if numbers else "there are none"
        raise ResultsError(f"{results.folder}: there is no block {block}; {there}")
    return rows[0].get("replicate")


def rows_of_block(results: Dataset, table: str, block: int, condition: Any = None) -> Any:
    """The rows of a table that belong to a block or are shared by all blocks, as a
    `pyarrow.Table`.
    """
    import pyarrow.dataset as ds

    replicate = replicate_of(results, block)
    shared = ds.field("block").is_null()
    if replicate is not None and "replicate" in results.columns(table):
        own = ds.field("replicate")
        shared &= (own == replicate) | own.is_null()
    rows = (ds.field("block") == block) | shared
    return results.table(table, None, rows if condition is None else rows & condition)
