"""Rows of figures, one figure per block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..dataclass import dataclass

Rows = dict[str, np.ndarray]


@dataclass(frozen=True)
class Row:
    """One kind of figure, for every chosen block that has one."""

    title: str
    figures: dict[int | None, str]


def pick(rows: Rows, where: np.ndarray) -> Rows:
    return {name: values[where] for name, values in rows.items()}


def by_block(rows: Rows) -> Iterator[tuple[int | None, Rows]]:
    """The rows of each block, and those without a block."""
    block = rows["block"].astype(float)
    for one in np.unique(block[np.isfinite(block)]):
        yield int(one), pick(rows, block == one)
    if np.any(np.isnan(block)):
        yield None, pick(rows, np.isnan(block))


def above(ax: Any) -> None:
    """Put the legend above the panel, where it hides nothing."""
    ax.legend(loc="lower right", bbox_to_anchor=(1, 0.97), ncols=2, borderaxespad=0)


def tag(block: int | None) -> str:
    return "shared" if block is None else str(block)


def clean(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def limits(values: np.ndarray) -> tuple[float, float]:
    good = clean(np.asarray(values, dtype=float))
    return (float(good.min()), float(good.max())) if len(good) else (0.0, 1.0)


def sparkline(values: Any, low: float, high: float) -> str:
    """The points of a small curve in a box of 60 x 16."""
    y = np.asarray(values, dtype=float)
    y = y[np.isfinite(y)]
    if len(y) < 2:
        return ""
    span = high - low or 1.0
    x = np.linspace(1, 59, len(y))
    points = zip(x, 15 - 14 * (y - low) / span, strict=True)
    return " ".join(f"{a:.0f},{b:.1f}" for a, b in points)
