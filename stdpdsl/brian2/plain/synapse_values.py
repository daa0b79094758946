"""The initial state of synapses in a plain script: their pairs, first values, delays and
counters."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir import Connection, Initial, Normalisation
from .code import elements_in, uses
from .layout import WIDTH
from .pairs import pairs
from .values import Values, as_float, drawn_there, for_each


def connection_state(values: Values, c: Connection) -> list[str]:
    edges = edges_of(values, c)
    lines = headed(f"# {c.name}: {c.pre} to {c.post}", pairs(values, c))
    made, items = first_values(values, c, edges)
    lines += made
    # For each object: the suffix of its name, and its state.
    made, states = delays(values, c, edges)
    lines += made
    for n in c.normalise:
        made, synapses = normaliser(values, n, c)
        lines += made
        states.append((f"__{n.name}", f'{{"i": {synapses}, "j": np.arange(len(i))}}'))
    states.append(("", f"{{{', '.join(items)}}}"))
    if c.name in values.copies.by_block:
        return [*lines, *by_block(values, c, states)]
    if values.copies.between_shared(c):
        lines.append(f'state["block of {c.name}"] = block')
    return [*lines, *(f'state["{c.name}{end}"] = {text}' for end, text in states)]


def headed(comment: str, lines: list[str]) -> list[str]:
    """Lines with a comment after the first of them or, if there is no room, above it."""
    first = f"{lines[0]}  {comment}"
    return [comment, *lines] if len(first) > WIDTH - 4 else [first, *lines[1:]]


def edges_of(values: Values, c: Connection) -> dict[str, str]:
    """The names for the ends of synapses in the code of an experiment."""
    copies = values.copies
    return {
        "edges.i": "i",
        "edges.j": "j",
        "edges.copy": "block",
        "edges.number": "number" if c.many > 1 else "np.zeros(len(i), int)",
        "edges.pre": copies.index(copies.layers[c.pre], "i", c.shared),
        "edges.post": copies.index(copies.layers[c.post], "j", c.shared),
    }


def first_values(
    values: Values, c: Connection, edges: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Lines that come first, and the items of the state of a connection's synapses."""
    lines = []
    items = [f'"i": {edges["edges.pre"]}', f'"j": {edges["edges.post"]}']
    used = elements_of(c)
    for i in c.initial:
        draws, text = drawn_there(*first_value(values, i, c, edges))
        lines += draws
        text = each_synapse(text)
        if f"edges.values[{i.variable!r}]" in used:  # others are computed from it
            lines.append(f"each_{i.variable} = {text}")
            text = f"each_{i.variable}"
        items.append(f'"{i.variable}": {text}')
    if c.name not in values.copies.by_block:
        items += [f'"{p.name}": {each_synapse(values.held(p, "block"))}' for p in c.varying]
    items += [f'"{p.name}": {values.code.show(p.code)}' for p in c.common]
    return lines, items


def elements_of(c: Connection) -> set[str]:
    """The elements that the code of first values and delays reads."""
    made = [*c.initial, *filter(None, (c.axonal, c.dendritic))]
    codes = [code for i in made for code in (i.code, i.low, i.high) if code]
    codes += [part for pathway in c.pathways for part in pathway.delay]
    return {element for code in codes for element in elements_in(code)}


def first_value(
    values: Values, i: Initial, c: Connection, edges: Mapping[str, str]
) -> tuple[list[str], str]:
    """Lines that draw, and code for the value."""
    names = dict(edges)
    for layer, key in ((c.pre, "edges.pre"), (c.post, "edges.post")):
        group = values.copies.layers[layer].group
        for first in group.initial if group else ():
            text = f"x.values[{layer!r}][{first.variable!r}][{key}]"
            names[text] = f'state["{layer}"]["{first.variable}"][{edges[key]}]'
    for first in c.initial:
        names[f"edges.values[{first.variable!r}]"] = f"each_{first.variable}"
    return values.synapse_draws(i, c), values.of(i, names)


def delays(
    values: Values, c: Connection, edges: Mapping[str, str]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Lines that come first, and, for each pathway with a delay, the suffix of its name and its
    state."""
    lines: list[str] = []
    names = dict(edges)
    for name, delay in (("axonal", c.axonal), ("dendritic", c.dendritic)):
        found = "0.0"
        if delay is not None:
            draws, text = first_value(values, delay, c, edges)
            lines += draws
            found = values.code.delay(text)
        names[f"edges.{name}"] = f"({found})"
    states = []
    for pathway in c.pathways:
        if pathway.delay:
            parts = [values.code.show(part, names) for part in pathway.delay]
            text = " + ".join(part for part in parts if part != "0.0") or "0.0"
            states.append((f".{pathway.name}", f'{{"delay": {each_synapse(text)}}}'))
    return lines, states


def each_synapse(text: str) -> str:
    """One value per synapse."""
    return for_each(text, "len(i)")


# One object for each block ----------------------------------------------------------------------


def by_block(values: Values, c: Connection, states: list[tuple[str, str]]) -> list[str]:
    """Lines that give each block its part of what is made for all blocks."""
    code = values.code
    held = [f'"{p.name}": np.broadcast_to({code.show(p.code)}, B)' for p in c.varying]
    return [
        f'state["blocks of {c.name}"] = np.unique(block)  # those with synapses',
        *([f'state["{c.name}"] = {{{", ".join(held)}}}'] if held else []),
        *(f"of{own(end)} = {text}" for end, text in states),
        f'for b in state["blocks of {c.name}"]:  # one object for each block',
        *(
            f'    state[f"{c.name}__{{b}}{end}"] = {{n: v[block == b] for n, v in'
            f" of{own(end)}.items()}}"
            for end, _ in states
        ),
        *(
            f'    state[f"{c.name}__{{b}}__{n.name}"]["j"] = np.arange(np.sum(block == b))'
            for n in c.normalise
        ),
        *own_targets(values, c),
    ]


def own(end: str) -> str:
    """The variable for a state, by the suffix of the state's name."""
    return end.replace(".", "_") or "_synapses"


def own_targets(values: Values, c: Connection) -> list[str]:
    """Only one object may write a sum, so each block's object has only its own block as its
    target."""
    post = values.copies.layers[c.post]
    if not c.summed or post.shared:
        return []
    return [
        f'    state[f"{c.name}__{{b}}"]["j"] = state[f"{c.name}__{{b}}"]["j"] - {post.size} * b'
    ]


# Counters of normalised weights -----------------------------------------------------------------


def normaliser(values: Values, n: Normalisation, c: Connection) -> tuple[list[str], str]:
    """Lines for the counters, one for each neuron of a side in each block; and the counter of each
    synapse."""
    lines, items = counters(values, n, c)
    items = [f'"N": {values.copies.times(n.size, c.shared)}', *items]
    side = "i" if n.side == "pre" else "j"
    mine = f"{side} + {n.size} * block" if n.size > 1 else "block"
    return [*lines, f'state["{n.name}"] = {{{", ".join(items)}}}'], mine


def counters(
    values: Values, n: Normalisation, c: Connection, phase: int = 0
) -> tuple[list[str], list[str]]:
    """Lines that come first, and the values of the counters in a phase."""
    names = {"i": "k", "copy": "copy"}
    texts = {
        name: values.code.show(code, names, phase)
        for name, code in (("goal", n.goal), ("low", n.low), ("high", n.high))
        if code
    }
    size = values.copies.times(n.size, c.shared)
    items = []
    for name, text in texts.items():
        if not uses(text, "k", "copy"):
            text = f"np.full({size}, {as_float(text)})"
        items.append(f'"{name}": {text}')
    if uses(texts.values(), "k", "copy"):
        return [f"copy, k = np.divmod(np.arange({size}), {n.size})"], items
    return [], items
