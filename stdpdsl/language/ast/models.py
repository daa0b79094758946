"""Neurons and rules, with their equations and statements."""

from __future__ import annotations

from ...dataclass import dataclass
from .expressions import Doc, Expr, Ident, String, Unit
from .node import Declaration, Node

# Assignments, statements, equations -------------------------------------------------------------


@dataclass(frozen=True)
class Assign(Node):
    """`name = value`: a constant, a parameter's default, an initial value."""

    name: Ident
    value: Expr


@dataclass(frozen=True)
class Statement(Node):
    pass


@dataclass(frozen=True)
class Update(Statement):
    """`w += apost`; `op` is one of `=`, `+=`, `-=`, `*=`, `/=`."""

    target: Ident
    op: str
    value: Expr


@dataclass(frozen=True)
class Deliver(Statement):
    """`deliver` or `deliver w`: the moment at which the connection delivers."""

    value: Expr | None


@dataclass(frozen=True)
class Normalise(Statement):
    """`normalise w per post to 78.4`."""

    variable: Ident
    side: Ident  # post (or pre)
    total: Expr


@dataclass(frozen=True)
class Bounds(Node):
    """`in [lo, hi]`"""

    low: Expr
    high: Expr


@dataclass(frozen=True)
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
    ] = ()  # (unless refractory), (shared, constant): the words of each


@dataclass(frozen=True)
class Every(Node):
    """`every 60 ms:` with the statements that run then."""

    period: Expr
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Handler(Node):
    """`on pre:`, `on post:`, `on pre after 13.7 ms:`, `on NAME:`; `on NAME pre:`, of an event of
    the source layer."""

    trigger: Ident
    after: Expr | None
    body: tuple[Statement, ...]
    side: Ident | None = None


@dataclass(frozen=True)
class Event(Node):
    """`event burst: v > 1` in a neuron."""

    name: Ident
    condition: Expr


@dataclass(frozen=True)
class Constants(Declaration):
    items: tuple[Assign, ...]


@dataclass(frozen=True)
class Use(Declaration):
    path: String


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Preset(Node):
    """`visual_cortex: A2plus = 0, A3plus = 6.5e-3`: a published set of parameters."""

    name: Ident
    values: tuple[Assign, ...]
    doc: Doc | None = None


@dataclass(frozen=True)
class Requirement(Node):
    """`v : volt` under `requires post:`: a variable that the target layer must have."""

    name: Ident
    unit: Unit


@dataclass(frozen=True)
class Port(Node):
    """`reward`, a spike port (no unit), or `G : Hz`, a value port."""

    name: Ident
    unit: Unit | None = None


@dataclass(frozen=True)
class Rule(Declaration):
    """`equations` apply per synapse; `post_equations` per target neuron. `post_reset` changes these
    once per spike of that neuron. `initial` covers both. `advance` brings a synapse from its last
    event up to the present."""

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
