"""Short functions that plain scripts may contain, each only where it is used."""

# ruff: noqa: F821
import glob
import hashlib
from fractions import Fraction

import numpy as np

DATA = "."  # the folder of the files that are read


def stream(*key):
    """The random generator of a named stream: (component, variable, ..., replicate)."""
    key = [part if isinstance(part, str | tuple) else int(part) for part in key]
    digest = hashlib.sha256(repr((SEED, *key)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def row_key(table, block):
    """A row's columns and values, for draws that are independent per block."""
    return tuple(
        (name, str(values[block]) if values.dtype == object else float(values[block]))
        for name, values in sorted(table.items())
        if name not in ("replicate", "block")
    )


def draw_key(*key):
    """The whole number, exact as a float too, that stands for a stream in the network's code."""
    key = [part if isinstance(part, str | tuple) else int(part) for part in key]
    return int.from_bytes(hashlib.sha256(repr((SEED, *key)).encode()).digest()[:6], "big")


def draw_keys(component, draw, copies, table=None):
    """The number that stands for a stream in the network's code, one for each copy."""
    keys = [(component, draw, copy) for copy in copies]
    if table is not None:
        keys = [(*key, row_key(table, block)) for block, key in enumerate(keys)]
    return np.array([draw_key(*key) for key in keys], dtype=float)


def uniform_draw_function():
    """`draw__uniform` for Brian2's code."""
    from brian2 import Function

    # Stateless, so a statement may hold several. An element is a double where it may be large.
    draw = Function(uniform_draw, arg_units=[1, 1, 1], arg_types=["any", "integer", "any"],
                    return_unit=1, return_type="float")  # fmt: skip
    draw.implementations.add_implementation("cpp", DRAW_CPP)
    draw.implementations.add_implementation("cython", DRAW_CYTHON.replace("int64_t e", "double e"))
    return draw


def draw_function(in_numpy, cpp, cython, more=0):
    """A draw as a function of Brian2's code: of a key, a step, an element, and `more` arguments."""
    from brian2 import Function

    # Each with a uniform draw of its own: Brian2 does not keep the order of dependencies.
    own, types = f"draw__uniform_in_{in_numpy.__name__}", ["any", "integer", "any", *["any"] * more]
    draw = Function(in_numpy, arg_units=[1] * len(types), arg_types=types, return_unit=1,
                    return_type="float")  # fmt: skip
    for language, code in (("cpp", DRAW_CPP + cpp), ("cython", DRAW_CYTHON + cython)):
        draw.implementations.add_implementation(language, code.replace("draw__uniform", own))
    return draw


def fail(message):
    """What is asked for cannot be had."""
    raise ValueError(message)


def in_32_bits(values, what):
    """Whole numbers that a variable of the kind `integer` can hold."""
    if np.any(np.abs(values) >= 2**31):
        raise ValueError(f"{what}: an integer variable holds less than 2**31")
    return values


def by_preset(names, /, **values):
    """A parameter's value in each row: that of the row's preset."""
    return np.select([names == name for name in values], [*values.values()]).astype(float)


def pairs_by_block(blocks, shape, chosen):
    """(block, i, j) of the pairs that `chosen(block, i, j)` admits, one block after the other."""
    i, j = np.indices(shape)
    pairs = [np.argwhere(chosen(b, i, j)) for b in range(blocks)]
    block = np.repeat(np.arange(blocks), [len(some) for some in pairs])
    return block, *np.concatenate(pairs).T


def samples(monitor, variable, final, end, where):
    """A monitor's samples, the final state as the last: of each element a row of values."""
    columns = {"variable": variable} | {n: np.reshape(v, (-1, 1)) for n, v in where.items()}
    values = np.c_[monitor[variable].T, final].astype(float)
    return columns | {"t": np.append(monitor["t"], end), "value": values}


def activity(layer, spikes, size):
    """A layer's columns in the table of blocks: spikes of each block, and their mean rate (Hz)."""
    count = spikes["count"] if "count" in spikes else np.bincount(spikes["i"], None, spikes["N"])
    total = np.reshape(count, (-1, size)).sum(axis=1)
    return {f"{layer}_spikes": total, f"{layer}_rate": total / (size * STEPS * DT)}


def activity_in(phase, layer, spikes, size, copies):
    """A layer's columns in the table of blocks: spikes of a phase, and their mean rate (Hz)."""
    copy = spikes["i"][phase_of(spikes["t"]) == phase] // size
    total, steps = np.bincount(copy, minlength=copies), PHASE_STEPS[PHASES.index(phase)]
    return {f"{layer}_spikes": total, f"{layer}_rate": total / (size * steps * DT)}


def in_rows(columns):
    """Columns of the same length."""
    arrays = np.broadcast_arrays(*columns.values())
    return {name: array.ravel() for name, array in zip(columns, arrays, strict=True)}


def rows_kept(columns, neurons=None, blocks=None, start=None, stop=None, phases=None):
    """The rows of some neurons (the first, and the one after the last), blocks, times (s) and
    phases, of columns with the time `t`."""
    columns = in_rows(columns)
    t = columns["t"]
    keep = np.ones(len(t), bool)
    if neurons is not None:
        keep &= (columns["neuron"] >= neurons[0]) & (columns["neuron"] < neurons[1])
    if blocks is not None and "block" in columns:
        keep &= np.isin(columns["block"], blocks)
    if start is not None:
        keep &= t > start - DT / 2
    if stop is not None:
        keep &= t < stop - DT / 2
    if phases is not None:
        keep &= np.isin(phase_of(t), [p for p in PHASES if p.partition(" ")[0] in phases])
    return {n: v[keep] for n, v in columns.items()}


def population_rate(k, t, size, copies, every, first, last):
    """(copy, time, Hz) of the mean rate of neurons `first` to before `last` of each copy of a
    layer, in bins of `every` s, from the neurons `k` and times `t` of its spikes."""
    copy, neuron = np.divmod(np.asarray(k, dtype=int), size)
    mine = (neuron >= first) & (neuron < last)
    width = round(every / DT)
    bins = -(-STEPS // width)
    place = np.rint(np.asarray(t)[mine] / DT).astype(int) // width
    counts = np.bincount(copy[mine] * bins + place, minlength=copies * bins).reshape(copies, bins)
    starts = np.arange(bins) * width
    hertz = counts / (np.minimum(width, STEPS - starts) * DT) / (last - first)
    return np.repeat(np.arange(copies), bins), np.tile(starts * DT, copies), hertz.ravel()


def steps_run(last, numbers, blocks):
    """How many steps each block ran in each phase, from when it ended those of these numbers."""
    ran = np.repeat(np.array(PHASE_STEPS)[:, None], blocks, axis=1)
    stopped = last["phase__ends"]["stopped"].reshape(len(numbers), blocks)
    ran[numbers] = np.where(stopped > 0, stopped, ran[numbers])
    return ran


def stopped_after(last, number, numbers):
    """How long after its begin (s) each block ended a phase; NaN where it went on to the end."""
    stopped = last["phase__ends"]["stopped"].reshape(len(numbers), -1)
    if number not in numbers:
        return np.full(stopped.shape[1], np.nan)
    steps = stopped[numbers.index(number)]
    return np.where(steps > 0, steps * DT, np.nan)


def while_run(k, t, block, ran):
    """The neurons and times of the spikes of blocks that ran, and did not wait, then."""
    mine = was_run(np.rint(np.asarray(t) / DT).astype(int), block, np.array(PHASE_STEPS), ran)
    return np.asarray(k)[mine], np.asarray(t)[mine]


def activity_run(number, layer, spikes, size, ran):
    """A layer's columns in the table of blocks: spikes of a phase, and their mean rate (Hz), while
    each block ran."""
    i, t = while_run(spikes["i"], spikes["t"], spikes["i"] // size, ran)
    phase = np.searchsorted(np.cumsum(PHASE_STEPS), np.rint(t / DT), side="right")
    now = np.minimum(phase, len(PHASE_STEPS) - 1) == number
    total = np.bincount(i[now] // size, minlength=ran.shape[1])
    return {f"{layer}_spikes": total, f"{layer}_rate": total / (size * ran[number] * DT)}


def rows_run(columns, ran):
    """The rows of blocks that ran, and did not wait, then."""
    columns = in_rows(columns)
    step = np.rint(columns["t"] / DT).astype(int)
    mine = was_run(step, columns["block"], np.array(PHASE_STEPS), ran)
    return {n: v[mine] for n, v in columns.items()}


def population_rate_run(k, t, size, copies, every, first, last, ran):
    """(copy, time, Hz) of the mean rate of neurons `first` to before `last` of each block's layer,
    in bins of `every` s, while the block ran."""
    step = np.rint(np.asarray(t) / DT).astype(int)
    width, steps = round(every / DT), np.array(PHASE_STEPS)
    starts, rate, known = rates_while_run(k, step, size, width, steps, ran, first, last)
    copy, place = np.nonzero(known)
    return copy, starts[place] * DT, rate[known] / DT


def phase_of(t):
    """The name of the phase of each time (s)."""
    ends = np.cumsum(PHASE_STEPS)
    number = np.searchsorted(ends, np.rint(np.asarray(t) / DT), side="right")
    return np.array(PHASES)[np.minimum(number, len(PHASES) - 1)]


def joined(states, name, blocks):
    """The state of a connection that has one object for each block."""
    parts = [states[f"{name}__{b}"] for b in blocks]
    names = [n for n, v in parts[0].items() if np.ndim(v) and all(n in p for p in parts)]
    return {n: np.concatenate([p[n] for p in parts]) for n in names}


def joined_monitors(states, name, blocks, variables):
    """The samples of a connection that has one object for each block."""
    parts = [states[f"{name}__{b}"] for b in blocks]
    return {"t": parts[0]["t"]} | {n: np.hstack([p[n] for p in parts]) for n in variables}


def with_phase(columns):
    """Columns with the phase of each time."""
    return columns | {"phase": phase_of(columns["t"])}


def whole_steps(delay):
    """Delays (s) in whole time steps, halves rounded up."""
    step = Fraction(DT).limit_denominator(10**12)
    return np.floor(delay / DT + 0.5 + 1e-9) * step.numerator / step.denominator


def sorted_spikes(found, steps):
    """Neurons and times (s) of the spikes (neuron, step) in several parts that are in the run."""
    neuron, step = np.hstack([np.zeros((2, 0), int), *found])
    step, neuron = np.unique([step, neuron], axis=1)
    inside = (step >= 0) & (step < steps)
    return {"i": neuron[inside], "t": step[inside] * DT}


def poisson_spikes(layer, size, rate):
    """Neurons and times (s) of Poisson spikes at `rate` (Hz), by the gaps between them."""
    rng, steps = stream(layer, "spikes", 0), [np.full((1, size), -1)]
    while np.any(steps[-1][-1] < STEPS):
        gaps = np.ceil(rng.standard_exponential((64, size)) / -np.log1p(-rate * DT))
        steps.append(steps[-1][-1] + np.cumsum(np.clip(gaps, 1, STEPS + 1).astype(int), axis=0))
    steps = np.concatenate(steps[1:])
    row, neuron = np.nonzero(steps < STEPS)
    step, neuron = np.unique([steps[row, neuron], neuron], axis=1)
    return {"N": size, "i": neuron, "t": step * DT}


def in_copies(spikes, copies):
    """The same spikes in each of several copies of a layer."""
    i, t = np.ravel(spikes["i"] + spikes["N"] * np.c_[:copies]), np.tile(spikes["t"], copies)
    order = np.lexsort([i, t])
    return {"N": spikes["N"] * copies, "i": i[order], "t": t[order]}


def regular_steps(copies, size, rate, start, stop):
    """Spikes of every neuron at start, start + 1/rate, ... before stop (s)."""
    found = []
    for index, (first, last, hertz, _) in enumerate(np.broadcast(start, stop, rate, copies)):
        hertz = min(hertz, 1 / DT)
        count = max(int(np.ceil((min(last, STEPS * DT) - first) * hertz - 1e-9)), 0)
        time = first + np.arange(count) / (hertz if count else 1)
        step = np.floor((time + 1e-3 * DT) / DT).astype(int)  # as in Brian2
        neuron = np.tile(np.arange(size) + index * size, count)
        found.append((neuron, np.repeat(step, size)))
    return sorted_spikes(found, STEPS)


def listed_steps(copies, size, neuron, time):
    """Given spikes: neurons and times (s)."""
    step = np.floor((np.array(time, dtype=float) + 1e-3 * DT) / DT).astype(int)  # as in Brian2
    neuron = np.array(neuron, dtype=int)
    return sorted_spikes([(neuron + index * size, step) for index, _ in enumerate(copies)], STEPS)


def spikes_from_file(copies, size, path):
    """Spikes from a table with the columns time (s), or t, neuron, and perhaps block."""
    columns = columns_of(path)
    time = column_from(path, "time" if "time" in columns else "t", columns=columns)
    neuron = column_from(path, "neuron", columns=columns).astype(int)
    if "block" not in columns or None in columns["block"]:
        return listed_steps(copies, size, neuron, time)
    block = column_from(path, "block", columns=columns)
    return steps_by_block(range(len(copies)), size, block, neuron, time)


def spikes_from_results(copies, size, folder, layer, blocks=None):
    """A layer's spikes in an earlier run, from these of its blocks."""
    table = pq.read_table(os.path.join(folder, "spikes"), filters=[("layer", "==", layer)])
    block, neuron = keys_of(table, ["block", "neuron"])
    blocks = np.broadcast_to(range(len(copies)) if blocks is None else blocks, len(copies))
    return steps_by_block(blocks, size, block, neuron, floats_of(table, "t"))


def steps_by_block(blocks, size, block, neuron, time):
    """Given spikes, of which each copy has those of a block."""
    step = holding_steps(time, DT).astype(int)
    found = [
        (neuron[block == b] + index * size, step[block == b]) for index, b in enumerate(blocks)
    ]
    return sorted_spikes(found, STEPS)


def pairs_from_file(path, n_pre, n_post, numbered=False):
    """(i, j) of a table with the columns pre and post, or i and j; and their synapse_number."""
    if path.endswith(".npz"):  # the entries of a sparse matrix
        return np.unique(sparse_entries(path)[:2], axis=1).astype(int)
    columns = columns_of(path)
    names = ["pre", "post"] if "pre" in columns else ["i", "j"]
    names += ["synapse_number"] if numbered else []
    pairs = [column_from(path, name, columns=columns).astype(int) for name in names]
    return np.unique(pairs, axis=1)


def rows_of_blocks(rows, size, blocks):
    """(blocks, rows, neurons) of rows that have a column for each neuron of each block."""
    return rows.reshape(len(rows), -1, size).swapaxes(0, 1)[blocks]


def rated_steps(layer, copies, size, rows, every, gap, repeat=False, hertz=None):
    """Poisson spikes at the rates (Hz) of `rows`, one for each `every` s, all or
    for each copy."""
    of_copy = rows.reshape(-1, *rows.shape[-2:])

    def rate(t, i, copy):
        begun, length = t + 1e-3 * DT, at(every, copy)
        row = np.floor(begun / length).astype(int)
        lit = begun - row * length < length - at(gap, copy)
        count, columns = rows.shape[-2:]
        inside = lit & (repeat | (row < count))
        values = of_copy[copy % len(of_copy), row % count, i % columns].astype(float)
        return np.where(inside, hertz(values, copy) if hertz else values, 0.0)

    return thinned_steps((layer, "spikes"), copies, size, rate, STEPS, DT)


def stored_rows(path, columns, name=None):
    """The rows of an array in a file, of which those that are used are read."""
    array = np.load(path, mmap_mode="r")
    if not isinstance(array, np.ndarray):
        array = array[name or array.files[0]]
    return array.reshape(len(array), columns)


def image_rows(pattern, columns):
    """The pixels of the grey images whose files match, a row for each, in the order of names."""
    from PIL import Image

    paths = sorted(glob.glob(pattern, recursive=True))
    return np.stack([np.asarray(Image.open(path)) for path in paths]).reshape(len(paths), columns)
