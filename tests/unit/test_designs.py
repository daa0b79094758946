"""Sobol' sequences and Latin hypercubes of a sweep, beside SciPy's measure of how even they are."""

import numpy as np
import pytest
from scipy.stats import qmc

import stdpdsl
from stdpdsl.brian2.sweep_code import sweep_lines
from stdpdsl.sweep.designs import DESIGNS

SPEC = """model m

layer P:
    poisson: rate
    size: 2
layer Q:
    poisson: 10 Hz
    size: 2
connect P -> Q as c:
    pattern: all_to_all
    plasticity: pair_additive
    initial: w = 0

sweep:
    {design}: {samples} samples
        rate = loguniform(1 Hz, 100 Hz)
        taupre = normal(20 ms, 2 ms)

run:
    duration: 100 ms
    seed: {seed}
"""


def columns(design, samples, seed=1):
    text = SPEC.format(design=design, samples=samples, seed=seed)
    names = {}
    row = "\n".join(sweep_lines(stdpdsl.compile(text).experiment.sweep))
    exec("def f():\n    " + row.replace("\n", "\n    "), {"product": lambda one: one}, names)
    return {name: np.array(values) for name, values in names["f"]().items()}


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("samples", [1, 16, 64])
def test_each_part_of_each_axis_has_a_sample(design, samples):
    points = DESIGNS[design](samples, 3, np.random.default_rng(1))
    assert points.shape == (samples, 3) and np.all((points > 0) & (points < 1))
    for axis in points.T:
        assert sorted(np.floor(axis * samples)) == list(range(samples))


def test_a_sobol_sequence_is_more_even():
    """Joe & Kuo's directions, by SciPy: at 64 points of 2 axes and more, clearly."""
    rng = np.random.default_rng(3)
    for axes in (2, 4):
        each = {
            d: np.mean([qmc.discrepancy(DESIGNS[d](64, axes, rng)) for _ in range(20)])
            for d in DESIGNS
        }
        assert each["sobol"] < 0.75 * min(each["random"], each["latin_hypercube"])


def test_they_follow_the_distributions_and_the_seed():
    found = columns("sobol", 256)
    u = np.log(found["rate"]) / np.log(100)
    assert sorted(np.floor(u * 256)) == list(range(256))
    assert abs(found["taupre"].mean() - 0.02) < 2e-5 and abs(found["taupre"].std() - 2e-3) < 1e-4
    assert np.all(found["rate"] == columns("sobol", 256)["rate"])
    assert not np.any(found["rate"] == columns("sobol", 256, seed=2)["rate"])


def test_a_number_that_is_no_power_of_two_warns():
    text = SPEC.format(design="sobol", samples=100, seed=1)
    assert [d.code for d in stdpdsl.compile(text).diagnostics] == ["SWEEP018"]
    assert not stdpdsl.compile(text.replace("sobol: 100", "latin_hypercube: 100")).diagnostics
