"""Samplers: they choose the next points of the unit cube. A sampler gives the same points for the
same seed and the same answers. So a search is resumed by repeating all questions and answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ..check.search_plan import INFERENCE, NPE, Plan

Ended = np.ndarray | None
"""The trials that ended early; they count as worse than all others."""


class Sampler(Protocol):
    """A sampler is asked for points (n, axes) and then told the loss of each."""

    def ask(self, count: int) -> np.ndarray: ...

    def tell(self, losses: np.ndarray, missed: np.ndarray, ended: Ended = None) -> None:
        """`losses` (n, objectives) are to be minimised; NaN if a trial has none. `missed` is as
        in score.py. `ended` marks trials without a loss because they ended early.
        """


class SearchError(Exception):
    """A search cannot start or continue; the text says why."""


def sampler_of(plan: Plan, axes: int, objectives: int) -> Sampler:
    """The sampler of a search. SearchError if a package that it needs is not installed."""
    if plan.method in ("random", "sobol", "grid"):
        return Design(plan, axes)
    if plan.method == "refine":
        from .refine import Refine

        return Refine(plan, axes)
    if plan.method == INFERENCE:
        from .posterior import Posterior

        return Posterior(plan, axes)
    if plan.method == NPE:
        from .neural import Neural

        return Neural(plan, axes)
    if plan.method == "cma_es":
        return Cma(plan, axes)
    return Optuna(plan, axes, objectives)


def stream(seed: int, *key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *key])))


class Design:
    """Points that do not depend on the answers."""

    def __init__(self, plan: Plan, axes: int):
        self.plan, self.axes = plan, axes
        self.done = 0
        self.rng = stream(plan.seed)
        self.sobol: Any = None

    def ask(self, count: int) -> np.ndarray:
        first, self.done = self.done, self.done + count
        if self.plan.method == "grid":
            return self.grid()[np.arange(first, self.done) % self.side() ** self.axes]
        if self.plan.method == "random":
            return self.rng.random((count, self.axes))
        import warnings

        from scipy.stats import qmc

        if self.sobol is None:
            self.sobol = qmc.Sobol(self.axes, rng=self.rng)
        # Only the whole number of trials should be a power of two, not the batch.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return self.sobol.random(count)

    def side(self) -> int:
        """The number of points on each axis, as many as the trials allow."""
        side = max(1, round(self.plan.trials ** (1 / self.axes)))
        return side - (side**self.axes > self.plan.trials)

    def grid(self) -> np.ndarray:
        """Points from end to end; a single point lies in the middle."""
        side = self.side()
        ends = np.linspace(0, 1, side) if side > 1 else np.array([0.5])
        mesh = np.meshgrid(*[ends] * self.axes, indexing="ij")
        return np.stack([m.ravel() for m in mesh], axis=1)

    def tell(self, losses: np.ndarray, missed: np.ndarray, ended: Ended = None) -> None:
        pass


class Cma:
    """Covariance matrix adaptation (Hansen 2016, arXiv:1604.00772), with the package cmaes. It
    starts from the best of a random batch; when it has converged, it restarts from the best of
    another random batch.
    """

    def __init__(self, plan: Plan, axes: int):
        try:
            import cmaes
        except ImportError:
            raise SearchError(missing("cmaes")) from None
        self.cma = cmaes.CMA
        self.plan, self.axes = plan, axes
        self.size = max(4, plan.batch)
        self.rng = stream(plan.seed)
        self.optimizer: Any = None
        self.asked = np.zeros((0, axes))
        self.told: list[tuple[np.ndarray, float]] = []

    def ask(self, count: int) -> np.ndarray:
        if self.optimizer is None:
            self.asked = self.rng.random((count, self.axes))
        else:
            self.asked = np.array([self.optimizer.ask() for _ in range(count)])
        return self.asked

    def tell(self, losses: np.ndarray, missed: np.ndarray, ended: Ended = None) -> None:
        ranks = in_order(losses[:, 0], missed)
        if self.optimizer is None:
            best = self.asked[int(np.argmin(ranks))]
            bounds = np.tile([0.0, 1.0], (self.axes, 1))
            seed = int(self.rng.integers(2**31))
            self.optimizer = self.cma(
                mean=np.clip(best, 0.02, 0.98),
                sigma=1 / 6,
                bounds=bounds,
                seed=seed,
                population_size=self.size,
            )
            return
        self.told += list(zip(self.asked, ranks.tolist(), strict=True))
        if len(self.told) < self.size:
            return
        self.optimizer.tell(self.told[: self.size])
        self.told = self.told[self.size :]
        if self.optimizer.should_stop():
            self.optimizer, self.told = None, []


def in_order(losses: np.ndarray, missed: np.ndarray) -> np.ndarray:
    """Finite numbers that rank trials: first those that meet the constraints, by their loss;
    then the others, by how much they miss them; last those without a value.
    """
    good = np.isfinite(losses) & (missed == 0)
    worst = float(np.max(losses[good])) if good.any() else 0.0
    step = abs(worst) + 1.0
    ranks = np.where(good, losses, worst + step * (1 + missed))
    return np.where(
        np.isfinite(losses), ranks, np.max(ranks[np.isfinite(ranks)], initial=worst) + step
    )


class Optuna:
    """A sampler of Optuna (Akiba et al. 2019, doi:10.1145/3292500.3330701): its tree-structured
    Parzen estimator, or NSGA-II."""

    def __init__(self, plan: Plan, axes: int, objectives: int):
        try:
            import optuna
        except ImportError:
            raise SearchError(missing("optuna")) from None
        self.optuna, self.plan = optuna, plan
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        uniform = optuna.distributions.FloatDistribution(0.0, 1.0)
        self.space: dict[str, Any] = {f"x{k}": uniform for k in range(axes)}
        self.study = optuna.create_study(directions=["minimize"] * objectives)
        self.asked: Sequence[Any] = ()
        self.batches = self.valued = 0
        self.any_ended = False

    def ask(self, count: int) -> np.ndarray:
        # A sampler's draws depend only on its seed and the trials that it was told, so it need
        # not be kept from batch to batch.
        seed = int(stream(self.plan.seed, self.batches).integers(2**31))
        self.batches += 1
        self.study.sampler = self.sampler(seed)
        self.asked = [self.study.ask(self.space) for _ in range(count)]
        return np.array([[trial.params[name] for name in self.space] for trial in self.asked])

    def sampler(self, seed: int) -> Any:
        import warnings

        def constraints(trial: Any) -> tuple[float, ...]:
            return (trial.user_attrs.get("missed", 0.0),)

        samplers = self.optuna.samplers
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self.plan.method == "nsga2":
                size = max(2, self.plan.batch)
                return samplers.NSGAIISampler(
                    population_size=size, seed=seed, constraints_func=constraints
                )
            more: dict[str, Any] = {"gamma": self.good_ones} if self.any_ended else {}
            return samplers.TPESampler(
                seed=seed,
                multivariate=True,
                constant_liar=True,
                constraints_func=constraints,
                **more,
            )

    def good_ones(self, trials: int) -> int:
        """How many trials the estimator takes as good: Optuna's own number, but none that ended
        early.
        """
        return max(1, min(-(-trials // 10), 25, self.valued))

    def tell(self, losses: np.ndarray, missed: np.ndarray, ended: Ended = None) -> None:
        states = self.optuna.trial.TrialState
        # The estimator ranks pruned trials below all others, and ignores failed ones.
        # Optuna has no pruning for several objectives.
        known = ended is not None and losses.shape[1] == 1
        pruned = np.asarray(ended, dtype=bool) if known else np.zeros(len(losses), dtype=bool)
        self.any_ended |= bool(pruned.any())
        for trial, loss, miss, early in zip(self.asked, losses, missed, pruned, strict=True):
            trial.set_user_attr("missed", float(miss))
            if np.all(np.isfinite(loss)):
                self.valued += 1
                self.study.tell(trial, loss.tolist())
            else:
                self.study.tell(trial, state=states.PRUNED if early else states.FAIL)


def missing(package: str, extra: str = "search") -> str:
    return f"{package} is not installed: pip install 'stdpdsl[{extra}]'"
