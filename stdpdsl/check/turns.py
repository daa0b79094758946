"""The phases of a run in order, with each turn of the repeated ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..dataclass import dataclass
from ..language import ast
from .symbols import Component, Symbols
from .values import value

MOST_TURNS = 1000
"""The most phases in a run, counting each repeat, because each has its own code."""


@dataclass(frozen=True)
class Turn:
    """One of `turns` turns of a phase, counted from 1. `group` is the number, from 1, of the
    `repeat` that contains it; 0 outside."""

    phase: ast.Phase
    group: int = 0
    turn: int = 1
    turns: int = 1

    @property
    def name(self) -> str:
        """Its name in the results."""
        return f"{self.phase.name.id} {self.turn}" if self.group else self.phase.name.id


def turns_of(run: ast.Run, constants: Mapping[str, Any], most: float = MOST_TURNS) -> list[Turn]:
    """All turns, in order; at most `most` of each `repeat`. A phase with an unknown number of turns
    counts once."""
    found: list[Turn] = []
    group = 0
    for part in run.stretches:
        if isinstance(part, ast.Phase):
            found.append(Turn(part))
            continue
        group += 1
        number = value(part.count, constants)
        turns = int(min(max(number, 1), most)) if number is not None and number == number else 1
        found += [Turn(p, group, k, turns) for k in range(1, turns + 1) for p in part.phases]
    return found


def target_of(symbols: Symbols, path: ast.Path) -> tuple[Component, str] | None:
    """The component and the name of what `set` sets: a parameter, or else a variable. None if there
    is no such name, or if several components have it."""
    *owner, name = [part.id for part in path.parts]
    owners = (
        owner
        or symbols.owners(name)
        or [c.name for c in symbols.components.values() if name in c.variables]
    )
    component = symbols.components.get(owners[0]) if len(owners) == 1 else None
    return None if component is None else (component, name)
