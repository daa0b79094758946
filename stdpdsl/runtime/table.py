"""The sweep's table: columns with one value per block."""

import numpy as np

# Names that edge columns have in other programs.
NOT_READ = ("w", "weight", "weights", "delay", "delays")


def product(*parts):
    """All combinations of the parts' rows. The last part varies fastest."""
    tables = [{n: column_of(v) for n, v in p.items()} for p in parts]
    lengths = [len(next(iter(table.values()))) for table in tables]
    rows = inner = int(np.prod(lengths))
    columns = {}
    for table, length in zip(tables, lengths, strict=True):
        inner //= length
        for name, values in table.items():
            columns[name] = np.tile(np.repeat(values, inner), rows // (inner * length))
    return columns


def column_of(values):
    """Numbers, or the names of presets."""
    values = np.atleast_1d(np.asarray(values))
    return values.astype(object if values.dtype.kind in "UO" else float)


def where(row, condition):
    """The rows that satisfy a condition."""
    keep = np.broadcast_to(condition, len(next(iter(row.values()))))
    return {name: values[keep] for name, values in row.items()}


def replicates(row, count, first=0):
    """The whole table `count` times, numbered in the column `replicate` from `first` on."""
    rows = len(next(iter(row.values()))) if row else 1
    repeated = {name: np.tile(values, count) for name, values in row.items()}
    return repeated | {"replicate": first + np.repeat(np.arange(count), rows)}


def rows_in_order(row, order):
    """The rows in block order, if blocks were run before others were added."""
    return {name: values[order] for name, values in row.items()}


def by_preset(names, values):
    """A parameter's value in each row: that of the row's preset."""
    found = np.empty(len(names))
    for name, value in values.items():
        mine = names == name
        found[mine] = value[mine] if np.ndim(value) else value
    return found
