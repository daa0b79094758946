"""The sweep as lines of code that make the `table`."""

from __future__ import annotations

from ..ir import Sweep


def sweep_lines(sweep: Sweep) -> list[str]:
    """The body of the function that makes the table."""
    lines = ["table = {}"]
    if sweep.axes:
        axes = [", ".join(f"{name!r}: {code}" for name, code in axis) for axis in sweep.axes]
        lines = ["table = product(", *(f"    {{{items}}}," for items in axes), ")"]
    names = ", ".join(map(repr, sweep.columns)) + ("," if sweep.columns else "")
    return [*lines, *after_the_axes(sweep), f"return {{name: table[name] for name in ({names})}}"]


def after_the_axes(sweep: Sweep) -> list[str]:
    """Lines that change the table of the axes, in both scripts."""
    zeros = f"np.zeros({sweep.rows})"
    lines = [f"table[{name!r}] = {code} + {zeros}" for name, code in sweep.derived]
    if sweep.where:
        lines.append(f"table = where(table, {sweep.where})")
    if sweep.replicates is not None:
        count, first = sweep.replicates
        lines.append(f"table = replicates(table, {count}{f', {first}' if first else ''})")
    lines += [f"table[{name!r}] = table[{name!r}].astype(int)" for name in sweep.whole]
    return [*lines, *(["table = rows_in_order(table, ORDER)"] if sweep.ordered else [])]
