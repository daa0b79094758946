"""What connects the layers of a plain script besides connections: ports, and links to variables."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir import Experiment, Layer, Link, Relay
from .copies import Copies


def ports(e: Experiment, copies: Copies) -> Iterator[str]:
    """Lines that make the synapses of ports, and the indices of linked variables."""
    for r in e.relays:
        yield from port(r, copies)
    for layer in e.layers:
        for link in layer.group.links if layer.group else ():
            yield linked(layer, link, copies)


def port(r: Relay, copies: Copies) -> Iterator[str]:
    source, target = copies.layers[r.layer], copies.layers[r.target]
    count = copies.count(target.shared)
    yield (
        f"block, i, j = (k.ravel() for k in np.indices(({count}, {source.size}, {target.size})))"
    )
    i = copies.index(source, "i", target.shared)
    j = copies.index(target, "j", target.shared)
    yield f'state["{r.name}"] = {{"i": {i}, "j": {j}}}'


def linked(layer: Layer, link: Link, copies: Copies) -> str:
    """The neuron whose variable each neuron of a layer reads."""
    source = copies.layers[link.layer]
    blocks = f"np.arange({copies.count(layer.shared)})"
    copy = copies.source(source.shared, blocks, layer.shared)
    key = f'state["{layer.name}.{link.variable}"]'
    size = copies.neurons(layer)
    if source.size > 1:  # each neuron has its own
        each = f"np.arange({size})"
        each = each if size == str(layer.size) else f"{each} % {layer.size}"
        first = f"{source.size} * np.repeat({copy}, {layer.size}) + "
        return f"{key} = {'' if copy == '0' else first}{each}"
    if copy == "0":
        return f"{key} = np.zeros({size}, int)"
    return f"{key} = np.repeat({copy}, {layer.size})"
