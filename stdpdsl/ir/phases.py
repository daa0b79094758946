"""The phases of a run."""

from __future__ import annotations

from ..dataclass import dataclass
from .values import Initial


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A stored state that is restored: the variables of each component, or all of it (None), except
    the (component, variable) in `without`. `times` are those that hold a time; `partly` are the
    connections of which only some traces are restored."""

    name: str
    components: tuple[tuple[str, tuple[str, ...] | None], ...]
    without: tuple[tuple[str, str], ...] = ()
    times: tuple[tuple[str, str], ...] = ()
    partly: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Until:
    """When a block has ended a phase. At regular intervals (s), a measure of a component, or of one
    of its variables, is compared with a goal: code in terms of the parameters `p` of that phase,
    one value or one per block. `times` are the (component, variable) that hold a time."""

    measure: str
    component: str
    variable: str
    relation: str
    goal: str
    every: float
    times: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A state of these components that is kept when a phase ends, or when it starts."""

    name: str
    components: tuple[str, ...]
    at_start: bool = False


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One phase: `duration` is code (s), or the phase lasts as long as a `sound`. It also has the
    connections that do not learn, or do not transmit, and the components whose parameters it
    changes.

    A repeated phase is one of `turns`, counted from 1; `group` numbers what is repeated together,
    and is 0 outside. `words` is its name without the number of the turn.
    """

    name: str
    duration: str = ""
    sound: str = ""
    frozen: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    values: tuple[tuple[str, tuple[Initial, ...]], ...] = ()
    """Variables that the phase sets, by component; a draw's key may use `phase`, its name."""
    starts: tuple[str, ...] = ()
    """The components that are given values when the phase begins."""
    by_turn: tuple[str, ...] = ()
    """The components whose given values differ between turns."""
    stores: tuple[Stored, ...] = ()
    restores: tuple[Restored, ...] = ()
    until: Until | None = None
    words: str = ""
    group: int = 0
    turn: int = 1
    turns: int = 1

    @property
    def changed(self) -> tuple[str, ...]:
        """The components whose parameters or variables it sets."""
        return tuple(dict.fromkeys((*self.sets, *(name for name, _ in self.values))))

    def key(self, component: str) -> str:
        """The name under which a component's data for the start of this phase are given."""
        return self.name if component in self.by_turn or not self.group else self.words
