"""Values: parameters, draws, and what variables start from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One value, or one per block where it `varies`. `unit` is Brian2's name of the SI unit.

    `sets`: (number of the phase, code) of what a phase changes it to. `given`: a whole number that
    stands among the network's data, so that it is no part of a compiled program.
    """

    name: str
    code: str
    varies: bool
    unit: str
    sets: tuple[tuple[int, str], ...] = ()
    given: bool = False


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A base draw per element, free of parameters: `kind` uniform or normal; `key` is code of the
    stream's key, to which the copy's replicate is added. `independent`: keyed also by the row."""

    placeholder: str
    kind: str
    key: str
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
