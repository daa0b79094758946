"""Spikes, trajectories and weights as Neo objects, for Elephant, Viziphant and other programs
that read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..runtime.results import columns_always
from .axes import sweep_columns
from .dataset import Dataset
from .edges import PLACE, connections_in, edges_of
from .errors import ResultsError, require
from .network import blocks_of, end_of, phases_of, replicate_of, rows_of_block, unit_of
from .signals import Signal, signals_of
from .table import Table


def results_to_neo(results: Dataset, blocks: Sequence[int] | None = None) -> Any:
    """A `neo.Block` with a `neo.Segment` for each block (all, or those of `blocks`), which carries
    the parameters of its block as annotations. Each segment contains, as far as recorded:

    * a `neo.SpikeTrain` (s) for each neuron that spiked, with its `layer` and `neuron`;
    * a `neo.AnalogSignal` for each recorded variable of a layer or connection, or, if its samples
      are not evenly spaced, a `neo.IrregularlySampledSignal`, with the number of each channel's
      `neuron`, or `pre` and `post`, as array annotations;
    * the weights of each connection at the start and at the end of the run;
    * a `neo.Epoch` of the phases, if there are several.

    Data that blocks share are in each segment. ResultsError if there is no such block.
    """
    neo = require("neo")
    found = neo.Block(name=results.metadata.get("model", ""))
    for block in blocks_of(results) if blocks is None else blocks:
        notes = _notes(results, block)
        segment = neo.Segment(name=f"block {block}", block=block, **notes)
        if "spikes" in results.tables:
            rows = rows_of_block(results, "spikes", block)
            columns = {n: rows[n].to_numpy(zero_copy_only=False) for n in rows.column_names}
            _add_trains(neo, segment, columns, end_of(results))
        if "trajectories" in results.tables:
            for signal in signals_of(results, rows_of_block(results, "trajectories", block)):
                _add_signal(neo, segment, signal)
        for connection in connections_in(results):
            _add_weights(neo, segment, results, connection, block)
        phases = phases_of(results)
        if phases:
            names, starts, stops = zip(*phases, strict=True)
            segment.epochs.append(
                neo.Epoch(
                    times=starts,
                    durations=np.subtract(stops, starts),
                    units="s",
                    labels=np.array(names),
                    name="phases",
                )
            )
        found.segments.append(segment)
    return found


def to_neo(table: Table) -> Any:
    """A table of spikes or trajectories, or a selection of its rows, as a `neo.Block`: a
    `neo.Segment` for each block, and one for shared data. For the content of a segment, see
    `results_to_neo`. `t_stop` of spike trains is the end of the run.
    """
    neo = require("neo")
    if table.name not in ("spikes", "trajectories"):
        raise ResultsError(
            f"{table.name}: only spikes and trajectories can be put into Neo; use to_pandas()"
        )
    needed = columns_always(table.name)
    lost = [name for name in needed if name not in table.columns]
    if lost:
        raise ResultsError(f"{table.name} without {', '.join(lost)} cannot be put into Neo")
    rows = table.to_arrow()
    columns = {n: rows[n].to_numpy(zero_copy_only=False) for n in rows.column_names}
    found = neo.Block(name=table.results.metadata.get("model", ""))
    sweep = [name for name in sweep_columns(table.results) if name in columns]
    nothing = np.full(len(columns["t"]), np.nan)
    keys = (columns["block"], columns.get("replicate", nothing))
    copies, copy = np.unique(
        np.stack([np.nan_to_num(key.astype(float), nan=-1.0) for key in keys]),
        axis=1,
        return_inverse=True,
    )
    for k, number in enumerate(copies[0].astype(int).tolist()):
        mine = np.flatnonzero(copy.ravel() == k)
        notes = {n: columns[n][mine[0]] for n in sweep}
        notes = {n: v.item() if hasattr(v, "item") else v for n, v in notes.items()}
        name = f"block {number}" if number >= 0 else "shared"
        segment = neo.Segment(name=name, block=number if number >= 0 else None, **notes)
        if table.name == "spikes":
            _add_trains(neo, segment, {n: columns[n][mine] for n in needed}, end_of(table.results))
        else:
            for signal in signals_of(table.results, rows.take(mine)):
                _add_signal(neo, segment, signal)
        found.segments.append(segment)
    return found


def quantity_of(unit: str) -> str:
    """The unit under its name in the package quantities."""
    return "dimensionless" if unit == "1" else unit


def _notes(results: Dataset, block: int) -> dict[str, Any]:
    """The values of the sweep's columns in a block."""
    import pyarrow.dataset as ds

    sweep = list(sweep_columns(results))
    replicate_of(results, block)  # raises ResultsError if there is no such block
    rows = results.table("blocks", ["block", *sweep], ds.field("block") == block)
    return {name: rows[name][0].as_py() for name in sweep}


def _add_trains(neo: Any, segment: Any, columns: dict[str, np.ndarray], end: float) -> None:
    layer, neuron, t = (columns[n] for n in ("layer", "neuron", "t"))
    if not len(t):
        return
    order = np.lexsort((t, neuron, layer.astype(str)))
    layer, neuron, t = layer[order], neuron[order], t[order]
    new = np.flatnonzero((neuron[1:] != neuron[:-1]) | (layer[1:] != layer[:-1])) + 1
    for start, stop in zip([0, *new], [*new, len(t)], strict=True):
        segment.spiketrains.append(
            neo.SpikeTrain(
                t[start:stop],
                units="s",
                t_stop=max(end, t[stop - 1]),
                name=f"{layer[start]} {neuron[start]}",
                layer=str(layer[start]),
                neuron=int(neuron[start]),
            )
        )


def _add_signal(neo: Any, segment: Any, signal: Signal) -> None:
    said = {
        "units": quantity_of(signal.unit),
        "name": signal.name,
        "variable": signal.variable,
        "component": signal.component,
        "array_annotations": signal.elements,
    }
    every = signal.every
    if every is None:
        made = neo.IrregularlySampledSignal(signal.t, signal.values, time_units="s", **said)
        segment.irregularlysampledsignals.append(made)
    else:
        quantities = require("quantities")
        made = neo.AnalogSignal(
            signal.values,
            t_start=signal.t[0] * quantities.s,
            sampling_period=every * quantities.s,
            **said,
        )
        segment.analogsignals.append(made)


def _add_weights(neo: Any, segment: Any, results: Dataset, connection: str, block: int) -> None:
    """The weights at the start and at the end, a channel for each synapse."""
    edges = edges_of(results, connection, block)
    if "w_initial" not in edges or "w" not in edges or not len(edges):
        return
    segment.irregularlysampledsignals.append(
        neo.IrregularlySampledSignal(
            [0.0, end_of(results)],
            edges[["w_initial", "w"]].to_numpy().T,
            time_units="s",
            units=quantity_of(unit_of(results, connection, "w")),
            name=f"{connection} weights at start and end",
            component=connection,
            variable="w",
            array_annotations={n: edges[n].to_numpy() for n in (*PLACE, "delay") if n in edges},
        )
    )
