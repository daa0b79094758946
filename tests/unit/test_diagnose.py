"""Each check of a run finds what it is there for, and passes where there is nothing."""

import json

import numpy as np
import pytest
from seeing import product, write

from stdpdsl import cli
from stdpdsl.results.reader import load
from stdpdsl.views.diagnose import findings, render
from stdpdsl.views.diagnose.finding import Finding, Run, six_digits

INPUT = "model small\n\nlayer IN:\n    poisson: 20 Hz\n    size: 6\n"
GRID = product(Apre=[0.01, 0.02, 0.04], ratio=[0.9, 1.1])
SPEC = """model small

neuron cell:
    parameters:
        tau_m = {tau}
    equations:
        dv/dt = (-v + {noise})/tau_m : 1
    threshold: v > 1
    reset: v = 0
    refractory: {refractory}

layer A1:
    neuron: cell
    size: 6

run:
    duration: 1 s
    dt: 0.1 ms
"""


def spec(tau="10 ms", noise="2", refractory="1 ms"):
    return SPEC.format(tau=tau, noise=noise, refractory=refractory)


def found(folder, check):
    """What a check said."""
    return [f for f in findings(load(folder)) if f.check == check]


def statuses(folder):
    return {f.check: f.status for f in findings(load(folder))}


def test_nothing_is_wrong(tmp_path):
    folder = write(tmp_path / "r", GRID, spec=spec())
    said = findings(load(folder))
    assert {f.status for f in said} == {"passed"}
    assert not any(f.help for f in said)
    text = render(said)
    assert text.count("\nok ") == len(said) - 1
    assert text.endswith(f"{len(said)} checks: {len(said)} passed, 0 found something\n")


def test_a_run_that_ended_early(tmp_path):
    folder = write(tmp_path / "r", GRID, metadata={"time_reached": 0.25})
    (one,) = found(folder, "the run reached its end")
    assert one.status == "found" and "250 ms of 1 s" in one.text and one.help


def test_values_that_are_not_finite(tmp_path):
    folder = write(tmp_path / "r", GRID, outcome=lambda k: np.nan if k == 4 else 0.3 + k / 10)
    (one,) = found(folder, "all values are finite")
    assert "in 1 of 6 blocks (4); weights: 36 of ff" in one.text


def test_silent_and_saturated_layers(tmp_path):
    folder = write(tmp_path / "r", GRID, outcome=lambda k: [0.0, 20.0, 0.4, 0.5, 0.6, 0.7][k])
    (silent,) = found(folder, "no layer is silent")
    assert silent.text == "A1: no spikes in 1 of 6 blocks (0)"
    (hot,) = found(folder, "no layer is saturated")
    assert "A1: more than 300 Hz on average in 1 of 6 blocks (1)" in hot.text


def test_weights_at_their_bounds(tmp_path):
    part = {"ff_after_at_bounds": [0.95, 0, 1, 0, 0, 0], "ff_after_sd": [0.4, 1, 0.3, 1, 1, 1]}
    folder = write(tmp_path / "r", GRID, columns=part)
    (one,) = found(folder, "weights are free to move")
    assert "ff: at least 90% of the weights are at either bound" in one.text
    assert "(0, 2)" in one.text
    part["ff_after_sd"] = [0, 1, 0, 1, 1, 1]
    folder = write(tmp_path / "one", GRID, columns=part)
    (one,) = found(folder, "weights are free to move")
    assert "at the same bound" in one.text


def test_weights_that_did_not_move(tmp_path):
    still = {"ff_after_mean": [0.5, 0.6, 0.5, 0.7, 0.8, 0.9], "ff_after_sd": [0.1] * 6}
    (one,) = found(write(tmp_path / "r", GRID, columns=still), "weights moved")
    assert one.text == "ff: nothing was learned in 2 of 6 blocks (0, 2)"


def test_a_phase_without_plasticity_is_no_finding(tmp_path):
    phases = "    phases:\n        train: 1 s\n        test: 1 s, plasticity off\n"
    text = spec().replace("    duration: 1 s\n", phases)
    still = {"ff_after_mean": [0.5] * 6, "ff_after_sd": [0.1] * 6}
    folder = write(tmp_path / "r", GRID, spec=text, phases=("train", "test"), columns=still)
    (one,) = found(folder, "weights moved")
    assert one.text == "ff: nothing was learned in the phase train, in every block"
    folder = write(tmp_path / "s", GRID, spec=text, phases=("test", "train"), columns=still)
    assert found(folder, "weights moved")[0].status == "found"


@pytest.mark.parametrize("hardly", [0, 1e-9])
def test_blocks_and_parameters_without_effect(tmp_path, hardly):
    def outcome(k):  # Apre alone acts
        return 0.2 + k // 2 / 10 + k % 2 * hardly

    folder = write(tmp_path / "r", GRID, outcome=outcome)
    (one,) = found(folder, "blocks differ from one another")
    assert "6 of 6 blocks equal another block to six digits" in one.text
    (one,) = found(folder, "every parameter has an effect")
    assert one.text == "ratio: no measure changes with it, to six digits"


PLASTIC = """
layer IN:
    poisson: 20 Hz
    size: 6

connect IN -> A1 as ff:
    pattern: all_to_all
    plasticity: pair_additive(wmax = 0.5)
    deliver: w to v

sweep:
    grid:
        Apre = [1]

run:"""


def test_steps_as_large_as_the_range_of_the_weight_explain_why_blocks_are_alike(tmp_path):
    text = spec().replace("\nrun:", PLASTIC)
    for values, large in (([0.5, 2], True), ([0.4, 2], False)):
        folder = write(
            tmp_path / str(large), {"Apre": np.array(values)}, spec=text, outcome=lambda k: 0.5
        )
        (one,) = found(folder, "blocks differ from one another")
        assert one.status == "found"
        said = "`Apre` is 0.5 or more, and the weight of ff has a range of 0.5" in one.help
        assert said == large, one.help


def test_a_phase_is_named_where_another_one_is_well(tmp_path):
    text = spec().replace("    duration: 1 s\n", "    phases:\n        a: 1 s\n        b: 1 s\n")
    folder = write(tmp_path / "r", GRID, spec=text, phases=("a", "b"))
    run = Run(load(folder), None)
    phase, block = run.design.columns["phase"], run.block
    assert run.blocks_where(phase == "b") == "in the phase b, in every block"
    assert run.blocks_where(block == 2) == "in 1 of 6 blocks (2)"
    rows = (phase == "a") | (block < 2)
    assert run.blocks_where(rows) == (
        "in the phase a, in every block; in the phase b, in 2 of 6 blocks (0, 1)"
    )


def test_what_is_found_is_not_called_by_its_opposite():
    said = render(
        [
            Finding("no layer is silent", "found", "IN: no spikes", "drive it"),
            Finding("no layer is saturated", "passed", "in any block"),
        ]
    )
    assert "FOUND    IN: no spikes" in said and "no layer is silent" not in said
    assert "no layer is saturated: in any block" in said


def test_a_swept_input_is_no_effect_of_its_own(tmp_path):
    sweep = {"IN.rate": np.arange(1.0, 7)}
    given = {"IN_rate": np.arange(1.0, 7), "IN_spikes": np.arange(1, 7)}
    for text, status in ((INPUT, "found"), ("", "passed")):  # without a spec, nobody knows
        folder = write(
            tmp_path / (status),
            sweep,
            spec=text,
            columns=given,
            outcome=lambda k: 0.5,
            units={"IN.rate": "hertz"},
        )
        (one,) = found(folder, "every parameter has an effect")
        assert one.status == status
        assert found(folder, "blocks differ from one another")[0].status == status


def test_the_seventh_digit_is_not_looked_at_and_the_fifth_is():
    values = np.array([0.0, -1.0, 123456.4, 123456.3, 9.99999e-9, 1e-8, 2.00001, 2.00002])
    seen = six_digits(values)
    np.testing.assert_allclose(seen, values, rtol=5e-6)
    assert seen[2] == seen[3] and seen[4] != seen[5] and seen[6] != seen[7]


def test_random_samples_do_not_tell_the_effect_of_one(tmp_path):
    draw = np.random.default_rng(1)
    sweep = {"a": draw.uniform(size=9), "b": draw.uniform(size=9)}
    (one,) = found(write(tmp_path / "r", sweep), "every parameter has an effect")
    assert one.status == "unknown"


@pytest.mark.parametrize(
    "change, check",
    [
        ({"tau": "0.1 ms"}, "the time step is short enough"),
        ({"refractory": "0.25 ms"}, "times are multiples of the time step"),
        ({"noise": "xi*tau_m**0.5"}, "noise does not hinder the comparison of blocks"),
    ],
)
def test_what_the_spec_says(tmp_path, change, check):
    folder = write(tmp_path / "r", GRID, spec=spec(**change))
    wrong = {name for name, status in statuses(folder).items() if status == "found"}
    assert wrong == {check}
    (one,) = found(folder, check)
    assert "line" in one.text and one.help


def test_delays_between_two_steps(tmp_path):
    rounded = [{"connection": "ff", "delays": n, "by": by} for n, by in ((3, 2e-5), (4, 3e-5))]
    folder = write(tmp_path / "r", GRID, metadata={"rounded_delays": rounded})
    (one,) = found(folder, "delays are multiples of the time step")
    assert "ff: 7 delays rounded to steps of 100 us, by 30 us at most" in one.text


def test_a_spec_of_another_version_is_not_known(tmp_path):
    folder = write(tmp_path / "r", GRID, spec="modell small\n")
    assert statuses(folder)["the time step is short enough"] == "unknown"


def test_the_command(tmp_path, capsys):
    good = write(tmp_path / "good", GRID, spec=spec())
    assert cli.main(["diagnose", str(good)]) == 0
    assert "ok       the run reached its end" in capsys.readouterr().out
    bad = write(tmp_path / "bad", GRID, metadata={"time_reached": 0.25})
    assert cli.main(["diagnose", str(bad)]) == 1
    assert "what to do: the results show the state at that time" in capsys.readouterr().out
    assert cli.main(["diagnose", str(bad), "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["status"] == "found"
    assert cli.main(["diagnose", str(tmp_path)]) == 2
    assert "no stdpdsl results" in capsys.readouterr().err


def test_what_was_not_solved_exactly(tmp_path):
    methods = {"A1": {"v": "exponential_euler", "g": "exact"}, "ff": {"w": "euler"}}
    folder = write(tmp_path / "r", GRID, metadata={"integration": methods})
    (one,) = found(folder, "equations are solved exactly")
    assert one.status == "found"
    assert "A1: v exponential Euler; ff: w Euler" in one.text and "g" not in one.text.split()
    methods["ff"]["w"] = "event-driven"
    methods["A1"].pop("v")
    folder = write(tmp_path / "s", GRID, metadata={"integration": methods})
    (one,) = found(folder, "equations are solved exactly")
    assert one.status == "passed" and "formula" not in one.text
    methods["ff"] = {"w": "advance", "apre": "event-driven"}
    folder = write(tmp_path / "u", GRID, metadata={"integration": methods})
    (one,) = found(folder, "equations are solved exactly")
    assert one.status == "passed" and one.text.endswith("own `advance:` is exact: ff: w")
    folder = write(tmp_path / "t", GRID, metadata={"integration": None})
    assert found(folder, "equations are solved exactly")[0].status == "unknown"
