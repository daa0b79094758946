"""Dataclasses that share their methods. The standard library generates them for each class anew at
each import, which for 200 classes would take a fifth of the time of a short command."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, field, fields
from typing import Any, TypeVar, dataclass_transform, overload

C = TypeVar("C", bound=type)


@overload
def dataclass(kind: C) -> C: ...


@overload
def dataclass(*, frozen: bool = False, kw_only: bool = False) -> Callable[[C], C]: ...


@dataclass_transform(field_specifiers=(field,))
def dataclass(kind: Any = None, *, frozen: bool = False, kw_only: bool = False) -> Any:
    """As `dataclasses.dataclass`, with the usual `==`, `repr` and, if it is frozen, `hash`."""
    if kind is None:
        return lambda kind: _made(kind, frozen, kw_only)
    return _made(kind, frozen, kw_only)


def _made(kind: Any, frozen: bool, kw_only: bool) -> Any:
    kind.__doc__ = kind.__doc__ or kind.__name__  # otherwise a signature is worked out
    own: dict[str, Any]
    own = {"__init__": _init, "__eq__": _equal, "__repr__": _repr, "__hash__": None}
    if frozen:
        own |= {"__setattr__": _set, "__delattr__": _delete, "__hash__": _hash}
    for name, method in own.items():
        if name not in kind.__dict__:
            setattr(kind, name, method)
    made = dataclasses.dataclass(init=False, eq=False, repr=False, kw_only=kw_only)(kind)
    items = fields(made)
    made._compared = tuple(item.name for item in items if item.compare)
    made._shown = tuple(item.name for item in items if item.repr)
    given = [item for item in items if item.init]
    made._given = (
        frozenset(item.name for item in given),
        tuple(item.name for item in given if not item.kw_only),
        {item.name: item.default for item in given if item.default is not MISSING},
        [(f.name, f.default_factory) for f in given if f.default_factory is not MISSING],
        getattr(made, "__post_init__", None),
    )
    return made


def _contents(self: Any) -> tuple[Any, ...]:
    """All fields that `==` compares."""
    return tuple([getattr(self, name) for name in self._compared])


def _init(self: Any, *values: Any, **named: Any) -> None:
    """Fields in order or by name."""
    names, in_order, defaults, factories, after = self._given
    own = self.__dict__
    own.update(defaults)
    own.update(zip(in_order, values, strict=False))
    own.update(named)
    for name, make in factories:
        if name not in own:
            own[name] = make()
    if len(own) != len(names) or len(values) > len(in_order) or named:
        wrong = (own.keys() ^ names) | (named.keys() & in_order[: len(values)])
        if wrong or len(values) > len(in_order):
            text = ", ".join(sorted(wrong)) or f"{len(values)} fields in order"
            raise TypeError(f"{type(self).__name__} is made with other fields: {text}")
    if after is not None:
        after(self)


def _equal(self: Any, other: object) -> bool:
    if type(other) is not type(self):
        return NotImplemented
    return _contents(self) == _contents(other)


def _hash(self: Any) -> int:
    return hash(_contents(self))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._shown)
    return f"{type(self).__qualname__}({shown})"


def _set(self: Any, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
