"""How groups and synapses are written: the IR's parts as arguments and calls of Brian2."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..check.exact import Integration
from ..ir import (
    Connection,
    Every,
    Experiment,
    Group,
    Layer,
    Link,
    Normalisation,
    Parameter,
)
from ..lower.expressions import times_unit


def quoted(lines: Sequence[str], indent: int = 4) -> str:
    """Brian2 code as a literal: one line, or a block of lines."""
    if len(lines) == 1:
        return f'"{lines[0]}"'
    space = " " * indent
    return '"""' + "".join(f"\n{space}{line}" for line in lines) + f'\n{space}"""'


def copies(shared: bool) -> str:
    return "x.replicate_of_copy" if shared else "x.replicate_of_block"


def count(layer: Layer) -> str:
    if layer.kind == "driven":
        return f"{layer.size} * len({copies(layer.shared)})"
    return f'given["{layer.name}.N"]'


def held(parameters: Iterable[Parameter], shared: bool) -> list[str]:
    """Equations of parameters that an object holds: for each element, or for all that it has."""
    flags = "constant, shared" if shared else "constant"
    return [f"{p.name} : {p.unit} ({flags})" for p in parameters]


def types(name: str, part: Group | Connection) -> list[tuple[str, str]]:
    """The argument that says which variables are held in single precision."""
    each = f'{{variable: np.float32 for variable in SINGLE["{name}"]}}'
    return [("dtype", each)] if part.single else []


def namespace(
    owner: str, parameters: Sequence[Parameter], functions: Sequence[str], index: str = "",
    method: Sequence[tuple[str, str]] = (),
) -> str:
    def value(p: Parameter) -> str:
        if p.given:
            return given_number(owner, p)
        return times_unit(f"at({p.code}, {index})" if p.varies and index else p.code, p.unit)

    items = [f'"{p.name}": {value(p)}' for p in parameters]
    if "exact_in_single" in str(method):
        items.insert(0, "**functions_of_double()")
    items[:0] = [f"**{name}()" for name in functions]
    return "{" + ", ".join(items) + "}"


def given_number(owner: str, p: Parameter) -> str:
    """A number of a component as it stands among the network's data."""
    return f'given["{owner}.{p.name}"]'


# Groups -----------------------------------------------------------------------------------------


def group_context(name: str, group: Group) -> dict[str, Any]:
    arguments = []
    if group.threshold is not None:
        arguments.append(("threshold", quoted([group.threshold])))
        arguments.append(("reset", quoted(group.reset) if group.reset else '""'))
    if group.refractory is not None:
        arguments.append(("refractory", quoted([group.refractory])))
    if group.events:
        events = ", ".join(f'"{e.name}": "{e.condition}"' for e in group.events)
        arguments.append(("events", f"{{{events}}}"))
    method = integration(group.integration, bool(group.single))
    arguments += method
    arguments += types(name, group)
    extra = []
    for e in group.events:
        when = f'"{e.when or "after_resets"}"'
        if e.when:
            extra.append(f'group.set_event_schedule("{e.name}", when={when}, order={e.order})')
        if e.statements:
            # Between the event and what follows it, a pathway of synapses may stand.
            order = e.order + 2 if e.when else e.order
            code = quoted(e.statements)
            extra.append(f'group.run_on_event("{e.name}", {code}, when={when}, order={order})')
    extra += [run_regularly("group", item, f'"{item.name}"') for item in group.every]
    return {
        "equations": (*group.equations, *held(group.common, shared=True)),
        "arguments": arguments, "extra": extra,
        "namespace": namespace(name, group.namespace, group.functions, method=method),
    }  # fmt: skip


def integration(how: Integration, single: bool) -> list[tuple[str, str]]:
    """The arguments that say how equations are integrated."""
    ours = {"exact": "exact_in_single" if single else "exact_by_variable",
            "exponential": "exponential"}  # fmt: skip
    parts = []
    for method, names in how.parts:
        text = ours.get(method) or f'"{method}"'
        equal = [pair for pair in how.equal if method == "exact" and {*pair} <= {*names}]
        parts.append((f"at_equal_rates({text}, {equal})" if equal else text, list(names)))
    if len(parts) < 2:
        return [("method", parts[0][0] if parts else ours["exact"])]
    listed = ", ".join(f"({method}, {names})" for method, names in parts)
    return [("method", "by_variable"), ("method_options", f'{{"parts": [{listed}]}}')]


def run_regularly(owner: str, item: Every, name: str) -> str:
    period = "dt" if item.period == "DT" else f"{item.period} * second"
    return (
        f"{owner}.run_regularly({quoted(item.statements)}, dt={period},"
        f' when="{item.when}", order={item.order}, name={name})'
    )


# Synapses ---------------------------------------------------------------------------------------


def synapses_context(c: Connection, post: Layer, by_block: bool) -> dict[str, Any]:
    equations = list(c.equations)
    method = integration(c.integration, bool(c.single)) if c.integration else []
    assigned = [*c.common]
    if by_block and not c.single:
        externals, index = (*c.namespace, *c.varying), "block"
    else:
        externals, index = c.namespace, ""
        assigned += c.varying
        equations += held(c.varying, shared=by_block)
    equations += held(c.common, shared=True)
    sides = []
    for side in ("pre", "post"):
        mine = [p for p in c.pathways if p.side == side]
        if len(mine) == 1 and mine[0].name == side:
            sides.append((f"on_{side}", quoted(mine[0].statements)))
        elif mine:
            items = ", ".join(f'"{p.name}": {quoted(p.statements)}' for p in mine)
            sides.append((f"on_{side}", f"{{{items}}}"))
    events = ", ".join(f'"{p.name}": "{p.event}"' for p in c.pathways if p.event)
    if events:
        sides.append(("on_event", f"{{{events}}}"))
    extra = [f'schedule(s.{p.name}, "{p.when}", {p.order})' for p in c.pathways]
    extra += [f'delay(s, given, "{p.name}")' for p in c.pathways if p.delay]
    # As in Brian2, sums are taken before any variable moves. Synapses move before their cells: they
    # read them as they stand at the step's start.
    extra += [f's.summed_updaters["{name}_post"].order = -2' for name in c.summed]
    if c.integration:
        extra.append("s.state_updater.order = -1")
    extra += [run_regularly("s", item, f'f"{{name}}_{item.name}"') for item in c.every]
    target = f'objects.groups["{c.post}"]'
    if alone := block_size(c, post, by_block):
        target += f"[block * {alone} : (block + 1) * {alone}]"
    return {
        "source": f'objects.groups["{c.pre}"]', "target": target,
        "assigned": [i.variable for i in c.initial] + [p.name for p in assigned],
        "equations": equations, "sides": [*sides, *types(c.name, c)], "extra": extra,
        "namespace": namespace(c.name, externals, c.functions, index, method),
        "method": method,
    }  # fmt: skip


def block_size(c: Connection, post: Layer, by_block: bool) -> int:
    """Neurons that the object of a block alone has as its target, 0 where it has all: Brian2 lets
    one object alone write a sum."""
    return post.size if by_block and c.summed and not post.shared else 0


def normalise_call(c: Connection, n: Normalisation) -> str:
    values = [name for name, code in normaliser_values(n).items() if code is not None]
    return (
        f'normalise(given, objects, "{n.name}", "{c.name}", {n.period}, "{n.unit}", "{n.add}",'
        f' "{n.scale}", {n.order}, {values}, gated={n.gated})'
    )


def normaliser_values(n: Normalisation) -> dict[str, str | None]:
    return {"goal": n.goal, "low": n.low, "high": n.high}


def give_normaliser_calls(c: Connection, n: Normalisation, e: Experiment) -> list[str]:
    """What its counters are given, at the start and by phases."""
    calls = []
    for number in (0, *(k for k, phase in enumerate(e.phases) if k and c.name in phase.sets)):
        own = f", p=parameters(row, {number})" if number else ""
        items = ", ".join(
            f"{name}=lambda i, copy{own}: {code}"
            for name, code in normaliser_values(n).items()
            if code is not None
        )
        call = f'give_normaliser(given, x, "{n.name}", "{c.name}", "{n.side}", {n.size}, {items}'
        calls.append(f"{call}, phase={number})" if number else f"{call})")
    return calls


def relay_calls(e: Experiment) -> list[str]:
    """Ports: spikes that are counted."""
    return [
        f'relay(given, objects, "{r.name}", "{r.layer}", "{r.target}", "{r.counter}", dt)'
        for r in e.relays
    ]


def link_calls(e: Experiment) -> list[str]:
    """Ports: variables of other layers. After the synapses, for Brian2 makes no subgroup of a group
    that has such a variable."""
    return [
        f'link(given, objects, "{layer.name}", "{item.variable}", "{item.layer}", "{item.source}")'
        for layer, item in links(e)
    ]


def links(e: Experiment) -> list[tuple[Layer, Link]]:
    return [
        (layer, item) for layer in e.layers for item in (layer.group.links if layer.group else ())
    ]


def give_calls(e: Experiment) -> list[str]:
    """What the network is given besides layers and connections."""
    heard = {bank.name: bank.sound for bank in e.filterbanks}
    layers = {layer.name: layer for layer in e.layers}
    calls = [
        f"{given_number(owner, p)} = {p.code}"
        for owner, parameters in (
            *((x.name, x.group.namespace) for x in e.layers if x.group and x.kind == "neurons"),
            *((c.name, c.namespace) for c in e.connections),
        )
        for p in parameters if p.given
    ]  # fmt: skip
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
            calls.append(f'give_samples(given, x, {number}, "{m.component}", {blocks})')
    calls += [
        f'give_drive(given, x, "{layer.name}", "{variable}", filterbank_{bank}, p, sounds,'
        f" rate_of({heard[bank]!r}, sounds))"
        for layer in e.layers if layer.kind == "neurons" for variable, bank in layer.drive
    ]  # fmt: skip
    return calls
