"""The results of a simulation, read from its objects, in SI units."""

import numpy as np

from .data import at
from .errors import stop
from .objects import after, counter_of
from .ran import ENDS
from .stable import WATCH


class Recorded:
    """Final states, spikes and samples, by the names in the spec. `outputs` are those of all
    simulated objects, by OBJECT.VARIABLE."""

    def __init__(self, x, outputs):
        self.x, self.outputs = x, outputs

    def state(self, component, variable):
        """A variable of every neuron of a layer or every synapse of a connection."""
        values = [np.zeros(0)]
        for name, _, _ in self.x.objects(component):
            key = f"{name}.{variable}"
            kept = f"{key}__at_end"
            values.append(np.atleast_1d(self.outputs[kept if kept in self.outputs else key]))
        return np.concatenate(values)

    def counts(self, layer, phase):
        """Spikes of each neuron in a phase."""
        return self.counted(layer, phase) - (self.counted(layer, phase - 1) if phase else 0)

    def counted(self, layer, phase):
        """Spikes of each neuron from the beginning to the end of a phase."""
        key = f"{counter_of(layer)}.count"
        kept = after(key, phase)
        return self.outputs[kept if kept in self.outputs else key].astype(np.int64)

    def spikes(self, layer, phase):
        """(neuron, t) of each spike in a phase."""
        monitor = counter_of(layer)
        neuron, t = self.outputs[f"{monitor}.i"].astype(np.int64), self.outputs[f"{monitor}.t"]
        if len(self.x.phase_steps) == 1:
            return neuron, t
        ends = np.cumsum([0, *self.x.phase_steps])[phase : phase + 2]
        within = slice(*np.searchsorted(np.rint(t / self.x.dt), ends))
        return neuron[within], t[within]

    def samples(self, number, variables):
        """For each object that a record line concerns: (chosen elements, t, {variable: values})."""
        for monitor, chosen in self.x.recorded.get(number, ()):
            values = {v: self.outputs[f"{monitor}.{v}"].T for v in variables}
            yield chosen, self.outputs[f"{monitor}.t"], values
        if number in self.x.samples:  # from a layer that was run before the network
            yield self.x.samples[number]

    def computed(self, component, variable):
        """Whether a variable is computed from others when the run ends."""
        names = (name for name, _, _ in self.x.objects(component))
        return any(f"{name}.{variable}__at_end" in self.outputs for name in names)

    def stopped(self):
        """The step of a phase in which each block ended it, 0 if the block ran to the phase's end:
        a row per phase and a column per block."""
        found = np.zeros((len(self.x.phase_steps), self.x.blocks), dtype=np.int64)
        if self.x.endings:
            found[list(self.x.endings)] = self.outputs[f"{ENDS}.stopped"].reshape(-1, self.x.blocks)
        return found

    def reached(self):
        """The number of steps that the network ran. Fails if anything but stable blocks ended it
        early."""
        t = float(np.ravel(self.outputs["clock.t"])[0])
        steps = round(t / self.x.dt)
        asked = max((steps for steps, _ in self.endings()), default=self.x.steps)
        if steps != asked:
            stop(f"the run ended at {t} s of {asked * self.x.dt} s")
        return steps

    def stable(self):
        """The blocks that were set aside because they were stable, as a mask."""
        return self.outputs[f"{WATCH}.stopped"] > 0

    def endings(self):
        """[(steps, blocks)]: how long blocks were simulated; each mask has the blocks that ended
        together."""
        if not self.x.until:
            return [(self.x.steps, np.ones(self.x.blocks, bool))]
        stopped = self.outputs[f"{WATCH}.stopped"].astype(np.int64)
        steps = np.where(self.stable(), stopped, self.x.steps)
        return [(end, steps == end) for end in np.unique(steps).tolist()]


def outputs_of(objects):
    """{OBJECT.VARIABLE: (object, variable)} of all that a network leaves behind."""
    from brian2.core.variables import ArrayVariable

    found = {"clock.t": (next(iter(objects.groups.values())).clock, "t")}
    counters = [c for counters in objects.counters.values() for c in counters]
    for o in [*objects.simulated(), *counters, *objects.monitors]:
        for name, variable in o.variables.items():
            if isinstance(variable, ArrayVariable):
                found[f"{o.name}.{name}"] = o, name
    return found


def audit_constants(objects):
    """Fail if the code used other values for its constants than those given."""
    for o in objects.simulated():
        used = constants_used([o, *o.contained_objects])
        for name, value in dict(getattr(o, "namespace", None) or {}).items():
            if name in used:
                audit(f"{o.name}.{name}", np.asarray(used[name]), float(value))


def constants_used(parts):
    """{name: value} of the external names in the code that was run, read from the code itself."""
    found = {}
    for part in parts:
        for code in part.code_objects:
            for name, variable in code.variables.items():
                if type(variable).__name__ == "Constant":
                    found[name] = float(variable.value)
    return found


def audit(what, effective, wanted):
    """Fail if a simulated object ran with other values than the table's."""
    effective, wanted = np.broadcast_arrays(np.asarray(effective, float), np.asarray(wanted, float))
    if not np.array_equal(effective, wanted):
        stop(f"the network ran with other values of {what} than the table says")


def audit_component(recorded, component, wanted):
    """Compare the values with which a component ran with those of the table: `wanted` has one value
    per element of each parameter that varies."""
    x = recorded.x
    for name, values in (wanted | x.common.get(component, {})).items():
        values = x.as_held(component, name, values)
        for o, _, part in x.objects(component):
            if f"{o}.{name}" in recorded.outputs:
                audit(f"{component}.{name}", recorded.outputs[f"{o}.{name}"], at(values, part))
