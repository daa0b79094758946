"""Rate rules on traces, inhibitory STDP under a global factor, and BCPNN, from event to event.

Times and time constants are in seconds, rates in Hz. Where the rule itself holds the solution, the
equations are integrated numerically here, to 1e-12.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from .timeline import timeline


def _integrate(slope: Callable, state: np.ndarray, h: float) -> np.ndarray:
    if h <= 0:
        return state
    return solve_ivp(slope, (0, h), state, "DOP853", rtol=1e-12, atol=1e-14).y[:, -1]


def oja(
    pre: Sequence[float], post: Sequence[float], *, w: float, eta: float, tau: float, stop: float
) -> np.ndarray:
    """(w, x, y) at `stop`. Oja (1982), J. Math. Biol. 15:267: dw/dt = eta (x y - y^2 w),
    with x and y the spikes of both sides averaged over tau.
    """

    def slope(_, state):
        w, x, y = state
        return [eta * (x * y - y * y * w), -x / tau, -y / tau]

    state, last = np.array([w, 0.0, 0.0]), 0.0
    for t, kind in timeline({"pre": pre, "post": post}, stop=stop, end=True):
        state = _integrate(slope, state, t - last)
        if kind != "end":
            state[1 if kind == "pre" else 2] += 1 / tau
        last = t
    return state


def bcm(
    pre: Sequence[float],
    post: Sequence[float],
    *,
    w: float,
    stop: float,
    eta: float,
    tau: float,
    tau_theta: float,
    y_target: float,
    wmin: float = -np.inf,
    wmax: float = np.inf,
) -> np.ndarray:
    """(w, x, y, theta) at `stop`. Bienenstock, Cooper & Munro (1982), J. Neurosci. 2:32,
    with the threshold of Intrator & Cooper (1992): dw/dt = eta x y (y - theta), tau_theta dtheta/dt
    = y^2/y_target - theta. The weight is clipped at events.
    """

    def slope(_, state):
        _, x, y, theta = state
        return [
            eta * x * y * (y - theta),
            -x / tau,
            -y / tau,
            (y * y / y_target - theta) / tau_theta,
        ]

    state, last = np.array([w, 0.0, 0.0, 0.0]), 0.0
    for t, kind in timeline({"pre": pre, "post": post}, stop=stop, end=True):
        state = _integrate(slope, state, t - last)
        state[0] = min(max(state[0], wmin), wmax)
        if kind != "end":
            state[1 if kind == "pre" else 2] += 1 / tau
        last = t
    return state


def bcpnn(
    pre: Sequence[float],
    post: Sequence[float],
    *,
    stop: float,
    tau_zi: float,
    tau_zj: float,
    tau_e: float,
    tau_p: float,
    kappa: float,
    f_max: float,
    floor: float,
) -> np.ndarray:
    """(Pi, Pj, Pij) at `stop`.

    Tully, Hennig & Lansner (2014), Front. Synaptic Neurosci. 6:8.

    The nine filters and the product Zi Zj are one linear system between spikes, with a constant:
    the state is (1, Zi, Zj, ZiZj, Ei, Ej, Eij, Pi, Pj, Pij), propagated by its matrix exponential.
    """
    A = np.zeros((10, 10))
    for z, tau in ((1, tau_zi), (2, tau_zj)):
        A[z, z], A[z, 0] = -1 / tau, floor / tau
    # d(ZiZj)/dt = Zj dZi/dt + Zi dZj/dt
    A[3, 3], A[3, 2], A[3, 1] = -1 / tau_zi - 1 / tau_zj, floor / tau_zi, floor / tau_zj
    for z, e, p in ((1, 4, 7), (2, 5, 8), (3, 6, 9)):
        A[e, z], A[e, e] = 1 / tau_e, -1 / tau_e
        A[p, e], A[p, p] = kappa / tau_p, -kappa / tau_p
    rest = [1, floor, floor, floor**2]
    state, last = np.array([*rest, *rest[1:], *rest[1:]]), 0.0
    for t, kind in timeline({"pre": pre, "post": post}, stop=stop, end=True):
        state = expm(A * (t - last)) @ state
        if kind != "end":
            own, other, tau = (1, 2, tau_zi) if kind == "pre" else (2, 1, tau_zj)
            state[own] += 1 / (f_max * tau)
            state[3] += state[other] / (f_max * tau)
        last = t
    return state[7:]


def zenke_agnes_gerstner(
    pre: Sequence[float],
    post: Sequence[float],
    H: Callable[[float], float],
    *,
    w: float,
    eta: float,
    H_target: float,
    tau_z: float,
    wmin: float,
    wmax: float,
    shift: dict[str, float] | None = None,
    stop: float = np.inf,
) -> float:
    """The weight after the last event. Zenke, Agnes & Gerstner (2015), Nat. Commun. 6:6922: dw/dt =
    eta G(t) ((z_post + 1) S_pre + z_pre S_post), G = H - H_target; here summed over all pairs.
    """
    seen: dict[str, list[float]] = {"pre": [], "post": []}
    for t, kind in timeline({"pre": pre, "post": post}, shift, stop):
        other = np.array(seen["post" if kind == "pre" else "pre"])
        pairs = np.exp(-(t - other) / tau_z).sum() + (kind == "pre")
        w = min(max(w + eta * (H(t) - H_target) * pairs, wmin), wmax)
        seen[kind].append(t)
    return w
