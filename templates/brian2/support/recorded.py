"""What a simulation has left behind, read out of its objects, in SI units."""

import numpy as np

from errors import stop


class Recorded:
    """Final states, spikes and samples, by the names of the spec."""

    def __init__(self, x, objects):
        self.x, self.objects = x, objects

    def state(self, component, variable):
        """A variable of every neuron of a layer or every synapse of a connection."""
        if component in self.objects.groups:
            found = [self.objects.groups[component]]
        else:
            found = self.objects.links[component]
        kept = f"{variable}_at_end"
        names = [kept if kept in o.variables else variable for o in found]
        values = [
            np.asarray(o.variables[n].get_value()) for o, n in zip(found, names, strict=True)
        ]
        return np.concatenate([np.zeros(0), *(np.atleast_1d(v) for v in values)])

    def has(self, component, variable):
        """Whether the simulated objects have such a variable."""
        found = self.objects.links.get(component) or [self.objects.groups.get(component)]
        return all(o is not None and variable in o.variables for o in found)

    def counts(self, layer, phase):
        """Spikes of each neuron in a phase."""
        return np.array(self.objects.counters[layer][phase].count[:], dtype=np.int64)

    def spikes(self, layer, phase):
        """(neuron, t) of each spike in a phase."""
        monitor = self.objects.counters[layer][phase]
        t = np.asarray(monitor.variables["t"].get_value())
        return np.array(monitor.i[:], dtype=np.int64), t.copy()

    def samples(self, number, variables):
        """For each object that a record line concerns: (chosen elements, t, {variable: values})."""
        for which, chosen, monitor in self.objects.monitors:
            if which == number:
                t = np.asarray(monitor.variables["t"].get_value())
                yield chosen, t, {v: monitor.variables[v].get_value().T for v in variables}
        if number in self.x.samples:  # of a layer that was run before the network
            yield self.x.samples[number]

    def reached(self):
        """The time that the clock of the network stands at."""
        clock = next(iter(self.objects.groups.values())).clock
        return float(np.ravel(clock.variables["t"].get_value())[0])

    def constants(self, component):
        """[(names and values given, names and values that the code ran with)] of each object."""
        found = self.objects.links.get(component) or [self.objects.groups[component]]
        return [(dict(o.namespace), constants_used([o, *o.contained_objects])) for o in found]


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
    """Fail where a simulated object ran with something else than the table says."""
    wanted = np.broadcast_to(np.asarray(wanted, dtype=float), np.shape(effective))
    if not np.array_equal(np.asarray(effective, dtype=float), wanted):
        stop(f"the network ran with other values of {what} than the table says")


def audit_component(recorded, component, wanted):
    """Hold what a component effectively ran with against the table: `wanted` has one value per
    element of each parameter that varies."""
    for name, values in wanted.items():
        if recorded.has(component, name):
            audit(f"{component}.{name}", recorded.state(component, name), values)
    for given, used in recorded.constants(component):
        for name, value in given.items():
            if name in used:
                audit(f"{component}.{name}", np.asarray(used[name]), float(value))
