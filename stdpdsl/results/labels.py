"""Formats quantities for readers: prefixes, labels, a few significant digits."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np

from ..language.builtins import MEASURES

SYMBOLS = {
    "second": "s",
    "hertz": "Hz",
    "volt": "V",
    "amp": "A",
    "siemens": "S",
    "farad": "F",
    "ohm": "Ω",
    "meter": "m",
    "metre": "m",
    "1": "",
    "": "",
}
_PREFIXES = {-12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M"}
_PREFIXED = {"s", "V", "A", "S", "F", "Hz", "Ω", "m"}


def symbol(unit: str) -> str:
    """The symbol of a unit: `volt` and `V` give `V`; a plain number has no symbol."""
    return SYMBOLS.get(unit, unit)


def scale_for(values: object, unit: str) -> tuple[float, str]:
    """The factor and unit in which values (SI) are easy to read: 0.02 s becomes 20 ms."""
    unit = symbol(unit)
    if unit not in _PREFIXED:
        return 1.0, unit
    numbers = np.abs(np.asarray(values, dtype=float).ravel())
    numbers = numbers[np.isfinite(numbers) & (numbers > 0)]
    if not len(numbers):
        return 1.0, unit
    low = 0 if unit == "Hz" else -12
    power = 3 * math.floor(math.log10(numbers.max()) / 3 + 1e-9)
    power = min(max(power, low), 0 if unit == "s" else 6)
    return 10.0**-power, _PREFIXES[power] + unit


def label(name: str, unit: str = "") -> str:
    return f"{name} ({unit})" if unit else name


def pretty(value: object, unit: str = "", digits: int = 4) -> str:
    """Like `shown`, with a true minus sign and `µ`, for pages and figures. A terminal may lack
    these characters.
    """
    text = shown(value, unit, digits)
    if not isinstance(value, int | float | np.number):
        return text
    return re.sub(r" u(?=\w)", " µ", text.replace("-", "\u2212"))


def shown(value: object, unit: str = "", digits: int = 4) -> str:
    """A value as text: `20 ms`, `0.01`, `mult`; a dash if there is none."""
    if value is None:
        return "-"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not isinstance(value, int | float | np.number):
        return str(value)
    number = float(value)
    if not math.isfinite(number):
        return str(number)
    factor, unit = scale_for([number], unit)
    text = re.sub(r"e([-+])0*", r"e\1", f"{number * factor:.{digits}g}").replace("e+", "e")
    return f"{text} {unit.replace('µ', 'u')}".strip()


def measure(name: str, units: Mapping[str, str]) -> tuple[str, str, str]:
    """For a column of `blocks`: its component, its meaning in words, and its unit."""
    if name in units:  # a measure that the spec defines
        return "", name.replace("_", " "), symbol(units[name])
    for end, (words, unit) in MEASURES.items():
        if name.endswith("_" + end):
            owner = name[: -len(end) - 1]
            return owner, words, symbol(units.get(f"{owner}.w", "") if unit == "w" else unit)
    return "", name.replace("_", " "), ""
