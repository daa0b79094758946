"""Which neurons are connected, block by block."""

import csv
from types import SimpleNamespace

import numpy as np

from .data import full, times_of
from .draws import copy_keys, pair_draws
from .errors import fail
from .table import NOT_READ
from .values import column_from, columns_of, sparse_entries

MOST_ROWS = 50_000_000  # of a file
PAIRS_AT_ONCE = 10_000_000
LINE_CHARACTERS = 100_000


def synapses_of(
    x,
    pre,
    post,
    choose,
    shared,
    draws=None,
    independent=False,
    same=False,
    pairs=None,
    row=None,
    kind="uniform",
    many=1,
):
    """All synapses of a connection, by copy, then pre, then post, then their number among the
    `many` of each pair.

    `pre` and `post` are (layer, size, shared). choose(block, i, j, u, pre, post) is a mask over the
    pairs (i, j) of one copy; u are its base draws, if `draws` names a stream; pre and post are the
    layers' first values. `same`: every copy has the same pairs. `pairs`: a list used instead.
    """
    (_, n_pre, pre_shared), (_, n_post, post_shared) = pre, post
    copies, shared_copy = x.copies(shared), x.sources(shared, True)
    names = copy_keys(draws, copies, row if independent else None) if draws else None
    parts = pairs_in_parts(n_pre, n_post, pairs, bool(draws))
    chosen, last, u = [], None, None
    for copy in range(len(copies)):
        if same and chosen:
            chosen.append(chosen[0])
            continue
        if names and names[copy] != last:
            last, u = names[copy], pair_draws(kind, names[copy], n_pre, n_post)
        sides = [
            copy_values_of(x, name, size, shared_copy[copy] if is_shared else copy)
            for name, size, is_shared in (pre, post)
        ]
        found = []
        for i, j, *numbers in parts():
            of_pairs = None if u is None else u[i, j]
            mask = np.broadcast_to(choose(copy, i, j, of_pairs, *sides), i.shape)
            found.append([index[mask] for index in (i, j, *numbers)])
        chosen.append([np.concatenate(index) for index in zip(*found, strict=True)])
    # If pairs are listed with a synapse number, each synapse is listed separately.
    each = 1 if len(chosen[0]) > 2 else many
    copy_of = np.repeat(np.arange(len(copies)), [each * len(i) for i, *_ in chosen])
    i, j, *numbers = (np.repeat(np.concatenate(k), each) for k in zip(*chosen, strict=True))
    return SimpleNamespace(
        copy=copy_of,
        i=i,
        j=j,
        number=numbers[0] if numbers else np.arange(len(i)) % many,
        many=many,
        n_pre=n_pre,
        n_post=n_post,
        copies=copies,
        shared=shared,
        pre=i + n_pre * (shared_copy[copy_of] if pre_shared else copy_of),
        post=j + n_post * (shared_copy[copy_of] if post_shared else copy_of),
        **nothing_set(len(i)),
    )


def nothing_set(count):
    """What initial values, parameters and delays of a given number of synapses are put into."""
    delays = {"axonal": np.zeros(count), "dendritic": np.zeros(count)}
    return {"values": {}, "parameters": {}, "delays": {}, **delays}


def pairs_in_parts(n_pre, n_post, listed, drawn):
    """A function that gives (i, j) of all pairs, or of the listed pairs, in parts. Many pairs are
    made anew for each copy. Draws are made for all pairs at once."""
    if listed is None and not drawn and n_pre * n_post > PAIRS_AT_ONCE:
        return lambda: all_pairs(n_pre, n_post, max(1, PAIRS_AT_ONCE // n_post))
    kept = [listed] if listed is not None else list(all_pairs(n_pre, n_post, n_pre))
    return lambda: kept


def all_pairs(n_pre, n_post, rows):
    """(i, j) of all pairs, in parts with a limited number of sources."""
    for first in range(0, n_pre, rows):
        i, j = np.indices((min(rows, n_pre - first), n_post)).reshape(2, -1)
        yield i + first, j


def copy_values_of(x, layer, size, copy):
    """The first values of one copy of a layer, by variable."""
    mine = slice(copy * size, (copy + 1) * size)
    return {name: values[mine] for name, values in x.values.get(layer, {}).items()}


def synapses_per_neuron(copy, neuron):
    """For each synapse, the number of synapses of the connection that its neuron has in the same
    copy."""
    mine = copy * (int(np.max(neuron, initial=0)) + 1) + neuron
    return np.bincount(mine)[mine].astype(float)


def lowest(name, draws, count, shape, axis, admitted=True, among=None):
    """A mask over the pairs of a connection, flattened: of the admitted pairs, those with the
    `count` smallest draws along an axis (0: sources of each target, 1: targets of each source).
    `among`: the targets, or sources, that have partners: the first, and the one after the last."""
    admitted = np.broadcast_to(np.ravel(admitted), np.size(draws)).reshape(shape)
    partner, neuron = (("source", "target"), ("target", "source"))[axis]
    if count < 0 or count != int(count):
        fail(f"{name}: {count:g} {partner}s for each {neuron}, which is not a number of synapses")
    mine = slice(*among) if among else slice(None)
    there = admitted.sum(axis=axis)[mine]
    if len(there) and there.min() < count:
        first = among[0] if among else 0
        fail(
            f"{name}: {neuron} {first + there.argmin()} has {there.min()} possible {partner}s,"
            f" fewer than the {count:g} that the pattern asks for"
        )
    ranked = np.where(admitted, np.reshape(draws, shape), np.inf)
    order = np.argsort(ranked, axis=axis, kind="stable")
    mask = np.zeros(shape, dtype=bool)
    np.put_along_axis(mask, np.take(order, np.arange(int(count)), axis=axis), True, axis=axis)
    return (mask & admitted).ravel()


def pairs_from_file(path, n_pre, n_post, read=(), numbered=False):
    """(i, j) from a table with the columns pre and post (or i and j), as CSV with a header, Parquet
    or XLSX, or from a sparse matrix saved by SciPy. `read` are the table's columns from which the
    connection takes values. With synapse_number if the table is `numbered`: a pair may have several
    synapses."""
    more = ("synapse_number",) if numbered else ()
    if path.lower().endswith(".npz"):
        columns = dict(zip(("pre", "post"), sparse_entries(path), strict=False))
    else:
        choices = ("pre", "post", *more), ("i", "j", *more)
        columns = file_columns(path, *choices, read=read)
    names, pairs = list(columns), np.stack(list(columns.values()), axis=1)
    with np.errstate(invalid="ignore"):
        whole = pairs.astype(np.int64)
    if not np.array_equal(whole, pairs):
        fail(f"{path}: neurons are counted by whole numbers")
    sizes = (n_pre, n_post, MOST_ROWS)[: len(names)]
    for name, numbers, size in zip(names, whole.T, sizes, strict=True):
        if len(numbers) and (numbers.min() < 0 or numbers.max() >= size):
            wrong = numbers.min() if numbers.min() < 0 else numbers.max()
            fail(f"{path}: the column {name} names neuron {wrong}; there are 0 to {size - 1}")
    kept, count = np.unique(whole, axis=0, return_counts=True)
    if len(kept) < len(whole):
        twice, times = kept[count > 1], count[count > 1]
        i, j = twice[0][:2]
        others = f", and {len(twice) - 1} others too" if len(twice) > 1 else ""
        fail(f"{path}: lists the pair {i}, {j} {times[0]} times{others}; a pair has one synapse")
    return tuple(kept.T)


def file_columns(path, *choices, read=()):
    """{name: floats} of the columns of a CSV or Parquet file that have the first matching set of
    names. If the file would take too much memory, reading stops when that is found out."""
    readers = {"parquet": parquet_columns, "xlsx": xlsx_columns}
    columns = readers.get(path.lower().rpartition(".")[2], csv_columns)
    try:
        return columns(path, choices, read)
    except OSError as error:
        fail(f"{path}: {error.strerror or error}")


def csv_columns(path, choices, read):
    """The same for a CSV file with a header."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = filter(None, csv.reader(lines_of_file(path, file)))
        try:
            head = [name.strip() for name in next(rows, [])]
            names = names_in(path, head, choices, read)
            places = [head.index(name) for name in names]
            numbers = numbers_of_rows(path, rows, len(head), places)
            found = np.fromiter(numbers, np.dtype((float, len(places))))
        except UnicodeDecodeError:
            fail(f"{path}: is not text in UTF-8")
        except csv.Error as error:
            fail(f"{path}: {error}")
    return {name: found[:, k] for k, name in enumerate(names)}


def lines_of_file(path, file):
    """The lines of a text, none of which is too long for memory."""
    while line := file.readline(LINE_CHARACTERS):
        if len(line) == LINE_CHARACTERS:
            fail(f"{path}: has a line of {LINE_CHARACTERS:,} characters or more")
        yield line


def numbers_of_rows(path, rows, width, places):
    """The numbers at some places of the rows below a header with a given number of cells."""
    for number, row in enumerate(rows, 2):
        if len(row) != width:
            fail(f"{path}: line {number} has {len(row)} cells where the head has {width}")
        few_rows(path, number - 1)
        try:
            yield tuple(number_of(row[k]) for k in places)
        except ValueError:
            fail(f"{path}: line {number} has {', '.join(row[k] for k in places)}: not numbers")


def number_of(cell):
    """A cell's number. Python would also accept `1_0` and digits of other scripts."""
    if not cell.isascii() or "_" in cell:
        raise ValueError(cell)
    return float(cell)


def xlsx_columns(path, choices, read):
    """The same for an XLSX file."""
    columns = columns_of(path)
    names = names_in(path, list(columns), choices, read)
    return {name: column_from(path, name, columns=columns) for name in names}


def parquet_columns(path, choices, read):
    """The same for a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = names_in(path, file.schema_arrow.names, choices, read)
            groups = map(file.metadata.row_group, range(file.num_row_groups))
            chunks = [[g.column(k).num_values for k in range(g.num_columns)] for g in groups]
            few_rows(path, max(file.metadata.num_rows, sum(map(max, chunks))))
            for name in names:
                kind = file.schema_arrow.field(name).type
                if not any(
                    is_kind(kind)
                    for is_kind in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
                ):
                    fail(f"{path}: the column {name} holds {kind}, not numbers")
            table = file.read(columns=list(names))
            return {name: np.asarray(table[name].to_numpy(), dtype=float) for name in names}
    except pa.ArrowException as error:
        fail(f"{path}: is not a complete Parquet file: {str(error).partition(chr(10))[0]}")


def names_in(path, head, choices, read):
    """The first set of names that a file has exactly once each. Weights and delays in a file of
    pairs were meant to count, so those that nothing reads are refused."""
    for names in choices:
        if all(head.count(name) == 1 for name in names):
            bare = {name: name.partition("[")[0].strip() for name in head}
            others = [n for n in head if bare[n].lower() in NOT_READ and bare[n] not in read]
            if others:
                fail(
                    f"{path}: has the columns {' and '.join(names)}, and also {', '.join(others)},"
                    " which is not read: take it into the spec, as in `weight: from FILE column"
                    f" {others[0].partition('[')[0].strip()}`, or leave it out here"
                )
            return names
    if not head:
        fail(f"{path}: is empty")
    wanted = " and ".join(min(choices, key=lambda names: len(list(names))))
    fail(f"{path}: has no columns {wanted}; it has {', '.join(head)}")


def few_rows(path, rows):
    """Refuse a table that would take too much memory."""
    if rows > MOST_ROWS:
        fail(f"{path}: has more than {MOST_ROWS:,} rows, which is the limit")


def clipped(x, values, low, high, name):
    """Initial values, clipped to their bounds with a warning."""
    if np.any(np.asarray(low) > np.asarray(high)):
        fail(f"the lower bound of {name} is above the upper in some block")
    inside = np.clip(values, low, high)
    if not np.array_equal(inside, values):
        x.warnings.append(f"initial values of {name} outside its bounds were clipped")
    return inside


def delays(x, values, count, name):
    """Delays (s) in whole steps, one per synapse. Brian2's targets round halves differently, so
    Brian2 gets whole steps. What rounding changes is noted in `x.rounded`."""
    values = full(values, count)
    if not np.all((values >= 0) & np.isfinite(values)):
        fail(f"a delay of {name} is negative or no number")
    steps = np.floor(values / x.dt + 0.5 + 1e-9)
    times = times_of(steps, x.dt)
    moved = np.abs(times - values)
    count = int(np.sum(moved > 1e-6 * np.maximum(x.dt, values)))
    lost = int(np.sum((steps == 0) & (values > 1e-6 * x.dt)))
    if count:
        x.rounded.append({"connection": name, "delays": count, "by": float(moved.max())})
    if lost:
        x.warnings.append(
            f"{lost} of {len(values)} delays of {name} are shorter than half a time step of"
            f" {x.dt * 1e3:g} ms: they act without delay"
        )
    return times
