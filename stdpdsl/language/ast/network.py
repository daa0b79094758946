"""Sounds, layers and connections."""

from __future__ import annotations

from ...dataclass import dataclass
from .expressions import Call, DataExpr, Doc, Expr, Ident, Path, String
from .models import Assign, Every, Handler
from .node import Declaration, Node, walk


@dataclass(frozen=True)
class Sound(Declaration):
    name: Ident
    stimuli: Call | None = None  # tones(...), files("*.wav", labels = "meta.csv"), ...
    ramp: Expr | None = None
    gap: Expr | None = None
    level: Expr | None = None
    repeats: Expr | None = None
    order: Ident | None = None  # shuffled | sequential
    samplerate: Expr | None = None


@dataclass(frozen=True)
class Filterbank(Declaration):
    """`filters` holds `filter:` and then each `then:`."""

    name: Ident
    sound: Ident | None = None
    filters: tuple[Call, ...] = ()
    output: Expr | None = None


@dataclass(frozen=True)
class Input(Node):
    """What makes a layer an input layer."""


@dataclass(frozen=True)
class PoissonInput(Input):
    """`poisson: 15 Hz`, a rate expression of `t` and `i`."""

    rate: Expr


@dataclass(frozen=True)
class SpikesFile(Input):
    """`spikes: from "file.parquet"`"""

    path: String


@dataclass(frozen=True)
class SpikesOfResults(Input):
    """`spikes: from results "train.results" layer AN block 3`"""

    source: DataExpr


@dataclass(frozen=True)
class SpikesList(Input):
    """`spikes: [(0, 10 ms), (1, 12 ms)]`: (neuron, time)."""

    items: tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True)
class RegularInput(Input):
    """`regular: 20 Hz from 100 ms to 1.1 s`"""

    rate: Expr
    start: Expr | None = None
    stop: Expr | None = None


@dataclass(frozen=True)
class RatesFile(Input):
    """`rates: from "rates.npy" every 350 ms, gap 150 ms, repeat`: Hz, one row per stimulus."""

    value: Expr
    every: Expr
    gap: Expr | None = None
    repeat: bool = False

    @property
    def sources(self) -> list[DataExpr]:
        """The files that it names; only one is allowed."""
        return [n for n in walk(self.value) if isinstance(n, DataExpr)]


@dataclass(frozen=True)
class RatesOfResults(Input):
    """`rates: from results "train.results" layer AN block 3 * 2, repeat`: values that an earlier
    run recorded at regular intervals, one row per sample."""

    value: Expr
    repeat: bool = False

    @property
    def sources(self) -> list[DataExpr]:
        """What it names; only one layer of one run is allowed."""
        return [n for n in walk(self.value) if isinstance(n, DataExpr)]


@dataclass(frozen=True)
class Drive(Node):
    """`drive: I from cochlea`"""

    variable: Ident
    filterbank: Ident


@dataclass(frozen=True)
class TableDrive(Node):
    """`drive: I from "i.npy" * 1 nA every 1 ms, linear, repeat`: one row of a file for each
    `every`, held constant or linearly interpolated."""

    variable: Ident
    value: Expr
    every: Expr
    linear: bool = False
    repeat: bool = False

    @property
    def sources(self) -> list[DataExpr]:
        """The files that it names; only one is allowed."""
        return [n for n in walk(self.value) if isinstance(n, DataExpr)]


@dataclass(frozen=True)
class Layer(Declaration):
    name: Ident
    neuron: Path | None = None  # a neuron's name
    arguments: tuple[Assign, ...] = ()  # `neuron: cortical(tau_m = 20 ms)`
    source: Input | None = None
    size: Expr | None = None
    scope: Ident | None = None  # shared | block
    drive: tuple[Drive | TableDrive, ...] = ()
    labels: DataExpr | None = None  # of its stimuli
    initial: tuple[Assign, ...] = ()  # added to the neuron's own

    @property
    def heard(self) -> list[Drive]:
        """The drives from filterbanks."""
        return [d for d in self.drive if isinstance(d, Drive)]

    @property
    def tables(self) -> list[TableDrive]:
        """The drives from files."""
        return [d for d in self.drive if isinstance(d, TableDrive)]


@dataclass(frozen=True)
class Pattern(Node):
    """`all_to_all where i != j`, `random(p = 0.1, n = 3)`, `pairs from "edges.csv"` (kind
    `pairs`)."""

    kind: Ident
    argument: Expr | None = None  # p of random, k of fixed_indegree and fixed_outdegree
    path: String | None = None
    where: Expr | None = None
    independent: bool = False
    several: Expr | None = None  # synapses per pair, `n`; otherwise one


@dataclass(frozen=True)
class Binding(Node):
    """`reward = spikes of VTA`, `G = rate of controller`: what a rule's port is bound to.
    `variable` is `spikes` for a spike port."""

    port: Ident
    variable: Ident
    layer: Ident


@dataclass(frozen=True)
class RuleUse(Node):
    """`pair_additive(taupre = 20 ms)`, `triplet.preset(wmax = 2)`, `dopamine(reward = spikes of
    VTA)`: one rule of a `plasticity:`."""

    rule: Ident
    preset: Ident | None = None
    arguments: tuple[Assign, ...] = ()
    bindings: tuple[Binding, ...] = ()


@dataclass(frozen=True)
class Delivery(Node):
    """`deliver: w * 1 nS to g_gaba`; `continuously` for `deliver continuously:`. `value` is None if
    only the target is given (`deliver: to I`)."""

    value: Expr | None
    target: Ident
    continuously: bool = False


@dataclass(frozen=True)
class Slice(Node):
    """`[0:5]`: neurons of a layer, the first and the one after the last; `[3]`, a single one."""

    start: Expr | None
    stop: Expr | None
    alone: bool = False


@dataclass(frozen=True)
class Connect(Declaration):
    pre: Ident
    post: Ident
    name: Ident  # `as NAME`; without it, `PRE_POST`
    across_blocks: bool = False
    pattern: Pattern | None = None
    plasticity: tuple[RuleUse, ...] = ()  # several are joined
    weight: Expr | None = None
    delivery: tuple[Delivery, ...] = ()
    initial: tuple[Assign, ...] = ()
    axonal_delay: Expr | None = None  # `axonal delay:` or a bare `delay:`
    dendritic_delay: Expr | None = None
    ties: Ident | None = None  # `ties: post first` -> post
    handlers: tuple[Handler, ...] = ()  # the connection's own on pre / on post
    every: tuple[Every, ...] = ()
    doc: Doc | None = None
    pre_part: Slice | None = None  # `connect A[0:5] -> B`
    post_part: Slice | None = None

    @property
    def sweeps_dendritic(self) -> bool:
        """Whether a swept `delay` is the dendritic one: if the connection has no other."""
        return self.dendritic_delay is not None and self.axonal_delay is None
