"""Functions of values that NumPy does not have. The compiler uses these same functions, so the
script's values have the same bits."""

import numpy as np


def as_int(value):
    """Round towards zero, like Brian2's `int`, even large doubles; a condition gives 1 or 0."""
    return np.trunc(np.asarray(value, dtype=float))[()]


def exprel(value):
    """(exp(x) - 1)/x, 1 at 0."""
    x = np.asarray(value, dtype=float)
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.expm1(safe) / safe)[()]


def erbspace(low, high, count):
    """`count` frequencies (Hz), evenly spaced on the ERB scale of Glasberg & Moore (1990),
    doi:10.1016/0378-5955(90)90170-T: as brian2hears' `erbspace` gives them. If `count` is 1, only
    `low`."""
    if count == 1:
        return np.array([float(low)])
    ear_q, min_bw = 9.26449, 24.7
    offset = ear_q * min_bw
    span = -np.log(high + offset) + np.log(low + offset)
    falling = -offset + np.exp(np.arange(count) * span / (count - 1)) * (high + offset)
    return falling[::-1]
