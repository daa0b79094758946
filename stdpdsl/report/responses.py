"""Tuning: the response of each neuron to each stimulus, for blocks side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..results.labels import pretty
from .data import Data
from .networks import matrix
from .rows import Row, Rows, by_block, limits, pick, tag
from .style import SEQUENTIAL, SERIES, Canvas

CURVES = 4  # up to this many neurons are curves, more are a map
LABELS = 7


def responses(data: Data) -> Iterator[Row]:
    rows = data.rows(
        "responses", ["layer", "block", "neuron", "stimulus", "label", "phase", "value"]
    )
    if rows is None:
        return
    for n, layer in enumerate(dict.fromkeys(rows["layer"].tolist())):
        mine = pick(rows, rows["layer"] == layer)
        if int(mine["stimulus"].max()) == 0:
            continue
        yield Row(
            f"{layer}: mean rate of each neuron at each stimulus (Hz)",
            {block: tuning(one, mine, f"re{n}-{tag(block)}") for block, one in by_block(mine)},
        )


def tuning(one: Rows, everyone: Rows, name: str) -> str:
    """The first phase and the last, if there are several: before and after, on one scale."""
    order = dict.fromkeys(everyone["phase"].tolist()) if "phase" in everyone else {None: None}
    phases = list(order)
    phases = phases if len(phases) < 3 else [phases[0], phases[-1]]
    size = int(everyone["neuron"].max()) + 1, int(everyone["stimulus"].max()) + 1
    highest = limits(everyone["value"])[1] or 1.0
    with Canvas(name, 4.3, 2.3, columns=len(phases), sharey=True) as canvas:
        for k, phase in enumerate(phases):
            ax = canvas.axes[0, k]
            part = one if phase is None else pick(one, one["phase"] == phase)
            rates = table(part, size)
            if size[0] <= CURVES:
                for neuron, values in enumerate(rates):
                    # Wider, so that both are visible where they coincide.
                    under = size[0] - 1 - neuron
                    ax.plot(
                        values,
                        "o-",
                        ms=3 + 2 * under,
                        lw=1.5 + 1.5 * under,
                        color=SERIES[neuron],
                        label=f"neuron {neuron}",
                    )
                ax.set_ylim(0, 1.05 * highest)
            else:
                image = response_map(ax, rates, everyone, highest)
            stimuli(ax, everyone)
            ax.set_title(phase or "")
        if size[0] <= CURVES:
            canvas.axes[0, 0].set_ylabel("rate (Hz)")
            if size[0] > 1:
                canvas.axes[0, -1].legend()
        else:
            canvas.axes[0, 0].set_ylabel("neuron")
            bar = canvas.figure.colorbar(image, ax=canvas.axes, aspect=20, pad=0.02)
            bar.set_label("rate (Hz)")
            bar.outline.set_visible(False)
        return canvas.svg("response of each neuron to each stimulus")


def response_map(ax: Any, rates: np.ndarray, rows: Rows, highest: float | None = None) -> Any:
    """Rates by neuron and stimulus as an image, with coarser cells for large ones; returns the
    image."""
    neuron, stimulus = np.indices(rates.shape).reshape(2, -1)
    shape = rates.shape
    image = ax.imshow(
        matrix(neuron, stimulus, rates.ravel(), shape),
        origin="lower",
        aspect="auto",
        cmap=SEQUENTIAL,
        vmin=0,
        vmax=highest,
        interpolation="none",
        extent=(-0.5, shape[1] - 0.5, -0.5, shape[0] - 0.5),
    )
    ax.set_yticks(sorted({0, shape[0] - 1}))
    stimuli(ax, rows)
    return image


def stimuli(ax: Any, rows: Rows) -> None:
    """Some stimuli's labels."""
    texts = dict(zip(rows["stimulus"].tolist(), rows["label"].tolist(), strict=True))
    count = int(rows["stimulus"].max()) + 1
    picks = sorted({int(round(k)) for k in np.linspace(0, count - 1, min(count, LABELS))})
    ax.set_xticks(
        picks,
        [short(texts.get(p, str(p))) for p in picks],
        rotation=40,
        ha="right",
        rotation_mode="anchor",
    )


def short(text: str) -> str:
    """A stimulus' label, with three digits if it is a frequency: `5.27 kHz`."""
    number, _, unit = text.partition(" ")
    try:
        return pretty(float(number), "Hz", digits=3) if unit == "Hz" else text
    except ValueError:
        return text


def table(one: Rows, size: tuple[int, int]) -> np.ndarray:
    """Rates by neuron and stimulus; NaN if a phase has none."""
    found = np.full(size, np.nan)
    found[one["neuron"].astype(int), one["stimulus"].astype(int)] = one["value"]
    return found
