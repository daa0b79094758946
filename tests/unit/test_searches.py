"""The language of `search:` and `fit:`."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdpdsl.compiler import check_text
from stdpdsl.language.clauses.examples import example
from stdpdsl.language.source import Source

FOLDER = Path(__file__).parents[2] / "grammars" / "examples"
SEARCH, FIT = example("search"), example("fit")


def found(text):
    return {d.code: d for d in check_text(Source("spec.stdp", text), FOLDER, [])[1]}


@pytest.mark.parametrize(
    "old, new, code",
    [
        ("A_rate < 50 Hz", "A_rate < 50 mV", "UNIT003"),
        ("A_rate < 50 Hz", "A_rate", "TYPE002"),
        ("A_rate < 50 Hz", "A_rate == 50 Hz", "SEARCH003"),
        ("mean(miss) + sd(miss)", "mean(mis)", "NAME004"),
        ("mean(miss) + sd(miss)", "mean(miss) + 1 mV", "UNIT003"),
        ("mean(miss) + sd(miss)", "miss > 1 Hz", "TYPE003"),
        ("mean(miss) + sd(miss)", "median(miss)", "NAME012"),
        ("uniform(0.5, 2)", "uniform(2, 2)", "SEARCH004"),
        ("uniform(0.5, 2)", "uniform(0.5 mV, 2 mV)", "UNIT002"),
        ("uniform(0.5, 2)", "[0.5, 2]", "TYPE"),
        ("uniform(0.5, 2)", "0.5", "SWEEP010"),
        ("uniform(0.5, 2)", "bernoulli(0.5)", "SWEEP010"),
        ("loguniform(1e-4, 0.1)", "loguniform(0, 0.1)", "SEARCH004"),
        ("c.Apre =", "c.Aprre =", "SWEEP004"),
        ("c.Apre =", "trial =", "NAME014"),
        ("nsga2", "cma_es", "SEARCH005"),
        ("nsga2", "refine", "SEARCH005"),
        ("stop: no improvement in 100 trials", "stop: no difference above 5 Hz", "SEARCH005"),
        ("stop: no improvement in 100 trials", "stop: no difference above 5 mV", "UNIT"),
        ("stop: no improvement in 100 trials", "stop: no difference above 0 Hz", "SEARCH006"),
        ("batch: 40", "batch: 40 ms", "SEARCH006"),
        ("seed: 1", "seed: -1", "SEARCH006"),
        ("replicates: 3", "grid: c.Apre = [0.1, 0.2]", "SWEEP002"),
        ("minimise: mean(miss) + sd(miss)", "data: x", "SYN024"),
        ("in 100 trials", "in 100", "SYN001"),
    ],
)
def test_what_is_wrong_with_a_search(old, new, code):
    assert old in SEARCH
    codes = found(SEARCH.replace(old, new))
    assert any(c.startswith(code) for c in codes), codes


def test_refine_begins_with_a_grid_of_the_ends():
    text = SEARCH.replace("nsga2", "refine").replace("    maximise: c_after_entropy\n", "")
    small = found(text.replace("batch: 40", "batch: 3"))
    assert "a grid of 4 trials at least, and a batch is of 3" in small["SEARCH005"].message
    assert "SEARCH005" not in found(text.replace("batch: 40", "batch: 4"))


@pytest.mark.parametrize(
    "old, new, code",
    [
        ("pairs.csv", "pair.csv", "FILE001"),
        ("to change", "to chnge", "NAME004"),
        ("c_after_mean - c_before_mean to", "pre_rate to", "UNIT002"),
        ('    data: from "pairs.csv"\n', "", "SEARCH002"),
        ("to change within error", "to change within", "SYN001"),
    ],
)
def test_what_is_wrong_with_a_fit(old, new, code):
    assert old in FIT
    codes = found(FIT.replace(old, new))
    assert code in codes, codes


def test_trials_may_have_the_same_values():
    """As they soon have on axes of whole numbers."""
    assert (
        found(
            SEARCH.replace("loguniform(1e-4, 0.1)", "integers(0, 2)").replace(
                "uniform(0.5, 2)", "integers(1, 3)"
            )
        )
        == {}
    )


def test_columns_of_a_file_make_an_input_one_per_block():
    """As those of any other part of a sweep do."""
    text = FIT[: FIT.index("fit:")] + 'sweep:\n    from: "pairs.csv"\n\n' + FIT[FIT.index("run:") :]
    assert set(found(text)) == {"NAME023"}  # nothing uses `change` and `error`


EARLY = "stop trials: silent or saturated after 200 ms"


@pytest.mark.parametrize(
    "old, new, code",
    [
        ("silent or saturated", "silnt", "SEARCH008"),
        ("silent or saturated", "silent or silent", "SEARCH008"),
        ("after 200 ms", "after 1 s", "SEARCH008"),
        ("after 200 ms", "after 0 s", "SEARCH008"),
        ("after 200 ms", "after 200 mV", "UNIT"),
        ("after 200 ms", "after soon", "NAME"),
        (" after 200 ms", "", "SYN001"),
        ("duration: 1 s", "phases:\n        a: 1 s\n        b: 1 s", "SEARCH008"),
    ],
)
def test_what_is_wrong_with_the_end_of_trials(old, new, code):
    assert EARLY in SEARCH and old in SEARCH
    codes = found(SEARCH.replace(old, new))
    assert any(c.startswith(code) for c in codes), codes


def test_only_layers_of_neurons_are_silent():
    """An input is as the spec gives it."""
    text = SEARCH.replace("mean(miss) + sd(miss)", "P_rate").replace("A_rate < 50", "P_rate < 50")
    text = text.replace("    maximise: c_after_entropy\n", "")
    assert "SEARCH008" in found(text)
    assert "SEARCH008" not in found(text.replace("minimise: P_rate", "minimise: c_after_mean"))


def test_a_fit_and_an_inference_run_each_trial():
    for text in (FIT, example("infer")):
        with_it = found(text.replace("    trials:", f"    {EARLY}\n    trials:"))
        assert any(c.startswith("SYN") for c in with_it), with_it


@pytest.mark.parametrize(
    "batch, more, message",
    [
        ("batch: 40", "        c.Apost = uniform(-0.1, 0)\n", "one or two axes"),
        ("batch: 3", "", "a grid of 4"),
        ("batch: 4", "", ""),
    ],
)
def test_what_refine_takes(batch, more, message):
    text = SEARCH.replace("    maximise: c_after_entropy\n", "")
    text = text.replace("nsga2", "refine").replace("batch: 40", batch)
    codes = found(text.replace("    over:\n", f"    over:\n{more}"))
    assert [d.message for d in codes.values() if message in d.message] if message else codes == {}
