"""Rules that depend on the target's potential."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stdpdsl.results.reader import Results
from stdpdsl.verify.table import Replay, Row, Verification, columns
from stdpdsl.verify.triplets import VISUAL_CORTEX


def clamp(results: Results) -> list[Row]:
    """`clopath_voltage_clamp.stdp`: 1250 spikes at 25 Hz arrive at a clamped potential u.

    Each takes A_LTD [u - theta_minus]+, and its trace over the rest of the run gives A_LTP [u -
    theta_plus]+ [u - theta_minus]+. So the weight falls from theta_minus on, and rises from
    theta_plus + A_LTD/A_LTP on.
    """
    return _clamped(results, "synapse_clamp", lambda u: 14e-5)


def clamp_homeostatic(results: Results) -> list[Row]:
    """The same with A_LTD times the square of the mean depolarisation, divided by 60 mV^2."""
    return _clamped(results, "homeostatic", lambda u: 14e-5 * (u + 70.6) ** 2 / 60)


def _clamped(results: Results, connection: str, A_LTD: Callable[[float], float]) -> list[Row]:
    w = columns(results, "weights", connection=connection)
    source = "Clopath et al. (2010), fig. 1 and eqs. 1 to 3 at constant potential, Table 1"
    rows = []
    for u, change in zip(w["v_hold"] * 1e3, w["w"] - w["w_initial"], strict=True):
        raised = max(u + 70.6, 0)
        ltp, ltd = 1250 * raised * 8e-5 * max(u + 45.3, 0), 1250 * raised * A_LTD(float(u))
        quantity = f"change of the weight, {u:g} mV"
        # The sum of the trace over steps of 0.1 ms is 0.3 % larger than its integral. The mean of
        # the potential has come within exp(-20) of it.
        tolerance = 1e-9 + 0.004 * ltp + 1e-7 * ltd
        rows.append(Row(quantity, ltp - ltd, float(change), tolerance, source))
    return rows


PROGRAM = {
    # frequency in Hz, lag in ms: change of the weight relative to that at the start
    (0.1, -10): -0.26686815,
    (10, -10): -0.40929171,
    (20, -10): -0.40039460,
    (40, -10): 0.17833558,
    (50, -10): 0.74168298,
    (0.1, 10): 0.00000205,
    (10, 10): 0.02903382,
    (20, 10): 0.15706437,
    (40, 10): 0.46265114,
    (50, 10): 0.65001460,
}
"""The curves that the authors' program (ModelDB 144566) draws in figure 2b. They come from our
transcription of it; tests/rules/test_voltage.py compares these numbers with it. Each burst is taken
alone, with all its post spikes. The program drops the very first post spike, and at 0.1 Hz runs one
burst into the next."""


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
        Row(
            "mean squared distance from the data in standard errors, below 1",
            0.5,
            float(np.mean(np.square(far))),
            0.5,
            "Clopath et al. (2010), fig. 2b: the data of Sjöström et al. (2001)",
        ),
    ]


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


def _rule(name: str, test: str, nest: str, *replays: Replay) -> Verification:
    oracle = f"tests/rules/test_voltage.py::{test}"
    return Verification(name, oracle, f"tests/nest/test_nest_voltage.py::test_{nest}", replays)


FAMILY = (
    _rule(
        "clopath",
        "test_clopath",
        "clopath[bounds0-False]",
        Replay("clopath_voltage_clamp.stdp", clamp),
    ),
    _rule(
        "clopath_homeostatic",
        "test_clopath",
        "clopath[bounds0-True]",
        Replay("clopath_voltage_clamp.stdp", clamp_homeostatic),
    ),
    _rule(
        "clopath_delayed",
        "test_clopath_delayed",
        "clopath[bounds0-False]",
        Replay("clopath_2010.stdp", frequencies),
    ),
    _rule(
        "urbanczik_senn",
        "test_urbanczik_senn",
        "urbanczik",
        Replay("urbanczik_senn_2014.stdp", prediction),
    ),
)
