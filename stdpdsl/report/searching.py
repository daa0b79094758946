"""The results of a search: its course, the trials along each axis and over all of them, the
front."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dataclass import dataclass
from ..language import ast
from ..results.labels import pretty
from ..results.reader import Results
from ..search.answers import Answers, Belief, answers_of, belief_of, without_empty
from .along import along, is_logarithmic, shortened
from .predictive import checked
from .style import INK, SERIES, Canvas, for_lines
from .surface import drawn, surface_of
from .sweeps import plain_log

LISTED = 10
MOST_LINES = 800
DRAWN = 1500
SHOWN = 0.9
"""If trials differ by orders of magnitude: the fraction of the best trials that sets the scale."""


@dataclass(frozen=True)
class Found:
    """The section of the report. `figures` are (heading, SVG); `rows` are the best trials, or the
    front, below `heads`."""

    says: list[str]
    figures: list[tuple[str, str]]
    table: str
    heads: list[str]
    rows: list[list[str]]


def found_by_search(results: Results) -> Found | None:
    """None if the results are not those of a search."""
    if "search" not in results.metadata:
        return None
    answers = answers_of(results)
    if answers.space.is_inference and np.isfinite(answers.found.objectives).any():
        return found_by_inference(answers)
    good = np.flatnonzero(np.isfinite(answers.found.objectives).all(axis=1))
    figures = []
    refined = isinstance(answers.space.search, ast.Refined)
    if len(good) > 1:
        if not refined:
            figures.append(("Course of the search", course(answers, good)))
        if len(answers.space.objectives) > 1:
            figures.append(("Trade-off between the objectives", front(answers, good)))
        figures.append(("The objective along each axis: a dot per trial", slices(answers, good)))
        if len(answers.space.columns) > 1 and not refined:
            title = "All axes at once: a line per trial, the best on top"
            figures.append((title, coordinates(answers, good)))
    says = in_words(answers)
    surface = surface_of(answers, good)
    if surface is not None:
        figures.append(drawn(answers, surface))
        says.append(surface.in_words(answers))
    several = len(answers.space.objectives) > 1
    on_front = answers.found.front()
    chosen = on_front if several and len(on_front) else answers.ranked()[:LISTED]
    table = answers.table(chosen[: 5 * LISTED].tolist())
    table = without_empty(table)
    heads = list(table[0]) if table else []
    rows = [[pretty(row[h], results.units.get(h, "")) for h in heads] for row in table]
    name = "The Pareto front" if several and len(on_front) else "The best trials"
    if refined:
        name = f"The trials, from the smallest {answers.space.objectives[0]} on"
    return Found(says, figures, name, heads, rows)


def found_by_inference(answers: Answers) -> Found:
    """The section of a posterior."""
    belief = belief_of(answers.results)
    units = answers.results.units
    says = [
        f"{len(belief.number):,} trials in {len(np.unique(answers.found.generation)):,}"
        f" generations, by {answers.space.plan.in_words}",
        f"their effective sample size is {belief.effective:.0f} independent samples of the"
        " posterior",
    ]
    figures = [("The posterior: each axis, and each pair of axes", pairs(answers, belief))]
    if belief.calibrated:
        says.append(belief.calibrated)
    sentence, figure = checked(answers, belief)
    says.append(sentence)
    figures.append(("Posterior prediction and data", figure))
    good = np.flatnonzero(np.isfinite(answers.found.objectives).all(axis=1))
    figures.append(("Course of the inference", course(answers, good)))
    table = belief.summary()
    heads = list(table[0])
    rows = [[pretty(row[h], units.get(str(row["axis"]), "")) for h in heads] for row in table]
    return Found(says, figures, "The posterior of each axis", heads, rows)


def pairs(answers: Answers, belief: Belief) -> str:
    """Samples of the posterior: a histogram for each axis, dots for each pair."""
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(belief.weights), DRAWN, p=belief.weights)
    count = len(answers.space.columns)
    each = [along(answers, k, chosen) for k in range(count)]
    with Canvas("posterior", 1.9 * count + 0.4, 1.7 * count, rows=count, columns=count) as canvas:
        for row in range(count):
            for column in range(count):
                ax = canvas.axes[row, column]
                if column > row:
                    ax.set_visible(False)
                    continue
                x, text = each[column]
                if row == column:
                    ax.hist(x, bins=30, color=SERIES[0], alpha=0.7)
                    for end in np.quantile(x, [0.05, 0.5, 0.95]):
                        ax.axvline(end, color=INK, lw=0.7, ls=":")
                    ax.set_yticks([])
                else:
                    ax.plot(x, each[row][0], ".", ms=2, color=SERIES[0], alpha=0.4, rasterized=True)
                    if column == 0:
                        ax.set_ylabel(each[row][1])
                    else:
                        ax.tick_params(labelleft=False)
                if row == count - 1:
                    ax.set_xlabel(text)
                else:
                    ax.tick_params(labelbottom=False)
        return canvas.svg("The posterior over each axis and each pair of axes")


def in_words(answers: Answers) -> list[str]:
    """Sentences on what was searched and found."""
    found, space = answers.found, answers.space
    says = [
        f"{len(found):,} trials in {len(np.unique(found.generation)):,} generations, by"
        f" {space.plan.in_words}"
    ]
    early = found.ended != ""
    if early.any():
        whys, counts = np.unique(found.ended[early].astype(str), return_counts=True)
        each = ", ".join(f"{n:,} {why}" for why, n in zip(whys, counts, strict=True))
        says.append(
            f"{int(early.sum()):,} ended after {pretty(space.plan.after, 's')} of the run: {each}"
        )
    failed = int(np.sum(~np.isfinite(found.objectives).all(axis=1) & ~early))
    if failed:
        says.append(f"{failed:,} trials have no value" if failed > 1 else "1 trial has no value")
    if space.search.constraints:
        says.append(f"{int(found.good().sum()):,} meet the constraints")
    front = found.front()
    if not len(front):
        return [*says, answers.why_none().partition(": ")[2]]
    if isinstance(space.search, ast.Refined):
        return says
    if len(space.objectives) > 1:
        return [*says, f"{len(front)} are on the Pareto front"]
    best = answers.best()
    values = ", ".join(
        f"{n} = {pretty(v, answers.results.units.get(n, ''))}" for n, v in best.values.items()
    )
    value = pretty(best.objectives[space.objectives[0]])
    says.append(f"the best is trial {best.number}: {space.objectives[0]} = {value} at {values}")
    ends = answers.at_ends(best)
    if ends:
        says.append(
            f"it lies at an end of {' and '.join(ends)}; there may be better values beyond it"
        )
    return says


def course(answers: Answers, good: np.ndarray) -> str:
    """Each trial's first objective, and the best so far."""
    found = answers.found
    values = found.objectives[good, 0]
    fine = found.missed[good] == 0
    sign = found.signs[0]
    with Canvas("search-course", 6.4, 2.6) as canvas:
        ax = canvas.axes[0, 0]
        ax.plot(
            found.number[good][fine],
            values[fine],
            ".",
            ms=2.5,
            color=SERIES[0],
            alpha=0.5,
            label="trial",
            rasterized=len(good) > 2000,
        )
        if not fine.all():
            ax.plot(
                found.number[good][~fine],
                values[~fine],
                "x",
                ms=4,
                color=SERIES[0],
                alpha=0.6,
                label="misses a constraint",
                rasterized=len(good) > 2000,
            )
        if fine.any():
            best = np.minimum.accumulate(values[fine] * sign) * sign
            ax.step(found.number[good][fine], best, where="post", color=SERIES[1], label="best")
        _scale(ax, values)
        ax.set_xlabel("trial")
        ax.set_ylabel(shortened(answers.space.objectives[0]))
        ax.legend(loc="upper right", ncols=3)
        return canvas.svg(f"{answers.space.objectives[0]} of each trial")


def slices(answers: Answers, good: np.ndarray) -> str:
    """One panel per axis: the objective of each trial against its value there. Later trials are
    brighter; those that violate a constraint are pale."""
    found, space = answers.found, answers.space
    count = len(space.columns)
    columns = min(count, 3)
    rows = -(-count // columns)
    values = found.objectives[good, 0]
    with Canvas(
        "search-slices", 2.4 * columns + 0.6, 2.2 * rows, rows=rows, columns=columns, sharey=True
    ) as canvas:
        panels = canvas.axes.ravel()
        dots: Any = None
        for k, ax in enumerate(panels):
            if k >= count:
                ax.set_visible(False)
                continue
            x, text = along(answers, k, good)
            seen = np.where(found.missed[good] == 0, 0.9, 0.5)
            dots = ax.scatter(
                x,
                values,
                c=found.number[good],
                s=5,
                cmap=for_lines(),
                alpha=seen,
                linewidths=0,
                rasterized=len(good) > 400,
            )
            if is_logarithmic(answers, k):
                ax.set_xscale("log")
                plain_log(ax.xaxis, x)
            ax.set_xlabel(text)
            if k % columns == 0:
                ax.set_ylabel(shortened(space.objectives[0]))
        _scale(panels[0], values)
        bar = canvas.figure.colorbar(dots, ax=panels[:count].tolist(), aspect=28, pad=0.02)
        bar.solids.set_alpha(1)
        bar.set_label("trial")
        bar.outline.set_visible(False)
        return canvas.svg(f"{space.objectives[0]} of each trial along each axis")


def coordinates(answers: Answers, good: np.ndarray) -> str:
    """One line per trial through its values, coloured by its rank."""
    space = answers.space
    order = np.array([row for row in answers.ranked() if row in set(good.tolist())])
    of = np.unique(np.linspace(0, len(order) - 1, MOST_LINES).astype(int))[::-1]
    order = order[of]
    count = len(space.columns)
    heights, ends = np.zeros((len(order), count)), []
    for k in range(count):
        x, _ = along(answers, k, good)
        ends.append((x.min(), x.max()))
        one, _ = along(answers, k, order)
        if is_logarithmic(answers, k):
            one, low, high = np.log(one), np.log(x.min()), np.log(x.max())
        else:
            low, high = x.min(), x.max()
        heights[:, k] = (one - low) / ((high - low) or 1.0)
    with Canvas("search-lines", min(9.0, 1.4 + 1.6 * count), 2.9) as canvas:
        from matplotlib.collections import LineCollection

        ax = canvas.axes[0, 0]
        at = np.arange(count, dtype=float)
        rank = of + 1
        lines = LineCollection(
            [np.column_stack([at, row]) for row in heights],
            array=rank,
            cmap=for_lines().reversed(),
            linewidths=0.9,
            alpha=0.6,
            rasterized=len(order) > 200,
        )
        ax.add_collection(lines)
        ax.plot(at, heights[-1], color=SERIES[1], lw=2)
        ax.set_xlim(-0.15, count - 1 + 0.15)
        ax.set_ylim(-0.04, 1.04)
        for spine in ("left", "bottom"):
            ax.spines[spine].set_visible(False)
        ax.set_yticks([])
        ax.tick_params(axis="x", length=0, pad=12)
        ax.set_xticks(at, [along(answers, k, good)[1] for k in range(count)])
        for k, (low, high) in enumerate(ends):
            ax.axvline(k, color=INK, lw=0.7)
            for y, value, side in ((-0.03, low, "top"), (1.03, high, "bottom")):
                ax.text(k, y, pretty(float(value), digits=3), ha="center", va=side, fontsize=8)
        bar = canvas.figure.colorbar(lines, ax=ax, aspect=28, pad=0.02)
        bar.solids.set_alpha(1)
        bar.set_label("rank of the trial")
        bar.ax.invert_yaxis()
        bar.outline.set_visible(False)
        return canvas.svg("All trials over all axes")


def front(answers: Answers, good: np.ndarray) -> str:
    """The first two objectives of each trial, and the front."""
    found, space = answers.found, answers.space
    with Canvas("search-front", 4.2, 3.0) as canvas:
        ax = canvas.axes[0, 0]
        x, y = found.objectives[good, :2].T
        ax.plot(x, y, ".", ms=3, color=SERIES[0], alpha=0.4, rasterized=len(good) > 2000)
        best = found.front()
        best = best[np.argsort(found.objectives[best, 0])]
        style = "o-" if len(space.objectives) == 2 else "o"
        ax.plot(*found.objectives[best, :2].T, style, ms=4, lw=1, color=SERIES[1])
        ax.set_xlabel(f"{shortened(space.objectives[0])} ({space.directions[0]}d)")
        ax.set_ylabel(f"{shortened(space.objectives[1])} ({space.directions[1]}d)")
        return canvas.svg("The Pareto front among all trials")


def _scale(ax: Any, values: np.ndarray) -> None:
    """Logarithmic if values are positive and span decades; otherwise without outliers."""
    low, high = values.min(), values.max()
    if low > 0 and high / low > 30:
        ax.set_yscale("log")
        plain_log(ax.yaxis, values)
        return
    near = np.quantile(values, [1 - SHOWN, SHOWN])
    if np.ptp(near) > 0 and (high - low) > 20 * np.ptp(near):
        slack = 0.5 * np.ptp(near)
        ax.set_ylim(max(low, near[0] - slack), min(high, near[1] + slack))
