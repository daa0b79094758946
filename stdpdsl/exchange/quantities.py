"""Quantities in NESTML's units: ms, mV, pA and their products, such as nS and 1/ms."""

from __future__ import annotations

from decimal import Decimal

from ..language import ast
from ..language.source import Span
from ..language.units import Dim, dim_and_power

_NAMED = {(-1, 1, 0): "nS", (-1, 1, 1): "pF", (1, -1, 0): "GOhm"}  # powers of mV, pA, ms
_OURS = {"GOhm": "Gohm"}


def powers(dim: Dim) -> tuple[int, int, int] | None:
    """The powers of mV, pA and ms; None if the dimension is not a product of whole powers of
    them.
    """
    metre, kilogram, second, amp, *_ = dim.exponents
    volt = kilogram
    found = (volt, amp + volt, second + 3 * volt)
    if metre != 2 * kilogram or any(dim.exponents[4:]) or any(p != int(p) for p in found):
        return None
    return int(found[0]), int(found[1]), int(found[2])


def factors(dim: Dim) -> list[tuple[str, int]]:
    """The unit of NESTML's numbers of this dimension: `nS`, `mV**2`."""
    found = powers(dim)
    assert found is not None, dim
    if found in _NAMED:
        return [(_NAMED[found], 1)]
    return [(n, p) for n, p in zip(("mV", "pA", "ms"), found, strict=True) if p]


def type_name(dim: Dim) -> str:
    """The NESTML type of a number of this dimension: `real`, `ms`, `1/mV**2`."""
    if dim.is_none:
        return "real"
    above = [_power(n, p) for n, p in factors(dim) if p > 0]
    below = [_power(n, -p) for n, p in factors(dim) if p < 0]
    return "/".join(["*".join(above) or "1", *below])


def _power(name: str, power: int) -> str:
    return name if power == 1 else f"{name}**{power}"


def base_unit(dim: Dim, span: Span) -> ast.Unit:
    """The same unit in a spec."""
    return ast.Unit(
        tuple(ast.UnitFactor(_OURS.get(n, n), p, span=span) for n, p in factors(dim)), span=span
    )


def in_base(quantity: ast.Quantity) -> tuple[str, Dim]:
    """The number of a quantity in NESTML's unit, exactly, and its dimension."""
    dim, power = dim_and_power((f.name, f.exponent) for f in quantity.unit.factors)
    found = powers(dim)
    assert found is not None, quantity
    volt, amp, second = found
    return decimal(quantity.text, power + 3 * volt + 12 * amp + 3 * second), dim


def decimal(text: str, shift: int) -> str:
    """A number times a power of ten, to the last digit."""
    value = Decimal(text).scaleb(shift).normalize()
    if value == 0:
        return "0"
    exponent = value.adjusted()
    return f"{value:f}" if -5 <= exponent < 16 else str(value).lower().replace("e+", "e")
