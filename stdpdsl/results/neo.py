"""Spikes as Neo objects, for Elephant, Viziphant and whatever else reads them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .reader import ResultsError, Table, require


def to_neo(table: Table) -> Any:
    """A `neo.Block` with a `neo.Segment` for each block, which carries the block's parameters as
    annotations, and one for what exists once; in it a `neo.SpikeTrain` (s) for each neuron that
    spiked, with its `layer` and `neuron`. `t_stop` is the end of the run."""
    from .axes import sweep_columns

    neo = require("neo")
    if table.name != "spikes":
        raise ResultsError(f"{table.name} are no spikes; take to_pandas()")
    needed = ("layer", "block", "neuron", "t")
    lost = [name for name in needed if name not in table.columns]
    if lost:
        raise ResultsError(f"spikes without {', '.join(lost)} make no spike trains")
    rows = table.to_arrow()
    columns = {n: rows[n].to_numpy(zero_copy_only=False) for n in rows.column_names}
    end = float(table.results.metadata.get("time_reached") or 0.0)
    found = neo.Block(name=table.results.metadata.get("model", ""))
    sweep = [name for name in sweep_columns(table.results) if name in columns]
    nothing = np.full(len(columns["t"]), np.nan)
    keys = (columns["block"], columns.get("replicate", nothing))
    copies, copy = np.unique(
        np.stack([np.nan_to_num(key.astype(float), nan=-1.0) for key in keys]),
        axis=1, return_inverse=True,
    )  # fmt: skip
    for k, number in enumerate(copies[0].astype(int).tolist()):
        mine = np.flatnonzero(copy.ravel() == k)
        notes = {n: columns[n][mine[0]] for n in sweep}
        notes = {n: v.item() if hasattr(v, "item") else v for n, v in notes.items()}
        name = f"block {number}" if number >= 0 else "shared"
        segment = neo.Segment(name=name, block=number if number >= 0 else None, **notes)
        layer, neuron, t = (columns[n][mine] for n in ("layer", "neuron", "t"))
        order = np.lexsort((t, neuron, layer.astype(str)))
        layer, neuron, t = layer[order], neuron[order], t[order]
        new = np.flatnonzero((neuron[1:] != neuron[:-1]) | (layer[1:] != layer[:-1])) + 1
        for start, stop in zip([0, *new], [*new, len(t)], strict=True):
            segment.spiketrains.append(neo.SpikeTrain(
                t[start:stop], units="s", t_stop=max(end, t[stop - 1]),
                name=f"{layer[start]} {neuron[start]}", layer=str(layer[start]),
                neuron=int(neuron[start]),
            ))  # fmt: skip
        found.segments.append(segment)
    return found
