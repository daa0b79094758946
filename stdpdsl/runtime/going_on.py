"""A network that begins where an earlier run of it ended, and what a later run needs to go on.

Everything is made for the whole run: inputs, synapses, the steps of its phases. Phases that are
over are not simulated. Before the rest of the phase in which the earlier run ended, the state and
the time are set, so that nothing happens twice or is lost.
"""

import numpy as np

from .objects import array_of
from .program_data import ProgramData
from .whole_state import (
    STATE_FILE,
    KeptState,
    changing,
    check_state,
    gathered,
    keep_code,
    places,
    put,
    put_code,
    queues,
)

STATE = "whole state"  # among the outputs
PHASE, STEP = f"{STATE}.phase", f"{STATE}.step"  # among the data of a network


def give_start(given, x, earlier):
    """The phase and the step in which the run begins (-1 at its very beginning), and how long each
    phase still has to go (s)."""
    given[PHASE], given[STEP] = (
        float(n) for n in ((earlier.phase, earlier.step) if earlier else (-1, 0))
    )
    ends = np.cumsum(x.phase_steps)
    for number, end in enumerate(ends.tolist() if earlier else ()):
        left = min(x.phase_steps[number], max(0, end - earlier.step))
        given[f"phase {number}"] = left * x.dt


class GoingOn:
    """What a network of these objects begins with and leaves behind. `earlier` has the phase and
    the step in which the earlier run ended, and its `state`."""

    def __init__(self, objects, counters, network, given, earlier):
        self.network, self.given, self.earlier = network, given, earlier
        self.variables = changing(objects) | {f"{c.name}.count": (c, "count") for c in counters}
        self.pathways = queues(objects)
        self.spiking = [o for o in objects if type(o).__name__ == "SpikeGeneratorGroup"]

    def state(self):
        """The state as it is now; for a program, what it will be at this point."""
        from brian2 import get_device

        if is_here():
            return gathered(self.variables, self.pathways)
        path = f'brian::results_dir + "{STATE_FILE}"'
        get_device().insert_code("main", keep_code(self.variables, self.pathways, path))
        return KeptState(places(self.variables, self.pathways))

    def is_over(self, number):
        """Whether a phase was over before this run. A program checks this when it runs, because one
        program serves any earlier run."""
        return is_here() and self.earlier is not None and number < self.earlier.phase

    def begin(self, number, dt):
        """Set the state and the time before a phase runs, if the earlier run ended there. Returns
        the C++ with which a program does this, or nothing."""
        if not isinstance(self.given, ProgramData):
            if self.earlier is not None and number == self.earlier.phase:
                from brian2 import BrianLogger

                BrianLogger.suppress_name("ignored_spikes")  # the earlier run had them
                check_state(self.earlier.state, [*self.variables, *self.pathways])
                self.network.t_ = self.earlier.step * dt
                put(self.earlier.state, self.variables, self.pathways)
            return ""
        phase, step = (f"number({self.given.number(key)})" for key in (PHASE, STEP))
        lines = [put_code(self.variables, self.pathways, f'"inputs/{STATE_FILE}"')]
        for group in self.spiking:
            lines.append(next_spike(group, step))
        network = f"brian::{self.network.name}"
        lines.append(f"    {network}.t = {step} * {dt!r};\n")
        for clock in sorted({o.clock for o in self.network.sorted_objects}, key=lambda c: c.name):
            name = f"brian::{clock.name}"
            lines.append(f"    {name}.set_interval({network}.t, {network}.t);\n")
            lines.append(f"    {name}.t[0] = {name}.timestep[0] * {name}.dt[0];\n")
        return f"if ({phase} == {number}) {{\n{''.join(lines)}}}"


def next_spike(group, step):
    """C++ that finds the first given spike of a group that has not occurred yet."""
    bins, count = array_of(group, "_timebins")
    last, _ = array_of(group, "_lastindex")
    found = f"std::lower_bound({bins}, {bins} + {count}, (int32_t){step})"
    return f"    {last}[0] = {found} - {bins};\n"


def is_here():
    """Whether the network runs in this process."""
    from brian2 import get_device

    return type(get_device()).__name__ == "RuntimeDevice"
