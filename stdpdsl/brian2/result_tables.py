"""The tables of a run: their columns, and their descriptions in the metadata."""

from __future__ import annotations

from typing import Any

from ..ir import Experiment
from ..language.builtins import layer_measures, weight_measures
from .documented import documented, parameter_columns
from .equations import unit_in
from .experiment import records_weight, spikes, state_columns


def tables(e: Experiment, until_stable: bool, keep_state: bool) -> dict[str, Any]:
    """The tables that this experiment writes, with the columns specific to it."""
    own = {"stable_after": "float64"} if until_stable else {}
    own |= {"stopped_after": "float64"} if e.endings else {}
    found: dict[str, dict[str, str]] = {"blocks": own | measure_columns(e)}
    if any(c.state for c in e.connections):
        found["weights"] = {
            column: "int64" if column == "synapse_number" else "float64"
            for column in sorted(set(state_columns(e).values()))
        }
    if e.monitors or e.rates:
        names = {m.component for m in e.monitors}
        several = any(c.many > 1 and c.name in names for c in e.connections)
        found["trajectories"] = {"synapse_number": "int64"} if several else {}
    if e.spikes_of or e.events:
        found["spikes"] = {}
    if e.spikes_of and e.presented:
        found["responses"] = {}
    if keep_state:
        found["state"] = {}
    sets = any(phase.sets for phase in e.phases)
    of_parameters = [column for _, _, column, _ in parameter_columns(e)]
    own_parameters = {c: "float64" for c in of_parameters if c not in e.columns}
    found["parameters"] = own_parameters | ({"phase": "str"} if sets else {})
    units = e.units | {name: "s" for name in own}
    return {
        "tables": repr(found),
        "units": repr(units),
        "documented": repr(documented(e, found, units, *units_of_synapses(e))),
        "network": repr(network_said(e)),
        "parameter_columns": repr([(g, n, c) for g, n, c, _ in parameter_columns(e)]),
        "parameter_phases": f"range({len(e.phases)})" if sets else "(0,)",
        "phase_names": ', [phase["name"] for phase in PHASES]' if sets else "",
    }


def units_of_synapses(e: Experiment) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """The unit of each connection's weight, and name and unit of the other variables, by column."""
    weights = {c.name: unit_in(c.equations, c.weight) for c in e.connections if c.weight}
    columns = state_columns(e)
    variables = {
        columns[v]: (v.removeprefix("syn__"), unit_in(c.equations, v))
        for c in e.connections
        for v in c.state
        if v != c.weight
    }
    return weights, variables


def network_said(e: Experiment) -> dict[str, Any]:
    """The layers and connections, described for readers of the results: sizes, ends, and the units
    of what is saved, by COMPONENT.COLUMN or COMPONENT.VARIABLE."""
    weights, _ = units_of_synapses(e)
    columns = state_columns(e)
    units = {f"{name}.w": unit for name, unit in weights.items()}
    equations = {x.name: x.group.equations for x in e.layers if x.group}
    for c in e.connections:
        equations[c.name] = c.equations
        for variable in c.state:
            if variable != c.weight:
                units[f"{c.name}.{columns[variable]}"] = unit_in(c.equations, variable)
    for m in e.monitors:
        for shown, model in m.variables:
            units[f"{m.component}.{shown}"] = unit_in(equations[m.component], model)
    units |= {f"{r.layer}.{r.variable}": "hertz" for r in e.rates}
    return {
        "layers": {
            x.name: {
                "size": x.size,
                "shared": x.shared,
                "recorded": x.name in e.spikes_of and x.name not in e.spikes_kept,
                **({"kept": e.spikes_kept[x.name].said()} if x.name in e.spikes_kept else {}),
            }
            for x in e.layers
        },
        "connections": {
            c.name: {"pre": c.pre, "post": c.post, "shared": c.shared} for c in e.connections
        },
        "units": units,
    }


def measure_columns(e: Experiment) -> dict[str, str]:
    columns: list[str] = []
    for c in e.connections:
        if c.weight:
            recorded = any(records_weight(m, c) for m in e.monitors)
            columns += [f"{c.name}_{end}" for end in weight_measures(bool(c.bounds), recorded)]
    for layer in e.layers:
        if spikes(layer):
            ends = layer_measures(layer.name in e.spikes_of, layer.size > 1, bool(e.presented))
            columns += [f"{layer.name}_{end}" for end in ends]
    kinds = {name: "int64" if name.endswith("_spikes") else "float64" for name in columns}
    return kinds | {m.name: "float64" for m in e.measures}
