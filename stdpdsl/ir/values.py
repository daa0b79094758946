"""Values: parameters, draws, and initial values of variables."""

from __future__ import annotations

from ..dataclass import dataclass


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One value, or one per block where it `varies`. `unit` is Brian2's name of the SI unit.

    `sets`: (number of the phase, code) for each phase that changes it. `key`: the stream of draws
    that it uses, if any.
    """

    name: str
    code: str
    varies: bool
    unit: str
    sets: tuple[tuple[int, str], ...] = ()
    key: tuple[str, ...] = ()

    @property
    def given(self) -> bool:
        """Whether it is a number among the network's data, and so not part of a compiled
        program."""
        return bool(self.key) and not self.varies


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A base draw per element, independent of parameters. `kind` is uniform or normal. `key` is
    that of the stream; the name of the phase is added to it if it is `by_phase`, and then the
    copy's replicate. `independent`: also keyed by the row."""

    placeholder: str
    kind: str
    key: tuple[str | int, ...]
    by_phase: bool = False
    independent: bool = False


@dataclass(frozen=True, kw_only=True)
class Initial:
    """A variable's first value, one per element, clipped to `low` and `high` if it is bounded.

    Code may use `i`, `copy` (layers), `edges` (connections), `values`, `x` and the draws' names.
    """

    variable: str
    code: str
    draws: tuple[Draw, ...] = ()
    low: str | None = None
    high: str | None = None
