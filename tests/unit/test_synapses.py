"""What synapses are given: delays in whole steps, and the column of a sweep that sets them."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source
from stdpdsl.runtime.errors import SpecError
from stdpdsl.runtime.given import LONGEST_QUEUE, within_run
from stdpdsl.runtime.synapses import delays

DT = 1e-4  # s


def test_a_delay_is_rounded_to_whole_steps_and_that_is_noted():
    x = SimpleNamespace(dt=DT, rounded=[], warnings=[])
    times = delays(x, np.array([1e-3, 1.06e-3, 1.04e-3, 0.0]), 4, "ff")
    assert times == pytest.approx([1e-3, 1.1e-3, 1e-3, 0.0])
    assert x.rounded == [{"connection": "ff", "delays": 2, "by": pytest.approx(4e-5)}]
    assert x.warnings == []


@pytest.mark.parametrize("wrong", [-DT, np.nan, np.inf])
def test_a_delay_is_a_time(wrong):
    x = SimpleNamespace(dt=DT, rounded=[], warnings=[])
    with pytest.raises(SpecError, match="a delay of ff is negative or no number"):
        delays(x, np.array([wrong, 0.0]), 2, "ff")


def test_a_delay_is_as_long_as_the_run_unless_the_run_goes_on():
    times = np.array([1e-3, 5.0])
    short = SimpleNamespace(keeps=False, dt=DT, steps=100)
    assert within_run(short, times) == pytest.approx([1e-3, 0.01])
    assert within_run(SimpleNamespace(keeps=True, dt=DT, steps=100), times) is times
    with pytest.raises(SpecError, match="too long to save the state of this run"):
        within_run(SimpleNamespace(keeps=True, dt=DT), np.array([1.1 * LONGEST_QUEUE * DT]))


def test_a_sweep_sets_the_delay():
    text = """model delayed

layer P:
    poisson: 20 Hz
    size: 1

rule hebb:
    equations:
        w : 1 in [0, 1]
    on pre: w += 0.1

connect P -> P as c:
    pattern: all_to_all
    plasticity: hebb
    delay: 3 ms

sweep:
    grid:
        c.delay = [1, 2] ms

run:
    duration: 1 s
"""
    script = compile_source(Source("t.stdp", text), Path(), [], "synapse", "numpy").script
    scope: dict = {"__name__": "script"}
    exec(compile(script, "script", "exec"), scope)
    state = scope["initial"](scope["sweep"]())
    assert state["c.pre"]["delay"] == pytest.approx([1e-3, 2e-3])
