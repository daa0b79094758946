"""What the script of a run saves, through calls of the runtime's `Saving`."""

from __future__ import annotations

from ..ir import Connection, Experiment, Monitor
from .equations import stored
from .experiment import records_weight, spikes, state_columns


def saving_calls(e: Experiment) -> list[str]:
    calls = []
    columns = state_columns(e)
    for layer in e.layers:
        items = [
            repr(layer.name),
            str(layer.size),
            str(layer.shared),
            str(spikes(layer)),
            str(layer.name in e.spikes_of),
        ]
        if layer.name in e.spikes_kept:
            items.append(f"kept=dict({e.spikes_kept[layer.name].code()})")
        if layer.kind == "neurons":
            assert layer.group is not None
            items.append(f"states={stored(layer.group.equations)!r}")
        else:
            items.append(f"spikes=x.spikes[{layer.name!r}]")
        calls.append(f"saving.layer({', '.join(items)})")
    for c in e.connections:
        states = {v: columns.get(v, v) for v in c.state}
        bounds = "None" if c.bounds is None else f"lambda edges, p: ({c.bounds[0]}, {c.bounds[1]})"
        held = ", held=True" if c.held else ""
        calls.append(
            f"saving.connection({c.name!r}, {c.weight!r}, {states!r}, {traces_code(c)},"
            f" {bounds}{held})"
        )
    for number, m in enumerate(e.monitors):
        calls.append(samples_call(number, m, e))
    for event in e.events:
        layer = next(x for x in e.layers if x.name == event.layer)
        kept = f", kept=dict({event.kept.code()})" if event.kept.code() else ""
        calls.append(
            f"saving.events({event.layer!r}, {event.event!r}, {event.monitor!r}, {layer.size},"
            f" {layer.shared}{kept})"
        )
    for r in e.rates:
        layer = next(x for x in e.layers if x.name == r.layer)
        given = f", spikes=x.spikes[{layer.name!r}]" if layer.kind != "neurons" else ""
        kept = f", kept=dict({r.kept.code()})" if r.kept.code() else ""
        calls.append(
            f"saving.rate({r.variable!r}, {layer.name!r}, {layer.size}, {layer.shared},"
            f" {r.every!r}{given}{kept})"
        )
    return calls


def traces_code(c: Connection) -> str:
    items = (f"{t.name!r}: lambda s, edges, t: {t.code}" for t in c.traces)
    return "{" + ", ".join(items) + "}"


def samples_call(number: int, m: Monitor, e: Experiment) -> str:
    kept = m.kept.code("neurons", "start", "stop", "phases")
    kept = f", kept=dict({kept})" if kept else ""
    if m.on_layer:
        layer = next(x for x in e.layers if x.name == m.component)
        return (
            f"saving.layer_samples({number}, {m.component!r}, {layer.size}, {layer.shared},"
            f" {list(m.variables)!r}{kept})"
        )
    c = next(x for x in e.connections if x.name == m.component)
    weight = f", weight={c.weight!r}" if records_weight(m, c) else ""
    return (
        f"saving.connection_samples({number}, {m.component!r}, {list(m.variables)!r},"
        f" {traces_code(c)}{weight}{kept})"
    )
