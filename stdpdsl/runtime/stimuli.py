"""Tables whose rows drive a layer one after another, each for the same time."""

import numpy as np

from .data import neurons, times_of
from .errors import fail
from .given import drive_width
from .images import images_in
from .values import column_from, columns_of


def array_rows(path, columns, name=None):
    """The rows of an array in an .npy file, or by its name in an .npz: (rows, columns)."""
    return stored_rows(path, columns, name).astype(float)


def stored_rows(path, columns, name=None):
    """The same as stored. Of an .npy file, only the rows that are needed are read, however many
    there are."""
    if path.lower().endswith(".png"):
        array = images_in(path)
    else:
        array = np.load(path, mmap_mode="r")
    if not isinstance(array, np.ndarray):
        array = array[name or array.files[0]]
    rows = array.reshape(len(array), -1)
    if rows.shape[1] != columns:
        fail(f"{path}: has {rows.shape[1]} values in a row; expected {columns}")
    return rows


def table_rows(path, columns, name, power=None, neuron="", block=""):
    """The same for a column of a table: its entries for each block and neuron, in their order."""
    table = columns_of(path)
    values = column_from(path, name, power, columns=table)
    keys = [column_from(path, key, columns=table) for key in (neuron, block) if key]
    order = np.lexsort(keys) if keys else np.arange(len(values))
    if len(values) % columns:
        fail(f"{path}: has {len(values)} rows, not as many for each of {columns} neurons")
    return values[order].reshape(columns, -1).T


def rows_in_time(rows, every, dt, steps, repeat=False):
    """One row per `every` (s) of a run of a number of steps of `dt`. Zeros follow the last row,
    unless the rows repeat."""
    count = -(-steps // round(every / dt))
    if repeat:
        return rows[np.arange(count) % len(rows)]
    silent = np.zeros((max(count - len(rows), 0), rows.shape[1]))
    return np.concatenate([rows[:count], silent])


def lines_in_time(rows, every, dt, steps, repeat=False):
    """One row per step, linearly interpolated between rows that are `every` s apart. Zeros follow
    the last row; if the rows repeat, it leads back to the first."""
    known, times = times_of(np.arange(len(rows)), every), times_of(np.arange(steps), dt)
    ends = {"period": times_of(len(rows), every)} if repeat else {"right": 0.0}
    return np.stack([np.interp(times, known, column, **ends) for column in rows.T], axis=1)


def each_neuron(x, layer, rows):
    """(rows, neurons): the result of rows(i, copy) for the neurons of all copies of a layer."""
    size, shared = x.sizes[layer]
    i, copy = neurons(size, x.copies(shared))
    found = rows(i, copy)
    return np.broadcast_to(found, (len(found), len(i)))


def give_table(given, x, name, layer, rows, every, linear=False, repeat=False):
    """Drive a variable of a layer with rows, one for each `every` s."""
    end = (len(rows) - linear) * every
    if end < x.steps * x.dt * (1 - 1e-9) and not repeat:
        x.warnings.append(
            f"{layer}: what drives it ends at {end:g} s, and is 0 until the run ends at"
            f" {x.steps * x.dt:g} s; `repeat` plays it again"
        )
    in_time = lines_in_time if linear else rows_in_time
    x.drives[name] = in_time(rows, every, x.dt, x.steps, repeat)
    given[drive_width(name)] = x.drives[name].shape[1]


def shown_rows(x, rows, every, gap=0.0, repeat=False, labels=None):
    """Which stimulus is presented when: each row is a stimulus for `every` s minus the gap at its
    end. The columns are those of `sequence` of sounds; times are the beginnings of steps."""
    count = int(np.ceil(x.steps * x.dt / every - 1e-6))
    number = np.arange(count if repeat else min(count, rows))
    labels = [str(k) for k in range(rows)] if labels is None else labels
    onset, offset = (
        np.ceil((number * every + more) / x.dt - 1e-3) * x.dt for more in (0.0, every - gap)
    )
    stimulus = number % rows
    label = np.array(labels, dtype=object)[stimulus].astype(str)
    return {"onset": onset, "offset": offset, "stimulus": stimulus, "label": label}
