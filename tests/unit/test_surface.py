"""The model behind a response surface, beside functions whose variance is known."""

from __future__ import annotations

import numpy as np
import pytest

from stdpdsl.report.surface import gaussian_process, radial_basis, total_effects

RNG = np.random.default_rng(1)
POINTS = RNG.random((80, 3))


def height(points):
    """The third axis does nothing."""
    return np.sin(3 * points[:, 0]) + 0.5 * points[:, 1] ** 2


def ishigami(points):
    x, y, z = (np.pi * (2 * points - 1)).T
    return np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)


def test_total_effects_are_those_of_ishigamis_function():
    """Saltelli et al. (2008): the variance is 13.845, the total effects 0.558, 0.442 and 0.244."""
    found = total_effects(lambda at: (ishigami(at), None), 3) / 13.845
    assert np.allclose(found, [0.558, 0.442, 0.244], atol=0.03)


@pytest.mark.parametrize("fit", [radial_basis, gaussian_process])
def test_a_model_predicts_what_it_was_not_given(fit):
    if fit is gaussian_process:
        pytest.importorskip("sklearn")
    model, error, _ = fit(POINTS, height(POINTS))
    new = RNG.random((500, 3))
    off = np.sqrt(np.mean((model(new)[0] - height(new)) ** 2))
    assert off < 0.05 and off / 2 < error < 2 * off
    assert total_effects(model, 3)[2] < 0.01 * total_effects(model, 3).sum()


@pytest.mark.parametrize("fit", [radial_basis, gaussian_process])
def test_noise_is_not_taken_for_a_surface(fit):
    if fit is gaussian_process:
        pytest.importorskip("sklearn")
    noise = 0.3 * RNG.standard_normal(len(POINTS))
    model, error, _ = fit(POINTS, height(POINTS) + noise)
    assert 0.2 < error < 0.5
    if (sd := model(POINTS)[1]) is not None:
        assert 0.2 < np.median(sd) < 0.5


def test_points_may_be_tried_twice():
    twice = np.concatenate([POINTS, POINTS])
    assert radial_basis(twice, height(twice))[1] == radial_basis(POINTS, height(POINTS))[1]
