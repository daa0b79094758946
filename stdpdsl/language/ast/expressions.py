"""Names, units, numbers and expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, replace
from typing import Any

from ...dataclass import dataclass
from .node import N, Node


@dataclass(frozen=True)
class Ident(Node):
    """A name in a declaration, or one referred to outside an expression."""

    id: str


@dataclass(frozen=True)
class Path(Node):
    """`Apre`, or dotted: `feedforward.Apre`, `A1.tau_m`, `feedforward.delay`."""

    parts: tuple[Ident, ...]

    @property
    def dotted(self) -> str:
        return ".".join(part.id for part in self.parts)


@dataclass(frozen=True)
class String(Node):
    """A quoted string: only for files and labels, never in an expression."""

    value: str


@dataclass(frozen=True)
class Doc(Node):
    """A docstring, dedented and stripped."""

    text: str


# Units ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class UnitFactor(Node):
    """One factor of a unit. A divisor has a negative exponent: `nS/cm**2` is (`nS`, 1), (`cm`,
    -2)."""

    name: str
    exponent: int


@dataclass(frozen=True)
class Unit(Node):
    """A product of factors; `1` is the empty product. `integer` and `boolean` are one factor with
    that name (only in declarations of variables)."""

    factors: tuple[UnitFactor, ...]


# Expressions ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expr(Node):
    pass


@dataclass(frozen=True)
class Number(Expr):
    """A bare number. `value` is an int if it is written without point and exponent. `text` is as
    written."""

    value: float | int
    text: str = field(compare=False)


@dataclass(frozen=True)
class Quantity(Expr):
    """A number with its unit as one token: `5 ms`, `-70 mV` is Unary of `70 mV`."""

    number: float
    unit: Unit
    text: str = field(compare=False)  # the number as written


@dataclass(frozen=True)
class Name(Expr):
    id: str


@dataclass(frozen=True)
class Unary(Expr):
    op: str  # "-", "+", "not"
    operand: Expr


@dataclass(frozen=True)
class Binary(Expr):
    op: str  # + - * / // % ** < <= > >= == != and or
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Keyword(Node):
    name: Ident
    value: Expr


@dataclass(frozen=True)
class Call(Expr):
    """`exp(x)`, `uniform(0, wmax)`, `tones(frequency = ...)`. `independent` is the suffix
    `independent per block` of a draw."""

    func: Ident
    args: tuple[Expr, ...]
    kwargs: tuple[Keyword, ...] = ()
    independent: bool = False


@dataclass(frozen=True)
class ListExpr(Expr):
    """`[1, 2]`, `[5, 10, 20] ms`: if `unit` is given, the items have none."""

    items: tuple[Expr, ...]
    unit: Unit | None = None


@dataclass(frozen=True)
class StringExpr(Expr):
    """A string as an argument of a clause's call, as in `files("*.wav")`: the parser accepts it
    only there, never in equations, statements or conditions."""

    value: str


@dataclass(frozen=True)
class DataExpr(Expr):
    """`from "w.npy"`, `from "edges.csv" column weight`, `from results "train.results" connection
    feedforward block 3`: values of a file, one for each neuron or synapse.

    `component` is the connection or layer of earlier results (`is_layer` tells which), None for a
    file; `block` is the earlier block from which all blocks take their values.
    """

    path: String
    column: String | None = None
    component: String | None = None
    is_layer: bool = False
    block: Number | None = None


def renamed(node: N, names: Mapping[str, str]) -> N:
    """The same node, with new names for those in `names`."""
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
