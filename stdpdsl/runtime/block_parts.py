"""Which parts of a network belong to which block."""

import numpy as np

from .going_on import is_here
from .objects import array_of
from .ran import ENDS
from .stored import changing_in


class BlockParts:
    """What belongs to which block. `shared` are the layers that exist once; `by_block` are the
    connections that have one object per block."""

    def __init__(self, net, state, phases, shared=(), by_block=()):
        """`phases`: how many phases end on a condition. The group ENDS has one part for each of
        them, with one element per block."""
        self.network = getattr(net, "network", net)  # of what runs a network phase by phase
        self.ends, self.phases, self.shared = self.network[ENDS], phases, shared
        self.block_of_object = {
            f"{c}__{b}": int(b) for c in by_block for b in state.get(f"blocks of {c}", ())
        }
        self.objects = [o for o in self.network.objects if self.place(o)]

    def place(self, owner):
        """C++ for the block of element i of an object, or nothing if the object is shared."""
        from brian2.groups.neurongroup import NeuronGroup
        from brian2.synapses.synapses import Synapses

        if isinstance(owner, Synapses):
            if owner.name in self.block_of_object:
                return str(self.block_of_object[owner.name])
            side = self.side(owner)
            if side is None:
                return ""
            index = "" if is_here() else array_of(owner, f"_synaptic_{side[0]}")[0]
            return f"{index}[i] / ({len(side[1])} / blocks)"
        if not isinstance(owner, NeuronGroup) or owner.name in (ENDS, *self.shared):
            return ""
        return f"i / ({len(owner)} / blocks)"

    def side(self, synapses):
        """The side of synapses that each block has to itself, and its group."""
        from brian2.synapses.synapses import Synapses

        for side, group in (("pre", synapses.source), ("post", synapses.target)):
            if not isinstance(group, Synapses) and group.name not in self.shared:
                return side, group
        return None

    def blocks(self):
        return len(self.ends) // self.phases

    def block_of_each(self, owner):
        """The block of each element of an object that runs here."""
        if owner.name in self.block_of_object:
            return np.full(len(owner), self.block_of_object[owner.name])
        side = self.side(owner) if hasattr(owner, "_pathways") else None
        if side is None:
            return np.arange(len(owner)) // (len(owner) // self.blocks())
        index = owner.variables[f"_synaptic_{side[0]}"].get_value()
        return index // (len(side[1]) // self.blocks())

    def parts(self, component):
        """The objects of a component."""
        mine = [o for o in self.objects if o.name == component]
        return mine or [
            o
            for o in self.objects
            if o.name.startswith(f"{component}__") and o.name in self.block_of_object
        ]

    def held(self):
        """[(object, variable, what its elements belong to)] of all that changes, spike counts
        included."""
        found = [
            (o, name, o)
            for o in self.objects
            for name in changing_in(o)
            if not o.variables[name].scalar
        ]
        counters = [o for o in self.network.objects if o.name.endswith("__spikes")]
        return found + [(c, "count", c.source) for c in counters if self.place(c.source)]

    def pathways(self):
        """[(pathway, its synapses)]"""
        return [(p, o) for o in self.objects for p in getattr(o, "_pathways", ())]

    def may_skip(self):
        """Whether the clock may jump ahead while all blocks wait: only if no simulated group is
        shared."""
        from brian2.groups.neurongroup import NeuronGroup

        groups = [o for o in self.network.objects if isinstance(o, NeuronGroup)]
        return not any(o.name in self.shared for o in groups)

    def inputs(self):
        return [o for o in self.network.objects if type(o).__name__ == "SpikeGeneratorGroup"]

    def clocks(self):
        return sorted({o.clock for o in self.network.sorted_objects}, key=lambda c: c.name)
