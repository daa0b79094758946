"""The context of an expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from ...dataclass import dataclass
from ...language import ast
from ..symbols import Scope, Type


@dataclass(frozen=True)
class Context:
    """The context of an expression: what names mean, and what is allowed in it."""

    scope: Scope
    where: str  # for messages: "`pair_additive`", "the sweep"
    draws: bool = False
    lists: bool = False
    data: bool = False  # values from files, one for each neuron or synapse
    strings: bool = False
    noise: bool = False  # `xi`, in differential equations only
    open_names: bool = False  # unknown names may come from a file that is not read yet
    sides_unknown: bool = False  # a rule that is not used: `v_post` may have any type
    locals: Mapping[str, Type | None] = field(default_factory=dict)
    later: frozenset[str] = frozenset()  # locals that are assigned further down in the block
    hints: Mapping[str, str] = field(default_factory=dict)  # for names known in other places
    elements: Context | None = None  # what a measure's `mean(...)` is taken over
    accuracy: Callable[[ast.Call], Type | None] | None = None  # in a measure, of its layer

    def but(self, **changes: Any) -> Context:
        """As `replace` of dataclasses, which takes four times as long."""
        made = object.__new__(Context)
        made.__dict__.update(self.__dict__, **changes)
        return made
