"""Three-factor rules."""

from __future__ import annotations

import numpy as np

from stdpdsl.results import Results
from stdpdsl.verify.table import NOT_IN_NEST, Replay, Row, Verification, columns

ORACLE = "tests/rules/test_reward.py"


def delayed(results: Results) -> list[Row]:
    """`dopamine_delay.stdp`: a pair 10 ms apart, one dopamine spike `wait` later, then 9 s of rest.

    c starts at A_plus exp(-10/20) and n at 1/tau_n; dw/dt is their product.
    """
    w = columns(results, "weights", connection="learning")
    tau_c, tau_n, source = 1.0, 0.2, "Izhikevich (2007), eqs. 2.1, 2.2 and fig. 1b"
    rows = []
    for wait, change in zip(w["wait"], w["w"] - w["w_initial"], strict=True):
        eligible = np.exp(-0.5) * np.exp(-wait / tau_c)
        published = eligible / tau_n * (tau_c * tau_n / (tau_c + tau_n))
        quantity = f"change of the weight, dopamine after {wait:g} s"
        rows.append(Row(quantity, float(published), float(change), 1e-9, source))
    return rows


def conditioning(results: Results) -> list[Row]:
    """`izhikevich_2007.stdp`: the synapse that takes part in what is rewarded wins."""
    rows = []
    source = "Izhikevich (2007), fig. 1: the reinforced synapse is at the bound, the others low"
    for wait in (0.3, 0.6, 0.9):
        rewarded, others = (
            columns(results, "weights", connection=name, wait=wait)["w"]
            for name in ("rewarded", "others")
        )
        rows += [
            Row(f"rewarded weight, dopamine after {wait:g} s", 4.0, rewarded.item(), 0.2, source),
            Row(f"mean of the others, dopamine after {wait:g} s", 0.0, others.mean(), 1.5, source),
        ]
    return rows


def target_rate(results: Results) -> list[Row]:
    """`zenke_2015.stdp`."""
    rows = []
    source = "Zenke et al. (2015): the fixed point H = gamma of eq. 17"
    blocks = columns(results, "blocks")
    for block, H, start in zip(blocks["block"], blocks["H_target"], blocks["start"], strict=True):
        t = columns(results, "spikes", layer="excitation", block=int(block))["t"]
        rate = float((t > 25).sum() / 15 / 20)
        rows.append(Row(f"rate, from w = {start:g}", float(H), rate, 0.1 * float(H), source))
    return rows


FAMILY = (
    Verification(
        "dopamine", f"{ORACLE}::test_dopamine", "tests/nest/test_nest_dopamine.py::test_dopamine",
        (Replay("dopamine_delay.stdp", delayed), Replay("izhikevich_2007.stdp", conditioning)),
    ),
    Verification("mstdp", f"{ORACLE}::test_mstdp", without_nest=NOT_IN_NEST),
    Verification("mstdpet", f"{ORACLE}::test_mstdpet", without_nest=NOT_IN_NEST),
    Verification("zenke_agnes_gerstner", f"{ORACLE}::test_zenke_agnes_gerstner",
                 replays=(Replay("zenke_2015.stdp", target_rate),), without_nest=NOT_IN_NEST),
    Verification("eprop", "tests/rules/test_voltage.py::test_eprop",
                 "tests/nest/test_nest_eprop.py::test_eprop[False]"),
    Verification("eprop_adaptive", "tests/rules/test_voltage.py::test_eprop",
                 "tests/nest/test_nest_eprop.py::test_eprop[True]"),
)  # fmt: skip
