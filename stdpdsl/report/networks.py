"""Figures of single blocks: weight matrices, distributions, trajectories, rasters and rates.

Each function gives one figure per block, with the same scales, so that they can stand side by
side. The key None is what exists once for all blocks.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..results.labels import label, pretty, scale_for
from ..results.network import partly_recorded, size_of_layer
from .data import Data, varies
from .style import DIVERGING, INK, RULE, SEQUENTIAL, SERIES, Canvas

FEW = 3  # synapses per block that make a picture
MOST_CELLS = 160  # per side of a weight matrix; a larger one is averaged
MOST_SPIKES, MOST_OF_ONE = 2000, 300  # per raster, and of one neuron
HIGHER = 3  # so many times as high as in another block, a histogram may be
LINES = 12  # single synapses or neurons of a trajectory
SAMPLES = 400  # per line

Rows = dict[str, np.ndarray]


@dataclass(frozen=True)
class Row:
    """One kind of figure, for every chosen block that has it."""

    title: str
    figures: dict[int | None, str]


def rows_of_figures(data: Data) -> Iterator[Row]:
    """All figures of single blocks, kind by kind."""
    yield from weights(data)
    yield from trajectories(data)
    yield from spikes(data)


# Weights ----------------------------------------------------------------------------------------


def weights(data: Data) -> Iterator[Row]:
    rows = data.rows("weights", ["connection", "block", "pre", "post", "w_initial", "w"])
    if rows is None:
        return
    for n, connection in enumerate(dict.fromkeys(rows["connection"].tolist())):
        mine = pick(rows, rows["connection"] == connection)
        before, after = mine["w_initial"].astype(float), mine["w"].astype(float)
        if not np.any(np.isfinite(after)) or not varies_between(before, after):
            continue  # fixed weights, or a connection whose only state is other than a weight
        if not np.any(np.isfinite(after - before)):
            continue  # the first weights were not saved
        if len(after) < FEW * len(list(by_block(mine))):
            continue  # what one or two synapses did stands in the table
        unit = data.units.get(f"{connection}.w", "")
        factor, unit = scale_for(np.concatenate([before, after]), unit)
        mine["w_initial"], mine["w"] = before * factor, after * factor
        yield Row(f"{connection}: weights before, after and their change", {
            block: matrices(one, mine, unit, f"wm{n}-{tag(block)}")
            for block, one in by_block(mine)
        })  # fmt: skip
        bins = bins_of(mine)
        yield Row(f"{connection}: distribution of weights", {
            block: histogram(one, *bins, unit, f"wh{n}-{tag(block)}")
            for block, one in by_block(mine)
        })  # fmt: skip


def varies_between(before: np.ndarray, after: np.ndarray) -> bool:
    return varies(np.concatenate([before, after])) and not np.array_equal(
        before, after, equal_nan=True
    )


def matrices(one: Rows, everyone: Rows, unit: str, name: str) -> str:
    """Before, after (one scale, that of all blocks), and the change (symmetric about 0)."""
    values = np.concatenate([everyone["w_initial"], everyone["w"]])
    low, high = limits(values)
    changes = clean(np.abs(everyone["w"] - everyone["w_initial"]))
    # Not up to the few that changed most, beside which all others would look the same.
    change = float(np.quantile(changes, 0.98)) or limits(changes)[1] or 1.0
    shape = (int(everyone["post"].max()) + 1, int(everyone["pre"].max()) + 1)
    before, after = one["w_initial"], one["w"]
    shown = ((before, "before"), (after, "after"), (after - before, "change"))
    with Canvas(name, 4.3, 2.1, columns=3, sharey=True) as canvas:
        for k, (values, title) in enumerate(shown):
            ax = canvas.axes[0, k]
            is_change = title == "change"
            image = ax.imshow(
                matrix(one["post"], one["pre"], values, shape), origin="lower", aspect="auto",
                cmap=DIVERGING if is_change else SEQUENTIAL, interpolation="none",
                vmin=-change if is_change else low, vmax=change if is_change else high,
                extent=(-0.5, shape[1] - 0.5, -0.5, shape[0] - 0.5),
            )  # fmt: skip
            ax.set_title(title)
            ax.set_xlabel("pre")
            for side, count in ((ax.xaxis, shape[1]), (ax.yaxis, shape[0])):
                side.set_ticks(sorted({0, count - 1}))
            if shape[1] > 10:  # the numbers of neighbouring panels would touch
                for text, at in zip(ax.get_xticklabels(), ("left", "right"), strict=True):
                    text.set_horizontalalignment(at)
            if k > 0:
                beyond = "both" if is_change and changes.max() > change else "neither"
                bar = canvas.figure.colorbar(image, ax=ax, aspect=18, pad=0.03, extend=beyond)
                bar.set_label(label("w" if k == 1 else "Δw", unit), labelpad=1)
                bar.ax.tick_params(labelsize=7)
                bar.outline.set_visible(False)
        canvas.axes[0, 0].set_ylabel("post")
        return canvas.svg("weight matrices before and after, and the change")


def matrix(
    row: np.ndarray, column: np.ndarray, values: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Means per cell; NaN where there is no synapse. Large ones in coarser cells."""
    fine = (min(shape[0], MOST_CELLS), min(shape[1], MOST_CELLS))
    cell = np.ravel_multi_index(
        (row.astype(int) * fine[0] // shape[0], column.astype(int) * fine[1] // shape[1]), fine
    )
    good = np.isfinite(values)
    size = fine[0] * fine[1]
    count = np.bincount(cell[good], minlength=size)
    total = np.bincount(cell[good], weights=values[good], minlength=size)
    return (total / np.where(count, count, np.nan)).reshape(fine)


def bins_of(everyone: Rows) -> tuple[np.ndarray, float]:
    """The bins of all blocks' histograms, and how high a bar is drawn: one that holds all synapses
    of a block would leave nothing to see of the others."""
    low, high = limits(np.concatenate([everyone["w_initial"], everyone["w"]]))
    edges = np.linspace(low, high if high > low else low + 1, 31)
    highest = [
        max(np.histogram(clean(one[name]), edges)[0].max() for name in ("w", "w_initial"))
        for _, one in by_block(everyone)
    ]
    return edges, float(min(max(highest), HIGHER * min(highest)))


def histogram(one: Rows, edges: np.ndarray, highest: float, unit: str, name: str) -> str:
    with Canvas(name, 4.3, 1.9) as canvas:
        ax = canvas.axes[0, 0]
        counts, *_ = ax.hist(clean(one["w"]), edges, color=SERIES[0], alpha=0.75, label="after")
        cut = np.flatnonzero(counts > highest)
        groups = np.split(cut, np.flatnonzero(np.diff(cut) > 1) + 1) if len(cut) else []
        for group in groups:
            left = group[0] < len(counts) / 2
            text = ", ".join(f"{count:.0f}" for count in counts[group])
            at = edges[group[-1] + 1] if left else edges[group[0]]
            ax.annotate(text, (at, highest), fontsize=8, xytext=(3 if left else -3, 0),
                        textcoords="offset points", ha="left" if left else "right",
                        va="top")  # fmt: skip
        ax.hist(clean(one["w_initial"]), edges, histtype="step", color=INK, lw=1, label="before")
        ax.set_xlim(edges[0], edges[-1])
        ax.set_ylim(0, 1.05 * highest or 1)
        ax.locator_params(nbins=5)
        ax.set_xlabel(label("w", unit))
        ax.set_ylabel("synapses")
        above(ax)
        return canvas.svg("distribution of weights before and after")


# Trajectories -----------------------------------------------------------------------------------


def trajectories(data: Data) -> Iterator[Row]:
    if "trajectories" not in data.results.tables:
        return
    more = [n for n in ("synapse_number",) if n in data.results.columns("trajectories")]
    rows = data.rows("trajectories", [
        "connection", "layer", "variable", "block", "pre", "post", "neuron", "t", "value", *more,
    ])  # fmt: skip
    if rows is None:
        return
    names = np.array([
        f"{layer if connection is None else connection}.{variable}"
        for connection, layer, variable in zip(
            rows["connection"], rows["layer"], rows["variable"], strict=True
        )
    ])  # fmt: skip
    for n, name in enumerate(dict.fromkeys(names.tolist())):
        mine = pick(rows, names == name)
        factor, unit = scale_for(mine["value"], data.units.get(name, ""))
        mine["value"] = mine["value"] * factor
        owner, _, variable = name.rpartition(".")
        fast = is_fast(mine)
        each = one_by_one(mine)
        yield Row(f"{owner}: {variable} over time" + (", at the end" if fast else ""), {
            block: (stacked if each else lines)(
                one, mine, fast, label(variable, unit), f"tr{n}-{tag(block)}"
            )
            for block, one in by_block(mine)
        })  # fmt: skip


def is_fast(rows: Rows) -> bool:
    """Whether values change as much between the samples of a line over the whole run as they vary
    at all, as a membrane potential does: such a line would show nothing."""
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
    """Whether each neuron has a panel: a few neurons, whose potentials would hide one another."""
    neurons = rows["neuron"].astype(float)
    return bool(np.all(np.isfinite(neurons))) and 2 <= len(np.unique(neurons)) <= LINES


def stacked(one: Rows, everyone: Rows, fast: bool, title: str, name: str) -> str:
    """A panel for each neuron, one below the other, of one scale; where values are fast, at the end
    of the run."""
    t, table = traces(one)
    if fast:
        t, table = t[-SAMPLES:], table[:, -SAMPLES:]
    step = max(1, len(t) // SAMPLES)
    neurons = np.unique(one["neuron"].astype(int))
    low, high = limits(everyone["value"])
    margin = 0.08 * (high - low) or 0.5
    ends = limits(t if fast else everyone["t"])
    with Canvas(name, 4.3, 0.75 + 0.3 * len(table), rows=len(table), sharex=True,
                sharey=True) as canvas:  # fmt: skip
        canvas.figure.get_layout_engine().set(hspace=0.0, h_pad=0.01)
        for k, neuron in enumerate(neurons[::-1]):  # the first at the bottom, as in a raster
            ax = canvas.axes[k, 0]
            ax.plot(t[::step], table[len(table) - 1 - k, ::step], color=SERIES[0], lw=0.9)
            ax.text(-0.015, 0.5, str(neuron), transform=ax.transAxes, ha="right", va="center",
                    fontsize=8)  # fmt: skip
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
    """Some single traces, and the mean and the middle half of all; where values are fast, at the
    end of the run."""
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
                warnings.simplefilter("ignore", RuntimeWarning)  # where nothing is finite
                quarter, three = np.nanquantile(table[:, ::step], [0.25, 0.75], axis=0)
                mean = np.nanmean(table[:, ::step], axis=0)
            ax.fill_between(t[::step], quarter, three, color=SERIES[0], alpha=0.25, lw=0)
            ax.plot(t[::step], mean, color=SERIES[0],
                    label=f"mean of {len(table)}")  # fmt: skip
            above(ax)
        ax.set_ylim(low - margin, high + margin)
        if not fast:  # blocks may have ended at times of their own
            ends = limits(everyone["t"])
            ax.set_xlim(ends[0] - 0.04 * (ends[1] - ends[0]), ends[1] + 0.04 * (ends[1] - ends[0]))
        ax.set_xlabel("t (s)")
        ax.set_ylabel(title)
        ax.grid(axis="y", color=RULE, lw=0.6)
        return canvas.svg(f"{title} over time")


def traces(one: Rows) -> tuple[np.ndarray, np.ndarray]:
    """The times, and one row of values per synapse or neuron (NaN where it was not sampled)."""
    names = ("pre", "post", "synapse_number", "neuron")
    columns = (one[name].astype(float) for name in names if name in one)
    keys = np.stack([np.nan_to_num(column, nan=-1) for column in columns])
    who = np.unique(keys, axis=1, return_inverse=True)[1].ravel()
    t, when = np.unique(one["t"], return_inverse=True)
    table = np.full((int(who.max()) + 1, len(t)), np.nan)
    table[who, when] = one["value"]
    return t, table


# Spikes -----------------------------------------------------------------------------------------


def spikes(data: Data) -> Iterator[Row]:
    rows = data.rows("spikes", ["layer", "block", "neuron", "t"])
    if rows is None:
        return
    end = float(data.results.metadata.get("time_reached") or rows["t"].max())
    ends: dict[int | None, float] = {None: end}
    ends.update({block: data.end_of(block, end) for block in data.chosen})
    for n, layer in enumerate(dict.fromkeys(rows["layer"].tolist())):
        mine = pick(rows, rows["layer"] == layer)
        shared = bool(np.all(np.isnan(mine["block"].astype(float))))
        kept = partly_recorded(data.results, layer) or {}
        some = kept.get("blocks")
        blocks = [None] if shared else [b for b in data.chosen if some is None or b in some]
        parts = {b: one for b, one in by_block(mine)}
        empty = pick(mine, np.zeros(len(mine["t"]), bool))
        size = size_of_layer(data.results, layer) or int(mine["neuron"].max()) + 1
        busiest = max(len(one["t"]) for one in parts.values())
        most = max(np.bincount(one["neuron"].astype(int)).max() for one in parts.values())
        window = end * min(1.0, MOST_SPIKES / busiest, MOST_OF_ONE / most)
        bins = np.linspace(0, end, min(120, max(20, int(end / 0.05))) + 1)
        counted = size
        if len(neurons := kept.get("neurons") or []) == 2:
            counted = max(1, neurons[1] - neurons[0])
        highest = max(rate(one, bins, counted).max() for one in parts.values())
        yield Row(f"{layer}: spikes and mean rate" + (", as far as recorded" if kept else ""), {
            b: raster(parts.get(b, empty), (max(0.0, ends[b] - window), ends[b]), (size, counted),
                      bins, highest, f"sp{n}-{tag(b)}")
            for b in blocks
        })  # fmt: skip


def rate(one: Rows, bins: np.ndarray, size: int) -> np.ndarray:
    """Mean rate of a layer's neurons (Hz) in each bin."""
    counts: np.ndarray = np.histogram(one["t"], bins)[0]
    return counts / (np.diff(bins) * size)


def raster(one: Rows, window: tuple[float, float], sizes: tuple[int, int], bins: np.ndarray,
           highest: float, name: str) -> str:  # fmt: skip
    """Spikes of a window at the end of the run, above the rate over all of it; `sizes` are those of
    the layer and of what was recorded of it."""
    size, counted = sizes
    now = (one["t"] >= window[0]) & (one["t"] <= window[1])
    with Canvas(name, 4.3, 2.9, rows=2, height_ratios=(2, 1)) as canvas:
        top, bottom = canvas.axes[:, 0]
        # One path with gaps: small, and in the page's ink.
        t, neuron = one["t"][now], one["neuron"][now].astype(float)
        nothing = np.full(len(t), np.nan)
        half = max(0.38, size / 120)  # a mark is seen among however many neurons
        top.plot(np.stack([t, t, nothing], axis=1).ravel(), np.stack(
            [neuron - half, neuron + half, nothing], axis=1
        ).ravel(), color=INK, lw=0.7, solid_capstyle="butt")  # fmt: skip
        top.set_xlim(*window)
        top.set_ylim(-0.7, size - 0.3)
        top.set_yticks(sorted({0, size - 1}))
        top.set_ylabel("neuron")
        if not len(t):
            none = "none in this time" if len(one["t"]) else "no spikes"
            top.text(0.5, 0.5, none, transform=top.transAxes, ha="center", va="center")
        if window[0] <= 0:
            top.tick_params(labelbottom=False)
        bottom.stairs(rate(one, bins, counted), bins, fill=True, color=SERIES[0], alpha=0.75)
        bottom.set_xlim(bins[0], bins[-1])
        bottom.set_ylim(0, highest * 1.05 or 1)
        bottom.set_ylabel("rate (Hz)")
        bottom.set_xlabel("t (s)")
        return canvas.svg("spikes, and mean rate over time")


# Rows -------------------------------------------------------------------------------------------


def pick(rows: Rows, where: np.ndarray) -> Rows:
    return {name: values[where] for name, values in rows.items()}


def by_block(rows: Rows) -> Iterator[tuple[int | None, Rows]]:
    """The rows of each block, and those of none."""
    block = rows["block"].astype(float)
    for one in np.unique(block[np.isfinite(block)]):
        yield int(one), pick(rows, block == one)
    if np.any(np.isnan(block)):
        yield None, pick(rows, np.isnan(block))


def above(ax: Any) -> None:
    """The legend over the panel, where it hides nothing."""
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
