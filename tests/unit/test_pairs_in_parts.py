"""The pairs of large layers are looked through in parts, and are the same."""

from types import SimpleNamespace

import numpy as np
import pytest

from stdpdsl.runtime import synapses

DATA = SimpleNamespace(
    values={"A": {"x": np.arange(80.0)}},
    copies=lambda shared: [0, 1],
    sources=lambda shared, block: np.array([0, 1]),
)


def found(shape, choose, **options):
    n_pre, n_post = shape
    edges = synapses.synapses_of(
        DATA, ("A", n_pre, False), ("B", n_post, False), choose, False, **options
    )
    return np.array([edges.copy, edges.i, edges.j, edges.number, edges.pre, edges.post])


@pytest.mark.parametrize("at_once", [1, 29, 30, 31, 70, 1199])
@pytest.mark.parametrize("many", [1, 3])
def test_they_are_the_same(monkeypatch, at_once, many):
    def choose(copy, i, j, u, pre, post):
        return (i + j + pre["x"][i]) % 3 == copy

    whole = found((40, 30), choose, many=many)
    monkeypatch.setattr(synapses, "PAIRS_AT_ONCE", at_once)
    assert whole.shape[1] == 800 * many
    assert np.array_equal(found((40, 30), choose, many=many), whole)


def test_many_neurons_one_to_one():
    """More pairs than are looked through at once."""
    assert 4_000 * 5_000 > synapses.PAIRS_AT_ONCE
    one = found((4_000, 5_000), lambda copy, i, j, u, pre, post: i == j, same=True)
    assert one.shape == (6, 8_000) and np.array_equal(one[1], one[2])
