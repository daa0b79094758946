"""Input layers: the code that gives (neuron, step) of all their spikes."""

from __future__ import annotations

from ..check.symbols import Component
from ..data.earlier import counterparts
from ..ir import Spikes
from ..language import ast
from .stimuli import rows_code
from .values import Values, used_names


def spikes_of_source(values: Values, layer: Component, source: ast.Input, size: int) -> Spikes:
    """A function of stdpdsl/runtime/inputs.py and its arguments; in their code, `x` gives steps, DT
    and the replicates."""
    copies = "x.replicate_of_copy" if layer.scope == "shared" else "x.replicate_of_block"
    match source:
        case ast.PoissonInput():
            key = (layer.name, "spikes")
            rate = values.attribute(layer, "rate", ":")
            if rate is None and used_names([source.rate]) & {"t", "i", "N"}:
                extra = {"t": "t", "i": "i", "N": repr(size), "dt": "DT"}
                code = values.code(source.rate, layer, extra, "copy")
                return Spikes(function="thinned_steps", rate=code, key=key)
            rate = rate or values.code(source.rate, layer)
            return Spikes(function="poisson_steps", arguments=(rate,), key=key)
        case ast.RegularInput():
            rate = values.attribute(layer, "rate", ":") or values.code(source.rate, layer)
            start = values.code(source.start, layer) if source.start else "0.0"
            stop = values.code(source.stop, layer) if source.stop else "np.inf"
            return Spikes(function="regular_steps", arguments=(rate, start, stop))
        case ast.SpikesList():
            neurons = ", ".join(values.code(n, None) for n, _ in source.items)
            times = ", ".join(values.code(t, None) for _, t in source.items)
            return Spikes(function="listed_steps", arguments=(f"[{neurons}]", f"[{times}]"))
        case ast.SpikesFile():
            return Spikes(function="spikes_from_file", arguments=(file_code(source.path),))
        case ast.SpikesOfResults():
            return spikes_of_results(values, source.source)
        case ast.RatesFile():
            return rates_of_file(values, layer, source, size, copies)
        case ast.RatesOfResults():
            return rates_of_results(values, layer, source, copies)
    raise TypeError(type(source).__name__)


def spikes_of_results(values: Values, node: ast.DataExpr) -> Spikes:
    assert node.component is not None
    head = values.checked.data[node]
    blocks = counterparts(node, head, values.table.columns, values.table.rows).tolist()
    arguments = [file_code(node.path), repr(node.component.value)]
    if head.shared or len(set(blocks)) == 1:
        arguments.append(repr(0 if head.shared else blocks[0]))
    elif blocks != list(range(len(blocks))):
        arguments.append(repr(blocks))
    return Spikes(function="spikes_from_results", arguments=tuple(arguments))


def rates_of_file(
    values: Values, layer: Component, source: ast.RatesFile, size: int, copies: str
) -> Spikes:
    head = values.checked.data[source.sources[0]]
    rows = rows_code(source.sources[0], head, size, "stored_rows")
    if head.by_block:
        rows = rows_code(source.sources[0], head, size * values.table.rows)
        rows = f"rows_of_blocks({rows}, {size}, {own_numbers(copies)})"
    every = values.code(source.every, layer)
    gap = values.code(source.gap, layer) if source.gap else "0.0"
    more = rating(values, layer, source)
    return Spikes(function="rated_steps", arguments=(rows, every, gap, *more))


def rates_of_results(
    values: Values, layer: Component, source: ast.RatesOfResults, copies: str
) -> Spikes:
    node = source.sources[0]
    assert node.component is not None
    head = values.checked.data[node]
    found = counterparts(node, head, values.table.columns, values.table.rows).tolist()
    mine = f"np.array({found})[{own_numbers(copies)}]"
    if head.shared or len(set(found)) == 1:
        mine = "[0]" if head.shared else f"[{found[0]}]"
    elif found == list(range(len(found))):
        mine = own_numbers(copies)
    rows = (
        f"rates_from_results({file_code(node.path)}, {node.component.value!r},"
        f" {head.name!r}, {mine}, {head.rows}, {head.every!r})"
    )
    more = rating(values, layer, source)
    return Spikes(function="rated_steps", arguments=(rows, repr(head.every), "0.0", *more))


def file_code(path: ast.String) -> str:
    """Code for the path of a file."""
    return f"x.file({path.value!r})"


def own_numbers(copies: str) -> str:
    """Code for the blocks of a layer's copies."""
    return f"np.arange(len({copies})) + x.first"


def rating(
    values: Values, layer: Component, source: ast.RatesFile | ast.RatesOfResults
) -> list[str]:
    """Further arguments: whether rows are repeated, and how they are converted to rates in Hz."""
    more, node = ["repeat=True"] if source.repeat else [], source.sources[0]
    if source.value is not node:
        hertz = values.code(source.value, layer, index="copy", files={node: "values"})
        more.append(f"hertz=lambda values, copy: {hertz}")
    return more
