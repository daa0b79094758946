"""What all nodes of the syntax tree have in common: they are frozen and have a span; and how to
walk a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from functools import wraps
from typing import Any, ClassVar, TypeVar, cast, dataclass_transform

from ..source import Span

N = TypeVar("N", bound="Node")
T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(kind: type[N]) -> type[N]:
    """A dataclass that is built, compared, printed and frozen by `Node`. Generating these methods
    for each of 80 classes would take a quarter of the time of `check`."""
    made = dataclass(init=False, eq=False, repr=False)(kind)
    made.compared = tuple(item.name for item in fields(made) if item.compare)
    made._in_order = tuple(item.name for item in fields(made) if not item.kw_only)
    made._names = frozenset(item.name for item in fields(made))
    made._defaults = {f.name: f.default for f in fields(made) if f.default is not MISSING}
    return made


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def root(kind: type[N]) -> type[N]:
    """The base class of all nodes, which defines how they compare, print and are frozen."""
    return dataclass(kw_only=True, init=False, eq=False, repr=False)(kind)


@root
class Node:
    compared: ClassVar[tuple[str, ...]] = ()
    _in_order: ClassVar[tuple[str, ...]] = ()
    _names: ClassVar[frozenset[str]] = frozenset()
    _defaults: ClassVar[dict[str, Any]] = {}
    span: Span = field(compare=False)

    def __init__(self, *values: Any, **named: Any) -> None:
        """Fields in order or by name, `span` by name."""
        given = self._in_order[: len(values)]
        own = self.__dict__
        own.update(self._defaults)
        own.update(zip(given, values, strict=False))
        own.update(named)
        wrong = own.keys() ^ self._names  # not known, or missing
        wrong |= named.keys() & given
        if wrong or len(values) > len(given):
            text = ", ".join(sorted(wrong)) or f"{len(values)} fields in order"
            raise TypeError(f"{type(self).__name__} is made with other fields: {text}")

    def __setattr__(self, name: str, value: object) -> None:
        """Set each field once, when the node is made."""
        if name in self.__dict__ or name not in self.__dataclass_fields__:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def said(self) -> tuple[object, ...]:
        """Its contents as a tuple: all fields that `==` compares."""
        return tuple(getattr(self, name) for name in self.compared)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.said() == other.said()

    def __hash__(self) -> int:
        return hash(self.said())

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.said()}"


@node
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
