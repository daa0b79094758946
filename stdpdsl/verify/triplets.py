"""Triplet rules: how well the published fits meet the experiments that they were fitted to."""

from __future__ import annotations

from stdpdsl.results import Results
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
"""The error E of each fit, in tables 3 and 4, by the connection of our specs and the preset."""


def fit_error(results: Results, connection: str, tolerance: float, table: str) -> list[Row]:
    """E, the mean squared distance from the data in standard errors, for each preset."""
    w = columns(results, "weights", connection=connection)
    preset = w[f"{connection}.preset"]
    squares = ((w["w"] - w["w_initial"] - w["observed"]) / w["error"]) ** 2
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
    # The published parameters have two digits.
    return Replay(
        "triplet_frequency.stdp", lambda results: fit_error(results, connection, 0.03, "table 3")
    )


def _hippocampus(connection: str) -> Replay:
    # Besides, the paper does not say at which T inside its ranges the quadruplets were taken.
    return Replay(
        "triplet_hippocampus.stdp", lambda results: fit_error(results, connection, 0.35, "table 4")
    )


TEST = "tests/rules/test_pairs.py::test_a_rule_is_its_reference"
FAMILY = (
    Verification(
        "triplet",
        f"{TEST} -k triplet",
        "tests/nest/test_nest.py::test_the_reference_is_nest -k triplet",
        (_frequency("all_pairs"), _hippocampus("all_pairs")),
    ),
    # NEST's archive of post spikes has no nearest slow trace.
    Verification(
        "triplet_nearest",
        f"{TEST} -k triplet_nearest",
        "",
        (_frequency("nearest"), _hippocampus("nearest")),
    ),
)
