"""What is recorded and measured, and the phases of a run."""

from __future__ import annotations

from functools import cached_property

from ...dataclass import dataclass
from .expressions import Expr, Ident, Path
from .network import Slice
from .node import Declaration, Node


@dataclass(frozen=True)
class Window(Node):
    """`in blocks 0, 3 from 1 s to 2 s in phase test`: which of the recorded data are saved."""

    blocks: tuple[Expr, ...] | None = None
    start: Expr | None = None
    stop: Expr | None = None
    phases: tuple[Ident, ...] | None = None


@dataclass(frozen=True)
class RecordSpikes(Node):
    """`spikes of AN, A1[0:5] in phase test`: `parts` has the slice of each layer, or None. With
    `events`, these of each layer in place of its spikes: `high of A1`."""

    layers: tuple[Ident, ...]
    parts: tuple[Slice | None, ...]
    window: Window
    events: tuple[Ident, ...] = ()


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Record(Declaration):
    items: tuple[RecordSpikes | RecordState, ...]


@dataclass(frozen=True)
class Measure(Node):
    """`strong of feedforward = fraction(w > 0.8 * wmax)`: one number per block. It belongs to no
    component if it combines other measures."""

    name: Ident
    component: Ident | None
    value: Expr


@dataclass(frozen=True)
class Measures(Declaration):
    items: tuple[Measure, ...]


@dataclass(frozen=True)
class PlasticityOff(Node):
    """`plasticity off`"""


@dataclass(frozen=True)
class Frozen(Node):
    """`feedforward frozen`"""

    connection: Ident


@dataclass(frozen=True)
class Off(Node):
    """`inhibit off`"""

    connection: Ident


@dataclass(frozen=True)
class SetValue(Node):
    """`set stdp.eta = 0.01`: a parameter, from this phase on. `set A1.v = -70 mV`: a variable, when
    this phase begins."""

    path: Path
    value: Expr


@dataclass(frozen=True)
class Store(Node):
    """`store fresh`: the state of the network when this phase ends, or when it starts."""

    name: Ident
    at_start: bool = False


@dataclass(frozen=True)
class Restore(Node):
    """`restore fresh except learning.w and A1.theta`: the stored state, when this phase begins: all
    of it, that `of` some components or variables, or all except those (`word` is then empty)."""

    name: Ident
    word: str = ""
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Until(Node):
    """`until count of A1 >= 5 every 10 ms`: a block waits from the first check at which this holds.
    `measure` is `count` or `rate`, or a function of the values of a `variable`."""

    measure: Ident
    variable: Ident | None
    component: Ident
    relation: str  # < <= > >= == !=
    goal: Expr
    every: Expr


Modifier = PlasticityOff | Frozen | Off | SetValue | Store | Restore | Until


@dataclass(frozen=True)
class Phase(Node):
    name: Ident
    duration: Expr  # a time, or a Name of a sound
    modifiers: tuple[Modifier, ...] = ()


@dataclass(frozen=True)
class Repeated(Node):
    """`repeat 10:` and the phases that are run in turn this often."""

    count: Expr
    phases: tuple[Phase, ...]


@dataclass(frozen=True)
class Run(Declaration):
    duration: Expr | None = None  # a time, or a Name of a sound
    stretches: tuple[Phase | Repeated, ...] = ()
    dt: Expr | None = None
    seed: Expr | None = None
    precision: Ident | None = None  # double | single

    @cached_property
    def phases(self) -> tuple[Phase, ...]:
        """Each phase once, in text order."""
        parts = (p.phases if isinstance(p, Repeated) else (p,) for p in self.stretches)
        return tuple(phase for part in parts for phase in part)
