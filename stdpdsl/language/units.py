"""Dimensions as exponents of the SI base units, and the table of units.

Every unit is a power of ten of SI base units, and the scales are Brian2's own (a test compares
every one). A quantity is the double nearest to the decimal number in SI units: `3 nS` is 3e-9,
whereas the product of 3 and 1e-9 would be 3.0000000000000004e-09.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

BASE = ("metre", "kilogram", "second", "amp", "kelvin", "mole", "candela")
_QUANTITIES = ("length", "mass", "time", "current", "temperature", "amount", "luminous intensity")


class Dim(NamedTuple):
    """Exponents of metre, kilogram, second, amp, kelvin, mole, candela."""

    exponents: tuple[float, ...] = (0,) * 7

    def __mul__(self, other: Dim) -> Dim:  # type: ignore[override]
        return Dim(tuple(a + b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __truediv__(self, other: Dim) -> Dim:
        return Dim(tuple(a - b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __pow__(self, power: float) -> Dim:
        return Dim(tuple(_tidy(a * power) for a in self.exponents))

    @property
    def is_none(self) -> bool:
        return not any(self.exponents)

    def describe(self) -> str:
        """For messages: `time`, `voltage per time`, `no unit`; base units as the last resort."""
        return _NAMED.get(self) or _composed(self) or self.base_units()

    def base_units(self) -> str:
        """Brian2's base units: `second`, `metre**2/second`; `1` for no dimension. No parentheses,
        because Brian2's equations do not accept them after a colon."""
        factors = [(n, e) for n, e in zip(BASE, self.exponents, strict=True) if e]
        above = [_power(n, e) for n, e in factors if e > 0]
        below = [f"/{_power(n, -e)}" for n, e in factors if e < 0]
        return ("*".join(above) or "1") + "".join(below)

    def unit_name(self) -> str:
        """The unit for this dimension in Brian2's equations (`volt`, `1`, `second`), composed of
        base units if no derived unit has a name."""
        return _DERIVED_NAME.get(self) or self.base_units()


def _tidy(value: float) -> float:
    return int(value) if value == int(value) else value


def _power(name: str, exponent: float) -> str:
    return name if exponent == 1 else f"{name}**{_tidy(exponent)}"


NONE = Dim()
METRE, KILOGRAM, SECOND, AMP, KELVIN, MOLE, CANDELA = (
    Dim(tuple(int(k == n) for k in range(7))) for n in range(7)
)
HERTZ = NONE / SECOND
NEWTON = KILOGRAM * METRE / SECOND**2
PASCAL = NEWTON / METRE**2
JOULE = NEWTON * METRE
WATT = JOULE / SECOND
COULOMB = SECOND * AMP
VOLT = WATT / AMP
FARAD = COULOMB / VOLT
OHM = VOLT / AMP
SIEMENS = AMP / VOLT
WEBER = VOLT * SECOND
TESLA = WEBER / METRE**2
HENRY = WEBER / AMP
MOLAR = MOLE / METRE**3

_NAMED = {
    NONE: "no unit",
    METRE: "length",
    KILOGRAM: "mass",
    SECOND: "time",
    AMP: "current",
    KELVIN: "temperature",
    MOLE: "amount of substance",
    HERTZ: "rate",
    VOLT: "voltage",
    FARAD: "capacitance",
    OHM: "resistance",
    SIEMENS: "conductance",
    COULOMB: "charge",
    JOULE: "energy",
    WATT: "power",
    NEWTON: "force",
    PASCAL: "pressure",
    MOLAR: "concentration",
    SIEMENS / METRE**2: "conductance per area",
    FARAD / METRE**2: "capacitance per area",
    AMP / METRE**2: "current per area",
    METRE**2: "area",
    METRE**3: "volume",
    VOLT / SECOND: "voltage per time",
    AMP / SECOND: "current per time",
    SIEMENS / SECOND: "conductance per time",
}

# The quantities from which other dimensions are composed, the most informative first: `rate per
# voltage`.
_WORDS = (VOLT, SECOND, AMP, HERTZ, SIEMENS, METRE, FARAD, COULOMB, OHM, MOLAR)
_POWERS = ((1.0, "{}"), (2.0, "{} squared"), (0.5, "square root of {}"), (3.0, "{} cubed"))


@cache
def _composed(dim: Dim) -> str:
    """`X`, `1 per X`, `X per Y` or `X times Y` of named quantities, or nothing."""
    single = [
        (quantity**power, form.format(_NAMED[quantity]), cost + len(_WORDS) * extra)
        for extra, (power, form) in enumerate(_POWERS)
        for cost, quantity in enumerate(_WORDS)
    ]
    alone = [(cost, name) for own, name, cost in single if own == dim]
    alone += [(cost, f"1 per {name}") for own, name, cost in single if NONE / own == dim]
    pairs = (
        []
        if alone
        else [
            (cost + more, f"{above} {word} {below}")
            for top, above, cost in single
            for bottom, below, more in single
            for word, both in (("per", top / bottom), ("times", top * bottom))
            if both == dim
        ]
    )
    return min(alone or pairs, key=lambda item: item[0], default=(0, ""))[1]


# name -> dimension, and the power of ten to SI.
_UNITS: dict[str, tuple[Dim, int]] = {
    "metre": (METRE, 0),
    "meter": (METRE, 0),
    "kilogram": (KILOGRAM, 0),
    "second": (SECOND, 0),
    "amp": (AMP, 0),
    "ampere": (AMP, 0),
    "kelvin": (KELVIN, 0),
    "mole": (MOLE, 0),
    "mol": (MOLE, 0),
    "candela": (CANDELA, 0),
    "gram": (KILOGRAM, -3),
    "gramme": (KILOGRAM, -3),
    "hertz": (HERTZ, 0),
    "newton": (NEWTON, 0),
    "pascal": (PASCAL, 0),
    "joule": (JOULE, 0),
    "watt": (WATT, 0),
    "coulomb": (COULOMB, 0),
    "volt": (VOLT, 0),
    "farad": (FARAD, 0),
    "ohm": (OHM, 0),
    "siemens": (SIEMENS, 0),
    "weber": (WEBER, 0),
    "tesla": (TESLA, 0),
    "henry": (HENRY, 0),
    "litre": (METRE**3, -3),
    "liter": (METRE**3, -3),
    "molar": (MOLAR, 3),
}
# The short names that Brian2 combines with prefixes (`mV`, `nS`), and single letters, which are
# units only inside a quantity.
_SHORT = {
    "m": "metre",
    "g": "gram",
    "s": "second",
    "A": "amp",
    "K": "kelvin",
    "Hz": "hertz",
    "N": "newton",
    "Pa": "pascal",
    "J": "joule",
    "W": "watt",
    "C": "coulomb",
    "V": "volt",
    "F": "farad",
    "ohm": "ohm",
    "S": "siemens",
    "Wb": "weber",
    "T": "tesla",
    "H": "henry",
    "l": "litre",
    "L": "litre",
    "M": "molar",
    "mol": "mole",
    "cd": "candela",
}
_PREFIXES = {
    "y": -24,
    "z": -21,
    "a": -18,
    "f": -15,
    "p": -12,
    "n": -9,
    "u": -6,
    "m": -3,
    "c": -2,
    "d": -1,
    "da": 1,
    "h": 2,
    "k": 3,
    "M": 6,
    "G": 9,
    "T": 12,
    "P": 15,
    "E": 18,
    "Z": 21,
    "Y": 24,
}
# Names that Brian2 has, but neither exports nor accepts in equations.
_HIDDEN = ("candela", "henry", "newton", "tesla", "weber")
_DERIVED_NAME = {
    dim: name
    for name, (dim, scale) in _UNITS.items()
    if scale == 0 and name not in ("meter", "ampere", "mol", "gramme", *_HIDDEN)
}
_DERIVED_NAME[NONE] = "1"


@cache
def lookup(name: str) -> tuple[Dim, int] | None:
    """Dimension and power of ten to SI of one unit name (`mV`, `second`, `kHz`), or None.

    `dB` is not a unit of this table: levels are checked where they are used.
    """
    for rest_of in (_UNITS, _SHORT):
        if name in rest_of:
            return _unit(name)
    for prefix in sorted(_PREFIXES, key=len, reverse=True):
        rest = name[len(prefix) :]
        if name.startswith(prefix) and (rest in _SHORT or rest in _UNITS):
            dim, power = _unit(rest)
            return dim, _PREFIXES[prefix] + power
    return None


def _unit(name: str) -> tuple[Dim, int]:
    return _UNITS[_SHORT.get(name, name)]


def resolve(factors: Iterable[tuple[str, int]]) -> tuple[Dim, float]:
    """Dimension and scale of a product of units. KeyError has the first unknown name."""
    dim, power = dim_and_power(factors)
    # The scale is the nearest float to a power of ten, not a rounded product.
    return dim, float(f"1e{power}")


def in_si(number: str, power: int) -> float:
    """The double nearest to `number * 10**power`.

    `number` is a decimal number as `float` accepts it (`3`, `-0.5`, `1e-3`): as written, or the
    `repr` of a float. A number that is not finite, or too large in SI, gives `inf` or `nan`.
    """
    mantissa, _, exponent = number.lower().partition("e")
    value = float(number)
    # Zero and infinite values stay as they are. An exponent with more than 20 digits gives one of
    # them.
    if value == 0 or value - value != 0 or len(exponent) > 20:
        return value
    return float(f"{mantissa}e{int(exponent or 0) + power}")


def dim_and_power(factors: Iterable[tuple[str, int]]) -> tuple[Dim, int]:
    """Dimension and power of ten to SI of a product of units. KeyError has the first unknown
    name."""
    return _dim_and_power(tuple(factors))


@lru_cache(maxsize=10_000)
def _dim_and_power(factors: tuple[tuple[str, int], ...]) -> tuple[Dim, int]:
    dim, power = NONE, 0
    for name, exponent in factors:
        found = lookup(name)
        if found is None:
            raise KeyError(name)
        dim = dim * found[0] ** exponent
        power += found[1] * exponent
    return dim, power


def parse_unit(text: str) -> list[tuple[str, int]]:
    """The factors of `nS/cm**2` in a table's header; KeyError if it is not a unit."""
    factor = r"([*/]?)\s*([A-Za-z]+)(?:\*\*(-?\d+))?"
    if re.sub(factor, "", text).strip():
        raise KeyError(text)
    factors = []
    for sign, name, power in re.findall(factor, text):
        exponent = int(power or 1)
        factors.append((name, -exponent if sign == "/" else exponent))
    return factors


def all_names() -> list[str]:
    """Every unit name worth suggesting; only the usual prefixes."""
    usual = ("", "p", "n", "u", "m", "k", "M", "G")
    return [p + s for s in _SHORT for p in usual] + list(_UNITS) + ["cm", "dB"]
