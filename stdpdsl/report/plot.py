"""Figures of results as matplotlib axes, to be changed and put together.

    results.plot.heatmap("feedforward_after_mean")
    ax = results.plot.weights("feedforward", block=2, when="change")
    results.plot.raster("A1", block=2, ax=my_axes)

Without `ax`, pyplot makes a figure. Values are in the unit named on the axis. Raises ResultsError
if the results do not contain what is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.axes import Axis, Design, design_of
from ..results.errors import ResultsError
from ..results.labels import label, measure, scale_for
from ..results.network import partly_recorded
from ..results.reader import Results
from ..results.table import Table
from .data import mean_by_axes, places, spec_units
from .networks import matrix
from .responses import response_map, table
from .sweeps import along, axis_label, cell_ticks, horizontal, spread, value_of
from .trajectories import traces

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WHEN = ("before", "after", "change")


class Plot:
    """The figures of one run; `results.plot`."""

    def __init__(self, results: Results):
        self.results = results

    # How a measure depends on the parameters

    def heatmap(
        self,
        measure: str,
        x: str | None = None,
        y: str | None = None,
        phase: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """A measure (a column of `blocks`) over two axes of the sweep, by default the first two,
        averaged over all others. The last phase, unless another is named."""
        design = self._measured(measure)
        across, up = self._axes(design, (x, y))
        rows = self._phase(design, phase)
        factor, text = self._scaled(design, measure)
        ax = _axes(ax)
        values = mean_by_axes(design, [up, across], measure, rows) * factor
        image = ax.imshow(values, origin="lower", aspect="auto", interpolation="none")
        for side, axis in ((ax.xaxis, across), (ax.yaxis, up)):
            cell_ticks(side, axis)
        ax.set_xlabel(axis_label(across))
        ax.set_ylabel(axis_label(up))
        ax.figure.colorbar(image, ax=ax, label=text)
        return ax

    def curves(
        self,
        measure: str,
        x: str | None = None,
        lines: str | None = None,
        phase: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """A measure along an axis of the sweep, by default the first, with a line for each value of
        another axis; averaged over the rest, with the sd over replicates as a band."""
        design = self._measured(measure)
        axis = self._axes(design, (x,))[0]
        rows = self._phase(design, phase)
        factor, text = self._scaled(design, measure)
        ax = _axes(ax)
        other = self._axes(design, (lines,))[0] if lines else None
        for k in range(len(other.values) if other else 1):
            mine, name = rows, None
            if other is not None:
                mine = rows & (design.columns[other.name] == other.values[k])
                name = value_of(other, k)
            mean = mean_by_axes(design, [axis], measure, mine) * factor
            line = ax.plot(along(axis), mean, "o-", label=name)[0]
            if design.replicates > 1:
                values = design.columns[measure][mine].astype(float) * factor
                where = places(axis, design.columns[axis.name][mine])
                sd = np.array([spread(values[where == i]) for i in range(len(mean))])
                ax.fill_between(
                    along(axis), mean - sd, mean + sd, alpha=0.2, color=line.get_color(), lw=0
                )
        horizontal(ax, axis)
        ax.set_ylabel(text)
        if other is not None:
            ax.legend(title=axis_label(other))
        return ax

    # Single blocks

    def weights(
        self, connection: str, block: int = 0, when: str = "after", ax: Axes | None = None
    ) -> Axes:
        """The matrix of a block's weights "before" or "after" the run, or their "change"."""
        if when not in WHEN:
            raise ResultsError(f"`when` must be one of {', '.join(WHEN)}, not {when!r}")
        rows = self._rows("weights", block, {"connection": connection})
        values = {"before": rows["w_initial"], "after": rows["w"]}
        values["change"] = rows["w"] - rows["w_initial"]
        factor, unit = scale_for(rows["w"], self._unit(f"{connection}.w"))
        shape = int(rows["post"].max()) + 1, int(rows["pre"].max()) + 1
        shown = matrix(rows["post"], rows["pre"], values[when] * factor, shape)
        ax = _axes(ax)
        options: dict[str, Any] = {}
        if when == "change":
            far = float(np.nanmax(np.abs(shown))) or 1.0
            options = {"cmap": "PuOr_r", "vmin": -far, "vmax": far}
        image = ax.imshow(
            shown,
            origin="lower",
            aspect="auto",
            interpolation="none",
            extent=(-0.5, shape[1] - 0.5, -0.5, shape[0] - 0.5),
            **options,
        )
        ax.set_xlabel("pre")
        ax.set_ylabel("post")
        ax.figure.colorbar(image, ax=ax, label=label("Δw" if when == "change" else "w", unit))
        return ax

    def distribution(
        self, connection: str, block: int = 0, bins: int = 30, ax: Axes | None = None
    ) -> Axes:
        """Histograms of a block's weights before and after."""
        rows = self._rows("weights", block, {"connection": connection})
        factor, unit = scale_for(rows["w"], self._unit(f"{connection}.w"))
        first, last = rows["w_initial"] * factor, rows["w"] * factor
        both = np.concatenate([first, last])
        edges = np.histogram_bin_edges(both[np.isfinite(both)], bins).tolist()
        ax = _axes(ax)
        ax.hist(last, edges, alpha=0.75, label="after")
        ax.hist(first, edges, histtype="step", label="before")
        ax.set_xlabel(label("w", unit))
        ax.set_ylabel("synapses")
        ax.legend()
        return ax

    def trajectories(
        self, name: str, block: int = 0, most: int = 12, ax: Axes | None = None
    ) -> Axes:
        """`most` single trajectories of a recorded variable ("feedforward.w", "A1.v"), and the
        mean of all."""
        owner, _, variable = name.rpartition(".")
        kind = "connection" if owner in self._owners("connection") else "layer"
        rows = self._rows("trajectories", block, {"variable": variable, kind: owner})
        factor, unit = scale_for(rows["value"], self._unit(name))
        t, values = traces({**rows, "value": rows["value"] * factor})
        picks = np.unique(np.linspace(0, len(values) - 1, min(most, len(values))).astype(int))
        ax = _axes(ax)
        ax.plot(t, values[picks].T, color="0.6", lw=0.7)
        ax.plot(t, np.nanmean(values, axis=0), label=f"mean of {len(values)}")
        ax.set_xlabel("t (s)")
        ax.set_ylabel(label(variable, unit))
        ax.legend()
        return ax

    def raster(self, layer: str, block: int = 0, ax: Axes | None = None) -> Axes:
        """A block's recorded spikes of a layer, or those of a layer that exists once. Raises
        ResultsError if those of this block were not recorded."""
        blocks = (partly_recorded(self.results, layer) or {}).get("blocks")
        if blocks is not None and block not in blocks:
            raise ResultsError(
                f"{self.results.folder}: the spikes of {layer} were not recorded in block"
                f" {block}, only"
                f" in blocks {', '.join(map(str, blocks[:10]))}"
            )
        rows = self._rows("spikes", block, {"layer": layer}, empty=True)
        ax = _axes(ax)
        ax.plot(rows["t"], rows["neuron"], "|", color="0.1", ms=4)
        ax.set_xlabel("t (s)")
        ax.set_ylabel(f"neuron of {layer}")
        return ax

    def responses(
        self, layer: str, block: int = 0, phase: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """The mean rate (Hz) of each neuron of a layer for each stimulus, in the last phase."""
        rows = self._rows("responses", block, {"layer": layer})
        if "phase" in rows:
            wanted = rows["phase"][-1] if phase is None else phase
            rows = {name: values[rows["phase"] == wanted] for name, values in rows.items()}
        shape = int(rows["neuron"].max()) + 1, int(rows["stimulus"].max()) + 1
        ax = _axes(ax)
        image = response_map(ax, table(rows, shape), rows)
        ax.set_ylabel(f"neuron of {layer}")
        ax.figure.colorbar(image, ax=ax, label="rate (Hz)")
        return ax

    # What is asked for

    def _measured(self, name: str) -> Design:
        from ..language.diagnostics import did_you_mean

        design = design_of(self.results)
        if name not in design.measures:
            near = did_you_mean(name, design.measures) or f"there are: {', '.join(design.measures)}"
            raise ResultsError(f"{self.results.folder}: there is no measure {name}; {near}")
        return design

    def _axes(self, design: Design, names: tuple[str | None, ...]) -> list[Axis]:
        known = {axis.name: axis for axis in design.axes}
        free = [axis for name, axis in known.items() if name not in names]
        found = []
        for name in names:
            if name is not None and name not in known:
                there = f"there are: {', '.join(known)}" if known else "nothing was varied"
                raise ResultsError(f"{name} is not an axis of the sweep; {there}")
            if name is None and not free:
                raise ResultsError(f"the sweep has {len(known)} axes, but {len(names)} are needed")
            found.append(free.pop(0) if name is None else known[name])
        return found

    def _phase(self, design: Design, phase: str | None) -> np.ndarray:
        if phase is None:
            phase = design.phases[-1] if design.phases else None
        elif phase not in design.phases:
            raise ResultsError(f"there is no phase {phase}")
        return design.of_phase(phase)

    def _scaled(self, design: Design, name: str) -> tuple[float, str]:
        owner, words, unit = measure(name, {**spec_units(self.results.spec), **self.results.units})
        factor, unit = scale_for(design.columns[name], unit)
        return factor, label(f"{owner}: {words}" if owner else words, unit)

    def _unit(self, name: str) -> str:
        return spec_units(self.results.spec).get(name, "")

    def _owners(self, column: str) -> set[str]:
        table = self.results.table("trajectories", [column])
        return set(table[column].unique().to_pylist())

    def _rows(
        self, name: str, block: int, values: dict[str, str], empty: bool = False
    ) -> dict[str, Any]:
        """The rows of a block, or those without a block if they exist once."""
        found = Table(self.results, name).filter(values)
        mine = found.filter(block=block)
        if not len(mine) and len(found.filter(block=None)):
            mine = found.filter(block=None)
        if not len(mine) and not (empty and len(found)):
            what = ", ".join(f"{k} {v}" for k, v in values.items())
            raise ResultsError(
                f"{self.results.folder}: {name} has no rows of {what} in block {block}"
            )
        table = mine.to_arrow()
        return {n: table[n].to_numpy(zero_copy_only=False) for n in table.column_names}


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as pyplot
    except ImportError:
        raise ResultsError("drawing figures needs matplotlib: pip install matplotlib") from None
    return pyplot.subplots(layout="constrained")[1]
