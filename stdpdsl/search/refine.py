"""A grid of one or two axes that is refined where the objective changes fast: the next trials lie
half-way between neighbours that differ much, for their distance."""

from __future__ import annotations

import numpy as np

from ..check.search_plan import Plan

EVEN = 0.01
"""Of a difference as large as the whole range: what two neighbours count for that do not differ, so
that the whole space is refined in the end."""


class Refine:
    """A sampler as samplers.py has them. Neighbours are joined by an edge of the Delaunay
    triangulation of all points; an edge counts as much as its length times the difference of the
    objective at its ends, so a jump is halved again and again, but not for ever."""

    def __init__(self, plan: Plan, axes: int):
        self.axes, self.plan = axes, plan
        self.rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([plan.seed])))
        self.points = self.asked = np.zeros((0, axes))
        self.heights = np.zeros(0)

    def ask(self, count: int) -> np.ndarray:
        self.asked = self.between(count) if len(self.points) else self.first(count)
        return self.asked

    def tell(self, losses: np.ndarray, missed: np.ndarray, ended: np.ndarray | None = None) -> None:
        self.points = np.concatenate([self.points, self.asked])
        self.heights = np.concatenate([self.heights, losses[:, 0]])

    def largest(self) -> float:
        """The largest difference of two neighbours, both of which have a value."""
        a, b = edges_of(self.points).T
        gaps = np.abs(self.heights[a] - self.heights[b])
        return float(np.max(gaps[np.isfinite(gaps)], initial=0.0))

    def enough(self, heights: np.ndarray) -> float:
        """What two neighbours may differ by."""
        known = heights[np.isfinite(heights)]
        whole = np.ptp(known) if self.plan.relative and len(known) else 1.0
        return float((self.plan.difference or 0.0) * whole)

    def is_fine(self) -> bool:
        """Whether no two neighbours differ by more than is asked for."""
        return self.plan.difference is not None and self.largest() <= self.enough(self.heights)

    def first(self, count: int) -> np.ndarray:
        """A grid from end to end, or that of the sweep, and what is left of the batch at random."""
        sides = [len(values) for values in self.plan.grid]
        sides = sides or [int(count ** (1 / self.axes) + 1e-9)] * self.axes
        mesh = np.meshgrid(*[np.linspace(0, 1, side) for side in sides], indexing="ij")
        grid = np.stack([m.ravel() for m in mesh], axis=1)
        return np.concatenate([grid, self.rng.random((count - len(grid), self.axes))])

    def between(self, count: int) -> np.ndarray:
        """In rounds, each of which takes the worst quarter of the edges at most. A point
        that is not yet tried is taken to lie half-way in its objective, too."""
        points, heights = self.points, self.heights
        while (left := len(self.points) + count - len(points)) > 0:
            edges = edges_of(points)
            worth = weights(points, heights, edges, self.enough(heights))
            worst = np.argsort(-worth, kind="stable")
            a, b = edges[worst[: min(left, max(1, len(edges) // 4))]].T
            points = np.concatenate([points, (points[a] + points[b]) / 2])
            heights = np.concatenate([heights, (heights[a] + heights[b]) / 2])
        return points[len(self.points) :]


def edges_of(points: np.ndarray) -> np.ndarray:
    """Pairs of neighbours (n, 2)."""
    if points.shape[1] == 1:
        order = np.argsort(points[:, 0], kind="stable")
        return np.stack([order[:-1], order[1:]], axis=1)
    from scipy.spatial import Delaunay

    triangles = Delaunay(points).simplices
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]])
    return np.unique(np.sort(pairs, axis=1), axis=0)


def weights(
    points: np.ndarray, heights: np.ndarray, edges: np.ndarray, enough: float
) -> np.ndarray:
    """How much each edge is worth halving; a difference of `enough` is none. Between a
    trial with a value and one without lies the border of where there is one: as much as the whole
    range."""
    a, b = edges.T
    known = np.isfinite(heights)
    span = np.ptp(heights[known]) if known.any() else 0.0
    with np.errstate(invalid="ignore"):
        gap = np.abs(heights[a] - heights[b])
        gap = np.where(gap > enough, gap, 0.0) / (span or 1.0)
    gap = np.where(known[a] & known[b], gap, (known[a] != known[b]).astype(float))
    return np.asarray(np.linalg.norm(points[a] - points[b], axis=1) * (gap + EVEN))
