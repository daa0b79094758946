"""What all nodes of the syntax tree have in common: they are frozen and have a span; and how to
walk a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field, fields
from functools import wraps
from typing import Any, TypeVar, cast

from ...dataclass import dataclass
from ..source import Span

N = TypeVar("N", bound="Node")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Node:
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Declaration(Node):
    pass


def found_once(find: Callable[[N], T]) -> Callable[[N], T]:
    """Caches on a node what is asked some hundred times, because a node never changes."""
    key = f"_{find.__name__}"

    @wraps(find)
    def ask(node: N) -> T:
        own = node.__dict__
        if key not in own:
            own[key] = find(node)
        return cast(T, own[key])

    return ask


@found_once
def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in text order."""
    kind = type(node)
    if kind not in _PARTS:  # looking up the fields each time takes longer than all the rest
        _PARTS[kind] = tuple(item.name for item in fields(kind) if item.name != "span")
    found: list[Node] = []
    for name in _PARTS[kind]:
        _collect(getattr(node, name), found)
    return tuple(found)


_PARTS: dict[type[Node], tuple[str, ...]] = {}


def _collect(value: object, found: list[Node]) -> None:
    if isinstance(value, Node):
        found.append(value)
    elif isinstance(value, tuple):
        for item in value:
            _collect(item, found)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, depth first."""
    return iter(_whole(node)) if isinstance(node, Declaration) else _walk(node)


@found_once
def _whole(node: Node) -> tuple[Node, ...]:
    return tuple(_walk(node))


def _walk(node: Node) -> Iterator[Node]:
    """Not recursive."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(children(top)))


def below(node: Node, kind: type[N]) -> tuple[N, ...]:
    """Every node of a kind, this one and those below it, in text order; found once."""
    known: dict[type[Node], tuple[Any, ...]] = node.__dict__.setdefault("_of_kinds", {})
    if kind not in known:
        known[kind] = tuple(n for n in walk(node) if isinstance(n, kind))
    return known[kind]


@found_once
def depth(node: Node) -> int:
    """Levels of nodes; not recursive."""
    deepest, level = 0, [node]
    while level:
        deepest += 1
        level = [child for parent in level for child in children(parent)]
    return deepest


@found_once
def leaves(node: Node) -> int:
    """Names, numbers and other nodes without parts."""
    return sum(not children(n) for n in walk(node))
