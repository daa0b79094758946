"""Connections of which each block has its own between layers that all blocks share."""

from __future__ import annotations

from both_ways import agree
from running import run_here
from test_plain_scripts import assert_equal_values, run_plain_here

from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source

SPEC = """model between
layer A:
    poisson: 200 Hz
    size: 3
layer B:
    poisson: 150 Hz
    size: 4
connect A -> B as c:
    pattern: random(p = 0.6) independent per block
    plasticity: pair_additive(wmax = 1)
    initial: w = uniform(0, 1) independent per block
connect B -> A as d:
    pattern: all_to_all
    plasticity: pair_additive(wmax = 1)
    initial: w = 0.5
sweep:
    table:
        | c.Apre | d.wmax |
{rows}
record:
    w of c every 5 ms
    w, apre of d every 5 ms
run:
    phases:
        one: 15 ms
        two: 15 ms, set d.taupre = 5 ms + wmax * 10 ms
"""


def test_both_scripts_say_of_which_block_a_synapse_is(tmp_path):
    found = agree(tmp_path, SPEC, ["0.01 | 1", "0.02 | 2"])
    weights = found["weights"]
    assert set(weights["block"]) == {0, 1}
    each = weights[weights["connection"] == "d"].groupby("block").size()
    assert list(each) == [12, 12]


def test_those_of_one_block_are_recorded(tmp_path):
    rows = "        | 0.01 | 1 |\n        | 0.02 | 2 |"
    text = SPEC.format(rows=rows).replace("every 5 ms", "every 5 ms in blocks 1")
    found = compile_source(Source("spec.stdp", text), tmp_path, [], "synapse", "numpy")
    run = run_here(tmp_path, found.run_script, "run")
    assert set(run["trajectories"]["block"]) == {1}
    assert_equal_values(run_plain_here(tmp_path, found.script), run)
