"""The experiment that a script carries out: resolved, in SI, without syntax.

Expressions are text by now: `code` is Python over SI floats and arrays, everything else is in
Brian2's language. Names of code: `row` (the sweep's columns), `p` (parameters), and what each
class says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from .check.exact import Integration


@dataclass(frozen=True)
class Parameter:
    """One value, or one per block where it `varies`. `unit` is Brian2's name of the SI unit.

    `sets`: (number of the phase, code) of what a phase changes it to. `given`: a whole number that
    stands among the network's data, so that it is no part of a compiled program.
    """

    name: str
    code: str
    varies: bool
    unit: str
    sets: tuple[tuple[int, str], ...] = ()
    given: bool = False


@dataclass(frozen=True)
class Draw:
    """A base draw per element, free of parameters: `kind` uniform or normal; `key` is code of the
    stream's key, to which the copy's replicate is added. `independent`: keyed also by the row."""

    placeholder: str
    kind: str
    key: str
    independent: bool = False


@dataclass(frozen=True)
class Initial:
    """A variable's first value, one per element, clipped to `low` and `high` where it is bounded.

    Code may use `i`, `copy` (layers), `edges` (connections), `values`, `x` and the draws' names.
    """

    variable: str
    code: str
    draws: tuple[Draw, ...] = ()
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True)
class Equation:
    """A variable of a model: by a differential equation, `computed` wherever it is read, or
    `stored`. `rhs` is in Brian2's language, empty for what is stored; `unit` also "integer" or
    "boolean"; `flags` are Brian2's."""

    name: str
    kind: Literal["differential", "computed", "stored"]
    unit: str
    rhs: str = ""
    flags: tuple[str, ...] = ()


def constant(name: str, unit: str, *flags: str) -> Equation:
    """A variable that an object is given and does not change."""
    return Equation(name, "stored", unit, flags=("constant", *flags))


@dataclass(frozen=True)
class Event:
    """A custom event of a neuron and what happens then; `when` and `order` in Brian2's schedule."""

    name: str
    condition: str
    statements: tuple[str, ...]
    when: str = ""
    order: int = 0


@dataclass(frozen=True)
class Every:
    """Statements that run regularly. `period` is code (s)."""

    name: str
    period: str
    statements: tuple[str, ...]
    when: str = "end"
    order: int = 0


@dataclass(frozen=True)
class Link:
    """A variable of this layer that is another layer's: that of its own block or replicate."""

    variable: str
    layer: str
    source: str


@dataclass(frozen=True)
class Group:
    """A NeuronGroup: every text in Brian2's language."""

    equations: tuple[Equation, ...]
    threshold: str | None
    reset: tuple[str, ...]
    refractory: str | None
    integration: Integration
    varying: tuple[Parameter, ...]
    namespace: tuple[Parameter, ...]
    initial: tuple[Initial, ...]
    events: tuple[Event, ...] = ()
    every: tuple[Every, ...] = ()
    links: tuple[Link, ...] = ()
    functions: tuple[str, ...] = ()  # what makes the functions of ours that its code calls
    common: tuple[Parameter, ...] = ()  # variables that all neurons share: in single precision
    single: tuple[str, ...] = ()  # variables that are held in single precision


@dataclass(frozen=True)
class Table:
    """A variable that follows the rows of a table, one for each `every` (s). `code` is of the rows
    (rows, columns), in terms of `i` and `copy` where each neuron has a column of its own; `column`
    is that of a neuron, in Brian2's language."""

    variable: str
    layer: str
    code: str
    every: float
    linear: bool
    repeat: bool
    column: str

    @property
    def name(self) -> str:
        """Of the table in the script."""
        return f"{self.variable}__{self.layer}"

    @property
    def each(self) -> bool:
        """Whether each neuron of each copy has a column of its own."""
        return self.column == "i"


@dataclass(frozen=True)
class Layer:
    """`kind`: "neurons", "spikes" (an input; `spikes` is code of (neuron, step)), or "driven" (it
    hears its sound once, before the network runs). `drive`: (variable, filterbank)."""

    name: str
    size: int
    shared: bool
    kind: str
    spikes: str = ""
    group: Group | None = None
    drive: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Pathway:
    """Code that runs at the events of one side. `delay` is code (s, one per synapse), empty for
    none; `event` names a custom event."""

    name: str
    side: str
    statements: tuple[str, ...]
    order: int
    delay: str = ""
    event: str = ""
    when: str = "synapses"


@dataclass(frozen=True)
class Trace:
    """A variable that events bring up to date: code of its value at `t` (s), from what is stored
    (`s`), and the model's variable that extrapolates it. It is `advanced` by statements of its
    rule, or event-driven in Brian2."""

    name: str
    code: str
    now: str
    advanced: bool = False


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Connection:
    """A Synapses object. `choose` is code of a mask over `i` and `j` of one block, from its base
    draws `u` and the layers' values `pre` and `post`; `pairs` is code of listed pairs instead."""

    name: str
    pre: str
    post: str
    shared: bool
    couples: bool  # blocks feel one another through it
    choose: str
    pairs: str
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


@dataclass(frozen=True)
class Relay:
    """A spike port: spikes of `layer` counted in `counter` of `target` within their block."""

    name: str
    layer: str
    target: str
    counter: str


@dataclass(frozen=True)
class Kept:
    """What is saved of what is recorded, None for all: neurons (the first, and the one after the
    last), blocks, the time from `start` until before `stop` (s), phases by the names that they have
    in the spec."""

    neurons: tuple[int, int] | None = None
    blocks: tuple[int, ...] | None = None
    start: float | None = None
    stop: float | None = None
    phases: tuple[str, ...] | None = None

    def said(self) -> dict[str, object]:
        """As it stands in the metadata: what is not all."""
        return {
            f.name: list(value) if isinstance(value, tuple) else value
            for f in fields(self) if (value := getattr(self, f.name)) is not None
        }  # fmt: skip

    def code(self, *names: str) -> str:
        """As arguments of a call: those of these names that are given, else all."""
        every = ("neurons", "blocks", "start", "stop", "phases")
        given = {name: getattr(self, name) for name in names or every}
        return ", ".join(f"{n}={list(v) if isinstance(v, tuple) else v!r}"
                         for n, v in given.items() if v is not None)  # fmt: skip


@dataclass(frozen=True)
class Monitor:
    component: str
    on_layer: bool
    variables: tuple[tuple[str, str], ...]  # name in the results, name in the model
    every: float
    kept: Kept = Kept()

    @property
    def blocks(self) -> tuple[int, ...] | None:
        return self.kept.blocks


@dataclass(frozen=True)
class EventRecord:
    """The times of a layer's custom events. The results call it LAYER.EVENT."""

    layer: str
    event: str
    kept: Kept = Kept()

    @property
    def monitor(self) -> str:
        return f"record__{self.layer}__{self.event}"


@dataclass(frozen=True)
class Rate:
    """The mean rate of a layer's neurons in bins of `every` s."""

    layer: str
    every: float
    kept: Kept = Kept()

    @property
    def variable(self) -> str:
        """What it is called in the results: `rate`, or `rate[0:5]` of some neurons."""
        neurons = self.kept.neurons
        return "rate" if neurons is None else f"rate[{neurons[0]}:{neurons[1]}]"


@dataclass(frozen=True)
class Measure:
    """One number per block, of the elements of a component or of none. `code` uses `of` (the
    elements and what is taken over them), `p`, `row` and `found` (the measures before it)."""

    name: str
    component: str
    code: str


@dataclass(frozen=True)
class Audio:
    """A sound or a filterbank: its name and its code; `sound` is what a filterbank hears,
    `from_files` whether a sound is read from the user's files."""

    name: str
    code: tuple[str, ...]
    sound: str = ""
    from_files: bool = False


@dataclass(frozen=True)
class Restored:
    """A stored state that is put back: of each component the variables, or all of it (None), but
    for (component, variable) `without`. `times` are those that hold a time; `partly` the
    connections of which some traces are put back, and others stay."""

    name: str
    components: tuple[tuple[str, tuple[str, ...] | None], ...]
    without: tuple[tuple[str, str], ...] = ()
    times: tuple[tuple[str, str], ...] = ()
    partly: tuple[str, ...] = ()


@dataclass(frozen=True)
class Until:
    """When a block has ended a phase: every so often (s), what is measured of a component, or of a
    variable of it, is held against a goal: code of the parameters `p` of that phase, one value or
    one per block. `times` are the (component, variable) that hold a time."""

    measure: str
    component: str
    variable: str
    relation: str
    goal: str
    every: float
    times: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Stored:
    """A state that is kept as a phase ends, or as it starts: of these components."""

    name: str
    components: tuple[str, ...]
    at_start: bool = False


@dataclass(frozen=True)
class Phase:
    """One stretch: `duration` is code (s); connections that do not learn, or do not transmit;
    components of which it changes parameters.

    A phase that is repeated is one of `turns`, counted from 1; `group` numbers what is repeated
    together, and is 0 outside. `words` is its name without the number of the turn.
    """

    name: str
    duration: str
    frozen: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    values: tuple[tuple[str, tuple[Initial, ...]], ...] = ()
    """Variables that it sets, by component; a draw's key may use `phase`, its name."""
    starts: tuple[str, ...] = ()
    """The components that are given something as it begins."""
    by_turn: tuple[str, ...] = ()
    """Those that are given something else in each turn."""
    stores: tuple[Stored, ...] = ()
    restores: tuple[Restored, ...] = ()
    until: Until | None = None
    words: str = ""
    group: int = 0
    turn: int = 1
    turns: int = 1

    @property
    def changed(self) -> tuple[str, ...]:
        """The components of which it sets parameters or variables."""
        return tuple(dict.fromkeys((*self.sets, *(name for name, _ in self.values))))

    def key(self, component: str) -> str:
        """What a component is given as it begins is called so after it."""
        return self.name if component in self.by_turn or not self.group else self.words


@dataclass(frozen=True)
class Experiment:
    model: str
    doc: str
    seed: int
    dt: float
    sweep: tuple[str, ...]  # lines of code
    columns: tuple[str, ...]
    units: dict[str, str]
    rows: int
    replicates: int
    first_replicate: int
    order: tuple[int, ...]  # the row of the spec that each block is; empty where they follow it
    after: int  # so many blocks were run before, and are not run again
    constants: tuple[Parameter, ...]
    parameters: tuple[tuple[str, tuple[Parameter, ...]], ...]
    sounds: tuple[Audio, ...]
    filterbanks: tuple[Audio, ...]
    layers: tuple[Layer, ...]
    connections: tuple[Connection, ...]
    relays: tuple[Relay, ...]
    spikes_of: tuple[str, ...]
    monitors: tuple[Monitor, ...]
    phases: tuple[Phase, ...]
    measures: tuple[Measure, ...] = ()
    precision: str = "double"  # or "single": see lower/precision.py
    presented: str = ""  # code of the stimuli of each replicate, if something shows some

    spikes_kept: Mapping[str, Kept] = field(default_factory=dict)
    """What is saved of recorded spikes, by layer, where it is not all."""
    rates: tuple[Rate, ...] = ()
    events: tuple[EventRecord, ...] = ()

    @property
    def timed(self) -> tuple[str, ...]:
        """The layers of which the times of spikes are kept while the network runs."""
        return tuple(dict.fromkeys([*self.spikes_of, *(r.layer for r in self.rates)]))

    @property
    def endings(self) -> list[Phase]:
        """The phases that end for a block when a condition holds."""
        return [phase for phase in self.phases if phase.until]

    @property
    def numbered(self) -> bool:
        """Whether there are replicates, or one whose number is not 0."""
        return self.replicates > 1 or self.first_replicate > 0

    said: Mapping[str, str] = field(default_factory=dict)
    """What the sweep's columns and the spec's own measures are, in words."""
    targets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Of the sweep's columns that set something: component ("constants" for none) and name."""
