"""Calcium-based plasticity. Times and time constants are in seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .timeline import timeline


def graupner_brunel(
    pre: Sequence[float],
    post: Sequence[float],
    *,
    dt: float,
    steps: int,
    rho: float,
    tau_Ca: float,
    Cpre: float,
    Cpost: float,
    theta_d: float,
    theta_p: float,
    gamma_d: float,
    gamma_p: float,
    tau: float,
    rho_star: float,
    D: float,
) -> np.ndarray:
    """rho at the start of each step, without noise, by Euler's method with steps of dt.

    Graupner & Brunel (2012), PNAS 109:3991, equations 1 and 2: tau drho/dt = -rho(1-rho)(rho_star -
    rho) + gamma_p (1-rho) [c > theta_p] - gamma_d rho [c > theta_d]; the calcium c jumps by Cpre, D
    after a pre spike, and by Cpost; it decays exactly. A jump acts at the end of its step.
    """
    jumps = np.zeros(steps + 1)
    for amount, times in ((Cpre, np.asarray(pre) + D), (Cpost, np.asarray(post))):
        at = np.rint(times / dt).astype(int)
        np.add.at(jumps, at[at <= steps], amount)
    c, keep = 0.0, np.exp(-dt / tau_Ca)
    out = np.empty(steps)
    for k in range(steps):
        out[k] = rho
        slope = -rho * (1 - rho) * (rho_star - rho)
        # The calcium falls through a threshold at a time inside the step.
        above_p, above_d = (
            min(max(tau_Ca * np.log(c / theta), 0.0), dt) / dt if c > 0 else 0.0
            for theta in (theta_p, theta_d)
        )
        slope += gamma_p * (1 - rho) * above_p - gamma_d * rho * above_d
        rho += slope * dt / tau
        c = c * keep + jumps[k]
    return out


def graupner_brunel_flat(
    pre: Sequence[float],
    post: Sequence[float],
    *,
    rho: float,
    tau_Ca: float,
    Cpre: float,
    Cpost: float,
    theta_d: float,
    theta_p: float,
    gamma_d: float,
    gamma_p: float,
    tau: float,
    D: float,
    stop: float = np.inf,
) -> float:
    """rho at `stop`, or at the last of all events, without noise and without the cubic term.

    Between two events the calcium falls from c to c exp(-h/tau_Ca); it crosses a threshold theta
    after tau_Ca log(c/theta). On each piece rho relaxes: with rate p = gamma_p/tau towards 1 and
    with rate d = gamma_d/tau towards 0, whichever act.
    """
    c = last = 0.0
    streams = {"pre": np.asarray(pre), "arrival": np.asarray(pre) + D, "post": np.asarray(post)}
    for t, kind in timeline(streams, stop=stop, end=True):
        h = t - last
        crossings = [tau_Ca * np.log(c / theta) if c > 0 else 0.0 for theta in (theta_p, theta_d)]
        edges = sorted({0.0, h, *(min(max(x, 0.0), h) for x in crossings)})
        for start, until in zip(edges, edges[1:], strict=False):
            middle = c * np.exp(-(start + until) / 2 / tau_Ca)
            p = gamma_p / tau * (middle > theta_p)
            d = gamma_d / tau * (middle > theta_d)
            if p + d > 0:
                rho = p / (p + d) + (rho - p / (p + d)) * np.exp(-(p + d) * (until - start))
        c = c * np.exp(-h / tau_Ca) + {"arrival": Cpre, "post": Cpost}.get(kind, 0.0)
        last = t
    return rho
