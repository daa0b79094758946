"""Figures of single blocks: weight matrices, distributions, trajectories, rasters and rates.

Each function returns one figure per block, with the same scales, so that they can be compared side
by side. The key None is what exists once for all blocks.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..results.labels import label, scale_for
from ..results.network import partly_recorded, size_of_layer
from .data import Data, varies
from .rows import Row, Rows, above, by_block, clean, limits, pick, tag
from .style import DIVERGING, INK, SEQUENTIAL, SERIES, Canvas
from .trajectories import trajectories

FEW = 3  # synapses per block that are enough for a picture
MOST_CELLS = 160  # per side of a weight matrix; a larger one is averaged
MOST_SPIKES, MOST_OF_ONE = 2000, 300  # per raster, and of one neuron
HIGHER = 3  # how many times higher than in another block a histogram may be


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
            continue  # fixed weights, or a connection whose only state is not a weight
        if not np.any(np.isfinite(after - before)):
            continue  # the first weights were not saved
        if len(after) < FEW * len(list(by_block(mine))):
            continue  # the results of one or two synapses are in the table
        unit = data.units.get(f"{connection}.w", "")
        factor, unit = scale_for(np.concatenate([before, after]), unit)
        mine["w_initial"], mine["w"] = before * factor, after * factor
        yield Row(
            f"{connection}: weights before, after and their change",
            {
                block: matrices(one, mine, unit, f"wm{n}-{tag(block)}")
                for block, one in by_block(mine)
            },
        )
        bins = bins_of(mine)
        yield Row(
            f"{connection}: distribution of weights",
            {
                block: histogram(one, *bins, unit, f"wh{n}-{tag(block)}")
                for block, one in by_block(mine)
            },
        )


def varies_between(before: np.ndarray, after: np.ndarray) -> bool:
    return varies(np.concatenate([before, after])) and not np.array_equal(
        before, after, equal_nan=True
    )


def matrices(one: Rows, everyone: Rows, unit: str, name: str) -> str:
    """Before, after (one scale for all blocks), and the change (symmetric about 0)."""
    values = np.concatenate([everyone["w_initial"], everyone["w"]])
    low, high = limits(values)
    changes = clean(np.abs(everyone["w"] - everyone["w_initial"]))
    # Not scaled to the few that changed most, because all others would then look the same.
    change = float(np.quantile(changes, 0.98)) or limits(changes)[1] or 1.0
    shape = (int(everyone["post"].max()) + 1, int(everyone["pre"].max()) + 1)
    before, after = one["w_initial"], one["w"]
    shown = ((before, "before"), (after, "after"), (after - before, "change"))
    with Canvas(name, 4.3, 2.1, columns=3, sharey=True) as canvas:
        for k, (values, title) in enumerate(shown):
            ax = canvas.axes[0, k]
            is_change = title == "change"
            image = ax.imshow(
                matrix(one["post"], one["pre"], values, shape),
                origin="lower",
                aspect="auto",
                cmap=DIVERGING if is_change else SEQUENTIAL,
                interpolation="none",
                vmin=-change if is_change else low,
                vmax=change if is_change else high,
                extent=(-0.5, shape[1] - 0.5, -0.5, shape[0] - 0.5),
            )
            ax.set_title(title)
            ax.set_xlabel("pre")
            for side, count in ((ax.xaxis, shape[1]), (ax.yaxis, shape[0])):
                side.set_ticks(sorted({0, count - 1}))
            if shape[1] > 10:  # otherwise the labels of neighbouring panels would touch
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
    """Means per cell; NaN if there is no synapse. Large matrices have coarser cells."""
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
    """The bins of all blocks' histograms, and the maximum height of a bar: a bar with all synapses
    of a block would make the others invisible."""
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
            ax.annotate(
                text,
                (at, highest),
                fontsize=8,
                xytext=(3 if left else -3, 0),
                textcoords="offset points",
                ha="left" if left else "right",
                va="top",
            )
        ax.hist(clean(one["w_initial"]), edges, histtype="step", color=INK, lw=1, label="before")
        ax.set_xlim(edges[0], edges[-1])
        ax.set_ylim(0, 1.05 * highest or 1)
        ax.locator_params(nbins=5)
        ax.set_xlabel(label("w", unit))
        ax.set_ylabel("synapses")
        above(ax)
        return canvas.svg("distribution of weights before and after")


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
        yield Row(
            f"{layer}: spikes and mean rate" + (", as far as recorded" if kept else ""),
            {
                b: raster(
                    parts.get(b, empty),
                    (max(0.0, ends[b] - window), ends[b]),
                    (size, counted),
                    bins,
                    highest,
                    f"sp{n}-{tag(b)}",
                )
                for b in blocks
            },
        )


def rate(one: Rows, bins: np.ndarray, size: int) -> np.ndarray:
    """Mean rate of a layer's neurons (Hz) in each bin."""
    counts: np.ndarray = np.histogram(one["t"], bins)[0]
    return counts / (np.diff(bins) * size)


def raster(
    one: Rows,
    window: tuple[float, float],
    sizes: tuple[int, int],
    bins: np.ndarray,
    highest: float,
    name: str,
) -> str:
    """Spikes in a window at the end of the run, above the rate over the whole run; `sizes` are
    those of the layer and of its recorded part."""
    size, counted = sizes
    now = (one["t"] >= window[0]) & (one["t"] <= window[1])
    with Canvas(name, 4.3, 2.9, rows=2, height_ratios=(2, 1)) as canvas:
        top, bottom = canvas.axes[:, 0]
        # One path with gaps: small, and in the page's text colour.
        t, neuron = one["t"][now], one["neuron"][now].astype(float)
        nothing = np.full(len(t), np.nan)
        half = max(0.38, size / 120)  # a mark stays visible with any number of neurons
        top.plot(
            np.stack([t, t, nothing], axis=1).ravel(),
            np.stack([neuron - half, neuron + half, nothing], axis=1).ravel(),
            color=INK,
            lw=0.7,
            solid_capstyle="butt",
        )
        top.set_xlim(*window)
        top.set_ylim(-0.7, size - 0.3)
        top.set_yticks(sorted({0, size - 1}))
        top.set_ylabel("neuron")
        if not len(t):
            none = "none in this time window" if len(one["t"]) else "no spikes"
            top.text(0.5, 0.5, none, transform=top.transAxes, ha="center", va="center")
        if window[0] <= 0:
            top.tick_params(labelbottom=False)
        bottom.stairs(rate(one, bins, counted), bins, fill=True, color=SERIES[0], alpha=0.75)
        bottom.set_xlim(bins[0], bins[-1])
        bottom.set_ylim(0, highest * 1.05 or 1)
        bottom.set_ylabel("rate (Hz)")
        bottom.set_xlabel("t (s)")
        return canvas.svg("spikes, and mean rate over time")
