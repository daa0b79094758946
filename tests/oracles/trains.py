"""Spike trains on a time grid, and what each spike meets at a synapse.

A train is a sorted array of time steps of `DT`. A presynaptic spike reaches the synapse after the
axonal delay, a postsynaptic one after the dendritic delay. References see a synapse as a list of
`Event`, each with the ages of the earlier spikes of both sides: they sum the papers' kernels over
pairs of spikes and need no traces, so they share nothing with the rules that they judge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from types import SimpleNamespace

import numpy as np

DT = 1e-4
"""Duration of a step, in s."""

TIES = ("pre first", "post first", "apart")
"""What happens when a pre and a post spike reach the synapse in one step.

"pre first" (the language's default): the pre spike does not see the post spike, which sees it.
"post first": the other way round. "apart" (NEST): neither sees the other; post goes first.
"""


@dataclass(frozen=True)
class Event:
    """One spike at the synapse: its `kind`, its time `t` in s, and the ages in s, oldest first, of
    the spikes before it that it sees: `pre` and `post`. `first`: which side goes first in a tie."""

    kind: str
    step: int
    pre: np.ndarray
    post: np.ndarray
    first: str = "pre"

    @property
    def t(self) -> float:
        return self.step * DT


def events(
    pre: Sequence[int],
    post: Sequence[int],
    axonal: int = 0,
    dendritic: int = 0,
    ties: str = "pre first",
    stop: int | None = None,
) -> list[Event]:
    """All spikes that reach the synapse before step `stop`, in order. Delays are in steps."""
    arrivals = {"pre": np.asarray(pre, int) + axonal, "post": np.asarray(post, int) + dendritic}
    first = "pre" if ties == "pre first" else "post"
    merged = sorted(
        (int(step), kind != first, kind)
        for kind, steps in arrivals.items()
        for step in steps
        if stop is None or step < stop
    )
    made = []
    for step, second, kind in merged:
        seen = {}
        for side, steps in arrivals.items():
            # The one that goes second sees a coincident spike of the other side, unless "apart".
            sees_now = side != kind and second and ties != "apart"
            before = steps[steps <= step] if sees_now else steps[steps < step]
            seen[side] = (step - before) * DT
        made.append(Event(kind, step, seen["pre"], seen["post"], first))
    return made


def summed(ages: np.ndarray, tau: float) -> float:
    """All-to-all: the sum of exp(-age/tau)."""
    return float(np.exp(-ages / tau).sum())


def nearest(ages: np.ndarray, tau: float) -> float:
    """Nearest neighbour: exp(-age/tau) of the last spike, 0 before the first."""
    return float(np.exp(-ages[-1] / tau)) if len(ages) else 0.0


Parameters = SimpleNamespace
Reference = Callable[[Sequence[Event], Parameters, float], np.ndarray]
"""Events, parameters in SI units, and the weight at the start, to the weight after each event."""


def memoryless(change: Callable[[Event, Parameters, float], float]) -> Reference:
    """A reference from a function that gives the weight after one event from the weight before."""

    @wraps(change)
    def reference(events: Sequence[Event], p: Parameters, w: float) -> np.ndarray:
        weights = []
        for event in events:
            w = change(event, p, w)
            weights.append(w)
        return np.array(weights)

    return reference


def random_train(rng: np.random.Generator, count: int, steps: int) -> np.ndarray:
    """`count` spikes at distinct steps in [1, steps)."""
    return np.sort(rng.choice(np.arange(1, steps), size=count, replace=False))


def coincident_train(
    rng: np.random.Generator, other: np.ndarray, count: int, steps: int, shift: int = 0
) -> np.ndarray:
    """As `random_train`; a quarter of the spikes are spikes of `other`, `shift` steps later."""
    shared = rng.choice(other, size=count // 4, replace=False) + shift
    own = random_train(rng, count - count // 4, steps)
    return np.unique(np.concatenate([own, shared[(shared >= 1) & (shared < steps)]]))
