"""The syntax tree: one node per construct of the language, frozen, each with its span.

Nodes compare equal when they say the same, wherever they stand: `span` takes no part in `==`.
Facts found later (what a name means, its dimension) live beside the tree, never on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar, TypeVar, dataclass_transform

from .source import Span

N = TypeVar("N", bound="Node")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(kind: type[N]) -> type[N]:
    """A dataclass that is made, compares, prints and is frozen as `Node` is: methods that are made
    for each of 80 classes would take a quarter of the time of `check`."""
    made = dataclass(init=False, eq=False, repr=False)(kind)
    made.compared = tuple(item.name for item in fields(made) if item.compare)
    made._in_order = tuple(item.name for item in fields(made) if not item.kw_only)
    made._names = frozenset(item.name for item in fields(made))
    made._defaults = {f.name: f.default for f in fields(made) if f.default is not MISSING}
    return made


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def root(kind: type[N]) -> type[N]:
    """The class of which all nodes are; it says how they compare, print and are frozen."""
    return dataclass(kw_only=True, init=False, eq=False, repr=False)(kind)


@root
class Node:
    compared: ClassVar[tuple[str, ...]] = ()
    _in_order: ClassVar[tuple[str, ...]] = ()
    _names: ClassVar[frozenset[str]] = frozenset()
    _defaults: ClassVar[dict[str, Any]] = {}
    span: Span = field(compare=False)

    def __init__(self, *values: Any, **named: Any) -> None:
        """Fields in their order or by name, `span` by name."""
        given = self._in_order[: len(values)]
        own = self.__dict__
        own.update(self._defaults)
        own.update(zip(given, values, strict=False))
        own.update(named)
        wrong = own.keys() ^ self._names  # not known, or missing
        wrong |= named.keys() & given
        if wrong or len(values) > len(given):
            text = ", ".join(sorted(wrong)) or f"{len(values)} fields in order"
            raise TypeError(f"{type(self).__name__} is made with other fields: {text}")

    def __setattr__(self, name: str, value: object) -> None:
        """Each field is set once, when the node is made."""
        if name in self.__dict__ or name not in self.__dataclass_fields__:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def said(self) -> tuple[object, ...]:
        """What it says, as a tuple: all fields that take part in `==`."""
        return tuple(getattr(self, name) for name in self.compared)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.said() == other.said()

    def __hash__(self) -> int:
        return hash(self.said())

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.said()}"


@node
class Ident(Node):
    """A name where it is declared or referred to outside an expression."""

    id: str


@node
class Path(Node):
    """`Apre`, or dotted: `feedforward.Apre`, `A1.tau_m`, `feedforward.delay`."""

    parts: tuple[Ident, ...]

    @property
    def dotted(self) -> str:
        return ".".join(part.id for part in self.parts)


@node
class String(Node):
    """A quoted string: only for files and labels, never inside an expression."""

    value: str


@node
class Doc(Node):
    """A docstring, dedented and stripped."""

    text: str


# Units ------------------------------------------------------------------------------------------


@node
class UnitFactor(Node):
    """One factor of a unit, with the sign of its exponent already that of its place:
    `nS/cm**2` is (`nS`, 1), (`cm`, -2)."""

    name: str
    exponent: int


@node
class Unit(Node):
    """A product of factors; `1` is the empty product. `integer` and `boolean` are one factor
    of that name (only in declarations of variables)."""

    factors: tuple[UnitFactor, ...]


# Expressions ------------------------------------------------------------------------------------


@node
class Expr(Node):
    pass


@node
class Number(Expr):
    """A bare number. `value` is an int when written without point and exponent. `text` is as
    written."""

    value: float | int
    text: str = field(compare=False)


@node
class Quantity(Expr):
    """A number with its unit as one token: `5 ms`, `-70 mV` is Unary of `70 mV`."""

    number: float
    unit: Unit
    text: str = field(compare=False)  # the number as written


@node
class Name(Expr):
    id: str


@node
class Unary(Expr):
    op: str  # "-", "+", "not"
    operand: Expr


@node
class Binary(Expr):
    op: str  # + - * / // % ** < <= > >= == != and or
    left: Expr
    right: Expr


@node
class Keyword(Node):
    name: Ident
    value: Expr


@node
class Call(Expr):
    """`exp(x)`, `uniform(0, wmax)`, `tones(frequency = ...)`. `independent` is the suffix
    `independent per block` of a draw."""

    func: Ident
    args: tuple[Expr, ...]
    kwargs: tuple[Keyword, ...] = ()
    independent: bool = False


@node
class ListExpr(Expr):
    """`[1, 2]`, `[5, 10, 20] ms`: where `unit` is given the items carry none."""

    items: tuple[Expr, ...]
    unit: Unit | None = None


@node
class StringExpr(Expr):
    """A string as an argument of a clause's call, as in `files("*.wav")`: the parser accepts it
    only there, never in equations, statements or conditions."""

    value: str


@node
class DataExpr(Expr):
    """`from "w.npy"`, `from "edges.csv" column weight`, `from results "train.results" connection
    feedforward block 3`: values of a file, one for each neuron or synapse of where it stands.

    `component` is the connection or layer of earlier results (`is_layer` says which), None for a
    file; `block` is the one of theirs from which all blocks have their values."""

    path: String
    column: String | None = None
    component: String | None = None
    is_layer: bool = False
    block: Number | None = None


# Assignments, statements, equations -------------------------------------------------------------


@node
class Assign(Node):
    """`name = value`: a constant, a parameter's default, an initial value."""

    name: Ident
    value: Expr


@node
class Statement(Node):
    pass


@node
class Update(Statement):
    """`w += apost`; `op` is one of `=`, `+=`, `-=`, `*=`, `/=`."""

    target: Ident
    op: str
    value: Expr


@node
class Deliver(Statement):
    """`deliver` or `deliver w`: the moment at which the connection delivers."""

    value: Expr | None


@node
class Normalise(Statement):
    """`normalise w per post to 78.4`."""

    variable: Ident
    side: Ident  # post (or pre)
    total: Expr


@node
class Bounds(Node):
    """`in [lo, hi]`"""

    low: Expr
    high: Expr


@node
class Equation(Node):
    """One line under `equations:`.

    kind "ode": `dv/dt = rhs : unit`; "subexpression": `x = rhs : unit`; "parameter": `x : unit`.
    """

    kind: str
    name: Ident
    rhs: Expr | None
    unit: Unit
    bounds: Bounds | None = None
    flags: tuple[
        tuple[Ident, ...], ...
    ] = ()  # (unless refractory), (shared, constant): words of each


@node
class Every(Node):
    """`every 60 ms:` with the statements that run then."""

    period: Expr
    body: tuple[Statement, ...]


@node
class Handler(Node):
    """`on pre:`, `on post:`, `on pre after 13.7 ms:`, `on NAME:`; `on NAME pre:`, of an event of
    the source layer."""

    trigger: Ident
    after: Expr | None
    body: tuple[Statement, ...]
    side: Ident | None = None


@node
class Event(Node):
    """`event burst: v > 1` in a neuron."""

    name: Ident
    condition: Expr


# Declarations -----------------------------------------------------------------------------------


@node
class Declaration(Node):
    pass


@node
class Constants(Declaration):
    items: tuple[Assign, ...]


@node
class Use(Declaration):
    path: String


@node
class Sound(Declaration):
    name: Ident
    stimuli: Call | None = None  # tones(...), files("*.wav", labels = "meta.csv"), ...
    ramp: Expr | None = None
    gap: Expr | None = None
    level: Expr | None = None
    repeats: Expr | None = None
    order: Ident | None = None  # shuffled | sequential
    samplerate: Expr | None = None


@node
class Filterbank(Declaration):
    """`filters` holds `filter:` and then each `then:`."""

    name: Ident
    sound: Ident | None = None
    filters: tuple[Call, ...] = ()
    output: Expr | None = None


@node
class Neuron(Declaration):
    name: Ident
    doc: Doc | None = None
    parameters: tuple[Assign, ...] = ()
    equations: tuple[Equation, ...] = ()
    threshold: Expr | None = None  # a condition, or Call poisson(RATE)
    reset: tuple[Statement, ...] = ()
    refractory: Expr | None = None  # a time or a condition
    initial: tuple[Assign, ...] = ()
    events: tuple[Event, ...] = ()
    handlers: tuple[Handler, ...] = ()  # on EVENT: statements
    every: tuple[Every, ...] = ()
    method: Ident | None = None


@node
class Input(Node):
    """What makes a layer an input layer."""


@node
class PoissonInput(Input):
    """`poisson: 15 Hz`, a rate expression of `t` and `i`."""

    rate: Expr


@node
class SpikesFile(Input):
    """`spikes: from "file.parquet"`"""

    path: String


@node
class SpikesOfResults(Input):
    """`spikes: from results "train.results" layer AN block 3`"""

    source: DataExpr


@node
class SpikesList(Input):
    """`spikes: [(0, 10 ms), (1, 12 ms)]`: (neuron, time)."""

    items: tuple[tuple[Expr, Expr], ...]


@node
class RegularInput(Input):
    """`regular: 20 Hz from 100 ms to 1.1 s`"""

    rate: Expr
    start: Expr | None = None
    stop: Expr | None = None


@node
class RatesFile(Input):
    """`rates: from "rates.npy" every 350 ms, gap 150 ms, repeat`: Hz, one row per stimulus."""

    value: Expr
    every: Expr
    gap: Expr | None = None
    repeat: bool = False

    @property
    def sources(self) -> list[DataExpr]:
        """The files that it names: it should be one."""
        return [n for n in walk(self.value) if isinstance(n, DataExpr)]


@node
class RatesOfResults(Input):
    """`rates: from results "train.results" layer AN block 3 * 2, repeat`: what that run recorded
    regularly, one row per sample."""

    value: Expr
    repeat: bool = False

    @property
    def sources(self) -> list[DataExpr]:
        """What it names: it should be one layer of one run."""
        return [n for n in walk(self.value) if isinstance(n, DataExpr)]


@node
class Drive(Node):
    """`drive: I from cochlea`"""

    variable: Ident
    filterbank: Ident


@node
class TableDrive(Node):
    """`drive: I from "i.npy" * 1 nA every 1 ms, linear, repeat`: a row of a file for each `every`,
    held, or joined by straight lines."""

    variable: Ident
    value: Expr
    every: Expr
    linear: bool = False
    repeat: bool = False

    @property
    def sources(self) -> list[DataExpr]:
        """The files that it names: it should be one."""
        return [n for n in walk(self.value) if isinstance(n, DataExpr)]


@node
class Layer(Declaration):
    name: Ident
    neuron: Path | None = None  # a neuron's name
    arguments: tuple[Assign, ...] = ()  # `neuron: cortical(tau_m = 20 ms)`
    source: Input | None = None
    size: Expr | None = None
    scope: Ident | None = None  # shared | block
    drive: tuple[Drive | TableDrive, ...] = ()
    labels: DataExpr | None = None  # of its stimuli
    initial: tuple[Assign, ...] = ()  # over the neuron's own

    @property
    def heard(self) -> list[Drive]:
        """What filterbanks drive."""
        return [d for d in self.drive if isinstance(d, Drive)]

    @property
    def tables(self) -> list[TableDrive]:
        """What files drive."""
        return [d for d in self.drive if isinstance(d, TableDrive)]


@node
class Pattern(Node):
    """`all_to_all where i != j`, `random(p = 0.1, n = 3)`, `pairs from "edges.csv"` (kind
    `pairs`)."""

    kind: Ident
    argument: Expr | None = None  # p of random, k of fixed_indegree and fixed_outdegree
    path: String | None = None
    where: Expr | None = None
    independent: bool = False
    several: Expr | None = None  # synapses of each pair, `n`; else one


@node
class Binding(Node):
    """`reward = spikes of VTA`, `G = rate of controller`: what a rule's port is joined to.
    `variable` is `spikes` for a spike port."""

    port: Ident
    variable: Ident
    layer: Ident


@node
class RuleUse(Node):
    """`pair_additive(taupre = 20 ms)`, `triplet.preset(wmax = 2)`, `dopamine(reward = spikes of
    VTA)`: one rule of a `plasticity:`."""

    rule: Ident
    preset: Ident | None = None
    arguments: tuple[Assign, ...] = ()
    bindings: tuple[Binding, ...] = ()


@node
class Delivery(Node):
    """`deliver: w * 1 nS to g_gaba`; `continuously` for `deliver continuously:`. `value` is None
    when only the target stands there (`deliver: to I`)."""

    value: Expr | None
    target: Ident
    continuously: bool = False


@node
class Slice(Node):
    """`[0:5]`: neurons of a layer, the first and the one after the last; `[3]`, one alone."""

    start: Expr | None
    stop: Expr | None
    alone: bool = False


@node
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
        """Whether a swept `delay` is the dendritic one: where the connection has no other."""
        return self.dendritic_delay is not None and self.axonal_delay is None


@node
class Preset(Node):
    """`visual_cortex: A2plus = 0, A3plus = 6.5e-3`: a published set of parameters."""

    name: Ident
    values: tuple[Assign, ...]
    doc: Doc | None = None


@node
class Requirement(Node):
    """`v : volt` under `requires post:`: a variable that the target layer must have."""

    name: Ident
    unit: Unit


@node
class Port(Node):
    """`reward`, a spike port (no unit), or `G : Hz`, a value port."""

    name: Ident
    unit: Unit | None = None


@node
class Rule(Declaration):
    """`equations` are per synapse; `post_equations` per target neuron, which `post_reset` changes
    once per spike of that neuron. `initial` is of either. `advance` brings a synapse up to date
    from its last event to now."""

    name: Ident
    doc: Doc | None = None
    parameters: tuple[Assign, ...] = ()
    equations: tuple[Equation, ...] = ()
    handlers: tuple[Handler, ...] = ()
    method: Ident | None = None
    presets: tuple[Preset, ...] = ()
    requires: tuple[Requirement, ...] = ()
    ports: tuple[Port, ...] = ()
    post_equations: tuple[Equation, ...] = ()
    post_reset: tuple[Statement, ...] = ()
    initial: tuple[Assign, ...] = ()
    advance: tuple[Statement, ...] = ()


# Sweep ------------------------------------------------------------------------------------------


@node
class SweepPart(Node):
    """One way of writing rows."""


@node
class Header(Node):
    """A table's column head: `taupre [ms]`."""

    path: Path
    unit: Unit | None = None


@node
class Table(SweepPart):
    headers: tuple[Header, ...]
    rows: tuple[tuple[Expr, ...], ...]  # names are allowed as cells (presets)
    row_spans: tuple[Span, ...] = field(compare=False, default=())


@node
class Axis(Node):
    """`wmax = geomspace(0.01, 1, 5)`"""

    path: Path
    value: Expr


@node
class Grid(SweepPart):
    axes: tuple[Axis, ...]


@node
class Zip(SweepPart):
    axes: tuple[Axis, ...]


@node
class FromFile(SweepPart):
    path: String


@node
class RandomSamples(SweepPart):
    """`sobol: 64 samples`; `design` is random, sobol or latin_hypercube."""

    samples: Expr
    axes: tuple[Axis, ...]  # values are draws: uniform, loguniform, normal, ...
    design: str = "random"


@node
class Limit(Node):
    """What two neighbours of a grid may differ by: a value, or a part of the range in percent."""

    value: Expr
    percent: bool = False


@node
class Refinement(Node):
    """`refine: A1_rate to 5 % in 400 trials`"""

    value: Expr
    limit: Limit
    trials: Expr | None = None


@node
class Sweep(Declaration):
    parts: tuple[SweepPart, ...] = ()
    derive: tuple[Axis, ...] = ()
    where: Expr | None = None
    replicates: Expr | None = None
    replicate: Expr | None = None  # number of the first
    refine: Refinement | None = None


# Search -----------------------------------------------------------------------------------------


@node
class Objective(Node):
    """`minimise: mean(miss)`"""

    direction: str  # minimise | maximise
    value: Expr


@node
class Comparison(Node):
    """`compare: change to observed within error`: what the data are compared to, and the columns
    of the data and of their standard errors."""

    value: Expr
    observed: Name
    error: Name | None = None


@node
class Early(Node):
    """`stop trials: silent or saturated after 1 s`"""

    reasons: tuple[Ident, ...]
    after: Expr


@node
class Search(Declaration):
    over: tuple[Axis, ...] = ()  # values are draws
    objectives: tuple[Objective, ...] = ()
    constraints: tuple[Expr, ...] = ()
    method: Ident | None = None
    trials: Expr | None = None
    batch: Expr | None = None
    seed: Expr | None = None
    stop: Expr | None = None  # trials without improvement
    difference: Limit | None = None  # of neighbours, above which a grid is refined
    early: Early | None = None
    data: FromFile | None = None
    compare: Comparison | None = None


@node
class Fit(Search):
    """A search whose objective is the error beside data."""


@node
class Refined(Search):
    """What a sweep's `refine:` asks for; `over` is the sweep's grid, whose values are lists."""


@node
class Infer(Search):
    """A search for all parameters that data allow: `over` is the prior."""


# Recording and running --------------------------------------------------------------------------


@node
class Window(Node):
    """`in blocks 0, 3 from 1 s to 2 s in phase test`: what is saved of what is recorded."""

    blocks: tuple[Expr, ...] | None = None
    start: Expr | None = None
    stop: Expr | None = None
    phases: tuple[Ident, ...] | None = None


@node
class RecordSpikes(Node):
    """`spikes of AN, A1[0:5] in phase test`: `parts` has the slice of each layer, or None. With
    `events`, these of each layer in place of its spikes: `high of A1`."""

    layers: tuple[Ident, ...]
    parts: tuple[Slice | None, ...]
    window: Window
    events: tuple[Ident, ...] = ()


@node
class RecordState(Node):
    """`w, apre of feedforward every 1 s in blocks 0, 3`; `rate of E every 10 ms`."""

    variables: tuple[Ident, ...]
    component: Ident
    part: Slice | None
    every: Expr
    window: Window

    @property
    def blocks(self) -> tuple[Expr, ...] | None:
        return self.window.blocks


@node
class Record(Declaration):
    items: tuple[RecordSpikes | RecordState, ...]


@node
class Measure(Node):
    """`strong of feedforward = fraction(w > 0.8 * wmax)`: one number per block; of no component
    where it combines others."""

    name: Ident
    component: Ident | None
    value: Expr


@node
class Measures(Declaration):
    items: tuple[Measure, ...]


@node
class PlasticityOff(Node):
    """`plasticity off`"""


@node
class Frozen(Node):
    """`feedforward frozen`"""

    connection: Ident


@node
class Off(Node):
    """`inhibit off`"""

    connection: Ident


@node
class SetValue(Node):
    """`set stdp.eta = 0.01`: a parameter, from this phase on. `set A1.v = -70 mV`: a variable, as
    this phase begins."""

    path: Path
    value: Expr


@node
class Store(Node):
    """`store fresh`: the state of the network as this phase ends, or as it starts."""

    name: Ident
    at_start: bool = False


@node
class Restore(Node):
    """`restore fresh except learning.w and A1.theta`: what was stored, as this phase begins; all of
    it, that `of` some components or variables, or all but those (`word` is empty then)."""

    name: Ident
    word: str = ""
    paths: tuple[Path, ...] = ()


@node
class Until(Node):
    """`until count of A1 >= 5 every 10 ms`: a block stays as it is from the first check at which
    this holds. `measure` is `count` or `rate`, or a function of the values of a `variable`."""

    measure: Ident
    variable: Ident | None
    component: Ident
    relation: str  # < <= > >= == !=
    goal: Expr
    every: Expr


Modifier = PlasticityOff | Frozen | Off | SetValue | Store | Restore | Until


@node
class Phase(Node):
    name: Ident
    duration: Expr  # a time, or a Name of a sound
    modifiers: tuple[Modifier, ...] = ()


@node
class Repeated(Node):
    """`repeat 10:` and the phases that are run in turn so often."""

    count: Expr
    phases: tuple[Phase, ...]


@node
class Run(Declaration):
    duration: Expr | None = None  # a time, or a Name of a sound
    stretches: tuple[Phase | Repeated, ...] = ()
    dt: Expr | None = None
    seed: Expr | None = None
    precision: Ident | None = None  # double | single

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Each phase once, in the order of the text."""
        parts = (p.phases if isinstance(p, Repeated) else (p,) for p in self.stretches)
        return tuple(phase for part in parts for phase in part)


@node
class Spec(Node):
    """A whole file. A file that is only used (`use "rules.stdp"`) may have no model line."""

    model: Ident | None
    doc: Doc | None
    declarations: tuple[Declaration, ...]

    def of(self, kind: type) -> list:
        """All declarations of a kind, in order."""
        if kind not in self._of_kind:
            self._of_kind[kind] = [d for d in self.declarations if isinstance(d, kind)]
        return list(self._of_kind[kind])

    @cached_property
    def _of_kind(self) -> dict[type, list]:
        """What `of` has found: it is asked for each component, of which there may be many."""
        return {}

    @property
    def is_collection(self) -> bool:
        """Whether the file is only there to be used by others."""
        kinds = (Constants, Use, Neuron, Rule)
        return self.model is None and all(isinstance(d, kinds) for d in self.declarations)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in the order of the text."""
    # A tree is walked some hundred times and never changes: what is below is found once.
    below: tuple[Node, ...] | None = node.__dict__.get("_below")
    if below is None:
        kind = type(node)
        if kind not in _PARTS:  # asking for the fields each time takes longer than all the rest
            _PARTS[kind] = tuple(item.name for item in fields(kind) if item.name != "span")
        found: list[Node] = []
        for name in _PARTS[kind]:
            _collect(getattr(node, name), found)
        below = node.__dict__["_below"] = tuple(found)
    return below


_PARTS: dict[type[Node], tuple[str, ...]] = {}


def _collect(value: object, found: list[Node]) -> None:
    if isinstance(value, Node):
        found.append(value)
    elif isinstance(value, tuple):
        for item in value:
            _collect(item, found)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, depth first, without recursion."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(children(top)))


def renamed(node: N, names: Mapping[str, str]) -> N:
    """The same node, with other names where `names` has them."""
    changed: dict[str, Any] = {}
    if isinstance(node, Name | Ident) and node.id in names:
        changed["id"] = names[node.id]
    for name in (item.name for item in fields(node) if item.name != "span"):
        value = getattr(node, name)
        if isinstance(value, Node):
            changed[name] = renamed(value, names)
        elif isinstance(value, tuple) and any(isinstance(v, Node) for v in value):
            changed[name] = tuple(renamed(v, names) if isinstance(v, Node) else v for v in value)
    return replace(node, **changed) if changed else node


def depth(node: Node) -> int:
    """Levels of nodes, without recursion."""
    deepest, level = 0, [node]
    while level:
        deepest += 1
        level = [child for parent in level for child in children(parent)]
    return deepest


def leaves(node: Node) -> int:
    """Names, numbers and whatever else has no parts."""
    return sum(not children(n) for n in walk(node))
