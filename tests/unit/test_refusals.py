"""What the checks refuse, each once: code and words, or the hint, of what no other test asks for.

An error that is told nowhere in the tests may be lost, or get another's code, and nobody notices.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from stdpdsl.compiler import check_text
from stdpdsl.language.clauses.examples import example
from stdpdsl.language.source import Source

FOLDER = Path(__file__).parents[2] / "grammars" / "examples"

# For each example of grammars/examples: code, words, and what is replaced in it by what.
CASES = {
    "filterbank": [
        ("NAME015", "unknown order `random`", "shuffled", "random"),
        ("CLAUSE001", "the filterbank `cochlea` has no sound", "    sound: melody\n", ""),
        ("NAME001", "there is no sound `melodie`", "    sound: melody", "    sound: melodie"),
        ("TYPE005", "`low_pass` takes 1 argument", "low_pass(fc = 1 kHz)", "low_pass(1 kHz, 2)"),
        ("TYPE005", "`low_pass` needs `fc`", "low_pass(fc = 1 kHz)", "low_pass()"),
        ("NAME001", "there is no filterbank `cochlear`", "I from cochlea", "I from cochlear"),
        ("CLAUSE003", "no variable to drive", "    neuron: nerve\n", "    poisson: 1 Hz\n"),
        ("NAME015", "there is no scope `sharde`", "scope: shared", "scope: sharde"),
        ("NAME001", "no sound or constant `melodi`", "duration: melody", "duration: melodi"),
        (
            "CLAUSE003",
            "so its events cannot be recorded",
            "    reset: v = 0\n",
            "    reset: v = 0\n    event loud: I > 3\n",
            "    spikes of AN",
            "    loud of AN",
        ),
        (
            "NAME007",
            "no phase can set `k`",
            "duration: melody",
            "phases:\n        a: melody\n        b: melody, set AN.k = 2",
            "    equations:\n        dv/dt = (5",
            "    parameters:\n        k = 5\n    equations:\n        dv/dt = (k",
        ),
        (
            "NAME007",
            "no phase can set `v`",
            "duration: melody",
            "phases:\n        a: melody\n        b: melody, set AN.v = 0",
        ),
    ],
    "connect": [
        ("UNIT005", "an exponent cannot have a unit", "-70 mV - v + I", "-70 mV - v**(1 mV) + I"),
        ("NAME015", "there is no side `past`", "ties: post first", "ties: past first"),
        (
            "CLAUSE007",
            "`kick` delivers nothing to delay",
            "    axonal delay: 2 ms\n    on pre: v_post += 1 mV",
            "    dendritic delay: 2 ms\n    on pre: v_post += 1 mV",
        ),
        ("TYPE013", "a delay cannot be -2 ms", "axonal delay: 2 ms", "axonal delay: -2 ms"),
        (
            "CLAUSE004",
            "`gap_junction` does not say what it delivers",
            "deliver continuously: 0.1 * (v_pre - v_post) to I",
            "deliver: to I",
        ),
        ("CLAUSE001", "`random` needs `p`", "random(p = 0.5)", "random"),
        ("CLAUSE006", "joins the neurons of one layer", "random(p = 0.5)", "symmetric(p = 0.5)"),
        ("TYPE013", "number of synapses cannot be -1", "random(p = 0.5)", "fixed_indegree(-1)"),
        ("TYPE013", "`P` has 10 neurons, fewer than 11", "random(p = 0.5)", "fixed_indegree(11)"),
        ("CLAUSE001", "`fixed_indegree` needs", "random(p = 0.5)", "fixed_indegree"),
        (
            "CLAUSE003",
            "`kick` has no weight to freeze",
            "duration: 1 s\n",
            "phases:\n        a: 1 s, kick frozen\n",
        ),
        (
            "NAME015",
            "there is no precision `half`",
            "duration: 1 s\n",
            "duration: 1 s\n    precision: half\n",
        ),
        (
            "CLAUSE002",
            "`run` has a duration and phases",
            "duration: 1 s\n",
            "duration: 1 s\n    phases:\n        a: 1 s\n",
        ),
        (
            "CLAUSE002",
            "the layer `P` has a neuron and an input",
            "    poisson: 20 Hz\n",
            "    poisson: 20 Hz\n    neuron: cell\n",
        ),
        (
            "CLAUSE003",
            "is a connection, but only layers can be sliced",
            "    w of learning every",
            "    w of learning[0:2] every",
        ),
        (
            "NAME011",
            "`P` is an input and has no var",
            "    w of learning every",
            "    v of P every",
        ),
        ("NAME011", "no variable `u`", "deliver: -w to v", "deliver: -w to u"),
        (
            "NAME011",
            "`P` is an input and has no variable `v`",
            "A -> A as inhibition",
            "A -> P as inhibition",
        ),
        (
            "TARGET001",
            "`v_post` is read after it was changed",
            "on pre: v_post += 1 mV",
            "on pre:\n        v_post += 1 mV\n        I_post += v_post",
        ),
        (
            "CLAUSE003",
            "`cell` has `reset:` and no `threshold:`",
            "    threshold: v > -55 mV\n    reset: v = -70 mV\n",
            "    reset: v = -70 mV\n",
        ),
        (
            "NAME015",
            "there is no integrator `euller`",
            "    reset: v = -70 mV\n",
            "    reset: v = -70 mV\n    method: euller\n",
        ),
        (
            "CLAUSE002",
            "GSL's integrators compute in double",
            "    reset: v = -70 mV\n",
            "    reset: v = -70 mV\n    method: gsl_rk4\n",
            "duration: 1 s",
            "duration: 1 s\n    precision: single",
        ),
        (
            "TYPE013",
            "the probability of the normal distribution is too small",
            "normal(1 mV, 0.1 mV)",
            "truncated_normal(0, 1, 90, 91) * 1 mV",
        ),
        (
            "TYPE013",
            "the probability of the normal distribution is too small",
            "normal(1 mV, 0.1 mV)",
            "truncated_normal(-50, 1, 0, 20) * 1 mV",
        ),
        ("TYPE006", "`exp` takes no named arguments", "normal(1 mV, 0.1 mV)", "exp(x = 1) * 1 mV"),
        ("TYPE002", "needs a condition", "where i != j\n    weight", "where not i\n    weight"),
        (
            "NAME008",
            "an event cannot be called `spike`",
            "    initial: v = -70 mV\n",
            "    initial: v = -70 mV\n    event spike: v > 0 mV\n",
        ),
        ("CLAUSE003", "`I` is computed, so it can", "I : volt", "I = 1 mV : volt in [0 mV, 1 mV]"),
        (
            "NAME015",
            "a plain variable cannot have the flag `(summed)`",
            "I : volt",
            "I : volt (summed)",
        ),
        ("TYPE004", "`I` changes continuously", "I : volt", "dI/dt = -I/(1 ms) : integer"),
    ],
    "neuron": [
        (
            "CLAUSE001",
            "`A` has no spikes to record",
            "    threshold: v > -55 mV\n    reset:\n"
            "        v = -70 mV\n        I -= 0.1\n    refractory: 2 ms\n",
            "",
        ),
        (
            "CLAUSE003",
            "statements of an event cannot be delayed",
            "on high: bursts",
            "on high after 1 ms: bursts",
        ),
        ("UNIT006", "a variable cannot be a level in dB", "bursts : integer", "bursts : dB"),
    ],
    "layer": [
        ("TYPE013", "a layer has at least one neuron", "size: 3\n    drive", "size: 0\n    drive"),
        ("TYPE013", "the spikes end before they start", "to 1.1 s", "to 50 ms"),
        ("TYPE013", "a spike cannot come before the run", "(0, 10 ms)", "(0, -10 ms)"),
        ("TYPE013", "there is no neuron 2", "(1, 12 ms)", "(2, 12 ms)"),
        ("TYPE013", "there is no neuron -1", "(1, 12 ms)", "(-1, 12 ms)"),
        ("TYPE013", "a row cannot last 10 us", "every 350 ms, gap 150 ms", "every 0.01 ms"),
        ("TYPE013", "this time cannot be -100 ms", "from 100 ms to", "from -100 ms to"),
    ],
    "record": [
        (
            "CLAUSE003",
            "`P` is an input; its spikes do not depend on the state of the block",
            "plasticity off",
            "until rate of P > 1 Hz every 10 ms",
            "poisson: 20 Hz\n",
            "poisson: 20 Hz\n    scope: block\n",
        ),
        (
            "TYPE006",
            "`accuracy` takes the phase in which neurons get their labels",
            "record:\n",
            "measure:\n    right of A = accuracy(1)\n\nrecord:\n",
        ),
        ("TYPE013", "this slice holds no neuron", "A[0:2]", "A[2:2]"),
        ("TYPE013", "`to` must be later than `from`", "from 0.8 s to 0.9 s", "from 0.9 s to 0.8 s"),
        ("TYPE013", "the run ends at 1 s", "from 0.8 s to 0.9 s", "from 1.8 s to 1.9 s"),
        ("NAME003", "no component has a parameter or variable `q`", "plasticity off", "set q = 1"),
        ("NAME003", "`A` has no parameter or variable `q`", "plasticity off", "set A.q = 1"),
        ("NAME003", "`P` has no parameter or variable `q`", "plasticity off", "set P.q = 1"),
        ("NAME019", "`w` is a variable of 2 components", "plasticity off", "set w = 1"),
        (
            "TYPE013",
            "phases cannot be repeated 0 times",
            "        train: 0.9 s\n",
            "        repeat 0:\n            train: 0.9 s\n",
        ),
        (
            "TYPE013",
            "the run has",
            "        train: 0.9 s\n",
            "        repeat 900:\n            train: 0.9 s\n"
            "        repeat 900:\n            more: 0.9 s\n",
        ),
        (
            "NAME011",
            "`P` has no state",
            "        train: 0.9 s\n",
            "        train: 0.9 s, store early\n",
            "plasticity off",
            "restore early except P",
        ),
        (
            "NAME007",
            "`z` is computed from other variables, so it is not stored",
            "        train: 0.9 s\n",
            "        train: 0.9 s, store early\n",
            "plasticity off",
            "restore early of A.z",
            "I : volt",
            "I : volt\n        z = 2*I : volt",
        ),
        ("NAME007", "`I` is computed in each time step", "plasticity off", "set A.I = 1 mV"),
        (
            "CLAUSE003",
            "nothing shows stimuli, or more than one thing does",
            "record:\n",
            "measure:\n    right of A = accuracy(test)\n\nrecord:\n",
        ),
        (
            "TYPE013",
            "`until` cannot use `==`",
            "plasticity off",
            "until rate of A == 1 Hz every 10 ms",
        ),
        (
            "TYPE013",
            "the phase ends after 0.1 s, before the first check at 1 s",
            "plasticity off",
            "until rate of A > 1 Hz every 1 s",
        ),
        (
            "CLAUSE003",
            "`P` exists once for all blocks",
            "plasticity off",
            "until rate of P > 1 Hz every 10 ms",
        ),
        (
            "UNIT002",
            "`mean(v) of A`: expected voltage, found rate",
            "plasticity off",
            "until mean(v) of A > 1 Hz every 10 ms",
        ),
        ("NAME025", "let `A.v` change in", "plasticity off", "set A.v = I"),
        (
            "NAME025",
            "write what it is as the phase begins",
            "plasticity off",
            "set A.v = t * 1 mV/ms",
        ),
        ("NAME015", "`until` cannot use `cv`", "plasticity off", "until cv of A > 1 every 10 ms"),
        ("CLAUSE001", "the mean of what?", "plasticity off", "until mean of A > 1 mV every 10 ms"),
        (
            "CLAUSE003",
            "`rate` is a measure of a layer's spikes",
            "plasticity off",
            "until rate(v) of A > 1 Hz every 10 ms",
        ),
        (
            "NAME001",
            "`learning` is a connection, but `rate` is a measure of a layer's spikes",
            "plasticity off",
            "until rate of learning > 1 Hz every 10 ms",
        ),
        (
            "NAME011",
            "`apre` of `learning` is updated by spikes only, so `until` cannot use it",
            "plasticity off",
            "until mean(apre) of learning > 1 every 10 ms",
        ),
        (
            "NAME011",
            "`z` of `A` is computed from other variables, so `until` cannot use it",
            "plasticity off",
            "until mean(z) of A > 1 mV every 10 ms",
            "I : volt",
            "I : volt\n        z = 2*I : volt",
        ),
    ],
    "measure": [
        ("NAME001", "there is no layer or connection `B`", "loudest of A", "loudest of B"),
    ],
    "refine": [
        (
            "SEARCH005",
            "a grid of one or two axes, and here are 3",
            "5 ms, 50 ms, 3)",
            "5 ms, 50 ms, 3)\n        c.Apre = [0.01, 0.02]",
        ),
        ("SEARCH005", "an axis that is refined has two values", "[10, 20, 40] Hz", "[10] Hz"),
        ("SEARCH005", "an axis that is refined has two", "geomspace(5 ms, 50 ms, 3)", "[5 ms]"),
        ("SEARCH006", "the grid alone has 9 points", "in 100 trials", "in 5 trials"),
    ],
    "rule": [
        (
            "CLAUSE009",
            "which takes no value; bind it: `reward =",
            "reward = spikes of VTA",
            "reward = 1",
        ),
        (
            "NAME017",
            "there is no trigger `pree`",
            "    on pre:\n        c",
            "    on pree:\n        c",
        ),
        (
            "NAME015",
            "a variable of a rule cannot have the flag",
            "w : 1 in [0, wmax]",
            "w : 1 (shared)",
        ),
        ("CLAUSE009", "is a value port, and these are spikes", "G of control", "spikes of VTA"),
        (
            "TARGET001",
            "`v_post` is first scaled, then added to",
            "        deliver w\n    on reward",
            "        v_post *= 0.9\n        deliver w\n    on reward",
        ),
        (
            "TARGET001",
            "`v_post` is read after it was changed",
            "        deliver w\n    on reward",
            "        v_post += 1 mV\n        deliver w\n    on reward",
            "deliver: w * 2 mV to v",
            "deliver: w * v_post to v",
        ),
        (
            "CLAUSE003",
            "`advance:` may only assign",
            "last = t\n",
            "last = t + uniform(0, 1)*1 second\n",
        ),
    ],
    "constants": [
        ("TYPE013", "this comes out as NaN, not a number", "tau_m / 4", "tau_m * (inf - inf)"),
    ],
    "draws": [
        (
            "NAME007",
            "differs between elements here, so a phase cannot change it",
            "duration: 1 s",
            "phases:\n        a: 1 s, set A.tau_m = 5 ms",
        ),
    ],
}


@pytest.mark.parametrize("name, case", [(n, c) for n, cases in CASES.items() for c in cases])
def test_what_is_refused(name, case):
    code, message, *changes = case
    text = example(name)
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    found = check_text(Source("spec.stdp", text), FOLDER, [])[1]
    found = [(d.code, f"{d.message}; {d.help}") for d in found]
    assert any(c == code and message in m for c, m in found), found
