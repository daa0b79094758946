"""Spike-timing-dependent structural plasticity: Bouhadjar et al. (2022)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from oracles.trains import Event, Parameters, summed


def stdsp(
    events: Sequence[Event], p: Parameters, permanence: float, z: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """The permanence and the weight after each event; `z` is the dendritic activity, held constant.

    A pre spike takes lambda_minus; a post spike that follows the last pre spike within
    (dt_min, dt_max) adds lambda_plus times the pre trace, and lambda_h (zstar - z). Fractions of
    Pmax. The synapse is mature, with weight wmax, from theta on.
    """
    permanences, weights = [], []
    for event in events:
        if event.kind == "pre":
            permanence -= p.lambda_minus * p.Pmax
        elif len(event.pre) and p.dt_min < event.pre[-1] < p.dt_max:
            permanence += p.lambda_plus * p.Pmax * summed(event.pre, p.tau_plus)
            permanence += p.lambda_h * p.Pmax * (p.zstar - z)
        permanence = float(np.clip(permanence, 0, p.Pmax))
        permanences.append(permanence)
        weights.append(p.wmax if permanence >= p.theta else 0.0)
    return np.array(permanences), np.array(weights)
