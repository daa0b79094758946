"""The groups of a network: layers of neurons, given spikes, and the ends of phases."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import Equation, Layer, constant
from ...runtime.ran import ENDS
from ..experiment import kept_at_end
from .driving import timed_arrays, with_tables
from .integrators import held, integrated, uses_double
from .layout import call, mapping, quoted, quoted_model
from .namespaces import namespace
from .network_parts import NetworkParts
from .timed_statements import at_events, regularly


def given_spikes(parts: NetworkParts, layers: Sequence[str]) -> list[str]:
    """Groups of spikes that are given."""
    if not layers:
        return []
    parts.classes.add("SpikeGeneratorGroup")
    names = [parts.names.of(layer) for layer in layers]
    parts.inputs += names
    if len(layers) == 1:
        key = f'state["{layers[0]}"]'
        arguments = [
            f'{key}["N"]',
            f'{key}["i"]',
            f'{key}["t"]*second',
            "dt=dt",
            "sorted=True",
            f'name="{layers[0]}"',
        ]
        return [call(f"{names[0]} = SpikeGeneratorGroup", arguments)]
    shown = ", ".join(f'"{layer}"' for layer in layers)
    group = 'state[n]["N"], state[n]["i"], state[n]["t"]*second, dt=dt, sorted=True, name=n'
    return [f"{', '.join(names)} = (SpikeGeneratorGroup({group}) for n in ({shown}))"]


def neurons(parts: NetworkParts, layers: Sequence[Layer]) -> list[str]:
    """Groups of neurons."""
    parts.models.note("groups", {x.name: group_arguments(parts, x) for x in layers})
    return [line for layer in layers for line in neuron_group(parts, layer)]


def neuron_group(parts: NetworkParts, layer: Layer) -> list[str]:
    name = parts.names.of(layer.name)
    group = layer.group
    assert group is not None
    parts.classes.add("NeuronGroup")
    parts.groups.append(name)
    parts.keys[name] = layer.name
    model, lines = parts.models.of(group_arguments(parts, layer), layer.name, "groups")
    # Brian2 adds to the events that it is given, so each group gets its own dictionary.
    events = [f'"{e.name}": {quoted([e.condition])}' for e in group.events]
    own = [f"events={mapping(events)}"] if events else []
    arguments = [f'state["{layer.name}"]["N"]', *model, *own, f'name="{layer.name}"']
    return [
        *lines,
        call(f"{name} = NeuronGroup", arguments),
        *at_events(name, group),
        *(regularly(parts.code, name, item, f'"{item.name}"') for item in group.every),
    ]


def group_arguments(parts: NetworkParts, layer: Layer) -> list[str]:
    """The arguments of a layer's group, except its size and name."""
    group = layer.group
    assert group is not None
    own = parts.audio.equations(layer) if layer.drive else group.equations
    equations = [*with_tables(layer, own), *kept_at_end(layer.name, group.equations, parts.e)]
    equations += held(group.common, shared=True)
    arguments = [quoted_model(equations)]
    if group.threshold is not None:
        arguments += [f"threshold={quoted([group.threshold])}", f"reset={quoted(group.reset)}"]
    if group.refractory is not None:
        arguments.append(f'refractory="{group.refractory}"')
    arguments += integrated(group.integration, group.single, group.equations)
    items = parts.namespaces.items(group.namespace, group.functions, uses_double(group))
    return [*arguments, "dt=dt", namespace([*items, *driven(parts, layer)])]


def driven(parts: NetworkParts, layer: Layer) -> list[str]:
    """Items of the namespace of a layer: the sounds and tables that drive it."""
    if layer.drive or layer.tables:
        parts.classes.add("TimedArray")
    return [*(parts.audio.namespace(layer) if layer.drive else []), *timed_arrays(layer)]


def phase_ends(parts: NetworkParts) -> list[str]:
    """The group that stores when each block ended a phase: one element per such phase and block."""
    if not parts.e.endings:
        return []
    name = parts.names.of(ENDS)
    parts.groups.append(name)
    parts.keys[name] = ENDS
    parts.classes.add("NeuronGroup")
    equations = [
        Equation("stopped", "stored", "integer"),
        constant("goal", "1"),
        constant("every", "1"),
    ]
    arguments = [
        f'state["{ENDS}"]["N"]',
        quoted_model(equations),
        "namespace={}",
        "dt=dt",
        f'name="{ENDS}"',
    ]
    return [call(f"{name} = NeuronGroup", arguments)]
