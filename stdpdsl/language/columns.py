"""Names of the columns of the results.

No table has two column names that differ only in case, because DuckDB ignores case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

FIXED_COLUMNS = (
    "block",
    "connection",
    "delay",
    "label",
    "layer",
    "neuron",
    "phase",
    "post",
    "pre",
    "stable_after",
    "status",
    "stimulus",
    "stopped_after",
    "t",
    "value",
    "variable",
    "w",
    "w_initial",
)
"""Columns that the tables of any experiment have."""

_BLOCK = ("1", "number of the block, a row of the sweep; empty for what all blocks share")
_PHASE = ("1", "name of the phase")
_SYNAPSE = {
    "pre": ("1", "number of the neuron before the synapse, in its layer and block"),
    "post": ("1", "number of the neuron behind the synapse, in its layer and block"),
}
_NEURON = ("1", "number of the neuron in its layer and block")
COLUMN_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "blocks": {
        "block": ("1", "number of the block, a row of the sweep"),
        "phase": _PHASE,
        "status": ("1", "ok; stable: ended early, as asked; nan or bounds: what has failed"),
    },
    "parameters": {"block": ("1", "number of the block, a row of the sweep"), "phase": _PHASE},
    "weights": {
        "connection": ("1", "name of the connection"),
        "block": _BLOCK,
        **_SYNAPSE,
        "delay": ("s", "axonal and dendritic delay together, in whole time steps"),
        "w_initial": ("", "weight at the start, in the unit of the connection's weight"),
        "w": ("", "weight at the end, in the unit of the connection's weight"),
    },
    "trajectories": {
        "connection": ("1", "name of the connection, if a synapse was recorded"),
        "layer": ("1", "name of the layer, if a neuron was recorded"),
        "variable": ("1", "name of the variable that was recorded"),
        "block": _BLOCK,
        **_SYNAPSE,
        "neuron": _NEURON,
        "phase": _PHASE,
        "t": ("s", "time of the sample, at the start of its time step"),
        "value": ("", "the variable's value, in its SI unit"),
    },
    "spikes": {
        "layer": ("1", "name of the layer"),
        "block": _BLOCK,
        "neuron": _NEURON,
        "phase": _PHASE,
        "t": ("s", "time of the spike, the start of its time step"),
    },
    "responses": {
        "layer": ("1", "name of the layer"),
        "block": _BLOCK,
        "neuron": _NEURON,
        "stimulus": ("1", "number of the stimulus in its sound"),
        "label": ("1", "what the stimulus is"),
        "phase": _PHASE,
        "value": ("hertz", "mean rate of the neuron during the stimulus"),
    },
    "state": {
        "variable": ("1", "variable of an object of the network, or spikes under way"),
        "block": _BLOCK,
        "value": ("", "its value at the end, in its SI unit"),
    },
}
"""(unit, description) of these columns in each table; the unit is empty if it depends on the
row."""

TAKEN = frozenset({*FIXED_COLUMNS, "replicate"})
"""Names that a column of the sweep cannot have, in upper or lower case."""


def column_names(paths: Sequence[str], measured: Iterable[str] = ()) -> dict[str, str]:
    """The names of the sweep's columns in the results, by their dotted names in the spec.

    Only the last part, unless that is the name of another column: one of the sweep, one that every
    table has, or one of `measured` (in lower case). In that case, the whole name.
    """
    last = {path: path.rpartition(".")[2] for path in paths}
    others = TAKEN.union(measured)
    seen = [name.lower() for name in last.values()]
    alone = {n for n in seen if seen.count(n) == 1 and n not in others}
    return {path: name if name.lower() in alone else path for path, name in last.items()}


def state_names(variables: Iterable[str], sweep: Iterable[str]) -> dict[str, str]:
    """The names of a rule's variables in `weights`: `apre` is `apre_state` beside `Apre`."""
    taken = {name.lower() for name in (*FIXED_COLUMNS, *sweep)}
    names: dict[str, str] = {}
    for variable in variables:
        name = variable
        while name.lower() in taken:
            name += "_state"
        taken.add(name.lower())
        names[variable] = name
    return names


def parameter_names(
    paths: Sequence[tuple[str, str]], sweep: Mapping[str, tuple[str, str] | None]
) -> list[str]:
    """The names of parameters in the table `parameters`, by (component, name): as in the language,
    `A1.tau_m`; for a constant, of the component `constants`, only its name.

    `sweep` has what each column of the sweep sets; a column that already has the name is that
    parameter. `_parameter` is added if the name is taken, ignoring case, by a column that every
    table has, by one of the sweep or by another parameter.
    """
    taken = {"block", "phase", "replicate", *(name.lower() for name in sweep)}
    names = []
    for component, parameter in paths:
        name = parameter if component == "constants" else f"{component}.{parameter}"
        if sweep.get(name) == (component, parameter):
            names.append(name)
            continue
        while name.lower() in taken:
            name += "_parameter"
        taken.add(name.lower())
        names.append(name)
    return names
