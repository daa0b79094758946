"""The axes of a search in figures: values in a suitable unit, labels and scales."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..results.labels import label, scale_for
from ..search.answers import Answers
from .sweeps import plain_log

_LOGARITHMIC = ("loguniform", "lognormal", "exponential")


def along(answers: Answers, axis: int, rows: np.ndarray) -> tuple[np.ndarray, str]:
    """Values of trials on an axis, in a unit that suits all of them, and the axis' label."""
    factor, text = scale_of(answers, axis)
    return answers.found.values[rows, axis] * factor, text


def scale_of(answers: Answers, axis: int) -> tuple[float, str]:
    """The factor that converts an axis's SI values for a figure, and the axis's label."""
    name = answers.space.columns[axis]
    every = answers.found.values[:, axis]
    factor, unit = scale_for(every[np.isfinite(every)], answers.results.units.get(name, ""))
    return factor, label(name, unit)


def is_logarithmic(answers: Answers, axis: int) -> bool:
    call = answers.space.search.over[axis].value
    values = answers.found.values[:, axis]
    return getattr(call, "func", None) is not None and (
        call.func.id in _LOGARITHMIC and bool(np.nanmin(values) > 0)  # type: ignore[attr-defined]
    )


def logarithmic_scale(axis: Any, values: np.ndarray) -> None:
    """Of `ax.xaxis` or `ax.yaxis`."""
    axis._set_axes_scale("log")
    plain_log(axis, values)


def shortened(text: str, most: int = 34) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
