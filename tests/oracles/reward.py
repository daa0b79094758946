"""Three-factor rules, event by event. Times and time constants are in seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .timeline import timeline


def dopamine(
    pre: Sequence[float],
    post: Sequence[float],
    dopa: Sequence[float],
    *,
    w: float,
    A_plus: float,
    A_minus: float,
    tau_plus: float,
    tau_minus: float,
    tau_c: float,
    tau_n: float,
    b: float,
    wmin: float,
    wmax: float,
    order: tuple[str, ...] = ("pre", "post", "dopa"),
    ties: bool = True,
    shift: dict[str, float] | None = None,
    stop: float = np.inf,
) -> tuple[np.ndarray, float]:
    """The weight at each pre spike, and at `stop`, or after the last event of all.

    Potjans, Morrison & Diesmann (2010), Front. Comput. Neurosci. 4:141: dc/dt = -c/tau_c +
    STDP(dt) delta, dn/dt = -n/tau_n + delta(t - dopamine spike)/tau_n, dw/dt = c (n - b), clipped.
    Between events w moves by the integral of c (n - b), both factors being exponentials.

    `order`: who goes first in a tie. `ties` False: a pre and a post spike that arrive together make
    no pair (NEST).
    """
    streams = {name: {"pre": pre, "post": post, "dopa": dopa}[name] for name in order}
    c = n = x = y = last = 0.0
    last_pre = last_post = -np.inf
    seen = []
    for t, kind in timeline(streams, shift, stop, end=True):
        h = t - last
        rate = 1 / tau_c + 1 / tau_n
        w += c * n * -np.expm1(-h * rate) / rate - c * b * tau_c * -np.expm1(-h / tau_c)
        w = min(max(w, wmin), wmax)
        c *= np.exp(-h / tau_c)
        n *= np.exp(-h / tau_n)
        x *= np.exp(-h / tau_plus)
        y *= np.exp(-h / tau_minus)
        last = t
        if kind == "pre":
            seen.append(w)
            c -= A_minus * (y - (not ties and last_post == t))
            x += 1
            last_pre = t
        elif kind == "post":
            c += A_plus * (x - (not ties and last_pre == t))
            y += 1
            last_post = t
        elif kind == "dopa":
            n += 1 / tau_n
    return np.array(seen), w


def mstdp(
    pre: Sequence[float],
    post: Sequence[float],
    r: Callable[[float], float],
    *,
    w: float,
    gamma: float,
    A_plus: float,
    A_minus: float,
    tau_plus: float,
    tau_minus: float,
    wmin: float,
    wmax: float,
    order: tuple[str, ...] = ("pre", "post"),
    shift: dict[str, float] | None = None,
    stop: float = np.inf,
) -> float:
    """Florian (2007), Neural Computation 19:1468, MSTDP: dw/dt = gamma r(t) (P+ post + P- pre).

    P+ rises by A+ at each pre spike, P- by A- (negative) at each post spike.
    """
    streams = {name: {"pre": pre, "post": post}[name] for name in order}
    plus = minus = last = 0.0
    for t, kind in timeline(streams, shift, stop):
        plus *= np.exp(-(t - last) / tau_plus)
        minus *= np.exp(-(t - last) / tau_minus)
        last = t
        if kind == "pre":
            w += gamma * r(t) * minus
            plus += A_plus
        else:
            w += gamma * r(t) * plus
            minus += A_minus
        w = min(max(w, wmin), wmax)
    return w


def mstdpet(
    pre: Sequence[float],
    post: Sequence[float],
    r: Sequence[float],
    *,
    dt: float,
    w: float,
    gamma: float,
    step: float,
    A_plus: float,
    A_minus: float,
    tau_plus: float,
    tau_minus: float,
    tau_z: float,
    wmin: float,
    wmax: float,
    order: tuple[str, ...] = ("pre", "post"),
) -> np.ndarray:
    """Florian (2007), MSTDPET, on the grid: z(k) = exp(-dt/tau_z) z(k-1) and the pairs that step
    k - 1 completed, w(k) = w(k-1) + gamma r(k) z(k) dt/step. The weight w(k) of each step.

    The paper's equations are those of `step` = dt = 1 ms.
    """
    size = len(r)
    fired = {
        name: np.bincount(np.rint(np.asarray(times) / dt).astype(int), minlength=size)
        for name, times in {"pre": pre, "post": post}.items()
    }
    plus = minus = z = paired = 0.0
    out = np.empty(size)
    for k in range(size):
        z = z * np.exp(-dt / tau_z) + paired
        w = min(max(w + gamma * r[k] * z * dt / step, wmin), wmax)
        out[k] = w
        plus *= np.exp(-dt / tau_plus)
        minus *= np.exp(-dt / tau_minus)
        paired = 0.0
        for name in order:
            if fired[name][k] and name == "pre":
                paired += minus
                plus += A_plus
            elif fired[name][k]:
                paired += plus
                minus += A_minus
    return out
