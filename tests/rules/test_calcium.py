"""Calcium-based plasticity against its references, event by event and step by step."""

from __future__ import annotations

import numpy as np
import pytest
from bench import DT, LOWERINGS, judged, layer, row, run, sampled, spec, train
from oracles import calcium

STEPS = 8000
PRE = [train(seed, 40, STEPS, step=5) for seed in range(2)]
POST = [train(seed + 10, 40, STEPS, step=5) for seed in range(2)]
LAYERS = layer("inputs", PRE, "shared") + layer("outputs", POST, "block")
UNITS = {"D": "ms"}
SETS = {
    "tau_Ca": (20.0, 48.8, 11.9, 30.0),
    "Cpre": (1.0, 0.9, 2.0, 0.6),
    "Cpost": (2.0, 0.9, 1.5, 1.2),
    "theta_d": (1.0, 1.0, 1.1, 1.5),
    "theta_p": (1.3, 2.5, 3.5, 1.0),
    "gamma_d": (200.0, 250.0, 60.0, 500.0),
    "gamma_p": (321.8, 550.0, 600.0, 550.0),
    "tau": (15000.0, 30000.0, 5000.0, 2000.0),
    "D": (13.7, 4.6, 0.0, 2.2),
}


def connection(rule: str) -> str:
    return (
        f"connect inputs -> outputs as c:\n    pattern: all_to_all\n    plasticity: {rule}\n"
        "    initial: rho = 0.3\n"
    )


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_flat(tmp_path, lowering):
    text = spec(
        LAYERS, [connection("graupner_brunel_flat")], SETS, ["rho of c every 20 ms"], STEPS, UNITS
    )
    for found in judged(tmp_path, text, lowering):
        rho = calcium.graupner_brunel_flat(
            PRE[int(found.pre)] * DT,
            POST[int(found.post)] * DT,
            rho=0.3,
            stop=STEPS * DT,
            **row(SETS, int(found.block), UNITS),
        )
        np.testing.assert_allclose(found.w, rho, rtol=1e-9)


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_bistable(tmp_path, lowering):
    """Without noise: Euler's method on both sides."""
    sets = {**SETS, "rho_star": (0.5, 0.4, 0.6, 0.5)}
    text = spec(
        LAYERS,
        [connection("graupner_brunel(sigma = 0)")],
        sets,
        ["rho of c every 1 ms"],
        STEPS,
        UNITS,
    )
    tables = run(tmp_path, text, lowering)
    for block in range(4):
        for i, j in ((0, 0), (1, 0), (1, 1)):
            at, got = sampled(tables, variable="rho", block=block, pre=i, post=j)
            path = calcium.graupner_brunel(
                PRE[i] * DT,
                POST[j] * DT,
                dt=DT,
                steps=STEPS + 1,
                rho=0.3,
                **row(sets, block, UNITS),
            )
            np.testing.assert_allclose(got, path[at], rtol=1e-9)


@pytest.mark.parametrize("given", [{}, {"tau": 15.0}, {"tau": 15.0, "gamma_p": 900.0}])
def test_error_of_a_step(given):
    """What the rule's page says of its error, from its reference with steps of dt/10: two pairs."""
    p = {**row(SETS, 0, UNITS), "rho_star": 0.5, "tau": 150.0, **given}
    coarse, fine = (
        calcium.graupner_brunel(
            np.array([0.01, 0.06]),
            np.array([0.02, 0.07]),
            dt=DT / parts,
            steps=1000 * parts,
            rho=0.3,
            **p,
        )[-1]
        for parts in (1, 10)
    )
    error = abs((coarse - fine) / (fine - 0.3))
    said = (p["gamma_p"] + p["gamma_d"]) * DT / (2 * p["tau"])
    assert 0.1 * said < error < 1.2 * said


def test_noise(tmp_path):
    """Above both thresholds rho has drift and noise alone: its variance after a time is known."""
    count = 300
    steps = 2000
    layers = layer("inputs", [np.array([1])], "shared") + layer(
        "outputs", [np.array([], int)] * count, "block"
    )
    sets = {"sigma": (1.0, 2.8284, 5.0, 0.5), "gamma_p": (300.0, 200.0, 500.0, 100.0)}
    rule = "graupner_brunel(tau_Ca = 1e6 second, Cpre = 10, D = 0 ms, tau = 50 second)"
    tables = run(
        tmp_path,
        spec(layers, [connection(rule)], sets, ["rho of c every 200 ms"], steps, {}),
        "synapse",
    )
    for block in range(4):
        p = row(sets, block, {})
        rate = (p["gamma_p"] + 200) / 50
        rest = p["gamma_p"] / (p["gamma_p"] + 200)
        h = (steps - 2) * DT
        mean = rest + (0.3 - rest) * np.exp(-rate * h)
        variance = 2 * p["sigma"] ** 2 / 50 * -np.expm1(-2 * rate * h) / (2 * rate)
        rho = tables["weights"].query("connection == 'c' and block == @block")["w"]
        assert len(rho) == count
        assert abs(rho.mean() - mean) < 5 * np.sqrt(variance / count) + 2e-3
        assert abs(rho.var() / variance - 1) < 5 * np.sqrt(2 / count)
