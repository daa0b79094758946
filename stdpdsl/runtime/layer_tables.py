"""What is saved of layers: spikes, custom events, rates and samples, and their measures."""

import numpy as np

from .data import at
from .measures import interval_variation, synchrony
from .ran import rates_while_run, while_run
from .recorded import audit_component
from .stimulus_responses import StimulusResponses
from .trajectories import Trajectories


class LayerTables(StimulusResponses, Trajectories):
    """Fills the rows of layers."""

    def __init__(self, *args):
        super().__init__(*args)
        self.rates = {}  # of each neuron in each phase (Hz), by (layer, number)

    def layer(self, name, size, shared, spiking, record, states=(), spikes=None, kept=None):
        """Counts, rates and spikes. `spikes` (neuron, step) are those of an input layer; `kept` are
        the spikes that are saved."""
        x = self.x
        if spikes is None:
            self.check_states(name, size, shared, states)
        if not spiking:
            return
        whole = self.shared and shared and spikes is not None
        for number, steps in enumerate(x.phase_steps if whole else self.phase_steps):
            first = int(self.first_steps[number])
            ran = self.ran_of(number, shared, steps)
            if spikes is not None:
                neuron, step = spikes
                t = step * self.dt
            elif record or (shared and x.until):  # otherwise only their number is known
                neuron, t = self.recorded.spikes(name, number)
                step = np.rint(t / self.dt).astype(int)
            if spikes is None and not (shared and x.until):
                counts = self.recorded.counts(name, number)
            else:
                within = (step >= first) & (step < first + at(ran, neuron // size))
                counts = np.bincount(neuron[within], minlength=size * len(x.copies(shared)))
            seconds = np.repeat(ran, size if np.ndim(ran) else 1) * self.dt
            self.rates[name, number] = counts / seconds if steps else counts * 0.0
            counts = counts.reshape(-1, size).sum(axis=1)
            seconds = size * ran * self.dt
            rate = counts / seconds if steps else counts * 0.0
            self.measure(number, name, shared, {"spikes": counts, "rate": rate})
            if not record:
                continue
            if spikes is not None or self.early or self.waits:
                within = (step >= first) & (step < first + at(ran, neuron // size))
                neuron, step, t = neuron[within], step[within], t[within]
            self.of_spikes(number, name, size, shared, neuron, step, first, ran)
            self.save_spikes(number, name, size, shared, neuron, t, kept)

    def check_states(self, name, size, shared, states):
        """Check a layer's parameters against the table, and that its final states are finite."""
        copy = np.repeat(np.arange(len(self.x.copies(shared))), size)
        wanted = {n: at(v, copy) for n, v in self.varying.get(name, {}).items()}
        audit_component(self.recorded, name, wanted)
        for state in states:
            values = self.recorded.state(name, state)
            self.check_finite(f"{state} of {name}", values, copy, shared, -1)

    def save_spikes(self, number, name, size, shared, neuron, t, kept):
        """The recorded spikes of a phase that are `kept`."""
        saved = self.saved(neuron // size, shared)
        neuron, t = neuron[saved], t[saved]
        if kept:
            mine = self.elements_kept(neuron, size, shared, **kept) & self.times_kept(t, **kept)
            neuron, t = neuron[mine], t[mine]
        where = self.places(neuron // size, shared)
        self.results.spikes(name, neuron=neuron % size, t=t, **where, **self.of_phase(number))

    def of_spikes(self, number, name, size, shared, neuron, step, first, steps):
        """What is measured from recorded spikes (neuron, step) in a number of steps after the
        first."""
        x = self.x
        neurons = size * len(x.copies(shared))
        found = {"cv": interval_variation(neuron, step, neurons, size)}
        if size > 1:
            found["synchrony"] = synchrony(neuron, step - first, neurons, size, steps, self.dt)
        if x.presentations:
            found |= self.responses(
                number, name, size, shared, neuron, step, (first, first + steps)
            )
        self.measure(number, name, shared, found)

    def events(self, layer, event, monitor, size, shared, kept=None):
        """The times of a layer's custom events."""
        outputs = self.recorded.outputs
        neuron, t = outputs[f"{monitor}.i"].astype(np.int64), outputs[f"{monitor}.t"]
        mine = self.are_saved(neuron // size, shared)
        mine &= np.rint(t / self.dt) < self.steps
        mine &= self.was_run(t, neuron // size, shared)
        if kept:
            mine &= self.elements_kept(neuron, size, shared, **kept) & self.times_kept(t, **kept)
        neuron, t = neuron[mine], t[mine]
        phase = {"phase": self.phase_of(t)} if self.several else {}
        where = self.places(neuron // size, shared)
        self.results.spikes(f"{layer}.{event}", neuron=neuron % size, t=t, **where, **phase)

    def rate(self, variable, name, size, shared, every, spikes=None, kept=None):
        """The mean rate of a layer's neurons in bins of `every` s; `spikes` (neuron, step) of an
        input layer."""
        x, kept = self.x, kept or {}
        whole = self.shared and shared and spikes is not None
        steps = x.steps if whole else self.steps
        if spikes is None:
            found = [self.recorded.spikes(name, k) for k in range(len(self.phases))]
            neuron, t = (np.concatenate(part) for part in zip(*found, strict=True))
            step = np.rint(t / self.dt).astype(int)
        else:
            neuron, step = spikes
        first, last = kept.get("neurons") or (0, size)
        if self.waits and not shared:
            self.rate_while_run(variable, name, size, every, neuron, step, first, last, kept)
            return
        copies, width = len(x.copies(shared)), round(every / self.dt)
        bins = -(-steps // width)
        mine = (neuron % size >= first) & (neuron % size < last) & (step < steps)
        place = neuron[mine] // size * bins + step[mine] // width
        counts = np.bincount(place, minlength=copies * bins).reshape(copies, bins)
        starts = np.arange(bins) * width
        hertz = counts / (np.minimum(width, steps - starts) * self.dt) / (last - first)
        copy = np.arange(copies)
        chosen = self.are_saved(copy, shared)
        if kept.get("blocks") is not None and not shared:
            chosen &= np.isin(copy + x.first, kept["blocks"])
        times = self.times_kept(starts * self.dt, **kept)
        if np.any(chosen) and np.any(times):
            self.trajectory(
                variable,
                (starts * self.dt)[times],
                hertz[chosen][:, times],
                None,
                layer=name,
                **self.places(copy[chosen], shared),
            )

    def rate_while_run(self, variable, name, size, every, neuron, step, first, last, kept):
        """The same while blocks ran, leaving out the time in which they waited."""
        steps, width = np.array(self.phase_steps), round(every / self.dt)
        starts, rate, known = rates_while_run(
            neuron, step, size, width, steps, self.ran, first, last
        )
        chosen = self.are_saved(np.arange(len(rate)), False)
        if kept.get("blocks") is not None:
            chosen &= np.isin(np.arange(len(rate)) + self.x.first, kept["blocks"])
        copy = np.flatnonzero(chosen)
        if len(copy):
            self.trajectory(
                variable,
                starts * self.dt,
                rate[copy] / self.dt,
                None,
                kept,
                known[copy],
                layer=name,
                **self.places(copy, False),
            )

    def layer_samples(self, number, name, size, shared, variables, kept=None):
        """Recorded samples of a layer, and its final state."""
        for chosen, t, samples in self.recorded.samples(number, [v for _, v in variables]):
            mine = np.arange(len(chosen))[self.saved(chosen // size, shared)]
            if kept:
                mine = mine[self.elements_kept(chosen[mine], size, shared, **kept)]
            chosen = chosen[mine]
            if not len(chosen):
                continue
            t, samples = self.until_the_end(t, samples, name not in self.x.spikes)
            run = self.samples_run(t, chosen // size, shared)
            for shown, model in variables:
                where = {"layer": name, "neuron": chosen % size}
                where |= self.places(chosen // size, shared)
                last = None
                if name not in self.x.spikes and not self.is_lost(name, model):
                    last = self.recorded.state(name, model)[chosen]
                found = while_run(samples[model][mine], last, run)
                self.check_samples(f"{shown} of {name}", t, found, chosen // size, shared)
                self.trajectory(shown, t, found, last, kept, run, **where)
