"""The synapses of a network: connections, ports, and the order of their pathways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...ir import Connection
from ..experiment import with_values_at_end
from .integrators import held, integrated, uses_double
from .layout import call, mapping, quoted_model
from .namespaces import namespace
from .network_parts import NetworkParts
from .normalising import counters, scaler
from .timed_statements import regularly


def connections(parts: NetworkParts) -> list[str]:
    whole = [c for c in parts.e.connections if c.name not in parts.by_block]
    parts.models.note("synapses", {c.name: synapses_arguments(parts, c) for c in whole})
    lines = parts.begun.lines()
    for c in parts.e.connections:
        parts.classes.add("Synapses")
        lines += one_for_each_block(parts, c) if c.name in parts.by_block else one(parts, c)
    return lines


def one(parts: NetworkParts, c: Connection) -> list[str]:
    """A connection that is one Synapses object."""
    name = parts.names.of(c.name)
    model, shared = parts.models.of(synapses_arguments(parts, c), c.name, "synapses")
    arguments = [parts.names.of(c.pre), parts.names.of(c.post), *model, f'name="{c.name}"']
    parts.synapses.append(name)
    parts.keys[name] = c.name
    lines = about(parts, c, name, f'"{c.name}__')
    for n in c.normalise:
        lines += [*counters(parts, n), *scaler(parts, name, f"{name}_{n.name}", c, n)]
        parts.scalers.append(f"{name}_{n.name}")
    return [*shared, call(f"{name} = Synapses", arguments), *lines]


def one_for_each_block(parts: NetworkParts, c: Connection) -> list[str]:
    """A connection with a separate Synapses object for each block."""
    name, target, post = parts.names.of(c.name), parts.names.of(c.post), parts.layers[c.post]
    if c.summed and not post.shared:
        target += f"[{post.size}*b:{post.size}*(b + 1)]"
    label = f'name=f"{c.name}__{{b}}"'
    arguments = [parts.names.of(c.pre), target, *synapses_arguments(parts, c), label]
    parts.synapses.append(f"*{name}")
    lines = [call("synapses = Synapses", arguments)]
    lines += about(parts, c, "synapses", f'f"{c.name}__{{b}}__')
    before: list[str] = []
    for n in c.normalise:
        before += [*counters(parts, n), f"{name}_{n.name} = []"]
        lines += scaler(parts, "synapses", "scaler", c, n)
        lines.append(f"{name}_{n.name}.append(scaler)")
        parts.scalers.append(f"*{name}_{n.name}")
    lines.append(f"{name}.append(synapses)")
    body = [f"    {part}" if part else "" for line in lines for part in line.split("\n")]
    return [*before, f"{name} = []", f'for b in state["blocks of {c.name}"]:', *body]


def synapses_arguments(parts: NetworkParts, c: Connection) -> list[str]:
    """The arguments of a connection's synapses, except its ends and name."""
    apart = c.name in parts.by_block
    equations = [*with_values_at_end(c, parts.e).equations]
    if not apart:
        equations += held(c.varying, shared=False)
    equations += held(c.common, shared=True)
    arguments = [quoted_model(equations)] if equations else []
    for side in ("pre", "post"):
        mine = [p for p in c.pathways if p.side == side]
        if len(mine) == 1 and mine[0].name == side:
            arguments.append(f"on_{side}={parts.begun.quoted(mine[0].statements)}")
        elif mine:
            items = [f'"{p.name}": {parts.begun.quoted(p.statements)}' for p in mine]
            arguments.append(f"on_{side}={mapping(items)}")
    events = ", ".join(f'"{p.name}": "{p.event}"' for p in c.pathways if p.event)
    if events:
        arguments.append(f"on_event={{{events}}}")
    arguments += integrated(c.integration, c.single, c.equations)
    items = parts.namespaces.items(c.namespace, c.functions, uses_double(c))
    return [*arguments, namespace([*items, *(of_block(c) if apart else ())]), "dt=dt"]


def of_block(c: Connection) -> Iterator[str]:
    """Items of a namespace: the values that a block of a connection has to itself."""
    for p in c.varying:
        own = f'state["{c.name}"]["{p.name}"][b]'
        yield f'"{p.name}": {own}{"" if p.unit == "1" else "*" + p.unit}'


def about(parts: NetworkParts, c: Connection, name: str, label: str) -> list[str]:
    """Lines after the synapses are made; `label` is the prefix of the names of their parts."""
    lines = []
    if c.integration:
        lines.append(f"{name}.state_updater.order = -1  # before the groups'")
    lines += [
        f'{name}.summed_updaters["{v}_post"].order = -2  # before the state update'
        for v in c.summed
    ]
    lines += [regularly(parts.code, name, item, f'{label}{item.name}"') for item in c.every]
    if not parts.by_block:
        parts.pathways += [(p.when, p.order, name, p.name) for p in c.pathways]
    else:
        lines += [
            f'{name}.{p.name}.when, {name}.{p.name}.order = "{p.when}", {p.order}'
            for p in c.pathways
        ]
    return lines


def ports(parts: NetworkParts) -> list[str]:
    """Spikes counted in a variable of the target."""
    lines = []
    for r in parts.e.relays:
        name = parts.names.of(r.name)
        parts.synapses.append(name)
        parts.classes.add("Synapses")
        arguments = [
            parts.names.of(r.layer),
            parts.names.of(r.target),
            f'on_pre="{r.counter}_post += 1"',
            "namespace={}",
            "dt=dt",
            f'name="{r.name}"',
        ]
        lines.append(call(f"{name} = Synapses", arguments))
        if parts.by_block:
            lines.append(f"{name}.pre.order = -1")
        else:
            parts.pathways.append(("synapses", -1, name, "pre"))
    return lines


def in_order(pathways: Sequence[tuple[str, int, str, str]]) -> list[str]:
    """The order of the pathways (when, order, synapses, pathway) within a time step."""
    usual = [p[2:] for p in sorted(pathways, key=lambda x: x[1]) if p[0] == "synapses"]
    lines = []
    # By default, Brian2 runs the effects of a presynaptic spike before those of a postsynaptic one.
    if [name for _, name in usual] not in ([], ["pre"], ["post"], ["pre", "post"]):
        lines += [
            f"for order, pathway in enumerate([{', '.join(map('.'.join, usual))}]):",
            "    pathway.order = order  # within a time step",
        ]
    for when, order, synapses, name in pathways:
        if when != "synapses":
            pathway = f"{synapses}.{name}"
            lines.append(f'{pathway}.when, {pathway}.order = "{when}", {order}')
    return lines
