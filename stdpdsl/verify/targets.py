"""Rules that bring the target's rate somewhere, or that read the target's state."""

from __future__ import annotations

from stdpdsl.results import Results
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
        without_nest="NEST has it as an extension module of the paper only",
    ),
)
