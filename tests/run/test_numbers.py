"""Values that are not finite, and weights outside their bounds, are told with their place; the
other blocks stand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from running import run_text

from stdpdsl import cli
from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source

SPEC = """model numbers

neuron cell:
    parameters:
        k = 1
    equations:
        dv/dt = -v/(10 ms) : 1
        dx/dt = {rate} : 1
        n : 1
    threshold: v > 1
    reset: v = 0
    initial:
        x = 1
        n = 1
    every 1 ms:
        {every}

layer P:
    regular: 100 Hz
    size: 2
layer A:
    neuron: cell
    size: 2

rule grow:
    parameters:
        k = 1
    equations:
        w : 1
        c : 1
    on pre:
        deliver w
        {statement}

connect P -> A as feed:
    pattern: all_to_all
    plasticity: grow
    deliver: w * 0.01 to v
    initial: w = 0.5

sweep:
    zip:
        {column}.k = [0, 1, 2]
        other = [0, 1, 2]

record:
    spikes of A
    n of A every 2 ms

run:
    phases:
        first: 20 ms
        second: 20 ms
    dt: 0.1 ms
"""
QUIET = {"rate": "-x/(10 ms)", "every": "n = n*1", "statement": "c += 1", "column": "feed"}
CASES = {
    "a weight": (
        {"statement": "w = w*(1 + 1e40*int(k > 1))**4"},
        "w of feed is not finite in block 2 at the end of first",
    ),
    "another state of a synapse": (
        {"statement": "c = log(-int(k > 1)) + w"},
        "c of feed is not finite in block",
    ),
    "a state of a layer": (
        {"rate": "x**2*k*1e6/(1 ms)", "column": "A"},
        "x of A is not finite in block 1, 2 at the end of second",
    ),
    "a variable that statements set": (
        {"every": "n = n + exp(2000*k*int(k > 1))", "column": "A"},
        "n of A is not finite in block 2 at the end of second",
    ),
    "a value that comes and goes": (
        {"every": "n = exp(2000*k*int(t > 5 ms)*int(t < 12 ms)*int(k > 1))", "column": "A"},
        "n of A is not finite in block 2 at 0.008 s",
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.in_turn(2)
def test_what_is_not_finite_is_told(case, tmp_path, monkeypatch, capfd):
    changes, words = CASES[case]
    monkeypatch.chdir(tmp_path)
    text = SPEC.format(**{**QUIET, **changes})
    Path("s.stdp").write_text(text)
    assert cli.main(["run", "s.stdp", "--target", "numpy"]) == 3
    said = capfd.readouterr()
    assert words in said.err
    blocks = pd.read_parquet("s.results/blocks")
    lost = set(blocks["block"][blocks["status"] == "nan"])
    assert 2 in lost and 0 not in lost or case == "another state of a synapse"
    if case == "a value that comes and goes":
        assert list(blocks["status"][blocks["block"] == 2]) == ["nan", "ok"]
    quiet = SPEC.format(**QUIET)
    if case == "a weight":
        Path("q.stdp").write_text(quiet)
        assert cli.main(["run", "q.stdp", "--target", "numpy"]) == 0
        weights = [pd.read_parquet(f"{n}.results/weights") for n in "sq"]
        kept = [w[w["block"] < 2]["w"].tolist() for w in weights]
        assert kept[0] == kept[1]


# Bounds -----------------------------------------------------------------------------------------

BOUNDED = """model bounded

neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1

layer P:
    spikes: [(0, 1 ms), (1, 25 ms)]
    size: 3
layer A:
    neuron: cell
    size: 2

rule grow:
    parameters:
        wmax = 1
        k = 1
    equations:
        w : 1 in [0, wmax]
    on pre:
        deliver w
        w += k*0.1

connect P -> A as feed:
    pattern: all_to_all
    plasticity: grow
    deliver: w * 0.01 to v
    initial: w = 0.8

sweep:
    grid:
        feed.k = [0, 1, 3]

record:
    w of feed every 5 ms

run:
    phases:
        first: 20 ms
        second: 20 ms, set feed.wmax = {wmax}
    dt: 0.1 ms
"""


@pytest.mark.parametrize("parameters", ["synapse", "namespace"])
def test_bounds_that_a_phase_moves_hold_at_once(tmp_path, parameters):
    """Also where no spike comes."""
    tables = run_text(tmp_path, BOUNDED.format(wmax=0.5), parameters)
    assert (tables["weights"]["w"] == 0.5).all()
    blocks = tables["blocks"]
    assert (blocks["status"] == "ok").all()
    fraction = blocks.pivot(index="block", columns="phase", values="feed_after_at_bounds")
    assert fraction["first"].tolist() == [0, 0, 1 / 3] and (fraction["second"] == 1).all()
    w = tables["trajectories"].query("phase == 'second'")["value"]
    assert w.max() == 0.5


def test_weights_outside_their_bounds_are_told(tmp_path, monkeypatch, capsys):
    """No spec gets there; a script in which nothing clips does."""
    text = BOUNDED.format(wmax=1)
    script = compile_source(Source("s.stdp", text), tmp_path, [], "synapse", "numpy").run_script
    clipped = "w = clip(w + (k*0.1), 0, wmax)"
    assert script.count(clipped) == 1
    monkeypatch.chdir(tmp_path)
    for name, code in (("whole", script), ("broken", script.replace(clipped, "w = w + k*0.1"))):
        Path(f"{name}.py").write_text(code)
        done = subprocess.run([sys.executable, f"{name}.py", "--out", name], capture_output=True)
        said = (done.stdout + done.stderr).decode()
        assert done.returncode == (3 if name == "broken" else 0), said
    assert "w of feed is outside its bounds in block 2 at the end of first" in said
    assert "w of feed is outside its bounds in block 2 at 0.005 s" in said
    assert "w of feed is outside its bounds in block 2 at 0.03 s" in said
    assert "block 1" not in said
    status = pd.read_parquet("broken/blocks").set_index(["block", "phase"])["status"]
    assert set(status[2]) == {"bounds"} and set(status[[0, 1]]) == {"ok"}
    kept = [pd.read_parquet(f"{n}/weights").query("block < 2") for n in ("whole", "broken")]
    pd.testing.assert_frame_equal(*kept, check_exact=True)
    assert cli.main(["diagnose", "broken"]) == 1
    assert "weights outside their bounds in" in capsys.readouterr().out
