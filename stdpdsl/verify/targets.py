"""Rules that regulate the target's rate, or that read the target's state."""

from __future__ import annotations

from math import ceil, exp

from stdpdsl.results.reader import Results
from stdpdsl.verify.table import NOT_IN_NEST, Replay, Row, Verification, columns


def vogels(results: Results) -> list[Row]:
    """`vogels_2011_rate.stdp`: the target's rate over the last half."""
    spikes = columns(results, "spikes", layer="target")
    blocks = columns(results, "blocks")
    rows = []
    for block, rho0, drive in zip(blocks["block"], blocks["rho0"], blocks["drive"], strict=True):
        late = (spikes["block"] == block) & (spikes["t"] >= 20)
        rate = late.sum() / 20 / 10
        quantity = f"rate of the target, alpha/(2 tau), inputs at {drive:g} Hz"
        source = "Vogels et al. (2011), alpha = 2 rho0 tau"
        rows.append(Row(quantity, float(rho0), float(rate), 0.1 * float(rho0), source))
    return rows


def carlson(results: Results) -> list[Row]:
    """`carlson_2013.stdp`: the target's rate over the last half."""
    spikes = columns(results, "spikes", layer="target")
    rows = []
    for rate in sorted(set(columns(results, "blocks")["Rtarget"])):
        late = (spikes["Rtarget"] == rate) & (spikes["t"] >= 60)
        source = "Carlson et al. (2013), ramp experiment"
        obtained = float(late.sum() / 60)
        rows.append(Row(f"rate at Rtarget = {rate:g} Hz", rate, obtained, 0.05 * rate, source))
    return rows


def maturity(results: Results) -> list[Row]:
    """`bouhadjar_2022.stdp`: each pair, 40 ms apart, changes the permanence by the same amount; at
    the first pre spike it is 0."""
    rows = []
    source = "Bouhadjar et al. (2022), eq. for the permanence, and its parameters"
    for z in (0.0, 1.0, 2.0):
        samples = columns(results, "trajectories", variable="w", activity=z)
        learned = 20 * (0.08 * exp(-0.04 / 0.02) + 0.014 * (1 - z))
        lost = 20 * 0.0015
        if learned < lost:
            quantity = f"mature after 100 pairs, dendritic activity {z:g}"
            rows.append(Row(quantity, 0, float(samples["value"][-1]), 0, source))
            continue
        # One sample per second, from 0 on, and a pair 100 ms after each.
        immature = float((samples["value"] == 0).sum())
        quantity = f"pairs until the synapse is mature, dendritic activity {z:g}"
        rows.append(Row(quantity, ceil((10 - lost) / (learned - lost)), immature, 0, source))
    return rows


FAMILY = (
    Verification(
        "vogels",
        "tests/rules/test_pairs.py::test_a_rule_is_its_reference[vogels-synapse]",
        "tests/nest/test_nest.py::test_the_reference_is_nest[vogels-10]",
        (Replay("vogels_2011_rate.stdp", vogels),),
    ),
    Verification(
        "homeostatic_stdp",
        "tests/rules/test_neuron_rules.py::test_homeostatic_stdp",
        replays=(Replay("carlson_2013.stdp", carlson),),
        without_nest=NOT_IN_NEST,
    ),
    Verification(
        "stdsp",
        "tests/rules/test_neuron_rules.py::test_structural_stdp",
        replays=(Replay("bouhadjar_2022.stdp", maturity),),
        without_nest="NEST has it as an extension module of the paper only",
    ),
)
