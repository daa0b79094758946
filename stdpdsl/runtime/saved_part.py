"""Which rows are saved together: those of the blocks that were simulated for the same time."""

import numpy as np

from .ran import was_run


def parts_of_results(recorded):
    """What is saved together: (steps, blocks, shared) for each mask of blocks that were simulated
    for the same time; `shared` tells whether what all blocks share goes with them. Inputs are saved
    in full."""
    endings = [(steps, blocks, False) for steps, blocks in recorded.endings()]
    last, blocks, _ = endings[-1]
    if last == recorded.x.steps:
        return [*endings[:-1], (last, blocks, True)]
    return [*endings, (last, np.zeros(len(blocks), bool), True)]


class SavedPart:
    """One part of parts_of_results, with its phases. `varying` is the table that was run; `p` has
    the parameters in each phase."""

    def __init__(self, x, recorded, results, varying, phases, dt, p, part):
        self.x, self.recorded, self.results = x, recorded, results
        self.varying, self.dt, self.p = varying, dt, p
        self.phases = [phase["name"] for phase in phases]
        self.several = len(phases) > 1
        self.steps, self.mine, self.shared = part
        self.early = self.steps < x.steps
        self.phase_steps = x.phase_steps if not self.early else [self.steps]
        ends = np.cumsum(self.phase_steps)
        self.first_steps = ends - self.phase_steps
        self.ends = ends * dt
        self.at_end = self.ends[-1] + x.lag  # on the clock that updated the traces
        self.stopped = recorded.stopped()
        self.ran = np.where(self.stopped > 0, self.stopped, np.array(self.phase_steps)[:, None])
        self.waits = bool(x.endings)  # whether blocks may wait for a phase's end

    # Times

    def phase_of(self, t):
        """The phase in which something happened at t (s)."""
        return np.array(self.phases, dtype=object)[self.phase_number(t)].astype(str)

    def phase_number(self, t):
        """The same as a number."""
        steps = np.rint(np.asarray(t) / self.dt)
        number = np.searchsorted(np.cumsum(self.phase_steps), steps, side="right")
        return np.minimum(number, len(self.phases) - 1)

    def within(self, t, number):
        """The samples at `t`, sorted by time, that belong to a phase."""
        first = self.first_steps[number]
        steps = np.rint(np.asarray(t) / self.dt)
        return slice(*np.searchsorted(steps, [first, first + self.phase_steps[number]]))

    def of_phase(self, number):
        """The phase column of a row, if the run has several phases."""
        return {"phase": self.phases[number]} if self.several else {}

    def ran_of(self, number, shared, steps):
        """The steps that each copy ran in a phase: `steps`, or the number that its block ran."""
        return self.ran[number] if self.waits and not shared else steps

    def was_run(self, t, copy, shared):
        """Whether the block was running, and not waiting, at times (s) in given copies."""
        if shared or not self.waits:
            return np.ones(np.broadcast_shapes(np.shape(t), np.shape(copy)), bool)
        step = np.rint(np.asarray(t) / self.dt).astype(np.int64)
        return was_run(step, copy, np.array(self.phase_steps), self.ran)

    def times_kept(self, t, start=None, stop=None, phases=None, **elements):
        """Which times (s) are saved, as a mask."""
        t = np.asarray(t)
        mine = np.ones(len(t), bool)
        if start is not None:
            mine &= t > start - self.dt / 2
        if stop is not None:
            mine &= t < stop - self.dt / 2
        if phases is not None:
            wanted = [name.partition(" ")[0] in phases for name in self.phases]
            mine &= np.array(wanted)[self.phase_number(t)]
        return mine

    # Rows

    def elements_kept(self, neuron, size, shared, neurons=None, blocks=None, **times):
        """Which neurons of a layer are saved, as a mask."""
        mine = np.ones(len(neuron), bool)
        if neurons is not None:
            mine &= (neuron % size >= neurons[0]) & (neuron % size < neurons[1])
        if blocks is not None and not shared:
            mine &= np.isin(neuron // size + self.x.first, blocks)
        return mine

    def places(self, copy, shared):
        """The block of each row, or the replicate if it is shared."""
        if not shared:
            return {"block": copy + self.x.first}
        has = "replicate" in self.results.tables["blocks"].sweep
        return {"block": None, **({"replicate": self.x.replicate_of_copy[copy]} if has else {})}

    def are_saved(self, copy, shared):
        """Which rows are saved with this part, as a mask."""
        if shared:
            return self.x.saves[copy] & self.shared
        return self.mine[copy]

    def saved(self, copy, shared):
        """The same, as an index for rows."""
        if not shared and np.all(self.mine):
            return slice(None)
        return self.are_saved(copy, shared)
