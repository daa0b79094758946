"""Draws, patterns and input spikes: what the network is made of, block by block."""

import hashlib
from types import SimpleNamespace

import numpy as np

from errors import fail


def stream(*key):
    """The generator of one named stream: (component, variable, replicate, ...)."""
    # NumPy's whole numbers print otherwise than Python's, and must name the same stream.
    plain = tuple(part if isinstance(part, str) else int(part) for part in key)
    digest = hashlib.sha256(repr((SEED, *plain)).encode()).digest()  # noqa: F821
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def product(*parts):
    """All combinations of the parts' rows; the last part varies fastest."""
    parts = [{n: np.atleast_1d(np.asarray(v, dtype=float)) for n, v in p.items()} for p in parts]
    lengths = [len(next(iter(part.values()))) for part in parts]
    rows = inner = int(np.prod(lengths))
    columns = {}
    for part, length in zip(parts, lengths, strict=True):
        inner //= length
        for name, values in part.items():
            columns[name] = np.tile(np.repeat(values, inner), rows // (inner * length))
    return columns


def where(row, condition):
    """The rows that a condition keeps."""
    keep = np.broadcast_to(condition, len(next(iter(row.values()))))
    return {name: values[keep] for name, values in row.items()}


def replicates(row, count):
    """The whole table `count` times over, numbered in the column `replicate`."""
    rows = len(next(iter(row.values()))) if row else 1
    repeated = {name: np.tile(values, count) for name, values in row.items()}
    return repeated | {"replicate": np.repeat(np.arange(count), rows)}


def at(value, index):
    """A parameter's value at each element: one number for all, or the block's."""
    return value[index] if np.ndim(value) else value


def as_int(value):
    """Towards zero, as Brian2's `int`; of a condition 1 or 0."""
    return np.asarray(value).astype(np.int64)[()]


def neuron_draws(kind, key, copies, size):
    """Base draws of a layer's neurons, one row per copy: free of parameters, keyed by neuron."""
    made = {}
    for copy in copies:
        if copy not in made:
            rng = stream(*key, copy)
            made[copy] = rng.random(size) if kind == "uniform" else rng.standard_normal(size)
    return np.concatenate([made[copy] for copy in copies])


def pair_draws(kind, key, copy, n_pre, n_post):
    """Base draws of one copy of a connection, an array (n_pre, n_post)."""
    rng = stream(*key, copy)
    shape = (n_pre, n_post)
    return rng.random(shape) if kind == "uniform" else rng.standard_normal(shape)


def synapse_draws(kind, key, copy_of_block, edges, n_pre, n_post):
    """Base draws of synapses: free of parameters, keyed by (i, j)."""
    values = np.empty(len(edges.block))
    copies = copy_of_block[edges.block]
    for copy in np.unique(copies):
        mine = copies == copy
        draws = pair_draws(kind, key, copy, n_pre, n_post)
        values[mine] = draws[edges.i[mine], edges.j[mine]]
    return values


def synapses_of(choose, key, copy_of_block, n_pre, n_post):
    """All synapses of a connection, by block, then pre, then post.

    choose(block, i, j, u) is a mask over the pairs (i, j) of one block; u are the base draws of
    its copy, an array (n_pre, n_post), where the pattern has a stream's key.
    """
    i, j = (index.ravel() for index in np.indices((n_pre, n_post)))
    copies = np.unique(copy_of_block) if key else []
    draws = {copy: pair_draws("uniform", key, copy, n_pre, n_post) for copy in copies}
    blocks, pres, posts = [], [], []
    for block, copy in enumerate(copy_of_block):
        mask = np.broadcast_to(choose(block, i, j, draws.get(copy)), i.shape)
        blocks.append(np.full(np.count_nonzero(mask), block))
        pres.append(i[mask])
        posts.append(j[mask])
    block = np.concatenate(blocks)
    return SimpleNamespace(block=block, i=np.concatenate(pres), j=np.concatenate(posts))


def lowest(draws, count, axis):
    """A mask of the `count` smallest draws along an axis, flattened."""
    count = int(count)
    if count > draws.shape[axis]:
        fail(f"{count} partners are asked for where there are {draws.shape[axis]} neurons")
    order = np.argsort(draws, axis=axis, kind="stable")
    mask = np.zeros(draws.shape, dtype=bool)
    np.put_along_axis(mask, np.take(order, np.arange(count), axis=axis), True, axis=axis)
    return mask.ravel()


def poisson_steps(key, copies, size, rate, steps, dt):
    """(neuron, step) of Poisson spikes: `rate` (Hz), one number or one per copy.

    In each step a neuron spikes with probability rate*dt, as in Brian2's PoissonGroup; the steps
    between spikes are geometric, by the inverse distribution of base draws keyed by neuron.
    """
    neurons, times = [], []
    for index, copy in enumerate(copies):
        hazard = -np.log1p(-np.minimum(at(rate, index) * dt, 1 - 1e-12))
        rng = stream(*key, copy)
        reached = np.full(size, -1, dtype=np.int64)
        while hazard > 0 and np.any(reached < steps):
            gaps = np.ceil(rng.standard_exponential((64, size)) / hazard)
            gaps = np.minimum(np.maximum(gaps, 1), steps + 1).astype(np.int64)
            ahead = reached + np.cumsum(gaps, axis=0)
            row, neuron = np.nonzero(ahead < steps)
            neurons.append(neuron + index * size)
            times.append(ahead[row, neuron])
            reached = np.minimum(ahead[-1], steps)
    return sorted_spikes(neurons, times)


def thinned_steps(key, copies, size, rate, steps, dt, chunk=1000):
    """(neuron, step) of Poisson spikes whose rate(t, i, copy index) in Hz is a function of time."""
    neurons, times = [], []
    i = np.arange(size)
    for index, copy in enumerate(copies):
        rng = stream(*key, copy)
        for start in range(0, steps, chunk):
            draws = rng.random((chunk, size))[: steps - start]
            t = np.arange(start, start + len(draws))[:, np.newaxis] * dt
            row, neuron = np.nonzero(draws < rate(t, i, index) * dt)
            neurons.append(neuron + index * size)
            times.append(start + row)
    return sorted_spikes(neurons, times)


def regular_steps(copies, size, rate, start, stop, steps, dt):
    """(neuron, step) of spikes at start, start + 1/rate, ... before stop (s), of every neuron."""
    neurons, times = [], []
    for index, _ in enumerate(copies):
        first, last = at(start, index), min(at(stop, index), steps * dt)
        count = int(np.ceil((last - first) * at(rate, index) - 1e-9))
        spikes = np.rint((first + np.arange(max(count, 0)) / at(rate, index)) / dt)
        spikes = np.unique(spikes.astype(np.int64))
        neurons.append(np.tile(np.arange(size) + index * size, len(spikes)))
        times.append(np.repeat(spikes, size))
    return sorted_spikes(neurons, times, steps)


def listed_steps(copies, size, neuron, time, steps, dt):
    """(neuron, step) of spikes that are written out: neuron numbers, and times in s."""
    neuron, step = np.asarray(neuron, dtype=np.int64), np.rint(np.asarray(time) / dt)
    if len(neuron) and (neuron.min() < 0 or neuron.max() >= size):
        fail(f"a spike of neuron {neuron.min() if neuron.min() < 0 else neuron.max()} where the"
             f" layer has the neurons 0 to {size - 1}")  # fmt: skip
    neurons = [neuron + index * size for index, _ in enumerate(copies)]
    return sorted_spikes(neurons, [step.astype(np.int64)] * len(neurons), steps)


def sorted_spikes(neurons, times, steps=None):
    """One array of each, by time and neuron, each spike once."""
    neuron = np.concatenate([np.zeros(0, dtype=np.int64), *neurons])
    step = np.concatenate([np.zeros(0, dtype=np.int64), *times])
    if steps is not None:
        inside = (step >= 0) & (step < steps)
        neuron, step = neuron[inside], step[inside]
    kept = np.unique(np.stack([step, neuron], axis=1), axis=0)
    return kept[:, 1], kept[:, 0]


def steps_of(duration, dt):
    """Whole steps that hold a duration (s)."""
    return int(np.ceil(duration / dt - 1e-6))


def summed_by(index, values, count):
    """Sums per block, in order."""
    return np.bincount(index, weights=values, minlength=count)


def weight_measures(name, block, values, low, high, blocks):
    """Mean, sd and the fraction at a bound of each block's weights."""
    number = np.bincount(block, minlength=blocks)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = summed_by(block, values, blocks) / number
        spread = summed_by(block, (values - mean[block]) ** 2, blocks) / number
        bound = summed_by(block, 1.0 * ((values <= low) | (values >= high)), blocks) / number
    return {f"{name}_mean": mean, f"{name}_sd": np.sqrt(spread), f"{name}_at_bounds": bound}
