"""Tables that drive layers, in a plain script.

`initial(table)` makes `state["I__A"]`: rows that are `every` s apart, or one for each step on the
straight lines between them. In `network(state)` they are a `TimedArray`, whose columns are neurons.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...ir import Layer, Table
from ...lower.expressions import times_unit
from .code import Code, quantity


def with_tables(layer: Layer, equations: Iterable[str]) -> list[str]:
    """The equations of a layer; what tables drive is a function of time and column."""
    tables = {t.variable: t for t in layer.tables}
    found = []
    for line in equations:
        variable, _, unit = line.partition(" : ")
        if variable in tables:
            t = tables[variable]
            unit = unit.partition(" (")[0]
            signal = times_unit(f"{t.name}(t, {t.column})", unit)
            line = f"{variable} = {signal} : {unit} (constant over dt)"
        found.append(line)
    return found


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
