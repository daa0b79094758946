"""The table of blocks of a plain script with one phase: a row for each block."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import Layer
from .copies import copy_of


def activity(layers: Sequence[tuple[Layer, str]]) -> list[str]:
    """Lines for the spikes of each layer and their mean rate (Hz), from the source of its
    spikes."""
    if not layers:
        return ['yield "blocks", {"block": table["block"]}']
    if len(layers) == 1:
        (layer, spikes), name = layers[0], layers[0][0].name
        size = "" if layer.size == 1 else f"{layer.size} * "
        columns = f'"{name}_spikes": total, "{name}_rate": total / ({size}STEPS * DT)'
        return [
            f"total = {_total(layer, spikes)}",
            f'yield "blocks", {{"block": table["block"], {columns}}}',
        ]
    items = [f'("{x.name}", {_total(x, spikes)}, {x.size})' for x, spikes in layers]
    rate = "total / (size * STEPS * DT)"
    return [
        'columns = {"block": table["block"]}',
        f"for layer, total, size in ({', '.join(items)}):",
        f'    columns |= {{f"{{layer}}_spikes": total, f"{{layer}}_rate": {rate}}}',
        'yield "blocks", columns',
    ]


def _total(layer: Layer, spikes: str) -> str:
    """Code for the number of spikes of a layer, in all or in each block."""
    if layer.kind == "neurons":
        each = "astype(int)" if layer.size == 1 else f"reshape(-1, {layer.size}).sum(1)"
        return f'{spikes}["count"].{each}'
    if layer.shared:
        return f'len({spikes}["i"])'
    block = copy_of(f'{spikes}["i"]', layer)
    return f'np.bincount({block}, None, len(table["block"]))'
