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
) -> np.ndarray:
    """The weight at the end of each step.

    Clopath, Büsing, Vasilaki & Gerstner (2010), Nat. Neurosci. 13:344: dw/dt = -A_LTD X [v_low -
    theta_minus]+ + A_LTP x [v - theta_plus]+ [v_plus - theta_minus]+, tau_x dx/dt = -x + X. With
    homeostasis, A_LTD is an array: A_LTD (mean depolarisation)^2 / v_ref^2.

    A spike changes the trace after the step's potentiation and its own depression.
    """
    low = np.maximum(v_low - theta_minus, 0) * A_LTD
    high = np.maximum(v - theta_plus, 0) * np.maximum(v_plus - theta_minus, 0) * A_LTP * dt
    keep = np.exp(-dt / tau_x)
    x = 0.0
    out = np.empty(len(v))
    for k in range(len(v)):
        x *= keep
        w = min(max(w + x * high[k], wmin), wmax)
        for _ in range(pre[k]):
            w = min(max(w - low[k], wmin), wmax)
            x += 1 / tau_x
        out[k] = w
    return out


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
    PI - D, dw/dt = eta D; phi(U) = phi_max/(1 + k exp(beta (theta - U))), h = phi'/phi, and PSP the
    presynaptic spikes filtered by (exp(-t/tau_L) - exp(-t/tau_s))/(tau_L - tau_s). So w has moved
    by eta times the sum over past PI of 1 - exp(-(t - s)/tau_delta).
    """
    grow = np.exp(beta * (theta - v_star))
    phi = phi_max / (1 + k * grow)
    h = beta * k * grow / (1 + k * grow)
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
