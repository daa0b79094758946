"""The Python names of a plain script: those in the spec, unless the script needs them itself."""

from __future__ import annotations

import builtins
import keyword

from ...ir import Experiment
from .functions import definitions

# Local names in a script's functions, besides units and Brian2's classes.
_OWN = frozenset(
    "B DATA DT MODEL SEED STEPS state table first last net dt np os pa pq sys block i j k"
    " b r u pairs replicate shared neuron step copy main save tables run network initial sweep"
    " stream synapses group values order pathway second Network NeuronGroup Synapses SpikeMonitor"
    " StateMonitor EventMonitor SpikeGeneratorGroup TimedArray Equations BrianLogger linked_var"
    " prefs get_device set_device".split()
)


class Names:
    def __init__(self, e: Experiment, units: frozenset[str]):
        self.taken = _OWN | units | frozenset(dir(builtins)) | frozenset(keyword.kwlist)
        self.taken |= definitions().texts.keys()  # names that functions of the script may call
        self.known = {layer.name for layer in e.layers} | {c.name for c in e.connections}
        self.helpers: set[str] = set()

    def of(self, component: str) -> str:
        """The variable that holds a layer's group or a connection's synapses."""
        name = component
        while name in self.taken or (name != component and name in self.known):
            name += "_"
        return name

    def use(self, helper: str) -> None:
        self.helpers.add(helper)
