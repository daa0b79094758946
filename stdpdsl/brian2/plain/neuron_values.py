"""The initial state of the layers of a plain script: first values of neurons, and given spikes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...ir import Initial, Layer
from .audio import AudioCode
from .code import literal, uses
from .copies import Copies
from .driving import table_lines
from .values import Values, drawn_there, for_each


def layer_state(values: Values, audio: AudioCode, layer: Layer) -> list[str]:
    if layer.kind == "neurons":
        return neurons(values, audio, layer)
    key, size = f'state["{layer.name}"]', values.copies.neurons(layer)
    if layer.kind == "driven":
        return [*audio.hearing(layer), f'{key} = {{"N": {size}, "i": neuron, "t": step * DT}}']
    if all(rate_of_poisson(values, other) for other in values.e.layers if drawn_by_gaps(other)):
        if drawn_by_gaps(layer):
            return [f"{key} = {poisson_spikes(values, layer)}"]
    lines, spikes = given_spikes(values, layer)
    return [*lines, f'{key} = {{"N": {size}}} | {spikes}']


def neurons(values: Values, audio: AudioCode, layer: Layer) -> list[str]:
    group, code = layer.group, values.code
    assert group is not None
    key, size = f'state["{layer.name}"]', values.copies.neurons(layer)
    name = values.names.of(layer.name)
    texts = {i.variable: first_value(values, i, layer) for i in group.initial}
    varying = {p.name: values.held(p, "block") for p in group.varying if p.name not in texts}
    if layer.drive and (column := audio.column(layer)):
        varying["drive__column"] = column
    if layer.size == 1 and not layer.shared:  # the block of each neuron is its own number
        texts = {n: (draws, of_each(text)) for n, (draws, text) in texts.items()}
        varying = {n: of_each(text) for n, text in varying.items()}
    used = [*(text for _, text in texts.values()), *varying.values()]
    lines = counted(values.copies, layer, used)
    items = [f'"N": {size}']
    items += [f'"{variable}": {for_each(text, size)}' for variable, text in varying.items()]
    items += [f'"{p.name}": {code.show(p.code)}' for p in group.common]
    refers = any(f"{name}[" in text for _, text in texts.values())
    if refers:
        lines.append(f"{name} = {key} = {{{', '.join(items)}}}")
    for variable, (draws, text) in texts.items():
        lines += draws
        if refers:
            lines.append(f'{name}["{variable}"] = {for_each(text, size)}')
        else:
            items.append(f'"{variable}": {for_each(text, size)}')
    if not refers:
        lines.append(f"{key} = {{{', '.join(items)}}}")
    count = ", ".join(places(values.copies, layer))
    return [*lines, *(line for t in layer.tables for line in table_lines(code, t, count))]


def of_each(text: str) -> str:
    """The values from the table for each block in turn."""
    return re.sub(r'(table\["[^"]+"\])\[block\]', r"\1", text)


def places(copies: Copies, layer: Layer) -> tuple[str, str]:
    """Each neuron's number in its layer, and its copy."""
    count = copies.count(layer.shared)
    return (
        f"np.tile(np.arange({layer.size}), {count})",
        f"np.repeat(np.arange({count}), {layer.size})",
    )


def counted(copies: Copies, layer: Layer, used: Sequence[str]) -> list[str]:
    """Lines that make `i` and `block` of each neuron, if some code uses them."""
    count, (i, block) = copies.count(layer.shared), places(copies, layer)
    uses_block = uses(used, "block")
    if not uses(used, "i"):
        line = f"block = {block}" if layer.size > 1 else f"block = np.arange({count})"
        return [line] if uses_block else []
    if not uses_block:
        return [f"i = np.arange({layer.size})" if count == "1" else f"i = {i}"]
    return [f"i, block = {i}, {block}"]


def first_value(values: Values, i: Initial, layer: Layer) -> tuple[list[str], str]:
    """Lines that draw, and code for the value."""
    assert layer.group is not None
    name, names = values.names.of(layer.name), {"copy": "block"}
    for first in layer.group.initial:
        names[f"values[{first.variable!r}]"] = f'{name}["{first.variable}"]'
    return drawn_there(values.neuron_draws(i, layer), values.of(i, names))


def drawn_by_gaps(layer: Layer) -> bool:
    """Whether a layer has Poisson spikes at a rate that is constant in time."""
    return layer.spikes is not None and layer.spikes.function == "poisson_steps"


def rate_of_poisson(values: Values, layer: Layer) -> str:
    """Code for the rate, if it is one number for all copies, all copies have the same draws, and
    the rate is below one spike per step."""
    assert layer.spikes is not None
    rate = values.code.show(layer.spikes.arguments[0])
    number = literal(rate)
    short = not values.copies.several and number is not None and 0 < number * values.e.dt < 0.999
    return rate if short else ""


def poisson_spikes(values: Values, layer: Layer) -> str:
    copies = values.copies.count(layer.shared)
    one = f'poisson_spikes("{layer.name}", {layer.size}, {rate_of_poisson(values, layer)})'
    return one if copies == "1" else f"in_copies({one}, {copies})"


def given_spikes(values: Values, layer: Layer) -> tuple[list[str], str]:
    """Lines that come first, and code for the neurons and times."""
    spikes = layer.spikes
    assert spikes is not None
    names = {
        "x.replicate_of_copy": values.copies.replicates(True),
        "x.replicate_of_block": values.copies.replicates(False),
    }
    arguments = [values.copies.replicates(layer.shared), str(layer.size), *spikes.arguments]
    if spikes.key:
        rate = ["rate"] if spikes.rate else []
        arguments = [repr(spikes.key), *arguments, *rate, "STEPS", "DT"]
    elif spikes.function == "rated_steps":  # which draws by the name of the layer
        arguments = [repr(layer.name), *arguments]
    call = values.code.show(f"{spikes.function}({', '.join(arguments)})", names)
    if not spikes.rate:
        return [], call
    rate_of_time = values.code.show(spikes.rate, names)
    return ["def rate(t, i, copy):  # Hz", f"    return {rate_of_time}", ""], call
