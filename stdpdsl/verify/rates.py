"""Rate rules on traces, and BCPNN: the states that stationary input leads to."""

from __future__ import annotations

import numpy as np

from stdpdsl.results.reader import Results
from stdpdsl.verify.table import NOT_IN_NEST, Replay, Row, Verification, columns

ORACLE = "tests/rules/test_rates.py"


def principal(results: Results) -> list[Row]:
    """`oja_1982.stdp`: inputs of 100 and 50 Hz vary most, about 0, along (2, 1)."""
    rows = []
    source = "Oja (1982): the first eigenvector of the inputs' correlations, with length 1"
    for start in (0.2, 0.9):
        samples = columns(results, "trajectories", connection="learning", start=start)
        settled = samples["t"] > 30
        w = np.array([samples["value"][settled & (samples["pre"] == i)].mean() for i in (0, 1)])
        length = float(np.hypot(*w))
        rows += [
            Row(f"length of w, from {start:g}", 1.0, length, 0.03, source),
            Row(
                f"cosine of its angle to (2, 1), from {start:g}",
                1.0,
                float(w @ [2, 1] / np.sqrt(5) / length),
                0.03,
                source,
            ),
        ]
    return rows


def sliding(results: Results) -> list[Row]:
    """`bcm_1982.stdp`: the mean of y (y - theta) is zero if theta is y, which is y_target."""
    rows = []
    source = "Intrator & Cooper (1992): the fixed point theta = E[y^2]/y_target = y"
    blocks = columns(results, "blocks")
    for block, target, drive in zip(
        blocks["block"], blocks["y_target"], blocks["input_rate"], strict=True
    ):
        t = columns(results, "spikes", layer="output", block=int(block))["t"]
        rate = float((t > 100).sum() / 60)
        quantity = f"output rate, input at {drive:g} Hz"
        rows.append(Row(quantity, float(target), rate, 0.08 * float(target), source))
    return rows


def log_odds(results: Results) -> list[Row]:
    """`bcpnn_2014.stdp`: P is the mean of Z. For independent neurons E[Zi Zj] is the product. For a
    neuron with itself, the train's own correlation adds the fraction 1/(2 tau_z rate) of the
    product."""
    w = columns(results, "weights")
    source = "Tully et al. (2014), eq. 1: log(Pij/(Pi Pj)) of the stationary trains"
    same = w["pre"] == w["post"]
    others, itself = float(w["w"][~same].mean()), float(w["w"][same].mean())
    return [
        Row("weight of neurons that are independent", 0.0, others, 0.1, source),
        Row("weight of a neuron to itself", float(np.log(6)), itself, 0.1, source),
        Row("P of a neuron, rate/f_max", 0.5, float(w["Pi"].mean()), 0.05, source),
    ]


FAMILY = (
    Verification(
        "oja",
        f"{ORACLE}::test_oja",
        replays=(Replay("oja_1982.stdp", principal),),
        without_nest=NOT_IN_NEST,
    ),
    Verification(
        "bcm",
        f"{ORACLE}::test_bcm",
        replays=(Replay("bcm_1982.stdp", sliding),),
        without_nest=NOT_IN_NEST,
    ),
    Verification(
        "bcpnn",
        f"{ORACLE}::test_bcpnn",
        replays=(Replay("bcpnn_2014.stdp", log_odds),),
        without_nest="NEST has it as an extension module only",
    ),
)
