"""How the neurons of a layer responded to each stimulus, and how well that tells stimuli apart."""

import numpy as np

from .block_table import BlockTable
from .measures import accuracy, comparable, response_counts, response_measures, response_rates

RESPONSES_AT_ONCE = 1_000_000
NEVER = 1e9  # s


class StimulusResponses(BlockTable):
    """The table of responses, and measures of it."""

    def responses(self, number, name, size, shared, neuron, step, span):
        """Rates of each neuron for each stimulus, some copies at a time, and measures of them."""
        x = self.x
        sources = x.sources(shared, True)
        labels = labels_of(x.presentations)
        start, stops = span
        sources, presentations, stop = self.shown(sources, stops)
        order = np.argsort(neuron, kind="stable")
        neuron, step = neuron[order], step[order]
        at_once = max(1, RESPONSES_AT_ONCE // (size * len(labels)))
        found = []
        for first in range(0, len(sources), at_once):
            part = sources[first : first + at_once]
            low, high = np.searchsorted(neuron, [first * size, (first + len(part)) * size])
            rates = response_rates(
                neuron[low:high] - first * size,
                step[low:high],
                size,
                part,
                presentations,
                start,
                stop,
                self.dt,
            )
            found.append(response_measures(rates, size))
            at, stimulus = (index.ravel() for index in np.indices(rates.shape))
            at += first * size
            heard = np.isfinite(rates.ravel())
            heard &= self.are_saved(at // size, shared)
            at, stimulus = at[heard], stimulus[heard]
            self.results.responses(
                name,
                neuron=at % size,
                stimulus=stimulus,
                label=labels[stimulus],
                value=rates.ravel()[heard],
                **self.places(at // size, shared),
                **self.of_phase(number),
            )
        return {what: np.concatenate([one[what] for one in found]) for what in found[0]}

    def shown(self, sources, stops):
        """(which of the presentations each copy has, these, the step before which they end). If
        `stops` has one step for each copy, copies that ended a phase early have no presentations
        after it."""
        presentations = self.x.presentations
        if not np.ndim(stops):
            return sources, presentations, stops
        pairs, which = np.unique(np.stack([sources, stops], 1), axis=0, return_inverse=True)
        cut = []
        for source, end in pairs.tolist():
            one = presentations[source]
            offset = np.asarray(one["offset"])
            late = np.rint(offset / self.dt) > end
            cut.append({**one, "offset": np.where(late, NEVER, offset)})
        return which.ravel(), [*cut, *presentations], int(np.max(stops))

    def accuracy(self, name, number, turns):
        """For each block, the fraction of a phase's stimuli that the neurons of a layer classify
        correctly. Each neuron has the label to which it responded most in one of the phases
        `turns`: the last one so far, or else the first."""
        x = self.x
        learning = max((turn for turn in turns if turn <= number), default=turns[0])
        size, shared = x.sizes[name]
        sources = x.sources(shared, True)
        labels = labels_of(x.presentations)
        classes = np.unique(labels.astype(str), return_inverse=True)[1]
        phases = [self.spikes_by_neuron(name, phase) for phase in (learning, number)]
        at_once = max(1, RESPONSES_AT_ONCE // (size * len(labels)))
        found = []
        for first in range(0, len(sources), at_once):
            part = sources[first : first + at_once]
            bounds = [first * size, (first + len(part)) * size]
            responses = []
            for phase, (neuron, step) in zip((learning, number), phases, strict=True):
                low, high = np.searchsorted(neuron, bounds)
                start = int(self.first_steps[phase])
                stops = start + self.ran_of(phase, shared, self.phase_steps[phase])
                mine = slice(first, first + len(part))
                stops = stops[mine] if np.ndim(stops) else stops
                heard, presentations, stop = self.shown(part, stops)
                counts = response_counts(
                    neuron[low:high] - bounds[0],
                    step[low:high],
                    size,
                    heard,
                    presentations,
                    start,
                    stop,
                    self.dt,
                )
                responses.append(comparable(*counts))
            learned, tested = responses
            found.append(accuracy(learned, tested, size, classes))
        values = np.concatenate(found)
        return values[x.heard] if shared else values

    def spikes_by_neuron(self, name, phase):
        """(neuron, step) of the spikes of a phase, sorted by neuron."""
        if name in self.x.spikes:
            neuron, step = self.x.spikes[name]
        else:
            neuron, t = self.recorded.spikes(name, phase)
            step = np.rint(t / self.dt).astype(np.int64)
        order = np.argsort(neuron, kind="stable")
        return neuron[order], step[order]


def labels_of(presentations):
    """The label of each stimulus, by stimulus number."""
    found = {}
    for one in presentations:
        found |= dict(zip(one["stimulus"].tolist(), one["label"], strict=True))
    return np.array([found[k] for k in range(len(found))], dtype=object)
