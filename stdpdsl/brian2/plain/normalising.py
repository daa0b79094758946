"""Counters that sum weights and then scale them, and the synapses that connect them to the
weights."""

from __future__ import annotations

from ...ir import Connection, Equation, Normalisation, constant
from .layout import call, mapping, quoted, quoted_model
from .network_parts import NetworkParts
from .timed_statements import shown_time


def counters(parts: NetworkParts, n: Normalisation) -> list[str]:
    """The group of counters."""
    name = parts.names.of(n.name)
    parts.classes |= {"NeuronGroup", "Synapses", "BrianLogger"}
    values = [v for v, code in (("goal", n.goal), ("low", n.low), ("high", n.high)) if code]
    model = [Equation("total", "stored", n.unit), *(constant(v, n.unit) for v in values)]
    model += [constant("learning", "1")] if n.gated else []
    parts.groups.append(name)
    parts.keys[name] = n.name
    arguments = [
        f'state["{n.name}"]["N"]',
        quoted_model(model),
        'threshold="True"',
        'reset="total = 0*total"',
        "namespace={}",
        f"dt={shown_time(parts.code, n.period)}",
        f'name="{n.name}"',
    ]
    spike = f'{name}.%s["spike"]'
    return [
        'BrianLogger.suppress_name("synapses_dt_mismatch")  # there is no delay to round',
        call(f"{name} = NeuronGroup", arguments),
        *(
            f'{spike % part}.when, {spike % part}.order = "end", {n.order + place}'
            for part, place in (("thresholder", 0), ("resetter", 3))
        ),
    ]


def scaler(
    parts: NetworkParts, synapses: str, name: str, c: Connection, n: Normalisation
) -> list[str]:
    """The synapses between counters and the synapses whose weights they scale."""
    apart = c.name in parts.by_block
    label = f'name=f"{c.name}__{{b}}__{n.name}"' if apart else f'name="{c.name}__{n.name}"'
    pathways = [f'"add": {quoted([n.add])}', f'"scale": {quoted([n.scale])}']
    arguments = [
        parts.names.of(n.name),
        synapses,
        f"on_pre={mapping(pathways)}",
        "namespace={}",
        f"dt={shown_time(parts.code, n.period)}",
        label,
    ]
    return [
        call(f"{name} = Synapses", arguments),
        "# each weight has one counter",
        f'{name}.variables["_synaptic_post"].unique = True',
        f'{name}.add.when, {name}.add.order = "end", {n.order + 1}',
        f'{name}.scale.when, {name}.scale.order = "end", {n.order + 2}',
    ]
