"""Triplet rules: how well the published fits match the experiments that they were fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np

from stdpdsl.results.reader import Results
from stdpdsl.verify.table import Replay, Row, Verification, columns

PUBLISHED = {
    "all_pairs": {
        "visual_cortex_full": 0.33,
        "visual_cortex_minimal": 0.34,
        "hippocampus_full": 2.9,
        "hippocampus_minimal": 3.5,
    },
    "nearest": {
        "visual_cortex_full": 0.22,
        "visual_cortex_minimal": 0.34,
        "hippocampus_full": 2.9,
        "hippocampus_minimal": 2.9,
    },
}
"""The error E of each fit, from tables 3 and 4, by the connection in our specs and the preset."""

VISUAL_CORTEX = {
    # frequency in Hz, lag in ms: change of the weight, standard error
    (0.1, 10): (-0.04, 0.05),
    (0.1, -10): (-0.29, 0.08),
    (10, 10): (0.14, 0.10),
    (10, -10): (-0.41, 0.11),
    (20, 10): (0.29, 0.14),
    (20, -10): (-0.34, 0.10),
    (40, 10): (0.53, 0.11),
    (40, -10): (0.56, 0.32),
    (50, 10): (0.56, 0.26),
    (50, -10): (0.75, 0.19),
}
"""Sjoestroem et al. (2001), as in the paper's table 1."""

HIPPOCAMPUS = {
    # two pre spikes, two post spikes in ms (one if they are equal): change, standard error
    (100, 100, 110, 110): (0.25, 0.05),
    (100, 100, 90, 90): (-0.17, 0.05),
    (95, 105, 100, 100): (-0.01, 0.04),
    (90, 110, 100, 100): (0.03, 0.04),
    (85, 105, 100, 100): (0.01, 0.03),
    (95, 115, 100, 100): (0.24, 0.06),
    (100, 100, 95, 105): (0.33, 0.04),
    (100, 100, 90, 110): (0.34, 0.04),
    (100, 100, 95, 115): (0.22, 0.08),
    (100, 100, 85, 105): (0.29, 0.05),
    (100, 189, 105, 184): (-0.003, 0.03),
    (105, 184, 100, 189): (0.06, 0.04),
    (105, 120, 100, 125): (0.21, 0.04),
}
"""Wang et al. (2005), as in the paper's table 2."""


def visual_cortex(results: Results, connection: str) -> list[Row]:
    """`triplet_frequency.stdp`. The published parameters have two digits, so the tolerance is
    large."""
    w = columns(results, "weights", connection=connection)
    keys = zip(w["frequency"], np.rint(w["lag"] * 1e3), strict=True)
    return fit_error(w, [VISUAL_CORTEX[key] for key in keys], connection, 0.03, "table 3")


def hippocampus(results: Results, connection: str) -> list[Row]:
    """`triplet_hippocampus.stdp`. The paper gives ranges for the quadruplets' times."""
    w = columns(results, "weights", connection=connection)
    times = [np.rint(w[name] * 1e3) for name in ("pre1", "pre2", "post1", "post2")]
    data = [HIPPOCAMPUS[key] for key in zip(*times, strict=True)]
    return fit_error(w, data, connection, 0.35, "table 4")


def fit_error(
    w: dict[str, Any],
    data: list[tuple[float, float]],
    connection: str,
    tolerance: float,
    table: str,
) -> list[Row]:
    """E, the mean squared distance from the data in standard errors, for each preset."""
    observed, error = np.array(data).T
    preset = w[f"{connection}.preset"]
    squares = ((w["w"] - w["w_initial"] - observed) / error) ** 2
    source = f"Pfister & Gerstner (2006), {table}"
    return [
        Row(
            f"fit error E of {name}",
            PUBLISHED[connection][name],
            float(squares[preset == name].mean()),
            tolerance,
            source,
        )
        for name in dict.fromkeys(preset)
    ]


def _frequency(connection: str) -> Replay:
    return Replay("triplet_frequency.stdp", lambda results: visual_cortex(results, connection))


def _hippocampus(connection: str) -> Replay:
    return Replay("triplet_hippocampus.stdp", lambda results: hippocampus(results, connection))


TEST = "tests/rules/test_pairs.py::test_a_rule_is_its_reference"
FAMILY = (
    Verification(
        "triplet",
        f"{TEST}[triplet-synapse]",
        "tests/nest/test_nest.py::test_the_reference_is_nest[triplet-10]",
        (_frequency("all_pairs"), _hippocampus("all_pairs")),
    ),
    Verification(
        "triplet_nearest",
        f"{TEST}[triplet_nearest-synapse]",
        replays=(_frequency("nearest"), _hippocampus("nearest")),
        without_nest="NEST's archive of post spikes has no nearest slow trace",
    ),
)
