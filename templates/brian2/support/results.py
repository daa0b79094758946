"""Writing the results: one Parquet dataset, every table with the sweep's columns."""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from errors import RunFailed
from folder import (
    RESULT_FORMAT,
    ResultsError,
    footer_checksum,
    prepare_folder,
    publish_folder,
    write_metadata,
)

ROWS_PER_GROUP = 1_000_000
BYTES_IN_MEMORY = 256_000_000

ARROW_TYPES = {
    "str": pa.string(),
    "int64": pa.int64(),
    "bool": pa.bool_(),
    "float64": pa.float64(),
}
FIXED_COLUMNS = {
    "blocks": {"block": "int64", "phase": "str", "status": "str"},
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
}


class ResultTable:
    """One table. Rows are kept in runs sorted by block, and merged block by block when written.

    A run holds an array, one value for all rows, or None (null) per column. Large runs wait in
    files, so that memory stays bounded.
    """

    def __init__(self, path, fixed, own, sweep, units):
        self.path = path
        self.sweep = {name: pa.array(np.asarray(values)) for name, values in sweep.items()}
        self.runs = []
        self.bytes = 0
        self.rows = 0
        kinds = [(name, ARROW_TYPES[kind]) for name, kind in fixed.items()]
        kinds += [(name, values.type) for name, values in self.sweep.items()]
        kinds += [(name, ARROW_TYPES[kind]) for name, kind in own.items()]
        # Some readers do not tell `Apre` from `apre`.
        if len({name.lower() for name, _ in kinds}) < len(kinds):
            raise ValueError(f"two columns of {path.name} have one name: {[n for n, _ in kinds]}")
        self.schema = pa.schema(
            pa.field(name, kind, metadata={"unit": units[name]} if name in units else None)
            for name, kind in kinds
        )
        # Indices, delays and the sweep's columns repeat; measured values do not.
        measured = {"t", "value", "w_initial", "w", *own}
        self.split = [f.name for f in self.schema if f.name in measured and f.type == pa.float64()]
        self.repeating = [name for name in self.schema.names if name not in self.split]

    def append(self, block, columns):
        """Add one row per entry of `block` (-1: the row belongs to no block)."""
        block = np.asarray(block, dtype=np.int64)
        order = None
        if np.any(block[1:] < block[:-1]):
            order = np.argsort(block, kind="stable")
            block = block[order]
        run = {"block": block}
        for name, values in columns.items():
            if values is not None and not isinstance(values, str) and np.ndim(values) == 1:
                values = np.asarray(values)
                if values.dtype == object:
                    values = values.astype(str)
                if len(values) != len(block):
                    raise ValueError(f"{name} has {len(values)} values for {len(block)} rows")
                # A copy, for the simulator may go on to change its own array.
                values = values.copy() if order is None else values[order]
            run[name] = values
        unknown = set(run) - set(self.schema.names)
        if unknown:
            raise ValueError(f"not declared for {self.path.name}: {', '.join(sorted(unknown))}")
        if not len(block):
            return
        self.runs.append(run)
        self.rows += len(block)
        self.bytes += sum(
            values.nbytes for values in run.values() if isinstance(values, np.ndarray)
        )
        if self.bytes > BYTES_IN_MEMORY:
            self.move_to_disk()

    def move_to_disk(self):
        """Keep the arrays of all runs in files from here on; they are read through the cache."""
        folder = self.path.with_name(self.path.name + ".waiting")
        folder.mkdir(exist_ok=True)
        for number, run in enumerate(self.runs):
            for name, values in run.items():
                if isinstance(values, np.ndarray) and not isinstance(values, np.memmap):
                    file = folder / f"{number}-{self.schema.get_field_index(name)}.npy"
                    np.save(file, values)
                    run[name] = np.load(file, mmap_mode="r")
        self.bytes = 0

    def block_ranges(self):
        """Ranges [first, last) of blocks with at most ROWS_PER_GROUP rows each, or of one block."""
        rows = np.zeros(max((int(run["block"][-1]) for run in self.runs), default=-1) + 2, np.int64)
        for run in self.runs:
            rows += np.bincount(run["block"] + 1, minlength=len(rows))
        first, total = -1, 0
        for block, count in enumerate(rows.tolist(), start=-1):
            if total and total + count > ROWS_PER_GROUP:
                yield first, block
                first, total = block, 0
            total += count
        if total:
            yield first, len(rows) - 1

    def rows_of(self, run, start, stop):
        """Some rows of a run as a piece of the table, with the sweep's columns."""
        block = np.asarray(run["block"][start:stop])
        where = pa.array(block, mask=block < 0)
        arrays = []
        for field in self.schema:
            values = run.get(field.name)
            if field.name == "block":
                array = where
            elif isinstance(values, np.ndarray):
                array = pa.array(np.asarray(values[start:stop]), type=field.type)
            elif values is not None:
                array = pa.repeat(pa.scalar(values, type=field.type), len(block))
            elif field.name in self.sweep:
                array = self.sweep[field.name].take(where)
            else:
                array = pa.nulls(len(block), type=field.type)
            arrays.append(array)
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def write(self, metadata, part):
        """Write a part of the table, sorted by block, in row groups of bounded size."""
        self.path.mkdir()
        schema = self.schema.with_metadata({"stdpdsl": metadata})
        with pq.ParquetWriter(
            self.path / f"part-{part:05}.parquet",
            schema,
            compression="zstd",
            use_dictionary=self.repeating,
            use_byte_stream_split=self.split,
            write_page_checksum=True,
        ) as writer:
            for first, last in self.block_ranges():
                pieces, rows = [], 0
                for run in self.runs:
                    start, stop = np.searchsorted(run["block"], [first, last]).tolist()
                    while start < stop:
                        end = min(stop, start + ROWS_PER_GROUP - rows)
                        pieces.append(self.rows_of(run, start, end))
                        rows += end - start
                        start = end
                        if rows == ROWS_PER_GROUP:
                            writer.write_table(in_block_order(pieces))
                            pieces, rows = [], 0
                if pieces:
                    writer.write_table(in_block_order(pieces))
        self.runs.clear()
        shutil.rmtree(self.path.with_name(self.path.name + ".waiting"), ignore_errors=True)


def in_block_order(pieces):
    """One table of several pieces, each sorted by block; within a block they keep their order."""
    table = pa.concat_tables(pieces)
    if len(pieces) == 1:
        return table
    block = table["block"].fill_null(-1).to_numpy()
    return table.take(pa.array(np.argsort(block, kind="stable")))


class Results:
    """The dataset, one table for each of FIXED_COLUMNS, saved whole or not at all.

    `sweep` has one value per block for each column. `tables` names the tables to write, each with
    the type of every column that is this experiment's own: {"weights": {"apre": "float64"}}.
    Rows may come in any order and in several calls. Only `commit` leaves something behind.
    """

    def __init__(
        self, folder, sweep, units, metadata, tables, phases=False, overwrite=False, part=0
    ):
        """`part` is what the files are numbered by, which other results may stand beside."""
        self.folder = Path(folder)
        self.overwrite, self.part = overwrite, part
        self.units = {"t": "s", "delay": "s", **units}
        self.metadata = {**metadata, "measures": list(tables.get("blocks", ()))}
        self.tables = {}
        self.keep = False
        self.partial = prepare_folder(folder, overwrite)
        for name, own in tables.items():
            fixed = {c: kind for c, kind in FIXED_COLUMNS[name].items() if phases or c != "phase"}
            self.tables[name] = ResultTable(self.partial / name, fixed, own, sweep, self.units)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.keep:
            shutil.rmtree(self.partial, ignore_errors=True)

    @contextmanager
    def writing(self):
        """Turn what a full or read-only disk raises into a message."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise RunFailed(f"{self.folder}: results cannot be written: {reason}") from error

    def append(self, table, block, columns):
        """Rows for a table; `block` None for what exists once for all blocks."""
        rows = max((len(v) for v in columns.values() if np.ndim(v) == 1), default=0)
        with self.writing():
            self.tables[table].append(np.full(rows, -1) if block is None else block, columns)

    def blocks(self, block, columns, phase=None):
        """Summary measures and `status`, one row per block, or per block and phase."""
        self.append("blocks", block, columns | ({} if phase is None else {"phase": phase}))

    def weights(
        self, connection, block, pre, post, delay, w_initial, w, state=None, replicate=None
    ):
        """Synapses of a connection; `state` has the rule's other variables. A shared one has no
        blocks, but is one per replicate."""
        columns = {"connection": connection, "pre": pre, "post": post, "delay": delay}
        columns |= {"w_initial": w_initial, "w": w, **(state or {})}
        columns |= {} if replicate is None else {"replicate": replicate}
        self.append("weights", block, columns)

    def spikes(self, layer, block, neuron, t, phase=None, replicate=None):
        """Spikes of a layer; a shared one has no blocks, but is one per replicate."""
        columns = {"layer": layer, "neuron": neuron, "t": t}
        columns |= {} if phase is None else {"phase": phase}
        columns |= {} if replicate is None else {"replicate": replicate}
        self.append("spikes", block, columns)

    def responses(
        self, layer, block, neuron, stimulus, label, value, phase=None, replicate=None
    ):
        """Mean rates (Hz) of a layer's neurons at each stimulus; of a shared one as of spikes."""
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
    ):
        """Recorded samples: `value` has a row for each synapse or neuron, a column for each `t`.

        `phase` is one for all samples or one for each `t`.
        """
        value = np.asarray(value)
        samples = value.shape[1]
        order = np.arange(len(value)) if block is None else np.argsort(block, kind="stable")
        names = {"connection": connection, "layer": layer, "variable": variable}
        each_row = {"block": block, "pre": pre, "post": post, "neuron": neuron}
        each_row |= {"replicate": replicate} if replicate is not None else {}
        each_time = {"t": np.asarray(t)} | ({} if phase is None else {"phase": phase})
        step = max(1, ROWS_PER_GROUP // max(1, samples))
        for start in range(0, len(order), step):
            rows = order[start : start + step]
            columns = dict(names)
            for name, values in each_row.items():
                many = values is not None and np.ndim(values) == 1
                columns[name] = np.repeat(np.asarray(values)[rows], samples) if many else values
            for name, values in each_time.items():
                many = not isinstance(values, str)
                columns[name] = np.tile(np.asarray(values), len(rows)) if many else values
            columns["value"] = value[rows].ravel()
            self.append("trajectories", columns.pop("block"), columns)

    def commit(self):
        """Write every table and the metadata, and give the folder its name."""
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
