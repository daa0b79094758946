"""The compiled targets against numpy, on one spec that holds most of the language."""

import numpy as np
import pytest
from running import run_apart, run_here, script_of

SPEC = """model everything
neuron cell:
    parameters:
        tau = 10 ms
    equations:
        dv/dt = (g - v)/tau : 1 (unless refractory)
        dg/dt = -g/(4 ms) : 1
        I : 1
        k : 1
        chosen : integer (shared)
    threshold: v > 0.6
    reset: v = 0
    refractory: 2 ms
    initial: v = uniform(0, 0.3)
    every 5 ms:
        chosen = integers(0, 4)
        k += normal(0, 1)
neuron escape:
    equations:
        y : 1
    threshold: poisson(80 Hz)
    reset: y += 1
neuron controller:
    equations:
        dG/dt = (1 - G)/(50 ms) : 1
rule third_factor:
    requires post:
        v : 1
    ports:
        reward
        G : 1
    parameters:
        tau_c = 20 ms
        eta = 0.05
        wmax = 1.5
    equations:
        w : 1 in [0, wmax]
        dc/dt = -c/tau_c : 1
        n : 1
    post equations:
        dlow/dt = (v - low)/(17 ms) : 1
    on pre:
        c += 1 + 0.1*low_post
        n += binomial(3, 0.5)
        deliver w
        w -= 0.01*c
    on pre after 3 ms: n += 0.001
    on post: w += eta*c
    on reward: w += 0.02*G*reward
layer P:
    poisson: 60 Hz
    size: 6
layer E:
    neuron: escape
    size: 3
layer control:
    neuron: controller
    size: 1
layer A:
    neuron: cell
    size: 4
connect P -> A as learn:
    pattern: random(p = 0.8)
    plasticity: third_factor(reward = spikes of E, G = G of control)
    deliver: w*0.5 to g
    initial: w = uniform(0, 1)
    axonal delay: uniform(0 ms, 1 ms)
    dendritic delay: 1.2 ms
    every 20 ms: normalise w per post to 3
connect A -> A as graded:
    pattern: all_to_all where i != j
    weight: 0.1
    deliver continuously: w*v_pre to I
connect E -> A as kick:
    pattern: fixed_indegree(2)
    weight: 0.2
    deliver: w to g
sweep:
    grid:
        learn.eta = [0.05, 0.1]
        A.tau = [10, 12] ms
record:
    spikes of P, E, A
    w, c of learn every 10 ms
    v, I, k, chosen of A every 10 ms
run:
    phases:
        settle: 50 ms, plasticity off
        train: 100 ms
        later: 50 ms, set learn.tau_c = 10 ms, kick off
    dt: 0.1 ms
    seed: 5
"""


@pytest.fixture(scope="module")
def numpy_tables(tmp_path_factory):
    return run_here(tmp_path_factory.mktemp("numpy"), script_of(SPEC))


def test_it_does_something(numpy_tables):
    blocks, weights = numpy_tables["blocks"], numpy_tables["weights"]
    assert (blocks.groupby("block")[["A_spikes", "E_spikes"]].sum() > 0).all(axis=None)
    learned = weights[weights["connection"] == "learn"]
    assert (learned["w"] != learned["w_initial"]).mean() > 0.9 and (learned["n"] > 1).any()
    assert (blocks["status"] == "ok").all()


@pytest.mark.parametrize(
    ("target", "lowering"),
    [
        pytest.param("cpp_standalone", "synapse", marks=pytest.mark.slow),
        pytest.param("cython", "synapse", marks=pytest.mark.compiled),  # 50 modules, minutes
        pytest.param("cpp_standalone", "namespace", marks=pytest.mark.compiled),
    ],
)
def test_compiled_targets_agree(tmp_path, numpy_tables, target, lowering):
    assert_agree(run_apart(tmp_path, script_of(SPEC, lowering), target=target), numpy_tables)


def assert_agree(tables, expected_tables):
    """The same spikes; values to 1e-11, for exp() differs in the last bit between libraries."""
    assert tables.keys() == expected_tables.keys()
    for name, expected in expected_tables.items():
        table = tables[name]
        assert list(table.columns) == list(expected.columns) and len(table) == len(expected)
        for column in table.columns:
            got, want = table[column].to_numpy(), expected[column].to_numpy()
            if got.dtype == float:
                assert np.allclose(got, want, rtol=1e-11, atol=1e-13, equal_nan=True), column
            else:
                assert (table[column].isna() == expected[column].isna()).all()
                assert (table[column].dropna() == expected[column].dropna()).all(), column


WHOLE = """model whole

neuron counter:
    parameters:
        low = 0.5
    equations:
        n : integer
        top = clip(n, low, 2.25) : 1
        dx/dt = (max(n, low) + top - x)/(10 ms) : 1
        y : 1
        z : 1
    initial:
        n = i
    every 1 ms:
        y = min(n, 2.5) + clip(n, 0.25, 1.75)

rule growing:
    equations:
        w : 1 in [0, 0.7]
        da/dt = -a/(20 ms) : 1
    on pre:
        deliver w
        w += 0.1*a
        a += 1

layer P:
    regular: 100 Hz
    size: 1

layer A:
    neuron: counter
    size: 4

connect P -> A as c:
    pattern: all_to_all
    on pre: y_post = max(n_post, 0.75)
    delay: 2.5 ms

connect P -> A as learn:
    pattern: all_to_all
    plasticity: growing
    deliver: w to z
    initial: w = uniform(0, 0.7)

record:
    x, y, z of A every 1 ms
    w of learn every 1 ms

run:
    duration: 32 ms
    dt: 0.1 ms
"""


@pytest.mark.slow
@pytest.mark.parametrize("target", ["cython", "cpp_standalone"])
def test_a_small_spec_agrees(tmp_path, target):
    """Also: C++ takes the bounds of a whole number as whole, unless it is made a float before, and
    sympy and Brian2's simplifier leave it so."""
    tables = run_apart(tmp_path, script_of(WHOLE, target=target), target=target)
    assert_agree(tables, run_here(tmp_path, script_of(WHOLE), "expected"))
    s = tables["trajectories"]
    for neuron in range(4):
        x, y = (
            s[(s["neuron"] == neuron) & (s["variable"] == name)].set_index("t")["value"]
            for name in ("x", "y")
        )
        top = np.clip(neuron, 0.5, 2.25) + max(neuron, 0.5)
        assert x.iloc[-1] == pytest.approx(top * -np.expm1(-3.2), rel=1e-9)
        assert y.iloc[1] == min(neuron, 2.5) + np.clip(neuron, 0.25, 1.75)
        assert y.iloc[3] == max(neuron, 0.75)  # the spike came at 2.5 ms
