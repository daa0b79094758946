"""How random samples fill the space: base draws in (0, 1)."""

from __future__ import annotations

import numpy as np

SMALLEST = 2.0**-53
"""Minimum distance of a base draw from 0 and 1, where the normal quantile is infinite."""


def sobol(samples: int, axes: int, rng: np.random.Generator) -> np.ndarray:
    """(samples, axes) in (0, 1): the first points of a scrambled Sobol' sequence."""
    from scipy.stats import qmc

    # A whole power of two, because SciPy warns about any other number.
    points = qmc.Sobol(axes, rng=rng).random_base2((samples - 1).bit_length())[:samples]
    return np.clip(points, SMALLEST, 1 - SMALLEST)


def scipy_latin_hypercube(samples: int, axes: int, rng: np.random.Generator) -> np.ndarray:
    """(samples, axes) in (0, 1): SciPy's Latin hypercube."""
    from scipy.stats import qmc

    points = qmc.LatinHypercube(axes, rng=rng).random(samples)
    return np.clip(points, SMALLEST, 1 - SMALLEST)


def latin_hypercube(samples: int, axes: int, rng: np.random.Generator) -> np.ndarray:
    """(samples, axes) in (0, 1): one sample in each of `samples` equal strata of each axis."""
    strata = np.stack([rng.permutation(samples) for _ in range(axes)], axis=1)
    return (strata + rng.random((samples, axes))) / samples


DESIGNS = {"random": latin_hypercube, "sobol": sobol, "latin_hypercube": scipy_latin_hypercube}
