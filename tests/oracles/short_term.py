"""Short-term plasticity, spike by spike. Times and time constants are in seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.linalg import expm
from scipy.stats import binom


def _decay(elapsed: float, tau: float) -> float:
    return np.exp(-elapsed / tau) if tau > 0 else 0.0


def tsodyks_markram(times: Sequence[float], U: float, tau_rec: float, tau_fac: float) -> np.ndarray:
    """Rows (u, R) at each spike, of which u*R is the efficacy that is used.

    Tsodyks, Pawelzik & Markram (1998), Neural Computation 10:821, the recursions from one spike to
    the next: u(n+1) = u(n)(1-U) exp(-dt/tau_fac) + U and, with the resources left after spike n,
    R(n+1) = R(n)(1-u(n)) exp(-dt/tau_rec) + 1 - exp(-dt/tau_rec); u(1) = U, R(1) = 1. Without
    facilitation (tau_fac = 0) it is Tsodyks & Markram (1997), PNAS 94:719.
    """
    u, R = U, 1.0
    out = [(u, R)]
    for elapsed in np.diff(times):
        left = R * (1 - u)
        R = 1 + (left - 1) * _decay(elapsed, tau_rec)
        u = U + u * (1 - U) * _decay(elapsed, tau_fac)
        out.append((u, R))
    return np.array(out)[: len(times)]


def tsodyks_uziel_markram(
    times: Sequence[float], U: float, tau_rec: float, tau_fac: float, tau_I: float
) -> np.ndarray:
    """Rows (u, x, y, z) just before the release at each spike, which is u*x.

    Tsodyks, Uziel & Markram (2000), J. Neurosci. 20:RC50, equations 3 and 4: dx/dt = z/tau_rec,
    dy/dt = -y/tau_I, dz/dt = y/tau_I - z/tau_rec, each spike moving u*x from x to y; u first
    jumps by U(1-u). The linear system is propagated by its matrix exponential.
    """
    flow = np.array([[0, 0, 1 / tau_rec], [0, -1 / tau_I, 0], [0, 1 / tau_I, -1 / tau_rec]])
    state, u, last = np.array([1.0, 0.0, 0.0]), 0.0, 0.0
    out = []
    for t in times:
        state = expm(flow * (t - last)) @ state
        u *= _decay(t - last, tau_fac)
        u += U * (1 - u)
        out.append((u, *state))
        release = u * state[0]
        state = state + np.array([-release, release, 0.0])
        last = t
    return np.array(out)


def quantal(
    times: Sequence[float],
    U: float,
    tau_rec: float,
    tau_fac: float,
    n: int,
    uniform: Callable[[str, float], float],
) -> np.ndarray:
    """The number of sites that release at each spike; `uniform("refill" | "release", t)` draws.

    Fuhrmann, Segev, Markram & Tsodyks (2002), J. Neurophysiol. 87:140: each of n sites, if it holds
    a vesicle, releases it with probability u, and is refilled with rate 1/tau_rec.
    """
    u, filled, last = U, n, None
    out = []
    for t in times:
        if last is not None:
            u = U + u * (1 - U) * _decay(t - last, tau_fac)
            p = -np.expm1(-(t - last) / tau_rec)
            filled += int(binom.ppf(uniform("refill", t), n - filled, p))
        released = int(binom.ppf(uniform("release", t), filled, u))
        filled -= released
        out.append(released)
        last = t
    return np.array(out)


def quantal_distribution(
    times: Sequence[float], U: float, tau_rec: float, tau_fac: float, n: int
) -> np.ndarray:
    """P(k sites release at spike m), shape (spikes, n + 1), by the chain of the filled sites."""
    u, last = U, None
    filled = np.zeros(n + 1)
    filled[n] = 1.0
    counts = np.arange(n + 1)
    out = []
    for t in times:
        if last is not None:
            u = U + u * (1 - U) * _decay(t - last, tau_fac)
            p = -np.expm1(-(t - last) / tau_rec)
            filled = sum(filled[a] * binom.pmf(counts - a, n - a, p) for a in counts)
        out.append(sum(filled[a] * binom.pmf(counts, a, u) for a in counts))
        filled = sum(filled[a] * binom.pmf(a - counts, a, u) for a in counts)
        last = t
    return np.array(out)
