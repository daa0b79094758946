"""Layers and their models. Text is in Brian2's language unless it is called code."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Literal

from ..check.integration import Integration
from ..dataclass import dataclass
from .values import Initial, Parameter


@dataclass(frozen=True)
class Equation:
    """A variable of a model: given by a differential equation, `computed` wherever it is read, or
    `stored`. `rhs` is in Brian2's language, empty for stored variables; `unit` may also be
    "integer" or "boolean"; `flags` are Brian2's."""

    name: str
    kind: Literal["differential", "computed", "stored"]
    unit: str
    _: KW_ONLY
    rhs: str = ""
    flags: tuple[str, ...] = ()


def constant(name: str, unit: str, *flags: str) -> Equation:
    """A variable that an object is given and does not change."""
    return Equation(name, "stored", unit, flags=("constant", *flags))


@dataclass(frozen=True, kw_only=True)
class Event:
    """A custom event of a neuron and what happens at it; `when` and `order` are those of Brian2's
    schedule."""

    name: str
    condition: str
    statements: tuple[str, ...]
    when: str = ""
    order: int = 0


@dataclass(frozen=True, kw_only=True)
class Every:
    """Statements that run regularly. `period` is code (s)."""

    name: str
    period: str
    statements: tuple[str, ...]
    when: str = "end"
    order: int = 0


@dataclass(frozen=True, kw_only=True)
class Link:
    """A variable of this layer that belongs to another layer: in the same block or replicate."""

    variable: str
    layer: str
    source: str


@dataclass(frozen=True, kw_only=True)
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
    functions: tuple[str, ...] = ()  # makes our functions that its code calls
    common: tuple[Parameter, ...] = ()  # variables that all neurons share, in single precision
    single: tuple[str, ...] = ()  # variables that are held in single precision


@dataclass(frozen=True, kw_only=True)
class Table:
    """A variable that follows the rows of a table, one for each `every` (s). `code` gives the rows
    (rows, columns), in terms of `i` and `copy` if each neuron has its own column; `column` is the
    column of a neuron, in Brian2's language."""

    variable: str
    layer: str
    code: str
    every: float
    linear: bool
    repeat: bool
    column: str

    @property
    def name(self) -> str:
        """The table's name in the script."""
        return f"{self.variable}__{self.layer}"

    @property
    def each(self) -> bool:
        """Whether each neuron of each copy has its own column."""
        return self.column == "i"


@dataclass(frozen=True, kw_only=True)
class Spikes:
    """Given spikes: made by a function of the copies and the size of the layer, and of further
    arguments as code. Alternatively, `rate` is code (Hz) in terms of `t`, `i` and `copy`. `key`
    names the stream from which they are drawn step by step."""

    function: str
    arguments: tuple[str, ...] = ()
    rate: str = ""
    key: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Layer:
    """`kind`: "neurons", "spikes" (an input, with `spikes`), or "driven" (it hears its sound once,
    before the network runs). `drive`: (variable, filterbank)."""

    name: str
    size: int
    shared: bool
    kind: str
    spikes: Spikes | None = None
    group: Group | None = None
    drive: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
