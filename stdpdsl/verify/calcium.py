"""Calcium-based plasticity: its windows, and its two states."""

from __future__ import annotations

from math import erf

import numpy as np

from stdpdsl.results.reader import Results
from stdpdsl.verify.table import NOT_IN_NEST, Replay, Row, Verification, columns

CALCIUM = {
    "DP": (1, 2, 1.3, 200, 321.808, 2.8284, 13.7e-3),
    "DPD": (0.9, 0.9, 1.3, 250, 550, 2.8284, 4.6e-3),
    "DPDprime": (1, 2, 2.5, 50, 600, 2.8284, 2.2e-3),
    "P": (2, 2, 1.3, 160, 257.447, 2.8284, 0.0),
    "D_only": (0.6, 0.6, 1.3, 500, 550, 5.6568, 0.0),
    "Dprime": (1, 2, 3.5, 60, 600, 2.8284, 0.0),
}
"""Cpre, Cpost, theta_p, gamma_d, gamma_p, sigma and D (s), from Table S1."""
TAU_CA, TAU, PAIRS, RATE, B = 20e-3, 150.0, 60, 1.0, 5.0


def time_above(theta: float, first: float, second: float, gap: float) -> float:
    """How long a pair's calcium concentration is above a threshold: it jumps by `first`, and by
    `second` a `gap` later."""
    before = min(gap, TAU_CA * np.log(max(first / theta, 1)))
    peak = first * np.exp(-gap / TAU_CA) + second
    return before + TAU_CA * np.log(max(peak / theta, 1))


def moments(preset: str, lag: float) -> tuple[float, float, float]:
    """The means of rho after 60 pairs, from 0 and from 1, and sqrt(2) times its sd from either."""
    Cpre, Cpost, theta_p, gamma_d, gamma_p, sigma, D = CALCIUM[preset]
    gap = lag - D
    order = (Cpre, Cpost) if gap >= 0 else (Cpost, Cpre)
    above_p, above_d = (time_above(theta, *order, abs(gap)) * RATE for theta in (theta_p, 1.0))
    up, down = gamma_p * above_p, gamma_d * above_d
    if up + down == 0:
        return 0.0, 1.0, 1e-9
    rest, left = up / (up + down), np.exp(-PAIRS / RATE * (up + down) / TAU)
    spread = np.sqrt(sigma**2 * (above_p + above_d) / (up + down) * (1 - left**2))
    return rest * (1 - left), rest + (1 - rest) * left, spread


def strength(from_0: float, from_1: float, spread: float) -> float:
    """The mean weight relative to that before, for synapses of which half were at rho = 1. Each
    ends on the side of rho = 0.5 where the noise has left it; the weight at 1 is B times that at
    0."""
    up, down = (1 + erf((from_0 - 0.5) / spread)) / 2, (1 - erf((from_1 - 0.5) / spread)) / 2
    return ((1 - up + down) + B * (up + 1 - down)) / (1 + B)


SHAPES = {
    "DP": {-0.02: -1, 0.02: 1},
    "DPD": {-0.01: -1, 0.005: 1, 0.02: -1},
    "DPDprime": {-0.02: -1, 0.0: 1, 0.02: -1},
    "P": {-0.01: 1, 0.01: 1},
    "D_only": {0.0: -1},
    "Dprime": {-0.02: -1, 0.02: -1},
}
"""The sign of the change of strength at lags (s): the curves that the sets are named after."""


def windows(results: Results) -> list[Row]:
    """`graupner_brunel_2012.stdp`."""
    w = columns(results, "weights")
    rows = []
    source = "Graupner & Brunel (2012), SI: mean of rho from the times above threshold"
    for preset in CALCIUM:
        for start in (0.0, 1.0):
            mine = (w["preset"] == preset) & (w["start"] == start)
            off = [
                abs(rho - moments(preset, lag)[int(start)])
                for lag, rho in zip(w["lag"][mine], w["w"][mine], strict=True)
            ]
            quantity = f"largest distance of rho from its mean, {preset}, from {start:g}"
            # The formula takes both rates as constant; in fact depression lasts longer than
            # potentiation.
            rows.append(Row(quantity, 0.0, float(max(off)), 5e-3, source))
    for preset, signs in SHAPES.items():
        for lag, sign in signs.items():
            near = (w["preset"] == preset) & (np.abs(w["lag"] - lag) < 1e-6)
            from_0, from_1 = (w["w"][near & (w["start"] == start)].item() for start in (0, 1))
            moved = strength(from_0, from_1, moments(preset, lag)[2]) - 1
            quantity = f"sign of the change, {preset}, {lag * 1e3:g} ms"
            obtained = float(np.sign(np.round(moved, 3)))
            rows.append(Row(quantity, sign, obtained, 0.0, "Graupner & Brunel (2012), fig. 2"))
    return rows


def states(results: Results) -> list[Row]:
    """`graupner_brunel_states.stdp`, with tau = 1 s: of y = rho - 1/2, y^2/(1/4 - y^2) grows as
    exp(t/(2 tau))."""
    s = columns(results, "trajectories", variable="rho")
    source = "Graupner & Brunel (2012), eq. 1 without calcium, solved"
    rows = []
    for start in np.unique(s["start"]):
        t, rho = (s[name][s["start"] == start] for name in ("t", "value"))
        grown = (start - 0.5) ** 2 / (start - start**2) * np.exp(t / 2)
        published = 0.5 + np.sign(start - 0.5) * np.sqrt(grown / (1 + grown)) / 2
        quantity = f"rho after 10 s, from {start:g}"
        rows.append(Row(quantity, float(published[-1]), float(rho[-1]), 1e-4, source))
    return rows


def _rule(name: str, test: str, replay: Replay) -> Verification:
    oracle = f"tests/rules/test_calcium.py::{test}"
    return Verification(name, oracle, replays=(replay,), without_nest=NOT_IN_NEST)


FAMILY = (
    _rule("graupner_brunel", "test_bistable", Replay("graupner_brunel_states.stdp", states)),
    _rule("graupner_brunel_flat", "test_flat", Replay("graupner_brunel_2012.stdp", windows)),
)
