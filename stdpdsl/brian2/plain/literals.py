"""Numbers that appear in the code of an experiment: their values, and code that computes others
from them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from ...runtime.numerics import erbspace


def value(text: str) -> Any:
    """The value of code that contains numbers and lists of numbers. The code is the compiler's own,
    so evaluating it is safe."""
    return eval(text, {"np": np, "erbspace": erbspace, "__builtins__": {}})


def size(text: str) -> int:
    """How many numbers there are."""
    return int(np.size(value(text)))


def is_list(text: str) -> bool:
    return np.ndim(value(text)) > 0


def array(text: str) -> str:
    """A list as an array."""
    return f"np.array({text})" if text.startswith("[") else text


def floor(text: str, ratio: Fraction) -> str:
    """Code for floor(text * ratio) in whole numbers."""
    product = text if ratio.numerator == 1 else f"{text} * {ratio.numerator}"
    return product if ratio.denominator == 1 else f"{product} // {ratio.denominator}"


def ceiling(text: str, ratio: Fraction) -> str:
    """The same, rounded up."""
    if ratio.denominator == 1:
        return floor(text, ratio)
    return f"-(-{text} * {ratio.numerator} // {ratio.denominator})"
