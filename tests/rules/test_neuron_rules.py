"""Rules that need neurons as their target, against their references, in both lowerings."""

from __future__ import annotations

import numpy as np
import pytest
from bench import LOWERINGS
from harness import DELAYS, STEPS, Case, judge, run, spec, trains
from oracles import homeostasis, structural
from oracles.trains import DT, events

BOTH = pytest.mark.parametrize("lowering", LOWERINGS[:2])
STDSP = Case(
    "stdsp",
    lambda made, p, permanence: structural.stdsp(made, p, permanence, z=0.25)[0],
    {
        "lambda_plus": (0.08, 0.03, 0.2, 0.01),
        "lambda_minus": (0.0015, 0.01, 0.1, 0.03),
        "lambda_h": (0.014, -0.02, 0.05, 0.0),
        "zstar": (1.0, 0.1, 2.0, 0.5),
        "tau_plus": (20.0, 10.0, 35.0, 5.0),
        "dt_min": (4.0, 1.0, 2.0, 0.5),
        "dt_max": (80.0, 20.0, 10.0, 5.0),
        "theta": (10.0, 5.0, 8.0, 4.0),
        "Pmax": (20.0, 12.0, 15.0, 10.0),
        "wmax": (1.0, 0.8, 0.9, 1.5),
    },
    start=(2.0, 8.0),
    units={"dt_min": "ms", "dt_max": "ms"},
    neuron=True,
    variable="permanence",
)
HOMEOSTATIC = Case(
    "homeostatic_stdp",
    lambda made, p, w: np.array([w]),  # judged below: its weight changes between events
    {
        "Apre": (2e-3, 5e-3, 1e-3, 4e-3),
        "Apost": (-6.6e-4, -6e-3, -2e-3, -1e-3),
        "taupre": (20.0, 10.0, 35.0, 5.0),
        "taupost": (60.0, 40.0, 15.0, 8.0),
        "scaling": (0.1, 1.0, 0.5, 2.0),
        "stdp": (1.0, 0.5, 2.0, 0.0),
        "sharpness": (50.0, 5.0, 10.0, 1.0),
        "Rtarget": (35.0, 100.0, 60.0, 20.0),
        "T": (500.0, 200.0, 1000.0, 100.0),
        "wmax": (0.8, 0.9, 1.0, 0.75),
    },
    units={"Rtarget": "Hz", "T": "ms"},
    neuron=True,
)


@BOTH
def test_structural_stdp(tmp_path, lowering):
    weights = judge(STDSP, tmp_path, lowering)
    theta = np.array(STDSP.parameters["theta"])[weights["block"].astype(int)]
    wmax = np.array(STDSP.parameters["wmax"])[weights["block"].astype(int)]
    mature = weights["permanence"] >= theta
    assert 0.1 < mature.mean() < 0.9
    np.testing.assert_array_equal(weights["w"], np.where(mature, wmax, 0.0))


@BOTH
def test_homeostatic_stdp(tmp_path, lowering):
    case = HOMEOSTATIC
    pre, post = trains(7)
    tables = run(tmp_path, spec(case, pre, post, "pre first", range(4)), lowering)
    weights = tables["weights"].query("connection != 'force'")
    samples = tables["trajectories"].set_index(["connection", "block", "pre", "post"]).sort_index()
    assert len(weights) == 4 * len(DELAYS) * len(pre) * len(post)
    for row in weights.itertuples():
        axonal, dendritic = DELAYS[int(row.connection[1:])]
        i, j = int(row.pre), int(row.post)
        made = events(pre[i], post[j], axonal, dendritic, stop=STEPS)
        path = homeostasis.homeostatic(
            made, post[j], case.row(int(row.block)), row.w_initial, STEPS
        )
        sampled = samples.loc[(row.connection, row.block, row.pre, row.post)].sort_values("t")
        steps = np.rint(sampled["t"].to_numpy() / DT).astype(int)
        where = f"{row.connection} block {row.block} synapse {i} -> {j}"
        np.testing.assert_allclose(sampled["value"], path[steps], rtol=1e-9, err_msg=where)
        np.testing.assert_allclose(row.w, path[-1], rtol=1e-9, err_msg=where)
        assert abs(path[-1] - path[0]) > 1e-4
