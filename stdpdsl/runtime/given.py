"""Every number that a network is given, by key, in the form that program_data.py describes.

Keys are OBJECT.VARIABLE, as in the `state` of the script's `network(state)`. Groups also have
OBJECT.N, the number of elements; all other objects have OBJECT.__size. No name in a spec contains
`__`.
"""

import numpy as np

from .data import neurons
from .draws import draw_key
from .drives import drive_means, side_by_side
from .errors import fail
from .heard_cache import kept_means
from .ran import ENDS
from .stable import WATCH

LONGEST_QUEUE = 10_000_000  # steps


def numbers_of(x):
    """Sizes, first values, spikes, synapses, delays, the values that phases set, and phase
    durations."""
    given = {}
    for layer, (size, shared) in x.sizes.items():
        given[f"{layer}.N"] = size * len(x.copies(shared))
        if layer in x.spikes:
            given[f"{layer}.i"], given[f"{layer}.__step"] = x.spikes[layer]
        else:
            give(given, layer, x.values[layer])
            give(given, layer, shared_by_all(x, layer))
    for connection, edges in x.edges.items():
        give_blocks(given, x, connection)
        for name, block, part in x.parts[connection]:
            give_synapses(given, name, edges.pre[part], edges.post[part] - edges.first[part])
            give(given, name, edges.values, part)
            if block is None:  # otherwise they are in its own code
                give(given, name, edges.parameters, part)
                give(given, name, shared_by_all(x, connection))
            for pathway, delays in edges.delays.items():
                give_part(given, f"{name}.{pathway}", {"delay": within_run(x, delays)[part]})
        late = any(np.any(v > x.steps * x.dt) for v in edges.delays.values())
        if late and not x.keeps:
            x.warnings.append(
                f"delays of {connection} are longer than the run, so its spikes never arrive"
            )
    for number, steps in enumerate(x.phase_steps):
        given[phase_key(number)] = steps * x.dt
    for key, values in x.phase_values.items():
        give_part(given, key, values)
    if x.until:
        given |= {
            f"{WATCH}.N": x.blocks,
            f"{WATCH}.tolerance": x.until.tolerance,
            f"{WATCH}.window": float(x.until.steps),
        }
    return given


def within_run(x, delays):
    """Delays (s), limited to the length of the run. A spike that would arrive later never does, and
    Brian2's queue has as many steps as the longest delay. If a later run follows, it needs the full
    delays."""
    if x.keeps:
        if np.any(delays > LONGEST_QUEUE * x.dt):
            fail(
                f"a delay of {np.max(delays):g} s is longer than {LONGEST_QUEUE:,} time"
                " steps, which is"
                " too long to save the state of this run"
            )
        return delays
    return np.minimum(delays, x.steps * x.dt)


def shared_by_all(x, component):
    """The values that all elements of a component share."""
    return {name: np.asarray(value) for name, value in x.common.get(component, {}).items()}


def phase_key(number):
    """The key of a phase's duration (s)."""
    return f"phase {number}"


def draw_key_name(*name):
    """The key of the number that identifies a stream in the network's code."""
    return f"draw {name!r}"


def give_draw_key(given, *name):
    """Give the number that identifies a stream in the network's code."""
    given[draw_key_name(*name)] = draw_key(*name)


def give(given, name, values, part=slice(None)):
    """Give values of an object's variables, one per element, or one for all."""
    for variable, array in values.items():
        given[f"{name}.{variable}"] = array[part] if np.ndim(array) else array


def give_part(given, name, values):
    """Give arrays of one length that are set together."""
    give(given, name, values)
    given[f"{name}.__size"] = max((len(array) for array in values.values()), default=0)


def give_synapses(given, name, i, j):
    """Give the synapses of an object."""
    given |= {f"{name}.__size": len(i), f"{name}.i": i, f"{name}.j": j}


def give_blocks(given, x, connection):
    """Give which blocks have their own object of a connection, and what differs between them."""
    blocks = [block for _, block, _ in x.parts[connection]]
    if None in blocks:
        return
    give_part(given, f"blocks of {connection}", {"__index": np.array(blocks, dtype=int)})
    copies = len(x.edges[connection].copies)
    for name, value in x.varying.get(connection, {}).items():
        given[f"{connection}.{name}"] = np.broadcast_to(value, copies)


def parts_of(name, edges, by_block, block_size):
    """[(object's name, block, synapses)] of a connection: one object, or one for each block.

    `block_size`: the number of neurons in the target of one block's object, 0 if the target has
    all.
    """
    edges.first = edges.copy * block_size
    if not by_block:
        return [(name, None, slice(None))]
    return [
        (f"{name}__{block}", block, np.flatnonzero(edges.copy == block))
        for block in np.unique(edges.copy)
    ]


def give_relay(given, x, name, source, target):
    """Make each spike of a layer reach all neurons of a target in the same block."""
    (source_size, source_shared), (target_size, target_shared) = x.sizes[source], x.sizes[target]
    of_source = x.sources(target_shared, source_shared)
    i = np.add.outer(of_source * source_size, np.arange(source_size))
    j = np.add.outer(np.arange(len(of_source)) * target_size, np.arange(target_size))
    i, j = np.repeat(i, target_size, axis=1).ravel(), np.tile(j, (1, source_size)).ravel()
    give_synapses(given, name, i, j)


def give_link(given, x, target, variable, source):
    """Link each neuron of a layer to the only neuron of another layer in the same block, or to the
    neuron with its number if the layers have equally many."""
    (size, shared), (many, of_shared) = x.sizes[target], x.sizes[source]
    index = many * np.repeat(x.sources(shared, of_shared), size)
    if many > 1:
        index += np.arange(len(index)) % size
    given[f"{target}.{variable}.__index"] = index


def give_normaliser(given, x, name, connection, side, size, phase="", **values):
    """Give counters, one for each neuron of a side in each block, and the synapses that they scale.
    `values` are functions of the neuron's number in its layer and its copy. With a `phase`, give
    the values that it sets."""
    edges = x.edges[connection]
    i, copy = neurons(size, edges.copies)
    found = {n: value(i, copy) + 0.0 * i for n, value in values.items()}
    if phase:
        give_part(given, f"{name} in {phase}", found)
        return
    given[f"{name}.N"] = len(i)
    x.counters[name] = copy, edges.shared
    give(given, name, found)
    mine = edges.copy * size + (edges.i if side == "pre" else edges.j)
    for part_name, _, part in x.parts[connection]:
        give_synapses(given, f"{part_name}__{name}", mine[part], np.arange(len(mine[part])))


def give_samples(given, x, number, component, blocks, neurons=None):
    """Give which elements are recorded, in all blocks or in some. What is shared belongs to all
    blocks. `neurons` are the first neuron of a layer's copy and the one after the last."""
    copy = x.copy_of(component)
    if blocks is None or x.is_shared(component):
        chosen = np.ones(len(copy), bool)
    else:
        chosen = np.isin(copy + x.first, blocks)
    if neurons is not None:
        index = np.arange(len(copy)) % x.sizes[component][0]
        chosen &= (index >= neurons[0]) & (index < neurons[1])
    blocks = []
    for name, block, part in x.objects(component):
        elements, index = np.arange(len(copy))[part], np.flatnonzero(chosen[part])
        if len(index):
            monitor = f"record__{number}" if block is None else f"record__{number}_{name}"
            x.recorded.setdefault(number, []).append((monitor, elements[index]))
        elif len(elements):
            index = np.zeros(1, int)  # so that all shards run one program; this index is not saved
        if block is None:
            give_part(given, f"record__{number}", {"__index": index})
        elif len(elements[index]):
            blocks.append(block)
    if blocks:
        give_part(given, f"record__{number}", {"__index": np.array(blocks)})


def give_drive(given, x, layer, bank, filterbank, p, sounds, rate, differs, column):
    """Drive a layer inside the network: neuron i of each copy hears channel i of its replicate.
    `differs`: whether the sounds differ between replicates. `column`: whether neurons are told
    which column of the drives they hear."""
    size, shared = x.sizes[layer]
    replicates = x.replicate_of_copy if differs else x.replicate_of_copy[:1]

    def means():
        chunks = side_by_side([filterbank(r, sounds, p) for r in replicates])
        return drive_means(chunks, rate, x.dt, x.steps, size * len(replicates))

    if bank not in x.drives:
        x.drives[bank] = kept_means(x, filterbank, p, sounds, means)
        given[drive_width(bank)] = x.drives[bank].shape[1]
    if column:
        i, copy = neurons(size, x.copies(shared))
        given[f"{layer}.drive__column"] = i + size * x.sources(shared, True)[copy]


def give_endings(given, x, endings, parameters, row):
    """Give what ends phases for a block: `endings` has (seconds between two checks, the goal as a
    function of the parameters, the phase's number)."""
    x.endings = [number for _, _, number in endings]
    goals = [goal(parameters(number)) + np.zeros(x.blocks) for _, goal, number in endings]
    every = [round(seconds / x.dt) for seconds, _, _ in endings]
    given[f"{ENDS}.N"] = x.blocks * len(endings)
    given[f"{ENDS}.goal"] = np.concatenate(goals)
    given[f"{ENDS}.every"] = np.repeat(np.array(every, dtype=float), x.blocks)


def drive_width(bank):
    """The key of a drive's number of columns, which differs between shards."""
    return f"{bank}.__size"
