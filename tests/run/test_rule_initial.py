"""`initial:` in a rule: of its synapses, and of what it adds to its target, which is recordable."""

from pathlib import Path

import numpy as np
import pytest
from running import run_here, script_of

from stdpdsl.compiler import compile_source
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.language.source import Source

SPEC = """model starts

rule starting:
    requires post:
        v : volt
    parameters:
        w0 = start
        rest = lowest
        wmax = 1
    equations:
        w : 1 in [0, wmax]
        seen : volt
    post equations:
        dvbar/dt = (v - vbar)/(10 ms) : volt
        luck : 1 in [0.2, 1]
    initial:
        w = uniform(0, w0)
        seen = 2*rest
        vbar = rest
        luck = uniform(0, 1)
    on pre:
        deliver w
        seen = vbar_post

neuron cell:
    equations:
        dv/dt = (-60 mV - v)/(10 ms) : volt
    initial: v = -60 mV

layer P:
    regular: 10 Hz from 60 ms
    size: 3

layer A:
    neuron: cell
    size: 4

connect P -> A as c:
    pattern: all_to_all
    plasticity: starting
    deliver: 0 * w * 1 mV to v

connect P -> A as d:
    pattern: all_to_all
    plasticity: starting
    deliver: 0 * w * 1 mV to v
    initial: w = 0.25

sweep:
    grid:
        start = [0.2, 0.8]
        lowest = [-70, -50] mV

record:
    vbar, luck of A every 10 ms
    w, seen of c every 10 ms
    w of d every 10 ms

run:
    duration: 50 ms
    dt: 0.1 ms
    seed: 3
"""


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
def test_a_rule_says_where_it_starts(tmp_path, lowering):
    s = run_here(tmp_path, script_of(SPEC, lowering))["trajectories"]
    first = s[s["t"] == 0]
    # Blocks differ by their parameters alone, and the connection's own value wins.
    w = first[(first["connection"] == "c") & (first["variable"] == "w")]
    for _, pair in w.groupby(["pre", "post", "lowest"]):
        low, high = pair.sort_values("start")["value"]
        assert 0 < low < 0.2 and high == pytest.approx(4 * low, rel=1e-14)
    assert w["value"].nunique() == 2 * 3 * 4
    assert (first[first["connection"] == "d"]["value"] == 0.25).all()
    seen = first[first["variable"] == "seen"]
    np.testing.assert_array_equal(seen["value"], 2 * seen["lowest"])
    # What is added to the target, once for both connections: it relaxes from its start to v.
    vbar = s[s["variable"] == "vbar"]
    assert set(vbar["layer"]) == {"A"} and len(vbar) == 4 * 4 * 6
    expected = -0.06 + (vbar["lowest"] + 0.06) * np.exp(-vbar["t"] / 0.01)
    np.testing.assert_allclose(vbar["value"], expected, rtol=1e-12)
    # A draw, clipped to the variable's bounds, the same in every block.
    luck = first[first["variable"] == "luck"]
    assert luck["value"].between(0.2, 1).all()
    assert (luck.groupby("neuron")["value"].nunique() == 1).all() and luck["value"].nunique() > 1


def codes(text: str) -> list[str]:
    with pytest.raises(CompileError) as error:
        compile_source(Source("starts.stdp", text), Path("."), [], "synapse", "numpy")
    return [d.code for d in error.value.diagnostics]


def test_two_sets_of_one_name_cannot_be_recorded_as_one():
    one, other = SPEC.split("connect P -> A as d")
    other = other.replace("plasticity: starting", "plasticity: starting(rest = -55 mV)")
    assert codes(f"{one}connect P -> A as d{other}") == ["NAME019", "NAME019"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("wrong = 1", "NAME011"),
        ("v = -70 mV", "NAME011"),
        ("seen = 3", "UNIT002"),
        ("w = w0 * i", "NAME004"),
        ("vbar = rest", "NAME002"),
    ],
)
def test_what_a_rule_cannot_start_with(line, code):
    assert code in codes(SPEC.replace("        luck = uniform(0, 1)\n", f"        {line}\n", 1))
