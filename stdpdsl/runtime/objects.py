"""The simulated objects: setting them up, and changing them between phases."""

from .given import delay_of, phase_key
from .program import assign, connect, index_array, record
from .schedule import schedule


class Objects:
    """What a network consists of, by the names of the spec."""

    def __init__(self):
        self.groups = {}
        self.links = {}  # connection -> its Synapses: one, or one per block
        self.counters = {}  # layer -> one SpikeMonitor per phase
        self.monitors = []
        self.others = []

    def of(self, component):
        """The objects of a layer or connection."""
        if component in self.groups:
            return [self.groups[component]]
        return self.links.get(component, [])

    def all(self):
        """Every object, for the Network."""
        return [
            *self.groups.values(),
            *(s for link in self.links.values() for s in link),
            *(c for counters in self.counters.values() for c in counters),
            *self.monitors,
            *self.others,
        ]


def set_values(group, values):
    """Set variables by their names, in SI: `group.name = values` would replace an attribute such as
    `source` where a variable is called so."""
    for name, value in values.items():
        group.state(name, use_units=False)[:] = value


def set_by_code(group, name, code):
    """Set a variable by Brian2's code; `group.name = code` has the same fault as in set_values."""
    group.state(name)[:] = code


def assign_all(group, given, names):
    """Set variables of a group or of synapses to what they are given."""
    for name in names:
        assign(group, name, given, f"{group.name}.{name}")


def delay(s, given, pathway):
    """Set the delays of a pathway."""
    assign(getattr(s, pathway), "delay", given, f"{s.name}.{delay_of(pathway)}")


def relay(given, objects, name, source, target, counter, dt):
    """Count the spikes of a layer in a variable of each neuron of a target's same block."""
    from brian2 import Synapses

    s = Synapses(
        objects.groups[source], objects.groups[target], on_pre=f"{counter}_post += 1",
        namespace={}, dt=dt, name=name,
    )  # fmt: skip
    connect(s, given, name)
    schedule(s.pre, "synapses", -1)
    objects.others.append(s)


def link(given, objects, target, variable, source, of_source):
    """Make a variable of a layer that of the one neuron of another layer's same block."""
    from brian2 import linked_var

    from_source = objects.groups[source], of_source
    with index_array(given, f"{target}.{variable} is", f"{target}.N") as index:
        setattr(objects.groups[target], variable, linked_var(*from_source, index=index))


def normalise(given, objects, name, connection, period, unit, add, scale, order, values, gated):
    """Scale weights to a sum at regular times: counters, one for each neuron of a side in each
    block, that act on the synapses. Their `values` are goal, and low and high where needed."""
    from brian2 import BrianLogger, NeuronGroup, Synapses, second

    # Weights are scaled by a slower clock, without a delay that it could round.
    BrianLogger.suppress_name("synapses_dt_mismatch")
    model = [f"total : {unit}"] + [f"{n} : {unit} (constant)" for n in values]
    model += ["learning : 1 (constant)"] if gated else []
    counters = NeuronGroup(
        given[f"{name}.N"], "\n".join(model), threshold="True", reset="total = 0*total",
        namespace={}, dt=period * second, name=name,
    )  # fmt: skip
    assign_all(counters, given, values)
    counters.thresholder["spike"].when = counters.resetter["spike"].when = "end"
    counters.thresholder["spike"].order = order
    counters.resetter["spike"].order = order + 3
    objects.groups[name] = counters
    for s in objects.links[connection]:
        scaler = Synapses(
            counters, s, on_pre={"add": add, "scale": scale}, namespace={}, dt=period * second,
            name=f"{s.name}__{name}",
        )  # fmt: skip
        connect(scaler, given, scaler.name)
        scaler.variables["_synaptic_post"].unique = True  # one counter has each weight
        schedule(scaler.add, "end", order + 1)
        schedule(scaler.scale, "end", order + 2)
        objects.others.append(scaler)


# Recording ---------------------------------------------------------------------------------------


def count_spikes(objects, layer, record, phases):
    """One monitor of a layer for each phase, of its spikes or of their number."""
    from brian2 import SpikeMonitor

    objects.counters[layer] = [
        SpikeMonitor(objects.groups[layer], record=record, name=f"spikes_of__{layer}_{n}")
        for n in range(phases)
    ]


def sample(given, objects, number, component, variables, every):
    """Sample variables every so many seconds."""
    from brian2 import second

    for o in objects.of(component):
        name = f"record__{number}_{o.name}"
        if f"{name}.N" in given:
            objects.monitors.append(record(o, variables, given, name, dt=every * second))


# Phases -----------------------------------------------------------------------------------------


def begin_phase(given, objects, phases, number, gates, traces, bounded, normalised):
    """Set switches and parameters. `gates`, `traces` and `bounded` are by connection; `normalised`
    has the counters of those whose weights are scaled."""
    phase = phases[number]
    for connection, names in gates.items():
        for s in objects.links[connection]:
            on = {"learning__on": connection not in phase["frozen"],
                  "sending__on": connection not in phase["off"]}  # fmt: skip
            set_values(s, {name: float(on[name]) for name in names})
    for counters, connection in normalised:
        set_values(objects.groups[counters], {"learning": float(connection not in phase["frozen"])})
    ending = f" in {phase_key(number)}"
    for component in phase["sets"]:
        for o in objects.of(component):
            # A trace has so far relaxed with the old values.
            for name in traces.get(component, ()):
                set_by_code(o, name, f"{name}__now")
            if traces.get(component):
                o.lastupdate = "t"
            set_in_phase(o, given, ending)
            for name, inside in bounded.get(component, {}).items():
                set_by_code(o, name, inside)
    # What scales weights to a sum is no component, and has values of its own.
    for name in sorted(set(objects.groups) - set(phase["sets"])):
        set_in_phase(objects.groups[name], given, ending)
    for counters in objects.counters.values():
        for k, counter in enumerate(counters):
            counter.active = k == number


def set_in_phase(o, given, ending):
    """Set the variables of an object that are given for a phase."""
    for key in given:
        owner, _, variable = key.removesuffix(ending).rpartition(".")
        if key.endswith(ending) and owner == o.name:
            assign(o, variable, given, key)


def end_phase(objects, number, weights, advanced):
    """Bring synapses up to date, `advanced` by connection, whose variables depend on one another;
    keep the weights as they are at the end of a phase."""
    for connection, names in advanced.items():
        for s in objects.links[connection]:
            for name in names:
                set_by_code(s, f"{name}__then", f"{name}__now")
            for name in names:
                set_by_code(s, name, f"{name}__then")
    for connection, weight in weights.items():
        for s in objects.links[connection]:
            set_by_code(s, f"{weight}__after_{number}", weight)


def end_run(objects, computed):
    """Keep what is computed from other variables as it is at the end; no code runs after it."""
    for component, variable in computed:
        for o in objects.of(component):
            set_by_code(o, f"{variable}__at_end", variable)
