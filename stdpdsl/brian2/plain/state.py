"""`initial(table)` of a plain script: what each object of the network starts from."""

from __future__ import annotations

from .audio import AudioCode
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
    found.append("state = {}")
    if drives := audio.drives():
        found += ["", *drives]
    for layer in e.layers:
        found += layer_state(values, audio, layer)
    for c in e.connections:
        found += ["", *connection_state(values, c)]
    more = [*ports(e, copies), *recorded(e, copies), *phase_values(values), *phase_ends(values)]
    return [*found, *([""] if more else []), *more, "return state"]
