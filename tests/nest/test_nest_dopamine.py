"""The dopamine oracle against NEST's stdp_dopamine_synapse.

NEST's conventions: its delay is dendritic; a pre and a post spike that meet at the synapse make no
pair; spikes of the dopamine neurons arrive over the volume transmitter's own delay; the weight is
that of the last pre spike.
"""

from __future__ import annotations

import numpy as np
import pytest
from oracles.reward import dopamine

nest = pytest.importorskip("nest")
pytestmark = pytest.mark.slow

SETS = [
    dict(w=1.0, A_plus=0.4, A_minus=0.3, b=0.0, wmin=0.0, wmax=200.0),
    dict(w=1.0, A_plus=0.4, A_minus=0.3, b=5.0, wmin=0.0, wmax=200.0),
    dict(w=1.0, A_plus=1.0, A_minus=0.7, b=1.0, wmin=0.9, wmax=1.2),  # meets both bounds
]
TAUS = dict(tau_plus=0.02, tau_minus=0.03, tau_c=0.5, tau_n=0.2)


def steps(seed: int, count: int, low: int = 20) -> np.ndarray:
    """Distinct steps of 0.1 ms; a few hundred spikes meet now and then."""
    draw = np.random.default_rng(seed)
    return np.sort(draw.choice(np.arange(low, 20000, 5), count, replace=False))


def run_nest(pre, post, dopa, p, delay):
    """Spikes at these steps; the weight that each pre spike leaves behind."""
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = 0.1
    trains = [
        nest.Create("spike_generator", params={"spike_times": (s - 1) * 0.1})
        for s in (pre, post, dopa)
    ]
    relays = nest.Create("parrot_neuron", 3)
    for train, relay in zip(trains, relays, strict=True):
        nest.Connect(train, relay, syn_spec={"delay": 0.1})
    relays[1].tau_minus = TAUS["tau_minus"] * 1e3
    volume = nest.Create("volume_transmitter", params={"deliver_interval": 1})
    nest.Connect(relays[2], volume, syn_spec={"delay": delay})
    recorder = nest.Create("weight_recorder")
    nest.CopyModel(
        "stdp_dopamine_synapse",
        "synapse",
        {
            "volume_transmitter": volume,
            "weight_recorder": recorder,
            "A_plus": p["A_plus"],
            "A_minus": p["A_minus"],
            "tau_plus": TAUS["tau_plus"] * 1e3,
            "b": p["b"] * 1e-3,
            "tau_c": TAUS["tau_c"] * 1e3,
            "tau_n": TAUS["tau_n"] * 1e3,
            "Wmin": p["wmin"],
            "Wmax": p["wmax"],
        },
    )
    # Receptor 1 of a parrot learns from the spike but does not repeat it.
    nest.Connect(
        relays[0],
        relays[1],
        syn_spec={
            "synapse_model": "synapse",
            "weight": p["w"],
            "delay": delay,
            "receptor_type": 1,
        },
    )
    nest.Simulate(2100.0)
    return recorder.events["weights"]


@pytest.mark.parametrize("delay", [1.0, 2.5])
@pytest.mark.parametrize("parameters", SETS)
@pytest.mark.in_turn(2)
def test_dopamine(parameters, delay):
    pre, post, dopa = steps(1, 300), steps(2, 300), steps(3, 60)
    got = run_nest(pre, post, dopa, parameters, delay)
    expected, _ = dopamine(
        pre * 1e-4,
        post * 1e-4,
        dopa * 1e-4,
        **parameters,
        **TAUS,
        ties=False,
        shift={"post": delay * 1e-3, "dopa": delay * 1e-3},
    )
    np.testing.assert_allclose(expected, got, rtol=1e-6)
    assert np.ptp(expected) > 0.1
    assert parameters["wmax"] == 200.0 or {0.9, 1.2} <= set(expected)
