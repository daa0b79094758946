"""One network of several rules on every target: the results are NumPy's.

Where a rule computes no exponential they are the same to the last bit; else the libraries' `exp`
may differ in its last digit, and so may what is made of it.
"""

from __future__ import annotations

import numpy as np
import pytest
from bench import layer, train
from harness import run

STEPS = 5000
PRE = [train(seed, 60, STEPS, step=5) for seed in range(3)]
KICKS = [train(seed + 10, 60, STEPS, step=5) for seed in range(2)]
RULES = {
    "counted": ("counting", ["A = [0.1, 0.3]"]),
    "additive": ("pair_additive(wmax = 0.8)", ["taupre = [10, 30] ms"]),
    "triple": ("triplet.hippocampus_full", ["tau_x = [900, 100] ms"]),
    "inhibitory": ("vogels(eta = 0.01)", ["rho0 = [5, 20] Hz"]),
    "short_term": ("tsodyks_markram(U = 0.4), fixed_weight()", ["tau_rec = [200, 600] ms"]),
    "by_voltage": ("clopath", ["A_LTD = [14e-5, 50e-5] mV**-1"]),
}
"""Connections: their rules, and what is swept."""

SPEC = (
    f"""model targets

rule counting:
    parameters:
        A = 0.1
    equations:
        w : 1 in [0, 1]
        seen : 1
    on pre:
        deliver w
        seen = seen/3 + A
        w -= 0.2*w*seen
    on post:
        w += (1 - w)*seen/7

{layer("inputs", PRE, "shared")}
{layer("teachers", KICKS, "shared")}
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
    weight: 35 mV
    deliver: w to v

"""
    + "".join(
        f"connect inputs -> outputs as {name}:\n    pattern: all_to_all\n    plasticity: {rule}\n"
        f"    deliver: {'w * 0.1 mV' if name == 'short_term' else '0 * w * 1 mV'} to v\n"
        "    initial: w = uniform(0.2, 0.7)\n\n"
        for name, (rule, _) in RULES.items()
    )
    + "sweep:\n    zip:\n"
    + "".join(f"        {name}.{axis}\n" for name, (_, axes) in RULES.items() for axis in axes)
    + "\nrecord:\n    spikes of outputs\n"
    + "".join(
        f"    {'u, z' if name == 'short_term' else 'w'} of {name} every 5 ms\n" for name in RULES
    )
    + f"\nrun:\n    duration: {STEPS / 10} ms\n    dt: 0.1 ms\n    seed: 3\n"
)


@pytest.fixture(scope="module")
def by_numpy(tmp_path_factory):
    return run(tmp_path_factory.mktemp("numpy"), SPEC, "synapse", "numpy")


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("cython", marks=pytest.mark.compiled),
        pytest.param("cpp_standalone", marks=pytest.mark.slow),
    ],
)
def test_the_results_are_numpys(tmp_path, by_numpy, target, monkeypatch):
    monkeypatch.delenv("TESTS_HEADERS", raising=False)  # a program includes what it needs by itself
    tables = run(tmp_path, SPEC, "synapse", target)
    keys = ["connection", "block", "pre", "post"]
    largest = {}
    for name in RULES:
        for table, column, order in (
            ("weights", "w", keys),
            ("trajectories", "value", [*keys, "variable", "t"]),
        ):
            mine, numpys = (
                found[table][found[table]["connection"] == name]
                .sort_values(order)[column]
                .to_numpy()
                for found in (tables, by_numpy)
            )
            assert len(mine) == len(numpys) and np.ptp(numpys) > 1e-3
            scale = np.maximum(np.abs(numpys), 1e-300)
            off = float((np.abs(mine - numpys) / scale).max())
            largest[name] = max(largest.get(name, 0.0), off)
    print(f"{target}: largest relative differences {largest}")
    assert largest.pop("counted") == 0
    assert max(largest.values()) < 1e-12
