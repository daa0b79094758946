"""Figures of recorded variables over time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np

from ..results.labels import label, pretty, scale_for
from ..runtime.results import columns_always
from .data import Data
from .rows import Row, Rows, above, by_block, clean, limits, pick, tag
from .style import INK, RULE, SERIES, Canvas

LINES = 12  # number of single synapses or neurons in a trajectory plot
SAMPLES = 400  # per line


def trajectories(data: Data) -> Iterator[Row]:
    if "trajectories" not in data.results.tables:
        return
    more = [n for n in ("synapse_number",) if n in data.results.columns("trajectories")]
    rows = data.rows("trajectories", [*columns_always("trajectories"), *more])
    if rows is None:
        return
    names = np.array(
        [
            f"{layer if connection is None else connection}.{variable}"
            for connection, layer, variable in zip(
                rows["connection"], rows["layer"], rows["variable"], strict=True
            )
        ]
    )
    for n, name in enumerate(dict.fromkeys(names.tolist())):
        mine = pick(rows, names == name)
        factor, unit = scale_for(mine["value"], data.units.get(name, ""))
        mine["value"] = mine["value"] * factor
        owner, _, variable = name.rpartition(".")
        fast = is_fast(mine)
        each = one_by_one(mine)
        yield Row(
            f"{owner}: {variable} over time" + (", at the end" if fast else ""),
            {
                block: (stacked if each else lines)(
                    one, mine, fast, label(variable, unit), f"tr{n}-{tag(block)}"
                )
                for block, one in by_block(mine)
            },
        )


def is_fast(rows: Rows) -> bool:
    """Whether values change as much between two samples of a line as they vary in the whole run,
    like a membrane potential. A line over the whole run would then show nothing."""
    change, variation = [], []
    for _, one in by_block(rows):
        t, table = traces(one)
        step = len(t) // SAMPLES
        if step < 2:
            return False
        change.append(np.abs(table[:, step:] - table[:, :-step]).ravel())
        middle = table[np.isfinite(table)].mean() if np.any(np.isfinite(table)) else 0.0
        variation.append(np.abs(table - middle).ravel())
    both = (clean(np.concatenate(values)) for values in (change, variation))
    jump, all_in_all = (values.mean() if len(values) else 0.0 for values in both)
    return bool(jump > 0.5 * all_in_all > 0)


def one_by_one(rows: Rows) -> bool:
    """Whether each neuron gets its own panel: if there are few neurons whose potentials would hide
    one another."""
    neurons = rows["neuron"].astype(float)
    return bool(np.all(np.isfinite(neurons))) and 2 <= len(np.unique(neurons)) <= LINES


def stacked(one: Rows, everyone: Rows, fast: bool, title: str, name: str) -> str:
    """A panel for each neuron, one below the other, on one scale; if values are fast, only the end
    of the run."""
    t, table = traces(one)
    if fast:
        t, table = t[-SAMPLES:], table[:, -SAMPLES:]
    step = max(1, len(t) // SAMPLES)
    neurons = np.unique(one["neuron"].astype(int))
    low, high = limits(everyone["value"])
    margin = 0.08 * (high - low) or 0.5
    ends = limits(t if fast else everyone["t"])
    with Canvas(
        name, 4.3, 0.75 + 0.3 * len(table), rows=len(table), sharex=True, sharey=True
    ) as canvas:
        canvas.figure.get_layout_engine().set(hspace=0.0, h_pad=0.01)
        for k, neuron in enumerate(neurons[::-1]):  # the first at the bottom, as in a raster
            ax = canvas.axes[k, 0]
            ax.plot(t[::step], table[len(table) - 1 - k, ::step], color=SERIES[0], lw=0.9)
            ax.text(
                -0.015,
                0.5,
                str(neuron),
                transform=ax.transAxes,
                ha="right",
                va="center",
                fontsize=8,
            )
            ax.spines["left"].set_visible(False)
            last = k == len(table) - 1
            ax.spines["bottom"].set_visible(last)
            ax.tick_params(left=False, labelleft=False, bottom=last)
        ax.set_ylim(low - margin, high + margin)
        ax.set_xlim(*ends)
        right = canvas.axes[0, 0].secondary_yaxis("right")  # the scale of all
        right.set_yticks([low, high], [pretty(low, digits=3), pretty(high, digits=3)])
        right.set_ylabel(title, fontsize=8)
        ax.set_xlabel("t (s)")
        canvas.figure.supylabel("neuron", fontsize=9)
        return canvas.svg(f"{title} of each neuron over time")


def lines(one: Rows, everyone: Rows, fast: bool, title: str, name: str) -> str:
    """Some single traces, and the mean and the middle half of all; if values are fast, only the end
    of the run."""
    t, table = traces(one)
    if fast:
        t, table = t[-SAMPLES:], table[:, -SAMPLES:]
    step = max(1, len(t) // SAMPLES)
    picks = np.unique(np.linspace(0, len(table) - 1, min(LINES, len(table))).astype(int))
    low, high = limits(everyone["value"])
    margin = 0.04 * (high - low) or 0.5
    with Canvas(name, 4.3, 2.0) as canvas:
        ax = canvas.axes[0, 0]
        ax.plot(t[::step], table[picks][:, ::step].T, color=INK, lw=0.6, alpha=0.35)
        if len(table) >= 4:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # if nothing is finite
                quarter, three = np.nanquantile(table[:, ::step], [0.25, 0.75], axis=0)
                mean = np.nanmean(table[:, ::step], axis=0)
            ax.fill_between(t[::step], quarter, three, color=SERIES[0], alpha=0.25, lw=0)
            ax.plot(t[::step], mean, color=SERIES[0], label=f"mean of {len(table)}")
            above(ax)
        ax.set_ylim(low - margin, high + margin)
        if not fast:  # blocks may have ended at different times
            ends = limits(everyone["t"])
            ax.set_xlim(ends[0] - 0.04 * (ends[1] - ends[0]), ends[1] + 0.04 * (ends[1] - ends[0]))
        ax.set_xlabel("t (s)")
        ax.set_ylabel(title)
        ax.grid(axis="y", color=RULE, lw=0.6)
        return canvas.svg(f"{title} over time")


def traces(one: Rows) -> tuple[np.ndarray, np.ndarray]:
    """The times, and one row of values per synapse or neuron (NaN if it was not sampled)."""
    names = ("pre", "post", "synapse_number", "neuron")
    columns = (one[name].astype(float) for name in names if name in one)
    keys = np.stack([np.nan_to_num(column, nan=-1) for column in columns])
    who = np.unique(keys, axis=1, return_inverse=True)[1].ravel()
    t, when = np.unique(one["t"], return_inverse=True)
    table = np.full((int(who.max()) + 1, len(t)), np.nan)
    table[who, when] = one["value"]
    return t, table
