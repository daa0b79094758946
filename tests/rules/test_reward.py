"""Three-factor rules against their references: dopamine spikes and continuous rewards."""

from __future__ import annotations

import numpy as np
import pytest
from bench import DT, LOWERINGS, judged, layer, row, run, sampled, spec, train
from harness import outputs
from oracles import rates, reward

STEPS = 8000
# Coarse grids, so that spikes of all three meet.
PRE = [train(seed, 50, STEPS, step=5) for seed in range(3)]
POST = [train(seed + 10, 50, STEPS, step=5) for seed in range(3)]
DOPA = train(20, 25, STEPS, step=5)
TRAINS = layer("inputs", PRE, "shared") + outputs(POST, neuron=True)
CONTROLLER = """
neuron modulator:
    equations:
        dG/dt = -G/(300 ms) : {unit}
    initial: G = {start}

layer controller:
    neuron: modulator
    size: 1
"""


def controller(t: float, start: float) -> float:
    """A port's value is that of the step's start."""
    return start * np.exp(-t / 0.3)


def connection(rule: str, start: str, more: str = "") -> str:
    return (
        f"connect inputs -> outputs as c:\n    pattern: all_to_all\n    plasticity: {rule}\n"
        f"    deliver: 0 * w to v\n    initial: w = {start}\n{more}"
    )


DOPAMINE = {
    "A_plus": (1.0, 0.4, 1.0, 2.0),
    "A_minus": (1.5, 0.3, 0.7, 1.0),
    "tau_plus": (20.0, 30.0, 10.0, 15.0),
    "tau_minus": (20.0, 15.0, 40.0, 10.0),
    "tau_c": (1000.0, 500.0, 100.0, 300.0),
    "tau_n": (200.0, 50.0, 100.0, 20.0),
    "b": (0.0, 5.0, 1.0, 0.5),
    "wmin": (0.0, -20.0, 0.4, 0.4),
    "wmax": (1.0, 40.0, 0.6, 0.7),
}


@pytest.mark.parametrize("lowering", LOWERINGS)
@pytest.mark.parametrize("delays", [(0, 0), (7, 0), (0, 12)])
@pytest.mark.parametrize("ties", ["pre first", "post first"])
def test_dopamine(tmp_path, lowering, delays, ties):
    units = {"b": "Hz"}
    axonal, dendritic = delays
    more = f"    axonal delay: {axonal / 10} ms\n" * bool(axonal)
    more += f"    dendritic delay: {dendritic / 10} ms\n" * bool(dendritic)
    more += f"    ties: {ties}\n" * (ties != "pre first")
    text = spec(
        TRAINS + layer("VTA", [DOPA], "shared"),
        [connection("dopamine(reward = spikes of VTA)", "0.5", more)],
        DOPAMINE,
        ["w of c every 20 ms"],
        STEPS,
        units,
    )
    for found in judged(tmp_path, text, lowering):
        p = row(DOPAMINE, int(found.block), units)
        kinds = ("pre", "post") if ties == "pre first" else ("post", "pre")
        _, w = reward.dopamine(
            PRE[int(found.pre)] * DT,
            POST[int(found.post)] * DT,
            DOPA * DT,
            w=0.5,
            **p,
            order=(*kinds, "dopa"),
            shift={"pre": axonal * DT, "post": dendritic * DT},
            stop=STEPS * DT,
        )
        np.testing.assert_allclose(found.w, w, rtol=1e-9, atol=1e-12)


MSTDP = {
    "eta": (0.1, 0.05, 0.02, 0.5),
    "A_plus": (1.0, 0.4, 1.0, 2.0),
    "A_minus": (-1.0, -0.3, -0.7, -1.0),
    "tau_plus": (20.0, 30.0, 10.0, 15.0),
    "tau_minus": (20.0, 15.0, 40.0, 10.0),
    "wmin": (-10.0, 0.0, 0.4, 0.45),
    "wmax": (10.0, 1.0, 0.6, 0.6),
}


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_mstdp(tmp_path, lowering):
    text = spec(
        TRAINS + CONTROLLER.format(unit="1", start="-2"),
        [connection("mstdp(r = G of controller)", "0.5")],
        MSTDP,
        ["w of c every 20 ms"],
        STEPS,
        {},
    )
    for found in judged(tmp_path, text, lowering):
        p = row(MSTDP, int(found.block), {})
        p["gamma"] = p.pop("eta")
        w = reward.mstdp(
            PRE[int(found.pre)] * DT,
            POST[int(found.post)] * DT,
            lambda t: controller(t, -2),
            w=0.5,
            **p,
        )
        np.testing.assert_allclose(found.w, w, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_mstdpet(tmp_path, lowering):
    sets = {
        **MSTDP,
        "eta": (0.625, 0.25, 0.1, 2.0),
        "tau_z": (25.0, 50.0, 10.0, 100.0),
        "step": (1.0, 0.1, 1.0, 2.0),
    }
    units = {"step": "ms"}
    text = spec(
        TRAINS + CONTROLLER.format(unit="1", start="2"),
        [connection("mstdpet(r = G of controller)", "0.5")],
        sets,
        ["w of c every 1 ms", "G of controller every 0.1 ms"],
        STEPS,
        units,
    )
    tables = run(tmp_path, text, lowering)
    _, r = sampled(tables, variable="G", block=0)
    for block in range(4):
        p = row(sets, block, units)
        p["gamma"] = p.pop("eta")
        for i, j in ((0, 0), (1, 2)):
            at, got = sampled(tables, variable="w", block=block, pre=i, post=j)
            path = reward.mstdpet(PRE[i] * DT, POST[j] * DT, r, dt=DT, w=0.5, **p)
            np.testing.assert_allclose(got[1:], path[at[1:] - 1], rtol=1e-9, atol=1e-12)


ZENKE = {
    "eta": (1e-3, 2e-2, 5e-3, 1e-2),
    "H_target": (4.0, 1.0, 10.0, 2.0),
    "tau_z": (20.0, 10.0, 50.0, 30.0),
    "wmin": (0.0, -10.0, 0.4, 0.4),
    "wmax": (1.0, 10.0, 0.6, 0.7),
}


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_zenke_agnes_gerstner(tmp_path, lowering):
    units = {"eta": "second", "H_target": "Hz"}
    text = spec(
        TRAINS + CONTROLLER.format(unit="Hz", start="12 Hz"),
        [connection("zenke_agnes_gerstner(H = G of controller)", "0.5", "    delay: 0.7 ms\n")],
        ZENKE,
        ["w of c every 20 ms"],
        STEPS,
        units,
    )
    for found in judged(tmp_path, text, lowering):
        w = rates.zenke_agnes_gerstner(
            PRE[int(found.pre)] * DT,
            POST[int(found.post)] * DT,
            lambda t: controller(t, 12.0),
            w=0.5,
            shift={"pre": 7 * DT},
            stop=STEPS * DT,
            **row(ZENKE, int(found.block), units),
        )
        np.testing.assert_allclose(found.w, w, rtol=1e-9, atol=1e-12)
