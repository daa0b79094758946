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
