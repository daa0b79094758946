"""All blocks over more than two parameters at once: parallel coordinates."""

from __future__ import annotations

import numpy as np

from ..results.labels import label, pretty, scale_for
from .data import Data, Measure, places
from .style import INK, Canvas, for_lines
from .sweeps import along, axis_label

MOST_LINES = 1500


def parallel(data: Data, one: Measure, name: str) -> str:
    """One line per block through its parameters, coloured by a measure, with the highest values on
    top. Empty for fewer than three axes. A sample if there are too many blocks."""
    d = data.design
    if len(d.axes) < 3:
        return ""
    rows = np.flatnonzero(d.of_phase(data.phase) & np.isfinite(d.columns[one.column].astype(float)))
    if len(rows) < 2:
        return ""
    if len(rows) > MOST_LINES:
        picks = np.random.default_rng(0).choice(len(rows), MOST_LINES, replace=False)
        data.notes.append(
            f"The parallel coordinates show {MOST_LINES:,} of {len(rows):,} blocks, chosen"
            " at random."
        )
        rows = rows[np.sort(picks)]
    factor, unit = scale_for(d.columns[one.column], one.unit)
    values = d.columns[one.column][rows].astype(float) * factor
    heights = np.column_stack([height(data, k, rows) for k in range(len(d.axes))])
    # Blocks that share a value would hide one another, so they are moved apart a little, always in
    # the same way.
    shared = np.array([len(axis.values) < len(rows) / 2 for axis in d.axes])
    heights = heights + shared * np.random.default_rng(1).uniform(-0.012, 0.012, heights.shape)
    order = np.argsort(values, kind="stable")
    with Canvas(name, min(9.0, 1.4 + 1.6 * len(d.axes)), 2.9) as canvas:
        from matplotlib.collections import LineCollection

        ax = canvas.axes[0, 0]
        x = np.arange(len(d.axes), dtype=float)
        lines = LineCollection(
            [np.column_stack([x, heights[k]]) for k in order],
            array=values[order],
            cmap=for_lines(),
            linewidths=0.9,
            alpha=0.6,
            rasterized=len(rows) > 200,
        )
        ax.add_collection(lines)
        ax.set_xlim(-0.15, len(d.axes) - 1 + 0.15)
        ax.set_ylim(-0.04, 1.04)
        for spine in ("left", "bottom"):
            ax.spines[spine].set_visible(False)
        ax.set_yticks([])
        ax.tick_params(axis="x", length=0, pad=12)
        ax.set_xticks(x, [axis_label(axis) for axis in d.axes])
        for k, axis in enumerate(d.axes):
            ax.axvline(k, color=INK, lw=0.7)
            ends = axis.values[[0, -1]] if axis.words else along(axis)[[0, -1]]
            for at, value, side in ((-0.03, ends[0], "top"), (1.03, ends[1], "bottom")):
                text = str(value) if axis.words else pretty(float(value), digits=3)
                ax.text(k, at, text, ha="center", va=side, fontsize=8)
        bar = canvas.figure.colorbar(lines, ax=ax, aspect=28, pad=0.02)
        bar.solids.set_alpha(1)
        bar.set_label(label(one.words, unit))
        bar.outline.set_visible(False)
        return canvas.svg(f"{one.title} of every block, over all parameters")


def height(data: Data, number: int, rows: np.ndarray) -> np.ndarray:
    """The position of blocks on an axis, from 0 to 1; logarithmic if the axis is geometric."""
    axis = data.design.axes[number]
    x = along(axis)
    x = np.log(x) if axis.geometric else x
    x = (x - x.min()) / (np.ptp(x) or 1.0)
    found: np.ndarray = x[places(axis, data.design.columns[axis.name][rows])]
    return found
