"""Trajectories as signals: one array (time, element) for each recorded variable of a component."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..dataclass import dataclass
from .dataset import Dataset
from .edges import PLACE
from .network import unit_of


@dataclass(frozen=True)
class Signal:
    """Samples of one variable: `values` (SI) has a row per time in `t` (s) and a column per
    element.

    `elements` has for each element the `neuron` in its layer, or `pre` and `post`; it is empty if
    the variable belongs to the whole layer, such as its `rate`.
    """

    component: str
    variable: str
    unit: str
    elements: dict[str, np.ndarray]
    t: np.ndarray
    values: np.ndarray

    @property
    def name(self) -> str:
        return f"{self.component} {self.variable}"

    @property
    def every(self) -> float | None:
        """The sampling period (s), if the samples are evenly spaced."""
        if len(self.t) < 2:
            return None
        steps = np.diff(self.t)
        even = (self.t[-1] - self.t[0]) / (len(self.t) - 1)
        return float(even) if np.all(np.abs(steps - even) <= 1e-6 * even) else None


def signals_of(results: Dataset, rows: Any) -> Iterator[Signal]:
    """The signals in some rows of `trajectories`, all from one block or shared. Elements that were
    sampled at other times than the rest form a separate signal.
    """
    frame = rows.to_pandas()
    if not len(frame):
        return
    frame["component"] = frame["layer"].fillna(frame["connection"])
    for (component, variable), found in frame.groupby(["component", "variable"], sort=False):
        keys = ["neuron"] if found["neuron"].notna().any() else list(PLACE)
        keys = [key for key in keys if key in found and found[key].notna().any()]
        found = found.drop_duplicates([*keys, "t"]).sort_values([*keys, "t"], kind="stable")
        new = np.any(np.diff(found[keys].to_numpy(), axis=0) != 0, axis=1)
        starts = np.concatenate([[0], np.flatnonzero(new) + 1, [len(found)]])
        t, values = found["t"].to_numpy(), found["value"].to_numpy()
        alike: dict[bytes, list[int]] = {}
        for element in range(len(starts) - 1):
            times = t[starts[element] : starts[element + 1]]
            alike.setdefault(times.tobytes(), []).append(element)
        for chosen in alike.values():
            first = starts[chosen]
            times = t[first[0] : starts[chosen[0] + 1]]
            elements = {k: found[k].to_numpy()[first].astype(np.int64) for k in keys}
            samples = values[np.add.outer(np.arange(len(times)), first)]
            unit = unit_of(results, str(component), str(variable))
            yield Signal(str(component), str(variable), unit, elements, times, samples)
