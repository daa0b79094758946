"""The nodes of a NESTML model's tree."""

from __future__ import annotations

from dataclasses import field

from ..dataclass import dataclass
from ..language.ast import Expr, Ident
from ..language.source import Span
from ..language.units import Dim


@dataclass(frozen=True)
class Declared:
    """`tau ms = 20 ms`; `kind` is `number`, `integer` or `boolean`."""

    name: Ident
    dim: Dim
    kind: str
    value: Expr | None
    comment: str = ""
    is_delay: bool = False


@dataclass(frozen=True)
class Assigned:
    target: Ident
    op: str
    value: Expr
    span: Span


@dataclass(frozen=True)
class Emitted:
    """`emit_spike(w)`"""

    args: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True)
class Integrated:
    """`integrate_odes(x)`; all equations if it names none."""

    names: tuple[Ident, ...]
    span: Span


@dataclass(frozen=True)
class Branches:
    """`if`, its `elif`s, and an `else` as a branch without a condition."""

    branches: tuple[tuple[Expr | None, tuple[Statement, ...]], ...]
    span: Span


Statement = Declared | Assigned | Emitted | Integrated | Branches


@dataclass(frozen=True)
class Handled:
    port: Ident
    priority: int | None
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Function:
    name: str
    parameters: tuple[Declared, ...]
    result: Declared  # its value is what is returned


@dataclass
class Model:
    name: Ident
    state: list[Declared] = field(default_factory=list)
    parameters: list[Declared] = field(default_factory=list)
    internals: list[Declared] = field(default_factory=list)
    inlines: list[Declared] = field(default_factory=list)
    odes: list[tuple[Ident, Expr]] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)
    spikes: list[Ident] = field(default_factory=list)
    continuous: list[Declared] = field(default_factory=list)
    handlers: list[Handled] = field(default_factory=list)
    update: tuple[Statement, ...] = ()
