"""A variable of synapses that something reads between events is up to date there: it is integrated
at each step. Held against closed forms."""

from __future__ import annotations

import numpy as np
from running import run_text

SPEC = """
model between_events

neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
    threshold: v > 1
    reset: v = 0

rule mine:
    equations:
        dw/dt = (0.5 - w)/(20 ms) : 1
        da/dt = -a/(10 ms) : 1
    on pre:
        deliver w
        a += 1

layer P:
    spikes: [(0, 1 ms)]
    size: 1
layer A:
    neuron: cell
    size: 1

connect P -> A as c:
    pattern: all_to_all
    plasticity: mine
    deliver: 0*w to v
    initial: w = 1
"""


def relaxed(w, ms):
    return 0.5 + (w - 0.5) * np.exp(-ms / 20)


def weights(folder, text):
    return run_text(folder, SPEC + text)["weights"].iloc[0]


def test_regular_statements_read_traces_as_they_are(tmp_path):
    found = weights(
        tmp_path,
        """
    every 10 ms: w += a

run:
    duration: 25 ms
    dt: 0.1 ms
""",
    )
    # After the integration of the steps at 10 and 20 ms, which end 0.1 ms later.
    w = relaxed(1, 10.1) + np.exp(-0.9)
    w = relaxed(w, 10) + np.exp(-1.9)
    assert np.isclose(found.w, relaxed(w, 4.9), rtol=1e-12)


def test_normalising_reads_a_weight_that_drifts(tmp_path):
    found = weights(
        tmp_path,
        """
    every 10 ms: normalise w per post to 2

run:
    duration: 15 ms
    dt: 0.1 ms
""",
    )
    assert np.isclose(found.w, relaxed(2, 4.9), rtol=1e-12)


def test_a_phase_without_plasticity_stops_the_drift_of_a_weight(tmp_path):
    tables = run_text(
        tmp_path,
        SPEC
        + """
run:
    phases:
        one: 5 ms
        two: 10 ms, plasticity off
        three: 5 ms
    dt: 0.1 ms
""",
    )
    expected = [relaxed(1, 5), relaxed(1, 5), relaxed(1, 10)]
    assert np.allclose(tables["blocks"].c_after_mean, expected, rtol=1e-12)
    assert np.isclose(tables["weights"].w.iloc[0], expected[-1], rtol=1e-12)
