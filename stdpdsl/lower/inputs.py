"""Input layers: code of (neuron, step) of all their spikes."""

from __future__ import annotations

from ..check.symbols import Component
from ..data.earlier import counterparts
from ..language import ast
from .stimuli import rows_code
from .values import Values, used_names


def spikes_of_source(values: Values, layer: Component, source: ast.Input, size: int) -> str:
    """A call of a function of support/inputs.py; `x` knows steps, DT and the replicates."""
    shared = layer.scope == "shared"
    copies = "x.replicate_of_copy" if shared else "x.replicate_of_block"
    key = f"({layer.name!r}, 'spikes')"
    given = f"x, {layer.name!r}, {copies}, {size}"
    match source:
        case ast.PoissonInput():
            rate = values.attribute(layer, "rate", ":")
            if rate is None and used_names([source.rate]) & {"t", "i", "N"}:
                extra = {"t": "t", "i": "i", "N": repr(size), "dt": "DT"}
                code = values.code(source.rate, layer, extra, "copy")
                return (
                    f"thinned_steps({key}, {copies}, {size}, lambda t, i, copy: {code},"
                    " x.steps, DT)"
                )
            rate = rate or values.code(source.rate, layer)
            return f"poisson_steps({key}, {copies}, {size}, {rate}, x.steps, DT)"
        case ast.RegularInput():
            rate = values.attribute(layer, "rate", ":") or values.code(source.rate, layer)
            start = values.code(source.start, layer) if source.start else "0.0"
            stop = values.code(source.stop, layer) if source.stop else "np.inf"
            return f"regular_steps({given}, {rate}, {start}, {stop})"
        case ast.SpikesList():
            neurons = ", ".join(values.code(n, None) for n, _ in source.items)
            times = ", ".join(values.code(t, None) for _, t in source.items)
            return f"listed_steps({given}, [{neurons}], [{times}])"
        case ast.SpikesFile():
            path = f"x.file({source.path.value!r})"
            return f"spikes_from_file({given}, {path})"
        case ast.SpikesOfResults():
            node = source.source
            assert node.component is not None
            head = values.checked.data[node]
            blocks = counterparts(node, head, values.table.columns, values.table.rows).tolist()
            path = f"x.file({node.path.value!r})"
            ending = "" if blocks == list(range(len(blocks))) else f", {blocks}"
            if head.shared or len(set(blocks)) == 1:
                ending = f", {0 if head.shared else blocks[0]}"
            return f"spikes_from_results({given}, {path}, {node.component.value!r}{ending})"
        case ast.RatesFile():
            head = values.checked.data[source.sources[0]]
            rows = rows_code(source.sources[0], head, size, "stored_rows")
            if head.by_block:
                rows = rows_code(source.sources[0], head, size * values.table.rows)
                rows = f"rows_of_blocks({rows}, {size}, {own_numbers(copies)})"
            every = values.code(source.every, layer)
            gap = values.code(source.gap, layer) if source.gap else "0.0"
            return f"rated_steps({given}, {rows}, {every}, {gap}{rating(values, layer, source)})"
        case ast.RatesOfResults():
            node = source.sources[0]
            assert node.component is not None
            head = values.checked.data[node]
            found = counterparts(node, head, values.table.columns, values.table.rows).tolist()
            mine = f"np.array({found})[{own_numbers(copies)}]"
            if head.shared or len(set(found)) == 1:
                mine = "[0]" if head.shared else f"[{found[0]}]"
            elif found == list(range(len(found))):
                mine = own_numbers(copies)
            rows = (f"rates_from_results(x.file({node.path.value!r}), {node.component.value!r},"
                    f" {head.name!r}, {mine}, {head.rows}, {head.every!r})")  # fmt: skip
            more = rating(values, layer, source)
            return f"rated_steps({given}, {rows}, {head.every!r}, 0.0{more})"
    raise TypeError(type(source).__name__)


def own_numbers(copies: str) -> str:
    """Code of the blocks that the copies of a layer are of."""
    return f"np.arange(len({copies})) + x.first"


def rating(
    values: Values, layer: Component, source: ast.RatesFile | ast.RatesOfResults
) -> str:  # fmt: skip
    """More arguments: whether rows are played again, and how they become rates in Hz."""
    more, node = ", repeat=True" if source.repeat else "", source.sources[0]
    if source.value is not node:
        hertz = values.code(source.value, layer, index="copy", files={node: "values"})
        more += f", hertz=lambda values, copy: {hertz}"
    return more
