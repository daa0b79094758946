"""The pair-based rules of the library against their references, in both lowerings."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Case, judge, layer, run
from oracles import hardware, pairs, triplets

ADDITIVE = {
    "Apre": (0.05, 0.1, 0.02, 0.2),
    "Apost": (-0.06, -0.05, -0.15, -0.1),
    "taupre": (20.0, 10.0, 35.0, 5.0),
    "taupost": (20.0, 40.0, 15.0, 8.0),
    "wmax": (1.0, 0.8, 1.5, 0.9),
}
BETWEEN = {
    "eta": (0.05, 0.1, 0.02, 0.2),
    "alpha": (1.05, 0.9, 1.5, 1.1),
    "tau_plus": (20.0, 10.0, 35.0, 5.0),
    "tau_minus": (20.0, 40.0, 15.0, 8.0),
}
TRIPLET = {
    "A2plus": (0.0, 5e-3, 2e-2, 4.6e-2),
    "A3plus": (6.5e-2, 6.2e-2, 8e-2, 9e-2),
    "A2minus": (7.1e-2, 7e-2, 3.5e-2, 3e-2),
    "A3minus": (0.0, 2.3e-3, 1e-2, 2e-2),
    "tau_plus": (16.8, 20.0, 10.0, 30.0),
    "tau_minus": (33.7, 20.0, 40.0, 15.0),
    "tau_x": (101.0, 946.0, 575.0, 50.0),
    "tau_y": (114.0, 27.0, 40.0, 60.0),
    "wmax": (1.0, 2.0, 0.8, 1.5),
}
CASES = [
    Case("pair_additive", pairs.additive, ADDITIVE),
    Case(
        "pair_antihebbian",
        pairs.additive,
        {
            **ADDITIVE,
            "Apre": ADDITIVE["Apost"],
            "Apost": ADDITIVE["Apre"],
        },
    ),
    Case("pair_nearest_symmetric", pairs.nearest_symmetric, ADDITIVE),
    Case("pair_nearest_pre_centred", pairs.nearest_pre_centred, ADDITIVE),
    Case("pair_nearest_reduced", pairs.nearest_reduced, ADDITIVE),
    Case(
        "pair_symmetric",
        pairs.symmetric,
        {
            "Acentre": (0.03, 0.02, 0.05, 0.1),
            "Asurround": (-0.015, -0.02, -0.01, -0.06),
            "taucentre": (20.0, 10.0, 15.0, 5.0),
            "tausurround": (50.0, 30.0, 60.0, 20.0),
            "wmax": (1.0, 0.8, 1.5, 0.9),
        },
    ),
    Case("pair_multiplicative", pairs.multiplicative, {**BETWEEN, "wmax": (1.0, 0.8, 1.5, 0.9)}),
    Case(
        "pair_guetig",
        pairs.guetig,
        {
            **BETWEEN,
            "mu_plus": (0.0, 0.02, 0.5, 1.0),
            "mu_minus": (0.0, 1.0, 0.3, 0.02),
            "wmax": (1.0, 0.8, 1.5, 0.9),
        },
    ),
    Case(
        "pair_mixed",
        pairs.mixed,
        {
            "c_p": (0.007, 0.05, 0.02, 0.1),
            "c_d": (0.003, 0.05, 0.2, 0.6),
            "sigma": (0.0, 0.0, 0.0, 0.0),
            "tau_plus": (20.0, 10.0, 35.0, 5.0),
            "tau_minus": (20.0, 40.0, 15.0, 8.0),
        },
    ),
    Case(
        "pair_power_law",
        pairs.power_law,
        {
            **BETWEEN,
            "mu": (0.4, 0.0, 1.0, 0.7),
            "w0": (1.0, 0.5, 2.0, 0.1),
        },
    ),
    Case(
        "vogels",
        pairs.vogels,
        {
            "eta": (0.01, 0.05, 0.1, 0.02),
            "tau": (20.0, 10.0, 30.0, 15.0),
            "rho0": (5.0, 20.0, 60.0, 100.0),
            "wmax": (1.0, 0.8, 0.9, 1.5),
        },
        units={"rho0": "Hz"},
    ),
    Case(
        "jonke",
        pairs.jonke,
        {
            "eta": (0.05, 0.1, 0.02, 0.2),
            "alpha": (1.0, 0.5, 1.5, 0.8),
            "mu_plus": (0.0, -1.0, 0.5, -3.0),
            "mu_minus": (0.0, 1.0, -0.5, 0.3),
            "offset": (0.0, 0.1, 0.3, -0.1),
            "tau_plus": (20.0, 10.0, 35.0, 5.0),
            "tau_minus": (20.0, 40.0, 15.0, 8.0),
            "wmax": (1.0, 0.8, 1.5, 0.9),
        },
    ),
    Case(
        "diehl_cook",
        pairs.diehl_cook,
        {
            "eta": (0.01, 0.1, 0.05, 0.2),
            "x_tar": (0.4, 0.8, 1.5, 0.2),
            "mu": (0.2, 1.0, 0.0, 0.5),
            "tau": (20.0, 10.0, 30.0, 15.0),
            "wmax": (1.0, 0.8, 0.9, 1.5),
        },
    ),
    Case(
        "diehl_cook_triplet",
        pairs.diehl_cook_triplet,
        {
            "eta_minus": (0.01, 0.05, 0.02, 0.1),
            "eta_plus": (0.1, 0.05, 0.2, 0.15),
            "tau_plus": (20.0, 10.0, 35.0, 5.0),
            "tau_minus": (20.0, 40.0, 15.0, 8.0),
            "tau_y": (40.0, 20.0, 60.0, 30.0),
            "wmax": (1.0, 0.8, 0.9, 1.5),
        },
    ),
    Case("triplet", triplets.all_to_all, TRIPLET),
    Case("triplet_nearest", triplets.nearest_spike, TRIPLET),
    Case(
        "facets",
        hardware.facets,
        {
            "tau_plus": (20.0, 10.0, 35.0, 5.0),
            "tau_minus": (20.0, 40.0, 15.0, 8.0),
            "threshold": (0.5, 0.9, 2.0, 0.3),
            "cycle": (15.0, 10.0, 30.0, 45.0),
            "wmax": (1.0, 0.8, 0.9, 1.5),
        },
        units={"cycle": "ms"},
    ),
]


@pytest.mark.parametrize("lowering", ["synapse", pytest.param("namespace", marks=pytest.mark.slow)])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
@pytest.mark.in_turn(4)
def test_a_rule_is_its_reference(tmp_path, case, lowering):
    judge(case, tmp_path, lowering)


@pytest.mark.parametrize("case", [CASES[0], CASES[4], CASES[14]], ids=lambda case: case.rule)
@pytest.mark.in_turn(2)
def test_ties_may_go_the_other_way(tmp_path, case):
    judge(case, tmp_path, "synapse", ties="post first")


@pytest.mark.compiled
@pytest.mark.parametrize("target", ["cython", "cpp_standalone"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_every_target_agrees(tmp_path, case, target):
    judge(case, tmp_path, "synapse", target)


NOISE = """model noise

{pre}
{post}
connect pre -> post as ff:
    pattern: all_to_all
    plasticity: pair_mixed(sigma = 0.1)
    initial: w = 1

record:
    w of ff every 10 ms

run:
    duration: 40 ms
    dt: 0.1 ms
    seed: 1
"""


def test_the_noise_of_pair_mixed(tmp_path):
    """One pairing each way, 5 ms apart, at 1,600 synapses: mean and spread of both changes."""
    pre = layer("pre", [np.array([50, 250])] * 40, "shared")
    post = layer("post", [np.array([100])] * 40, "shared")
    samples = run(tmp_path, NOISE.format(pre=pre, post=post), "synapse")["trajectories"]
    w = samples.pivot(index=["pre", "post"], columns="t", values="value").to_numpy()
    up, down = w[:, 2] - w[:, 0], w[:, -1] - w[:, 2]
    near, far = np.exp(-5 / 20), np.exp(-15 / 20)
    for change, mean, spread in ((up, 0.007, 0.1), (down / w[:, 2], -0.003, 0.1)):
        lag = near if change is up else far
        assert np.mean(change) == pytest.approx(mean * lag, abs=4 * spread * lag / 40)
        assert np.std(change) == pytest.approx(spread * lag, rel=4 / np.sqrt(2 * 1600))
    assert len(np.unique(up)) == 1600
    assert abs(np.corrcoef(up, down / w[:, 2])[0, 1]) < 4 / 40
