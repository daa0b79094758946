"""One block as a file of Neurodata Without Borders (NWB 2), written by pynwb."""

from __future__ import annotations

import datetime
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ..outputs import NotReplaced
from .dataset import Dataset
from .edges import connections_in, edges_of
from .errors import require
from .network import (
    phases_of,
    recorded_layers,
    replicate_of,
    rows_of_block,
    size_of_layer,
    when_recorded,
)
from .signals import signals_of

MODULE = "simulation"


def write_nwb(results: Dataset, path: Path, block: int) -> None:
    """Write a block, with the data that it shares with others, into a new file:

    * `units`: each neuron whose spikes were recorded (also the silent ones), with its `layer` and
      `neuron`, and its spike times (s);
    * `acquisition`: each recorded variable as a `TimeSeries`, with a column per element. The table
      `NAME elements` in the module `simulation` says which element each column is;
    * `simulation` also has the synapses of each connection at the end, the parameters and the
      measures of the block, as tables, with units in the columns' descriptions;
    * `intervals/epochs`: the phases, if there are several.

    Time 0 is the start of the run; `session_start_time` is when the results were written.
    ResultsError if there is no such block, NotReplaced if the file exists, OSError.
    """
    pynwb = require("pynwb")
    if os.path.lexists(path):
        raise NotReplaced(f"{path}: error: exists already; give another name, or delete it first")
    file = _file(pynwb, results, block)
    # Write a temporary file beside the target, and rename it when it is complete.
    number, coming = tempfile.mkstemp(dir=path.resolve().parent, prefix=".stdpdsl-", suffix=".nwb")
    os.close(number)
    try:
        with pynwb.NWBHDF5IO(coming, "w") as io:
            io.write(file)
        mask = os.umask(0o077)
        os.umask(mask)
        os.chmod(coming, 0o666 & ~mask)
        os.link(coming, path)  # fails if somebody has written the file in the meantime
    finally:
        with suppress(OSError):
            os.unlink(coming)


def _file(pynwb: Any, results: Dataset, block: int) -> Any:
    said = results.metadata
    replicate_of(results, block)  # there is such a block
    model = str(said.get("model") or "model")
    written = (results.folder / "metadata.json").stat().st_mtime
    file = pynwb.NWBFile(
        session_description=f"block {block} of a simulation of the model {model} by stdpdsl",
        identifier=f"{said.get('hash', '')} seed {said.get('seed', '')} block {block}",
        session_start_time=datetime.datetime.fromtimestamp(int(written), datetime.UTC),
        session_id=f"block-{block}",
        experiment_description=f"the model {model}, run as source_script says",
        source_script=results.spec or None,
        source_script_file_name="spec.stdp" if results.spec else None,
        keywords=["simulation", "synaptic plasticity"],
    )
    module = file.create_processing_module(
        MODULE, "Synapses, parameters and measures of a simulated network"
    )
    if "spikes" in results.tables:
        _add_units(pynwb, file, results, block)
    if "trajectories" in results.tables:
        _add_series(pynwb, file, module, results, block)
    for connection in connections_in(results):
        edges = edges_of(results, connection, block)
        units = edges.attrs["units"]
        if len(edges):
            module.add(
                _table(
                    pynwb,
                    f"{connection} synapses",
                    f"Synapses of {connection} at the end of the run",
                    {
                        n: (edges[n].to_numpy(), _with_unit(WORDS.get(n, n), units[n]))
                        for n in edges
                    },
                )
            )
    for table in ("parameters", "blocks"):
        if table in results.tables:
            rows = rows_of_block(results, table, block)
            described = results.described(table)
            columns = {
                name: (
                    _values(rows[name]),
                    _with_unit(
                        described[name].get("description", name), described[name].get("unit", "1")
                    ),
                )
                for name in rows.column_names
                if name != "block" and rows[name].null_count < rows.num_rows
            }
            called = "parameters" if table == "parameters" else "measures"
            words = f"The {called} of block {block}, a row per phase where they differ"
            if columns:
                module.add(_table(pynwb, called, words, columns))
    for name, start, stop in phases_of(results):
        file.add_epoch(start_time=start, stop_time=stop, tags=[name])
    return file


WORDS = {
    "pre": "number of the presynaptic neuron",
    "post": "number of the postsynaptic neuron",
    "synapse_number": "number of the synapse among the synapses of its pair",
    "delay": "delay",
    "w_initial": "weight at the start",
    "w": "weight at the end",
}


def _add_units(pynwb: Any, file: Any, results: Dataset, block: int) -> None:
    """All neurons of the layers that were recorded."""
    rows = rows_of_block(results, "spikes", block).to_pandas()
    spikes = {
        key: np.sort(found["t"].to_numpy()) for key, found in rows.groupby(["layer", "neuron"])
    }
    neurons = set(spikes)
    for layer in recorded_layers(results):
        size = size_of_layer(results, layer) or 0
        if size <= MOST_SILENT:
            neurons |= {(layer, neuron) for neuron in range(size)}
    if not neurons:
        return
    file.units = pynwb.misc.Units(
        name="units",
        description="Neurons whose spikes were recorded",
        resolution=float(results.metadata.get("dt") or -1.0),
    )
    file.add_unit_column("layer", "name of the layer")
    file.add_unit_column("neuron", "number of the neuron in its layer")
    observed = {layer: when_recorded(results, layer) for layer, _ in neurons}
    for layer, neuron in sorted(neurons):
        file.add_unit(
            spike_times=spikes.get((layer, neuron), np.zeros(0)),
            obs_intervals=observed[layer],
            layer=layer,
            neuron=neuron,
        )


MOST_SILENT = 1_000_000
"""If a layer has more neurons than this, those without spikes are left out, because metadata
from others may give any number.
"""


def _add_series(pynwb: Any, file: Any, module: Any, results: Dataset, block: int) -> None:
    seen: dict[str, int] = {}
    for signal in signals_of(results, rows_of_block(results, "trajectories", block)):
        number = seen[signal.name] = seen.get(signal.name, 0) + 1
        name = signal.name if number == 1 else f"{signal.name} {number}"
        name = name.replace(":", " to ")  # of a slice; NWB's names have none
        every = signal.every
        when = (
            {"timestamps": signal.t}
            if every is None
            else {"starting_time": float(signal.t[0]), "rate": 1 / every}
        )
        file.add_acquisition(
            pynwb.TimeSeries(
                name=name,
                data=signal.values,
                unit=signal.unit,
                description=f"{signal.variable} of {signal.component}, a column per element",
                comments=f"the elements are in processing/{MODULE}/{name} elements",
                **when,
            )
        )
        words = WORDS | {"neuron": "number of the neuron in its layer"}
        module.add(
            _table(
                pynwb,
                f"{name} elements",
                f"The columns of {name}",
                {key: (values, words[key]) for key, values in signal.elements.items()},
            )
        )


def _table(pynwb: Any, name: str, words: str, columns: dict[str, tuple[Any, str]]) -> Any:
    core = require("hdmf.common")
    return core.DynamicTable(
        name=name,
        description=words,
        columns=[
            core.VectorData(name=column, description=said, data=values)
            for column, (values, said) in columns.items()
        ],
    )


def _values(column: Any) -> Any:
    """Numbers or texts in types that HDF5 accepts."""
    values = column.to_pylist()
    if any(isinstance(value, str) for value in values):
        return ["" if value is None else value for value in values]
    return np.array([np.nan if value is None else value for value in values])


def _with_unit(words: str, unit: str) -> str:
    return words if unit in ("", "1") else f"{words} ({unit})"
