"""Connections: synapses, their pathways, and the code that runs in them."""

from __future__ import annotations

from ..check.integration import Integration
from ..dataclass import dataclass
from .models import Equation, Every
from .values import Draw, Initial, Parameter


@dataclass(frozen=True, kw_only=True)
class Pathway:
    """Code that runs at the events of one side. `delay` has the code of its parts (s, one per
    synapse), or nothing if there is no delay; `event` names a custom event."""

    name: str
    side: str
    statements: tuple[str, ...]
    order: int
    delay: tuple[str, ...] = ()
    event: str = ""
    when: str = "synapses"


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A variable that events bring up to date: code for its value at `t` (s), computed from the
    stored values (`s`), and the model's variable that extrapolates it. Either statements of its
    rule advance it (`advanced`), or it is event-driven in Brian2."""

    name: str
    code: str
    now: str
    advanced: bool = False


@dataclass(frozen=True, kw_only=True)
class Normalisation:
    """Weights scaled to a sum, for each neuron of one side in each block. A group of counters, one
    for each sum, acts on the synapses. `add` and `scale` are statements of its own synapses; each
    code gives one value per counter (`i` in its layer, `copy`)."""

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
    """The pairs of a file. Values of synapses are read from its columns `read`. It may have a
    column of synapse numbers, if pairs have several synapses."""

    path: str
    read: tuple[str, ...] = ()
    numbered: bool = False


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A Synapses object. `choose` is code for a mask over `i` and `j` of one block, computed from
    its base draws `u` and the layers' values `pre` and `post`; or for a mask over listed
    `pairs`."""

    name: str
    pre: str
    post: str
    shared: bool
    couples: bool  # blocks influence one another through it
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
    integration: Integration | None  # of the variables that are integrated at each step
    initial: tuple[Initial, ...]
    axonal: Initial | None
    dendritic: Initial | None
    weight: str | None
    state: tuple[str, ...]  # all stored variables, including the weight
    traces: tuple[Trace, ...]
    bounds: tuple[str, str] | None
    summed: tuple[str, ...] = ()  # variables of the target that this connection computes
    gates: tuple[str, ...] = ()  # switches that phases set
    # The number of deliveries that may be under way at a synapse, if they are held there.
    held: int = 0
    functions: tuple[str, ...] = ()  # as a group's
    clipped: tuple[tuple[str, str], ...] = ()  # by phases: variables with their clips
    common: tuple[Parameter, ...] = ()  # as a group's
    single: tuple[str, ...] = ()
    many: int = 1  # synapses per pair


@dataclass(frozen=True, kw_only=True)
class Relay:
    """A spike port: spikes of `layer` counted in `counter` of `target` within their block."""

    name: str
    layer: str
    target: str
    counter: str
