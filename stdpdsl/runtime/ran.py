"""How long each block ran in each phase, if a block may wait for the end of a phase. `ran` has the
steps, a row per phase and a column per block."""

import numpy as np

ENDS = "phase__ends"  # the group that stores when each block ended a phase


def was_run(step, block, phase_steps, ran):
    """Whether the block was running in the step of an event. The final state always counts as
    run."""
    ends = np.cumsum(phase_steps)
    number = np.minimum(np.searchsorted(ends, step, side="right"), len(ends) - 1)
    into = step - (ends - phase_steps)[number]
    return (into < ran[number, block]) | (step >= ends[-1])


def while_run(samples, last, run):
    """Samples, a row per element; those taken while the block waited are replaced by `last`."""
    if run is None:
        return samples
    return np.where(run, samples, 0.0 if last is None else np.asarray(last)[:, None])


def steps_before(step, phase_steps, ran):
    """The steps that each block has run before given steps of the clock: a row per block."""
    found = np.zeros((ran.shape[1], len(step)), dtype=np.int64)
    for first, mine in zip(np.cumsum(phase_steps) - phase_steps, ran, strict=True):
        found += np.minimum(np.maximum(step - first, 0), mine[:, None])
    return found


def rates_while_run(neuron, step, size, width, phase_steps, ran, first, last):
    """(starts of the bins in steps, spikes per step and neuron, whether any step was run) for the
    neurons from `first` to before `last` of each block: a row per block, a column per bin of
    `width` steps."""
    total = int(np.sum(phase_steps))
    blocks, bins = ran.shape[1], -(-total // width)
    block, index = np.divmod(np.asarray(neuron, dtype=np.int64), size)
    mine = (index >= first) & (index < last) & was_run(step, block, phase_steps, ran)
    place = block[mine] * bins + step[mine] // width
    counts = np.bincount(place, minlength=blocks * bins).reshape(blocks, bins)
    starts = np.arange(bins) * width
    run = np.diff(steps_before(np.append(starts, total), phase_steps, ran), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return starts, counts / run / (last - first), run > 0
