"""STDP with homeostasis: Carlson et al. (2013)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from oracles.trains import DT, Event, Parameters, summed


def homeostatic(
    events: Sequence[Event], post: Sequence[int], p: Parameters, w: float, stop: int
) -> np.ndarray:
    """The weight at the start of each step, and last at `stop`; the weight's ODE by Euler's method.

    The target's spikes count for its mean rate when it fires, that is at `post`, not when they
    reach the synapse.
    """
    fires = set(int(step) for step in post)
    at: dict[int, list[Event]] = {}
    for event in events:
        at.setdefault(event.step, []).append(event)
    rate = 0.0
    weights = []
    for step in range(stop):
        weights.append(w)
        gain = _gain(rate, p)
        w += DT * p.scaling * w * (1 - rate / p.Rtarget) * gain
        w = np.clip(w, 0, p.wmax)
        rate *= np.exp(-DT / p.T)
        for event in at.get(step, []):
            if event.kind == "pre":
                w += p.stdp * _gain(rate, p) * p.Apost * summed(event.post, p.taupost)
            else:
                w += p.stdp * _gain(rate, p) * p.Apre * summed(event.pre, p.taupre)
            w = np.clip(w, 0, p.wmax)
        if step in fires:
            rate += 1 / p.T
    return np.array([*weights, w])


def _gain(rate: float, p: Parameters) -> float:
    return rate / (p.T * (1 + p.sharpness * abs(1 - rate / p.Rtarget)))
