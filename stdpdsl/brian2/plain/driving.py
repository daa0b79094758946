"""Tables that drive layers, in a plain script.

`initial(table)` makes `state["I__A"]`: rows that are `every` s apart, or linearly interpolated
rows, one for each step. In `network(state)` they are a `TimedArray`, whose columns are neurons.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...ir import Equation, Layer, Table
from ...lower.expressions import times_unit
from .code import Code, quantity


def with_tables(layer: Layer, equations: Iterable[Equation]) -> list[Equation]:
    """The equations of a layer. What a table drives is a function of time and column."""
    signals = {t.variable: f"{t.name}(t, {t.column})" for t in layer.tables}
    return [driven_by(e, signals[e.name]) if e.name in signals else e for e in equations]


def driven_by(e: Equation, signal: str) -> Equation:
    """A variable that is a function of time, in SI."""
    rhs = times_unit(signal, e.unit)
    return Equation(e.name, "computed", e.unit, rhs=rhs, flags=("constant over dt",))


def timed_arrays(layer: Layer) -> list[str]:
    """Items of a layer's namespace."""
    return [
        f'"{t.name}": TimedArray(state["{t.name}"], '
        f"{'dt' if t.linear else quantity(repr(t.every), 'second')})"
        for t in layer.tables
    ]


def table_lines(code: Code, t: Table, count: str) -> list[str]:
    """The lines that make the state of a table; `count` gives `i` and `block` of each neuron."""
    rows = code.show(t.code, {"copy": "block"})
    function = "lines_in_time" if t.linear else "rows_in_time"
    repeat = ", repeat=True" if t.repeat else ""
    lines = [f"i, block = {count}"] if t.each else []
    return [*lines, f'state["{t.name}"] = {function}({rows}, {t.every!r}, DT, STEPS{repeat})']
