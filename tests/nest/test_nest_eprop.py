"""The e-prop oracle against NEST's eprop_synapse_bsshslm_2020, without and with adaptation.

Conventions of NEST: weights change once per update interval, for which all filters start anew; both
filters are normalised (a spike counts 1 - alpha, an eligibility 1 - kappa); the learning signal is
used with the state of three steps before, for it has passed two delays and the readout.
"""

from __future__ import annotations

import numpy as np
import pytest
from oracles.eprop import eprop

nest = pytest.importorskip("nest")
pytestmark = pytest.mark.slow

INTERVAL, INTERVALS, ETA = 1000, 3, 1e-3
TAU_M, TAU_OUT = 20.0, 30.0
LAG, SHIFT = 3, 2
BETA, TAU_A = 0.3, 200.0


@pytest.mark.parametrize("adaptive", [False, True])
def test_eprop(adaptive):
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.set(
        resolution=1.0,
        eprop_update_interval=INTERVAL,
        eprop_learning_window=INTERVAL,
        eprop_reset_neurons_on_update=False,
    )
    steps = INTERVAL * (INTERVALS + 1)
    rng = np.random.default_rng(1)
    pre, kicks = (np.flatnonzero(rng.random(steps) < p)[1:].astype(float) for p in (0.05, 0.1))
    pre = pre[(pre + 1) % INTERVAL != 0]  # NEST drops a spike at the very update
    adapts = {"adapt_beta": BETA, "adapt_tau": TAU_A} if adaptive else {}
    kind = "eprop_iaf_adapt_bsshslm_2020" if adaptive else "eprop_iaf_bsshslm_2020"
    neuron = nest.Create(
        kind,
        1,
        {
            "C_m": 1.0,
            "E_L": 0.0,
            "V_th": 1.0,
            "V_m": 0.0,
            "tau_m": TAU_M,
            "t_ref": 0.0,
            "c_reg": 0.0,
            "surrogate_gradient_height": 0.3,
            "surrogate_gradient_width": 1.0,
            "regular_spike_arrival": False,
            **adapts,
        },
    )
    readout = nest.Create(
        "eprop_readout_bsshslm_2020",
        1,
        {
            "C_m": 1.0,
            "E_L": 0.0,
            "tau_m": TAU_OUT,
            "loss": "mean_squared_error",
            "regular_spike_arrival": False,
        },
    )
    times = np.arange(1.0, steps)
    target = nest.Create(
        "step_rate_generator",
        1,
        {
            "amplitude_times": times,
            "amplitude_values": np.sin(times / 100),
        },
    )
    relays = nest.Create("parrot_neuron", 2)
    for train, relay in zip((pre, kicks), relays, strict=True):
        generator = nest.Create("spike_generator", params={"spike_times": train})
        nest.Connect(generator, relay)
    recorder = nest.Create("weight_recorder")
    meter = nest.Create(
        "multimeter",
        params={
            "interval": 1.0,
            "record_from": ["surrogate_gradient", "learning_signal"],
        },
    )
    spikes = nest.Create("spike_recorder")
    optimizer = {"type": "gradient_descent", "batch_size": 1, "eta": ETA}
    nest.SetDefaults(
        "eprop_synapse_bsshslm_2020",
        {
            "optimizer": {**optimizer, "Wmin": -100.0, "Wmax": 100.0},
            "average_gradient": False,
        },
    )
    nest.CopyModel("eprop_synapse_bsshslm_2020", "judged", {"weight_recorder": recorder})
    plastic = {"delay": 1.0, "tau_m_readout": TAU_OUT}
    nest.Connect(relays[1], neuron, syn_spec={"weight": 0.6, "delay": 1.0})
    nest.Connect(relays[0], neuron, syn_spec={"synapse_model": "judged", "weight": 0.5, **plastic})
    nest.Connect(
        neuron,
        readout,
        syn_spec={
            "synapse_model": "eprop_synapse_bsshslm_2020",
            "weight": 0.3,
            **plastic,
        },
    )
    nest.Connect(
        readout,
        neuron,
        syn_spec={
            "synapse_model": "eprop_learning_signal_connection_bsshslm_2020",
            "delay": 1.0,
            "weight": 0.7,
        },
    )
    nest.Connect(
        target,
        readout,
        syn_spec={
            "synapse_model": "rate_connection_delayed",
            "delay": 1.0,
            "receptor_type": 2,
        },
    )
    nest.Connect(meter, neuron)
    nest.Connect(relays[0], spikes)
    nest.Simulate(steps)

    weights = recorder.events["weights"]
    got = np.concatenate([[0.5], weights[1:][np.diff(weights) != 0]])
    psi, L = meter.events["surrogate_gradient"], meter.events["learning_signal"]
    arrived = np.bincount(spikes.events["times"].astype(int) - 1, minlength=len(psi))
    alpha, kappa = np.exp(-1 / TAU_M), np.exp(-1 / TAU_OUT)
    slow = {"beta": BETA, "rho": np.exp(-1 / TAU_A)} if adaptive else {}
    expected = [0.5]
    for k in range(INTERVALS):
        here = slice(k * INTERVAL + SHIFT, (k + 1) * INTERVAL + SHIFT)
        gradient = eprop(
            arrived[: len(psi)][here],
            psi[here],
            np.roll(L, -LAG)[here],
            alpha=alpha,
            kappa=kappa,
            **slow,
        )
        expected.append(expected[-1] - ETA * (1 - alpha) * (1 - kappa) * gradient.sum())
    assert len(got) == INTERVALS + 1 and np.ptp(got) > 1e-4
    np.testing.assert_allclose(np.array(expected) - 0.5, got - 0.5, rtol=1e-6, atol=1e-12)
