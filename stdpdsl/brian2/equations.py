"""Equations as lines of a Brian2 model, and what they tell about its variables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..ir import Connection, Equation, Group


def printed(e: Equation) -> str:
    """One line of a model."""
    left = {"differential": f"d{e.name}/dt = ", "computed": f"{e.name} = ", "stored": e.name}
    return f"{left[e.kind]}{e.rhs} : {e.unit}{flags_of(e)}"


def flags_of(e: Equation) -> str:
    """The end of a line."""
    return f" ({', '.join(e.flags)})" if e.flags else ""


def unit_in(equations: Sequence[Equation], variable: str) -> str:
    """The unit with which a model declares a variable."""
    return next(e.unit for e in equations if e.name == variable)


def is_computed(equations: Sequence[Equation], variable: str) -> bool:
    """Whether a variable is computed from others wherever it is read."""
    return any(e.name == variable and e.kind == "computed" for e in equations)


def stored(equations: Sequence[Equation]) -> list[str]:
    """The variables that a neuron stores and that its equations or statements change."""
    kept = ((), ("unless refractory",))
    return [e.name for e in equations if e.kind != "computed" and e.flags in kept]


def updated(c: Connection) -> list[str]:
    """The variables of synapses that change between events: `x__now` is their present value; when a
    phase ends, `x__then` stores it."""
    names = {e.name for e in c.equations}
    return [name for name in c.state if f"{name}__then" in names]


def code_of(part: Group | Connection) -> Iterator[str]:
    """Every expression and statement of a model, in Brian2's language."""
    yield from (e.rhs for e in part.equations if e.rhs)
    if isinstance(part, Group):
        yield from part.reset
        yield from filter(None, (part.threshold, part.refractory))
        for event in part.events:
            yield from (event.condition, *event.statements)
    else:
        for pathway in part.pathways:
            yield from pathway.statements
    for item in part.every:
        yield from item.statements
