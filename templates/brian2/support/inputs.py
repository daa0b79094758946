"""Spikes of input layers, as arrays (neuron, step)."""

import zipfile

import numpy as np

from data import at
from draws import stream
from errors import fail
from synapses import file_columns


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
        hertz = min(at(rate, index), 1 / dt)  # a neuron spikes once per step at most
        count = int(np.ceil((last - first) * hertz - 1e-9))
        spikes = np.rint((first + np.arange(max(count, 0)) / hertz) / dt)
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


def spikes_from_file(copies, size, path, steps, dt):
    """(neuron, step) from a table with the columns time (s) and neuron: Parquet or CSV."""
    time, neuron = file_columns(path, ("time", "neuron")).values()
    if not np.all(np.isfinite(time)) or not np.array_equal(neuron, np.floor(neuron)):
        fail(f"{path}: each time is finite, each neuron a whole number")
    return listed_steps(copies, size, neuron.astype(np.int64), time, steps, dt)


def rated_steps(key, copies, size, path, every, gap, steps, dt):
    """(neuron, step) of Poisson spikes at the rates (Hz) of a NumPy file, one row per stimulus:
    each row for `every` - `gap` seconds, then `gap` without spikes; nothing after the last."""
    try:
        # As a map: only the rows that are used are read, however many there are said to be.
        rates = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        fail(f"{path}: {error.strerror or error}")
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        fail(f"{path}: is no NumPy file of numbers: {error}")
    if not isinstance(rates, np.ndarray) or rates.dtype.kind not in "buif":
        fail(f"{path}: is no NumPy file of numbers")
    if rates.ndim != 2 or rates.shape[1] != size:
        fail(f"{path}: has the shape {rates.shape}; expected (stimuli, {size})")
    length = int(np.rint(every / dt))
    active = int(np.rint((every - gap) / dt))
    if active <= 0:
        fail(f"{path}: a gap of {gap:g} s leaves nothing of {every:g} s")
    rates = rates[: steps // length + 1].astype(float)
    if not np.all(np.isfinite(rates)) or np.any(rates < 0):
        fail(f"{path}: rates are finite and not negative")

    def rate(t, i, copy):
        step = np.rint(t / dt).astype(np.int64)
        row, within = step // length, step % length
        inside = (row < len(rates)) & (within < active)
        return np.where(inside, rates[np.minimum(row, len(rates) - 1), i], 0.0)

    return thinned_steps(key, copies, size, rate, steps, dt)
