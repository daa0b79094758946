"""`network(state)` of a plain script: its Brian2 objects, their data, the Network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ...ir import Connection, Experiment
from .audio import AudioCode
from .code import Code, units_in, uses
from .groups import given_spikes, neurons, phase_ends
from .layout import WIDTH, block, call, statement
from .monitors import monitors
from .names import Names
from .network_parts import NetworkParts
from .run_phases import RunCode
from .synapses import connections, in_order, ports


def network_functions(
    e: Experiment, code: Code, names: Names, audio: AudioCode, by_block: frozenset[str]
) -> tuple[str, str]:
    """The bodies of network(state) and of run(net, state), including imports."""
    parts = NetworkParts(e, code, names, audio, by_block)
    body = "\n".join(block(network_lines(parts), 4))
    imported = sorted({*parts.classes, *units_in(f"def f():\n{body}"), "second"}, key=str.lower)
    run = ["from brian2 import second", "", *RunCode(e, by_block).lines()]
    return "\n".join([*imported_from_brian2(imported), "", body]), "\n".join(block(run, 4))


def imported_from_brian2(names: Sequence[str]) -> list[str]:
    line = f"from brian2 import {', '.join(names)}"
    if len(line) <= WIDTH - 4:
        return [f"    {line}"]
    return statement(f"from brian2 import ({', '.join(names)})", 4)


def by_block_of(e: Experiment, lowering: str) -> frozenset[str]:
    """The connections with a separate Synapses object for each block. What a phase changes has to
    be a variable."""
    if lowering != "namespace":
        return frozenset()
    changed = {name for phase in e.phases for name in phase.changed}
    return frozenset(c.name for c in e.connections if c.name not in changed and not c.single)


def network_lines(parts: NetworkParts) -> list[str]:
    """The body of network(state), without imports."""
    layers = parts.e.layers
    return [
        "dt = DT*second",
        *given_spikes(parts, [layer.name for layer in layers if layer.kind != "neurons"]),
        *neurons(parts, [layer for layer in layers if layer.kind == "neurons"]),
        *connections(parts),
        *ports(parts),
        *phase_ends(parts),
        *in_order(parts.pathways),
        "",
        *states(parts),
        *links(parts),
        *result(parts),
    ]


# The data of objects


def states(parts: NetworkParts) -> list[str]:
    """Make synapses, and set the variables of all objects."""
    synapses, groups = [*parts.synapses, *parts.scalers], parts.groups
    sure = all(has_synapses(parts, c) for c in parts.e.connections)

    others = '("N", "i", "j")' if synapses and groups else '("i", "j")' if synapses else '("N",)'

    def make(name: str, key: str) -> list[str]:
        return connecting(name, key, sure)

    def set_all(name: str, key: str) -> list[str]:
        return setting(name, key, others)

    if groups:
        found = each(parts, "synapses", synapses, make)
        found += each(parts, "group", [*groups, *synapses], set_all)
    else:
        found = each(parts, "synapses", synapses, lambda *of: make(*of) + set_all(*of))
    return [*found, *delays(parts)]


def connecting(name: str, key: str, sure: bool) -> list[str]:
    """Make synapses from the state `key`; `sure`: there are some."""
    if sure:
        return [f'{name}.connect(i=state[{key}]["i"], j=state[{key}]["j"])']
    return [
        f'i, j = state[{key}]["i"], state[{key}]["j"]',
        "if len(i):",
        f"    {name}.connect(i=i, j=j)",
        "else:",
        f"    {name}.connect(False)",
    ]


def setting(name: str, key: str, others: str) -> list[str]:
    """Set variables, except these."""
    return [
        f"values = {{k: v for k, v in state[{key}].items() if k not in {others}}}",
        f"{name}.set_states(values, units=False)",
    ]


def delays(parts: NetworkParts) -> Iterator[str]:
    """Set the delays of pathways."""
    found: dict[str, list[str]] = {}  # pathway: connections
    for c in parts.e.connections:
        for p in c.pathways:
            if p.delay:
                name = parts.names.of(c.name)
                found.setdefault(p.name, []).append(
                    f"*{name}" if c.name in parts.by_block else name
                )
    for pathway, names in found.items():

        def delay(name: str, key: str, pathway: str = pathway) -> list[str]:
            whole = f'{key[:-1]}.{pathway}"' if key[-1] == '"' else f'{key} + ".{pathway}"'
            return [f"{name}.{pathway}.set_states(state[{whole}], units=False)"]

        yield from each(parts, "synapses", names, delay)


def has_synapses(parts: NetworkParts, c: Connection) -> bool:
    """Whether a connection certainly has synapses, or has objects only for blocks with synapses."""
    sizes = parts.layers[c.pre].size, parts.layers[c.post].size
    return (
        c.name in parts.by_block
        or (not c.pairs and c.choose in ("True", "i == j"))
        or (not c.pairs and c.choose == "i != j" and max(sizes) > 1)
        or uses(c.choose, "lowest")
    )


def links(parts: NetworkParts) -> Iterator[str]:
    for layer in parts.e.layers:
        for link in layer.group.links if layer.group else ():
            parts.classes.add("linked_var")
            target, source = parts.names.of(layer.name), parts.names.of(link.layer)
            index = f'state["{layer.name}.{link.variable}"]'
            linked = f'linked_var({source}, "{link.source}", index={index})'
            yield f"{target}.{link.variable} = {linked}"


def each(
    parts: NetworkParts, kind: str, names: Sequence[str], code: Callable[[str, str], list[str]]
) -> list[str]:
    """Lines for objects, from the name of each and the key of its state; in a loop if there are
    several."""
    if not names:
        return []
    if len(names) == 1 and names[0] in parts.keys:
        return code(names[0], f'"{parts.keys[names[0]]}"')
    lines = code(kind, f"{kind}.name")
    return [f"for {kind} in {several(names)}:", *(f"    {line}" for line in lines)]


def several(names: Sequence[str]) -> str:
    """A tuple of names."""
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


# The network ------------------------------------------------------------------------------------


def result(parts: NetworkParts) -> list[str]:
    objects = [*parts.groups, *parts.inputs, *parts.synapses, *parts.scalers, *monitors(parts)]
    if not orders_itself(parts):
        return [call("return Network", objects)]
    return [call("objects = ", objects, "[]"), "in_order(objects)", "return Network(objects)"]


def orders_itself(parts: NetworkParts) -> bool:
    """Whether dependent operations happen in one slot of a step with the same `order`, so that
    Brian2 would sort them by name: groups that read variables of another group, sums of sums, and
    additions of several blocks to one layer."""
    connections = parts.e.connections
    return (
        any(layer.group.links for layer in parts.e.layers if layer.group)
        or sum(len(c.summed) for c in connections) > 1
        or any(c.name in parts.by_block and parts.layers[c.post].shared for c in connections)
    )
