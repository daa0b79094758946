"""`initial(table)` of a plain script: the initial state of each object of the network."""

from __future__ import annotations

from itertools import takewhile

from .audio import AudioCode
from .layout import WIDTH
from .neuron_values import layer_state
from .phase_values import phase_ends, phase_values
from .ports import ports
from .recorded import recorded
from .synapse_values import connection_state
from .values import Values


def initial_lines(values: Values, audio: AudioCode) -> list[str]:
    """The body of the function, object by object."""
    e, copies = values.e, values.copies
    found = ['B = len(table["block"])']
    if copies.several:
        found.append('replicate = table["replicate"].astype(int)')
        if any(layer.shared for layer in e.layers):
            found.append("shared = np.unique(replicate, return_inverse=True)[1]  # by block")
    drives = audio.drives()
    layers = [line for layer in e.layers for line in layer_state(values, audio, layer)]
    found += ["state = {}", "", *drives, *layers] if drives else begun(layers)
    for c in e.connections:
        found += ["", *connection_state(values, c)]
    more = [*ports(e, copies), *recorded(e, copies), *phase_values(values), *phase_ends(values)]
    return [*found, *([""] if len(more) > 1 else []), *more, "return state"]


def begun(lines: list[str]) -> list[str]:
    """Lines that make the state; the first ones are combined into one dictionary."""
    before = list(takewhile(lambda line: "state[" not in line, lines))
    items = []
    for line in lines[len(before) :]:
        key, _, value = line.removeprefix("state[").partition("] = ")
        if not key.startswith('"') or "state[" in value or len(line) > WIDTH - 10:
            break
        items.append(f"{key}: {value}")
    made = ",\n         ".join(items)
    return [*before, f"state = {{{made}}}", *lines[len(before) + len(items) :]]
