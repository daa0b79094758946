"""From what was recorded to the tables."""

from types import SimpleNamespace

import numpy as np

from data import at
from errors import stop
from measures import weight_measures
from recorded import audit_component


class Saving:
    """Fills the results of one run, phase by phase. `varying` is the table that it ran with."""

    def __init__(self, x, recorded, results, varying, phases, dt):
        self.x, self.recorded, self.results = x, recorded, results
        self.varying, self.dt = varying, dt
        self.phases = [phase["name"] for phase in phases]
        self.several = len(phases) > 1
        ends = np.cumsum(x.phase_steps)
        self.ends, self.starts = ends * dt, (ends - x.phase_steps) * dt
        self.measures = [{} for _ in phases]
        self.good = np.ones((len(phases), x.blocks), dtype=bool)
        self.lost = []  # what was not finite, in words

    def phase_of(self, t):
        """The phase in which something happened at t (s)."""
        return np.array(self.phases, dtype=object)[self.phase_number(t)].astype(str)

    def phase_number(self, t):
        """The same, as a number."""
        steps = np.rint(np.asarray(t) / self.dt)
        number = np.searchsorted(np.cumsum(self.x.phase_steps), steps, side="right")
        return np.minimum(number, len(self.phases) - 1)

    def of_phase(self, number):
        """What a row of a run with several phases says of its phase."""
        return {"phase": self.phases[number]} if self.several else {}

    def check_finite(self, what, values, copy, shared, phase, when=""):
        """Blocks with values that are not finite are marked, and told."""
        lost = np.unique(copy[~np.isfinite(values)])
        if not len(lost):
            return
        if shared:
            lost = np.flatnonzero(np.isin(self.x.heard, lost))
        self.good[phase, lost] = False
        more = ", ..." if len(lost) > 5 else ""
        blocks = ", ".join(str(b + self.x.first) for b in lost[:5]) + more
        when = when or f"at the end of {self.phases[phase]}"
        self.lost.append(f"{what} is not finite in block {blocks} {when}")

    def check_samples(self, what, t, samples, copy, shared):
        """The same of samples, a row per element, with the first time of each phase."""
        lost = ~np.isfinite(samples)
        for number in np.unique(self.phase_number(t[lost.any(axis=0)])):
            mine = lost & (self.phase_number(t) == number)
            values = np.where(mine.any(axis=1), np.nan, 0.0)
            first = f"at {t[mine.any(axis=0)][0]:g} s"
            self.check_finite(what, values, copy, shared, number, first)

    # Layers

    def layer(self, name, size, shared, spiking, record, states=(), spikes=None):
        """Counts, rates and spikes; `spikes` (neuron, step) of an input layer."""
        x = self.x
        if spikes is None:
            copy = np.repeat(np.arange(len(x.copies(shared))), size)
            wanted = {n: at(v, copy) for n, v in self.varying.get(name, {}).items()}
            audit_component(self.recorded, name, wanted)
            for state in states:
                values = self.recorded.state(name, state)
                self.check_finite(f"{state} of {name}", values, copy, shared, -1)
        if not spiking:
            return
        for number, steps in enumerate(x.phase_steps):
            if spikes is None:
                counts = self.recorded.counts(name, number)
            else:
                first = int(np.sum(x.phase_steps[:number]))
                mine = (spikes[1] >= first) & (spikes[1] < first + steps)
                count = size * len(x.copies(shared))
                counts = np.bincount(spikes[0][mine], minlength=count)
            counts = counts.reshape(-1, size).sum(axis=1)
            counts = counts[x.heard] if shared else counts
            seconds = size * steps * self.dt
            self.measures[number][f"{name}_spikes"] = counts
            self.measures[number][f"{name}_rate"] = counts / seconds if seconds else counts * 0.0
            if not record:
                continue
            if spikes is None:
                neuron, t = self.recorded.spikes(name, number)
            else:
                neuron, t = spikes[0][mine], spikes[1][mine] * self.dt
            saved = self.saved(neuron // size, shared)
            neuron, t = neuron[saved], t[saved]
            where = self.places(neuron // size, shared)
            self.results.spikes(name, neuron=neuron % size, t=t, **where, **self.of_phase(number))

    def places(self, copy, shared):
        """The block of each row, or the replicate of what is shared."""
        if not shared:
            return {"block": copy + self.x.first}
        has = "replicate" in self.results.tables["blocks"].sweep
        return {"block": None, **({"replicate": self.x.replicate_of_copy[copy]} if has else {})}

    def saved(self, copy, shared):
        """Which rows this shard saves."""
        return self.x.saves[copy] if shared else slice(None)

    # Connections

    def connection(self, name, weight, states, traces, bounds, held=False):
        """Synapses with their first and last weights and the rest of their state; measures."""
        edges = self.x.edges[name]
        if not len(edges.i):
            return
        wanted = {n: at(v, edges.copy) for n, v in self.varying.get(name, {}).items()}
        audit_component(self.recorded, name, wanted)
        if held and np.any(self.recorded.state(name, "held_lost")):
            stop(f"more deliveries of {name} were under way at one synapse than it can hold: take"
                 " a shorter dendritic delay, or give the source a refractory period")  # fmt: skip
        state = {v: self.recorded.state(name, v) for v in states}
        block = edges.copy
        if not states:
            return
        age = self.ends[-1]
        if traces:
            age = age - self.recorded.state(name, "lastupdate")
        for variable, relax in traces.items():
            state[variable] = relax(state[variable], edges, age)
        for variable, values in state.items():
            self.check_finite(f"{variable} of {name}", values, block, edges.shared, -1)
        first = edges.values.get(weight, np.zeros(len(block))) if weight else None
        others = {column: state[v] for v, column in states.items() if v != weight}
        delay = edges.axonal + edges.dendritic
        mine = self.saved(block, edges.shared)
        self.results.weights(
            name, pre=edges.i[mine], post=edges.j[mine], delay=delay[mine],
            w_initial=None if first is None else first[mine],
            w=state[weight][mine] if weight else None,
            state={column: values[mine] for column, values in others.items()},
            **self.places(block[mine], edges.shared),
        )  # fmt: skip
        if weight:
            low, high = bounds(edges) if bounds else (-np.inf, np.inf)
            self.weights(name, weight, edges, first, state[weight], low, high, bounds is not None)

    def weights(self, name, weight, edges, first, last, low, high, bounded):
        """Measures of the weights before and after each phase."""
        count = len(edges.copies)
        before = first
        for number in range(len(self.phases)):
            final = number == len(self.phases) - 1
            after = last if final else self.recorded.state(name, f"{weight}_after_{number}")
            if not final:  # else its state has been
                self.check_finite(f"{weight} of {name}", after, edges.copy, edges.shared, number)
            for when, values in (("before", before), ("after", after)):
                found = weight_measures(edges.copy, values, low, high, count)
                for what, value in found.items():
                    if what != "at_bounds" or bounded:
                        value = value[self.x.heard] if edges.shared else value
                        self.measures[number][f"{name}_{when}_{what}"] = value
            before = after

    # Samples

    def layer_samples(self, number, name, size, shared, variables):
        """Recorded samples of a layer, and its final state."""
        for chosen, t, samples in self.recorded.samples(number, [v for _, v in variables]):
            mine = self.saved(chosen // size, shared)
            chosen = chosen[mine]
            for shown, model in variables:
                where = {"layer": name, "neuron": chosen % size}
                where |= self.places(chosen // size, shared)
                last = None
                if name not in self.x.spikes:
                    last = self.recorded.state(name, model)[chosen]
                found = samples[model][mine]
                self.check_samples(f"{shown} of {name}", t, found, chosen // size, shared)
                self.trajectory(shown, t, found, last, **where)

    def connection_samples(self, number, name, variables, traces):
        """Recorded samples of a connection, and its final state."""
        edges = self.x.edges[name]
        for chosen, t, samples in self.recorded.samples(number, [v for _, v in variables]):
            mine = self.saved(edges.copy[chosen], edges.shared)
            chosen = chosen[mine]
            for shown, model in variables:
                base = model.removesuffix("_now") if model.removesuffix("_now") in traces else model
                last = self.recorded.state(name, base)[chosen]
                if base in traces:
                    age = self.ends[-1] - self.recorded.state(name, "lastupdate")[chosen]
                    last = traces[base](last, part_of(edges, chosen), age)
                copy, found = edges.copy[chosen], samples[model][mine]
                self.check_samples(f"{shown} of {name}", t, found, copy, edges.shared)
                self.trajectory(
                    shown, t, found, last, connection=name, pre=edges.i[chosen],
                    post=edges.j[chosen], **self.places(edges.copy[chosen], edges.shared),
                )  # fmt: skip

    def trajectory(self, variable, t, samples, last, **where):
        """Samples with the final state as the last one, where it is not among them."""
        value = samples
        if last is not None:
            value, t = np.column_stack([samples, last]), np.append(t, self.ends[-1])
        phase = {"phase": self.phase_of(t)} if self.several else {}
        self.results.trajectories(variable, t, value, **where, **phase)

    # Blocks

    def blocks(self):
        """The table of blocks; in words, which values are not finite."""
        for number, measures in enumerate(self.measures):
            status = np.where(self.good[number], "ok", "nan").astype(object)
            block = self.x.first + np.arange(self.x.blocks)
            self.results.blocks(block, {"status": status, **measures}, **self.of_phase(number))
        return self.lost


def part_of(edges, chosen):
    """The copies of some synapses, which is all that a trace needs of them."""
    return SimpleNamespace(copy=edges.copy[chosen], i=edges.i[chosen], j=edges.j[chosen])


def relaxed(values, still, at_one, age):
    """A linear trace `age` (s) after its last update: its rate of change is `still` at 0 and
    `at_one` at 1."""
    slope = np.asarray(at_one - still)
    level = slope == 0
    growth = np.where(level, age, np.expm1(slope * age) / np.where(level, 1.0, slope))
    return values * np.exp(slope * age) + still * growth
