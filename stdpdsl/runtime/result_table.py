"""One table of the results: rows sorted by block, written as Parquet in bounded memory."""

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS_PER_GROUP = 1_000_000
BYTES_IN_MEMORY = 256_000_000

ARROW_TYPES = {
    "str": pa.string(),
    "int64": pa.int64(),
    "bool": pa.bool_(),
    "float64": pa.float64(),
}


class Rows:
    """Rows added together: sorted by `block`, one for each element, or one for each element at each
    of `times`. A column has a value per row, per element or per time, one for all rows, or None."""

    def __init__(self, block, columns, times=None):
        """`columns` with two dimensions have one row per element; those in `times` have one value
        per time."""
        self.block = np.asarray(block, dtype=np.int64)
        self.times = {name: plain(values).copy() for name, values in (times or {}).items()}
        self.each = len(next(iter(self.times.values()))) if self.times else 1
        order: slice | np.ndarray = slice(None)
        if np.any(self.block[1:] < self.block[:-1]):
            order = np.argsort(self.block, kind="stable")
            self.block = self.block[order]
        self.columns = {}
        for name, values in columns.items():
            if values is not None and not isinstance(values, str) and np.ndim(values):
                shape = np.shape(values)
                if shape[0] != len(self.block) or shape[1:] not in ((), (self.each,)):
                    found, rows = " x ".join(map(str, shape)), len(self.block)
                    raise ValueError(f"{name} has {found} values for {rows} rows of {self.each}")
                # A copy, because the simulator may change its own array later.
                values = np.array(plain(values)[order], order="C")
            self.columns[name] = values

    def __len__(self):
        return len(self.block) * self.each

    def arrays(self):
        """(container, name, array) of everything that takes memory."""
        for where in (self.columns, self.times):
            for name, values in where.items():
                if isinstance(values, np.ndarray):
                    yield where, name, values

    def column(self, name, start, stop):
        """A column's values in the rows [start, stop), one value for all of them, or None."""
        values = self.block if name == "block" else self.times.get(name, self.columns.get(name))
        if not isinstance(values, np.ndarray):
            return values
        if name in self.times:
            rounds = np.tile(values, -(-stop // self.each) - start // self.each)
            return rounds[start % self.each :][: stop - start]
        if values.ndim == 2:
            return values.reshape(-1)[start:stop]
        of_each = values[start // self.each : -(-stop // self.each)]
        return np.repeat(of_each, self.each)[start % self.each :][: stop - start]

    def of_blocks(self, first, last):
        """The range of rows of the blocks [first, last)."""
        return (np.searchsorted(self.block, [first, last]) * self.each).tolist()


def said_of(name, units, documented):
    """A field's metadata about a column, or None."""
    unit = {"unit": units[name]} if name in units else {}
    return unit | documented.get(name, {}) or None


def plain(values):
    """An array of numbers or of strings, without objects."""
    values = np.asarray(values)
    return values.astype(str) if values.dtype == object else values


class ResultTable:
    """One table. Rows are merged block by block when they are written. Large arrays wait in files
    until then, so memory stays bounded."""

    def __init__(self, path, fixed, own, sweep, units, documented=None, first=0):
        """`documented` has the `kind` and a `description` of each column; `first` is the number of
        the first block in the files."""
        self.first = first
        self.path = path
        self.sweep = {name: np.asarray(values) for name, values in sweep.items()}
        self.runs = []
        self.bytes = 0
        self.rows = 0
        kinds = [(name, ARROW_TYPES[kind]) for name, kind in fixed.items()]
        kinds += [(name, pa.array(values).type) for name, values in self.sweep.items()]
        kinds += [(name, ARROW_TYPES[kind]) for name, kind in own.items()]
        # Some readers do not distinguish `Apre` from `apre`.
        if len({name.lower() for name, _ in kinds}) < len(kinds):
            raise ValueError(f"two columns of {path.name} have one name: {[n for n, _ in kinds]}")
        self.schema = pa.schema(
            pa.field(name, kind, metadata=said_of(name, units, documented or {}))
            for name, kind in kinds
        )
        # Indices, delays and the sweep's columns repeat; measured values do not.
        measured = {"t", "value", "w_initial", "w", *own}
        self.split = [f.name for f in self.schema if f.name in measured and f.type == pa.float64()]
        self.repeating = [name for name in self.schema.names if name not in self.split]

    def append(self, block, columns, times=None):
        """Add rows: see Rows. Block -1 means that they belong to no block."""
        rows = Rows(block, columns, times)
        unknown = {*rows.columns, *rows.times} - set(self.schema.names)
        if unknown:
            raise ValueError(f"not declared for {self.path.name}: {', '.join(sorted(unknown))}")
        if not len(rows):
            return
        self.runs.append(rows)
        self.rows += len(rows)
        self.bytes += sum(values.nbytes for _, _, values in rows.arrays())
        if self.bytes > BYTES_IN_MEMORY:
            self.move_to_disk()

    def move_to_disk(self):
        """Keep the arrays of all runs in files from here on; they are read through the page
        cache."""
        folder = self.path.with_name(self.path.name + ".waiting")
        folder.mkdir(exist_ok=True)
        for number, rows in enumerate(self.runs):
            for where, name, values in list(rows.arrays()):
                if not isinstance(values, np.memmap):
                    file = folder / f"{number}-{self.schema.get_field_index(name)}.npy"
                    np.save(file, values)
                    where[name] = np.load(file, mmap_mode="r")
        self.bytes = 0

    def block_ranges(self):
        """Ranges [first, last) of blocks with at most ROWS_PER_GROUP rows each, or of one block."""
        counts = np.zeros(max((int(run.block[-1]) for run in self.runs), default=-1) + 2, np.int64)
        for run in self.runs:
            counts += np.bincount(run.block + 1, minlength=len(counts)) * run.each
        first, total = -1, 0
        for block, count in enumerate(counts.tolist(), start=-1):
            if total and total + count > ROWS_PER_GROUP:
                yield first, block
                first, total = block, 0
            total += count
        if total:
            yield first, len(counts) - 1

    def rows_of(self, run, start, stop):
        """Given rows of a run as a piece of the table, with the sweep's columns."""
        block = run.column("block", start, stop)
        arrays = []
        for field in self.schema:
            values = run.column(field.name, start, stop)
            if field.name == "block":
                array = pa.array(block + self.first, mask=block < 0)
            elif isinstance(values, np.ndarray):
                array = pa.array(np.asarray(values), type=field.type)
            elif values is not None:
                array = pa.repeat(pa.scalar(values, type=field.type), len(block))
            elif field.name in self.sweep:
                array = sweep_in(self.sweep[field.name], block)
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
                    start, stop = run.of_blocks(first, last)
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


def sweep_in(values, block):
    """The values of a sweep column in given blocks, and nothing for rows without a block."""
    if values.dtype.kind == "U":
        return pa.array(values).take(pa.array(block, mask=block < 0))
    # pyarrow's own `take` imports all of pyarrow.compute: a tenth of a short run.
    return pa.array(values[block], mask=block < 0)


def in_block_order(pieces):
    """One table from several pieces, each sorted by block; within a block they keep their order."""
    table = pa.concat_tables(pieces)
    if len(pieces) == 1:
        return table
    block = table["block"].fill_null(-1).to_numpy()
    return table.take(pa.array(np.argsort(block, kind="stable")))
