"""The short-term oracles against NEST, which counts time in ms and weighs what a synapse sends."""

from __future__ import annotations

import numpy as np
import pytest
from oracles.short_term import (
    quantal_distribution,
    tsodyks_markram,
    tsodyks_uziel_markram,
)

nest = pytest.importorskip("nest")
pytestmark = pytest.mark.slow

SETS = [
    dict(U=0.5, tau_rec=0.8, tau_fac=0.0),
    dict(U=0.03, tau_rec=0.13, tau_fac=0.53),
    dict(U=0.25, tau_rec=0.2, tau_fac=0.2),
]


@pytest.fixture(autouse=True)
def kernel():
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = 0.1


def spike_train(seed: int, count: int = 60) -> np.ndarray:
    """Spike times in s on the 0.1 ms grid, with gaps from one step to seconds."""
    gaps = np.random.default_rng(seed).lognormal(np.log(200), 1.5, count)
    return np.cumsum(np.maximum(1, gaps.astype(int))) * 1e-4


def sent(model: str, times: np.ndarray, parameters: dict) -> np.ndarray:
    """The weight with which each spike leaves the synapse."""
    recorder = nest.Create("weight_recorder")
    nest.CopyModel(model, "synapse", {"weight_recorder": recorder})
    source = nest.Create("spike_generator", params={"spike_times": np.round(times * 1e3, 1)})
    relay = nest.Create("parrot_neuron")
    nest.Connect(source, relay, syn_spec={"delay": 0.1})
    target = nest.Create("iaf_psc_exp")
    nest.Connect(relay, target, syn_spec={"synapse_model": "synapse", "weight": 1.0, **parameters})
    nest.Simulate(times[-1] * 1e3 + 10)
    return recorder.events["weights"]


def in_ms(parameters: dict) -> dict:
    return {k: v * 1e3 if k.startswith("tau") else v for k, v in parameters.items()}


@pytest.mark.parametrize("parameters", SETS)
def test_tsodyks2(parameters):
    times = spike_train(1)
    u, x = tsodyks_markram(times, **parameters).T
    got = sent("tsodyks2_synapse", times, {**in_ms(parameters), "u": parameters["U"]})
    np.testing.assert_allclose(u * x, got, rtol=1e-9)


@pytest.mark.parametrize("parameters", SETS)
def test_tsodyks(parameters):
    times = spike_train(2)
    u, x, _, _ = tsodyks_uziel_markram(times, tau_I=3e-3, **parameters).T
    got = sent("tsodyks_synapse", times, {**in_ms(parameters), "tau_psc": 3.0})
    np.testing.assert_allclose(u * x, got, rtol=1e-9)


@pytest.mark.parametrize("parameters", SETS)
@pytest.mark.in_turn(1)
def test_quantal(parameters):
    """NEST draws site by site from its own generator, so that the distributions are compared."""
    times, n, synapses = spike_train(3, 12), 5, 4000
    recorder = nest.Create("weight_recorder")
    nest.CopyModel("quantal_stp_synapse", "synapse", {"weight_recorder": recorder})
    source = nest.Create("spike_generator", params={"spike_times": np.round(times * 1e3, 1)})
    relay = nest.Create("parrot_neuron")
    nest.Connect(source, relay, syn_spec={"delay": 0.1})
    targets = nest.Create("parrot_neuron", synapses)  # which integrate nothing
    nest.Connect(
        relay,
        targets,
        syn_spec={
            "synapse_model": "synapse",
            **in_ms(parameters),
            "u": parameters["U"],
            "n": n,
            "a": n,
        },
    )
    nest.Simulate(times[-1] * 1e3 + 10)
    events = recorder.events
    steps = np.rint(events["times"] * 10).astype(int)
    expected = quantal_distribution(times, n=n, **parameters)
    first = np.unique(steps)[0] - round(times[0] * 1e4)
    counts = np.zeros((len(times), n + 1))
    for m, t in enumerate(times):
        here = events["weights"][steps == round(t * 1e4) + first].astype(int)
        counts[m] = np.bincount(here, minlength=n + 1)
    counts[:, 0] = synapses - counts.sum(axis=1)  # NEST sends nothing when no site releases
    sd = np.sqrt(synapses * expected * (1 - expected)) + 1
    assert np.all(np.abs(counts - synapses * expected) < 5 * sd)
