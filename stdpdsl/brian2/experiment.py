"""Questions about the experiment whose answers combine several of its fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..ir import Connection, Equation, Experiment, Layer, Monitor
from ..language.columns import state_names
from .equations import is_computed, unit_in


def coupling(e: Experiment) -> str:
    """The connections through which blocks influence one another, by name."""
    return ", ".join(c.name for c in e.connections if c.couples)


def spikes(layer: Layer) -> bool:
    """Whether a layer's neurons can spike."""
    return layer.group is None or layer.group.threshold is not None


def computed(e: Experiment) -> list[tuple[str, str]]:
    """(component, variable) of recorded variables that are computed from others. Traces are not
    among them, because they are extrapolated."""
    equations = {x.name: x.group.equations for x in e.layers if x.group and x.kind == "neurons"}
    equations |= {c.name: c.equations for c in e.connections}
    traces = {(c.name, t.now) for c in e.connections for t in c.traces}
    found = {
        (m.component, model): None
        for m in e.monitors
        for _, model in m.variables
        if is_computed(equations.get(m.component, ()), model)
    }
    return [key for key in found if key not in traces]


def kept_at_end(name: str, equations: Sequence[Equation], e: Experiment) -> list[Equation]:
    return [
        Equation(f"{variable}__at_end", "stored", unit_in(equations, variable))
        for component, variable in computed(e)
        if component == name
    ]


def with_values_at_end(c: Connection, e: Experiment) -> Connection:
    """Add variables for the final values of recorded variables that are computed from others."""
    return replace(c, equations=(*c.equations, *kept_at_end(c.name, c.equations, e)))


def state_columns(e: Experiment) -> dict[str, str]:
    """Stored variables besides the weight, by their columns in `weights`."""
    stored = {v: None for c in e.connections for v in c.state if v != c.weight}
    # A rule's `x` has another name in the script if the target has an `x` too.
    said = {name: name.removeprefix("syn__") for name in stored}
    # Parameters of synapses keep their names: beside `Apre`, `apre` gets another name.
    kept = {x.name for c in e.connections for x in c.equations if x.flags == ("constant",)}
    ordered = sorted(said, key=lambda name: name not in kept)
    columns = state_names(dict.fromkeys(said[name] for name in ordered), list(e.columns))
    return {name: columns[said[name]] for name in stored}


def records_weight(m: Monitor, c: Connection) -> bool:
    """Whether a record line samples a connection's weight, perhaps by its extrapolation."""
    now = {t.now: t.name for t in c.traces}
    names = {now.get(model, model) for _, model in m.variables}
    return m.component == c.name and not m.on_layer and c.weight in names
