"""Rules that follow the target's potential, on the same grid as their references.

Teachers kick the target's neurons; the potentials that the references take are the recorded ones.
"""

from __future__ import annotations

import numpy as np
import pytest
from bench import DT, LOWERINGS, layer, row, run, sampled, spec, train
from oracles import eprop, voltage

from stdpdsl.verify.voltage import PROGRAM

STEPS = 6000
PRE = [train(seed, 40, STEPS, step=5) for seed in range(2)]
KICKS = [train(seed + 10, 60, STEPS, step=5) for seed in range(2)]
REST, TAU_M = -70.6e-3, 15e-3
LAYERS = (
    layer("inputs", PRE, "shared")
    + layer("teachers", KICKS, "shared")
    + """
neuron cell:
    equations:
        dv/dt = (-70.6 mV - v)/(15 ms) : volt
    threshold: v > -40 mV
    reset: v = -60 mV
    initial: v = -70.6 mV

layer outputs:
    neuron: cell
    size: 2

connect teachers -> outputs as force:
    pattern: one_to_one
    weight: 14 mV
    deliver: w to v
"""
)


def connection(rule: str, target: str) -> str:
    return (
        f"connect inputs -> outputs as c:\n    pattern: all_to_all\n    plasticity: {rule}\n"
        f"    deliver: 0 * w * {target}\n    initial: w = 0.5\n"
    )


def counts(steps: np.ndarray) -> np.ndarray:
    return np.bincount(steps, minlength=STEPS + 1)[: STEPS + 1]


def filtered(v: np.ndarray, tau: float) -> np.ndarray:
    """The average over tau of a potential that relaxes to REST with TAU_M during each step, at the
    steps' starts."""
    out = np.empty(len(v))
    low = 0.0
    gain = TAU_M / (TAU_M - tau) * (np.exp(-DT / TAU_M) - np.exp(-DT / tau))
    for k, value in enumerate(v):
        out[k] = low
        low = low * np.exp(-DT / tau) + (value - REST) * gain
    return out + REST


CLOPATH = {
    "A_LTD": (0.14, 1.4, 5.0, 3.0),
    "A_LTP": (80.0, 800.0, 1500.0, 2500.0),
    "theta_minus": (-70.6, -65.0, -60.0, -69.0),
    "theta_plus": (-45.3, -50.0, -55.0, -48.0),
    "tau_x": (16.0, 30.0, 10.0, 20.0),
    "tau_minus": (10.0, 6.0, 20.0, 12.0),
    "tau_plus": (7.0, 5.0, 30.0, 9.0),
    "wmin": (0.0, 0.0, 0.4, 0.45),
    "wmax": (3.0, 2.0, 0.6, 0.55),
}
UNITS = {
    "A_LTD": "mV**-1",
    "A_LTP": "mV**-2",
    "theta_minus": "mV",
    "theta_plus": "mV",
    "v_ref2": "mV**2",
}


@pytest.mark.parametrize("lowering", LOWERINGS)
@pytest.mark.parametrize("homeostatic", [False, True])
def test_clopath(tmp_path, lowering, homeostatic):
    rule, sets = "clopath", CLOPATH
    if homeostatic:
        rule = "clopath_homeostatic"
        sets = {
            **CLOPATH,
            "tau_mean": (1000.0, 300.0, 100.0, 500.0),
            "v_ref2": (60.0, 30.0, 100.0, 9.0),
        }
    sets = {
        n: tuple(x * {"A_LTD": 1e-3, "A_LTP": 1e-6}.get(n, 1) for x in v) for n, v in sets.items()
    }
    text = spec(
        LAYERS,
        [connection(rule, "1 mV to v")],
        sets,
        ["w of c every 0.1 ms", "v of outputs every 0.1 ms"],
        STEPS,
        UNITS,
    )
    tables = run(tmp_path, text, lowering)
    for block in range(4):
        p = row(sets, block, UNITS)
        tau_low, tau_plus = p.pop("tau_minus"), p.pop("tau_plus")
        for i, j in ((0, 0), (1, 0), (1, 1)):
            at, got = sampled(tables, variable="w", block=block, pre=i, post=j)
            _, v = sampled(tables, variable="v", block=block, neuron=j)
            q = dict(p)
            # Potentiation takes the potentials of the step's start, a spike those of its end.
            low = np.append(filtered(v, tau_low)[1:], np.nan)
            if homeostatic:
                mean = np.append(filtered(v, q.pop("tau_mean"))[1:], np.nan) - REST
                q["A_LTD"] = q["A_LTD"] * mean**2 / q.pop("v_ref2")
            path = voltage.clopath(counts(PRE[i]), v, low, filtered(v, tau_plus), dt=DT, w=0.5, **q)
            assert np.ptp(path) > 1e-3
            np.testing.assert_allclose(got[1:], path[at[1:] - 1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_clopath_delayed(tmp_path, lowering):
    """The averages are the target's own."""
    own = "        dv_low/dt = (v - v_low)/(10 ms) : volt\n"
    own += "        dv_plus/dt = (v - v_plus)/(7 ms) : volt\n"
    layers = LAYERS.replace("    threshold", own + "    threshold")
    sets = {n: v for n, v in CLOPATH.items() if n not in ("tau_minus", "tau_plus")}
    sets |= {"A_LTD": (1.4e-4, 1.4e-3, 5e-3, 3e-3), "A_LTP": (8e-5, 8e-4, 1.5e-3, 2.5e-3)}
    text = spec(
        layers,
        [connection("clopath_delayed", "1 mV to v")],
        sets,
        ["w of c every 0.1 ms", "v, v_low, v_plus of outputs every 0.1 ms"],
        STEPS,
        UNITS,
    )
    tables = run(tmp_path, text, lowering)
    for block in range(4):
        for i, j in ((0, 0), (1, 0), (1, 1)):
            at, got = sampled(tables, variable="w", block=block, pre=i, post=j)
            v, low, plus = (
                sampled(tables, variable=name, block=block, neuron=j)[1]
                for name in ("v", "v_low", "v_plus")
            )
            path = voltage.clopath(
                counts(PRE[i]),
                v,
                np.append(low[1:], np.nan),
                plus,
                dt=DT,
                w=0.5,
                **row(sets, block, UNITS),
            )
            assert np.ptp(path) > 1e-3
            np.testing.assert_allclose(got[1:], path[at[1:] - 1], rtol=1e-9, atol=1e-12)


def test_the_numbers_of_the_authors_program():
    """`stdpdsl verify` compares with what our transcription of it gives."""
    for (frequency, lag), published in PROGRAM.items():
        bursts = 10 if frequency < 1 else 15
        change = voltage.clopath_program(round(1000 / frequency), lag) * bursts / 0.5
        assert change == pytest.approx(published, abs=1e-8)


PREDICTED = """
neuron cell:
    equations:
        dv_star/dt = -v_star/(15 ms) : volt
        v : 1
    threshold: v > 0.5
    reset: v = 0

layer outputs:
    neuron: cell
    size: 2

connect teachers -> outputs as force:
    pattern: one_to_one
    weight: 1
    deliver: w to v

connect drivers -> outputs as driving:
    pattern: one_to_one
    weight: 0.7 mV
    deliver: w to v_star
"""


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_urbanczik_senn(tmp_path, lowering):
    drive = [train(seed + 20, 80, STEPS) for seed in range(2)]
    layers = layer("inputs", PRE, "shared") + layer("drivers", drive, "shared")
    layers += layer("teachers", [k - 1 for k in KICKS], "shared") + PREDICTED
    sets = {
        "eta": (7e-4, 7e-3, 2e-3, 1e-3),
        "tau_delta": (100.0, 50.0, 200.0, 30.0),
        "tau_L": (10.0, 15.0, 20.0, 12.0),
        "tau_s": (3.0, 5.0, 2.0, 4.0),
        "phi_max": (150.0, 100.0, 50.0, 200.0),
        "k": (0.5, 1.0, 2.0, 0.3),
        "slope": (5.0, 3.0, 1.0, 2.0),
        "theta": (1.0, 1.2, 0.5, 2.0),
    }
    units = {"eta": "mV*second", "phi_max": "Hz", "slope": "mV**-1", "theta": "mV"}
    text = spec(
        layers,
        [connection("urbanczik_senn", "1 to v")],
        sets,
        ["w of c every 0.1 ms", "v_star of outputs every 0.1 ms"],
        STEPS,
        units,
    )
    tables = run(tmp_path, text, lowering)
    for block in range(4):
        p = row(sets, block, units)
        p["beta"] = p.pop("slope")
        for i, j in ((0, 0), (1, 0), (1, 1)):
            at, got = sampled(tables, variable="w", block=block, pre=i, post=j)
            _, v = sampled(tables, variable="v_star", block=block, neuron=j)
            trains = counts(PRE[i]), counts(KICKS[j])
            path = voltage.urbanczik_senn_flow(*trains, v, dt=DT, w=0.5, **p)
            assert np.ptp(path) > 1e-3
            np.testing.assert_allclose(got, path[at], rtol=1e-9, atol=1e-12)
            # The reference that NEST agrees with sums over the same steps, each at its end.
            summed = voltage.urbanczik_senn(*trains, v, dt=DT, w=0.5, **p)
            assert np.abs(path - summed).max() < 0.1 * np.ptp(path)


LEARNER = """
neuron cell:
    equations:
        dv/dt = (-70 mV - v)/(20 ms) : volt
        dA/dt = (-50 mV - A)/(200 ms) : volt
        dL/dt = -L/(100 ms) : 1
    threshold: v > A
    reset:
        v = -70 mV
        A += 1 mV
    initial:
        v = -70 mV
        A = -50 mV
        L = 1

layer outputs:
    neuron: cell
    size: 2

connect teachers -> outputs as force:
    pattern: one_to_one
    weight: 14 mV
    deliver: w to v
"""


@pytest.mark.parametrize("lowering", LOWERINGS)
@pytest.mark.parametrize("adaptive", [False, True])
def test_eprop(tmp_path, lowering, adaptive):
    layers = layer("inputs", PRE, "shared") + layer("teachers", KICKS, "shared") + LEARNER
    sets = {
        "eta": (1e-4, 1e-3, 1e-2, 5e-4),
        "dampening": (0.3, 0.5, 1.0, 0.2),
        "v_scale": (20.0, 10.0, 30.0, 15.0),
        "tau_m": (20.0, 10.0, 30.0, 5.0),
        "tau_out": (20.0, 50.0, 10.0, 40.0),
        "step": (1.0, 0.1, 0.5, 2.0),
    }
    if adaptive:
        sets |= {"strength": (0.07, 1.7, 0.5, 0.0), "tau_a": (200.0, 100.0, 50.0, 500.0)}
    else:
        sets |= {"v_th": (-50.0, -55.0, -60.0, -45.0)}
    units = {"v_scale": "mV", "v_th": "mV", "step": "ms"}
    rule = "eprop_adaptive" if adaptive else "eprop"
    text = spec(
        layers,
        [connection(rule, "1 mV to v")],
        sets,
        ["w of c every 0.1 ms", "v, A, L of outputs every 0.1 ms"],
        STEPS,
        units,
    )
    tables = run(tmp_path, text, lowering)
    for block in range(4):
        p = row(sets, block, units)
        for i, j in ((0, 0), (1, 0), (1, 1)):
            at, got = sampled(tables, variable="w", block=block, pre=i, post=j)
            v, A, L = (
                sampled(tables, variable=name, block=block, neuron=j)[1] for name in ("v", "A", "L")
            )
            threshold = A if adaptive else p["v_th"]
            psi = p["dampening"] * np.maximum(0, 1 - np.abs((v - threshold) / p["v_scale"]))
            path = eprop.eprop_flow(
                counts(PRE[i]),
                psi,
                L,
                dt=DT,
                step=p["step"],
                tau_m=p["tau_m"],
                tau_out=p["tau_out"],
                beta=p.get("strength", 0.0),
                tau_a=p.get("tau_a", np.inf),
            )
            assert np.ptp(path) > 0
            np.testing.assert_allclose(got, 0.5 - p["eta"] * path[at], rtol=1e-9, atol=1e-12)


def test_names_do_not_matter(tmp_path):
    """Brian2 updates objects in the order of their names: synapses are to come before cells."""
    found = []
    for name in ("c", "zulu"):
        text = spec(
            LAYERS,
            [connection("clopath", "1 mV to v").replace("as c:", f"as {name}:")],
            {"A_LTP": (8e-4, 8e-3, 8e-5, 8e-6)},
            [f"w of {name} every 100 ms"],
            STEPS,
            UNITS,
            [name],
        )
        (tmp_path / name).mkdir()
        weights = run(tmp_path / name, text, "synapse")["weights"]
        found.append(weights[weights["connection"] == name]["w"].to_numpy())
    np.testing.assert_allclose(*found, rtol=1e-9)
