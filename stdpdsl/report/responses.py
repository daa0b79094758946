"""Tuning: the response of each neuron to each stimulus, for the blocks side by side."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .data import Data
from .networks import Row, Rows, by_block, limits, matrix, pick, tag
from .style import SEQUENTIAL, SERIES, Canvas

CURVES = 4  # so many neurons are curves, more are a map
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
        yield Row(f"{layer}: mean rate of each neuron at each stimulus (Hz)", {
            block: tuning(one, mine, f"re{n}-{tag(block)}") for block, one in by_block(mine)
        })  # fmt: skip


def tuning(one: Rows, everyone: Rows, name: str) -> str:
    """The first phase and the last, where there are several: before and after. All of one scale."""
    order = dict.fromkeys(everyone["phase"].tolist()) if "phase" in everyone else {None: None}
    phases = list(order)
    phases = phases if len(phases) < 3 else [phases[0], phases[-1]]
    size = int(everyone["neuron"].max()) + 1, int(everyone["stimulus"].max()) + 1
    highest = limits(everyone["value"])[1] or 1.0
    texts = dict(zip(everyone["stimulus"].tolist(), everyone["label"].tolist(), strict=True))
    picks = sorted({int(round(k)) for k in np.linspace(0, size[1] - 1, min(size[1], LABELS))})
    with Canvas(name, 4.3, 2.3, columns=len(phases), sharey=True) as canvas:
        for k, phase in enumerate(phases):
            ax = canvas.axes[0, k]
            part = one if phase is None else pick(one, one["phase"] == phase)
            rates = table(part, size)
            if size[0] <= CURVES:
                for neuron, values in enumerate(rates):
                    ax.plot(values, "o-", ms=3, color=SERIES[neuron], label=f"neuron {neuron}")
                ax.set_ylim(0, 1.05 * highest)
            else:
                image = ax.imshow(
                    matrix(part["neuron"], part["stimulus"], part["value"], size), origin="lower",
                    aspect="auto", cmap=SEQUENTIAL, vmin=0, vmax=highest, interpolation="none",
                    extent=(-0.5, size[1] - 0.5, -0.5, size[0] - 0.5),
                )  # fmt: skip
                ax.set_yticks(sorted({0, size[0] - 1}))
            ax.set_xticks(picks, [texts.get(p, str(p)) for p in picks], rotation=40, ha="right",
                          rotation_mode="anchor")  # fmt: skip
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


def table(one: Rows, size: tuple[int, int]) -> np.ndarray:
    """Rates by neuron and stimulus; NaN where a phase has none."""
    found = np.full(size, np.nan)
    found[one["neuron"].astype(int), one["stimulus"].astype(int)] = one["value"]
    return found
