"""A layer that hears its sound before the network runs: its NeuronGroup in a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir import Every, Experiment, Group, Layer, Parameter
from ..lower.expressions import times_unit
from .equations import printed
from .plain.code import UNITS, names_in
from .plain.integrators import integration
from .templates import fill


def imports_in(text: str) -> str:
    """What the code of a group imports from Brian2."""
    return ", ".join(["NeuronGroup", *dict.fromkeys(["second", *sorted(names_in(text) & UNITS)])])


def nerve_context(layer: Layer, e: Experiment) -> dict[str, Any]:
    bank = next(b for b in e.filterbanks if b.name == layer.drive[0][1])
    group = group_text(layer)
    records = [
        (number, [model for _, model in m.variables], m.every)
        for number, m in enumerate(e.monitors)
        if m.component == layer.name
    ]
    return {
        "name": layer.name,
        "sound": repr(bank.sound),
        "drives": layer.drive,
        "group": group,
        "count": count(layer),
        "imports": imports_in(group),
        "records": records,
    }


def count(layer: Layer) -> str:
    return f"{layer.size} * len(x.replicate_of_copy)"


def group_text(layer: Layer) -> str:
    assert layer.group is not None
    return fill(
        "group.py.j2",
        group=group_context(layer.group),
        name=layer.name,
        assign=f'set_values(group, x.values["{layer.name}"])',
        count=count(layer),
    ).rstrip()


def group_context(group: Group) -> dict[str, Any]:
    arguments = []
    if group.threshold is not None:
        arguments.append(("threshold", quoted([group.threshold])))
        arguments.append(("reset", quoted(group.reset) if group.reset else '""'))
    if group.refractory is not None:
        arguments.append(("refractory", quoted([group.refractory])))
    if group.events:
        events = ", ".join(f'"{e.name}": "{e.condition}"' for e in group.events)
        arguments.append(("events", f"{{{events}}}"))
    arguments += integration(group.integration, single=False)  # it is run in double precision
    extra = []
    for e in group.events:
        when = f'"{e.when or "after_resets"}"'
        if e.when:
            extra.append(f'group.set_event_schedule("{e.name}", when={when}, order={e.order})')
        if e.statements:
            # A pathway of synapses may come between the event and what follows it.
            order = e.order + 2 if e.when else e.order
            code = quoted(e.statements)
            extra.append(f'group.run_on_event("{e.name}", {code}, when={when}, order={order})')
    extra += [run_regularly("group", item, f'"{item.name}"') for item in group.every]
    return {
        "equations": list(map(printed, group.equations)),
        "arguments": arguments,
        "extra": extra,
        "namespace": namespace(group.namespace, group.functions),
    }


def namespace(parameters: Sequence[Parameter], functions: Sequence[str]) -> str:
    items = [f"**{name}()" for name in functions]
    items += [f'"{p.name}": {times_unit(p.code, p.unit)}' for p in parameters]
    return "{" + ", ".join(items) + "}"


def run_regularly(owner: str, item: Every, name: str) -> str:
    period = "dt" if item.period == "DT" else f"{item.period} * second"
    return (
        f"{owner}.run_regularly({quoted(item.statements)}, dt={period},"
        f' when="{item.when}", order={item.order}, name={name})'
    )


def quoted(lines: Sequence[str], indent: int = 4) -> str:
    """Brian2 code as a string literal: one line, or a block of lines."""
    if len(lines) == 1:
        return f'"{lines[0]}"'
    space = " " * indent
    return '"""' + "".join(f"\n{space}{line}" for line in lines) + f'\n{space}"""'
