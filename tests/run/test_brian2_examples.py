"""Brian2's own examples as specs: spikes to the bit, and every recorded variable."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from brian2_examples import EXAMPLES
from running import run_text

pytest.importorskip("brian2")

HEAD = """
from brian2 import *

prefs.codegen.target = "numpy"
prefs.codegen.loop_invariant_optimisations = False
start_scope()
defaultclock.dt = 0.1*ms
"""
# Relative to the largest value, what is not equal to the bit:
ROUNDED = {
    # Brian2's `exact` multiplies one factor after the other, ours by one.
    "gapjunctions": 1e-13,
    "CUBA": 1e-13,
    # Brian2 adds two deliveries of one step in the order of the names of their synapses.
    "homeostasis": 1e-14,
    # A phase that sets a parameter brings traces up to date, which splits an exponential in two.
    "Izhikevich_2007": 1e-14,
    # What only events read is integrated from event to event.
    "Maass_Natschlaeger_Markram_2002": 1e-12,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.in_turn(4)
def test_an_example_of_brian2s_is_the_same_as_a_spec(name, tmp_path):
    import brian2

    spec, script, shown = EXAMPLES[name]
    tables = run_text(tmp_path, f"model example\n{spec}")
    gc.collect()  # names of the objects of the script before
    namespace: dict = {"__name__": "example"}
    exec(compile(HEAD + script, name, "exec"), namespace)
    monitors = namespace.values()
    spikes = [m for m in monitors if isinstance(m, brian2.EventMonitor)]  # or of spikes
    if spikes:
        table = tables["spikes"]
        theirs = [(t, i) for m in spikes for t, i in zip(m.t_[:], m.i[:], strict=True)]
        assert sorted(zip(table.t, table.neuron, strict=True)) == sorted(theirs)
        assert len(theirs) > 5
    for owner, variable, group in shown:
        source = namespace[group]
        monitor = next(
            m
            for m in monitors
            if isinstance(m, brian2.StateMonitor)
            and m.source is source
            and variable in m.record_variables
        )
        last = np.array(getattr(source, f"{variable}_"))
        theirs = np.column_stack([getattr(monitor, f"{variable}_"), last]).ravel()
        table = tables["trajectories"]
        table = table[table.variable == variable]
        if "layer" in table and (table.layer == owner).any():
            mine = table[table.layer == owner].sort_values(["neuron", "t"])
        else:
            mine = table[table.connection == owner].sort_values(["pre", "post", "t"])
        far = np.abs(mine.value.to_numpy() - theirs) / np.max(np.abs(theirs))
        assert np.max(far) <= ROUNDED.get(name, 0), (owner, variable, np.argmax(far))
