"""Value ports of a layer as large as the target: each neuron reads the one with its number."""

import gc

import numpy as np
from both_ways import agree
from running import run_text

from stdpdsl.compiler import check_text
from stdpdsl.language.diagnostics import render
from stdpdsl.language.source import Source

SPEC = """model ports
rule gated:
    ports:
        gate : 1
        level : volt
    parameters:
        eta = 0.01
    equations:
        w : 1
    on pre:
        deliver w
        w += eta*gate
    on post: w -= eta*level/(1 volt)
neuron cell:
    parameters: drive = 1.2
    equations:
        dv/dt = (drive - v)/(10 ms) : 1
    threshold: v > 1
    reset: v = 0
    initial: v = i/N
neuron control:
    equations:
        dx/dt = -x/(20 ms) : 1
        y = x*2 : 1
        u : volt
    initial:
        x = i
        u = (i + 1) * 1 mV
layer P:
    poisson: 100 Hz
    size: 6
layer A:
    neuron: cell
    size: 4
layer K:
    neuron: control
    size: 4
layer S:
    neuron: control
    size: 4
    scope: shared
connect P -> A as c:
    pattern: all_to_all
    plasticity: gated(gate = y of K, level = u of S)
    deliver: w*0.1 to v
    initial: w = 0.5
connect P -> A as d:
    pattern: all_to_all
    plasticity: gated(gate = x of S, level = u of K)
    deliver: w*0.1 to v
    initial: w = 0.5
sweep:
    table:
        | A.drive |
{rows}
record:
    w of c, d every 1 ms
    spikes of P, A
    x of K, S every 0.1 ms
run:
    duration: 30 ms
"""
ROWS = ["1.2", "1.8"]


def test_each_target_reads_its_own(tmp_path):
    tables = agree(tmp_path, SPEC, ROWS)
    spikes = tables["spikes"]
    pre = spikes[spikes.layer == "P"]
    assert len(pre) > 10
    # Event by event: c gains eta*2*x of its neuron at a source spike, and loses at the target's.
    x = tables["trajectories"]
    x = x[(x.variable == "x") & (x.layer == "S")]
    x = {(round(r.t * 1e4), r.neuron): r.value for r in x.itertuples()}
    for block in (0, 1):
        post = spikes[(spikes.layer == "A") & (spikes.block == block)]
        weights = tables["weights"]
        for name, factor in (("c", 2), ("d", 1)):
            for w in weights[(weights.connection == name) & (weights.block == block)].itertuples():
                gains = [x[round(t * 1e4), w.post] for t in pre[pre.neuron == w.pre].t]
                losses = (post.neuron == w.post).sum() * 1e-3 * (w.post + 1)
                want = 0.5 + 0.01 * (factor * sum(gains) - losses)
                np.testing.assert_allclose(w.w, want, rtol=1e-9)


BY_HAND = """
from brian2 import *
prefs.codegen.target = "numpy"
prefs.codegen.loop_invariant_optimisations = False
start_scope()
defaultclock.dt = 0.1*ms
C = NeuronGroup(4, "dx/dt = -x/(20*ms) : 1", method="exact")
C.x = "i"
A = NeuronGroup(4, '''dv/dt = (1.2 - v)/(10*ms) : 1
gate : 1 (linked)
now : 1''', threshold="v > 1", reset="v = 0", method="exact")
A.v = "i/N"
A.gate = linked_var(C, "x")
A.run_regularly("now = gate", when="before_groups", dt=0.1*ms)
P = SpikeGeneratorGroup(6, %s, %s*second)
S = Synapses(P, A, "w : 1", on_pre='''v_post += w*0.1
w += 0.01*now_post''')
S.connect()
S.w = 0.5
run(30*ms)
"""


def test_it_is_a_linked_variable_of_brian2s(tmp_path):
    text = SPEC.replace("{rows}", "        | 1.2 |")
    text = text.replace("    on post: w -= eta*level/(1 volt)\n", "")
    c = text.index("connect P -> A as c")
    text = text[:c] + text[text.index("connect P -> A as d") :]
    text = text.replace("c, d every", "d every").replace("x of K, S", "x of S")
    tables = run_text(tmp_path, text)
    spikes = tables["spikes"]
    pre = spikes[spikes.layer == "P"].sort_values(["t", "neuron"])
    gc.collect()
    there: dict = {"__name__": "by_hand"}
    script = BY_HAND % (list(pre.neuron), list(pre.t))
    exec(compile(script, "by_hand", "exec"), there)
    mine = tables["weights"].sort_values(["pre", "post"]).w
    theirs = np.array(there["S"].w)
    np.testing.assert_array_equal(mine, theirs)
    assert mine.max() > 0.55


def test_another_size_is_told(tmp_path):
    text = SPEC.replace("{rows}", "        | 1.2 |")
    layer = "K:\n    neuron: control\n    size: "
    text = text.replace(f"{layer}4", f"{layer}3")
    _, found = check_text(Source("spec.stdp", text), tmp_path, [])
    found = [d for d in found if d.severity == "error"]
    assert {d.code for d in found} == {"CLAUSE006"}
    assert "or of one for each neuron of `A`" in render(found)
