"""Values: parameters, draws, and what variables start from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One value, or one per block where it `varies`. `unit` is Brian2's name of the SI unit.

    `sets`: (number of the phase, code) of what a phase changes it to. `key`: of the stream of draws
    that it names, if it does.
    """

    name: str
    code: str
    varies: bool
    unit: str
    sets: tuple[tuple[int, str], ...] = ()
    key: tuple[str, ...] = ()

    @property
    def given(self) -> bool:
        """Whether it is a number that stands among the network's data, so that it is not part of a
        compiled program."""
        return bool(self.key) and not self.varies


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A base draw per element, free of parameters: `kind` uniform or normal; `key` is that of the
    stream, to which the name of the phase is added if it is `by_phase`, and then
    the copy's replicate. `independent`: keyed also by the row."""

    placeholder: str
    kind: str
    key: tuple[str | int, ...]
    by_phase: bool = False
    independent: bool = False


@dataclass(frozen=True, kw_only=True)
class Initial:
    """A variable's first value, one per element, clipped to `low` and `high` where it is bounded.

    Code may use `i`, `copy` (layers), `edges` (connections), `values`, `x` and the draws' names.
    """

    variable: str
    code: str
    draws: tuple[Draw, ...] = ()
    low: str | None = None
    high: str | None = None
