"""Summary measures of a block, each from that block's values alone, in their own order: the same
bits whatever blocks stand beside it.

Sums run through `bincount`, which adds in the order of its input; counts of spikes and of steps are
whole numbers, whose sums are exact.
"""

import numpy as np

WEIGHT_BINS = 16
SYNCHRONY_BIN = 5e-3  # s
SETTLED = 0.05


def summed_by(index, values, count):
    """Sums per block, in order."""
    return np.bincount(index, weights=values, minlength=count)


def exact_mean(index, values, count):
    """Means per block, of equal values exactly that value: sums round, and a constant would seem to
    spread by 1e-16."""
    number = np.bincount(index, minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = summed_by(index, values, count) / number
        return mean + summed_by(index, values - mean[index], count) / number


def mean_by(index, values, count):
    """Means per block of the values that are finite; NaN where there are none."""
    good = np.isfinite(values)
    number = np.bincount(index[good], minlength=count)
    return ratio(summed_by(index[good], values[good], count), number)


def ratio(above, below):
    """A quotient, NaN where it is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.asarray(above / below, dtype=float)
    found[~np.isfinite(found)] = np.nan
    return found


class Elements:
    """What each synapse or neuron has, by name, and what is taken over those of a block: `copy` of
    each, `blocks` the copy that each block looks at."""

    def __init__(self, copy, blocks, **values):
        self.copy, self.blocks = copy, blocks
        self.__dict__.update(values)

    def sum(self, values):
        """Sums, in order."""
        count = 1 + int(np.max(self.blocks))
        values = np.broadcast_to(np.asarray(values, dtype=float), self.copy.shape)
        return summed_by(self.copy, values, count)[self.blocks]

    def mean(self, values):
        """Means; NaN where there is nothing."""
        return ratio(self.sum(values), self.sum(1.0))

    fraction = mean

    def sd(self, values):
        """Standard deviations, of all elements and not of a sample."""
        values = np.broadcast_to(np.asarray(values, dtype=float), self.copy.shape)
        count = 1 + int(np.max(self.blocks))
        mean = exact_mean(self.copy, values, count)
        return np.sqrt(self.mean((values - mean[self.copy]) ** 2))

    def min(self, values):
        """The smallest value; NaN where there is nothing."""
        return -self.max(-np.asarray(values, dtype=float))

    def max(self, values):
        """The largest value; NaN where there is nothing."""
        found = np.full(1 + int(np.max(self.blocks)), -np.inf)
        np.maximum.at(found, self.copy, values)
        found[found == -np.inf] = np.nan
        return found[self.blocks]


# Weights -----------------------------------------------------------------------------------------


def weight_measures(block, values, low, high, blocks):
    """Mean, sd, entropy, bimodality and the fraction at a bound of each block's weights."""
    number = np.bincount(block, minlength=blocks)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = exact_mean(block, values, blocks)
        spread = summed_by(block, (values - mean[block]) ** 2, blocks) / number
        bound = summed_by(block, 1.0 * ((values <= low) | (values >= high)), blocks) / number
    sd = np.sqrt(spread)
    return {
        "mean": mean,
        "sd": sd,
        "bimodality": bimodality(block, values, mean, sd, blocks),
        "at_bounds": bound,
        "entropy": entropy(block, values, low, high, blocks),
    }


def bimodality(block, values, mean, sd, blocks):
    """Sarle's coefficient, (skewness**2 + 1) / kurtosis: 1 for two points, 5/9 for a uniform
    distribution, 1/3 for a normal one. NaN where all weights are equal."""
    number = np.bincount(block, minlength=blocks)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (values - mean[block]) / sd[block]
        square = z * z  # NumPy's z**3 and z**4 take ten times as long as products
        skewness = summed_by(block, square * z, blocks) / number
        kurtosis = summed_by(block, square * square, blocks) / number
        return (skewness**2 + 1) / kurtosis


def entropy(block, values, low, high, blocks):
    """-sum p log2 p (bits) over WEIGHT_BINS equal bins between the bounds: 0 with all weights in
    one bin, 4 with as many in each. NaN without finite bounds."""
    with np.errstate(invalid="ignore", divide="ignore"):
        place = np.floor((values - low) / (np.asarray(high) - low) * WEIGHT_BINS)
    known = np.isfinite(place) & np.isfinite(high)
    place = np.clip(np.where(known, place, 0), 0, WEIGHT_BINS - 1).astype(np.int64)
    size = blocks * WEIGHT_BINS
    counts = np.bincount(block * WEIGHT_BINS + place, minlength=size)
    bits = counts * np.log2(np.maximum(counts, 1))
    number = np.bincount(block, minlength=blocks)
    parts = summed_by(np.arange(size) // WEIGHT_BINS, bits, blocks)
    found = np.log2(np.maximum(number, 1)) - ratio(parts, number)
    found[np.bincount(block[~known], minlength=blocks) > 0] = np.nan
    return np.maximum(found, 0.0)


def weight_change(block, before, after, blocks):
    """Mean of |after - before| over each block's weights."""
    return ratio(summed_by(block, np.abs(after - before), blocks), np.bincount(block, None, blocks))


def settling_time(block, t, samples, last, blocks):
    """When each block's weights have settled (s): from then on their mean distance from what they
    end as, `last`, is at most SETTLED of the largest that it was. `samples` has a row per synapse
    and a column per time of `t` (s). NaN where they have not by the last sample, or have none."""
    times = len(t)
    gaps = np.stack([summed_by(block, np.abs(now - last), blocks) for now in samples.T], axis=1)
    largest = np.max(gaps, axis=1)
    far = ~(gaps <= SETTLED * largest[:, None])
    after = np.where(np.any(far, axis=1), times - np.argmax(far[:, ::-1], axis=1), 0)
    known = (np.bincount(block, minlength=blocks) > 0) & (after < times)
    return np.where(known, t[np.minimum(after, times - 1)], np.nan)


# Spikes ------------------------------------------------------------------------------------------


def interval_variation(neuron, step, neurons, size):
    """The coefficient of variation of the intervals between a neuron's spikes (sd/mean), the mean
    over those neurons of a copy that have two intervals or more: 1 for a Poisson process, 0 for a
    clock. `neuron` and `step` of each spike; `size` neurons to a copy."""
    order = np.lexsort((step, neuron))
    neuron, step = neuron[order], step[order]
    follows = neuron[1:] == neuron[:-1]
    gap, owner = np.diff(step)[follows].astype(float), neuron[1:][follows]
    number = np.bincount(owner, minlength=neurons)
    first, second = (summed_by(owner, gap**power, neurons) for power in (1, 2))
    spread = np.sqrt(np.maximum(number * second - first**2, 0.0))
    variation = np.where(number >= 2, ratio(spread, first), np.nan)
    return mean_by(np.arange(neurons) // size, variation, neurons // size)


def synchrony(neuron, step, neurons, size, steps, dt):
    """Golomb's chi of each copy of a layer: the sd over time of its mean spike count in bins of
    SYNCHRONY_BIN, over the root mean square of that of single neurons. 1 where all spike alike,
    1/sqrt(size) where they are independent. Golomb & Rinzel (1994), Physica D 72:259. `steps` is
    one number, or one per copy."""
    copies = neurons // size
    width = max(1, round(SYNCHRONY_BIN / dt))
    bins = np.broadcast_to(np.maximum(1, -(-np.asarray(steps) // width)), copies)
    most = int(np.max(bins, initial=1))

    def spread(index, count):
        """Bins**2 times the variance over bins of each one's spike count."""
        cells, spikes = np.unique(index * most + step // width, return_counts=True)
        spikes = spikes.astype(float)
        total = summed_by(cells // most, spikes, count)
        squares = summed_by(cells // most, spikes**2, count)
        return np.repeat(bins, count // copies) * squares - total**2

    single = summed_by(np.arange(neurons) // size, spread(neuron, neurons), copies)
    return np.sqrt(ratio(spread(neuron // size, copies), size * single))


# Responses ---------------------------------------------------------------------------------------


def response_counts(neuron, step, size, replicates, presentations, start, stop, dt):
    """(neurons, stimuli) of spikes during the presentations that lie within the steps [start,
    stop), and of how long these are (s). `replicates` tells that of each copy, `presentations` are
    those of each replicate; they begin with the run."""
    stimuli = 1 + max(int(np.max(one["stimulus"], initial=0)) for one in presentations)
    found = np.zeros((len(replicates) * size, stimuli))
    lasting = np.zeros(found.shape)
    replicate_of_spike = replicates[neuron // size]
    for replicate, one in enumerate(presentations):
        first, last = (np.rint(one[key] / dt).astype(np.int64) for key in ("onset", "offset"))
        within = (first >= start) & (last <= stop)
        first, last, which = first[within], last[within], one["stimulus"][within]
        mine = replicate_of_spike == replicate
        heard = np.searchsorted(first, step[mine], side="right") - 1
        during = (heard >= 0) & (step[mine] < last[heard]) if len(first) else heard >= 0
        cells = neuron[mine][during] * stimuli + which[heard[during]]
        counts = np.bincount(cells, minlength=found.size).reshape(found.shape)
        rows = np.repeat(replicates == replicate, size)
        found[rows] = counts[rows]
        lasting[rows] = np.bincount(which, weights=last - first, minlength=stimuli) * dt
    return found, lasting


def response_rates(*spikes_and_presentations):
    """(neurons, stimuli) of mean rates (Hz) during presentations, as response_counts takes them;
    NaN for a stimulus that has none."""
    counts, seconds = response_counts(*spikes_and_presentations)
    return ratio(counts, seconds)


def sparseness(rates, group, owner, owners):
    """(1 - mean(r)**2 / mean(r**2)) / (1 - 1/n) of groups of n rates, as the mean over those groups
    of an owner that respond at all: 0 where all rates are equal, 1 where one alone is not zero.
    `group` of each rate, `owner` of each group. Vinje & Gallant (2000), Science 287:1273."""
    good = np.isfinite(rates)
    group, rates = group[good], rates[good]
    number = np.bincount(group, minlength=len(owner))
    first, second = (summed_by(group, rates**power, len(owner)) for power in (1, 2))
    each = ratio(1 - ratio(first**2, number * second), 1 - ratio(1.0, number))
    return mean_by(owner, each, owners)


def response_measures(rates, size):
    """Of each copy: `selectivity`, the sparseness of a neuron's responses over stimuli (the mean
    over neurons), and `sparseness`, that of a stimulus' over neurons (the mean over stimuli)."""
    neurons, stimuli = rates.shape
    copies = neurons // size
    neuron, stimulus = (index.ravel() for index in np.indices(rates.shape))
    of_neuron = np.arange(neurons) // size
    of_stimulus = np.arange(copies * stimuli) // stimuli
    return {
        "selectivity": sparseness(rates.ravel(), neuron, of_neuron, copies),
        "sparseness": sparseness(
            rates.ravel(), neuron // size * stimuli + stimulus, of_stimulus, copies
        ),
    }


# Labels ------------------------------------------------------------------------------------------


def comparable(counts, seconds):
    """Responses that can be compared: numbers of spikes, whose sums are exact, where all stimuli
    that were shown lasted as long, else rates; NaN where none was."""
    lasted = seconds[seconds > 0]
    rates = ratio(counts, seconds)
    return rates if len(lasted) and np.ptp(lasted) > 1e-9 else np.where(seconds > 0, counts, np.nan)


def assigned(responses, classes):
    """The class of each neuron: that to whose stimuli it responded most in the mean, the first of
    several, and -1 where it never did. `responses` are (neurons, stimuli), `classes` those of the
    stimuli. Diehl & Cook (2015), Front Comput Neurosci 9:99."""
    known = np.isfinite(responses)
    values = np.where(known, responses, 0.0)
    means = [
        ratio(values[:, chosen].sum(axis=1), known[:, chosen].sum(axis=1))
        for chosen in (classes == k for k in range(1 + int(np.max(classes, initial=-1))))
    ]
    means = np.nan_to_num(np.stack(means, axis=1))
    return np.where(means.max(axis=1) > 0, means.argmax(axis=1), -1)


def told(responses, of_neuron, classes):
    """The class that each stimulus is taken for: that whose neurons respond most in the mean, the
    first of several, and -1 where none responds. `of_neuron` is the class of each neuron."""
    sums = [(of_neuron == k, responses[of_neuron == k].sum(axis=0)) for k in range(classes)]
    means = np.stack([total / max(np.sum(mine), 1) for mine, total in sums])
    return np.where(means.max(axis=0) > 0, means.argmax(axis=0), -1)


def accuracy(learned, tested, size, classes):
    """Of each copy, the fraction of the stimuli of `tested` that are told by neurons which were
    assigned by `learned`; both are (neurons, stimuli), NaN where a stimulus was not shown."""
    found = np.full(len(tested) // size, np.nan)
    for copy in range(len(found)):
        mine = slice(copy * size, (copy + 1) * size)
        seen = np.isfinite(tested[mine]).all(axis=0)
        if np.any(seen) and np.any(np.isfinite(learned[mine])):
            of_neuron = assigned(learned[mine], classes)
            guess = told(tested[mine][:, seen], of_neuron, 1 + int(np.max(classes)))
            found[copy] = np.mean(guess == classes[seen])
    return found
