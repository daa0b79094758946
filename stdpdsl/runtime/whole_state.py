"""Everything that changes while a network runs, except its clocks, its given spikes and what it
records: the variables of its groups and synapses, the events of its last step, and the spikes under
way.

A state is {key: array}. OBJECT.VARIABLE has a value per element; OBJECT.PATHWAY.queue has a row
(steps ahead, synapse) for each spike under way, in the order in which they act. The state is
gathered from a network and put into one, in this process or by the C++ of a program, which keeps it
in a file.
"""

import os

import numpy as np

from .errors import fail
from .objects import array_of, queue_of
from .schedule import with_parts

QUEUE = ".queue"
AT_END = "__at_end"
STATE_FILE = "state"  # of a program: among its inputs, and among its results


def changing(objects):
    """{OBJECT.VARIABLE: (object, variable)} of all that changes in groups and synapses. Constants
    are data, even if a phase sets them."""
    from brian2.core.variables import ArrayVariable
    from brian2.groups.neurongroup import NeuronGroup
    from brian2.synapses.synapses import Synapses

    return {
        f"{o.name}.{name}": (o, name)
        for o in with_parts(objects)
        if isinstance(o, NeuronGroup | Synapses)
        for name, v in o.variables.items()
        if isinstance(v, ArrayVariable)
        and v.owner is not None
        and v.owner.name == o.name
        and not v.constant
        and not name.endswith(AT_END)
    }


def queues(objects):
    """{OBJECT.PATHWAY.queue: pathway} of all synapses."""
    from brian2.synapses.synapses import Synapses

    return {
        f"{o.name}.{pathway.objname}{QUEUE}": pathway
        for o in with_parts(objects)
        if isinstance(o, Synapses)
        for pathway in o._pathways
    }


# Here --------------------------------------------------------------------------------------------


def gathered(variables, pathways):
    """The state of a network in this process: `variables` as from `changing`, `pathways` as from
    `queues`."""
    found = {key: np.array(o.variables[name].get_value()) for key, (o, name) in variables.items()}
    return found | {key: under_way(pathway) for key, pathway in pathways.items()}


def put(state, variables, pathways):
    """Set the state of a network in this process whose synapses have been made."""
    for key, (owner, name) in variables.items():
        owner.variables[name].get_value()[...] = state[key]
    for key, pathway in pathways.items():
        send(pathway, state[key])


def under_way(pathway):
    """(steps ahead, synapse) of each spike that a pathway holds; 0 is the next step."""
    from brian2.synapses.spikequeue import SpikeQueue

    if isinstance(pathway.queue, SpikeQueue):
        found = np.asarray(pathway.queue._full_state()[1], dtype=np.int32).reshape(-1, 2)
        return found[np.argsort(found[:, 0], kind="stable")]
    first, slots = pathway.queue._full_state()
    slots = [*slots[first:], *slots[:first]]
    ahead = np.repeat(np.arange(len(slots)), [len(slot) for slot in slots])
    return np.stack([ahead, np.concatenate([np.zeros(0), *slots])], axis=1).astype(np.int32)


def send(pathway, spikes):
    """Replace the spikes that a pathway holds with these."""
    from brian2.synapses.spikequeue import SpikeQueue

    ahead = np.asarray(spikes)[:, 0]
    rows = 1 + int(np.max(ahead, initial=0))
    if isinstance(pathway.queue, SpikeQueue):
        queue, most = pathway.queue, int(np.max(np.bincount(ahead), initial=0))
        shape = max(rows, queue.X.shape[0]), max(1 + most, queue.X.shape[1])
        queue.currenttime = 0
        queue._restore_from_full_state((pathway.source.clock.dt_, spikes, shape))
        return
    rows = max(rows, len(pathway.queue._full_state()[1]))
    slots = [[] for _ in range(rows)]
    for step, synapse in np.asarray(spikes).tolist():
        slots[step].append(synapse)
    pathway.queue._restore_from_full_state((0, slots))


# In a program ------------------------------------------------------------------------------------

# A file has each array in turn, preceded by the number of its bytes. This uses lambdas because it
# is part of main(), where C++ allows no other functions. A program's queues advance at the start of
# a step, so between two steps they stand at what acted in the last one.
HELPERS = """\
    auto next_size = [](std::istream &file) {
        int64_t size = -1;
        file.read(reinterpret_cast<char *>(&size), sizeof(size));
        return (size_t)size;
    };
    auto put = [&](std::istream &file, void *into, size_t size) {
        if (next_size(file) != size || !file.read(static_cast<char *>(into), size)) {
            std::cerr << "the state is missing or of another size" << std::endl;
            std::exit(70);
        }
    };
    auto keep = [](std::ostream &file, const void *values, int64_t size) {
        file.write(reinterpret_cast<const char *>(&size), sizeof(size));
        file.write(static_cast<const char *>(values), size);
    };
"""
KEEP_QUEUE = """\
    {
        const std::vector<std::vector<int32_t>> &slots = %(queue)s.queue;
        std::vector<int32_t> found;
        for (size_t k = 1; k < slots.size(); k++)
            for (int32_t synapse : slots[(%(queue)s.offset + k) %% slots.size()]) {
                found.push_back(k - 1);
                found.push_back(synapse);
            }
        keep(file, found.data(), found.size() * sizeof(int32_t));
    }
"""
PUT_QUEUE = """\
    {
        std::vector<std::vector<int32_t>> &slots = %(queue)s.queue;
        const auto start = file.tellg();
        std::vector<int32_t> found(next_size(file) / sizeof(int32_t));
        file.seekg(start);
        put(file, found.data(), found.size() * sizeof(int32_t));
        for (auto &slot : slots) slot.clear();
        %(queue)s.offset = 0;
        for (size_t k = 0; k < found.size(); k += 2) {
            const size_t slot = found[k] + 1;
            if (slot >= slots.size()) slots.resize(slot + 1);
            slots[slot].push_back(found[k + 1]);
        }
    }
"""


class KeptState:
    """A state that a program writes to its file; the arrays have these kinds, see `places`."""

    def __init__(self, kinds):
        self.kinds = kinds

    def read(self, folder):
        return read_state(os.path.join(folder, STATE_FILE), self.kinds)


def keep_code(variables, pathways, path):
    """C++ in main() that writes the state to a file; `path` is also C++."""
    return _code(variables, pathways, f"std::ofstream file({path}", "keep", KEEP_QUEUE)


def put_code(variables, pathways, path):
    """C++ in main() that sets the state from such a file."""
    return _code(variables, pathways, f"std::ifstream file({path}", "put", PUT_QUEUE)


def _code(variables, pathways, opened, moved, queue):
    """`moved` is the function that moves an array, `queue` the code that moves a queue."""
    lines = [f"    {opened}, std::ios::binary);\n"]
    for owner, name in variables.values():
        first, count = array_of(owner, name)
        lines.append(f"    {moved}(file, {first}, {count} * sizeof(*{first}));\n")
    lines += [queue % {"queue": queue_of(pathway)} for pathway in pathways.values()]
    return "{\n" + HELPERS + "".join(lines) + "}\n"


def places(variables, pathways):
    """[(key, type)] of the arrays in a file, in order."""
    kinds = [(key, np.dtype(o.variables[name].dtype).str) for key, (o, name) in variables.items()]
    return kinds + [(key, "<i4") for key in pathways]


def check_state(state, keys):
    """Fail if the state of an earlier run is not that of a network with these keys."""
    missing = [key for key in keys if key not in state]
    if missing:
        fail(
            "the network holds what it did not hold in the earlier run, so it cannot go on from"
            f" there: {', '.join(missing[:5])}. An added phase may set or switch what no phase did"
            " before: run all from the start"
        )


def write_state(path, state, kinds):
    """Write the file from which a program sets its state; `kinds` are as from `places`."""
    check_state(state, [key for key, _ in kinds])
    with open(path, "wb") as file:
        for key, kind in kinds:
            data = np.ascontiguousarray(state[key], dtype=np.dtype(kind)).tobytes()
            file.write(np.int64(len(data)).tobytes() + data)


def read_state(path, kinds):
    """The state in the file that a program has kept."""
    state = {}
    with open(path, "rb") as file:
        for key, kind in kinds:
            size = int(np.fromfile(file, np.int64, 1)[0])
            values = np.fromfile(file, np.uint8, size).view(np.dtype(kind))
            state[key] = values.reshape(-1, 2) if key.endswith(QUEUE) else values
    return state
