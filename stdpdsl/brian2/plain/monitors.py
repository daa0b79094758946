"""The monitors of a network: of spikes, of recorded variables, and of events."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir import Monitor
from ..experiment import spikes
from .code import quantity
from .layout import call
from .network_parts import NetworkParts


def monitors(parts: NetworkParts) -> list[str]:
    """The code for each monitor."""
    return [*spike_monitors(parts), *state_monitors(parts), *event_monitors(parts)]


def spike_monitors(parts: NetworkParts) -> Iterator[str]:
    for layer in parts.e.layers:
        if layer.kind == "neurons" and spikes(layer):
            parts.classes.add("SpikeMonitor")
            few = layer.name not in parts.e.timed and len(parts.e.phases) == 1
            counts = ["record=False"] if few else []
            arguments = [parts.names.of(layer.name), *counts, f'name="{layer.name}__spikes"']
            yield call("SpikeMonitor", arguments)


def state_monitors(parts: NetworkParts) -> Iterator[str]:
    for number, m in enumerate(parts.e.monitors):
        if not m.on_layer or parts.layers[m.component].kind == "neurons":
            parts.classes.add("StateMonitor")
            yield state_monitor(parts, number, m)


def state_monitor(parts: NetworkParts, number: int, m: Monitor) -> str:
    """One monitor, or one for each block."""
    variables = [model for _, model in m.variables]
    shown = f'"{variables[0]}"' if len(variables) == 1 else repr(variables).replace("'", '"')
    shared = m.on_layer and parts.layers[m.component].shared
    whole = m.kept.neurons is None and (m.blocks is None or shared)
    record = "True" if whole else f'state["record__{number}"]'
    every = f"dt={quantity(repr(m.every), 'second')}"
    name = parts.names.of(m.component)
    if m.component not in parts.by_block:
        arguments = [name, shown, f"record={record}", every, f'name="record__{number}"']
        return call("StateMonitor", arguments)
    blocks = f'state["blocks of {m.component}"]'
    some = "" if whole else f" if b in {record}"
    arguments = ["s", shown, "record=True", every, f'name=f"record__{number}_{{s.name}}"']
    return f"*[{call('StateMonitor', arguments)} for b, s in zip({blocks}, {name}){some}]"


def event_monitors(parts: NetworkParts) -> Iterator[str]:
    for event in parts.e.events:
        parts.classes.add("EventMonitor")
        arguments = [parts.names.of(event.layer), f'"{event.event}"', f'name="{event.monitor}"']
        yield call("EventMonitor", arguments)
