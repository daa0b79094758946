"""Initial values of synapses that use other initial values."""

import numpy as np
import pytest
from both_ways import agree

from stdpdsl.compiler import check_text
from stdpdsl.language.diagnostics import render
from stdpdsl.language.source import Source

SPEC = """model first_values
rule r:
    parameters:
        start = 0.5
    equations:
        w : 1 in [0, 1]
        target : 1
        total : 1
    initial:
        total = w + target
        target = 2*w
        w = uniform(0, start)
    on pre:
        deliver w
        w += 0.01*(target - w)
neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
    threshold: v > 1
    reset: v = 0
layer P:
    poisson: 100 Hz
    size: 10
layer A:
    neuron: cell
    size: 4
connect P -> A as c:
    plasticity: r
    pattern: random(p = 0.5)
    deliver: w*0.1 to v
    delay: target * 1 ms
connect P -> A as d:
    plasticity: r
    pattern: random(p = 0.5)
    deliver: w*0.1 to v
    initial:
        w = 1/N_incoming
        total = target*10
connect P -> A as e:
    pattern: random(p = 0.5)
    weight: uniform(0, 0.1)
    deliver: w to v
    delay: w * 10 ms
sweep:
    table:
        | c.start |
{rows}
record:
    spikes of A
run:
    duration: 50 ms
"""
ROWS = ["0.5", "0.8"]


def test_they_are_computed_in_the_order_of_use(tmp_path):
    weights = agree(tmp_path, SPEC, ROWS)["weights"]
    of = {name: rows for name, rows in weights.groupby("connection")}
    c, d, e = of["c"], of["d"], of["e"]
    assert c.groupby("block").w_initial.max().is_monotonic_increasing
    assert (c.target == 2 * c.w_initial).all() and (c.total == c.w_initial + c.target).all()
    np.testing.assert_allclose(c.delay, c.target * 1e-3, atol=5.01e-5)
    assert (d.w_initial == 1 / d.N_incoming).all() and (d.total == 20 * d.w_initial).all()
    np.testing.assert_allclose(e.delay, e.w * 1e-2, atol=5.01e-5)


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("w = uniform(0, start)", "w = target/2", "NAME018", "the initial value of"),
        ("        target = 2*w\n", "", "NAME025", "`target` of `c` has no initial value"),
        ("target = 2*w", "target = 2*q", "NAME004", "`q` is not declared"),
        ("weight: uniform(0, 0.1)", "weight: w/2", "NAME004", "`w` is not declared"),
        ("delay: w * 10 ms", "delay: w", "UNIT002", "`axonal delay`"),
    ],
)
def test_wrong_ones_are_told(tmp_path, old, new, code, says):
    text = SPEC.replace("{rows}", "        | 0.5 |")
    assert old in text
    _, found = check_text(Source("spec.stdp", text.replace(old, new, 1)), tmp_path, [])
    found = [d for d in found if d.severity == "error"]
    assert {d.code for d in found} == {code} and says in render(found), render(found)
