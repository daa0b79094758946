"""Which neurons are connected, block by block."""

import csv
from types import SimpleNamespace

import numpy as np

from data import full
from draws import copy_keys, pair_draws
from errors import fail


def synapses_of(
    x, pre, post, choose, shared, draws=None, independent=False, same=False, pairs=None, row=None
):
    """All synapses of a connection, by copy, then pre, then post.

    `pre` and `post` are (layer, size, shared). choose(block, i, j, u, pre, post) is a mask over the
    pairs (i, j) of one copy; u are its base draws, where `draws` names a stream, and pre and post
    the layers' first values. `same`: every copy has the same pairs. `pairs` are listed instead.
    """
    (_, n_pre, pre_shared), (_, n_post, post_shared) = pre, post
    copies = x.copies(shared)
    if pairs is None:
        i, j = (index.ravel() for index in np.indices((n_pre, n_post)))
    else:
        i, j = pairs
    shared_copy = x.sources(shared, True)
    names = copy_keys(draws, copies, row if independent else None) if draws else None
    chosen, last, u = [], None, None
    for copy in range(len(copies)):
        if same and chosen:
            chosen.append(chosen[0])
            continue
        if names and names[copy] != last:
            last, u = names[copy], pair_draws("uniform", names[copy], n_pre, n_post)
        sides = [
            values_of_copy(x, name, size, shared_copy[copy] if is_shared else copy)
            for name, size, is_shared in (pre, post)
        ]
        of_pairs = None if u is None else u[i, j]
        mask = np.broadcast_to(choose(copy, i, j, of_pairs, *sides), i.shape)
        chosen.append(np.flatnonzero(mask))
    copy = np.repeat(np.arange(len(copies)), [len(c) for c in chosen])
    chosen = np.concatenate(chosen)
    i, j = i[chosen], j[chosen]
    return SimpleNamespace(
        copy=copy, i=i, j=j, n_pre=n_pre, n_post=n_post, copies=copies, shared=shared,
        pre=i + n_pre * (shared_copy[copy] if pre_shared else copy),
        post=j + n_post * (shared_copy[copy] if post_shared else copy),
        values={}, parameters={}, delays={}, axonal=np.zeros(len(i)), dendritic=np.zeros(len(i)),
    )  # fmt: skip


def values_of_copy(x, layer, size, copy):
    """The first values of one copy of a layer, by variable."""
    mine = slice(copy * size, (copy + 1) * size)
    return {name: values[mine] for name, values in x.values.get(layer, {}).items()}


def lowest(draws, count, shape, axis):
    """A mask of the `count` smallest draws along an axis, flattened."""
    count, draws = int(count), np.reshape(draws, shape)
    if count > shape[axis]:
        fail(f"{count} partners are asked for where there are {shape[axis]} neurons")
    order = np.argsort(draws, axis=axis, kind="stable")
    mask = np.zeros(shape, dtype=bool)
    np.put_along_axis(mask, np.take(order, np.arange(count), axis=axis), True, axis=axis)
    return mask.ravel()


def pairs_from_file(path, n_pre, n_post):
    """(i, j) of a table with the columns pre and post (or i and j): CSV with a head, or Parquet."""
    columns = file_columns(path)
    names = ("pre", "post") if "pre" in columns else ("i", "j")
    try:
        pairs = np.stack([np.asarray(columns[name], dtype=float) for name in names], axis=1)
    except KeyError:
        fail(f"{path}: has no columns pre and post")
    except ValueError as error:
        fail(f"{path}: {error}")
    whole = pairs.astype(np.int64)
    if not np.array_equal(whole, pairs):
        fail(f"{path}: neurons are counted by whole numbers")
    for name, numbers, size in zip(names, whole.T, (n_pre, n_post), strict=True):
        if len(numbers) and (numbers.min() < 0 or numbers.max() >= size):
            wrong = numbers.min() if numbers.min() < 0 else numbers.max()
            fail(f"{path}: the column {name} names neuron {wrong}; there are 0 to {size - 1}")
    kept = np.unique(whole, axis=0)
    if len(kept) < len(whole):
        fail(f"{path}: lists {len(whole) - len(kept)} pairs twice")
    return kept[:, 0], kept[:, 1]


def file_columns(path):
    """Columns of a CSV or Parquet file, by name."""
    try:
        if path.lower().endswith(".parquet"):
            import pyarrow.parquet as pq

            return dict(pq.read_table(path).to_pydict())
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
    except OSError as error:
        fail(f"{path}: {error.strerror or error}")
    if not rows:
        fail(f"{path}: is empty")
    head = [name.strip() for name in rows[0]]
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(head):
            fail(f"{path}: line {number} has {len(row)} cells where the head has {len(head)}")
    return {name: [row[k] for row in rows[1:]] for k, name in enumerate(head)}


def clipped(x, values, low, high, name):
    """Initial values, moved into their bounds with a warning."""
    if np.any(np.asarray(low) > np.asarray(high)):
        fail(f"the lower bound of {name} is above the upper in some block")
    inside = np.clip(values, low, high)
    if not np.array_equal(inside, values):
        x.warnings.append(f"initial values of {name} outside its bounds were clipped")
    return inside


def delays(values, count, name):
    """Delays (s), one per synapse."""
    values = full(values, count)
    if np.any(values < 0):
        fail(f"a delay of {name} is negative")
    return values
