"""Values that are not finite are told with their place; the other blocks stand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from stdpdsl import cli

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
