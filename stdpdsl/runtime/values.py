"""Values that a spec takes from files, at neurons or pairs of neurons.

The compiler has read and checked the files. The run checks only that they are still of the same
kind.
"""

import csv
import os

import numpy as np
import pyarrow.parquet as pq

from .errors import fail


def array_from(path, shape, *index, name=None):
    """Elements of an array of this shape, from an .npy file or by name from an .npz file."""
    array = np.load(path)
    if not isinstance(array, np.ndarray):
        array = array[name or array.files[0]]
    if array.shape != shape:
        fail(f"{path}: has the shape {array.shape}; expected {shape}")
    return array[index].astype(float)


def sparse_from(path, shape, i, j):
    """Elements of a sparse matrix of this shape that SciPy saved."""
    row, column, values = sparse_entries(path)
    return found_entries(path, [row, column], values, [i, j])


def sparse_entries(path):
    """(row, column, value) of the entries of a sparse matrix that SciPy saved."""
    parts = np.load(path)
    if "row" in parts.files:
        return parts["row"], parts["col"], parts["data"].astype(float)
    if "coords" in parts.files:
        return *parts["coords"], parts["data"].astype(float)
    outer = np.repeat(np.arange(len(parts["indptr"]) - 1), np.diff(parts["indptr"]))
    inner = parts["indices"]
    by_row = parts["format"].item() == b"csr"
    return *((outer, inner) if by_row else (inner, outer)), parts["data"].astype(float)


def entries_from(path, name, keys, power=None):
    """The values (SI) of a column in the rows that have these keys: `keys` are (header, numbers);
    `power` is the power of ten of the unit in the value's header."""
    columns = columns_of(path)
    known = [column_from(path, head, columns=columns).astype(int) for head, _ in keys]
    values = column_from(path, name, power, columns=columns)
    return found_entries(path, known, values, [wanted for _, wanted in keys])


def from_each(path, column, numbers, read, *index):
    """Values from files whose numbers stand in braces in `path`: the result of read(path, *index)
    on the file of each element's number."""
    number_of, *places = np.broadcast_arrays(numbers, *index)
    values = np.empty(number_of.shape)
    for number in np.unique(number_of):
        mine = number_of == number
        name = path.replace("{" + column + "}", str(int(number)))
        values[mine] = read(name, *(k[mine] for k in places))
    return values


def synapses_from(folder, connection, variable, block, i, j, *number):
    """A variable of synapses, as an earlier run left it in given blocks; `number` distinguishes the
    synapses of a pair."""
    chosen = [("connection", "==", connection)]
    names = ["block", "pre", "post", *(["synapse_number"] if number else [])]
    path = os.path.join(folder, "weights")
    table = pq.read_table(path, columns=[*names, variable], filters=chosen)
    values = floats_of(table, variable)
    return found_entries(folder, keys_of(table, names), values, [block, i, j, *number])


def neurons_from(folder, layer, variable, block, i):
    """A variable of neurons, as an earlier run left it in given blocks: its last sample."""
    chosen = [("layer", "==", layer), ("variable", "==", variable)]
    table = pq.read_table(os.path.join(folder, "trajectories"), filters=chosen).sort_by("t")
    block_and_neuron = [numbers[::-1] for numbers in keys_of(table, ["block", "neuron"])]
    return found_entries(folder, block_and_neuron, floats_of(table, "value")[::-1], [block, i])


def keys_of(table, names):
    """Whole numbers of columns. What all blocks share is in block 0."""
    return [np.nan_to_num(floats_of(table, name)).astype(int) for name in names]


def floats_of(table, name):
    """The numbers of a column."""
    return np.asarray(table[name].to_numpy(), dtype=float)


def found_entries(path, known, values, wanted):
    """The values of the first entries that have the wanted numbers."""
    wanted = np.broadcast_arrays(*wanted)
    both = zip(known, wanted, strict=True)
    sizes = [max(np.max(a, initial=0), np.max(b, initial=0)) + 1 for a, b in both]
    entries, numbers = (np.ravel_multi_index(keys, sizes) for keys in (known, wanted))
    order = np.argsort(entries, kind="stable")
    place = order[np.searchsorted(entries, numbers, sorter=order) % max(len(entries), 1)]
    lacking = entries[place] != numbers
    if np.any(lacking):
        missing = ", ".join(str(keys[np.argmax(lacking)]) for keys in wanted)
        fail(f"{path}: has no value for {missing} (and {np.sum(lacking) - 1} others)")
    return values[place]


def column_from(path, name, power=None, columns=None):
    """The numbers (SI) of a column of a table; `power` is the power of ten of the unit in its
    header."""
    columns = columns or columns_of(path)
    heads = [n for n in columns if n.strip() == name]
    if power is not None:
        heads = [n for n in columns if "[" in n and n.partition("[")[0].strip() == name]
    if not heads:
        fail(f"{path}: has no column {name}" + (" with a unit" if power is not None else ""))
    return np.array([in_si(cell, power or 0) for cell in columns[heads[0]]])


def in_si(cell, power):
    """The double nearest to the decimal number in a cell times a power of ten."""
    text = cell.strip() if isinstance(cell, str) else repr(float(cell))
    mantissa, _, exponent = text.lower().partition("e")
    return float(f"{mantissa}e{int(exponent or 0) + power}")


def columns_of(path):
    """The columns of a CSV, Parquet or XLSX file."""
    if path.lower().endswith(".parquet"):
        return pq.read_table(path).to_pydict()
    if path.lower().endswith(".xlsx"):
        from openpyxl import load_workbook

        sheet = load_workbook(path, read_only=True, data_only=True).worksheets[0]
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    else:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file))
    head, *rows = (row for row in rows if any(cell not in (None, "") for cell in row))
    return {str(name).strip(): [row[k] for row in rows] for k, name in enumerate(head)}
