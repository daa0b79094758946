"""Parameters that differ between neurons or synapses: drawn, or from files; against a Brian2 script
by hand that has the same numbers."""

from __future__ import annotations

import gc

import numpy as np
import pandas as pd
import pytest
from running import run_here, run_text
from test_plain_scripts import assert_equal_values, run_plain_here

from stdpdsl.compiler import check_text, compile_source
from stdpdsl.language.source import Source

pytest.importorskip("brian2")

SPEC = """model of_elements

neuron cell:
    parameters:
        tau = 20 ms
        rest = -70 mV
        gap = 10 mV
    equations:
        dv/dt = (rest - v)/tau : volt
    threshold: v > rest + gap
    reset: v = rest
    initial: v = rest

layer P:
    spikes: [(0, 1 ms), (1, 3 ms), (2, 5 ms), (3, 9 ms), (0, 21 ms), (2, 24 ms), (1, 40 ms)]
    size: 4
layer A:
    neuron: cell(tau = from "cells.csv" column tau, gap = from "cells.csv" column gap)
    size: 3

connect P -> A as learn:
    pattern: all_to_all
    plasticity: pair_additive(
        Apre = normal(0.1, 0.03), Apost = -1.2 * Apre, taupre = from "taupre.npy" * 1 ms,
        wmax = uniform(1, 2)
    )
    deliver: w * 9 mV to v
    initial: w = uniform(0.2, wmax)
    delay: taupre / 20

{more}record:
    spikes of A

run:
    duration: 60 ms
    dt: 0.1 ms
    seed: 4
"""
SWEEP = "sweep:\n    grid: taupost = [15, 20] ms\n\n"
BY_HAND = """
from brian2 import *

prefs.codegen.target = "numpy"
start_scope()
defaultclock.dt = 0.1*ms
P = SpikeGeneratorGroup(4, [0, 1, 2, 3, 0, 2, 1], [1, 3, 5, 9, 21, 24, 40]*ms)
A = NeuronGroup(3, '''dv/dt = (-70*mV - v)/tau : volt
                      tau : second
                      gap : volt''', threshold='v > -70*mV + gap', reset='v = -70*mV',
                method='exact')
A.v = -70*mV
A.tau, A.gap = [10, 20, 40]*ms, [8, 6, 4]*mV
learn = Synapses(P, A, '''w : 1
    Apre : 1
    Apost : 1
    taupre : second
    wmax : 1
    dapre/dt = -apre/taupre : 1 (event-driven)
    dapost/dt = -apost/(20*ms) : 1 (event-driven)''',
    on_pre='''v_post += w*9*mV
              apre += Apre
              w = clip(w + apost, 0, wmax)''',
    on_post='''apost += Apost
               w = clip(w + apre, 0, wmax)''')
learn.connect(i=pre, j=post)
learn.w, learn.Apre, learn.wmax = w_initial, Apre, wmax
learn.Apost = -1.2*Apre
learn.taupre = taupre[pre, post]*ms
learn.pre.delay = np.floor(taupre[pre, post]/20/0.1 + 0.5)*0.1*ms
spikes = SpikeMonitor(A)
net = Network(P, A, learn, spikes)
net.run(60*ms, namespace={})
results = spikes.i[:], spikes.t/second, learn.w[:]
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "cells.csv").write_text("tau [ms],gap [mV]\n10,8\n20,6\n40,4\n")
    np.save(tmp_path / "taupre.npy", 10 + 2 * np.arange(12.0).reshape(4, 3))
    return tmp_path


def learn_of(tables):
    return tables["weights"].sort_values(["block", "pre", "post"]).reset_index(drop=True)


def test_as_by_hand(files):
    tables = run_text(files, SPEC.format(more=""))
    learn = learn_of(tables)
    assert learn["Apre"].nunique() == learn["wmax"].nunique() == 12
    assert learn["Apost"].tolist() == (-1.2 * learn["Apre"]).tolist()
    assert (learn["w_initial"] <= learn["wmax"]).all() and (learn["w_initial"] >= 0.2).all()
    gc.collect()
    names = {n: learn[n].to_numpy() for n in ("pre", "post", "w_initial", "Apre", "wmax")}
    names["taupre"] = np.load(files / "taupre.npy")
    assert np.allclose(learn["taupre"], names["taupre"].ravel() * 1e-3, rtol=1e-15)
    exec(compile(BY_HAND, "<by hand>", "exec"), names)
    i, t, w = names["results"]
    spikes = tables["spikes"].sort_values(["t", "neuron"])
    assert spikes["neuron"].tolist() == i.tolist() and len(i) > 5
    assert np.allclose(spikes["t"], t, rtol=0, atol=1e-12)
    assert np.allclose(learn["w"], w, rtol=1e-14) and not np.array_equal(w, names["w_initial"])


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.in_turn(2)
def test_the_plain_script_has_the_same(files, lowering, precision):
    text = SPEC.format(more=SWEEP).replace(
        "duration: 60 ms",
        """phases:
        first: 40 ms
        second: 20 ms, set learn.taupost = 12 ms
    precision: """
        + precision,
    )
    found = compile_source(Source("spec.stdp", text), files, [], lowering, "numpy")
    run = run_here(files, found.run_script, "run", data=files)
    script = found.script.replace('DATA = "."', f"DATA = {str(files)!r}")
    assert_equal_values(run_plain_here(files, script), run)


def test_draws_are_those_of_every_block_and_of_one_alone(files):
    both = learn_of(run_text(files, SPEC.format(more=SWEEP), name="both"))
    one = SWEEP.replace("[15, 20] ms", "[20] ms")
    alone = learn_of(run_text(files, SPEC.format(more=one), name="alone"))
    drawn = ["Apre", "wmax", "w_initial"]
    for block in (0, 1):
        mine = both[both.block == block].reset_index(drop=True)
        pd.testing.assert_frame_equal(mine[drawn], alone[drawn], check_exact=True)
    mine = both[both.block == 1].reset_index(drop=True)
    assert mine["w"].tolist() == alone["w"].tolist()


def test_a_draw_of_its_own_in_each_block(files):
    text = SPEC.format(more=SWEEP).replace("uniform(1, 2)", "uniform(1, 2) independent per block")
    blocks = learn_of(run_text(files, text)).groupby("block")
    first, second = (of_block["wmax"].tolist() for _, of_block in blocks)
    assert not set(first) & set(second)


def test_what_is_swept_is_not_drawn(files):
    sweep = "sweep:\n    grid: learn.wmax = [1, 1.5]\n\n"
    text = SPEC.format(more=sweep).replace("uniform(0.2, wmax)", "0.5")
    tables = run_text(files, text)
    assert tables["blocks"]["wmax"].tolist() == [1, 1.5]
    assert tables["weights"].groupby("block")["wmax"].unique().map(list).tolist() == [[1], [1.5]]


def test_parameters_of_the_other_side(files):
    """A connection reads what differs between the neurons that it joins."""
    text = SPEC.format(more="").replace("deliver: w * 9 mV to v", "deliver: w * gap_post to v")
    text = text.replace("delay: taupre / 20", "delay: tau_post / 10")
    learn = learn_of(run_text(files, text))
    assert learn["delay"].tolist() == 4 * [0.001, 0.002, 0.004]


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("normal(0.1, 0.03)", "normal(1 ms, 1 ms)", "UNIT002: `Apre`: expected no unit, found"),
        ('from "taupre.npy" * 1 ms', 'from "taupre.npy"', "UNIT002: `taupre`: expected time"),
        (
            'tau = from "cells.csv" column tau',
            'tau = from "taupre.npy" * 1 ms',
            "FILE006: `taupre.npy` has the shape 4 × 3; expected 3",
        ),
        ("        tau = 20 ms", "        tau = normal(20 ms, 1 ms)", "TYPE007: `normal` draws a"),
        ("    reset: v = rest", "    reset: tau = 1 ms", "NAME007: `tau` is a parameter"),
        (
            "initial: w = uniform(0.2, wmax)",
            "initial: wmax = 1",
            "NAME011: `pair_additive` has no variable `wmax`",
        ),
        (
            "pattern: all_to_all",
            "pattern: all_to_all where wmax > 1.5",
            "NAME004: `wmax` is not declared in `learn`",
        ),
        (
            "    delay:",
            "    every 10 ms: normalise w per post to wmax\n    delay:",
            "TYPE014: the sum is one number per neuron, but `wmax` differs between synapses",
        ),
        (
            "record:",
            "measure:\n    x of learn = mean(Apre)\n\nrecord:",
            "NAME004: `Apre` is not declared in the measure `x` of `learn`",
        ),
    ],
)
def test_what_is_wrong(files, old, new, message):
    text = SPEC.format(more="")
    assert old in text
    _, found = check_text(Source("spec.stdp", text.replace(old, new, 1)), files, [])
    assert [f"{d.code}: {d.message}"[: len(message)] for d in found] == [message]
