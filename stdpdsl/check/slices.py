"""Slices of layers, `A[0:5]`, and the windows of a recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..language import ast
from .report import Reporter
from .symbols import Component, Symbols
from .values import value


def neurons_of(part: ast.Slice, size: int, constants: Mapping[str, Any]) -> tuple[int, int]:
    """The first neuron of a slice that has been checked, and the one after the last."""
    start = 0 if part.start is None else int(value(part.start, constants) or 0)
    if part.alone:
        return start, start + 1
    stop = size if part.stop is None else int(value(part.stop, constants) or 0)
    return start, stop


def check_slice(
    part: ast.Slice, layer: Component, constants: Mapping[str, Any], reporter: Reporter
) -> None:
    """A slice must contain neurons, all of them in its layer."""
    size = size_of(layer, constants)
    if size is None:
        return
    ends = [None if end is None else value(end, constants) for end in (part.start, part.stop)]
    if any(
        end is None and given is not None
        for end, given in zip(ends, (part.start, part.stop), strict=True)
    ):
        return
    last = size - 1 if part.alone else size
    for end, given in zip(ends, (part.start, part.stop), strict=True):
        if end is not None and given is not None and not 0 <= end <= last:
            reporter.error(
                "TYPE013",
                given,
                f"there is no neuron {end:g} in `{layer.name}`"
                if part.alone
                else f"a slice of `{layer.name}` lies between 0 and {size:g}, and this is {end:g}",
                help=f"its neurons are 0 to {size - 1:g}"
                + ("" if part.alone else "; the end is not part of the slice"),
            )
            return
    start, stop = neurons_of(part, int(size), constants)
    if start >= stop:
        reporter.error(
            "TYPE013",
            part,
            "this slice holds no neuron",
            help="the end is above the start, as in `[0:5]`",
        )


def among(symbols: Symbols, constants: Mapping[str, Any]) -> None:
    """A connection of slices has the pairs of its pattern that lie in the slices. This becomes part
    of `where` in the tree that is checked and lowered. `i` and `j` count in the whole layers."""
    for c in symbols.connections:
        node = c.node
        assert isinstance(node, ast.Connect)
        if node.pattern is None or not (node.pre_part or node.post_part):
            continue
        ranges = slices_of(c, constants)
        sides = zip("ij", (node.pre_part, node.post_part), ranges, strict=True)
        wanted = [
            _compared(name, op, end, part)
            for name, part, found in sides
            if part is not None and found is not None
            for op, end in ((">=", found[0]), ("<", found[1]))
        ]
        where = node.pattern.where
        for condition in reversed(wanted):
            where = (
                condition
                if where is None
                else ast.Binary("and", condition, where, span=condition.span)
            )
        c.node = replace(node, pattern=replace(node.pattern, where=where))


def _compared(name: str, op: str, end: int, part: ast.Slice) -> ast.Binary:
    at = part.span
    return ast.Binary(op, ast.Name(name, span=at), ast.Number(end, str(end), span=at), span=at)


def slices_of(
    connection: Component, constants: Mapping[str, Any]
) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """The neurons that a connection uses on each side: the first, and the one after the last; None
    if a layer's size is not known."""
    node = connection.node
    assert isinstance(node, ast.Connect)
    found: list[tuple[int, int] | None] = []
    for side, part in ((connection.pre, node.pre_part), (connection.post, node.post_part)):
        size = size_of(side, constants)
        known = size is not None and (
            part is None
            or all(
                end is None or value(end, constants) is not None for end in (part.start, part.stop)
            )
        )
        if not known or size is None:
            found.append(None)
        else:
            found.append((0, size) if part is None else neurons_of(part, size, constants))
    return found[0], found[1]


def size_of(layer: Component | None, constants: Mapping[str, Any]) -> int | None:
    """The number of neurons in a layer, if known."""
    if layer is None or not isinstance(layer.node, ast.Layer):
        return None
    if layer.node.size is None:
        return 1
    known = value(layer.node.size, constants)
    return None if known is None else int(known)


def is_rate(symbols: Symbols, component: Component, variable: ast.Ident) -> bool:
    """Whether `rate of E` is the mean rate of a layer's neurons: yes, unless they have a variable
    with that name."""
    own = variable.id in component.variables or symbols.adding(component, variable.id)
    return component.kind == "layer" and variable.id == "rate" and not own


def spiking(layer: Component) -> bool:
    """Whether the neurons of a layer spike."""
    return layer.neuron is None or layer.neuron.threshold is not None
