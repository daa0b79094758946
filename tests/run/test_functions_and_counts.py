"""`arctan2`, gamma and truncated normal draws, booleans, and how many synapses a neuron has."""

import numpy as np
import pytest
from by_day import CYTHON
from running import assert_same, run_apart, run_text, script_of
from scipy import stats

from stdpdsl.language.diagnostics import render
from stdpdsl.runtime.quantiles import gamma_quantile, truncated_normal_quantile

# What the seed gives, on both sides of any draw, and close to 0 and 1.
U = np.concatenate(
    [
        np.random.default_rng(1).random(300),
        10.0 ** -np.linspace(1, 14, 40),
        1 - 2.0 ** -np.arange(1, 50),
    ]
)
SPEC = """model everything
neuron cell:
    parameters:
        shape = 2
    equations:
        dv/dt = -v/(10 ms) : 1
        is_on : boolean
        angle = arctan2(x, y) : 1
        x : volt
        y : volt
        g : 1
        h : 1
    threshold: v > 0.3 and is_on
    reset: v = 0
    initial:
        v = i/N
        is_on = i > 2
        x = truncated_normal(1 mV, 2 mV, 0 mV, 3 mV)
        y = gamma(shape, 1 mV) - 2 mV
    every 2 ms:
        g = gamma(shape, 0.5)
        h = truncated_normal(0, 1, -1, inf)
        is_on = h > 0 or not g > 1
rule counted:
    parameters:
        tau = 10 ms
    equations:
        w : 1
        da/dt = -a*N_outgoing/tau : 1
    initial: w = 1/N_outgoing
    on pre:
        a += 1/N_incoming
        deliver w
layer P:
    poisson: 200 Hz
    size: 10
layer A:
    neuron: cell
    size: 8
connect P -> A as c:
    pattern: random(p = chance)
    weight: 1/N_incoming
    deliver: w to v
    delay: N_incoming * 0.1 ms
connect A -> A as d:
    pattern: random(p = chance)
    plasticity: counted
    deliver: w/N_outgoing to v
sweep:
    table:
        | chance | A.shape |
{rows}
record:
    v, angle, g, h, is_on of A every 1 ms
    a of d every 1 ms
    spikes of P, A
run:
    duration: 30 ms
"""
ROWS = ["        | 0.4 | 2 |", "        | 0.8 | 0.5 |"]


def spec(rows=ROWS):
    return SPEC.format(rows="\n".join(rows))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run_text(tmp_path_factory.mktemp("whole"), spec())


@pytest.mark.parametrize("shape", [0.05, 0.7, 1, 3.5, 40, 1000])
def test_the_gamma_quantile_is_scipys(shape):
    want = stats.gamma.ppf(U, shape)
    far = want > 1e-250
    np.testing.assert_allclose(gamma_quantile(U, shape)[far], want[far], rtol=3e-12)
    assert np.isnan(gamma_quantile(0.5, [0, -1])).all() and gamma_quantile(0.0, shape) == 0


@pytest.mark.parametrize(
    "ends", [(-1, 1), (0, np.inf), (-np.inf, np.inf), (3, 5), (-8, -6), (20, 25), (-3, 30)]
)
def test_the_truncated_normal_quantile_is_scipys(ends):
    """To half of the last place of the draw, which has 53 bits."""
    u = U[:300]
    found = truncated_normal_quantile(u, *ends)
    np.testing.assert_allclose(stats.truncnorm.cdf(found, *ends), u, atol=3e-12)
    assert (found >= ends[0]).all() and (found <= ends[1]).all()
    assert np.isnan(truncated_normal_quantile(0.5, 40, 41))
    assert np.isnan(truncated_normal_quantile(0.5, 2, 1))


def test_draws_have_their_distributions(tmp_path):
    text = spec(ROWS[:1]).replace("size: 8", "size: 3000")
    text = text.replace("p = chance", "p = 1e-4*chance")
    rows = run_text(tmp_path, text.replace("30 ms", "2 ms"))["trajectories"]
    at = {n: rows[(rows.variable == n) & (rows.t == 0.001)].value for n in ("g", "h")}
    assert stats.kstest(at["g"], stats.gamma(2, scale=0.5).cdf).pvalue > 1e-3
    assert stats.kstest(at["h"], stats.truncnorm(-1, np.inf).cdf).pvalue > 1e-3


def test_counts_are_those_of_the_block(whole):
    weights = whole["weights"]
    for (connection, _), rows in weights.groupby(["connection", "block"]):
        incoming = rows.groupby("post")["pre"].transform("size")
        outgoing = rows.groupby("pre")["post"].transform("size")
        if connection == "c":
            assert (rows.w_initial == 1 / incoming).all() and (rows.N_incoming == incoming).all()
            np.testing.assert_allclose(rows.delay, incoming * 1e-4, atol=1e-12)
        else:
            assert (rows.w_initial == 1 / outgoing).all() and (rows.N_outgoing == outgoing).all()
    assert weights.groupby("block")["N_incoming"].mean().nunique() == 2


def test_angles_and_conditions(whole):
    rows = whole["trajectories"]
    angle = rows[rows.variable == "angle"].value
    assert (np.abs(angle) > np.pi / 2).any() and (np.abs(angle) <= np.pi).all()
    is_on = rows[rows.variable == "is_on"].value
    assert set(is_on) == {0.0, 1.0}
    assert (whole["spikes"].layer == "A").any()


@pytest.mark.parametrize("k", [0, 1])
def test_a_block_alone_is_the_block_of_the_sweep(tmp_path, whole, k):
    alone = run_text(tmp_path, spec([ROWS[k]]))
    for name in ("weights", "spikes", "trajectories"):
        mine = whole[name][whole[name].block.isna() | (whole[name].block == k)]
        mine = mine.drop(columns="block").reset_index(drop=True)
        assert mine.equals(alone[name].drop(columns="block").reset_index(drop=True)), name


def test_both_lowerings_are_equal(tmp_path, whole):
    assert_same(run_text(tmp_path, spec(), lowering="namespace"), whole)


COMPILED = spec().replace("angle, ", "")  # what is computed is read by NumPy at the end


def on(target, folder):
    return run_apart(folder, script_of(COMPILED, target=target), f"on_{target}", target)


@pytest.mark.slow
def test_a_compiled_target_agrees_with_numpy(tmp_path):
    """But for the last place of exp and log."""
    found = on("cpp_standalone", tmp_path)["trajectories"]
    here = run_text(tmp_path, COMPILED, name="here")["trajectories"]
    np.testing.assert_allclose(found.value, here.value, rtol=1e-12, atol=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("target", [CYTHON])
def test_compiled_targets_agree(tmp_path, target):
    """To the bit."""
    assert_same(on(target, tmp_path), on("cpp_standalone", tmp_path))


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("x = gamma(0, 1)", "TYPE013", "the shape of a gamma draw cannot be 0"),
        ("x = gamma(2)", "TYPE005", "`gamma(shape, scale)`"),
        ("x = gamma(1 mV, 2)", "UNIT002", "`shape` of `gamma`"),
        ("x = truncated_normal(0, 1, 2, 1)", "TYPE013", "`high` is not above `low`"),
        ("x = truncated_normal(0, 1, 50, 60)", "TYPE013", "is too small"),
        ("x = truncated_normal(0, 1 mV, 0, 1)", "UNIT002", "`sd` of `truncated_normal`"),
        ("x = arctan2(1 mV, 1 ms)", "UNIT002", "an argument of `arctan2`"),
        ("x = arctan2(1)", "TYPE005", "`arctan2` takes 2 arguments"),
    ],
)
def test_wrong_uses_are_told(check_text, line, code, says):
    text = f"""model wrong
neuron cell:
    equations:
        dx/dt = -x/(10 ms) : 1
    threshold: x > 1
    every 1 ms: {line}
layer A:
    neuron: cell
    size: 1
run:
    duration: 1 s
"""
    found = check_text(text)
    assert [d.code for d in found] == [code] and says in render(found)


def test_a_pattern_cannot_count_what_it_makes(check_text):
    found = check_text(spec().replace("p = chance", "p = 1/N_incoming", 1))
    assert "NAME004" in {d.code for d in found}
    assert "it numbers the synapses that the pattern makes" in render(found)
