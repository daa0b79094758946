"""Slices of layers as the source or the target of a connection."""

import gc

import numpy as np
import pytest
from both_ways import agree
from running import run_text

from stdpdsl.compiler import check_text
from stdpdsl.language.diagnostics import render
from stdpdsl.language.parser import parse
from stdpdsl.language.printer import print_spec
from stdpdsl.language.source import Source

SPEC = """model s
constants:
    half = 5
neuron cell:
    parameters: drive = 1.5
    equations:
        dv/dt = (drive - v)/(10 ms) : 1
    threshold: v > 1
    reset: v = 0
    method: euler
    initial: v = i/N
layer A:
    neuron: cell
    size: 10
layer B:
    neuron: cell
    size: 12
layer P:
    poisson: 100 Hz
    size: 20
connect A[0:half] -> B[4:] as c:
    pattern: all_to_all where i != j
    weight: 0.01*(i + 1) + 0.001*j
    deliver: w to v
connect A[2:5] -> B[7:10] as d:
    pattern: one_to_one
    plasticity: pair_additive
    deliver: w*0.1 to v
    initial: w = 0.5
    every 10 ms: normalise w per post to 0.6
connect P[5:15] -> B[6:8] as e:
    pattern: fixed_indegree(4)
    weight: 0.1
    deliver: w to v
connect P[5:15] -> A[3] as f:
    pattern: fixed_outdegree(1)
    weight: 0.1
    deliver: w to v
connect P[:8] -> A[1:9] as g:
    pattern: random(p = chance)
    weight: uniform(0, 0.1)
    deliver: w to v
connect P[19] -> A as h:
    pattern: random(p = 0.5) independent per block where i != j
    on pre: v_post += 0.01
sweep:
    table:
        | A.drive | chance | d.Apre |
{rows}
record:
    w of d every 10 ms
    spikes of A, B
run:
    duration: 40 ms
"""
ROWS = ["1.5 | 0.4 | 0.01", "2 | 0.9 | 0.02"]


@pytest.mark.in_turn(2, among="both ways")
def test_they_are_the_same_both_ways_and_alone(tmp_path):
    tables = agree(tmp_path, SPEC, ROWS)
    assert len(tables["spikes"]) > 50
    of = {name: rows for name, rows in tables["weights"].groupby("connection")}
    pairs = {
        name: set(zip(rows[rows.block == 0].pre, rows[rows.block == 0].post, strict=True))
        for name, rows in of.items()
    }
    assert pairs["c"] == {(i, j) for i in range(5) for j in range(4, 12) if i != j}
    assert pairs["d"] == {(2, 7), (3, 8), (4, 9)}
    assert {j for _, j in pairs["e"]} == {6, 7} and len(pairs["e"]) == 8
    assert all(5 <= i < 15 for i, _ in pairs["e"])
    assert pairs["f"] == {(i, 3) for i in range(5, 15)}
    assert all(i < 8 and 1 <= j < 9 for i, j in pairs["g"])
    w = of["c"]
    np.testing.assert_allclose(w.w, 0.01 * (w.pre + 1) + 0.001 * w.post)
    assert of["g"].groupby("block").size().is_monotonic_increasing


def test_a_slice_has_the_pairs_that_the_whole_has(tmp_path):
    """Draws are keyed by the pair."""
    text = SPEC.replace("{rows}", f"        | {ROWS[0]} |")
    part = run_text(tmp_path, text)["weights"]
    whole = run_text(tmp_path, text.replace("P[:8] -> A[1:9]", "P -> A"), name="whole")["weights"]
    part, whole = (w[w.connection == "g"].set_index(["pre", "post"]).w for w in (part, whole))
    inside = [(i, j) for i, j in whole.index if i < 8 and 1 <= j < 9]
    assert list(part.index) == inside and (part == whole[inside]).all()


BY_HAND = """
from brian2 import *
prefs.codegen.target = "numpy"
prefs.codegen.loop_invariant_optimisations = False
start_scope()
defaultclock.dt = 0.1*ms
G = NeuronGroup(10, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0",
                method="euler")
G.v = "i/N"
S = Synapses(G[0:4], G[6:], "w : 1", on_pre="v_post += w")
S.connect(condition="i != j")
S.w = "0.01*(i + 1)"
T = Synapses(G[2:5], G[5:8], on_pre="v_post -= 0.02")
T.connect(j="i")
M = StateMonitor(G, "v", record=True, dt=0.1*ms)
N = SpikeMonitor(G)
run(60*ms)
"""
THERE = """model there
neuron cell:
    equations:
        dv/dt = (1.5 - v)/(10 ms) : 1
    threshold: v > 1
    reset: v = 0
    method: euler
    initial: v = i/N
layer G:
    neuron: cell
    size: 10
connect G[0:4] -> G[6:] as S:
    pattern: all_to_all where i != j - 6
    weight: 0.01*(i + 1)
    deliver: w to v
connect G[2:5] -> G[5:8] as T:
    pattern: one_to_one
    on pre: v_post -= 0.02
record:
    v of G every 0.1 ms
    spikes of G
run:
    duration: 60 ms
"""


def test_it_is_brian2s(tmp_path):
    tables = run_text(tmp_path, THERE)
    gc.collect()
    there: dict = {"__name__": "by_hand"}
    exec(compile(BY_HAND, "by_hand", "exec"), there)
    v = tables["trajectories"].sort_values(["neuron", "t"])
    np.testing.assert_array_equal(v[v.t < 0.06].value, there["M"].v_.ravel())
    spikes = tables["spikes"]
    mine = sorted(zip(spikes.t, spikes.neuron, strict=True))
    assert mine == sorted(zip(there["N"].t_[:], there["N"].i[:], strict=True)) and len(mine) > 20


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("A[0:half]", "A[0:11]", "TYPE013", "lies between 0 and 10, and this is 11"),
        ("A[0:half]", "A[half:half]", "TYPE013", "holds no neuron"),
        ("A[0:half]", "A[0:drive]", "NAME004", "`drive` is not declared"),
        ("A[3] as f", "A[10] as f", "TYPE013", "there is no neuron 10"),
        ("B[7:10]", "B[7:11]", "CLAUSE006", "joins slices of one size: `A` has 3, `B` 4"),
        ("fixed_indegree(4)", "fixed_indegree(11)", "TYPE013", "admits 10 neurons of `P`"),
        ("A[0:half]", "A[0:chance]", "NAME004", "chance"),
    ],
)
def test_wrong_slices_are_told(tmp_path, old, new, code, says):
    text = SPEC.replace("{rows}", f"        | {ROWS[0]} |").replace(old, new)
    _, found = check_text(Source("spec.stdp", text), tmp_path, [])
    found = [d for d in found if d.severity == "error"]
    assert {d.code for d in found} == {code} and says in render(found), render(found)


def test_a_swept_end_is_told(tmp_path):
    text = SPEC.replace("| A.drive |", "| half |").replace("{rows}", f"        | {ROWS[0]} |")
    _, found = check_text(Source("spec.stdp", text), tmp_path, [])
    assert "BLOCK005" in {d.code for d in found}, render(found)


def test_a_formatted_spec_says_the_same():
    tree = parse(Source("spec.stdp", SPEC.replace("{rows}", f"        | {ROWS[0]} |")))
    text = print_spec(tree)
    assert "connect A[0:half] -> B[4:] as c:" in text and "connect P[19] -> A as h:" in text
    assert print_spec(parse(Source("spec.stdp", text))) == text
