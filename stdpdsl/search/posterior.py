"""Samples of a posterior: adaptive multiple importance sampling (Cornuet et al. 2012,
doi:10.1111/j.1467-9469.2011.00756.x).

The likelihood follows from the data's standard errors, so there is no acceptance threshold: every
trial counts, with its weight. The first batch is drawn from the prior, each further one from a t
distribution that has the mean and the covariance of the weighted trials so far, and still a tenth
from the prior. A weight is the prior times the likelihood, divided by the mixture density of all
proposals so far. All this happens in the unit cube, where the prior is 1.
"""

from __future__ import annotations

import numpy as np

from ..check.search_plan import Plan
from ..dataclass import dataclass
from .samplers import Ended, stream

FREEDOM = 5.0
"""Degrees of freedom of the proposals: their tails are wider than the posterior's."""
DEFENSIVE = 0.1
"""The fraction of each batch that is drawn from the prior."""
TRIED = 20_000
"""The number of draws that estimate which fraction of a proposal lies in the cube."""


@dataclass(frozen=True)
class Proposal:
    """A t distribution in the cube, mixed with the prior. `inside` is the fraction of the t
    distribution that lies in the cube.
    """

    mean: np.ndarray
    root: np.ndarray  # of the scale matrix, lower triangular
    inside: float

    def density(self, points: np.ndarray) -> np.ndarray:
        from scipy.special import gammaln

        d = len(self.mean)
        z = np.linalg.solve(self.root, (points - self.mean).T)
        size = np.sum(z**2, axis=0)
        log = gammaln((FREEDOM + d) / 2) - gammaln(FREEDOM / 2) - d / 2 * np.log(FREEDOM * np.pi)
        log -= np.sum(np.log(np.diag(self.root)))
        log = log - (FREEDOM + d) / 2 * np.log1p(size / FREEDOM)
        return DEFENSIVE + (1 - DEFENSIVE) * np.exp(log) / self.inside


class Posterior:
    """A `Sampler` (samplers.py). Its loss is the misfit, half of chi squared."""

    def __init__(self, plan: Plan, axes: int):
        self.axes = axes
        self.rng = stream(plan.seed)
        self.points = np.zeros((0, axes))
        self.misfit = np.zeros(0)
        self.proposals: list[Proposal | None] = []  # None is the prior
        self.counts: list[int] = []
        self.asked = self.points

    def ask(self, count: int) -> np.ndarray:
        proposal = self.proposal() if np.isfinite(self.misfit).any() else None
        self.asked = self.rng.random((count, self.axes))
        if proposal is not None:
            chosen = np.flatnonzero(self.rng.random(count) >= DEFENSIVE)
            drawn = np.zeros((0, self.axes))
            while len(drawn) < len(chosen):
                more = draw(self.rng, proposal.mean, proposal.root, TRIED)
                drawn = np.concatenate([drawn, more[in_cube(more)]])
            self.asked[chosen] = drawn[: len(chosen)]
        self.proposals.append(proposal)
        self.counts.append(count)
        return self.asked

    def tell(self, losses: np.ndarray, missed: np.ndarray, ended: Ended = None) -> None:
        self.points = np.concatenate([self.points, self.asked])
        misfit = np.where(np.isfinite(losses[:, 0]), losses[:, 0], np.inf)
        self.misfit = np.concatenate([self.misfit, misfit])

    def log_weights(self) -> np.ndarray:
        """The logarithm of each trial's weight, up to a constant."""
        density = np.zeros(len(self.points))
        for proposal, count in zip(self.proposals, self.counts, strict=True):
            one = 1.0 if proposal is None else proposal.density(self.points)
            density += count * one
        return -self.misfit - np.log(density)

    def weights(self) -> np.ndarray:
        """The weight of each trial. They sum to 1."""
        return normal(self.log_weights())

    def proposal(self) -> Proposal | None:
        """The proposal from the trials so far. If a few trials have all the weight, the weights
        are first made more equal (tempered), so that more trials contribute to the covariance.
        """
        log = self.log_weights()
        least = min(4 * (self.axes + 1), len(log) / 2)
        power = 1.0
        while power > 1e-6 and effective(normal(power * log)) < least:
            power *= 0.8
        w = normal(power * log)
        mean = w @ self.points
        off = self.points - mean
        scale = (off * w[:, None]).T @ off / max(1e-12, 1 - np.sum(w**2))
        scale += 1e-10 * np.eye(self.axes)
        root = np.linalg.cholesky(scale)
        tried = draw(self.rng, mean, root, TRIED)
        inside = float(np.mean(in_cube(tried)))
        return Proposal(mean, root, inside) if inside > 0.001 else None


def draw(rng: np.random.Generator, mean: np.ndarray, root: np.ndarray, count: int) -> np.ndarray:
    """Draws (count, axes) of the t distribution."""
    z = rng.standard_normal((count, len(mean))) @ root.T
    return mean + z / np.sqrt(rng.chisquare(FREEDOM, count) / FREEDOM)[:, None]


def in_cube(points: np.ndarray) -> np.ndarray:
    """Which points lie in the unit cube."""
    return np.all((points >= 0) & (points <= 1), axis=1)


def normal(log: np.ndarray) -> np.ndarray:
    """Weights that sum to 1, from logarithms that are known up to a constant."""
    w = np.exp(log - np.max(log))
    return w / w.sum()


def effective(weights: np.ndarray) -> float:
    """The effective sample size: the number of equal weights that carry as much information."""
    return float(1 / np.sum(weights**2))


def quantiles(values: np.ndarray, weights: np.ndarray, parts: list[float]) -> np.ndarray:
    """Weighted quantiles."""
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return values[order][np.minimum(np.searchsorted(below, parts), len(values) - 1)]
