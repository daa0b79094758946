"""From what was recorded to the tables."""

from types import SimpleNamespace

import numpy as np

from .data import at, full, times_of
from .errors import stop
from .measures import (
    Elements,
    accuracy,
    comparable,
    interval_variation,
    response_counts,
    response_measures,
    response_rates,
    settling_time,
    synchrony,
    weight_change,
    weight_measures,
)
from .ran import rates_while_run, was_run, while_run
from .recorded import audit_component

RESPONSES_AT_ONCE = 1_000_000
NEVER = 1e9  # s


def parts_of_results(recorded):
    """What is saved at a time: (steps, blocks, shared) for the blocks, as a mask, that were
    simulated equally long, and whether with them all that they share. Inputs are saved whole."""
    endings = [(steps, blocks, False) for steps, blocks in recorded.endings()]
    last, blocks, _ = endings[-1]
    if last == recorded.x.steps:
        return [*endings[:-1], (last, blocks, True)]
    return [*endings, (last, np.zeros(len(blocks), bool), True)]


class Saving:
    """Fills the results of one run, phase by phase. `varying` is the table that it ran with, `part`
    one of parts_of_results; `p` has the parameters in each phase."""

    def __init__(self, x, recorded, results, varying, phases, dt, p, part):
        self.x, self.recorded, self.results = x, recorded, results
        self.varying, self.dt = varying, dt
        self.phases = [phase["name"] for phase in phases]
        self.several = len(phases) > 1
        self.steps, self.mine, self.shared = part
        self.early = self.steps < x.steps
        self.phase_steps = x.phase_steps if not self.early else [self.steps]
        ends = np.cumsum(self.phase_steps)
        self.ends = ends * dt
        self.at_end = self.ends[-1] + x.lag  # on the clock by which traces were updated
        stopped = recorded.stopped()
        self.ran = np.where(stopped > 0, stopped, np.array(self.phase_steps)[:, None])
        self.waits = bool(x.endings)  # whether blocks may wait for a phase's end
        self.measures = [{} for _ in phases]
        for found, steps in zip(self.measures if self.waits else (), stopped, strict=False):
            found["stopped_after"] = np.where(steps > 0, steps * dt, np.nan)
        self.p = p
        self.status = np.full((len(phases), x.blocks), "ok", dtype=object)
        self.lost = []  # what was not finite or outside its bounds, in words
        self.bounds = {}  # (low, high) of the weights in each phase, by connection
        self.first_steps = ends - self.phase_steps
        self.ends_of = {}  # weights before and after each phase, by (connection, number)
        self.rates = {}  # of each neuron in each phase (Hz), by (layer, number)

    def phase_of(self, t):
        """The phase in which something happened at t (s)."""
        return np.array(self.phases, dtype=object)[self.phase_number(t)].astype(str)

    def phase_number(self, t):
        """The same, as a number."""
        steps = np.rint(np.asarray(t) / self.dt)
        number = np.searchsorted(np.cumsum(self.phase_steps), steps, side="right")
        return np.minimum(number, len(self.phases) - 1)

    def within(self, t, number):
        """The samples at `t`, in order of time, that a phase has."""
        first = self.first_steps[number]
        steps = np.rint(np.asarray(t) / self.dt)
        return slice(*np.searchsorted(steps, [first, first + self.phase_steps[number]]))

    def of_phase(self, number):
        """What a row of a run with several phases says of its phase."""
        return {"phase": self.phases[number]} if self.several else {}

    def check_finite(self, what, values, copy, shared, phase, when=""):
        """Blocks with values that are not finite are marked, and told."""
        self.mark("nan", f"{what} is not finite", copy[~np.isfinite(values)], shared, phase, when)

    def outside(self, name, phase, chosen, values):
        """Which weights of the chosen synapses, a row for each, are outside their bounds by more
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
        """Blocks with weights outside their bounds are marked, and told."""
        what = f"{weight} of {name} is outside its bounds"
        self.mark("bounds", what, lost, shared, phase, when)

    def mark(self, status, what, lost, shared, phase, when):
        """The copies `lost` have failed in a phase."""
        lost = np.unique(lost)
        if not len(lost):
            return
        if shared:
            lost = np.flatnonzero(np.isin(self.x.heard, lost))
        lost = lost[self.mine[lost]]
        if not len(lost):
            return
        self.status[phase, lost[self.status[phase, lost] == "ok"]] = status
        more = ", ..." if len(lost) > 5 else ""
        first = self.x.first + self.results.first
        blocks = ", ".join(str(b + first) for b in lost[:5]) + more
        when = when or f"at the end of {self.phases[phase]}"
        self.lost.append(f"{what} in block {blocks} {when}")

    def check_samples(self, what, t, samples, copy, shared):
        """The same of samples, a row per element, with the first time of each phase."""
        lost = ~np.isfinite(samples)
        for number in np.unique(self.phase_number(t[lost.any(axis=0)])):
            mine = lost & (self.phase_number(t) == number)
            values = np.where(mine.any(axis=1), np.nan, 0.0)
            first = f"at {t[mine.any(axis=0)][0]:g} s"
            self.check_finite(what, values, copy, shared, number, first)

    def check_sampled_bounds(self, name, weight, t, samples, chosen):
        """The same of recorded weights, with the first time of each phase."""
        edges = self.x.edges[name]
        for number in range(len(self.phases)):
            within = self.within(t, number)
            lost = self.outside(name, number, chosen, samples[:, within])
            if np.any(lost):
                first = f"at {t[within][lost.any(axis=0)][0]:g} s"
                copy = edges.copy[chosen][lost.any(axis=1)]
                self.out_of_bounds(name, weight, copy, edges.shared, number, first)

    # Layers

    def layer(self, name, size, shared, spiking, record, states=(), spikes=None, kept=None):
        """Counts, rates and spikes; `spikes` (neuron, step) of an input layer, `kept` the spikes
        that are saved."""
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
        whole = self.shared and shared and spikes is not None
        for number, steps in enumerate(x.phase_steps if whole else self.phase_steps):
            first = int(self.first_steps[number])
            ran = self.ran_of(number, shared, steps)
            if spikes is not None:
                neuron, step = spikes
                t = step * self.dt
            elif record or (shared and x.until):  # else only their number is known
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
            saved = self.saved(neuron // size, shared)
            neuron, t = neuron[saved], t[saved]
            if kept:
                mine = self.elements_kept(neuron, size, shared, **kept) & self.times_kept(t, **kept)
                neuron, t = neuron[mine], t[mine]
            where = self.places(neuron // size, shared)
            self.results.spikes(name, neuron=neuron % size, t=t, **where, **self.of_phase(number))

    def ran_of(self, number, shared, steps):
        """The steps that each copy ran in a phase: `steps`, or as many as each block did."""
        return self.ran[number] if self.waits and not shared else steps

    def was_run(self, t, copy, shared):
        """Whether what happened at times (s) in copies was run, while the block did not wait."""
        if shared or not self.waits:
            return np.ones(np.broadcast_shapes(np.shape(t), np.shape(copy)), bool)
        step = np.rint(np.asarray(t) / self.dt).astype(np.int64)
        return was_run(step, copy, np.array(self.phase_steps), self.ran)

    def elements_kept(self, neuron, size, shared, neurons=None, blocks=None, **times):
        """Which neurons of a layer are saved, as a mask."""
        mine = np.ones(len(neuron), bool)
        if neurons is not None:
            mine &= (neuron % size >= neurons[0]) & (neuron % size < neurons[1])
        if blocks is not None and not shared:
            mine &= np.isin(neuron // size + self.x.first, blocks)
        return mine

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
                variable, (starts * self.dt)[times], hertz[chosen][:, times], None, layer=name,
                **self.places(copy[chosen], shared),
            )  # fmt: skip

    def rate_while_run(self, variable, name, size, every, neuron, step, first, last, kept):
        """The same while blocks ran, and did not wait."""
        steps, width = np.array(self.phase_steps), round(every / self.dt)
        starts, rate, known = rates_while_run(
            neuron, step, size, width, steps, self.ran, first, last
        )  # fmt: skip
        chosen = self.are_saved(np.arange(len(rate)), False)
        if kept.get("blocks") is not None:
            chosen &= np.isin(np.arange(len(rate)) + self.x.first, kept["blocks"])
        copy = np.flatnonzero(chosen)
        if len(copy):
            self.trajectory(
                variable, starts * self.dt, rate[copy] / self.dt, None, kept, known[copy],
                layer=name, **self.places(copy, False),
            )  # fmt: skip

    def measure(self, number, name, shared, found):
        """Measures of a layer or connection in a phase; what is shared is each block's."""
        for what, values in found.items():
            values = values[self.x.heard] if shared else values
            self.measures[number][f"{name}_{what}"] = values

    def elements(self, name, number):
        """The synapses or neurons of a component as a phase leaves them."""
        x = self.x
        if name not in x.edges:
            size, shared = x.sizes[name]
            copy = x.copy_of(name)
            values = {"i": np.arange(len(copy)) % size, "N": size}
            if (name, number) in self.rates:
                values["rate"] = self.rates[name, number]
        else:
            edges = x.edges[name]
            shared, copy = edges.shared, edges.copy
            values = {"i": edges.i, "j": edges.j, "N_pre": edges.n_pre, "N_post": edges.n_post}
            nothing = np.zeros(0), np.zeros(0)  # of a connection without synapses
            values["before"], values["weight"] = self.ends_of.get((name, number), nothing)
        blocks = x.heard if shared else np.arange(x.blocks)
        return Elements(copy, blocks, **values)

    def each(self, value):
        """One number per block."""
        return np.zeros(self.x.blocks) + value

    def of_spikes(self, number, name, size, shared, neuron, step, first, steps):
        """What is measured of recorded spikes (neuron, step) in so many steps from the first."""
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

    def responses(self, number, name, size, shared, neuron, step, span):
        """Rates of each neuron at each stimulus, some copies at a time, and what is measured of
        them."""
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
                neuron[low:high] - first * size, step[low:high], size, part, presentations,
                start, stop, self.dt,
            )  # fmt: skip
            found.append(response_measures(rates, size))
            at, stimulus = (index.ravel() for index in np.indices(rates.shape))
            at += first * size
            heard = np.isfinite(rates.ravel())
            heard &= self.are_saved(at // size, shared)
            at, stimulus = at[heard], stimulus[heard]
            self.results.responses(
                name, neuron=at % size, stimulus=stimulus, label=labels[stimulus],
                value=rates.ravel()[heard], **self.places(at // size, shared),
                **self.of_phase(number),
            )  # fmt: skip
        return {what: np.concatenate([one[what] for one in found]) for what in found[0]}

    def shown(self, sources, stops):
        """(which of the presentations each copy has, these, the step before which they end): where
        `stops` has one for each copy, copies that ended a phase early have none after that."""
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
        """The fraction of a phase's stimuli that the neurons of a layer tell, for each block; each
        neuron has the label to which it responded most in one of the phases `turns`: the last so
        far, or the first."""
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
                    neuron[low:high] - bounds[0], step[low:high], size, heard, presentations,
                    start, stop, self.dt,
                )  # fmt: skip
                responses.append(comparable(*counts))
            learned, tested = responses
            found.append(accuracy(learned, tested, size, classes))
        values = np.concatenate(found)
        return values[x.heard] if shared else values

    def spikes_by_neuron(self, name, phase):
        """(neuron, step) of the spikes of a phase, in the order of neurons."""
        if name in self.x.spikes:
            neuron, step = self.x.spikes[name]
        else:
            neuron, t = self.recorded.spikes(name, phase)
            step = np.rint(t / self.dt).astype(np.int64)
        order = np.argsort(neuron, kind="stable")
        return neuron[order], step[order]

    def places(self, copy, shared):
        """The block of each row, or the replicate of what is shared."""
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
        """The same, to index rows with."""
        if not shared and np.all(self.mine):
            return slice(None)
        return self.are_saved(copy, shared)

    # Connections

    def connection(self, name, weight, states, traces, bounds, held=False):
        """Synapses with their first and last weights and the rest of their state; measures."""
        edges = self.x.edges[name]
        if not len(edges.i):
            return
        wanted = {n: at(v, edges.copy) for n, v in self.varying.get(name, {}).items()}
        audit_component(self.recorded, name, wanted)
        if held and np.any(self.recorded.state(name, "held__lost")):
            stop(f"more deliveries of {name} were under way at one synapse than it can hold: take"
                 " a shorter dendritic delay, or give the source a refractory period")  # fmt: skip
        state = {v: self.recorded.state(name, v) for v in states}
        block = edges.copy
        if not states:
            return
        stored = Stored(self.recorded, name)
        for variable, at_time in traces.items():
            state[variable] = full(at_time(stored, edges, self.at_end), len(block))
        for variable, values in state.items():
            self.check_finite(f"{variable} of {name}", values, block, edges.shared, -1)
        first = edges.values.get(weight, np.zeros(len(block))) if weight else None
        others = {column: state[v] for v, column in states.items() if v != weight}
        delay = times_of(np.rint((edges.axonal + edges.dendritic) / self.x.dt), self.x.dt)
        mine = self.saved(block, edges.shared)
        self.results.weights(
            name, pre=edges.i[mine], post=edges.j[mine], delay=delay[mine],
            w_initial=None if first is None else first[mine],
            w=state[weight][mine] if weight else None,
            state={column: values[mine] for column, values in others.items()},
            **self.places(block[mine], edges.shared),
        )  # fmt: skip
        if weight:
            if bounds:
                self.bounds[name] = [
                    tuple(self.x.as_held(name, weight, end) for end in bounds(edges, p))
                    for p in self.p
                ]
            self.weights(name, weight, edges, first, state[weight])

    def weights(self, name, weight, edges, first, last):
        """Measures of the weights before and after each phase."""
        count = len(edges.copies)
        bounded = name in self.bounds
        before = first
        for number in range(len(self.phases)):
            final = number == len(self.phases) - 1
            after = last if final else self.recorded.state(name, f"{weight}__after_{number}")
            if not final:  # else its state has been
                self.check_finite(f"{weight} of {name}", after, edges.copy, edges.shared, number)
            low, high = self.bounds[name][number] if bounded else (-np.inf, np.inf)
            if bounded:
                lost = edges.copy[self.outside(name, number, slice(None), after)]
                self.out_of_bounds(name, weight, lost, edges.shared, number)
            for when, values in (("before", before), ("after", after)):
                found = weight_measures(edges.copy, values, low, high, count)
                for what, value in found.items():
                    if bounded or what not in ("at_bounds", "entropy"):
                        self.measure(number, name, edges.shared, {f"{when}_{what}": value})
            change = weight_change(edges.copy, before, after, count)
            self.measure(number, name, edges.shared, {"change": change})
            self.ends_of[name, number] = before, after
            before = after

    # Samples

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

    def connection_samples(self, number, name, variables, traces, weight=None, kept=None):
        """Recorded samples of a connection, and its final state; of its weight, when it settled."""
        edges = self.x.edges[name]
        for measures in self.measures if weight else ():  # also where no block is recorded
            measures[f"{name}_settled"] = np.full(self.x.blocks, np.nan)
        for chosen, t, samples in self.recorded.samples(number, [v for _, v in variables]):
            everyone, mine = chosen, self.saved(edges.copy[chosen], edges.shared)
            chosen = chosen[mine]
            t, samples = self.until_the_end(t, samples)
            run = self.samples_run(t, edges.copy[chosen], edges.shared)
            for shown, model in variables:
                trace = model.removesuffix("__now")
                base = trace if trace in traces else model
                if trace == weight:
                    self.settled(name, edges, everyone, t, samples[model])
                stored = Stored(self.recorded, name, chosen)
                last = stored[base]
                if base in traces:
                    last = traces[base](stored, part_of(edges, chosen), self.at_end)
                    last = full(last, len(chosen))
                if self.is_lost(name, model):
                    last = None
                copy, found = edges.copy[chosen], while_run(samples[model][mine], last, run)
                self.check_samples(f"{shown} of {name}", t, found, copy, edges.shared)
                if trace == weight and name in self.bounds:
                    self.check_sampled_bounds(name, weight, t, found, chosen)
                more = {"synapse_number": edges.number[chosen]} if edges.many > 1 else {}
                self.trajectory(
                    shown, t, found, last, kept, run, connection=name, pre=edges.i[chosen],
                    post=edges.j[chosen], **self.places(edges.copy[chosen], edges.shared), **more,
                )  # fmt: skip

    def samples_run(self, t, copy, shared):
        """Which samples were taken while a block ran, a row per element; None for all of them."""
        if shared or not self.waits:
            return None
        return self.was_run(np.asarray(t)[None, :], np.asarray(copy)[:, None], shared)

    def settled(self, name, edges, chosen, t, samples):
        """When the recorded weights had settled, in each phase."""
        run = self.samples_run(t, edges.copy[chosen], edges.shared)
        for number in range(len(self.phases)):
            within = self.within(t, number)
            if not len(t[within]):
                continue
            last = self.ends_of[name, number][1][chosen]
            here = None if run is None else run[:, within]
            found = settling_time(
                edges.copy[chosen], t[within], while_run(samples[:, within], last, here), last,
                len(edges.copies),
            )  # fmt: skip
            if run is not None:  # it is no sample's time that comes after the last sample
                known = np.isfinite(found)
                known[known] &= self.was_run(found[known], np.flatnonzero(known), edges.shared)
                found = np.where(known, found, np.nan)
            found = found[self.x.heard] if edges.shared else found
            # One monitor has all blocks, or each its own.
            known = self.measures[number][f"{name}_settled"]
            self.measures[number][f"{name}_settled"] = np.where(np.isnan(found), known, found)

    def until_the_end(self, t, samples, simulated=True):
        """Samples before the blocks of this part ended; what was not simulated has them all."""
        if not (self.early and (simulated or not self.shared)):
            return t, samples
        end = np.searchsorted(np.rint(np.asarray(t) / self.dt), self.steps)
        return t[:end], {name: values[:, :end] for name, values in samples.items()}

    def is_lost(self, component, model):
        """Whether a variable is computed from others, which are no more what they were."""
        return self.early and self.recorded.computed(component, model)

    def trajectory(self, variable, t, samples, last, kept=None, run=None, **where):
        """Samples with the final state as the last one, where it is not among them; of these, what
        is `kept`, and was `run`."""
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

    # Blocks

    def blocks(self):
        """The table of blocks; in words, what has failed."""
        x, mine = self.x, np.flatnonzero(self.mine)
        for number, measures in enumerate(self.measures if len(mine) else ()):
            status = self.status[number]
            found = {name: values[mine] for name, values in measures.items()}
            if x.until:
                stable = (status == "ok") & self.recorded.stable()
                status = np.where(stable, "stable", status)
                after = np.where(stable, self.ends[-1], np.nan)
                found["stable_after"] = after[mine]
            found["status"] = status[mine]
            self.results.blocks(x.first + mine, found, **self.of_phase(number))
        return self.lost


def labels_of(presentations):
    """The label of each stimulus, by its number."""
    found = {}
    for one in presentations:
        found |= dict(zip(one["stimulus"].tolist(), one["label"], strict=True))
    return np.array([found[k] for k in range(len(found))], dtype=object)


class Stored:
    """What the chosen synapses of a connection store, by variable, as it was at the last event."""

    def __init__(self, recorded, connection, chosen=slice(None)):
        self.recorded, self.connection, self.chosen = recorded, connection, chosen

    def __getitem__(self, variable):
        return self.recorded.state(self.connection, variable)[self.chosen]


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
