"""What the code of a network is written from, and the objects made so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ir import Experiment
from .alike import Beginnings, Models
from .code import Code
from .names import Names
from .namespaces import Namespaces

if TYPE_CHECKING:
    from .audio import AudioCode


class NetworkParts:
    def __init__(
        self, e: Experiment, code: Code, names: Names, audio: AudioCode, by_block: frozenset[str]
    ):
        """`by_block`: the connections with a separate Synapses object for each block."""
        self.e, self.code, self.names, self.audio, self.by_block = e, code, names, audio, by_block
        self.namespaces = Namespaces(e, code)
        self.layers = {layer.name: layer for layer in e.layers}
        known = set(self.layers) | {c.name for c in e.connections}
        statements = [p.statements for c in e.connections for p in c.pathways]
        self.models, self.begun = Models(known), Beginnings(statements, known)
        self.classes: set[str] = {"Network"}  # names to import from Brian2
        self.groups: list[str] = []
        self.keys: dict[str, str] = {}  # the key of the state of a variable's object
        self.synapses: list[str] = []
        self.scalers: list[str] = []
        self.inputs: list[str] = []
        self.pathways: list[tuple[str, int, str, str]] = []  # (when, order, synapses, pathway)
