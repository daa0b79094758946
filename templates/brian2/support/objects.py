"""The simulated objects: setting them up, and changing them between phases."""

import numpy as np

from data import at, neurons


class Objects:
    """What a network consists of, by the names of the spec."""

    def __init__(self):
        self.groups = {}
        self.links = {}  # connection -> its Synapses: one, or one per block
        self.counters = {}  # layer -> one SpikeMonitor per phase
        self.monitors = []  # (number of the record line, chosen elements, StateMonitor)
        self.others = []

    def all(self):
        """Every object, for the Network."""
        return [
            *self.groups.values(),
            *(s for link in self.links.values() for s in link),
            *(c for counters in self.counters.values() for c in counters),
            *(monitor for *_, monitor in self.monitors),
            *self.others,
        ]


def set_values(group, values, part=None):
    """Set variables by their names, in SI: `group.name = values` would replace an attribute such as
    `source` where a variable is called so."""
    for name, value in values.items():
        view = group.state(name, use_units=False)
        view[:] = value[part] if part is not None and np.ndim(value) else value


def parts(name, edges, by_block):
    """(object's name, block, synapses) of a connection: one object, or one for each block."""
    if not by_block:
        if len(edges.i):
            yield name, None, slice(None)
        return
    for block in np.unique(edges.copy):
        yield f"{name}_{block}", block, np.flatnonzero(edges.copy == block)


def schedule(pathway, when, order):
    """Place a pathway in the order of a step."""
    pathway.when = when
    pathway.order = order


def relay(x, objects, name, source, target, counter, sides, dt):
    """Count the spikes of a layer in a variable of each neuron of a target's same block."""
    from brian2 import Synapses

    (source_size, source_shared), (target_size, target_shared) = sides
    s = Synapses(
        objects.groups[source], objects.groups[target], on_pre=f"{counter}_post += 1",
        namespace={}, dt=dt, name=name,
    )  # fmt: skip
    copies = x.copies(target_shared)
    of_source = copies if source_shared else np.arange(len(copies))
    i = np.add.outer(of_source * source_size, np.arange(source_size))
    j = np.add.outer(np.arange(len(copies)) * target_size, np.arange(target_size))
    s.connect(
        i=np.repeat(i, target_size, axis=1).ravel(), j=np.tile(j, (1, source_size)).ravel()
    )
    schedule(s.pre, "synapses", -1)
    objects.others.append(s)


def link(x, objects, target, variable, source, of_source, sides):
    """Make a variable of a layer that of the one neuron of another layer's same block."""
    from brian2 import linked_var

    source_shared, target_size, target_shared = sides
    copies = x.copies(target_shared)
    of_copy = copies if source_shared else np.arange(len(copies))
    index = np.repeat(of_copy, target_size)
    setattr(
        objects.groups[target], variable, linked_var(objects.groups[source], of_source, index=index)
    )


def normalise(x, objects, name, connection, side, size, period, unit, add, scale, order, **values):
    """Scale weights to a sum at regular times: counters, one for each neuron of a side in each
    block, that act on the synapses. `values` has goal, and low, high, learning where needed."""
    from brian2 import NeuronGroup, Synapses, second

    edges = x.edges[connection]
    i, copy = neurons(size, edges.copies)
    units = {"learning": "1"}
    model = [f"total : {unit}"] + [f"{n} : {units.get(n, unit)} (constant)" for n in values]
    counters = NeuronGroup(
        len(i), "\n".join(model), threshold="True", reset="total = 0*total", namespace={},
        dt=period * second, name=name,
    )  # fmt: skip
    set_values(counters, {n: value(i, copy) + 0.0 * i for n, value in values.items()})
    counters.thresholder["spike"].when = counters.resetter["spike"].when = "end"
    counters.thresholder["spike"].order = order
    counters.resetter["spike"].order = order + 3
    objects.groups[name] = counters
    mine = edges.copy * size + (edges.i if side == "pre" else edges.j)
    done = 0
    for s in objects.links[connection]:
        part = slice(done, done + len(s))
        done += len(s)
        scaler = Synapses(
            counters, s, on_pre={"add": add, "scale": scale}, namespace={}, dt=period * second,
            name=f"{s.name}_{name}",
        )  # fmt: skip
        scaler.connect(i=mine[part], j=np.arange(len(s)))
        schedule(scaler.add, "end", order + 1)
        schedule(scaler.scale, "end", order + 2)
        objects.others.append(scaler)


# Recording ---------------------------------------------------------------------------------------


def record_neurons(x, objects, number, layer, variables, every, blocks):
    """Sample variables of a layer every so many seconds, in all blocks or some."""
    from brian2 import StateMonitor, second

    chosen = np.arange(len(objects.groups[layer]))
    if blocks is not None:
        chosen = chosen[np.isin(x.copy_of(layer), blocks)]
    monitor = StateMonitor(
        objects.groups[layer], variables, record=chosen, dt=every * second, name=f"record_{number}"
    )
    objects.monitors.append((number, chosen, monitor))


def record_synapses(x, objects, number, connection, variables, every, blocks):
    """Sample variables of synapses every so many seconds, in all blocks or some."""
    from brian2 import StateMonitor, second

    start = 0
    for s in objects.links[connection]:
        chosen = np.arange(start, start + len(s))
        if blocks is not None:
            chosen = chosen[np.isin(x.edges[connection].copy[chosen], blocks)]
        if len(chosen):
            monitor = StateMonitor(
                s, variables, record=chosen - start, dt=every * second,
                name=f"record_{number}_{s.name}",
            )  # fmt: skip
            objects.monitors.append((number, chosen, monitor))
        start += len(s)


# Phases -----------------------------------------------------------------------------------------


def begin_phase(x, objects, phases, number, gates, traces, normalised):
    """Set switches and parameters. `gates` and `traces` are by connection; `normalised` has the
    counters of those whose weights are scaled."""
    phase = phases[number]
    for connection, names in gates.items():
        for s in objects.links[connection]:
            on = {"learning": connection not in phase["frozen"],
                  "sending": connection not in phase["off"]}  # fmt: skip
            set_values(s, {name: float(on[name]) for name in names})
    for counters, connection in normalised:
        set_values(objects.groups[counters], {"learning": float(connection not in phase["frozen"])})
    for component, values in x.phase_values[number].items():
        if component in objects.groups:
            set_values(objects.groups[component], values)
            continue
        done = 0
        for s in objects.links[component]:
            # A trace has so far relaxed with the old values.
            for name in traces.get(component, ()):
                setattr(s, name, f"{name}_now")
            if traces.get(component):
                s.lastupdate = "t"
            set_values(s, values, slice(done, done + len(s)))
            done += len(s)
    for counters in objects.counters.values():
        for k, counter in enumerate(counters):
            counter.active = k == number


def end_phase(objects, number, weights):
    """Keep the weights as they are at the end of a phase."""
    for connection, weight in weights.items():
        for s in objects.links[connection]:
            setattr(s, f"{weight}_after_{number}", weight)


def end_run(objects, computed):
    """Keep what is computed from other variables as it is at the end; no code runs after it."""
    for component, variable in computed:
        for o in [objects.groups.get(component), *objects.links.get(component, [])]:
            if o is not None:
                setattr(o, f"{variable}_at_end", variable)


def values_of_phases(x, phases, varying_in):
    """{component: {parameter: values}} that each phase sets, one value per element."""
    found = []
    for number, phase in enumerate(phases):
        varying, values = varying_in(number), {}
        for component in phase["sets"]:
            index = x.copy_of(component)
            values[component] = {n: at(v, index) for n, v in varying.get(component, {}).items()}
        found.append(values)
    return found
