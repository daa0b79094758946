"""Spikes of input layers, as arrays (neuron, step)."""

import os

import numpy as np
import pyarrow.parquet as pq

from .data import at
from .draws import stream
from .errors import fail
from .synapses import file_columns
from .values import floats_of, keys_of


def poisson_steps(key, copies, size, rate, steps, dt):
    """Poisson spikes: `rate` (Hz), one number or one per copy.

    In each step a neuron spikes with probability rate*dt, as in Brian2's PoissonGroup. The number
    of steps between spikes is geometric: the inverse distribution function of base draws keyed by
    neuron.
    """
    found, rate = [], np.broadcast_to(rate, len(copies))
    for index, copy in enumerate(copies):
        hazard = -np.log1p(-np.minimum(rate[index] * dt, 1 - 1e-12))
        rng, reached = stream(*key, copy), np.full(size, -1)
        while hazard > 0 and np.any(reached < steps):
            gaps = np.ceil(rng.standard_exponential((64, size)) / hazard)
            ahead = reached + np.cumsum(np.clip(gaps, 1, steps + 1).astype(int), axis=0)
            row, neuron = np.nonzero(ahead < steps)
            found.append((neuron + index * size, ahead[row, neuron]))
            reached = np.minimum(ahead[-1], steps)
    return sorted_spikes(found, steps)


def thinned_steps(key, copies, size, rate, steps, dt):
    """Poisson spikes whose rate is a function of time: rate(t, i, copy index) in Hz."""
    found = []
    for index, copy in enumerate(copies):
        rng = stream(*key, copy)
        for start in range(0, steps, 1000):
            draws = rng.random((1000, size))[: steps - start]
            t = np.arange(start, start + len(draws))[:, np.newaxis] * dt
            row, neuron = np.nonzero(draws < rate(t, np.arange(size), index) * dt)
            found.append((neuron + index * size, start + row))
    return sorted_spikes(found, steps)


def holding_steps(time, dt):
    """The step that contains each time (s), as a float.

    As in Brian2's SpikeGeneratorGroup, a step begins a thousandth of its length early, because of
    rounding.
    """
    return np.floor((time + 1e-3 * dt) / dt)


def regular_steps(x, layer, copies, size, rate, start, stop):
    """(neuron, step) of spikes of every neuron at start, start + 1/rate, ... before stop (s). Each
    spike is in the step that contains it."""
    found, end = [], x.steps * x.dt
    for index, _ in enumerate(copies):
        first, last = at(start, index), min(at(stop, index), end)
        if not first >= 0 or not at(rate, index) >= 0:
            fail(
                f"{layer}: regular spikes start at {first:g} s, with {at(rate, index):g} Hz;"
                " neither can be negative"
            )
        hertz = min(at(rate, index), 1 / x.dt)  # a neuron spikes at most once per step
        count = max(int(np.ceil((last - first) * hertz - 1e-9)), 0)
        spikes = np.unique(holding_steps(first + np.arange(count) / hertz, x.dt)) if count else []
        neurons = np.tile(np.arange(size) + index * size, len(spikes))
        found.append((neurons, np.repeat(np.asarray(spikes, dtype=np.int64), size)))
    late = sum(bool(at(start, index) >= end) for index, _ in enumerate(copies))
    if late:
        where = f", in {late} of {len(copies)} copies" if len(copies) > 1 else ""
        x.warnings.append(
            f"{layer}: regular spikes start after the end of the run at {end:g} s{where}"
        )
    return sorted_spikes(found, x.steps)


def listed_steps(x, layer, copies, size, neuron, time, path="", block=0, blocks=0):
    """(neuron, step) of given spikes: neuron numbers and times (s), from a file or from the spec.

    Each spike is in the step that contains it. Like Brian2's SpikeGeneratorGroup, this refuses
    negative times and two spikes of one neuron in one step. A warning counts the spikes outside the
    run. `block` is the block of each spike; `blocks` is the block whose spikes each copy has.
    """
    neuron, time = np.asarray(neuron, dtype=np.int64), np.asarray(time, dtype=float)
    step, block = holding_steps(time, x.dt), np.broadcast_to(block, len(neuron))

    def refuse(wrong, what):
        if np.any(wrong):
            k = int(np.argmax(wrong))
            fail(
                f"{f'{path}: row' if path else f'{layer}: spike'} {k + 1}: "
                + what.format(neuron=neuron[k], time=time[k])
            )

    refuse(~np.isfinite(time), "the time is {time}")
    refuse(time < 0, "a spike at {time:g} s: times start at 0 s")
    last = f"the layer {layer} has the neurons 0 to {size - 1}"
    refuse((neuron < 0) | (neuron >= size), f"a spike of neuron {{neuron}}: {last}")
    order = np.lexsort((step, neuron, block))
    again = np.logical_and.reduce([np.diff(a[order]) == 0 for a in (block, neuron, step)])
    second = np.zeros(len(step), dtype=bool)
    second[order[1:][again]] = True
    refuse(
        second,
        "neuron {neuron} spikes twice in the time step at {time:g} s;"
        f" a neuron can spike only once in a time step of {x.dt:g} s",
    )
    inside = step < x.steps
    warn_of_times(x, path or layer, time, step, inside)
    order = np.argsort(block[inside], kind="stable")
    neuron, step, block = (a[inside][order] for a in (neuron, step.astype(np.int64), block))
    blocks = np.broadcast_to(blocks, len(copies))
    starts, ends = (np.searchsorted(block, blocks, side=side) for side in ("left", "right"))
    mine = [slice(*ends) for ends in zip(starts, ends, strict=True)]
    found = [(neuron[k] + index * size, step[k]) for index, k in enumerate(mine)]
    return sorted_spikes(found, x.steps)


def warn_of_times(x, what, time, step, inside):
    """Warn of the number of given spikes that lie outside the run or between two steps."""
    end, outside = x.steps * x.dt, int(np.sum(~inside))
    if outside:
        text = f"{what}: {outside} of {len(time)} spikes lie outside the run of {end:g} s"
        if 2 * outside >= len(time) and time.max() / 1000 <= end:
            text += "; times are in seconds: are these in ms?"
        x.warnings.append(text)
    between = int(np.sum(time[inside] - step[inside] * x.dt > 2e-3 * x.dt))
    if between:
        text = f"{what}: {between} of {len(time)} spikes lie between two time steps"
        x.warnings.append(f"{text}; each acts in the time step that contains it")


def sorted_spikes(found, steps):
    """(neuron, step) of several parts within a number of steps, by time and neuron, without
    repeats."""
    neuron, step = np.hstack([np.zeros((2, 0), int), *found])
    step, neuron = np.unique([step, neuron], axis=1)
    inside = (step >= 0) & (step < steps)
    return neuron[inside], step[inside]


def spikes_from_file(x, layer, copies, size, path):
    """(neuron, step) from a table with the columns time (s), or t, and neuron: Parquet or CSV. If
    there is a column block, it gives the block of each spike."""
    plain = [("time", "neuron"), ("t", "neuron")]
    by_block = [(*names, "block") for names in plain]
    time, neuron, *block = file_columns(path, *by_block, *plain).values()
    if not np.array_equal(neuron, np.floor(neuron)) or not np.all(np.abs(neuron) < 2**53):
        fail(f"{path}: the column neuron must contain whole numbers")
    neuron = neuron.astype(np.int64)
    # In our own tables, spikes of a layer that all blocks share.
    if not block or np.all(np.isnan(block[0])):
        return listed_steps(x, layer, copies, size, neuron, time, path)
    if copies is x.replicate_of_copy:
        fail(f"{path}: has a column block, but {layer} is shared by all blocks")
    if not np.array_equal(block[0], np.floor(block[0])):
        fail(f"{path}: the column block must contain whole numbers")
    mine = x.first + np.arange(len(copies))
    return listed_steps(x, layer, copies, size, neuron, time, path, block[0], mine)


def spikes_from_results(x, layer, copies, size, folder, source, blocks=None):
    """(neuron, step) of a layer's spikes in an earlier run: from the block with the same number,
    from one given block, or from one block for each block of this run."""
    table = pq.read_table(os.path.join(folder, "spikes"), filters=[("layer", "==", source)])
    block, neuron = keys_of(table, ["block", "neuron"])
    mine = x.first + np.arange(len(copies)) if blocks is None else np.asarray(blocks)
    if mine.ndim and blocks is not None:
        mine = mine[x.first + np.arange(len(copies))]
    time = floats_of(table, "t")
    return listed_steps(x, layer, copies, size, neuron, time, folder, block, mine)


def rates_from_results(folder, layer, variable, blocks, count, every):
    """The first `count` samples of a layer's variable in an earlier run, `every` s apart, as
    (blocks, samples, neurons). The mean rate of a layer has one column only."""
    chosen = [
        ("layer", "==", layer),
        ("variable", "==", variable),
        ("t", "<", (count - 0.5) * every),
    ]
    table = pq.read_table(os.path.join(folder, "trajectories"), filters=chosen)
    block, neuron = keys_of(table, ["block", "neuron"])
    order = np.lexsort((neuron, floats_of(table, "t"), block))
    block, values = block[order], floats_of(table, "value")[order]
    found = [values[block == b] for b in blocks]
    for number, of_block in zip(blocks, found, strict=True):
        if not len(of_block) or len(of_block) % count or len(of_block) != len(found[0]):
            fail(
                f"{folder}: has {len(of_block)} samples of {variable} of {layer} in block"
                f" {number}, not {count} of each neuron"
            )
    return np.stack([of_block.reshape(count, -1) for of_block in found])


def rows_of_blocks(rows, size, blocks):
    """(blocks, rows, neurons) of rows that have a column for each neuron of each block."""
    return rows.reshape(len(rows), -1, size).swapaxes(0, 1)[blocks]


def rated_steps(x, layer, copies, size, rows, every, gap, repeat=False, hertz=None):
    """(neuron, step) of Poisson spikes at the rates (Hz) of `rows`: one row per stimulus, one
    column per neuron or for all. With three axes, the first is the copy. hertz(values, copy)
    converts values that are not in Hz.

    Row r is played from r*every to (r + 1)*every - gap seconds. A step has the rates of the row in
    whose time it begins. No spikes follow the last row, unless the rows `repeat`.
    """
    if not np.all(every >= x.dt * (1 - 1e-6)):
        fail(f"{layer}: a row of `rates` lasts {np.min(every):g} s, less than a time step")
    if not (np.all(gap >= 0) and np.all(gap < every)):
        fail(
            f"{layer}: `gap` must be shorter than `every`: found a gap of {np.max(gap):g} s in"
            f" {np.min(every):g} s"
        )
    end, count = x.steps * x.dt, rows.shape[-2]
    ends = count * np.min(every)
    if ends < end * (1 - 1e-9) and not repeat:
        gaps = " with their gaps" if np.any(gap) else ""
        x.warnings.append(
            f"{layer}: its {count} rows{gaps} end at {ends:g} s, and it is silent until the run"
            f" ends at {end:g} s; `repeat` plays them again"
        )
    played = int(np.ceil(end / np.min(every) - 1e-6))
    if count > played:
        x.warnings.append(f"{layer}: the run of {end:g} s plays {played} of {count} rows")
    rows = rows[..., :played, :].astype(float)
    of_copy = rows.reshape(-1, *rows.shape[-2:])
    hertz, highest = hertz or (lambda values, copy: values), 0.0
    for copy, _ in enumerate(copies):
        rates = hertz(of_copy[copy % len(of_copy)], copy)
        if not np.all(np.isfinite(rates)) or np.any(rates < 0):
            fail(f"{layer}: rates must be finite and not negative")
        highest = max(highest, float(np.max(rates, initial=0)))
    if highest * x.dt > 0.1:
        x.warnings.append(
            f"{layer}: with {highest:g} Hz a neuron spikes in {min(highest * x.dt, 1):.0%} of the"
            f" time steps of {x.dt:g} s, so this is no longer a Poisson process; use a smaller `dt`"
        )

    def rate(t, i, copy):
        begun, length = t + 1e-3 * x.dt, at(every, copy)
        row = np.floor(begun / length).astype(np.int64)
        inside = (repeat | (row < count)) & (begun - row * length < length - at(gap, copy))
        values = of_copy[copy % len(of_copy), row % count, i % rows.shape[-1]]
        return np.where(inside, hertz(values, copy), 0.0)

    return thinned_steps((layer, "spikes"), copies, size, rate, x.steps, x.dt)
