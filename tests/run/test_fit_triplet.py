"""Pfister & Gerstner's (2006) fits of the triplet rule to visual cortex, found again by search."""

from __future__ import annotations

from pathlib import Path

import pytest
from by_day import in_turn, later

import stdpdsl
from stdpdsl.cli import main
from stdpdsl.verify.triplets import PUBLISHED, VISUAL_CORTEX

FOLDER = Path(__file__).parents[2] / "specs" / "searches"
SPEC = (FOLDER / "fit_triplet.stdp").read_text(encoding="utf-8")
DATA = (FOLDER / "sjostrom_2001.csv").read_text(encoding="utf-8")
MORE = """        A2plus = uniform(0, 0.02)
        A3minus = uniform(0, 0.02)
        tau_x = loguniform(10 ms, 1 s)
"""


def test_the_data_are_those_of_the_paper():
    rows = [tuple(map(float, line.split(","))) for line in DATA.splitlines()[1:]]
    assert rows == [(f, lag, *of) for (f, lag), of in VISUAL_CORTEX.items()]


def spec_of(rule, full):
    """The spec with fewer trials: the minimal model is found in 1200, and then hardly improved."""
    text = SPEC.replace("triplet(", f"{rule}(")
    if full:
        text = text.replace(", A2plus = 0, A3minus = 0", "")
        text = text.replace("    data:", f"{MORE}    data:")
    return text.replace("trials: 2000", f"trials: {4000 if full else 1200}")


@pytest.mark.slow
@pytest.mark.parametrize(
    "rule, connection, full",
    in_turn([("triplet", "all_pairs", False), ("triplet_nearest", "nearest", False)], 1)
    + [later(("triplet", "all_pairs", True)), later(("triplet_nearest", "nearest", True))],
)
def test_the_published_error_is_met(tmp_path, rule, connection, full):
    (tmp_path / "spec.stdp").write_text(spec_of(rule, full))
    (tmp_path / "sjostrom_2001.csv").write_text(DATA)
    assert main(["search", str(tmp_path / "spec.stdp"), "-o", str(tmp_path / "out")]) == 0
    published = PUBLISHED[connection]["visual_cortex_full" if full else "visual_cortex_minimal"]
    assert stdpdsl.load(tmp_path / "out").best.objectives["error"] <= 1.05 * published
