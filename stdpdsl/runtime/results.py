"""Writing the results: one Parquet dataset, every table with the sweep's columns."""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .errors import RunFailed
from .folder import (
    RESULT_FORMAT,
    ResultsError,
    footer_checksum,
    prepare_folder,
    publish_folder,
    write_metadata,
)
from .result_table import ResultTable

FIXED_COLUMNS = {
    "blocks": {"block": "int64", "phase": "str", "status": "str"},
    "parameters": {"block": "int64"},
    "weights": {
        "connection": "str",
        "block": "int64",
        "pre": "int64",
        "post": "int64",
        "delay": "float64",
        "w_initial": "float64",
        "w": "float64",
    },
    "trajectories": {
        "connection": "str",
        "layer": "str",
        "variable": "str",
        "block": "int64",
        "pre": "int64",
        "post": "int64",
        "neuron": "int64",
        "phase": "str",
        "t": "float64",
        "value": "float64",
    },
    "spikes": {
        "layer": "str",
        "block": "int64",
        "neuron": "int64",
        "phase": "str",
        "t": "float64",
    },
    "responses": {
        "layer": "str",
        "block": "int64",
        "neuron": "int64",
        "stimulus": "int64",
        "label": "str",
        "phase": "str",
        "value": "float64",
    },
    "state": {"variable": "str", "block": "int64", "value": "float64"},
}


def columns_always(table):
    """The columns that a table has in all results; `phase` only if there are several phases."""
    return [name for name in FIXED_COLUMNS[table] if name != "phase"]


class Results:
    """The dataset, one table for each of FIXED_COLUMNS. It is saved completely or not at all.

    `sweep` has one value per block for each column. `tables` names the tables to write, each with
    the type of every column specific to this experiment: {"weights": {"apre": "float64"}}. Rows may
    come in any order and in several calls. Only `commit` leaves anything on disk.
    """

    def __init__(
        self,
        folder,
        sweep,
        units,
        metadata,
        tables,
        phases=False,
        overwrite=False,
        part=0,
        documented=None,
        first=0,
    ):
        """`part` is the number in the file names; other parts may stand in the same folder.
        `documented` describes each column of each table. The number of the first block is `first`;
        unless it is 0, what exists once for all blocks is saved by another part."""
        self.folder = Path(folder)
        self.overwrite, self.part, self.first = overwrite, part, first
        self.swept = set(sweep)
        self.units = {"t": "s", "delay": "s", **units}
        documented = documented or {}
        self.metadata = {
            **metadata,
            "measures": list(tables.get("blocks", ())),
            "columns": {},
        }
        self.tables = {}
        self.keep = False
        self.partial = prepare_folder(folder, overwrite)
        for name, own in tables.items():
            fixed = {c: kind for c, kind in FIXED_COLUMNS[name].items() if phases or c != "phase"}
            said = documented.get(name, {})
            units = self.units | {c: one["unit"] for c, one in said.items() if "unit" in one}
            table = ResultTable(self.partial / name, fixed, own, sweep, units, said, first)
            self.tables[name] = table
            there = {c: said[c] for c in table.schema.names if c in said}
            self.metadata["columns"] |= {name: there} if there else {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.keep:
            shutil.rmtree(self.partial, ignore_errors=True)

    @contextmanager
    def writing(self):
        """Turn the error of a full or read-only disk into a message."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise RunFailed(f"{self.folder}: results cannot be written: {reason}") from error

    def append(self, table, block, columns, times=None):
        """Add rows to a table: see Rows; `block` is None for what exists once for all blocks."""
        rows = max((len(v) for v in columns.values() if np.ndim(v)), default=0)
        if block is None and self.first:
            return
        with self.writing():
            self.tables[table].append(np.full(rows, -1) if block is None else block, columns, times)

    def blocks(self, block, columns, phase=None):
        """Summary measures and `status`, one row per block, or per block and phase."""
        self.append("blocks", block, columns | ({} if phase is None else {"phase": phase}))

    def parameters(self, blocks, each, columns, phases=None):
        """Every parameter (SI) of given blocks, a range of the sweep's. `each` has the parameters
        in each phase, or one entry if no phase sets any. `columns`: (group, parameter, column).
        Parameters that all blocks and phases share are also in the metadata."""
        found = [{c: getattr(getattr(p, g), n) for g, n, c in columns} for p in each]
        for number, values in enumerate(found):
            here = {
                name: value[blocks.start : blocks.stop] if np.ndim(value) else float(value)
                for name, value in values.items()
            }
            here = {name: value for name, value in here.items() if name not in self.swept}
            here |= {"phase": phases[number]} if phases else {}
            self.append("parameters", np.asarray(blocks), here)
        self.metadata["parameters"] = {
            name: {"unit": self.metadata["columns"]["parameters"][name]["unit"], **fixed(values)}
            for name in found[0]
            for values in [[one[name] for one in found]]
        }

    def weights(
        self, connection, block, pre, post, delay, w_initial, w, state=None, replicate=None
    ):
        """Synapses of a connection; `state` has the rule's other variables. A shared connection has
        no blocks; it is saved once per replicate."""
        columns = {"connection": connection, "pre": pre, "post": post, "delay": delay}
        columns |= {"w_initial": w_initial, "w": w, **(state or {})}
        columns |= {} if replicate is None else {"replicate": replicate}
        self.append("weights", block, columns)

    def spikes(self, layer, block, neuron, t, phase=None, replicate=None):
        """Spikes of a layer. A shared layer has no blocks; it is saved once per replicate."""
        columns = {"layer": layer, "neuron": neuron, "t": t}
        columns |= {} if phase is None else {"phase": phase}
        columns |= {} if replicate is None else {"replicate": replicate}
        self.append("spikes", block, columns)

    def responses(self, layer, block, neuron, stimulus, label, value, phase=None, replicate=None):
        """Mean rates (Hz) of a layer's neurons for each stimulus. Shared layers are saved as in
        `spikes`."""
        columns = {"layer": layer, "neuron": neuron, "stimulus": stimulus, "label": label}
        columns |= {"value": value} | ({} if phase is None else {"phase": phase})
        columns |= {} if replicate is None else {"replicate": replicate}
        self.append("responses", block, columns)

    def trajectories(
        self,
        variable,
        t,
        value,
        *,
        block=None,
        connection=None,
        pre=None,
        post=None,
        layer=None,
        neuron=None,
        phase=None,
        replicate=None,
        synapse_number=None,
    ):
        """Recorded samples: `value` has a row for each synapse or neuron and a column for each `t`.

        `phase` is one value for all samples or one value per `t`.
        """
        columns = {"connection": connection, "layer": layer, "variable": variable, "pre": pre}
        columns |= {"post": post, "neuron": neuron, "value": value}
        columns |= {} if replicate is None else {"replicate": replicate}
        columns |= {} if synapse_number is None else {"synapse_number": synapse_number}
        times = {"t": t}
        if phase is not None:
            (columns if isinstance(phase, str) else times)["phase"] = phase
        self.append("trajectories", block, columns, times)

    def samples(self, variable, t, value, block, **columns):
        """Samples, each with its own time."""
        columns |= {"variable": variable, "t": t, "value": value}
        self.append("trajectories", block, columns)

    def commit(self):
        """Write every table and the metadata, and give the folder its final name."""
        self.metadata["format"] = RESULT_FORMAT
        self.metadata["units"] = self.units
        text = json.dumps(self.metadata, ensure_ascii=False)
        with self.writing():
            for table in self.tables.values():
                table.write(text, self.part)
            self.metadata["tables"] = {name: table.rows for name, table in self.tables.items()}
            self.metadata["footers"] = {
                name: {path.name: footer_checksum(path) for path in sorted(table.path.iterdir())}
                for name, table in self.tables.items()
            }
            write_metadata(self.partial / "metadata.json", self.metadata)
            try:
                publish_folder(self.partial, self.folder, self.overwrite)
            except ResultsError as error:  # somebody else wrote there meanwhile
                self.keep = True
                raise ResultsError(f"{error}; the new results are in {self.partial}") from None


def fixed(values):
    """{"value": a parameter's value} if it is the same in all blocks and phases, else nothing. JSON
    has no infinity, so that is given by name."""
    if any(np.ndim(value) for value in values) or len(set(map(float, values))) > 1:
        return {}
    value = float(values[0])
    return {"value": value if np.isfinite(value) else str(value)}
