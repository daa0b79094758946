"""The whole experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from ..dataclass import dataclass
from .audio import Filterbank, Sound
from .connections import Connection, Relay
from .models import Layer
from .phases import Phase
from .recording import EventRecord, Kept, Measure, Monitor, Rate
from .sweep import Sweep
from .values import Parameter


@dataclass(frozen=True, kw_only=True)
class Experiment:
    model: str
    doc: str
    seed: int
    dt: float
    sweep: Sweep
    columns: tuple[str, ...]
    units: dict[str, str]
    rows: int
    replicates: int
    first_replicate: int
    # The row of the spec for each block; empty if the blocks follow the spec.
    order: tuple[int, ...]
    after: int  # the number of blocks that were run before and are not run again
    constants: tuple[Parameter, ...]
    parameters: tuple[tuple[str, tuple[Parameter, ...]], ...]
    sounds: tuple[Sound, ...]
    filterbanks: tuple[Filterbank, ...]
    layers: tuple[Layer, ...]
    connections: tuple[Connection, ...]
    relays: tuple[Relay, ...]
    spikes_of: tuple[str, ...]
    monitors: tuple[Monitor, ...]
    phases: tuple[Phase, ...]
    measures: tuple[Measure, ...] = ()
    precision: str = "double"  # or "single": see lower/precision.py
    presented: str = ""  # code for the stimuli of each replicate, if something presents stimuli

    spikes_kept: Mapping[str, Kept] = field(default_factory=dict)
    """Which of the recorded spikes are saved, by layer, if not all."""
    rates: tuple[Rate, ...] = ()
    events: tuple[EventRecord, ...] = ()

    @property
    def timed(self) -> tuple[str, ...]:
        """The layers whose spike times are kept while the network runs."""
        return tuple(dict.fromkeys([*self.spikes_of, *(r.layer for r in self.rates)]))

    @property
    def endings(self) -> list[Phase]:
        """The phases that end for a block when a condition holds."""
        return [phase for phase in self.phases if phase.until]

    @property
    def numbered(self) -> bool:
        """Whether there are several replicates, or one whose number is not 0."""
        return self.replicates > 1 or self.first_replicate > 0

    said: Mapping[str, str] = field(default_factory=dict)
    """Descriptions of the sweep's columns and the spec's own measures."""
    targets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """For the sweep's columns that set something: component ("constants" for none) and name."""
