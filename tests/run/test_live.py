"""While a network runs, it says how its layers fire and where its weights are."""

import io
import math

import numpy as np
import pytest

import stdpdsl
from stdpdsl.execution.merge_events import Together
from stdpdsl.execution.progress import Progress
from stdpdsl.runtime.live import Live, live_line
from stdpdsl.runtime.progress import live_text

SPEC = """\
model small

neuron cell:
    equations:
        dv/dt = -v / 10 ms : 1
    threshold: v > 1
    reset: v = 0

layer inputs:
    poisson: 60 Hz
    size: 5

layer first:
    neuron: cell
    size: 2

layer silent:
    neuron: cell
    size: 3

connect inputs -> first as learning:
    pattern: all_to_all
    plasticity: pair_additive(wmax = 2)
    deliver: w to v
    initial: w = uniform(0, wmax)

connect first -> silent as nothing:
    pattern: all_to_all
    plasticity: pair_additive()
    deliver: 0 * w to v
    initial: w = 0.25

sweep:
    grid:
        learning.Apre = [0.01, 0.02]

run:
    dt: 0.1 ms
    seed: 1
    phases:
        train: 300 ms
        test: 200 ms, plasticity off
"""


@pytest.mark.parametrize(
    "target, lowering",
    [
        ("numpy", "synapse"),
        pytest.param("cpp_standalone", "synapse", marks=pytest.mark.slow),
        pytest.param("cpp_standalone", "namespace", marks=pytest.mark.compiled),
    ],
)
def test_what_it_says_is_what_the_results_say(target, lowering):
    events = []
    results = stdpdsl.run(SPEC, target=target, parameters=lowering, on_event=events.append)
    told = [event for event in events if event["event"] == "progress"]
    blocks = results.blocks.to_arrow().to_pydict()
    last = np.array(blocks["phase"]) == "test"
    assert told[-1]["t"] == pytest.approx(0.5)
    spikes = dict.fromkeys(("first", "silent"), 0.0)
    for before, now in zip(told, told[1:], strict=False):
        for layer, rate in now["rates"].items():
            spikes[layer] += rate * (now["t"] - before["t"]) * {"first": 4, "silent": 6}[layer]
    assert spikes["first"] == pytest.approx(sum(blocks["first_spikes"])) and spikes["first"] > 20
    assert spikes["silent"] == sum(blocks["silent_spikes"]) == 0
    for name in ("learning", "nothing"):
        mean = np.mean(np.array(blocks[f"{name}_after_mean"])[last])
        assert told[-1]["weights"][name] == pytest.approx(mean, rel=1e-5)  # six digits
    assert told[-1]["silent"] == {"first": [0, 2], "silent": [2, 2]}
    assert told[0]["silent"]["first"] == [2, 2]
    assert told[0]["weights"]["learning"] != told[-1]["weights"]["learning"]


def test_a_weight_that_is_not_up_to_date_is_not_told():
    """`bcm` moves its weight between events, which alone bring it up to date."""
    events = []
    text = SPEC.replace("pair_additive(wmax = 2)", "bcm")
    text = text.replace("learning.Apre = [0.01, 0.02]", "learning.wmax = [1, 2]")
    text = text.replace("    initial: w = uniform(0, wmax)\n", "    initial: w = 0.5\n")
    stdpdsl.run(text, target="numpy", on_event=events.append)
    told = [event["weights"] for event in events if event["event"] == "progress"]
    assert {name for weights in told for name in weights} == {"nothing"}


def test_a_line_of_a_program():
    assert live_line("at 0.5 spikes A1 12 spikes B 0 weights ff -nan\n")[:2] == (
        0.5,
        {"A1": 12, "B": 0},
    )
    assert math.isnan(live_line("at 0.5 weights ff -nan\n")[2]["ff"])
    assert live_line("at 2\n") == (2.0, {}, {}, {})
    assert live_line("at 2 silent A1 3\n") == (2.0, {}, {}, {"A1": 3})
    assert live_line("WARNING at 3") is None


def test_rates_are_of_the_time_since_the_last_report(capsys):
    live = Live(False, 4.0, {"A": 2})
    live.report(0.0, {"A": 0}, {"ff": 0.5})
    live.report(2.0, {"A": 40}, {"ff": 0.25})
    live.report(3.0, {"A": 40}, {})
    live.report(3.0, {"A": 40}, {})  # the next phase begins
    assert capsys.readouterr().out.splitlines() == [
        "0 of 4 s simulated; ff weight 0.5",
        "2 of 4 s simulated; A 10 Hz, ff weight 0.25",
        "3 of 4 s simulated; A 0 Hz",
        "3 of 4 s simulated; A 0 Hz",
    ]


def progress(t, **more):
    return {"event": "progress", "t": t, "duration": 2.0, "elapsed": t, **more}


def test_shards_together_are_means_over_blocks():
    heard = []
    together = Together(heard.append, {0: 3, 1: 1})
    together.hear(0, progress(1.0, rates={"A": 10.0}, weights={"ff": 0.2}, silent={"A": [1, 3]}))
    together.hear(1, progress(1.0, rates={"A": 2.0}, weights={}, silent={"A": [1, 1]}))
    assert heard[-1]["silent"] == {"A": [2, 4]}
    assert live_text(heard[-1]) == "A 8 Hz (2 of 4 blocks silent), ff weight 0.2"
    assert heard[-1]["rates"] == {"A": 8.0}
    assert heard[-1]["weights"] == pytest.approx({"ff": 0.2})


def test_a_line_that_would_wrap_is_cut(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    stream = io.StringIO()
    rates = {f"layer{k}": 1.0 for k in range(20)}
    with Progress(stream.write, True, lambda _: None) as shown:
        shown(progress(2.0, rates=rates))
        assert "layer0 1 Hz" not in stream.getvalue().replace("\r", "")[60:]
    assert max(len(part) for part in stream.getvalue().split("\r")) < 60
