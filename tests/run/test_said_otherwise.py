"""What Brian2's users write in Python or with other objects, as the page "From Brian2" says it."""

import gc

import numpy as np
import pytest
from running import run_text

WINNERS = """model winners
neuron cell:
    equations:
        dv/dt = (1.3 - v)/(10 ms) : 1
        rank : 1
    threshold: v > 1 and rank < {k}
    reset: v = 0
    method: euler
    initial: v = 0.3 * ((i * 7) % 5) / 5
layer A:
    neuron: cell
    size: 10
connect A -> A as ranked:
    pattern: all_to_all where i != j
    deliver continuously: int(v_pre > v_post or (v_pre == v_post and i < j)) to rank
record:
    spikes of A
run:
    duration: 100 ms
    dt: 0.1 ms
"""


@pytest.mark.parametrize("k", [1, 3])
def test_so_many_winners_per_step(tmp_path, k):
    spikes = run_text(tmp_path, WINNERS.replace("{k}", str(k)))["spikes"]
    mine = sorted(zip(np.rint(spikes.t / 1e-4).astype(int), spikes.neuron, strict=True))
    v, there = 0.3 * ((np.arange(10) * 7) % 5) / 5, []
    for step in range(1000):
        above = (v[:, None] > v) | ((v[:, None] == v) & np.less.outer(range(10), range(10)))
        rank = above.sum(axis=0)
        v = v + 0.01 * (1.3 - v)
        first = np.flatnonzero((v > 1) & (rank < k))
        there += [(step, neuron) for neuron in first]
        v[first] = 0
    assert mine == there and len(mine) > 40
    counts = np.unique([step for step, _ in mine], return_counts=True)[1]
    assert counts.max() == min(k, 2)  # two of them start alike


INPUTS = """model inputs
rule rewarded:
    ports:
        reward
        G : 1
    equations:
        w : 1
        dc/dt = -c/(20 ms) : 1
    on pre: c += 1
    on post: c += 0.1
    on reward: w += G * c * reward
neuron given:
    equations:
        s : 1
    threshold: s > 0.5
neuron slow:
    equations:
        dG/dt = (1 - G)/(100 ms) : 1
layer P:
    poisson: 40 Hz
    size: 4
layer L:
    neuron: given
    size: 2
    drive: s from "s.npy" every 0.1 ms
layer VTA:
    regular: 20 Hz
    size: 1
layer control:
    neuron: slow
    size: 1
connect P -> L as c:
    pattern: all_to_all
    plasticity: rewarded(reward = spikes of VTA, G = G of control)
record:
    spikes of P, L
run:
    duration: 300 ms
    dt: 0.1 ms
"""


def test_a_layer_of_neurons_that_spikes_when_it_is_told_has_ports(tmp_path):
    """An input has no variables, and so no place for a port."""
    given = np.zeros((3000, 2))
    given[100, 0] = given[2000, 1] = given[2001, 1] = 1
    np.save(tmp_path / "s.npy", given)
    tables = run_text(tmp_path, INPUTS)
    spikes = tables["spikes"]
    step = np.rint(spikes.t / 1e-4).astype(int)
    of_l = spikes.layer == "L"
    assert sorted(zip(step[of_l], spikes.neuron[of_l], strict=True)) == [
        (100, 0),
        (2000, 1),
        (2001, 1),
    ]
    c, w = np.zeros((4, 2)), np.zeros((4, 2))
    for now in range(3000):
        c *= np.exp(-0.1 / 20)
        c[spikes.neuron[~of_l & (step == now)].to_numpy(dtype=int)] += 1
        c += 0.1 * given[now]
        if now % 500 == 0:
            w += (1 - np.exp(-now * 0.1 / 100)) * c
    found = tables["weights"].sort_values(["pre", "post"]).w.to_numpy().reshape(4, 2)
    np.testing.assert_allclose(found, w, rtol=1e-10)
    assert w.min() > 0.1


MAP = """model map
rule modulated:
    requires post:
        D : 1
    equations:
        w : 1
    on pre: w += D_post
neuron cell:
    equations:
        D : 1
neuron slow:
    equations:
        dG/dt = (1 + i - G)/(100 ms) : 1
layer P:
    spikes: [(0, 30 ms), (1, 70 ms)]
    size: 2
layer A:
    neuron: cell
    size: 6
layer control:
    neuron: slow
    size: 2
connect control -> A as map:
    pattern: all_to_all where j % 2 == i
    deliver continuously: G_pre to D
connect P -> A as c:
    pattern: all_to_all
    plasticity: modulated
run:
    duration: 100 ms
    dt: 0.1 ms
"""


def test_a_port_through_a_map_is_a_connection(tmp_path):
    tables = run_text(tmp_path, MAP)
    found = tables["weights"].query("connection == 'c'")
    found = found.sort_values(["pre", "post"]).w.to_numpy().reshape(2, 6)
    # The sum is taken as the step begins.
    rise = 1 - np.exp(-np.array([30, 70]) / 100)
    np.testing.assert_allclose(found, np.outer(rise, [1, 2] * 3), rtol=1e-10)


SOURCE = """model source
neuron cell:
    equations:
        dv/dt = (1.5 - v)/(10 ms) : 1
        dx/dt = (1 - x)/(100 ms) : 1
    threshold: v > 1
    reset:
        v = 0
        x *= 0.5
    initial:
        v = i * 0.2
        x = 1
layer A:
    neuron: cell
    size: 4
connect A -> A as c:
    pattern: all_to_all where i != j
    on pre: v_post += 0.1*x_pre
record:
    spikes of A
run:
    duration: 200 ms
    dt: 0.1 ms
"""
SOURCE_BY_HAND = (
    """
from brian2 import *
prefs.codegen.target = "numpy"
start_scope()
defaultclock.dt = 0.1*ms
A = NeuronGroup(4, """
    + "'''dv/dt = (1.5 - v)/(10*ms) : 1\n dx/dt = (1 - x)/(100*ms) : 1'''"
    + """,
                threshold="v > 1", reset="v = 0; x *= 0.5", method="exact")
A.v, A.x = "i*0.2", 1
S = Synapses(A, A, on_pre="v_post += 0.1*x_pre")
S.connect(condition="i != j")
N = SpikeMonitor(A)
Network(A, S, N).run(200*ms, namespace={})
"""
)


def test_what_a_source_holds_for_all_of_its_synapses(tmp_path):
    spikes = run_text(tmp_path, SOURCE)["spikes"]
    gc.collect()
    there: dict = {"__name__": "by_hand"}
    exec(compile(SOURCE_BY_HAND, "by_hand", "exec"), there)
    mine = sorted(zip(spikes.t, spikes.neuron, strict=True))
    hand = sorted(zip(there["N"].t_[:], there["N"].i[:], strict=True))
    assert len(mine) > 40 and np.allclose(mine, hand, rtol=0, atol=1e-12)
