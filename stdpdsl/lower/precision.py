"""`precision: single`: what the network holds and computes with in 24 bits.

Times stay double, because single precision could not resolve the steps of an hour-long run; so do
whole numbers. A component holds everything else as variables. A number in the code would be double,
so a block's results would differ between a run alone and a sweep of that number.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from ..ir import Connection, Experiment, Group, Layer, Parameter

_DOUBLE = ("second", "integer", "boolean")

Part = TypeVar("Part", Group, Connection)


def in_single(e: Experiment) -> Experiment:
    """The same experiment in single precision. Layers that hear a sound before the network runs use
    double."""
    return replace(
        e,
        precision="single",
        layers=tuple(map(_layer, e.layers)),
        connections=tuple(map(_held, e.connections)),
    )


def _layer(layer: Layer) -> Layer:
    if layer.group is None or layer.kind != "neurons":
        return layer
    return replace(layer, group=_held(layer.group))


def _held(part: Part) -> Part:
    # A time is the same number in code and in a variable, and the compiler knows it.
    kept = [p for p in part.namespace if not (p.given or p.unit in _DOUBLE)]
    common: tuple[Parameter, ...] = tuple(kept)
    units = [(e.name, e.unit) for e in part.equations if "summed" not in e.flags]  # its target's
    units += [(p.name, p.unit) for p in (*part.varying, *common)]
    keys = {p.name for p in part.varying if p.key}  # for draws, whole numbers of 48 bits
    single = dict.fromkeys(n for n, unit in units if unit not in _DOUBLE and n not in keys)
    namespace = tuple(p for p in part.namespace if p not in common)
    return replace(part, namespace=namespace, common=common, single=tuple(single))
