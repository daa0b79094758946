"""Which neurons and synapses a plain script records, if not all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...ir import Experiment, Layer, Monitor
from .copies import Copies


def recorded(e: Experiment, copies: Copies) -> Iterator[str]:
    """Lines that make the indices of each monitor's elements, or the blocks that it belongs to."""
    connections = {c.name: c for c in e.connections}
    for number, m in enumerate(e.monitors):
        if not is_chosen(e, copies.layers, m):
            continue
        chosen = f'np.isin(table["block"], {list(m.blocks or ())})'
        if m.on_layer:
            text = neurons(m, copies.layers[m.component], copies, chosen)
        elif m.component in copies.by_block:
            blocks = f'state["blocks of {m.component}"]'
            text = f"{blocks}[{chosen}[{blocks}]]"
        else:
            text = f"np.flatnonzero({chosen}[{copies.of_synapses(connections[m.component])}])"
        yield f'state["record__{number}"] = {text}'


def neurons(m: Monitor, layer: Layer, copies: Copies, chosen: str) -> str:
    """The neurons of the `chosen` blocks whose numbers the monitor is restricted to."""
    masks = []
    if m.blocks is not None and not layer.shared:
        masks.append(f"np.repeat({chosen}, {layer.size})")
    if m.kept.neurons is not None:
        first, last = m.kept.neurons
        mine = f"np.isin(np.arange({layer.size}), np.arange({first}, {last}))"
        count = copies.count(layer.shared)
        masks.append(mine if count == "1" else f"np.tile({mine}, {count})")
    return f"np.flatnonzero({' & '.join(masks)})"


def is_chosen(e: Experiment, layers: Mapping[str, Layer], m: Monitor) -> bool:
    """Whether only some of the elements are recorded."""
    if m.on_layer and layers[m.component].kind != "neurons":
        return False
    return m.kept.neurons is not None or (m.blocks is not None and not is_shared(e, layers, m))


def is_shared(e: Experiment, layers: Mapping[str, Layer], m: Monitor) -> bool:
    if m.on_layer:
        return layers[m.component].shared
    return next(c.shared for c in e.connections if c.name == m.component)


def is_double(e: Experiment, layers: Mapping[str, Layer], m: Monitor, variable: str) -> bool:
    """Whether a recorded variable has double precision."""
    parts = {c.name: c for c in e.connections} if not m.on_layer else {}
    part = layers[m.component].group if m.on_layer else parts[m.component]
    if part is None or variable in part.single:
        return False
    units = [equation.unit for equation in part.equations if equation.name == variable]
    return bool(units) and units[0] not in ("integer", "boolean")
