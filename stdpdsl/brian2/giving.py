"""Initial state of a network: code that fills `given` in stdpdsl/runtime/given.py."""

from __future__ import annotations

from ..ir import Connection, Experiment, Layer, Link, Normalisation, Table
from .plain.audio import AudioCode, banks_of


def block_size(c: Connection, post: Layer, by_block: bool) -> int:
    """The number of neurons in the target of one block's object, 0 if the target has all. Brian2
    lets only one object write a sum."""
    return post.size if by_block and c.summed and not post.shared else 0


def normaliser_values(n: Normalisation) -> dict[str, str | None]:
    return {"goal": n.goal, "low": n.low, "high": n.high}


def give_normaliser_calls(c: Connection, n: Normalisation, e: Experiment) -> list[str]:
    """What the normaliser's counters are given, at the start and by phases."""
    calls = []
    phases: dict[str, int] = {"": 0}
    for number, phase in enumerate(e.phases):
        if c.name in phase.starts and c.name in phase.sets:
            phases.setdefault(phase.key(c.name), number)
    for phase_key, number in phases.items():
        own = f", p=parameters(row, {number})" if phase_key else ""
        items = ", ".join(
            f"{name}=lambda i, copy{own}: {code}"
            for name, code in normaliser_values(n).items()
            if code is not None
        )
        call = f'give_normaliser(given, x, "{n.name}", "{c.name}", "{n.side}", {n.size}, {items}'
        calls.append(f'{call}, phase="{phase_key}")' if phase_key else f"{call})")
    return calls


def links(e: Experiment) -> list[tuple[Layer, Link]]:
    return [
        (layer, item) for layer in e.layers for item in (layer.group.links if layer.group else ())
    ]


def give_calls(e: Experiment, audio: AudioCode) -> list[str]:
    """What the network is given besides layers and connections."""
    heard = {bank.name: bank.sound for bank in e.filterbanks}
    layers = {layer.name: layer for layer in e.layers}
    calls = [
        f"give_draw_key(given, {', '.join(map(repr, p.key))}, 0)"
        for parameters in (
            *(x.group.namespace for x in e.layers if x.group and x.kind == "neurons"),
            *(c.namespace for c in e.connections),
        )
        for p in parameters
        if p.given
    ]
    calls += [f'give_relay(given, x, "{r.name}", "{r.layer}", "{r.target}")' for r in e.relays]
    calls += [
        f'give_link(given, x, "{layer.name}", "{item.variable}", "{item.layer}")'
        for layer, item in links(e)
    ]
    for c in e.connections:
        for n in c.normalise:
            calls += give_normaliser_calls(c, n, e)
    for number, m in enumerate(e.monitors):
        if not m.on_layer or layers[m.component].kind == "neurons":
            blocks = "None" if m.blocks is None else repr(list(m.blocks))
            neurons = m.kept.code("neurons")
            calls.append(
                f'give_samples(given, x, {number}, "{m.component}", {blocks}'
                f"{', ' if neurons else ''}{neurons})"
            )
    for layer in e.layers:
        for bank in banks_of(layer) if layer.kind == "neurons" else ():
            calls.append(
                f'give_drive(given, x, "{layer.name}", "{bank}", filterbank_{bank}, p, sounds,'
                f" rate_of({heard[bank]!r}, sounds), differs={audio.by_replicate(bank)},"
                f" column={bool(audio.column(layer))})"
            )
    if e.endings:
        ends = ", ".join(
            f"({p.until.every!r}, lambda p: {p.until.goal}, {number})"
            for number, p in enumerate(e.phases)
            if p.until
        )
        calls.append(
            f"give_endings(given, x, [{ends}], lambda number: parameters(row, number), row)"
        )
    calls += [give_table_call(t) for layer in e.layers for t in layer.tables]
    return calls


def give_table_call(t: Table) -> str:
    rows = f'each_neuron(x, "{t.layer}", lambda i, copy: {t.code})' if t.each else t.code
    return (
        f'give_table(given, x, "{t.name}", "{t.layer}", {rows}, {t.every!r}'
        f"{', linear=True' if t.linear else ''}{', repeat=True' if t.repeat else ''})"
    )
