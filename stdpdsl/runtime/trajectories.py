"""Variables over time with their final values, in long form."""

import numpy as np

from .value_checks import ValueChecks


class Trajectories(ValueChecks):
    """Fills the tables of trajectories."""

    def samples_run(self, t, copy, shared):
        """Which samples were taken while a block ran, a row per element; None for all."""
        if shared or not self.waits:
            return None
        return self.was_run(np.asarray(t)[None, :], np.asarray(copy)[:, None], shared)

    def until_the_end(self, t, samples, simulated=True):
        """Samples from before the blocks of this part ended. What was not simulated has all its
        samples."""
        if not (self.early and (simulated or not self.shared)):
            return t, samples
        end = np.searchsorted(np.rint(np.asarray(t) / self.dt), self.steps)
        return t[:end], {name: values[:, :end] for name, values in samples.items()}

    def is_lost(self, component, model):
        """Whether a variable is computed from other variables that have changed since."""
        return self.early and self.recorded.computed(component, model)

    def trajectory(self, variable, t, samples, last, kept=None, run=None, **where):
        """Samples, with the final state as the last one unless it is among them; only those that
        are `kept` and that `run` marks as run."""
        value = samples
        if run is not None and last is not None:
            run = np.column_stack([run, np.ones(len(run), bool)])
        if last is not None:
            value, t = np.column_stack([samples, last]), np.append(t, self.ends[-1])
        if kept:
            mine = self.times_kept(t, **kept)
            value, t = value[:, mine], np.asarray(t)[mine]
            run = None if run is None else run[:, mine]
            if not len(t):
                return
        if run is not None and not np.all(run):
            element, sample = np.nonzero(run)
            t, value = np.asarray(t)[sample], value[run]
            where = {n: v[element] if np.ndim(v) else v for n, v in where.items()}
            where |= {"phase": self.phase_of(t)} if self.several else {}
            self.results.samples(variable, t, value, **where)
            return
        phase = {"phase": self.phase_of(t)} if self.several else {}
        self.results.trajectories(variable, t, value, **where, **phase)
