"""Summary measures of a block, each from that block's values alone, in their own order. So they
have the same bits whatever other blocks there are.

Sums use `bincount`, which adds in the order of its input. Counts of spikes and of steps are whole
numbers, whose sums are exact.
"""

import numpy as np

WEIGHT_BINS = 16
SYNCHRONY_BIN = 5e-3  # s
SETTLED = 0.05


def summed_by(index, values, count):
    """Sums per block, in order."""
    return np.bincount(index, weights=values, minlength=count)


def exact_mean(index, values, count):
    """Means per block. If all values are equal, the mean is exactly that value: sums round, and a
    constant would seem to vary by 1e-16."""
    number = np.bincount(index, minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = summed_by(index, values, count) / number
        return mean + summed_by(index, values - mean[index], count) / number


def mean_by(index, values, count):
    """Means per block of the finite values; NaN if there are none."""
    good = np.isfinite(values)
    number = np.bincount(index[good], minlength=count)
    return ratio(summed_by(index[good], values[good], count), number)


def ratio(above, below):
    """A quotient; NaN if it is undefined."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.asarray(above / below, dtype=float)
    found[~np.isfinite(found)] = np.nan
    return found


class Elements:
    """Values of each synapse or neuron, by name, and what is computed over those of a block: `copy`
    of each, and `blocks`, the copy that belongs to each block."""

    def __init__(self, copy, blocks, **values):
        self.copy, self.blocks = copy, blocks
        self.__dict__.update(values)

    def sum(self, values):
        """Sums, in order."""
        count = 1 + int(np.max(self.blocks))
        values = np.broadcast_to(np.asarray(values, dtype=float), self.copy.shape)
        return summed_by(self.copy, values, count)[self.blocks]

    def mean(self, values):
        """Means; NaN if there are no values."""
        return ratio(self.sum(values), self.sum(1.0))

    fraction = mean

    def sd(self, values):
        """Population standard deviations (divided by n, not n - 1)."""
        values = np.broadcast_to(np.asarray(values, dtype=float), self.copy.shape)
        count = 1 + int(np.max(self.blocks))
        mean = exact_mean(self.copy, values, count)
        return np.sqrt(self.mean((values - mean[self.copy]) ** 2))

    def min(self, values):
        """The smallest value; NaN if there are none."""
        return -self.max(-np.asarray(values, dtype=float))

    def max(self, values):
        """The largest value; NaN if there are none."""
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
    distribution, 1/3 for a normal one. NaN if all weights are equal."""
    number = np.bincount(block, minlength=blocks)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (values - mean[block]) / sd[block]
        square = z * z  # NumPy's z**3 and z**4 take ten times as long as products
        skewness = summed_by(block, square * z, blocks) / number
        kurtosis = summed_by(block, square * square, blocks) / number
        return (skewness**2 + 1) / kurtosis


def entropy(block, values, low, high, blocks):
    """-sum p log2 p (bits) over WEIGHT_BINS equal bins between the bounds: 0 if all weights are in
    one bin, 4 if they are spread evenly. NaN without finite bounds."""
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
    """When each block's weights have settled (s). From then on, their mean distance from their
    final values, `last`, is at most SETTLED times the largest mean distance. `samples` has a row
    per synapse and a column per time of `t` (s). NaN if they have not settled by the last sample,
    or if there are no samples."""
    times = len(t)
    gaps = np.stack([summed_by(block, np.abs(now - last), blocks) for now in samples.T], axis=1)
    largest = np.max(gaps, axis=1)
    far = ~(gaps <= SETTLED * largest[:, None])
    after = np.where(np.any(far, axis=1), times - np.argmax(far[:, ::-1], axis=1), 0)
    known = (np.bincount(block, minlength=blocks) > 0) & (after < times)
    return np.where(known, t[np.minimum(after, times - 1)], np.nan)


# Spikes ------------------------------------------------------------------------------------------


def interval_variation(neuron, step, neurons, size):
    """The coefficient of variation (sd/mean) of a neuron's interspike intervals, averaged over the
    neurons of a copy that have at least two intervals: 1 for a Poisson process, 0 for regular
    spiking. `neuron` and `step` are those of each spike; a copy has `size` neurons."""
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
    SYNCHRONY_BIN, divided by the root mean square of the sd of single neurons. It is 1 if all
    neurons spike together, 1/sqrt(size) if they are independent. Golomb & Rinzel (1994), Physica D
    72:259. `steps` is one number, or one per copy."""
    copies = neurons // size
    width = max(1, round(SYNCHRONY_BIN / dt))
    bins = np.broadcast_to(np.maximum(1, -(-np.asarray(steps) // width)), copies)
    most = int(np.max(bins, initial=1))

    def spread(index, count):
        """Bins**2 times the variance over bins of each neuron's spike count."""
        cells, spikes = np.unique(index * most + step // width, return_counts=True)
        spikes = spikes.astype(float)
        total = summed_by(cells // most, spikes, count)
        squares = summed_by(cells // most, spikes**2, count)
        return np.repeat(bins, count // copies) * squares - total**2

    single = summed_by(np.arange(neurons) // size, spread(neuron, neurons), copies)
    return np.sqrt(ratio(spread(neuron // size, copies), size * single))


# Responses ---------------------------------------------------------------------------------------


def response_counts(neuron, step, size, replicates, presentations, start, stop, dt):
    """(neurons, stimuli): spikes during the presentations that lie within the steps [start, stop),
    and the total duration of these presentations (s). `replicates` gives the replicate of each
    copy, `presentations` are those of each replicate; both begin with the run."""
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
    """(neurons, stimuli): mean rates (Hz) during presentations, as response_counts selects them;
    NaN for a stimulus that has none."""
    counts, seconds = response_counts(*spikes_and_presentations)
    return ratio(counts, seconds)


def sparseness(rates, group, owner, owners):
    """(1 - mean(r)**2 / mean(r**2)) / (1 - 1/n) of groups of n rates, averaged over the groups of
    an owner that respond at all. It is 0 if all rates are equal, 1 if only one is not zero. `group`
    of each rate, `owner` of each group. Vinje & Gallant (2000), Science 287:1273."""
    good = np.isfinite(rates)
    group, rates = group[good], rates[good]
    number = np.bincount(group, minlength=len(owner))
    first, second = (summed_by(group, rates**power, len(owner)) for power in (1, 2))
    each = ratio(1 - ratio(first**2, number * second), 1 - ratio(1.0, number))
    return mean_by(owner, each, owners)


def response_measures(rates, size):
    """For each copy: `selectivity`, the sparseness of a neuron's responses over stimuli (the mean
    over neurons), and `sparseness`, that of the responses to a stimulus over neurons (the mean over
    stimuli)."""
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
    """Responses that can be compared: spike counts, whose sums are exact, if all stimuli were shown
    for the same time, otherwise rates; NaN if a stimulus was not shown."""
    lasted = seconds[seconds > 0]
    rates = ratio(counts, seconds)
    return rates if len(lasted) and np.ptp(lasted) > 1e-9 else np.where(seconds > 0, counts, np.nan)


def assigned(responses, classes):
    """The class of each neuron: the one to whose stimuli it responded most on average. Ties go to
    the first class; -1 if it never responded. `responses` are (neurons, stimuli), `classes` those
    of the stimuli. Diehl & Cook (2015), Front Comput Neurosci 9:99."""
    known = np.isfinite(responses)
    values = np.where(known, responses, 0.0)
    means = [
        ratio(values[:, chosen].sum(axis=1), known[:, chosen].sum(axis=1))
        for chosen in (classes == k for k in range(1 + int(np.max(classes, initial=-1))))
    ]
    means = np.nan_to_num(np.stack(means, axis=1))
    return np.where(means.max(axis=1) > 0, means.argmax(axis=1), -1)


def told(responses, of_neuron, classes):
    """The class assigned to each stimulus: the one whose neurons respond most on average. Ties go
    to the first class; -1 if no neuron responds. `of_neuron` is the class of each neuron."""
    sums = [(of_neuron == k, responses[of_neuron == k].sum(axis=0)) for k in range(classes)]
    means = np.stack([total / max(np.sum(mine), 1) for mine, total in sums])
    return np.where(means.max(axis=0) > 0, means.argmax(axis=0), -1)


def accuracy(learned, tested, size, classes):
    """For each copy, the fraction of the stimuli of `tested` that are classified correctly by
    neurons whose classes come from `learned`. Both are (neurons, stimuli), NaN if a stimulus was
    not shown."""
    found = np.full(len(tested) // size, np.nan)
    for copy in range(len(found)):
        mine = slice(copy * size, (copy + 1) * size)
        seen = np.isfinite(tested[mine]).all(axis=0)
        if np.any(seen) and np.any(np.isfinite(learned[mine])):
            of_neuron = assigned(learned[mine], classes)
            guess = told(tested[mine][:, seen], of_neuron, 1 + int(np.max(classes)))
            found[copy] = np.mean(guess == classes[seen])
    return found
