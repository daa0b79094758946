"""Pair-based rules with their own window or weight dependence."""

from __future__ import annotations

import numpy as np

from stdpdsl.results.reader import Results
from stdpdsl.verify.table import NOT_IN_NEST, Replay, Row, Verification, columns

LONE_PAIRS = "stdp_shapes.stdp"


def _farthest(results: Results, connection: str, published: np.ndarray, source: str) -> Row:
    """The largest distance of any lag's change from the published window, at the lags of the
    table."""
    w = columns(results, "weights", connection=connection)
    off = np.abs(w["w"] - w["w_initial"] - published).max()
    return Row("largest distance from the window", 0.0, float(off), 1e-12, source)


def _lags(results: Results, connection: str) -> np.ndarray:
    return columns(results, "weights", connection=connection)["lag"]


def symmetric(results: Results) -> list[Row]:
    """`stdp_shapes.stdp`: 0.01 exp(-|lag|/20 ms) - 0.004 exp(-|lag|/50 ms)."""
    lag = np.abs(_lags(results, "symmetric"))
    window = 0.01 * np.exp(-lag / 0.02) - 0.004 * np.exp(-lag / 0.05)
    source = "Abbott & Nelson (2000), after Woodin et al. (2003): even, the surround negative"
    turn = np.log(0.01 / 0.004) / (1 / 0.02 - 1 / 0.05)
    w = columns(results, "weights", connection="symmetric")
    beside = lag[w["w"] > w["w_initial"]].max(), lag[w["w"] < w["w_initial"]].min()
    return [
        _farthest(results, "symmetric", window, source),
        Row("lag where the sign turns, in s", float(turn), float(np.mean(beside)), 6e-4, source),
    ]


def antihebbian(results: Results) -> list[Row]:
    """`stdp_shapes.stdp`: pre before post decreases the weight by 0.0105 exp(-lag/20 ms)."""
    lag = _lags(results, "antihebbian")
    window = np.where(lag > 0, -0.0105 * np.exp(-lag / 0.02), 0.01 * np.exp(lag / 0.02))
    source = "Abbott & Nelson (2000), after Bell et al. (1997): the classic window turned over"
    return [_farthest(results, "antihebbian", window, source)]


def digits(results: Results) -> list[Row]:
    """`stdp_shapes.stdp`: at w = 0.5, eta (x - x_tar) (wmax - w)**mu, with x from the only pre
    spike."""
    lag = _lags(results, "digits")
    x = np.where(lag > 0, np.exp(-lag / 0.02), 0.0)
    window = 0.01 * (x - 0.4) * 0.5**0.2
    w = columns(results, "weights", connection="digits")
    turn = lag[(lag > 0) & (w["w"] > w["w_initial"])].max()
    source = "Diehl & Cook (2015), eq. 2"
    return [
        _farthest(results, "digits", window, source),
        # 18.3 ms; the nearest simulated lags are 18 and 19 ms.
        Row(
            "last lag in s that potentiates, tau log(1/x_tar)",
            -0.02 * np.log(0.4),
            float(turn),
            1e-3,
            source,
        ),
    ]


def digit_triplets(results: Results) -> list[Row]:
    """`diehl_cook_triplet.stdp`: from the second pair on, each pre spike is paired with the last
    post spike, and each post spike with the pre spike and the post spike before it."""
    w = columns(results, "weights")
    rows = []
    for frequency, change in zip(w["frequency"], w["w"] - w["w_initial"], strict=True):
        gap = 1 / frequency
        up = 0.01 * np.exp(-0.01 / 0.02) * np.exp(-gap / 0.04)
        down = 0.0001 * np.exp(-(gap - 0.01) / 0.02)
        quantity = f"change by ten pairs at {frequency:g} Hz"
        source = "Diehl & Cook (2015), the rule of their simulation: nearest post-pre-post triplets"
        rows.append(Row(quantity, 9 * float(up - down), float(change), 1e-12, source))
    return rows


def logarithm(results: Results) -> list[Row]:
    """`jonke_2017.stdp`: the drift eta (post (exp(-w) pre tau - offset) - pre offset) is zero."""
    rows = []
    for rate in np.unique(columns(results, "blocks")["rate"]):
        samples = columns(results, "trajectories", variable="w", rate=float(rate))
        w = samples["value"][samples["t"] >= 75].mean()
        published = np.log(rate * 50 * 0.02 / (0.05 * (rate + 50)))
        source = "Jonke et al. (2017), where drift is zero"
        quantity = f"mean weight, inputs at {rate:g} Hz"
        rows.append(Row(quantity, float(published), float(w), 0.03, source))
    return rows


def pairs_to_move(results: Results) -> list[Row]:
    """`facets_2012.stdp`: the controller acts at the pre spike after the charge is reached."""
    rows = []
    source = "Pfeil et al. (2012): look-up tables for 36 pairs at 10 ms"
    for start, gain in ((0, 2), (8, 1)):
        samples = columns(results, "trajectories", variable="w", start=float(start))
        # One sample per second, from 0 on, and a pair 100 ms after each: the pre spike of one more.
        pairs = int((samples["value"] == samples["value"][0]).sum()) - 1
        first = samples["value"][samples["value"] > samples["value"][0]].min()
        step = (first - samples["value"][0]) * 15
        rows += [
            Row(f"pairs until the weight moves, from {start}/15", 36, pairs, 0, source),
            Row(f"steps that it moves, from {start}/15", gain, float(step), 1e-9, source),
        ]
    return rows


TEST = "tests/rules/test_pairs.py::test_a_rule_is_its_reference"
NEST = "tests/nest/test_nest.py::test_the_reference_is_nest"


def _rule(rule: str, replay: Replay, nest: str = "", without: str = NOT_IN_NEST) -> Verification:
    oracle = f"{TEST}[{rule}-synapse]"
    if nest:
        return Verification(rule, oracle, f"{NEST}[{nest}-10]", (replay,))
    return Verification(rule, oracle, replays=(replay,), without_nest=without)


FAMILY = (
    _rule("pair_symmetric", Replay(LONE_PAIRS, symmetric)),
    _rule(
        "pair_antihebbian",
        Replay(LONE_PAIRS, antihebbian),
        without="with a negative lambda, NEST's stdp_synapse lets a weight pass Wmax",
    ),
    _rule("jonke", Replay("jonke_2017.stdp", logarithm), "jonke"),
    _rule("diehl_cook", Replay(LONE_PAIRS, digits)),
    _rule("diehl_cook_triplet", Replay("diehl_cook_triplet.stdp", digit_triplets)),
    _rule("facets", Replay("facets_2012.stdp", pairs_to_move), "facets"),
)
