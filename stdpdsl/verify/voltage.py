"""Rules that follow the target's potential, or its calcium."""

from __future__ import annotations

from math import erf

import numpy as np

from stdpdsl.results import Results
from stdpdsl.verify.table import NOT_IN_NEST, Replay, Row, Verification, columns
from stdpdsl.verify.triplets import VISUAL_CORTEX


def clamp(results: Results) -> list[Row]:
    """`clopath_voltage_clamp.stdp`: 1250 spikes at 25 Hz meet a potential u that is held.

    Each takes A_LTD [u - theta_minus]+, and its trace over the rest of the run gives A_LTP
    [u - theta_plus]+ [u - theta_minus]+: from theta_minus on the weight falls, and from theta_plus
    + A_LTD/A_LTP on it rises.
    """
    w = columns(results, "weights")
    source = "Clopath et al. (2010), fig. 1 and eqs. 1 to 3 at constant potential, Table 1"
    rows = []
    for u, change in zip(w["v_hold"] * 1e3, w["w"] - w["w_initial"], strict=True):
        raised = max(u + 70.6, 0)
        ltp, ltd = 1250 * raised * 8e-5 * max(u + 45.3, 0), 1250 * raised * 14e-5
        quantity = f"change of the weight, {u:g} mV"
        # The trace is summed over steps of 0.1 ms: 0.3 % more than its integral.
        tolerance = 1e-9 + 0.004 * ltp
        rows.append(Row(quantity, ltp - ltd, float(change), tolerance, source))
    return rows


PROGRAM = {
    # frequency in Hz, lag in ms: change of the weight over that at the start
    (0.1, -10): -0.26686815, (10, -10): -0.40929171, (20, -10): -0.40039460, (40, -10): 0.17833558,
    (50, -10): 0.74168298, (0.1, 10): 0.00000205, (10, 10): 0.02903382, (20, 10): 0.15706437,
    (40, 10): 0.46265114, (50, 10): 0.65001460,
}  # fmt: skip
"""What the authors' program (ModelDB 144566) draws in figure 2b, by our transcription of it, which
tests/rules/test_voltage.py holds these numbers to. Each of its bursts is taken alone, with all its
post spikes: the program drops the first one of all, and at 0.1 Hz runs one burst into the next."""


def frequencies(results: Results) -> list[Row]:
    """`clopath_2010.stdp`: a burst changes the weight from 0.5; 15 are the experiment, or 10
    at 0.1 Hz. The weight changes by what does not depend on it."""
    w = columns(results, "weights", connection="pairing")
    source = "Clopath et al. (2010), fig. 2b, the authors' program"
    rows, far = [], []
    for lag, frequency, change in zip(
        w["lag"], w["frequency"], (w["w"] - w["w_initial"]) / 0.5, strict=True
    ):
        key = (float(frequency), round(lag * 1e3))
        total = float(change) * (10 if frequency < 1 else 15)
        data, error = VISUAL_CORTEX[key]
        far.append((total - data) / error)
        quantity = f"change at {frequency:g} Hz, lag {lag * 1e3:g} ms"
        rows.append(Row(quantity, PROGRAM[key], total, 1e-7, source))
    return [
        *rows,
        Row("mean squared distance from the data in standard errors, below 1", 0.5,
            float(np.mean(np.square(far))), 0.5,
            "Clopath et al. (2010), fig. 2b: the data of Sjöström et al. (2001)"),
    ]  # fmt: skip


def prediction(results: Results) -> list[Row]:
    """`urbanczik_senn_2014.stdp`: the rate phi(V*) that the dendrite predicts, once learned."""
    rows = []
    source = "Urbanczik & Senn (2014): learning ends where phi(V*) is the soma's rate"
    for taught in (30.0, 60.0):
        slow, fast = (
            columns(results, "trajectories", variable=name, taught=taught)
            for name in ("slow", "fast")
        )
        v = (slow["value"] - fast["value"])[slow["t"] > 20] * 1e3
        phi = 150 / (1 + 0.5 * np.exp(5 * (1 - v)))
        quantity = f"predicted rate, taught {taught:g} Hz"
        rows.append(Row(quantity, taught, float(phi.mean()), 0.1 * taught, source))
    return rows


CALCIUM = {
    "DP": (1, 2, 1.3, 200, 321.808, 2.8284, 13.7e-3),
    "DPD": (0.9, 0.9, 1.3, 250, 550, 2.8284, 4.6e-3),
    "DPDprime": (1, 2, 2.5, 50, 600, 2.8284, 2.2e-3),
    "P": (2, 2, 1.3, 160, 257.447, 2.8284, 0.0),
    "D_only": (0.6, 0.6, 1.3, 500, 550, 5.6568, 0.0),
    "Dprime": (1, 2, 3.5, 60, 600, 2.8284, 0.0),
}
"""Cpre, Cpost, theta_p, gamma_d, gamma_p, sigma and D in s, of Table S1."""
TAU_CA, TAU, PAIRS, RATE, B = 20e-3, 150.0, 60, 1.0, 5.0


def time_above(theta: float, first: float, second: float, gap: float) -> float:
    """How long a pair's calcium is above a threshold: `first` jumps, and `second` a `gap` later."""
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
    """The mean weight over that before, of synapses of which half were at rho = 1: each ends where
    the noise has left it, on either side of rho = 0.5; the weight at 1 is B times that at 0."""
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
"""The sign of the change of strength at lags in s: the curves that the sets are named after."""


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
            # The formula takes both rates as constant; in truth depression outlasts potentiation.
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


def _rule(name: str, test: str, nest: str = "", *replays: Replay) -> Verification:
    oracle = f"tests/rules/{test}"
    if nest:
        return Verification(name, oracle, f"tests/nest/test_nest_voltage.py::test_{nest}", replays)
    return Verification(name, oracle, replays=replays, without_nest=NOT_IN_NEST)


FAMILY = (
    _rule("clopath", "test_voltage.py::test_clopath", "clopath[bounds0-False]",
          Replay("clopath_voltage_clamp.stdp", clamp)),
    _rule("clopath_homeostatic", "test_voltage.py::test_clopath", "clopath[bounds0-True]"),
    _rule("clopath_delayed", "test_voltage.py::test_clopath_delayed", "clopath[bounds0-False]",
          Replay("clopath_2010.stdp", frequencies)),
    _rule("urbanczik_senn", "test_voltage.py::test_urbanczik_senn", "urbanczik",
          Replay("urbanczik_senn_2014.stdp", prediction)),
    _rule("graupner_brunel", "test_calcium.py::test_bistable"),
    _rule("graupner_brunel_flat", "test_calcium.py::test_flat", "",
          Replay("graupner_brunel_2012.stdp", windows)),
)  # fmt: skip
