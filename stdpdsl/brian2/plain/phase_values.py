"""The values that the phases of a plain script give to its layers and connections, and what ends
them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from ...ir import Connection, Group, Initial, Layer, Parameter, Phase
from ...runtime.ran import ENDS
from .code import uses
from .neuron_values import counted, places
from .synapse_values import counters
from .values import Values, for_each


def phase_values(values: Values) -> Iterator[str]:
    """The values that phases set, component by component: all their parameters from then on, and
    variables. Values that are the same in several turns are made once."""
    turns: dict[tuple[str, str], list[tuple[str, list[str]]]] = {}
    for number, phase in enumerate(values.e.phases):
        for component in phase.starts:
            if phase.turn == 1 or component in phase.by_turn:
                lines = start(values, component, phase, number)
                found = turns.setdefault((phase.words, component), [])
                found.append((phase.name, lines))
    for made in turns.values():
        for lines, several in itertools.groupby(made, key=lambda item: item[1]):
            names = [f'"{name}"' for name, _ in several]
            if not any("phase" in line for line in lines):
                yield from lines
            elif len(names) == 1:
                yield f"phase = {names[0]}"
                yield from lines
            else:
                yield f"for phase in ({', '.join(names)}):"
                yield from (f"    {line}" for line in lines)


def start(values: Values, component: str, phase: Phase, number: int) -> list[str]:
    """The values of a component when a phase begins; lines may name the `phase`."""
    by_turn = component in phase.by_turn
    given = 'f"%s in {phase}"' if by_turn else f'"%s in {phase.key(component)}"'
    layer = values.copies.layers.get(component)
    if layer is not None:
        assert layer.group is not None
        count = values.copies.neurons(layer)
        lines, items = settings(values, layer.group, component, phase, number)
        lines = [*of_neurons(values, layer, [*lines, *items.values()]), *lines]
        return [*lines, f"state[{given % component}] = {mapped(items, count)}"]
    c = next(c for c in values.e.connections if c.name == component)
    lines, items = settings(values, c, component, phase, number)
    lines = [*of_synapses(values, c, [*lines, *items.values()]), *lines]
    count = f'len(state["{component}"]["i"])'
    lines.append(f"state[{given % component}] = {mapped(items, count)}")
    for n in c.normalise if component in phase.sets else ():
        more, goals = counters(values, n, c, number)
        lines += [*more, f"state[{given % n.name}] = {{{', '.join(goals)}}}"]
    return lines


def settings(
    values: Values, part: Group | Connection, component: str, phase: Phase, number: int
) -> tuple[list[str], dict[str, str]]:
    """Lines that draw, and code for each parameter and variable."""
    held: Sequence[Parameter] = part.varying if component in phase.sets else ()
    items = {p.name: values.held(p, "block", number) for p in held}
    lines: list[str] = []
    for i in dict(phase.values).get(component, ()):
        draws, items[i.variable] = variable(values, i, component, number)
        lines += draws
    return lines, items


def mapped(items: dict[str, str], count: str) -> str:
    each = [f'"{n}": {for_each(text, count)}' for n, text in items.items()]
    return f"{{{', '.join(each)}}}"


def variable(values: Values, i: Initial, component: str, number: int) -> tuple[list[str], str]:
    """Lines that draw, and code for a variable that a phase sets."""
    layer = values.copies.layers.get(component)
    if layer is not None:
        names = names_in_layer(layer)
        return values.neuron_draws(i, layer), values.of(i, names, number)
    c = next(c for c in values.e.connections if c.name == component)
    names = names_in_connection(values, c)
    return values.synapse_draws(i, c), values.of(i, names, number)


def names_in_layer(layer: Layer) -> dict[str, str]:
    """The names for block and first values in its code."""
    names = {"copy": "block"}
    for first in layer.group.initial if layer.group else ():
        names[f"first[{first.variable!r}]"] = f'state["{layer.name}"]["{first.variable}"]'
    return names


def names_in_connection(values: Values, c: Connection) -> dict[str, str]:
    """The names for the ends of synapses and first values in its code."""
    names = {"edges.i": "i", "edges.j": "j", "edges.copy": "block", "edges.number": "number"}
    for layer, key, index in ((c.pre, "edges.pre", "i"), (c.post, "edges.post", "j")):
        group = values.copies.layers[layer].group
        for first in group.initial if group else ():
            names[f"x.values[{layer!r}][{first.variable!r}][{key}]"] = (
                f'state["{layer}"]["{first.variable}"][state["{c.name}"]["{index}"]]'
            )
    for first in c.initial:
        names[f"edges.values[{first.variable!r}]"] = f'state["{c.name}"]["{first.variable}"]'
    return names


# Where neurons and synapses are -----------------------------------------------------------------


def of_neurons(values: Values, layer: Layer, code: Sequence[str]) -> list[str]:
    """Lines that make `i` and `block` of each neuron, if some code uses them."""
    if uses(code, "i"):
        return counted(values.copies, layer, code)
    if uses(code, "block"):
        return [f"block = {places(values.copies, layer)[1]}"]
    return []


def of_synapses(values: Values, c: Connection, code: Sequence[str]) -> list[str]:
    """Lines that make `block`, `i`, `j` and `number` of each synapse from the saved arrays."""
    found = []
    if uses(code, "block"):
        found.append(f"block = {values.copies.of_synapses(c)}")
    if uses(code, "i", "j"):
        found += ends(values, c, code)
    return found


def ends(values: Values, c: Connection, code: Sequence[str]) -> Iterator[str]:
    if uses(code, "number"):
        yield f'number = state["{c.name}"]["synapse_number"]'
    for name, layer in (("i", c.pre), ("j", c.post)):
        index, size = f'state["{c.name}"]["{name}"]', values.copies.layers[layer].size
        if uses(code, name):
            yield f"{name} = {index} % {size}" if size > 1 else f"{name} = np.zeros_like({index})"


# The ends of phases -----------------------------------------------------------------------------


def phase_ends(values: Values) -> Iterator[str]:
    """What ends phases: goals, and the number of steps between checks."""
    e = values.e
    if not e.endings:
        return
    found: list[str] = []
    for (group, turns), made in itertools.groupby(
        enumerate(e.phases), key=lambda item: (item[1].group, item[1].turns)
    ):
        parts = [
            (phase.turn, ending(values, phase, number)) for number, phase in made if phase.until
        ]
        first = [text for turn, text in parts if turn == 1]
        texts = [text for _, text in parts]
        same = group and texts == first * turns
        found += [f"*[{', '.join(first)}] * {turns}"] if same and first else texts
    yield f"ends = [{', '.join(found)}]  # goal, every so many steps"
    yield (
        f'state["{ENDS}"] = {{"N": len(ends) * B,'
        ' "goal": np.concatenate([np.broadcast_to(goal, B) for goal, _ in ends]),'
        ' "every": np.repeat([every for _, every in ends], B)}'
    )


def ending(values: Values, phase: Phase, number: int) -> str:
    assert phase.until is not None
    goal = values.code.show(phase.until.goal, {}, number)
    return f"({goal}, {round(phase.until.every / values.e.dt)})"
