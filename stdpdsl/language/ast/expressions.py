"""Names, units, numbers and expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, replace
from typing import Any

from .node import N, Node, node


@node
class Ident(Node):
    """A name in a declaration, or one referred to outside an expression."""

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
    """A quoted string: only for files and labels, never in an expression."""

    value: str


@node
class Doc(Node):
    """A docstring, dedented and stripped."""

    text: str


# Units ------------------------------------------------------------------------------------------


@node
class UnitFactor(Node):
    """One factor of a unit. A divisor has a negative exponent: `nS/cm**2` is (`nS`, 1), (`cm`,
    -2)."""

    name: str
    exponent: int


@node
class Unit(Node):
    """A product of factors; `1` is the empty product. `integer` and `boolean` are one factor with
    that name (only in declarations of variables)."""

    factors: tuple[UnitFactor, ...]


# Expressions ------------------------------------------------------------------------------------


@node
class Expr(Node):
    pass


@node
class Number(Expr):
    """A bare number. `value` is an int if it is written without point and exponent. `text` is as
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
    """`[1, 2]`, `[5, 10, 20] ms`: if `unit` is given, the items have none."""

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
