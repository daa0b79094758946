"""The stretches of a run."""

from __future__ import annotations

from dataclasses import dataclass

from .values import Initial


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A stored state that is put back: of each component the variables, or all of it (None), but
    for (component, variable) `without`. `times` are those that hold a time; `partly` the
    connections of which some traces are put back, and others stay."""

    name: str
    components: tuple[tuple[str, tuple[str, ...] | None], ...]
    without: tuple[tuple[str, str], ...] = ()
    times: tuple[tuple[str, str], ...] = ()
    partly: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Until:
    """When a block has ended a phase: every so often (s), what is measured of a component, or of a
    variable of it, is held against a goal: code of the parameters `p` of that phase, one value or
    one per block. `times` are the (component, variable) that hold a time."""

    measure: str
    component: str
    variable: str
    relation: str
    goal: str
    every: float
    times: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A state that is kept as a phase ends, or as it starts: of these components."""

    name: str
    components: tuple[str, ...]
    at_start: bool = False


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One stretch: `duration` is code (s), or it lasts as long as a `sound`; connections that do
    not learn, or do not transmit; components of which it changes parameters.

    A phase that is repeated is one of `turns`, counted from 1; `group` numbers what is repeated
    together, and is 0 outside. `words` is its name without the number of the turn.
    """

    name: str
    duration: str = ""
    sound: str = ""
    frozen: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    values: tuple[tuple[str, tuple[Initial, ...]], ...] = ()
    """Variables that it sets, by component; a draw's key may use `phase`, its name."""
    starts: tuple[str, ...] = ()
    """The components that are given something as it begins."""
    by_turn: tuple[str, ...] = ()
    """Those that are given something else in each turn."""
    stores: tuple[Stored, ...] = ()
    restores: tuple[Restored, ...] = ()
    until: Until | None = None
    words: str = ""
    group: int = 0
    turn: int = 1
    turns: int = 1

    @property
    def changed(self) -> tuple[str, ...]:
        """The components of which it sets parameters or variables."""
        return tuple(dict.fromkeys((*self.sets, *(name for name, _ in self.values))))

    def key(self, component: str) -> str:
        """What a component is given as it begins is called so after it."""
        return self.name if component in self.by_turn or not self.group else self.words
