"""What the columns of the results are called.

No table has two columns whose names differ in case only, because DuckDB ignores case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

FIXED_COLUMNS = (
    "block", "connection", "delay", "label", "layer", "neuron", "phase", "post", "pre",
    "stable_after", "status", "stimulus", "t", "value", "variable", "w", "w_initial",
)  # fmt: skip
"""Columns that the tables of any experiment have."""

TAKEN = frozenset({*FIXED_COLUMNS, "replicate"})
"""Names that a column of the sweep cannot have, in upper or lower case."""


def column_names(paths: Sequence[str], measured: Iterable[str] = ()) -> dict[str, str]:
    """What the sweep's columns are called in the results, by their dotted names in the spec.

    The last part alone; the whole where that is the name of another column: one of the sweep, one
    that every table has, or one of `measured` (in lower case).
    """
    last = {path: path.rpartition(".")[2] for path in paths}
    others = TAKEN.union(measured)
    seen = [name.lower() for name in last.values()]
    alone = {n for n in seen if seen.count(n) == 1 and n not in others}
    return {path: name if name.lower() in alone else path for path, name in last.items()}


def state_names(variables: Iterable[str], sweep: Iterable[str]) -> dict[str, str]:
    """What a rule's variables are called in `weights`: `apre` is `apre_state` beside `Apre`."""
    taken = {name.lower() for name in (*FIXED_COLUMNS, *sweep)}
    names: dict[str, str] = {}
    for variable in variables:
        name = variable
        while name.lower() in taken:
            name += "_state"
        taken.add(name.lower())
        names[variable] = name
    return names
