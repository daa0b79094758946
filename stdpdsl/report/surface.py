"""The response surface of a search: a model of its objective, fitted to all trials and shown over
the two parameters that matter most, and how far that model can be trusted.

The model is a Gaussian process from scikit-learn, which has its own standard deviation, if that is
installed; otherwise SciPy's radial basis functions. Both are tested on trials that were left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..dataclass import dataclass
from ..language import ast
from ..search.answers import Answers
from .along import is_logarithmic, logarithmic_scale, scale_of, shortened
from .style import SEQUENTIAL, SERIES, Canvas, plotting
from .sweeps import plain_log

LEAST = 12
"""The number of trials that a surface needs."""
MOST = 200
"""The most trials that a model is fitted to, because the work grows with their third power."""
CELLS = 40
PROBES = 512
SMOOTHINGS = (0.0, 1e-3, 1e-2, 1e-1, 1.0)

Model = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]
"""Means at points of the unit cube, and their standard deviations if the model has them."""


@dataclass(frozen=True)
class Cube:
    """Values, scaled to lie between 0 and 1 on each axis for the trials that have an objective."""

    low: np.ndarray
    high: np.ndarray
    logarithmic: np.ndarray

    @staticmethod
    def of(answers: Answers, good: np.ndarray) -> Cube:
        count = len(answers.space.columns)
        log = np.array([is_logarithmic(answers, k) for k in range(count)])
        values = answers.found.values[good]
        values = np.where(log, np.log(np.where(log, values, 1)), values)
        return Cube(np.min(values, axis=0), np.max(values, axis=0), log)

    def inside(self, values: np.ndarray) -> np.ndarray:
        scaled = np.where(self.logarithmic, np.log(np.where(self.logarithmic, values, 1)), values)
        return (scaled - self.low) / np.where(self.high > self.low, self.high - self.low, 1.0)

    def edges(self, axis: int) -> np.ndarray:
        """The edges of the cells along an axis, in SI units."""
        found = np.linspace(self.low[axis], self.high[axis], CELLS + 1)
        return np.exp(found) if self.logarithmic[axis] else found


@dataclass(frozen=True)
class Surface:
    """`mean` and `sd` (cells, cells) of the objective, or of its decimal logarithm, over the axes
    `x` and `y`; other axes are as in the trial `best`. `error` is the root mean square error at
    trials that a model was not given, `spread` the standard deviation of all. `shares` are
    the parts of the model's variance that each axis has to do with."""

    x: int
    y: int
    mean: np.ndarray
    sd: np.ndarray | None
    error: float
    spread: float
    logarithmic: bool
    used: np.ndarray
    best: int
    shares: np.ndarray
    method: str
    cube: Cube

    def in_words(self, answers: Answers) -> str:
        """How far the model can be trusted."""
        names = answers.space.columns
        each = ", ".join(
            f"{names[k]} {self.shares[k]:.0%}" for k in np.argsort(-self.shares, kind="stable")
        )
        of = "the variance of its logarithm" if self.logarithmic else "its variance"
        explained = max(0.0, 1 - (self.error / self.spread) ** 2)
        return (
            f"a model of {answers.space.objectives[0]} from {len(self.used)} trials, {self.method},"
            f" explains {explained:.0%} of {of} in held-out trials;"
            f" total effects: {each}"
        )


def surface_of(answers: Answers, good: np.ndarray) -> Surface | None:
    """None if there are too few trials, too few axes, or no variation."""
    found = answers.found
    if len(good) < LEAST or found.values.shape[1] < 2:
        return None
    used = good[np.unique(np.linspace(0, len(good) - 1, min(MOST, len(good))).astype(int))]
    values = found.objectives[used, 0]
    log = bool(values.min() > 0 and values.max() / values.min() > 30)
    heights = np.log10(values) if log else values
    # Extreme values would bend the model everywhere; they tell only that the objective is bad
    # there.
    low, high = np.quantile(heights, [0.1, 0.9])
    heights = np.clip(heights, low - 2 * (high - low), high + 2 * (high - low))
    cube = Cube.of(answers, good)
    points = cube.inside(found.values)
    if not np.ptp(heights) > 0:
        return None
    try:
        model, error, method = fitted(points[used], heights)
    except np.linalg.LinAlgError:  # as where all values on an axis are the same
        return None
    shares = total_effects(model, points.shape[1])
    if not shares.sum() > 0:
        return None
    x, y = sorted(np.argsort(-shares, kind="stable")[:2].tolist())
    front = found.front()
    best = front[0] if len(front) else used[np.argmin(found.missed[used])]  # the closest
    at = (np.arange(CELLS) + 0.5) / CELLS
    mesh = np.tile(points[best], (CELLS * CELLS, 1))
    mesh[:, y], mesh[:, x] = (m.ravel() for m in np.meshgrid(at, at, indexing="ij"))
    mean, sd = model(mesh)
    shape = CELLS, CELLS
    return Surface(
        x,
        y,
        mean.reshape(shape),
        None if sd is None else sd.reshape(shape),
        error,
        float(np.std(heights)),
        log,
        used,
        int(best),
        shares / shares.sum(),
        method,
        cube,
    )


def drawn(answers: Answers, surface: Surface) -> tuple[str, str]:
    """The heading and the figure: the model's mean, and its standard deviation if it has one."""
    names, s = answers.space.columns, surface
    name = shortened(answers.space.objectives[0])
    maps = [(s.mean, name)]
    if s.sd is not None:
        text = "a factor of (1 sd)" if s.logarithmic else "uncertain by (1 sd)"
        maps.append((s.sd, text))
    count = len(maps)
    (factor_x, text_x), (factor_y, text_y) = scale_of(answers, s.x), scale_of(answers, s.y)
    edges_x, edges_y = s.cube.edges(s.x) * factor_x, s.cube.edges(s.y) * factor_y
    values = answers.found.values * 1.0
    refined = isinstance(answers.space.search, ast.Refined)  # of which none is the best
    with Canvas("search-surface", 4.4, 2.6 * count, rows=count) as canvas:
        for ax, (cells, text) in zip(canvas.axes[:, 0], maps, strict=True):
            shown = 10**cells if s.logarithmic else cells
            norm = plotting().colors.LogNorm() if s.logarithmic and text == name else None
            image = ax.pcolormesh(
                edges_x, edges_y, shown, cmap=SEQUENTIAL, rasterized=True, norm=norm
            )
            at = values[s.used]
            ax.plot(
                at[:, s.x] * factor_x,
                at[:, s.y] * factor_y,
                ".",
                ms=2,
                color="white",
                alpha=0.6,
                rasterized=True,
            )
            if not refined:
                ax.plot(
                    values[s.best, s.x] * factor_x,
                    values[s.best, s.y] * factor_y,
                    "x",
                    ms=7,
                    mew=2,
                    color=SERIES[1],
                )
            for axis, k, edges in ((ax.xaxis, s.x, edges_x), (ax.yaxis, s.y, edges_y)):
                if s.cube.logarithmic[k]:
                    logarithmic_scale(axis, edges)
            ax.set_xlabel(text_x)
            ax.set_ylabel(text_y)
            bar = canvas.figure.colorbar(image, ax=ax, aspect=28, pad=0.02)
            bar.set_label(text)
            if norm is not None:
                plain_log(bar.ax.yaxis, shown.ravel())
            bar.outline.set_visible(False)
        figure = canvas.svg(f"Model of {name} over {names[s.x]} and {names[s.y]}")
    rest = ", other parameters as in the best trial" if len(names) > 2 else ""
    return (
        f"{answers.space.objectives[0]} over {names[s.x]} and {names[s.y]}{rest}: a model; dots are"
        " trials" + ("" if refined else ", the cross is the best"),
        figure,
    )


def fitted(points: np.ndarray, heights: np.ndarray) -> tuple[Model, float, str]:
    """A model of the points, its error at points left out, and its name."""
    try:
        return gaussian_process(points, heights)
    except ImportError:
        return radial_basis(points, heights)


def gaussian_process(points: np.ndarray, heights: np.ndarray) -> tuple[Model, float, str]:
    import warnings

    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
    from sklearn.model_selection import LeaveOneOut, cross_val_predict

    lengths = np.full(points.shape[1], 0.5)
    kernel = ConstantKernel(1.0, (1e-3, 1e3)) * Matern(lengths, (0.05, 20.0), nu=2.5)
    kernel += WhiteKernel(1e-2, (1e-6, 1.0))
    process: Any = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
    with warnings.catch_warnings():  # a length at its end says that an axis does not matter
        warnings.simplefilter("ignore")
        process.fit(points, heights)
        still = GaussianProcessRegressor(process.kernel_, optimizer=None, normalize_y=True)
        left_out = cross_val_predict(still, points, heights, cv=LeaveOneOut())
    error = float(np.sqrt(np.mean((left_out - heights) ** 2)))

    def model(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean, sd = process.predict(at, return_std=True)
        return mean, sd

    return model, error, "a Gaussian process (Matérn 5/2, a length for each axis)"


def radial_basis(points: np.ndarray, heights: np.ndarray) -> tuple[Model, float, str]:
    """Thin-plate splines, with the smoothness that best predicts points left out."""
    from scipy.interpolate import RBFInterpolator

    points, of = np.unique(points, axis=0, return_inverse=True)  # each place may occur only once
    of = of.ravel()
    heights = np.bincount(of, heights) / np.bincount(of)

    def left_out(smoothing: float) -> float:
        keep = ~np.eye(len(points), dtype=bool)
        off = [
            RBFInterpolator(points[k], heights[k], smoothing=smoothing)(points[~k])[0] for k in keep
        ]
        return float(np.sqrt(np.mean((np.array(off) - heights) ** 2)))

    errors = [left_out(s) for s in SMOOTHINGS]
    best = int(np.argmin(errors))
    whole = RBFInterpolator(points, heights, smoothing=SMOOTHINGS[best])
    return lambda at: (whole(at), None), errors[best], "smoothed thin plates"


def total_effects(model: Model, axes: int) -> np.ndarray:
    """The variance of the model that involves each axis (Jansen's estimator)."""
    from scipy.stats import qmc

    both = qmc.Sobol(2 * axes, rng=np.random.default_rng(0)).random(PROBES)
    a, b = both[:, :axes], both[:, axes:]
    at_a = model(a)[0]
    found = np.zeros(axes)
    for k in range(axes):
        mixed = a.copy()
        mixed[:, k] = b[:, k]
        found[k] = np.mean((at_a - model(mixed)[0]) ** 2) / 2
    return found
