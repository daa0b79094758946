"""Rules that follow the target's potential, step by step on the simulation's grid.

Voltages are arrays with one value per step, taken as they stand when the step's spikes arrive;
spikes are counts per step; times are in seconds, voltages in volts.
"""

from __future__ import annotations

import numpy as np


def lowpass(x: np.ndarray, tau: float, dt: float, start: float) -> np.ndarray:
    """tau dy/dt = x - y with x held over each step; y[k] is the value before x[k] has acted."""
    out = np.empty(len(x))
    y, keep = start, np.exp(-dt / tau)
    for k, value in enumerate(x):
        out[k] = y
        y = value + (y - value) * keep
    return out


def clopath(
    pre: np.ndarray,
    v: np.ndarray,
    v_low: np.ndarray,
    v_plus: np.ndarray,
    *,
    dt: float,
    w: float,
    A_LTD: float | np.ndarray,
    A_LTP: float,
    theta_minus: float,
    theta_plus: float,
    tau_x: float,
    wmin: float,
    wmax: float,
    at_end: bool = False,
) -> np.ndarray:
    """The weight at the end of each step.

    Clopath, Büsing, Vasilaki & Gerstner (2010), Nat. Neurosci. 13:344: dw/dt = -A_LTD X [v_low -
    theta_minus]+ + A_LTP x [v - theta_plus]+ [v_plus - theta_minus]+, tau_x dx/dt = -x + X. With
    homeostasis, A_LTD is an array: A_LTD (mean depolarisation)^2 / v_ref^2.

    A step's spikes come at its end, after its potentiation; each depresses before it is added to
    the trace. Potentiation takes the trace at the step's start or, as in NEST, `at_end`, to which
    the potentials v and v_plus must belong; v_low is that of the end.
    """
    low = np.maximum(v_low - theta_minus, 0) * A_LTD
    high = np.maximum(v - theta_plus, 0) * np.maximum(v_plus - theta_minus, 0) * A_LTP * dt
    keep = np.exp(-dt / tau_x)
    x = 0.0
    out = np.empty(len(v))
    for k in range(len(v)):
        w = min(max(w + x * (keep if at_end else 1.0) * high[k], wmin), wmax)
        x *= keep
        for _ in range(pre[k]):
            w = min(max(w - low[k], wmin), wmax)
            x += 1 / tau_x
        out[k] = w
    return out


def clopath_program(period: int, lag: int) -> float:
    """The change of the weight in one burst of figure 2b, as a program in steps of 1 ms makes it.

    Clopath et al. (2010), as the authors' program has it (ModelDB 144566: aEIF.m, VoTri.m): the
    adaptive exponential neuron by Euler's method, in mV, pA and ms; a spike is two values that
    follow a crossing of 20 mV, and the state that it leaves. Five pre spikes, `period` ms apart,
    have post spikes `lag` later; where that is before, a sixth one ends the burst. A current of 1
    uA forces each. The averages are read three steps late.
    """
    rest, begin = -70.6, 1000
    posts = 5 + (lag < 0)
    pre = {begin + period * k for k in range(5)}
    post = {begin + lag + period * k for k in range(posts)}
    u, adapt, z, threshold = rest, 0.0, 0.0, -50.4
    phase, x, change = 0, 0.0, 0.0
    low, plus = [rest] * 4, [rest] * 4
    for t in range(max(pre | post) + 100):
        if phase == 2:
            u, z, threshold = rest + 21.0984, 400.0, -30.4
            adapt += 0.0805
            phase = 0
        current = 30 * (rest - u) - adapt + z + (1e6 if t in post else 0)
        current += 60 * np.exp((u - threshold) / 2)
        kept, adapt = adapt, adapt + (4 * (u - rest) - adapt) / 144
        u += current / 281
        z -= z / 40
        threshold += (-50.4 - threshold) / 50
        if phase == 1:
            u, adapt, phase = 32.862, kept, 2
        elif u > 20:
            u, phase = 29.4, 1
        change += 8e-5 * max(u + 45.3, 0) * x * max(plus[-4] - rest, 0)
        change -= 14e-5 * (t in pre) * max(low[-4] - rest, 0)
        low.append(low[-1] + (u - low[-1]) / 10)
        plus.append(plus[-1] + (u - plus[-1]) / 7)
        x += ((t in pre) - x) / 15
    return change


def phi_and_h(
    v: np.ndarray, phi_max: float, k: float, beta: float, theta: float
) -> tuple[np.ndarray, np.ndarray]:
    """Urbanczik & Senn (2014): phi(U) = phi_max/(1 + k exp(beta (theta - U))), and h = phi'/phi."""
    grow = np.exp(beta * (theta - v))
    return phi_max / (1 + k * grow), beta * k * grow / (1 + k * grow)


def urbanczik_senn(
    pre: np.ndarray,
    post: np.ndarray,
    v_star: np.ndarray,
    *,
    dt: float,
    w: float,
    eta: float,
    tau_delta: float,
    tau_L: float,
    tau_s: float,
    phi_max: float,
    k: float,
    beta: float,
    theta: float,
) -> np.ndarray:
    """The weight at each step, once that step's spikes have acted; without bounds.

    Urbanczik & Senn (2014), Neuron 81:521: PI = (S(t) - phi(V*)) h(V*) PSP(t), tau_delta dD/dt =
    PI - D, dw/dt = eta D; PSP are the presynaptic spikes filtered by (exp(-t/tau_L) -
    exp(-t/tau_s))/(tau_L - tau_s). So w has moved by eta times the sum over past PI of 1 -
    exp(-(t - s)/tau_delta).
    """
    phi, h = phi_and_h(v_star, phi_max, k, beta, theta)
    slow = fast = total = faded = 0.0
    out = np.empty(len(v_star))
    for n in range(len(v_star)):
        slow *= np.exp(-dt / tau_L)
        fast *= np.exp(-dt / tau_s)
        PI = (post[n] - phi[n] * dt) * h[n] * (slow - fast) / (tau_L - tau_s)
        total += PI
        faded = faded * np.exp(-dt / tau_delta) + PI
        out[n] = w + eta * (total - faded)
        slow += pre[n]
        fast += pre[n]
    return out


def urbanczik_senn_flow(
    pre: np.ndarray,
    post: np.ndarray,
    v_star: np.ndarray,
    *,
    dt: float,
    w: float,
    eta: float,
    tau_delta: float,
    tau_L: float,
    tau_s: float,
    phi_max: float,
    k: float,
    beta: float,
    theta: float,
) -> np.ndarray:
    """The same equations by exponential Euler: w at the start of each step, at which v_star stands.

    A step's spikes come at its end; those of the target meet the potential that stands then.
    """
    phi, h = phi_and_h(v_star, phi_max, k, beta, theta)
    keep = np.exp(-dt / tau_delta)
    slow = fast = delta = 0.0
    out = np.empty(len(v_star))
    for n in range(len(v_star)):
        out[n] = w
        w += eta * delta * dt
        psp = (slow - fast) / (tau_L - tau_s)
        delta = delta * keep - phi[n] * h[n] * psp * (1 - keep)
        slow = slow * np.exp(-dt / tau_L) + pre[n]
        fast = fast * np.exp(-dt / tau_s) + pre[n]
        if post[n] and n + 1 < len(v_star):
            delta += h[n + 1] * (slow - fast) / (tau_L - tau_s) / tau_delta
    return out
