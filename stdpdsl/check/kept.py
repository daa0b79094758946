"""The cache in which an editor keeps the checks of one text for the next.

A check of one component that reported nothing is not repeated while everything that it reads is the
same: `reads_of` for names and units, `values_read` for the rows of the sweep. Everything that is
reported is found anew each time, so its place and words match the current text.

Nodes are compared by identity, because a new tree reuses those of the previous text
(language/blocks.py). They are held here, so that no other node gets their `id`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..language import ast
from .report import Reporter
from .rows import Rows
from .symbols import Component, Symbols

if TYPE_CHECKING:
    from .types.infer import Inference


class Reads(NamedTuple):
    """All that a check reads: nodes, by identity, and what is found by name, by value."""

    nodes: tuple[ast.Node | None, ...]
    known: tuple[Any, ...]

    def same(self, other: Reads) -> bool:
        return [*map(id, self.nodes)] == [*map(id, other.nodes)] and self.known == other.known


class Kept:
    """By the kind of check and the component's name: what the check read, and its result."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], tuple[Reads, Any]] = {}

    def left(self, key: tuple[str, str], reads: Reads) -> Any:
        """The result of the check when it read the same, or None."""
        before = self.found.get(key)
        return before[1] if before is not None and before[0].same(reads) else None


def reads_files(nodes: Iterable[ast.Node | None]) -> bool:
    return any(node is not None and ast.below(node, ast.DataExpr) for node in nodes)


@ast.found_once
def mentioned(node: ast.Node) -> frozenset[str]:
    """Every name in a declaration."""
    names = {name.id for name in ast.below(node, ast.Name)}
    return frozenset(names | {name.id for name in ast.below(node, ast.Ident)})


# Names and units ----------------------------------------------------------------------------------


class Checks:
    """The checks of names and units, component by component."""

    def __init__(self, inference: Inference, kept: Kept | None, open_names: bool):
        self.inference, self.kept, self.open_names = inference, kept, open_names
        self.symbols: Symbols = inference.symbols
        self.reporter: Reporter = inference.reporter
        # With the number of reports so far: a type changes only when something is reported.
        self.known: dict[str, tuple[int, Reads]] = {}
        self.meanings: dict[int, tuple[int, tuple[Any, ...]]] = {}  # by the `id` of a declaration

    def only(self, names: Collection[str]) -> None:
        """Forget all other components."""
        if self.kept is not None:
            found = self.kept.found
            self.kept.found = {key: entry for key, entry in found.items() if key[1] in names}

    def step(
        self, kind: str, component: Component, check: Callable[[], object], *also: object
    ) -> None:
        """Run a check, or return its stored result; `also` is what else it reads."""
        if self.kept is None or reads_files(_nodes(component)):
            check()
            return
        nodes, known = self.reads_of(component)
        key, reads = (kind, component.name), Reads(nodes, (*known, *also))
        left = self.kept.left(key, reads)
        if left is not None:
            self.inference.take(*left)
            return
        left, silent = self.inference.apart(check)
        if silent:
            self.kept.found[key] = reads, left

    def reads_of(self, component: Component) -> Reads:
        """The component's own parts and those of its layers, the types of their parameters, and
        what their names mean elsewhere."""
        told, reads = self.known.get(component.name, (-1, None))
        if reads is None or told != self.reporter.told:
            reads = self._reads_of(component)
            self.known[component.name] = self.reporter.told, reads
        return reads

    def _reads_of(self, component: Component) -> Reads:
        nodes = _nodes(component)
        parts = [c for c in (component, component.pre, component.post) if c is not None]
        own = [(part.scope, *self.types_of(part)) for part in parts]
        elsewhere = [self.meaning(node) for node in nodes if node is not None]
        return Reads(nodes, (self.open_names, *own, *elsewhere))

    def types_of(self, part: Component) -> Iterator[tuple[str, Any]]:
        for name, symbol in part.parameters.items():
            yield name, self.inference.type_of(symbol)
        for name in part.each:
            yield f"each {name}", self.inference.type_of(part.variables[name])

    def meaning(self, node: ast.Node) -> tuple[Any, ...]:
        """The meaning of the names in a declaration that are constants or columns. It is a part of
        many `reads_of`, so it is kept."""
        told, found = self.meanings.get(id(node), (-1, ()))
        if told != self.reporter.told:
            found = self._meaning(node)
            self.meanings[id(node)] = self.reporter.told, found
        return found

    def _meaning(self, node: ast.Node) -> tuple[Any, ...]:
        constants, everywhere = self.symbols.constants, self.symbols.globals
        values = self.inference.values
        found: list[Any] = []
        for name in mentioned(node):
            if name not in everywhere:
                continue
            symbol, constant = everywhere[name], constants.get(name)
            found += name, symbol.kind, self.inference.type_of(symbol), plain(values.get(name))
            if constant is not None and constant is not symbol:
                found.append(self.inference.type_of(constant))
        return tuple(found)


def _nodes(component: Component) -> tuple[ast.Node | None, ...]:
    """The trees in which a component's names and units are checked."""
    sides = [side for side in (component.pre, component.post) if side is not None]
    return (
        component.node,
        component.neuron,
        component.rule,
        *(node for side in sides for node in (side.node, side.neuron)),
    )


def plain(value: Any) -> Any:
    """A value in a form that can be compared; an array by its bytes."""
    if isinstance(value, np.ndarray):
        kind = value.tolist() if value.dtype == object else value.tobytes()
        return value.dtype.str, value.shape, kind
    return value


# Values in the rows of the sweep ------------------------------------------------------------------


def values_read(component: Component, symbols: Symbols, phases: Sequence[Rows]) -> Reads:
    """What the values of a component are computed from: its parts, those of the connections that
    add equations to it, and the values of the names there, in each phase."""
    parts = [component]
    if component.kind == "layer":
        joined = (c for c in symbols.connections if c.post is component)
        parts += [c for c in joined if c.rule and c.rule.post_equations]
    nodes = tuple(node for part in parts for node in (part.node, part.neuron, part.rule))
    first = phases[0]
    owners = {part.name for part in parts}
    known: list[Any] = [any(run.phases for run in symbols.spec.of(ast.Run))]
    for part in parts:
        known += [part.name, part.scope, *part.each]
        known += [(n, s.by_preset) for n, s in part.parameters.items() if s.by_preset]
    for node in nodes:
        for name in mentioned(node) if node is not None else ():
            if name in symbols.globals:
                known += name, name in symbols.constants, plain(first.names.get(name))
    known += [(target, plain(value)) for target, value in first.set.items() if target[0] in owners]
    for rows in phases:
        if component.name in rows.touched:
            known.append([(t, value) for t, value in rows.changed.items() if t[0] in owners])
    return Reads(nodes, tuple(known))
