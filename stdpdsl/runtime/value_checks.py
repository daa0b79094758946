"""Values that are not finite or outside their bounds; the blocks that have them are marked."""

import numpy as np

from .block_table import BlockTable


class ValueChecks(BlockTable):
    """Checks final values and samples, and marks blocks."""

    def __init__(self, *args):
        super().__init__(*args)
        self.bounds = {}  # (low, high) of the weights in each phase, by connection

    def check_finite(self, what, values, copy, shared, phase, when=""):
        """Mark and report blocks with values that are not finite."""
        self.mark("nan", f"{what} is not finite", copy[~np.isfinite(values)], shared, phase, when)

    def check_samples(self, what, t, samples, copy, shared):
        """The same for samples, a row per element, with the first time of each phase."""
        lost = ~np.isfinite(samples)
        for number in np.unique(self.phase_number(t[lost.any(axis=0)])):
            mine = lost & (self.phase_number(t) == number)
            values = np.where(mine.any(axis=1), np.nan, 0.0)
            first = f"at {t[mine.any(axis=0)][0]:g} s"
            self.check_finite(what, values, copy, shared, number, first)

    def outside(self, name, phase, chosen, values):
        """Which weights of the chosen synapses, a row for each, lie outside their bounds by more
        than rounding."""
        shape = -1, *[1] * (values.ndim - 1)
        low, high = (
            np.broadcast_to(end, self.x.edges[name].copy.shape)[chosen].reshape(shape)
            for end in self.bounds[name][phase]
        )
        large = np.fmax(*(np.where(np.isfinite(end), np.abs(end), 0) for end in (low, high)))
        slack = (1e-6 if self.x.single else 1e-9) * large
        return (values < low - slack) | (values > high + slack)

    def out_of_bounds(self, name, weight, lost, shared, phase, when=""):
        """Mark and report blocks with weights outside their bounds."""
        what = f"{weight} of {name} is outside its bounds"
        self.mark("bounds", what, lost, shared, phase, when)

    def check_sampled_bounds(self, name, weight, t, samples, chosen):
        """The same for recorded weights, with the first time of each phase."""
        edges = self.x.edges[name]
        for number in range(len(self.phases)):
            within = self.within(t, number)
            lost = self.outside(name, number, chosen, samples[:, within])
            if np.any(lost):
                first = f"at {t[within][lost.any(axis=0)][0]:g} s"
                copy = edges.copy[chosen][lost.any(axis=1)]
                self.out_of_bounds(name, weight, copy, edges.shared, number, first)
