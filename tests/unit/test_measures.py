"""Measures of blocks against scipy and against plain loops; each block's are its own to the bit."""

import numpy as np
import pytest
from scipy import stats

from stdpdsl.runtime.measures import (
    Elements,
    interval_variation,
    response_measures,
    response_rates,
    settling_time,
    synchrony,
    weight_change,
    weight_measures,
)

RNG = np.random.default_rng(4)
BLOCKS, SYNAPSES = 7, 53
W = np.clip(RNG.normal(0.5, 0.4, (BLOCKS, SYNAPSES)), 0, 1)
W[3] = 0.1
BLOCK = np.repeat(np.arange(BLOCKS), SYNAPSES)


def test_weights():
    found = weight_measures(BLOCK, W.ravel(), 0.0, 1.0, BLOCKS)
    assert found["mean"] == pytest.approx(W.mean(axis=1))
    assert found["sd"] == pytest.approx(W.std(axis=1), abs=1e-12)
    assert found["at_bounds"] == pytest.approx(((W <= 0) | (W >= 1)).mean(axis=1))
    for k, w in enumerate(W):
        counts = np.histogram(w, bins=16, range=(0, 1))[0]
        assert found["entropy"][k] == pytest.approx(stats.entropy(counts, base=2), abs=1e-12)
        if k != 3:
            sarle = (stats.skew(w) ** 2 + 1) / stats.kurtosis(w, fisher=False)
            assert found["bimodality"][k] == pytest.approx(sarle)
    assert np.isnan(found["bimodality"][3])  # all equal
    change = weight_change(BLOCK, W.ravel(), W.ravel() ** 2, BLOCKS)
    assert change == pytest.approx(np.abs(W**2 - W).mean(axis=1))


@pytest.mark.parametrize("value", [0.1, 0.7, 1e-3, 1 / 3, 5e300, 4.9e-324])
def test_a_constant_does_not_spread(value):
    for count in (3, 7, 100, 10_007):
        block = np.zeros(count, int)
        found = weight_measures(block, np.full(count, value), 0.0, 1.0, 1)
        assert (found["mean"][0], found["sd"][0]) == (value, 0)
        assert np.isnan(found["bimodality"][0])
        assert Elements(block, np.zeros(1, int)).sd(np.full(count, value)) == 0


def test_known_distributions():
    two = np.tile([0.0, 1.0], 50)
    found = weight_measures(np.zeros(100, int), two, 0.0, 1.0, 1)
    assert (found["bimodality"], found["entropy"], found["at_bounds"]) == (1, 1, 1)
    even = (np.arange(16000) + 0.5) / 16000
    found = weight_measures(np.zeros(16000, int), even, 0.0, 1.0, 1)
    assert found["entropy"] == pytest.approx(4)
    assert found["bimodality"] == pytest.approx(5 / 9, rel=1e-6)
    normal = stats.norm.ppf(even)
    found = weight_measures(np.zeros(16000, int), normal, -np.inf, np.inf, 1)
    assert found["bimodality"] == pytest.approx(1 / 3, rel=1e-2)
    assert np.isnan(found["entropy"])  # without bounds there are no bins


def test_bounds_of_each_synapse_and_what_is_not_finite():
    high = np.repeat(np.linspace(1, 2, BLOCKS), SYNAPSES)
    values = W.ravel() * high
    values[0] = np.nan
    found = weight_measures(BLOCK, values, 0.0, high, BLOCKS)
    alone = weight_measures(BLOCK, W.ravel(), 0.0, 1.0, BLOCKS)
    assert np.isnan(found["entropy"][0]) and np.isnan(found["mean"][0])
    assert found["entropy"][1:] == pytest.approx(alone["entropy"][1:], abs=0.2)


def test_settling():
    t = np.arange(10) * 0.5
    decay = np.exp(-t / 0.5)
    samples = np.array([decay, -2 * decay, np.ones(10), np.linspace(1, 0.1, 10)])
    block = np.array([0, 0, 1, 3])
    found = settling_time(block, t, samples, np.array([0.0, 0.0, 1.0, 0.0]), 4)
    assert found[0] == t[np.argmax(decay <= 0.05)] == 1.5
    assert found[1] == 0  # never moved
    assert np.isnan(found[2]) and np.isnan(found[3])  # not recorded; still on its way


def spikes_of(rates, steps, seed):
    there = np.random.default_rng(seed).random((len(rates), steps)) < np.asarray(rates)[:, None]
    return np.nonzero(there)


def test_irregularity():
    neuron, step = spikes_of(np.full(8, 0.01), 200_000, 1)
    turned = np.random.default_rng(2).permutation(len(step))
    found = interval_variation(neuron[turned], step[turned], 8, 4)
    each = [np.diff(step[neuron == k]) for k in range(8)]
    each = np.array([gaps.std() / gaps.mean() for gaps in each])
    assert found == pytest.approx([each[:4].mean(), each[4:].mean()])
    assert found == pytest.approx([1, 1], abs=0.05)  # nearly Poisson
    clock = interval_variation(np.zeros(50, int), np.arange(50) * 7, 3, 1)
    assert clock[0] == 0 and np.isnan(clock[1:]).all()  # two never spiked
    few = interval_variation(np.array([0, 0]), np.array([3, 9]), 1, 1)
    assert np.isnan(few[0])  # one interval has no spread


def test_synchrony():
    size, steps, dt = 20, 100_000, 1e-4
    neuron, step = spikes_of(np.full(size, 0.002), steps, 3)
    together = np.tile(np.nonzero(np.random.default_rng(5).random(steps) < 0.002)[0], size)
    owner = np.repeat(np.arange(size), len(together) // size) + size
    found = synchrony(
        np.concatenate([neuron, owner]), np.concatenate([step, together]), 3 * size, size, steps, dt
    )
    counts = np.zeros((size, steps // 50))
    np.add.at(counts, (neuron, step // 50), 1)
    golomb = np.sqrt(counts.mean(axis=0).var() / counts.var(axis=1).mean())
    assert found[0] == pytest.approx(golomb)
    assert found[0] == pytest.approx(1 / np.sqrt(size), abs=0.02)
    assert found[1] == pytest.approx(1)
    assert np.isnan(found[2])  # silent


def test_responses():
    """Two replicates that hear the stimuli in another order; a spike outside counts nowhere."""
    dt, size = 1e-3, 2
    presentations = [
        {
            "onset": np.array([0.1, 0.3, 0.5]),
            "offset": np.array([0.2, 0.4, 0.6]),
            "stimulus": np.array(order),
        }
        for order in ([0, 1, 0], [1, 0, 1])
    ]
    replicates = np.array([0, 1, 1])
    neuron = np.array([0, 0, 0, 0, 1, 2, 3, 3, 4])
    step = np.array([100, 199, 200, 510, 350, 150, 350, 99, 700])
    rates = response_rates(neuron, step, size, replicates, presentations, 0, 1000, dt)
    assert rates == pytest.approx(np.array([[15, 0], [0, 10], [0, 5], [10, 0], [0, 0], [0, 0]]))
    part = response_rates(neuron, step, size, replicates, presentations, 250, 450, dt)
    assert np.isnan(part[:2, 0]).all() and np.isnan(part[2:, 1]).all()  # not heard in this time
    found = response_measures(rates, size)
    assert found["selectivity"] == pytest.approx([1, 1, np.nan], nan_ok=True)
    assert found["sparseness"] == pytest.approx([1, 1, np.nan], nan_ok=True)
    even = response_measures(np.full((4, 3), 8.0), 2)
    assert even["selectivity"] == pytest.approx([0, 0], abs=1e-12)
    rates = np.random.default_rng(0).random((2, 5))
    each = [(1 - r.mean() ** 2 / (r**2).mean()) / (1 - 1 / len(r)) for r in (*rates, *rates.T)]
    found = response_measures(rates, 2)
    assert found["selectivity"] == pytest.approx([np.mean(each[:2])])
    assert found["sparseness"] == pytest.approx([np.mean(each[2:])])


def test_a_block_alone_has_the_same_bits():
    whole = weight_measures(BLOCK, W.ravel(), 0.0, 1.0, BLOCKS)
    size, steps = 5, 20_000
    neuron, step = spikes_of(np.linspace(1e-3, 1e-2, BLOCKS * size), steps, 8)
    variation = interval_variation(neuron, step, BLOCKS * size, size)
    chi = synchrony(neuron, step, BLOCKS * size, size, steps, 1e-4)
    heard = [
        {
            "onset": np.arange(0, 2, 0.1),
            "offset": np.arange(0, 2, 0.1) + 0.07,
            "stimulus": np.tile([2, 0, 1, 3], 5),
        }
    ]
    first = np.zeros(BLOCKS, int)
    rates = response_rates(neuron, step, size, first, heard, 0, steps, 1e-4)
    responses = response_measures(rates, size)
    for k in range(BLOCKS):
        mine = neuron // size == k
        own, when = neuron[mine] - k * size, step[mine]
        alone = weight_measures(np.zeros(SYNAPSES, int), W[k], 0.0, 1.0, 1)
        for name, values in whole.items():
            assert np.array_equal(values[k], alone[name][0], equal_nan=True), name
        assert variation[k] == interval_variation(own, when, size, size)[0]
        assert chi[k] == synchrony(own, when, size, size, steps, 1e-4)[0]
        one = response_rates(own, when, size, first[:1], heard, 0, steps, 1e-4)
        assert np.array_equal(one, rates[k * size : (k + 1) * size])
        for name, values in response_measures(one, size).items():
            assert values[0] == responses[name][k]
