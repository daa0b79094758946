"""Triplet rules: Pfister & Gerstner (2006), eqs. 1 to 4."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from oracles.trains import Event, Parameters, Reference, memoryless, nearest, summed


def _triplet(kernel: Callable[[np.ndarray, float], float]) -> Reference:
    """`kernel` is `summed` (all-to-all) or `nearest`; r2 and o2 do not see the spike itself."""

    @memoryless
    def reference(event: Event, p: Parameters, w: float) -> float:
        if event.kind == "pre":
            r2 = kernel(event.pre, p.tau_x)
            w -= kernel(event.post, p.tau_minus) * (p.A2minus + p.A3minus * r2)
        else:
            o2 = kernel(event.post, p.tau_y)
            w += kernel(event.pre, p.tau_plus) * (p.A2plus + p.A3plus * o2)
        return np.clip(w, 0, p.wmax)

    return reference


all_to_all = _triplet(summed)
nearest_spike = _triplet(nearest)
