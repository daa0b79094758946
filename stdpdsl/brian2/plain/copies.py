"""Copies of layers and connections in a plain script: one per block, or one per replicate if
shared."""

from __future__ import annotations

from ...ir import Connection, Experiment, Layer


class Copies:
    def __init__(self, e: Experiment, by_block: frozenset[str]):
        """`by_block`: the connections with a separate Synapses object for each block."""
        self.layers = {layer.name: layer for layer in e.layers}
        self.several, self.by_block = e.numbered, by_block

    def count(self, shared: bool) -> str:
        """The number of copies."""
        if not shared:
            return "B"
        return "(shared.max() + 1)" if self.several else "1"

    def times(self, number: int, shared: bool) -> str:
        """Code for the total number, with `number` in each copy."""
        count = self.count(shared)
        return str(number) if count == "1" else count if number == 1 else f"{number} * {count}"

    def neurons(self, layer: Layer) -> str:
        """The total number of a layer's neurons."""
        return self.times(layer.size, layer.shared)

    def replicates(self, shared: bool) -> str:
        """The replicate of each copy."""
        if not self.several:
            return "[0]" if shared else "[0] * B"
        return "np.unique(replicate)" if shared else "replicate"

    def replicate(self, block: str) -> str:
        """The replicate of a block."""
        return f"replicate[{block}]" if self.several else "0"

    def source(self, of_shared: bool, copy: str, shared: bool) -> str:
        """The copy of a layer that belongs to each copy of something else."""
        if not of_shared or shared:
            return copy
        return f"shared[{copy}]" if self.several else "0"

    def index(self, layer: Layer, name: str, shared: bool) -> str:
        """The index of each synapse's neuron among all neurons of its layer."""
        if layer.shared and not self.several:
            return name
        copy = self.source(layer.shared, "block", shared)
        return f"{name} + {layer.size} * {copy}" if layer.size > 1 else copy

    def between_shared(self, c: Connection) -> bool:
        """Whether each block has its own synapses between layers that all blocks share. In that
        case, neurons do not tell which block a synapse belongs to."""
        ends = self.layers[c.pre].shared and self.layers[c.post].shared
        return ends and not c.shared and c.name not in self.by_block

    def of_synapses(self, c: Connection, state: str = "", states: str = "state") -> str:
        """The copy of each synapse, from the synapses' state, one of `states`."""
        if self.between_shared(c):
            return f'{states}["block of {c.name}"]'
        state = state or f'{states}["{c.name}"]'
        pre, post = self.layers[c.pre], self.layers[c.post]
        if not post.shared or post.shared and pre.shared:
            return copy_of(f'{state}["j"]', post)
        return copy_of(f'{state}["i"]', pre)


def copy_of(index: str, layer: Layer) -> str:
    """The copy that a neuron of a layer belongs to."""
    return f"{index} // {layer.size}" if layer.size > 1 else index
