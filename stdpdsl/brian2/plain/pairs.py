"""The pairs of neurons that a connection of a plain script connects: lines that make `block`, `i`
and `j` of each synapse."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir import Connection, Layer
from .code import elements_in, names_in, uses
from .values import Values, stream_key


def pairs(values: Values, c: Connection) -> list[str]:
    """Also the `number` of each synapse within its pair, if there are several."""
    lines = pairs_once(values, c)
    if c.many == 1 or numbered(c):
        return lines
    return [
        *lines,
        f"block, i, j = (np.repeat(k, {c.many}) for k in (block, i, j))",
        f"number = np.arange(len(i)) % {c.many}",
    ]


def numbered(c: Connection) -> bool:
    """Whether the file of pairs numbers the synapses of each pair."""
    return c.pairs is not None and c.pairs.numbered


def pairs_once(values: Values, c: Connection) -> list[str]:
    """Lines that make `block`, `i` and `j` of each pair."""
    layers, copies = values.copies.layers, values.copies.count(c.shared)
    n, m = layers[c.pre].size, layers[c.post].size
    if not c.same:
        return listed_by_block(values, c) if c.pairs else chosen_by_block(values, c)
    if c.pairs:
        one = listed_pairs(values, c)
    elif c.choose in ("True", "i == j", "i != j"):
        return all_pairs(c.choose, copies, n, m)
    else:
        one = chosen_pairs(values, c, f"({n}, {m})")
    if copies == "1":
        return [*one, "block = np.zeros(len(i), int)"]
    indices = ["i", "j", *(["number"] if numbered(c) else [])]
    tiles = ", ".join(f"np.tile({index}, {copies})" for index in indices)
    blocks = f"np.repeat(np.arange({copies}), len(i))"
    return [*one, f"block, {', '.join(indices)} = {blocks}, {tiles}"]


# The same pairs in every block ------------------------------------------------------------------


def all_pairs(choose: str, copies: str, n: int, m: int) -> list[str]:
    """All pairs, or those of a neuron with itself, or those with others."""
    if choose == "i == j" and max(n, m) > 1:
        return [f"block, i, j = np.indices(({copies}, {min(n, m)}))[[0, 1, 1]].reshape(3, -1)"]
    indices = f"np.indices(({copies}, {n}, {m})).reshape(3, -1)"
    if choose in ("True", "i == j"):
        return [f"block, i, j = {indices}"]
    return [f"pairs = {indices}", "block, i, j = pairs[:, pairs[1] != pairs[2]]"]


def listed_pairs(values: Values, c: Connection) -> list[str]:
    """The chosen pairs of a file."""
    lines = [from_file(values, c)]
    if c.choose != "True":
        each = file_columns(c)
        of_each = ", ".join(f"{n}[chosen]" for n in each.split(", "))
        chosen = each_pair(values.code.show(c.choose))
        lines += [f"chosen = {chosen}", f"{each} = {of_each}"]
    return lines


def chosen_pairs(values: Values, c: Connection, shape: str) -> list[str]:
    """The chosen pairs out of all."""
    lines = []
    if c.draws:
        key = f"{stream_key(c.draws)}, {values.e.first_replicate}"
        lines.append(f"u = {values.draw(key, c.draws, shape)}")
    text = values.code.show(c.choose, {})
    if uses(text, "lowest"):  # it takes and returns flat arrays
        return [
            *lines,
            f"i, j = (k.ravel() for k in np.indices({shape}))",
            f"chosen = {text}",
            "i, j = i[chosen], j[chosen]",
        ]
    if uses(text, "i", "j"):
        lines.append(f"i, j = np.indices({shape})")
    return [*lines, f"i, j = np.nonzero({text})"]


# Different pairs in each block


def chosen_by_block(values: Values, c: Connection) -> list[str]:
    """The chosen pairs out of all."""
    layers = values.copies.layers
    shape = f"({layers[c.pre].size}, {layers[c.post].size})"
    names, draw, body = for_choosing(values, c, shape)
    text = values.code.show(c.choose, names)
    if uses(text, "lowest"):
        text = f"np.reshape({text}, {shape})"
    elif not is_by_pair(text):
        text = f"np.full({shape}, {text})"
    return [
        *draw,
        "def chosen(b, i, j):",
        *(f"    {line}" for line in [*body, f"return {text}"]),
        f"block, i, j = pairs_by_block({values.copies.count(c.shared)}, {shape}, chosen)",
    ]


def listed_by_block(values: Values, c: Connection) -> list[str]:
    """The chosen pairs of a file."""
    layers = values.copies.layers
    shape = f"({layers[c.pre].size}, {layers[c.post].size})"
    names, draw, body = for_choosing(values, c, shape)
    more = ", number[chosen]" if numbered(c) else ""
    return [
        *draw,
        "pairs = []",
        from_file(values, c),
        f"for b in range({values.copies.count(c.shared)}):",
        *(f"    {line}" for line in body),
        f"    chosen = {each_pair(values.code.show(c.choose, names))}",
        f"    pairs.append(np.stack([i[chosen], j[chosen]{more}], axis=1))",
        "block = np.repeat(np.arange(len(pairs)), [len(chosen) for chosen in pairs])",
        f"{file_columns(c)} = np.concatenate(pairs).T",
    ]


def for_choosing(
    values: Values, c: Connection, shape: str
) -> tuple[Mapping[str, str], list[str], list[str]]:
    """What a condition uses in block `b`: (texts, lines that draw for all blocks, lines for one
    block)."""
    copies = values.copies
    names, body = {"block": "b"}, []
    for side, layer, place in (
        ("pre", copies.layers[c.pre], "i"),
        ("post", copies.layers[c.post], "j"),
    ):
        index = index_in_block(values, c, layer, place)
        for first in layer.group.initial if layer.group else ():
            key = f"{side}[{first.variable!r}][{place}]"
            if key in elements_in(c.choose):
                names[key] = f"{first.variable}_{side}"
                value = f'state["{layer.name}"]["{first.variable}"][{index}]'
                body.append(f"{first.variable}_{side} = {value}")
    if c.draws is None:
        return names, [], body
    replicate = copies.replicate("b")
    if c.shared:
        replicate = "np.unique(replicate)[b]" if copies.several else "0"
    key = f"{stream_key(c.draws)}, {replicate}"
    if c.draws.independent:
        values.names.use("row_key")
        key += ", row_key(table, b)"
    draw = f"u = {values.draw(key, c.draws, shape)}"
    return (names, [], [*body, draw]) if uses(draw, "b") else (names, [draw], body)


def index_in_block(values: Values, c: Connection, layer: Layer, place: str) -> str:
    """The index of a neuron among all neurons of its layer, in block `b`."""
    copy = values.copies.source(layer.shared, "b", c.shared)
    return place if copy == "0" else f"{place} + {layer.size} * {copy}"


# Files of pairs ---------------------------------------------------------------------------------


def from_file(values: Values, c: Connection) -> str:
    """The line that reads a file of pairs."""
    assert c.pairs is not None
    sizes = (values.copies.layers[name].size for name in (c.pre, c.post))
    more = ["numbered=True"] if c.pairs.numbered else []
    arguments = [f"os.path.join(DATA, {c.pairs.path!r})", *map(str, sizes), *more]
    call = values.code.show(f"pairs_from_file({', '.join(arguments)})")
    return f"{file_columns(c)} = {call}"


def file_columns(c: Connection) -> str:
    return "i, j, number" if numbered(c) else "i, j"


def each_pair(text: str) -> str:
    """A condition on listed pairs, even if it is a single value for all."""
    return text if is_by_pair(text) else f"np.full(len(i), {text})"


def is_by_pair(text: str) -> bool:
    """Whether a condition on pairs has one value per pair."""
    return uses(text, "u", "i", "j") or any(n.endswith(("_pre", "_post")) for n in names_in(text))
