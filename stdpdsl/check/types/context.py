"""Where an expression stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...language import ast
from ..symbols import Scope, Type


@dataclass(frozen=True)
class Context:
    """Where an expression stands: what names mean there, and what it may hold."""

    scope: Scope
    where: str  # for messages: "`pair_additive`", "the sweep"
    draws: bool = False
    lists: bool = False
    data: bool = False  # values from files, one for each neuron or synapse
    strings: bool = False
    noise: bool = False  # `xi`, in differential equations only
    open_names: bool = False  # unknown names may come from a file that is not read yet
    sides_unknown: bool = False  # a rule that nobody uses: `v_post` may be anything
    locals: Mapping[str, Type | None] = field(default_factory=dict)
    later: frozenset[str] = frozenset()  # locals of the block that are assigned further down
    hints: Mapping[str, str] = field(default_factory=dict)  # for names that are known elsewhere
    elements: Context | None = None  # what a measure's `mean(...)` is taken over
    accuracy: Callable[[ast.Call], Type | None] | None = None  # of the layer of a measure

    def but(self, **changes: Any) -> Context:
        """As `replace` of dataclasses, which takes four times as long."""
        made = object.__new__(Context)
        made.__dict__.update(self.__dict__, **changes)
        return made
