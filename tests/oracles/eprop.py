"""The synapse's part of e-prop, on the grid."""

from __future__ import annotations

import numpy as np


def eprop(
    pre: np.ndarray,
    psi: np.ndarray,
    L: np.ndarray,
    *,
    alpha: float,
    kappa: float,
    rho: float = 0.0,
    beta: float = 0.0,
) -> np.ndarray:
    """The gradient dE/dw that each step adds: L(t) times the low-pass filtered eligibility.

    Bellec et al. (2020), Nat. Commun. 11:3625, Methods: the pre spikes are filtered to z_bar(t) =
    alpha z_bar(t-1) + z(t), the eligibility is e(t) = psi(t) (z_bar(t-1) - beta eps(t-1)), eps(t) =
    psi(t) z_bar(t-1) + (rho - psi(t) beta) eps(t-1), and e_bar(t) = kappa e_bar(t-1) + e(t). psi, L
    and pre have one value per step.
    """
    z_bar = eps = e_bar = 0.0
    out = np.empty(len(psi))
    for t in range(len(psi)):
        e = psi[t] * (z_bar - beta * eps)
        eps = psi[t] * z_bar + (rho - psi[t] * beta) * eps
        e_bar = kappa * e_bar + e
        out[t] = L[t] * e_bar
        z_bar = alpha * z_bar + pre[t]
    return out


def eprop_flow(
    pre: np.ndarray,
    psi: np.ndarray,
    L: np.ndarray,
    *,
    dt: float,
    step: float,
    tau_m: float,
    tau_out: float,
    beta: float = 0.0,
    tau_a: float = np.inf,
) -> np.ndarray:
    """The gradient accumulated before each step, for steps of dt where the paper's are `step` long.

    The paper's sums over its steps become integrals: d(e_bar)/dt = e/step - e_bar/tau_out and
    d(eps)/dt = e/step - eps/tau_a with e = psi (z_bar - beta eps). Each is solved over one step of
    dt with the others held (exponential Euler), so that dt = step gives the paper's filters but for
    the factor tau/step (1 - exp(-step/tau)) of what enters them.
    """

    def enters(rate: float) -> float:
        return -np.expm1(-rate * dt) / rate if rate > 0 else dt

    z_bar = eps = e_bar = total = 0.0
    out = np.empty(len(psi))
    for k in range(len(psi)):
        out[k] = total
        total += L[k] * e_bar * dt / step
        e = psi[k] * (z_bar - beta * eps)
        e_bar = e_bar * np.exp(-dt / tau_out) + e / step * enters(1 / tau_out)
        own = psi[k] * beta / step + 1 / tau_a
        eps = eps * np.exp(-own * dt) + psi[k] * z_bar / step * enters(own)
        z_bar = z_bar * np.exp(-dt / tau_m) + pre[k]
    return out
