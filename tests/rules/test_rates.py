"""Oja, BCM and BCPNN against the numerical and the matrix solution of their equations."""

from __future__ import annotations

import numpy as np
import pytest
from bench import DT, LOWERINGS, judged, layer, row, spec, train
from oracles import rates

STEPS = 8000
END = STEPS * DT
PRE = [train(seed, 60, STEPS, step=5) for seed in range(2)]
POST = [train(seed + 10, 60, STEPS, step=5) for seed in range(2)]
LAYERS = layer("inputs", PRE, "shared") + layer("outputs", POST, "block")


def judge(tmp_path, lowering, rule, sets, units, start, reference):
    connection = (
        f"connect inputs -> outputs as c:\n    pattern: all_to_all\n    plasticity: {rule}\n{start}"
    )
    text = spec(LAYERS, [connection], sets, ["w of c every 20 ms"], STEPS, units)
    for found in judged(tmp_path, text, lowering):
        p = row(sets, int(found.block), units)
        expected = reference(PRE[int(found.pre)] * DT, POST[int(found.post)] * DT, p)
        for name, value in expected.items():
            np.testing.assert_allclose(getattr(found, name), value, rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_oja(tmp_path, lowering):
    sets = {"eta": (1e-3, 1e-2, 1e-1, 1e-4), "tau": (100.0, 50.0, 20.0, 500.0)}

    def reference(pre, post, p):
        return dict(zip(("w", "x", "y"), rates.oja(pre, post, w=0.4, stop=END, **p), strict=True))

    judge(tmp_path, lowering, "oja", sets, {"eta": "second"}, "    initial: w = 0.4\n", reference)


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_bcm(tmp_path, lowering):
    sets = {
        "eta": (1e-6, 1e-5, 1e-7, 1e-6),
        "tau": (100.0, 50.0, 20.0, 300.0),
        "tau_theta": (1000.0, 200.0, 500.0, 2000.0),
        "y_target": (30.0, 50.0, 10.0, 70.0),
        "wmin": (0.0, 0.0, 0.3, 0.35),
        "wmax": (1.0, 0.6, 0.5, 0.45),
    }

    def reference(pre, post, p):
        found = rates.bcm(pre, post, w=0.4, stop=END, **p)
        return dict(zip(("w", "x", "y", "theta"), found, strict=True))

    units = {"eta": "second**2", "y_target": "Hz"}
    judge(tmp_path, lowering, "bcm", sets, units, "    initial: w = 0.4\n", reference)


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_bcpnn(tmp_path, lowering):
    sets = {
        "tau_zi": (10.0, 5.0, 20.0, 30.0),
        "tau_zj": (10.0, 15.0, 50.0, 5.0),
        "tau_e": (100.0, 80.0, 40.0, 200.0),
        "tau_p": (10000.0, 1000.0, 500.0, 2000.0),
        "kappa": (1.0, 0.0, 0.5, 2.0),
        "f_max": (20.0, 50.0, 100.0, 75.0),
        "w_gain": (1.0, 2.0, 0.5, 3.0),
    }

    def reference(pre, post, p):
        gain = p.pop("w_gain")
        floor = 1 / (p["f_max"] * p["tau_p"])
        Pi, Pj, Pij = rates.bcpnn(pre, post, floor=floor, stop=END, **p)
        return {
            "Pi": Pi,
            "Pj": Pj,
            "Pij": Pij,
            "bias": np.log(Pj),
            "w": gain * np.log(Pij / Pi / Pj),
        }

    judge(tmp_path, lowering, "bcpnn", sets, {"f_max": "Hz"}, "", reference)
