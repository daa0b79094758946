"""Connections: synapses, their pathways and what runs at them."""

from __future__ import annotations

from dataclasses import dataclass

from ..check.integration import Integration
from .models import Equation, Every
from .values import Draw, Initial, Parameter


@dataclass(frozen=True, kw_only=True)
class Pathway:
    """Code that runs at the events of one side. `delay` has the code of its parts (s, one per
    synapse), none for none; `event` names a custom event."""

    name: str
    side: str
    statements: tuple[str, ...]
    order: int
    delay: tuple[str, ...] = ()
    event: str = ""
    when: str = "synapses"


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A variable that events bring up to date: code of its value at `t` (s), from what is stored
    (`s`), and the model's variable that extrapolates it. It is `advanced` by statements of its
    rule, or event-driven in Brian2."""

    name: str
    code: str
    now: str
    advanced: bool = False


@dataclass(frozen=True, kw_only=True)
class Normalisation:
    """Weights scaled to a sum, for each neuron of one side in each block: a group of counters, one
    for each sum, acts on the synapses. `add` and `scale` are statements of its own synapses; codes
    are of one value per counter (`i` in its layer, `copy`)."""

    name: str
    side: str
    size: int
    period: str
    unit: str
    goal: str
    low: str | None
    high: str | None
    gated: bool
    add: str
    scale: str
    order: int


@dataclass(frozen=True, kw_only=True)
class ListedPairs:
    """The pairs of a file. Values of synapses are read from its columns `read`; it may have a
    column of numbers, where pairs have several synapses."""

    path: str
    read: tuple[str, ...] = ()
    numbered: bool = False


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A Synapses object. `choose` is code of a mask over `i` and `j` of one block, from its base
    draws `u` and the layers' values `pre` and `post`; or of a mask over listed `pairs`."""

    name: str
    pre: str
    post: str
    shared: bool
    couples: bool  # blocks feel one another through it
    choose: str
    pairs: ListedPairs | None
    draws: Draw | None
    same: bool  # every block has the same pairs
    equations: tuple[Equation, ...]
    varying: tuple[Parameter, ...]
    namespace: tuple[Parameter, ...]
    pathways: tuple[Pathway, ...]
    every: tuple[Every, ...]
    normalise: tuple[Normalisation, ...]
    integration: Integration | None  # of what is integrated at each step
    initial: tuple[Initial, ...]
    axonal: Initial | None
    dendritic: Initial | None
    weight: str | None
    state: tuple[str, ...]  # all stored variables, the weight among them
    traces: tuple[Trace, ...]
    bounds: tuple[str, str] | None
    summed: tuple[str, ...] = ()  # variables of the target that this connection computes
    gates: tuple[str, ...] = ()  # switches that phases set
    held: int = 0  # deliveries that may be under way at a synapse, where they are held there
    functions: tuple[str, ...] = ()  # as a group's
    clipped: tuple[tuple[str, str], ...] = ()  # by phases: variables with their clips
    common: tuple[Parameter, ...] = ()  # as a group's
    single: tuple[str, ...] = ()
    many: int = 1  # synapses of each pair


@dataclass(frozen=True, kw_only=True)
class Relay:
    """A spike port: spikes of `layer` counted in `counter` of `target` within their block."""

    name: str
    layer: str
    target: str
    counter: str
