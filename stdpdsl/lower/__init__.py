"""From the checked tree to the experiment: the only crossing from syntax to IR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..check import Checked
from ..check.symbols import Component
from ..ir import Connection, Experiment, Initial, Phase
from ..language import ast
from ..language.diagnostics import CompileError
from ..sweep.table import SweepTable
from .additions import Additions, additions
from .connections import ConnectionLowering
from .layers import Extras, lower_layer, set_by_phase
from .measures import lower_measures
from .model_code import Needs
from .precision import in_single
from .recording import lower_phases, lower_records, recorded, variables_set
from .sounds import lower_sounds
from .states import StateLowering, partly_restored
from .stimuli import presented
from .sweeps import lower_sweep
from .synapses import Switches, Synapses
from .values import Values


def lower(checked: Checked, table: SweepTable, after: int = 0) -> Experiment:
    """The experiment of a spec that has passed all checks; its blocks from `after` on are run.
    Raises CompileError for errors that only the evaluated sweep shows."""
    values = Values(checked, table)
    symbols, spec = values.symbols, values.symbols.spec
    run: ast.Run = spec.of(ast.Run)[0]
    phases = lower_phases(values)
    needs = Needs()
    added = additions(values, needs)
    # Connections first, because they tell what they need from their layers.
    lowering = _connections(values, needs, added, phases)
    connections = tuple(connection.lower() for connection in lowering.values())
    layers = tuple(
        lower_layer(values, layer, needs, added.layers.get(layer.name, Extras()))
        for layer in symbols.layers
    )
    phases = _whole_phases(values, phases, lowering, added)
    sounds, filterbanks = lower_sounds(values)
    records = lower_records(values, connections, added)
    if values.problems:
        raise CompileError([*checked.diagnostics, *values.problems])
    experiment = Experiment(
        model=spec.model.id if spec.model else "model",
        doc=spec.doc.text if spec.doc else "",
        seed=table.seed,
        dt=values.number(run.dt, 1e-4),
        sweep=lower_sweep(values),
        columns=tuple(table.columns),
        units=units_of(values, connections),
        rows=table.rows,
        replicates=table.replicates,
        first_replicate=table.first_replicate,
        order=table.order,
        after=after,
        constants=values.parameters(None),
        parameters=tuple((c.name, values.parameters(c)) for c in symbols.components.values()),
        sounds=sounds,
        filterbanks=filterbanks,
        layers=layers,
        connections=connections,
        relays=tuple(added.relays),
        spikes_of=tuple(records.spikes),
        monitors=tuple(records.monitors),
        phases=phases,
        rates=tuple(records.rates),
        events=tuple(records.events),
        spikes_kept={n: k for n, k in records.spikes.items() if k.code()},
        measures=lower_measures(values),
        presented=presented(values),
        said=said_of(values),
        targets=_targets(values),
    )
    return in_single(experiment) if values.single else experiment


def _connections(
    values: Values, needs: Needs, added: Additions, phases: Sequence[Phase]
) -> dict[str, ConnectionLowering]:
    """The object that lowers each connection, by name."""
    switches = Switches(
        frozenset(n for phase in phases for n in phase.frozen),
        frozenset(n for phase in phases for n in phase.off),
        frozenset(n for phase in phases for n in phase.changed) | partly_restored(values),
        recorded(values),
        tuple(phases),
    )
    connections = values.symbols.connections
    return {
        c.name: ConnectionLowering(
            Synapses(values, c, place, len(connections), needs, added, switches)
        )
        for place, c in enumerate(connections)
    }


def _whole_phases(
    values: Values,
    phases: tuple[Phase, ...],
    lowering: dict[str, ConnectionLowering],
    added: Additions,
) -> tuple[Phase, ...]:
    """Phases with what they set, store and restore, and the conditions that end them."""
    if not values.turns:
        return phases
    own = {name: connection.own for name, connection in lowering.items()}
    states = StateLowering(values, own, added)
    return tuple(
        replace(
            phase,
            values=values_set(values, turn.phase, lowering),
            stores=states.stores(turn.phase),
            restores=states.restores(turn.phase),
            until=states.until(turn.phase),
        )
        for phase, turn in zip(phases, values.turns, strict=True)
    )


def _targets(values: Values) -> dict[str, tuple[str, str]]:
    """The component, or `constants`, and the parameter that each column of the sweep sets."""
    return {
        c.name: (c.target[0] or "constants", c.target[1])
        for c in values.symbols.columns.values()
        if c.target
    }


def values_set(
    values: Values, phase: ast.Phase, lowering: dict[str, ConnectionLowering]
) -> tuple[tuple[str, tuple[Initial, ...]], ...]:
    """The variables that a phase sets, by component."""
    found = []
    for name, items in variables_set(values, phase).items():
        component = values.symbols.components[name]
        connection = lowering.get(name)
        found.append(
            (
                name,
                connection.first.set_by_phase(items)
                if connection
                else set_by_phase(values, component, items),
            )
        )
    return tuple(found)


def units_of(values: Values, connections: tuple[Connection, ...]) -> dict[str, str]:
    """Units of the results' columns: those of the sweep, and those of the spec's own measures."""
    symbols = values.symbols
    found = {name: values.unit(symbol) for name, symbol in symbols.measures.items()}
    for column in symbols.columns.values():
        if column.target is None:
            symbol = symbols.globals.get(column.name)
            found[column.name] = values.unit(symbol) if symbol else "1"
            continue
        owner, name = column.target
        if not owner:
            found[column.name] = values.unit(symbols.constants[name])
            continue
        component: Component | None = symbols.components.get(owner)
        if component is None:
            continue
        if name in component.parameters:
            found[column.name] = values.unit(component.parameters[name])
        elif name == "weight":
            found[column.name] = values.unit(component.variables["w"])
        elif name != "preset":
            found[column.name] = {"delay": "second", "rate": "hertz"}.get(name, "1")
    return found


def said_of(values: Values) -> dict[str, str]:
    """Descriptions of what the sweep's columns set, and of the spec's own measures."""
    symbols = values.symbols
    found = {}
    for name, symbol in symbols.measures.items():
        item = symbol.node
        assert isinstance(item, ast.Measure)
        of = f" of {item.component.id}" if item.component else ""
        found[name] = f"{' '.join(item.value.span.text.split())}{of}, a measure of the spec"
    for column in symbols.columns.values():
        match column.target:
            case None:
                found[column.name] = "free column of the sweep"
            case "", name:
                found[column.name] = f"constant {name}"
            case owner, name:
                found[column.name] = f"{name} of {owner}"
    if "replicate" in values.table.columns:
        found["replicate"] = "number of the replicate, a network with draws of its own"
    return found
