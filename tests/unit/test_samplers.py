"""What the samplers try, on problems whose answers are known; and that they can be asked again."""

from __future__ import annotations

import numpy as np
import pytest

from stdpdsl.check.search_plan import METHODS, Plan
from stdpdsl.search.samplers import in_order, sampler_of

NONE = np.zeros(0)


def run(method, loss, axes=2, objectives=1, trials=300, batch=30, seed=1, missed=None):
    sampler = sampler_of(Plan(method, trials, batch, seed, 0), axes, objectives)
    points, losses = [], []
    while len(points) * batch < trials:
        x = sampler.ask(batch)
        y = np.array([np.atleast_1d(loss(one)) for one in x], dtype=float)
        sampler.tell(y, np.zeros(batch) if missed is None else np.array([missed(p) for p in x]))
        points.append(x)
        losses.append(y)
    return np.concatenate(points), np.concatenate(losses)


def bowl(x):
    return float(np.sum((x - [0.3, 0.7]) ** 2))


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_asks_the_same(method):
    a, b = run(method, bowl, trials=90), run(method, bowl, trials=90)
    assert np.array_equal(a[0], b[0])
    assert np.all((a[0] >= 0) & (a[0] <= 1))
    if method != "grid":
        assert not np.array_equal(a[0], run(method, bowl, trials=90, seed=2)[0])


@pytest.mark.parametrize("method, below", [("cma_es", 1e-5), ("tpe", 1e-2)])
def test_the_bottom_of_a_bowl_is_found(method, below):
    points, losses = run(method, bowl)
    assert losses.min() < below
    assert np.median(losses[-30:]) < 0.2 * np.median(losses[:30])


@pytest.mark.parametrize("method", ["cma_es", "tpe"])
def test_a_constraint_moves_the_bottom(method):
    """x >= 0.5: the least of the bowl is then 0.04."""
    points, losses = run(method, bowl, missed=lambda p: max(0.0, 0.5 - p[0]))
    good = points[:, 0] >= 0.5
    assert 0.04 <= losses[good].min() < 0.06
    assert good[-60:].mean() > 0.4


def test_values_that_are_missing_are_borne():
    def half(x):
        return np.nan if x[0] > 0.5 else bowl(x)

    for method in ("cma_es", "tpe", "nsga2"):
        _, losses = run(method, half, trials=120)
        assert np.nanmin(losses) < 0.02


def test_nsga2_finds_a_front():
    """Schaffer (1985): x**2 and (x - 2)**2, whose front is x from 0 to 2."""
    points, losses = run(
        "nsga2",
        lambda p: [(10 * p[0] - 4) ** 2, (10 * p[0] - 6) ** 2],
        axes=2,
        objectives=2,
        trials=600,
        batch=40,
    )
    best = [one for one in losses if not np.any(np.all(losses < one, axis=1))]
    x = np.sort(np.sqrt(np.array(best)[:, 0]))
    assert x[0] < 0.1 and x[-1] > 1.9 and np.diff(x).max() < 0.15 and x[-1] < 2.01
    drawn = 10 * points[-80:, 0] - 4
    assert np.mean((drawn > -0.1) & (drawn < 2.1)) > 0.5  # of random ones, a fifth


def test_cma_starts_again_when_it_has_converged():
    points, _ = run("cma_es", bowl, trials=6000, batch=20)
    far = np.linalg.norm(points - [0.3, 0.7], axis=1) > 0.3
    batches = far.reshape(-1, 20).any(axis=1)
    first = int(np.argmin(batches))
    assert 0 < first < 60 and batches[first:].sum() > 3


def test_a_grid_has_its_ends():
    points, _ = run("grid", bowl, trials=30, batch=10)
    assert len(np.unique(points[:25], axis=0)) == 25
    assert set(np.round(points[:, 0], 9)) == {0, 0.25, 0.5, 0.75, 1}


def test_ranks_put_constraints_before_values():
    losses = np.array([3.0, 1.0, 2.0, np.nan, np.inf])
    ranks = in_order(losses, np.array([0.0, 0.5, 0.1, 0.0, 0.0]))
    assert np.all(np.isfinite(ranks)) and ranks[0] < ranks[2] < ranks[1] < ranks[3] == ranks[4]


def test_a_jump_is_halved_and_smooth_parts_stay_even():
    """Forty trials on one axis; a grid of them has gaps of 1/39."""
    points, _ = run("refine", lambda x: float(x[0] > 0.3137), axes=1, trials=40, batch=8)
    x = np.sort(points[:, 0])
    k = np.searchsorted(x, 0.3137)
    assert x[k] - x[k - 1] < 1 / 200 and np.diff(x).max() < 1 / 12
    points, values = run(
        "refine", lambda x: np.tanh(20 * (x[0] - 0.4)), axes=1, trials=60, batch=10
    )
    order, at = np.argsort(points[:, 0]), np.linspace(0, 1, 2001)
    there = np.tanh(20 * (at - 0.4))
    off = np.abs(np.interp(at, points[order, 0], values[order, 0]) - there).max()
    even = np.linspace(0, 1, 60)
    assert off < 0.5 * np.abs(np.interp(at, even, np.tanh(20 * (even - 0.4))) - there).max()


def test_a_grid_is_refined_to_a_difference():
    """The slope is up to 20, so that an even grid would take 200 trials."""
    sampler = sampler_of(Plan("refine", 100, 10, 1, 0, difference=0.1), 1, 1)
    while not len(sampler.points) or sampler.largest() > 0.1:
        x = sampler.ask(10)
        sampler.tell(np.tanh(20 * (x - 0.4)), np.zeros(10))
    values = np.tanh(20 * (np.sort(sampler.points[:, 0]) - 0.4))
    assert sampler.largest() == np.diff(values).max() <= 0.1 and len(values) <= 60


def test_the_border_of_a_disc_is_traced():
    """A band of 0.02 on both sides of it is 7.5 % of the square."""

    def inside(x):
        return float(np.hypot(*(x - 0.5)) < 0.3)

    points, _ = run("refine", inside, trials=400, batch=40)
    assert np.mean(np.abs(np.hypot(*(points - 0.5).T) - 0.3) < 0.02) > 0.5
    assert len(np.unique(points, axis=0)) == 400
    missing, _ = run("refine", lambda x: np.nan if x[0] > 0.5 else 1.0, trials=200, batch=20)
    assert np.mean(np.abs(missing[:, 0] - 0.5) < 0.05) > 0.5


def test_a_search_leaves_where_trials_end_early():
    """Where they do in seven eighths of the space, few of the later ones are there; of trials that
    only have no value nothing is learnt."""

    def alive(told):
        sampler, found = sampler_of(Plan("tpe", 150, 15, 3, 0), 2, 1), []
        for _ in range(10):
            x = sampler.ask(15)
            ended = x[:, 0] < 7 / 8
            losses = np.where(ended, np.nan, [np.sum((one - [0.95, 0.7]) ** 2) for one in x])
            sampler.tell(losses[:, None], np.zeros(15), ended if told else None)
            found.append(1 - ended.mean())
        return np.mean(found[4:])

    assert alive(told=True) > 0.5 and alive(told=False) < 0.2
