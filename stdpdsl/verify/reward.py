"""Three-factor rules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stdpdsl.results.reader import Results
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
    """`izhikevich_2007.stdp`: the synapse that contributes to the rewarded event wins."""
    rows = []
    source = "Izhikevich (2007), fig. 1: the reinforced synapse is at the bound, the others low"
    for wait in (0.3, 0.6, 0.9):
        rewarded, others = (
            columns(results, "weights", connection=name, wait=wait)["w"]
            for name in ("rewarded", "others")
        )
        rows += [
            Row(f"rewarded weight, dopamine after {wait:g} s", 4.0, rewarded.item(), 0.2, source),
            Row(
                f"others that reach it, dopamine after {wait:g} s",
                0,
                int((others >= rewarded.item()).sum()),
                0,
                source,
            ),
            Row(f"mean of the others, dopamine after {wait:g} s", 0.0, others.mean(), 1.0, source),
        ]
    return rows


def _learned(results: Results, connection: str, summed: float, source: str) -> list[Row]:
    """`florian_2007.stdp`: an eligibility of exp(-10/20) from a pair, with the sign of the lag."""
    w = columns(results, "weights", connection=connection)
    return [
        Row(
            f"change, reward {reward:g}, lag {lag * 1e3:g} ms",
            float(reward * np.sign(lag) * np.exp(-0.5) * summed),
            float(change),
            1e-9,
            source,
        )
        for reward, lag, change in zip(w["reward"], w["lag"], w["w"] - w["w_initial"], strict=True)
    ]


def modulated(results: Results) -> list[Row]:
    """gamma is 0.1, and the eligibility lasts for one step."""
    return _learned(results, "modulated", 0.1, "Florian (2007), eqs. of MSTDP in steps of 1 ms")


def traced(results: Results) -> list[Row]:
    """gamma is 0.625, and each step adds the remaining eligibility after 25 ms."""
    summed = 0.625 / (1 - np.exp(-1 / 25))
    return _learned(results, "traced", summed, "Florian (2007), eqs. of MSTDPET in steps of 1 ms")


def _whole(results: Results, connection: str, eligibility: Callable[[float], float]) -> list[Row]:
    """`eprop_2020.stdp`: eta L over tau_out = 20 ms, for the whole eligibility of one spike."""
    w = columns(results, "weights", connection=connection)
    source = "Bellec et al. (2020): the eligibility trace of one spike, summed"
    rows = []
    for beta, change in zip(w["beta"], w["w"] - w["w_initial"], strict=True):
        published = -1e-4 * 20 * eligibility(float(beta))
        quantity = f"change by one spike, beta = {beta:g}"
        # The sums over steps of 0.1 ms are 0.25 % larger than the integrals of z_bar and of e_bar
        # (20 ms).
        tolerance = 0.006 * abs(published)
        rows.append(Row(quantity, published, float(change), tolerance, source))
    return rows


PSI = 0.3 * (1 - 5 / 20)
"""The pseudo-derivative 5 mV below threshold."""


def eligible(results: Results) -> list[Row]:
    """psi times the 20 ms of the filtered spike."""
    return _whole(results, "plain", lambda beta: PSI * 20)[:1]


def eligible_adaptive(results: Results) -> list[Row]:
    """The slow component takes psi (z_bar - beta slow) in a ms and forgets over 200 ms."""
    return _whole(
        results, "adaptive", lambda beta: PSI * (20 - beta * PSI * 20 / (PSI * beta + 1 / 200))
    )


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
        "dopamine",
        f"{ORACLE}::test_dopamine",
        "tests/nest/test_nest_dopamine.py::test_dopamine",
        (Replay("dopamine_delay.stdp", delayed), Replay("izhikevich_2007.stdp", conditioning)),
    ),
    Verification(
        "mstdp",
        f"{ORACLE}::test_mstdp",
        replays=(Replay("florian_2007.stdp", modulated),),
        without_nest=NOT_IN_NEST,
    ),
    Verification(
        "mstdpet",
        f"{ORACLE}::test_mstdpet",
        replays=(Replay("florian_2007.stdp", traced),),
        without_nest=NOT_IN_NEST,
    ),
    Verification(
        "zenke_agnes_gerstner",
        f"{ORACLE}::test_zenke_agnes_gerstner",
        replays=(Replay("zenke_2015.stdp", target_rate),),
        without_nest=NOT_IN_NEST,
    ),
    Verification(
        "eprop",
        "tests/rules/test_voltage.py::test_eprop",
        "tests/nest/test_nest_eprop.py::test_eprop[False]",
        (Replay("eprop_2020.stdp", eligible),),
    ),
    Verification(
        "eprop_adaptive",
        "tests/rules/test_voltage.py::test_eprop",
        "tests/nest/test_nest_eprop.py::test_eprop[True]",
        (Replay("eprop_2020.stdp", eligible_adaptive),),
    ),
)
