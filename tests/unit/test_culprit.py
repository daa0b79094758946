"""Which value is blamed where an equation's units do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnose import diagnose

from stdpdsl.compiler import check_text
from stdpdsl.language.source import Source
from stdpdsl.language.units import AMP, HERTZ, KELVIN, KILOGRAM, METRE, SECOND, SIEMENS, VOLT

MAP = (Path(__file__).parents[2] / "specs" / "auditory_map.stdp").read_text(encoding="utf-8")
MEMBRANE = "(v_rest + gain*I - v)/tau_m"


@pytest.mark.parametrize(
    "old, new, line, text, message",
    [
        (
            "tau_syn = 5 ms",
            "tau_syn = 5 mV",
            "tau_syn = 5 mV",
            "mV",
            "`tau_syn`: expected time, found voltage",
        ),
        (
            "tau_m = 10 ms",
            "tau_m = 10 mV",
            "tau_m = 10 mV",
            "mV",
            "`tau_m`: expected time, found voltage",
        ),
        (
            "v_rest = -70 mV",
            "v_rest = -70 ms",
            "v_rest = -70 ms",
            "ms",
            "`v_rest`: expected voltage, found time",
        ),
        ("gain = 1 volt", "gain = 1", "gain = 1", "1", "`gain`: expected voltage, found no unit"),
        (
            "/(1 ms)",
            "/(1 mV)",
            "dv/dt = (v_rest - v)/(1 mV)",
            "mV",
            "`1 mV`: expected time, found voltage",
        ),
        # By way of another constant, and as the value at a use.
        (
            "tau_syn = 5 ms",
            "fast = 5 mV\n    tau_syn = fast",
            "fast = 5 mV",
            "mV",
            "`tau_syn`: expected time, found voltage",
        ),
        (
            "taupre = 20 ms",
            "taupre = 20 mV",
            "plasticity: pair_additive(taupre = 20 mV",
            "mV",
            "`taupre`: expected time, found voltage",
        ),
        # The operator is wrong, not the value.
        (
            MEMBRANE,
            MEMBRANE.replace("/", "*"),
            "dv/dt = (v_rest + gain*I - v)*tau_m",
            "(v_rest + gain*I - v)*tau_m",
            "`dv/dt`: expected voltage per time, found voltage times time",
        ),
        # Either could be meant.
        (
            f"gain = 1 volt\n    equations:\n        dv/dt = {MEMBRANE}",
            "gain = 1\n        factor = 2\n    equations:\n        dv/dt = gain*factor/tau_m",
            "dv/dt = gain*factor/tau_m",
            "gain*factor/tau_m",
            "`dv/dt`: expected voltage per time, found rate",
        ),
    ],
)
def test_the_value_to_blame(old, new, line, text, message):
    assert old in MAP
    (error,) = check_text(Source("map.stdp", MAP.replace(old, new, 1)), Path(), [])[1]
    assert (error.code, error.message, error.span.text) == ("UNIT002", message, text)
    source = error.span.source
    assert source.line(error.span.line).strip().startswith(line)


RULES = """
model two_layers

constants:
    tau = 10 {unit}

neuron first:
    equations:
        dv/dt = -v/tau : 1
        dx/dt = -x/tau : volt
    threshold: v > 1
    reset: v = 0

neuron second:
    equations:
        dv/dt = {second} : 1
    threshold: v > 1
    reset: v = 0

layer A:
    neuron: first
    size: 1

layer B:
    neuron: second
    size: 1

record:
    spikes of A, B
    x of A every 1 ms

run:
    duration: 1 s
"""


def test_one_value_is_told_once_for_all_its_equations():
    found = diagnose(RULES.format(unit="mV", second="-v/tau"))
    assert [(d.code, d.span.text) for d in found] == [("UNIT002", "mV")]


def test_a_value_that_fits_elsewhere_is_not_to_blame():
    (error,) = diagnose(RULES.format(unit="ms", second="-v*tau*tau"))
    assert error.span.text == "-v*tau*tau"
    (error,) = diagnose(RULES.format(unit="ms", second="-v/tau/tau"))
    assert error.span.text == "-v/tau/tau"


@pytest.mark.parametrize(
    "dim, words",
    [
        (VOLT**-1, "1 per voltage"),
        (HERTZ / VOLT, "rate per voltage"),
        (VOLT * SECOND, "voltage times time"),
        (VOLT**2 / SECOND, "voltage squared per time"),
        (SECOND**-0.5, "1 per square root of time"),
        (VOLT * SECOND**-0.5, "voltage per square root of time"),
        (AMP / VOLT**2, "conductance per voltage"),
        (SIEMENS / METRE**2, "conductance per area"),
        (METRE / SECOND, "length per time"),
        (KELVIN * KILOGRAM, "kilogram*kelvin"),
    ],
)
def test_words_for_dimensions(dim, words):
    assert dim.describe() == words
