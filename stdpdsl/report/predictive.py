"""A posterior predictive check: the data compared with trials drawn from the posterior, and with
new data that have the same errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..results.axes import sweep_columns
from ..results.labels import label, scale_for
from ..search.answers import Answers, Belief
from ..search.simulated import simulated_in
from .along import shortened
from .style import INK, SERIES, Canvas

DRAWS = 1000
ENDS = (0.05, 0.5, 0.95)


def checked(answers: Answers, belief: Belief) -> tuple[str, str]:
    """A sentence and a figure."""
    found = simulated_in(answers.results, answers.space)
    rows, observed, error = found.rows, found.observed, found.error
    weights = belief.weights[np.searchsorted(belief.number, found.number)]
    rng = np.random.default_rng(0)
    drawn = rng.choice(len(weights), DRAWS, p=weights / weights.sum())
    values = found.values[drawn]
    copy = rng.integers(values.shape[1], size=DRAWS)
    simulated = values[np.arange(DRAWS), copy]
    new = simulated + error * rng.standard_normal(simulated.shape)
    inside = int(
        np.sum(
            (observed >= np.quantile(new, ENDS[0], axis=0))
            & (observed <= np.quantile(new, ENDS[2], axis=0))
        )
    )
    misfit = np.sum(((observed - simulated) / error) ** 2, axis=1)
    again = np.sum(((new - simulated) / error) ** 2, axis=1)
    p = float(np.mean(again >= misfit))
    sentence = (
        f"{inside} of {len(rows)} data points lie in the central 90 % of the posterior prediction;"
        f" {p:.0%} of the predicted data sets deviate more from their simulation"
        " than the data do"
        " (posterior predictive p value of chi squared)"
    )
    if min(p, 1 - p) < 0.025:
        sentence += ": the model " + (
            "does not describe them" if p < 0.5 else "fits them better than their errors allow"
        )
    return sentence, figure(answers, found.columns, rows, simulated, new, observed, error)


def figure(
    answers: Answers,
    columns: dict[str, np.ndarray],
    rows: np.ndarray,
    simulated: np.ndarray,
    new: np.ndarray,
    observed: np.ndarray,
    error: np.ndarray,
) -> str:
    """The data, and the central 90 % of simulations and of new data, plotted against the column
    that distinguishes the rows."""
    compare = answers.space.search.compare
    assert compare is not None
    x, text = abscissa(answers, columns, rows)
    units = answers.results.units
    factor, unit = scale_for(observed, units.get(compare.observed.id, ""))
    band, wide = (np.quantile(v, ENDS, axis=0) * factor for v in (simulated, new))
    with Canvas("posterior-predictive", 5.4, 2.9) as canvas:
        ax = canvas.axes[0, 0]
        # No line joins rows, because nothing is known about the values between them.
        ax.vlines(x, wide[0], wide[2], color=SERIES[0], alpha=0.3, lw=7, label="new data, 90 %")
        ax.vlines(x, band[0], band[2], color=SERIES[0], alpha=0.7, lw=7, label="simulations, 90 %")
        ax.errorbar(
            x,
            observed * factor,
            error * factor,
            fmt="o",
            ms=4,
            lw=1,
            color=INK,
            label="data ± error",
        )
        ax.set_xlabel(text)
        ax.set_ylabel(shortened(label(compare.observed.id, unit)))
        ax.legend(loc="best")
        return canvas.svg("The data, and what the posterior predicts")


def abscissa(
    answers: Answers, columns: dict[str, np.ndarray], rows: np.ndarray
) -> tuple[np.ndarray, str]:
    """The only numeric column that differs between the data's rows, or else the row numbers."""
    compare = answers.space.search.compare
    assert compare is not None and compare.error is not None
    ours: Sequence[str] = (*answers.space.columns, compare.observed.id, compare.error.id)
    names = [
        n
        for n in sweep_columns(answers.results)
        if n not in ours
        and n != "replicate"
        and columns[n].dtype.kind in "iuf"
        and len(np.unique(columns[n][rows])) > 1
    ]
    if len(names) != 1:
        return np.arange(1.0, len(rows) + 1), "row of the data"
    values = columns[names[0]][rows].astype(float)
    factor, unit = scale_for(values, answers.results.units.get(names[0], ""))
    return values * factor, label(names[0], unit)
