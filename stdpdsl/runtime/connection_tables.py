"""What is saved of connections: final synapses, samples, and measures of weights."""

import numpy as np

from .data import at, full, times_of
from .errors import stop
from .measures import settling_time, weight_change, weight_measures
from .ran import while_run
from .recorded import audit_component
from .saved_traces import Stored, part_of
from .trajectories import Trajectories


class ConnectionTables(Trajectories):
    """Fills the rows of connections."""

    def __init__(self, *args):
        super().__init__(*args)
        self.ends_of = {}  # weights before and after each phase, by (connection, number)

    def connection(self, name, weight, states, traces, bounds, held=False):
        """Synapses with their first and last weights and the rest of their state, and measures of
        them."""
        edges = self.x.edges[name]
        if not len(edges.i):
            return
        wanted = {n: at(v, edges.copy) for n, v in self.varying.get(name, {}).items()}
        audit_component(self.recorded, name, wanted)
        if held and np.any(self.recorded.state(name, "held__lost")):
            stop(
                f"too many deliveries of {name} were waiting at one synapse: use"
                " a shorter dendritic delay, or give the source a refractory period"
            )
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
            name,
            pre=edges.i[mine],
            post=edges.j[mine],
            delay=delay[mine],
            w_initial=None if first is None else first[mine],
            w=state[weight][mine] if weight else None,
            state={column: values[mine] for column, values in others.items()},
            **self.places(block[mine], edges.shared),
        )
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
            if not final:  # otherwise its state has been
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

    def connection_samples(self, number, name, variables, traces, weight=None, kept=None):
        """Recorded samples of a connection and its final state; for its weight, when it settled."""
        edges = self.x.edges[name]
        for measures in self.measures if weight else ():  # even if no block is recorded
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
                    shown,
                    t,
                    found,
                    last,
                    kept,
                    run,
                    connection=name,
                    pre=edges.i[chosen],
                    post=edges.j[chosen],
                    **self.places(edges.copy[chosen], edges.shared),
                    **more,
                )

    def settled(self, name, edges, chosen, t, samples):
        """When the recorded weights settled, in each phase."""
        run = self.samples_run(t, edges.copy[chosen], edges.shared)
        for number in range(len(self.phases)):
            within = self.within(t, number)
            if not len(t[within]):
                continue
            last = self.ends_of[name, number][1][chosen]
            here = None if run is None else run[:, within]
            found = settling_time(
                edges.copy[chosen],
                t[within],
                while_run(samples[:, within], last, here),
                last,
                len(edges.copies),
            )
            if run is not None:  # the end of the run, after the last sample, is not a sample's time
                known = np.isfinite(found)
                known[known] &= self.was_run(found[known], np.flatnonzero(known), edges.shared)
                found = np.where(known, found, np.nan)
            found = found[self.x.heard] if edges.shared else found
            # Either one monitor covers all blocks, or each block has its own.
            known = self.measures[number][f"{name}_settled"]
            self.measures[number][f"{name}_settled"] = np.where(np.isnan(found), known, found)
