"""Figures of how a measure depends on the sweep: curves, heat maps, effects of single axes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..results.axes import Axis
from ..results.labels import label, pretty, scale_for
from .data import Data, Measure, averaged, mean_by_axes, places
from .style import INK, RULE, SEQUENTIAL, SERIES, Canvas, for_lines

FACETS = 6
LINES = 4  # up to this many values of a second axis are lines, more are a map
ANNOTATED = 36
MOST_DOTS = 1500


def opening(data: Data, one: Measure, name: str) -> str:
    """The figure that suits the number of axes; empty if nothing was varied."""
    axes = data.design.axes
    if not axes:
        return ""
    if len(axes) == 1:
        return curves(data, one, name, axes[0], None)
    if data.design.grid and len(axes) == 2 and not data.design.phases:
        few, many = sorted(axes, key=lambda a: len(a.values))
        if len(few.values) <= LINES < len(many.values) or few.words:
            return curves(data, one, name, many, few)
    if data.design.grid and len(axes) == 2:
        return heat_maps(data, one, name, axes[0], axes[1], None)
    if data.design.grid and len(axes) >= 3:
        first, second, third = by_size(axes)
        return heat_maps(data, one, name, first, second, third)
    if len(axes) == 2:
        return scatter(data, one, name)
    return effects(data, one, name)


def by_size(axes: tuple[Axis, ...]) -> tuple[Axis, Axis, Axis]:
    """Of three or more axes, two for the map, and the one with the fewest values for panels."""
    ordered = sorted(axes, key=lambda a: -len(a.values))
    facet = ordered[2]
    first, second = (a for a in axes if a in ordered[:2])
    return first, second, facet


def curves(data: Data, one: Measure, name: str, axis: Axis, lines: Axis | None) -> str:
    """A measure along an axis, with a line for each phase or each value of a second axis: means,
    with replicates as dots and one sd as a band."""
    d = data.design
    factor, unit = scale_for(d.columns[one.column], one.unit)
    x = along(axis)
    with Canvas(name, 4.2, 2.9) as canvas:
        ax = canvas.axes[0, 0]
        parts = list(parts_of(data, lines))
        for k, (said, rows) in enumerate(parts):
            colour = SERIES[k % len(SERIES)]
            under = len(parts) - 1 - k  # wider, so that both are visible where lines coincide
            mean = mean_by_axes(d, [axis], one.column, rows) * factor
            there = np.isfinite(mean)  # a hole in the sweep does not break the line
            if d.replicates > 1:
                values = d.columns[one.column][rows].astype(float) * factor
                where = places(axis, d.columns[axis.name][rows])
                sd = np.array([spread(values[where == i]) for i in range(len(x))])
                ax.fill_between(x, mean - sd, mean + sd, color=colour, alpha=0.2, lw=0)
                ax.plot(x[where], values, ".", color=colour, ms=3, alpha=0.45)
            style = "o" if axis.words else "o-"
            ax.plot(
                x[there],
                mean[there],
                style,
                color=colour,
                ms=3.5 + 2 * under,
                lw=1.5 + 1.5 * under,
                label=said,
            )
        if one.before in d.columns and one.words == "mean weight":
            first = d.of_phase(d.phases[0] if d.phases else None)
            before = mean_by_axes(d, [axis], one.before, first) * factor
            ax.plot(x, before, "--", color=INK, lw=1, alpha=0.7, label="before")
        horizontal(ax, axis)
        ax.set_ylabel(label(one.words, unit))
        ax.grid(axis="y", color=RULE, lw=0.6)
        if ax.get_legend_handles_labels()[1]:
            ax.legend(title=axis_label(lines) if lines is not None else None, title_fontsize=8)
        return canvas.svg(f"{one.title} against {axis.name}")


def parts_of(data: Data, lines: Axis | None) -> Iterator[tuple[str | None, np.ndarray]]:
    """The rows of each line, and its name."""
    d = data.design
    if lines is None:
        for phase in d.phases or (None,):
            yield phase, d.of_phase(phase)
        return
    for k, value in enumerate(lines.values):
        yield value_of(lines, k), d.columns[lines.name] == value


def heat_maps(data: Data, one: Measure, name: str, x: Axis, y: Axis, facet: Axis | None) -> str:
    """A measure over two axes, one map per value of a third axis and per phase, all on one scale.
    Means over replicates and any other axes."""
    d = data.design
    phases: list[str | None] = []
    maps: list[np.ndarray] = []
    for phase in d.phases[-3:] or (None,):
        shown_axes = [y, x] if facet is None else [y, x, facet]
        cells = mean_by_axes(d, shown_axes, one.column, d.of_phase(phase))
        if maps and np.array_equal(cells, maps[-1], equal_nan=True):
            phases[-1] = f"{phases[-1]} and {phase}"  # in which nothing changed
        else:
            phases.append(phase)
            maps.append(cells)
    picks = [slice(None)] if facet is None else facet_picks(facet)
    factor, unit = scale_for(np.concatenate([m.ravel() for m in maps]), one.unit)
    finite = np.concatenate([m[np.isfinite(m)] for m in maps]) * factor
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 1.0)
    wide = 3.0 if len(picks) == 1 else 2.2
    size = (1.2 + wide * len(picks), (2.7 if len(picks) == 1 else 2.2) * len(phases) + 0.35)
    with Canvas(
        name, *size, rows=len(phases), columns=len(picks), sharex=True, sharey=True
    ) as canvas:
        image = None
        for r, (phase, cells) in enumerate(zip(phases, maps, strict=True)):
            for c, pick in enumerate(picks):
                ax = canvas.axes[r, c]
                part = (cells if facet is None else cells[:, :, pick]) * factor
                image = ax.imshow(
                    part,
                    origin="lower",
                    aspect="auto",
                    cmap=SEQUENTIAL,
                    vmin=low,
                    vmax=high,
                    interpolation="none",
                )
                ax.set_facecolor(RULE)
                cell_ticks(ax.xaxis, x)
                cell_ticks(ax.yaxis, y)
                if r == len(phases) - 1:
                    ax.set_xlabel(axis_label(x))
                if c == 0:
                    ax.set_ylabel(axis_label(y))
                head = [f"{facet.name} = {value_of(facet, pick)}"] if facet is not None else []
                head += [phase] if phase is not None else []
                ax.set_title(", ".join(head))
                if part.size * len(picks) <= ANNOTATED:
                    _annotate(ax, part, low, high)
        bar = canvas.figure.colorbar(image, ax=canvas.axes, aspect=28, pad=0.02)
        bar.set_label(label(one.words, unit))
        bar.outline.set_visible(False)
        return canvas.svg(f"{one.title} over {x.name} and {y.name}")


def scatter(data: Data, one: Measure, name: str) -> str:
    """A measure as the colour of points, for two axes that do not form a grid."""
    d = data.design
    x, y = d.axes[:2]
    rows = d.of_phase(data.phase)
    factor, unit = scale_for(d.columns[one.column], one.unit)
    with Canvas(name, 4.2, 3.0) as canvas:
        ax = canvas.axes[0, 0]
        points = ax.scatter(
            along(x)[places(x, d.columns[x.name][rows])],
            along(y)[places(y, d.columns[y.name][rows])],
            c=d.columns[one.column][rows].astype(float) * factor,
            cmap=for_lines(),
            s=16,
            lw=0,
            rasterized=bool(np.count_nonzero(rows) > 500),
        )
        horizontal(ax, x)
        vertical(ax, y)
        bar = canvas.figure.colorbar(points, ax=ax, aspect=28)
        bar.set_label(label(one.words, unit))
        bar.outline.set_visible(False)
        return canvas.svg(f"{one.title} over {x.name} and {y.name}")


def effects(data: Data, one: Measure, name: str) -> str:
    """A measure along each axis separately: every block as a dot, and the mean over the others."""
    d = data.design
    axes = d.axes[:FACETS]
    rows = d.of_phase(data.phase)
    factor, unit = scale_for(d.columns[one.column], one.unit)
    values = d.columns[one.column][rows].astype(float) * factor
    shown = np.arange(len(values))
    if len(values) > MOST_DOTS:
        shown = np.random.default_rng(0).choice(len(values), MOST_DOTS, replace=False)
        data.notes.append(
            f"The dots show {MOST_DOTS:,} of {len(values):,} blocks, chosen at random; the"
            " lines are"
            " means over all blocks."
        )
    with Canvas(name, 0.7 + 1.9 * len(axes), 2.4, columns=len(axes), sharey=True) as canvas:
        for k, axis in enumerate(axes):
            ax = canvas.axes[0, k]
            x = along(axis)
            where = places(axis, d.columns[axis.name][rows])
            dots(ax, x[where][shown], values[shown])
            middle, mean = averaged(x[where], values, axis.drawn)
            ax.plot(middle, mean, "o" if axis.words else "o-", color=SERIES[1], ms=3)
            horizontal(ax, axis)
            ax.grid(axis="y", color=RULE, lw=0.6)
        canvas.axes[0, 0].set_ylabel(label(one.words, unit))
        return canvas.svg(f"{one.title} along each parameter")


def dots(ax: Any, x: np.ndarray, y: np.ndarray) -> None:
    """One path of lines of zero length: small, and in the page's colours, unlike an image."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    good = np.isfinite(y)
    points = np.column_stack([x[good], y[good]])
    path = Path(np.repeat(points, 2, axis=0), [Path.MOVETO, Path.LINETO] * len(points))
    path.should_simplify = False  # that would remove lines of zero length
    ax.add_artist(
        PathPatch(path, fill=False, edgecolor=SERIES[0], lw=3, alpha=0.5, capstyle="round")
    )
    ax.update_datalim(points)


# Axes -------------------------------------------------------------------------------------------


def along(axis: Axis) -> np.ndarray:
    """Positions of an axis's values: scaled to their unit, or 0, 1, 2 ... for words."""
    if axis.words:
        return np.arange(len(axis.values), dtype=float)
    return axis.values.astype(float) * scale_for(axis.values, axis.unit)[0]


def axis_label(axis: Axis) -> str:
    return label(axis.name, "" if axis.words else scale_for(axis.values, axis.unit)[1])


def horizontal(ax: Any, axis: Axis) -> None:
    ax.set_xlabel(axis_label(axis))
    if axis.words:
        ax.set_xticks(
            range(len(axis.values)), [str(v) for v in axis.values], rotation=20, ha="right"
        )
        ax.margins(x=0.12)
    elif axis.geometric:
        ax.set_xscale("log")
        plain_log(ax.xaxis, along(axis))


def vertical(ax: Any, axis: Axis) -> None:
    ax.set_ylabel(axis_label(axis))
    if axis.words:
        ax.set_yticks(range(len(axis.values)), [str(v) for v in axis.values])
    elif axis.geometric:
        ax.set_yscale("log")
        plain_log(ax.yaxis, along(axis))


def plain_log(side: Any, values: np.ndarray) -> None:
    """Plain numbers, not powers in superscript; the sweep's own values if there are few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    side.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    side.set_minor_formatter(NullFormatter())
    if len(values) <= 5:
        side.set_ticks(values)
        side.set_minor_locator(NullLocator())
    elif values.max() / values.min() < 30:
        side.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))


def cell_ticks(side: Any, axis: Axis, most: int = 5) -> None:
    """Labels for the cells of a map: some of the numbers, all of the words."""
    count = len(axis.values)
    if count > most and (found := round_numbers(axis, most)):
        side.set_ticks(*found)
        return
    shown = count if axis.words and count <= 12 else min(count, most)
    picks = sorted({int(round(k)) for k in np.linspace(0, count - 1, shown)})
    slanted = axis.words and side.axis_name == "x"
    options = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if slanted else {}
    side.set_ticks(picks, [value_of(axis, k) for k in picks], **options)


def round_numbers(axis: Axis, most: int) -> tuple[np.ndarray, list[str]] | None:
    """Round numbers along the cells of evenly spaced values, and their positions among the
    cells."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    if axis.words:
        return None
    values = along(axis)
    x = np.log(values) if axis.geometric else values
    if np.ptp(np.diff(x)) > 0.02 * np.diff(x).mean():
        return None
    decades = axis.geometric and values[-1] / values[0] >= 100
    locator = LogLocator(numticks=most) if decades else MaxNLocator(most, steps=[1, 2, 2.5, 5, 10])
    marks = np.asarray(locator.tick_values(values[0], values[-1]))
    slack = 1e-9 * np.ptp(values)
    marks = marks[(marks >= values[0] - slack) & (marks <= values[-1] + slack)]
    if len(marks) < 2:
        return None
    at = np.interp(np.log(marks) if axis.geometric else marks, x, np.arange(len(x)))
    return at, [pretty(mark, digits=3) for mark in marks.tolist()]


def value_of(axis: Axis, index: int) -> str:
    """A value in the unit of its axis's label."""
    if axis.words:
        return str(axis.values[index])
    return pretty(along(axis)[index], digits=3)


def facet_picks(axis: Axis) -> list[Any]:
    """The values that get a panel: all, or some that are evenly spread."""
    count = len(axis.values)
    return sorted({int(round(k)) for k in np.linspace(0, count - 1, min(count, FACETS))})


def _annotate(ax: Any, cells: np.ndarray, low: float, high: float) -> None:
    middle = low + 0.6 * (high - low)
    for (row, column), value in np.ndenumerate(cells):
        if np.isfinite(value):
            colour = "#010101" if value > middle else "#ffffff"
            ax.text(
                column,
                row,
                pretty(value, digits=3),
                ha="center",
                va="center",
                color=colour,
                fontsize=7.5,
            )


def spread(values: np.ndarray) -> float:
    good = values[np.isfinite(values)]
    return float(np.std(good, ddof=1)) if len(good) > 1 else 0.0
