"""The traces of synapses at a given time, from the values stored at their last event."""

from types import SimpleNamespace

import numpy as np


class Stored:
    """The values that the chosen synapses of a connection store, by variable, as of their last
    event."""

    def __init__(self, recorded, connection, chosen=slice(None)):
        self.recorded, self.connection, self.chosen = recorded, connection, chosen

    def __getitem__(self, variable):
        return self.recorded.state(self.connection, variable)[self.chosen]


def part_of(edges, chosen):
    """The copies of given synapses, which is all that a trace needs to know of them."""
    return SimpleNamespace(copy=edges.copy[chosen], i=edges.i[chosen], j=edges.j[chosen])


def relaxed(values, still, at_one, age):
    """A linear trace `age` (s) after its last update. Its rate of change is `still` at 0 and
    `at_one` at 1."""
    slope = np.asarray(at_one - still)
    level = slope == 0
    growth = np.where(level, age, np.expm1(slope * age) / np.where(level, 1.0, slope))
    return values * np.exp(slope * age) + still * growth
