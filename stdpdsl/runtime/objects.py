"""The simulated objects, by the names in the spec, and the phases in which they run."""

import os

import numpy as np


class Objects:
    """What a network consists of. `made` are its objects, as the script's network(state) made them.
    Their names are those that it gives to layers, connections and monitors."""

    def __init__(self, made, x):
        named = {o.name: o for o in made}
        self.groups = {layer: named[layer] for layer in x.sizes}
        self.links = {  # connection -> its Synapses: one, or one per block
            connection: [named[name] for name, _, _ in parts]
            for connection, parts in x.parts.items()
        }
        self.counters = {  # layer -> [its SpikeMonitor]
            layer: [named[counter_of(layer)]] for layer in x.sizes if counter_of(layer) in named
        }
        self.monitors = [o for o in made if o.name.startswith("record__")]

    def simulated(self):
        """Groups and synapses."""
        return [*self.groups.values(), *(s for link in self.links.values() for s in link)]


def counter_of(layer):
    """The name of a layer's SpikeMonitor."""
    return f"{layer}__spikes"


class Phases:
    """What the script's run(net, state) is given for a network: its runs become advance(number),
    with the actual durations of the phases."""

    def __init__(self, network, advance, lasts):
        self.network, self.advance, self.lasts, self.number = network, advance, lasts, 0

    def __getitem__(self, name):
        return self.network[name]

    @property
    def duration(self):
        """The duration of the next phase (s)."""
        return self.lasts[self.number]

    def run(self, duration, **options):
        """Run the next phase."""
        self.advance(self.number)
        self.number += 1


# What is kept of a phase when the next one begins ------------------------------------------------


class KeptFile:
    """A variable as it was at some time, which a program writes to a file among its results."""

    def __init__(self, file, dtype):
        self.file, self.dtype = file, dtype

    def read(self, folder):
        return np.fromfile(os.path.join(folder, self.file), dtype=np.dtype(self.dtype))


def after(name, number):
    """The name of a variable as it was at the end of the phase."""
    return f"{name}__after_{number}"


def kept_after_phase(objects, weights, number):
    """{OBJECT.VARIABLE: its values now} for weights and spike counts; for a program, the files that
    it will write."""
    owners = [(s, weight) for c, weight in weights.items() for s in objects.links[c]]
    owners += [(counter, "count") for counters in objects.counters.values() for counter in counters]
    return {f"{o.name}.{after(name, number)}": kept_now(o, name, number) for o, name in owners}


def kept_now(owner, name, number):
    """A variable's values at this point of the run."""
    from brian2 import get_device

    device, variable = get_device(), owner.variables[name]
    if type(device).__name__ == "RuntimeDevice":
        return np.array(variable.get_value())
    first, count = array_of(owner, name)
    file = f"{owner.name}.{after(name, number)}"
    device.insert_code(
        "main",
        f'{{ std::ofstream kept(brian::results_dir + "{file}", std::ios::binary);'
        f" kept.write(reinterpret_cast<const char*>({first}), {count} * sizeof(*{first})); }}",
    )
    return KeptFile(file, np.dtype(variable.dtype).str)


def array_of(owner, name):
    """For a variable's array in a program: C++ for a pointer to its first element, and for its
    length."""
    from brian2 import get_device
    from brian2.core.variables import DynamicArrayVariable

    variable = owner.variables[name]
    array = "brian::" + get_device().get_array_name(variable, access_data=False)
    if isinstance(variable, DynamicArrayVariable):
        return f"{array}.data()", f"{array}.size()"
    return array, array.replace("::", "::_num_")


def queue_of(pathway):
    """C++ for the queue of a pathway's spikes in a program."""
    return f"(*brian::{pathway.name}.queue[0])"
