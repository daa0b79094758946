"""A grid of one or two axes that is refined where the objective changes fast. The next trials
lie half-way between neighbours that differ much and are far apart.
"""

from __future__ import annotations

import numpy as np

from ..check.search_plan import Plan

EVEN = 0.01
"""The fraction of the whole range that is added to each difference. Because of it, equal neighbours
also count, and in the end the whole space is refined.
"""


class Refine:
    """A `Sampler` (samplers.py). Neighbours are joined by an edge of the Delaunay triangulation of
    all points; the score of an edge is its length times the difference of the objective at its
    ends. So a jump is halved again and again, but its score falls with its length.
    """

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
        """The largest difference between neighbours that both have a value."""
        a, b = edges_of(self.points).T
        gaps = np.abs(self.heights[a] - self.heights[b])
        return float(np.max(gaps[np.isfinite(gaps)], initial=0.0))

    def enough(self, heights: np.ndarray) -> float:
        """The largest difference that neighbours may have."""
        known = heights[np.isfinite(heights)]
        whole = np.ptp(known) if self.plan.relative and len(known) else 1.0
        return float((self.plan.difference or 0.0) * whole)

    def is_fine(self) -> bool:
        """Whether no two neighbours differ by more than `enough`."""
        return self.plan.difference is not None and self.largest() <= self.enough(self.heights)

    def first(self, count: int) -> np.ndarray:
        """A grid from end to end, or the grid of the sweep. The rest of the batch is random."""
        sides = [len(values) for values in self.plan.grid]
        sides = sides or [int(count ** (1 / self.axes) + 1e-9)] * self.axes
        mesh = np.meshgrid(*[np.linspace(0, 1, side) for side in sides], indexing="ij")
        grid = np.stack([m.ravel() for m in mesh], axis=1)
        return np.concatenate([grid, self.rng.random((count - len(grid), self.axes))])

    def between(self, count: int) -> np.ndarray:
        """New points, in rounds. Each round halves at most the worst quarter of the edges.
        Until a new point is tried, its objective is assumed to lie half-way, too.
        """
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
    """The score of each edge; a difference up to `enough` counts as none. If only one end has a
    value, the difference counts as the whole range, because the border of the valid region lies
    between them.
    """
    a, b = edges.T
    known = np.isfinite(heights)
    span = np.ptp(heights[known]) if known.any() else 0.0
    with np.errstate(invalid="ignore"):
        gap = np.abs(heights[a] - heights[b])
        gap = np.where(gap > enough, gap, 0.0) / (span or 1.0)
    gap = np.where(known[a] & known[b], gap, (known[a] != known[b]).astype(float))
    return np.asarray(np.linalg.norm(points[a] - points[b], axis=1) * (gap + EVEN))
