"""What events bring up to date is saved, sampled and measured as it is at that time."""

from __future__ import annotations

import re

import numpy as np
import pytest
from both_ways import agree
from running import run_text

from stdpdsl.compiler import library

SPEC = """model advancing

neuron relay:
    equations:
        v : 1
    threshold: v > 0.5
    reset: v = 0

layer pushes:
    spikes: [(0, 9.9 ms), (0, 41 ms)]
    size: 1

layer post:
    neuron: relay
    size: 1

connect pushes -> post as force:
    pattern: one_to_one
    weight: 1
    deliver: w to v

layer pre:
    spikes: [(0, 5 ms), (0, 35 ms)]
    size: 1

layer VTA:
    spikes: [(0, 20 ms)]
    size: 1

connect pre -> post as c:
    pattern: one_to_one
    plasticity: RULE
    initial: WEIGHT = 0.5
    deliver: 0*WEIGHT to v

record: STATE of c every 50 ms

run:
    RUN
    dt: 0.1 ms
"""
ADVANCING = sorted(name for name in library() if library()[name].advance)
USES = {
    "dopamine": "dopamine(reward = spikes of VTA, wmax = 100)",
    "oja": "oja(eta = 1 second)",
    "bcm": "bcm(eta = 1e-3 second**2)",
}
PHASES = "phases:\n        one: 150 ms\n        two: 150 ms"


def final(tables) -> dict[str, float]:
    (row,) = tables["weights"][tables["weights"]["connection"] == "c"].to_dict("records")
    return row


def spec(rule: str, run: str) -> str:
    names = [e.name.id for e in library()[rule].equations]
    weight = "rho" if "rho" in names else "w"
    text = SPEC.replace("RULE", USES.get(rule, rule)).replace("WEIGHT", weight)
    return text.replace("STATE", ", ".join(names)).replace("RUN", run)


def test_the_rules_that_advance():
    assert set(ADVANCING) >= {"bcm", "bcpnn", "dopamine", "graupner_brunel_flat", "oja"}


@pytest.mark.parametrize("rule", ADVANCING)
@pytest.mark.in_turn(2)
def test_what_is_saved_and_sampled_is_the_value_then(rule, tmp_path):
    """By three ways: a sample of a longer run, the end of a shorter one, the end of a phase."""
    longer = run_text(tmp_path, spec(rule, "duration: 300 ms"), name="longer")
    shorter = run_text(tmp_path, spec(rule, "duration: 150 ms"), name="shorter")
    phases = run_text(tmp_path, spec(rule, PHASES), name="phases")
    samples = longer["trajectories"]
    then = samples[np.isclose(samples["t"], 0.15)].set_index("variable")["value"]
    end = final(shorter)
    weight = "rho" if "rho" in then else "w"
    for name, value in then.items():
        column = "w" if name == weight else name
        assert np.isclose(value, end[column], rtol=1e-9), name
        assert np.isclose(final(longer)[column], final(phases)[column], rtol=1e-9), name
    after = phases["blocks"].set_index("phase")["c_after_mean"]
    assert np.isclose(after["one"], then[weight], rtol=1e-9)
    before = samples[np.isclose(samples["t"], 0.1)].set_index("variable")["value"]
    if rule != "graupner_brunel_flat":  # whose calcium is below both thresholds by then
        assert then[weight] != before[weight]  # it moved where nothing happened


def test_dopamine_after_its_last_event(tmp_path):
    """c*n decays with tau_c*tau_n/(tau_c + tau_n) from the reward on."""
    text = spec("dopamine", "duration: 3 s").replace(", (0, 41 ms)", "").replace(", (0, 35 ms)", "")
    tables = run_text(tmp_path, text)
    eligibility = np.exp(-5e-3 / 20e-3) * np.exp(-10e-3 / 1)
    tau = 0.2 / 1.2
    moved = eligibility / 0.2 * tau * -np.expm1(-(3 - 20e-3) / tau)
    assert np.isclose(final(tables)["w"], 0.5 + moved, rtol=1e-9)
    assert np.isclose(tables["blocks"]["c_change"][0], moved, rtol=1e-9)


def test_a_frozen_phase_neither_learns_nor_catches_up(tmp_path):
    learned = final(run_text(tmp_path, spec("dopamine", "duration: 150 ms"), name="a"))["w"]
    frozen = PHASES + ", plasticity off"
    assert np.isclose(final(run_text(tmp_path, spec("dopamine", frozen), name="b"))["w"], learned)
    first = PHASES.replace("one: 150 ms", "one: 150 ms, plasticity off")
    later = final(run_text(tmp_path, spec("dopamine", first), name="c"))["w"]
    whole = final(run_text(tmp_path, spec("dopamine", "duration: 300 ms"), name="d"))["w"]
    assert np.isclose(later - 0.5, whole - learned, rtol=1e-9)


FORGETTING = """rule forgetting:
    parameters:
        tau = 100 ms
    equations:
        w : 1
        last : second
    advance:
        w = w*exp(-(t - last)/tau)
        last = t
    on pre:
        w += 1
"""


def test_every_statement_and_continuous_delivery_read_the_value_now(tmp_path):
    text = spec("oja", "duration: 300 ms").replace("oja(eta = 1 second)", "forgetting")
    text = re.sub("record:.*", "", text)
    text = text.replace("        v : 1\n", "        v : 1\n        I : 1\n")
    text = text.replace("model advancing\n", "model advancing\n\n" + FORGETTING)
    text = (
        text.replace(
            "    deliver: 0*w to v\n",
            """    deliver continuously: w to I
    every 200 ms: normalise w per post to 1
""",
        )
        + "record: I of post every 50 ms\n"
    )
    tables = run_text(tmp_path, text)
    # At 0 and 200 ms the sum becomes 1.
    grown = (np.exp(-0.03 / 0.1) + 1) + np.exp(-0.035 / 0.1)
    found = tables["trajectories"].set_index("t")["value"]
    at_100 = grown * np.exp(-(0.1 - 0.035) / 0.1)
    assert np.isclose(found.iloc[2], at_100, rtol=2e-3), (found, at_100)
    assert np.isclose(final(tables)["w"], np.exp(-1), rtol=2e-3)


@pytest.mark.parametrize("line", ["v_post += 1", "deliver w", "w = uniform(0, 1)"])
def test_advance_only_assigns_the_synapse(line, tmp_path):
    from diagnose import diagnose

    text = spec("oja", "duration: 1 s").replace("oja(eta = 1 second)", "forgetting")
    rule = FORGETTING.replace("    on pre:", f"        {line}\n    on pre:")
    text = text.replace("model advancing\n", "model advancing\n\n" + rule)
    text = re.sub("record:.*", "", text)
    assert "CLAUSE003" in {d.code for d in diagnose(text)}


DRIFTING = """rule drifting:
    equations:
        dw/dt = x/(100 ms) : 1
        dx/dt = (1 - x)/(10 ms) : 1
    on pre: deliver w
"""


def test_a_frozen_phase_holds_a_continuous_weight_and_nothing_else(tmp_path):
    phases = PHASES.replace("150 ms", "10 ms").replace("one: 10 ms", "one: 10 ms, plasticity off")
    text = SPEC.replace("RULE", "drifting").replace("WEIGHT", "w").replace("RUN", phases)
    text = text.replace("STATE of c every 50 ms", "w, x of c every 10 ms")
    text = text.replace("model advancing\n", "model advancing\n\n" + DRIFTING)
    tables = run_text(tmp_path, text)
    samples = tables["trajectories"].pivot(index="t", columns="variable", values="value")
    x = 1 - np.exp([0, -1, -2])
    assert np.allclose(samples["x"][:3], x, rtol=1e-2)
    assert samples["w"].iloc[1] == 0.5
    learned = (10e-3 - 10e-3 * (x[2] - x[1])) / 100e-3
    assert np.isclose(final(tables)["w"], 0.5 + learned, rtol=1e-3)


FADING = """model fading
rule fading:
    equations:
        w : 1
        x : 1
        last : second
    advance: x = x*exp(-abs(t - last)/(10 ms))
    on pre:
        last = t
        x += 1
    on post: w += x
layer A:
    poisson: 200 Hz
    size: 3
connect A -> A as c:
    pattern: all_to_all
    plasticity: fading
    initial: w = 0
sweep:
    table:
        | free |
{rows}
record: x of c every 5 ms
run:
    duration: 20 ms
"""


def test_the_time_since_an_event_may_be_the_argument_of_a_function(tmp_path):
    found = agree(tmp_path, FADING, ["1", "2"])
    assert (found["weights"]["x"] > 0).any() and (found["weights"]["w"] > 0).any()


DELIVERED_LAST = """rule forgetting:
    parameters:
        tau = 100 ms
    equations:
        w : 1
        last : second
    advance:
        w = w*exp(-(t - last)/tau)
        last = t
    on pre:
        w += 0.1
        deliver w
"""


def test_a_phase_changes_what_a_weight_is_advanced_with(tmp_path):
    """The plain script has no `lastupdate` to bring up to date: the rule's own `last` does it."""
    phases = "phases:\n        one: 20 ms\n        two: 30 ms, set c.tau = tau_2"
    text = SPEC.replace("RULE", "forgetting").replace("WEIGHT", "w").replace("RUN", phases)
    text = text.replace("STATE of c every 50 ms", "w of c every 5 ms")
    text = text.replace("model advancing\n", "model advancing\n\n" + DELIVERED_LAST)
    text += "\nsweep:\n    table:\n        | tau_2 [ms] |\n{rows}\n"
    agree(tmp_path, text, [50, 200])
