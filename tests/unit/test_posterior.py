"""Posteriors beside closed forms, and whether the truth lies where they say it does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from stdpdsl.check.search_plan import INFERENCE, Plan
from stdpdsl.search.posterior import Posterior, effective, quantiles

LAGS = np.array([-60, -40, -25, -15, -8, -3, 3, 8, 15, 25, 40, 60]) * 1e-3  # s
ERROR = 0.02


def run(misfit, axes, trials=1500, batch=150, seed=1):
    sampler = Posterior(Plan(INFERENCE, trials, batch, seed, 0), axes)
    for _ in range(trials // batch):
        points = sampler.ask(batch)
        assert points.shape == (batch, axes) and np.all((points >= 0) & (points <= 1))
        sampler.tell(misfit(points)[:, None], np.zeros(batch))
    return sampler


def test_a_normal_posterior():
    """Of a normal likelihood: its mean and covariance, far inside the cube."""
    mean, cov = np.array([0.4, 0.6]), 1e-3 * np.array([[1.0, 0.8], [0.8, 2.0]])
    inverse = np.linalg.inv(cov)

    def misfit(x):
        return 0.5 * np.einsum("ni,ij,nj->n", x - mean, inverse, x - mean)

    sampler = run(misfit, 2)
    w, x = sampler.weights(), sampler.points
    assert effective(w) > 500
    assert np.allclose(w @ x, mean, atol=4e-3)
    off = x - w @ x
    assert np.allclose((off * w[:, None]).T @ off, cov, rtol=0.2, atol=1e-4)


def test_a_posterior_at_the_edge():
    """Of exp(-x/0.05) on [0, 1]: mean 0.05, median 0.05 log 2; the truncated proposals' mass
    outside is accounted for."""
    sampler = run(lambda x: x[:, 0] / 0.05 + 0.5 * ((x[:, 1] - 0.5) / 0.1) ** 2, 2, trials=3000)
    w, x = sampler.weights(), sampler.points
    assert abs(w @ x[:, 0] - 0.05) < 0.005
    low, median = quantiles(x[:, 0], w, [0.05, 0.5])
    assert abs(median - 0.05 * np.log(2)) < 0.005 and abs(low + 0.05 * np.log(0.95)) < 0.002


def test_trials_without_a_value_have_no_weight():
    sampler = run(lambda x: np.where(x[:, 0] < 0.5, np.nan, 10 * (x[:, 0] - 0.6) ** 2), 2)
    assert sampler.weights()[sampler.points[:, 0] < 0.5].sum() == 0


def test_the_same_seed_asks_the_same():
    def misfit(x):
        return 50 * np.sum((x - 0.5) ** 2, axis=1)

    a, b = run(misfit, 3, 300), run(misfit, 3, 300)
    assert np.array_equal(a.points, b.points) and np.array_equal(a.weights(), b.weights())


def window(u):
    """Of a pair rule, at each lag: amplitudes to 1, time constants of 5 to 50 ms."""
    up, down = u[:, :1], u[:, 1:2]
    tau_up, tau_down = 0.005 + 0.045 * u[:, 2:3], 0.005 + 0.045 * u[:, 3:4]
    late = -down * np.exp(np.minimum(LAGS, 0) / tau_down)
    return np.where(LAGS > 0, up * np.exp(-np.maximum(LAGS, 0) / tau_up), late)


@pytest.mark.slow
def test_the_truth_is_in_the_region_as_often_as_it_says():
    """100 windows with noise, four parameters drawn from the prior: the region of 90 % holds the
    truth in 90 of them, give or take 3; ranks of the truth are uniform (simulation-based
    calibration, Talts et al. 2018)."""
    rng = np.random.default_rng(7)
    inside, ranks = 0, []
    for case in range(100):
        truth = rng.random((1, 4))
        data = window(truth)[0] + ERROR * rng.standard_normal(len(LAGS))

        def misfit(u, data=data):
            return 0.5 * np.sum(((window(u) - data) / ERROR) ** 2, axis=1)

        sampler = run(misfit, 4, trials=2000, batch=200, seed=case)
        w = sampler.weights()
        assert effective(w) > 50
        inside += w[sampler.misfit < misfit(truth)[0]].sum() <= 0.9
        ranks.append([w[x < t].sum() for x, t in zip(sampler.points.T, truth[0], strict=True)])
    assert 85 <= inside <= 97
    far = np.abs(norm.ppf(np.clip(ranks, 1e-4, 1 - 1e-4)))
    assert 0.83 <= np.mean(far < norm.ppf(0.95)) <= 0.97
