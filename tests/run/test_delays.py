"""Delays in whole steps, none among them, and what is delivered continuously; against closed forms
and against Brian2 without us."""

import numpy as np
import pytest
from running import run_text

SPEC = """model delays
neuron cell:
    equations: g : 1
    threshold: g > 1000
    reset: g = 0
rule counts:
    equations: w : 1
    {trigger}:
        deliver w
        w += 1
        {again}
layer pre:
    spikes: [(0, 10 ms), (0, 20 ms), (0, 30 ms)]
    size: 1
layer post:
    neuron: cell
    size: 1
connect pre -> post as c:
    pattern: all_to_all
    plasticity: counts
    deliver: w to g
    {delay}
{sweep}
record: g of post every 0.1 ms
run:
    duration: 50 ms
"""


def spec(delay, sweep="", trigger="on pre", again="w += 0"):
    return SPEC.format(delay=delay, sweep=sweep, trigger=trigger, again=again)


def arrivals(tables, block=0):
    """[(time in steps, what arrived)] at the target."""
    samples = tables["trajectories"]
    samples = samples[samples["block"] == block].sort_values("t")
    jumps = np.diff(samples["value"])
    # What arrives in a step is seen at the start of the next.
    steps = np.rint(samples["t"].to_numpy()[1:][jumps != 0] / 1e-4).astype(int) - 1
    return list(zip(steps.tolist(), jumps[jumps != 0].tolist(), strict=True))


def test_a_dendritic_delay_of_no_step(tmp_path):
    """Given, swept, computed, or rounded to none: as without a delay. Rows of other delays stand
    beside it."""
    without = [(100, 0.5), (200, 1.5), (300, 2.5)]
    start = "initial: w = 0.5\n    "
    for name, delay in {"given": "0 ms", "drawn": "uniform(0 us, 49 us)"}.items():
        tables = run_text(tmp_path, spec(f"{start}dendritic delay: {delay}"), name=name)
        assert arrivals(tables) == without, name
        assert tables["weights"]["delay"].tolist() == [0]
    sweep = "sweep:\n    grid: c.delay = [0, 0.04, 0.06, 0.3] ms"
    tables = run_text(tmp_path, spec(f"{start}dendritic delay: 0.2 ms", sweep), name="swept")
    for block, late in enumerate((0, 0, 1, 3)):
        assert arrivals(tables, block) == [(t + late, w) for t, w in without], block
    # The column holds what was simulated, as the nearest decimal numbers.
    assert sorted(tables["weights"]["delay"]) == [0, 0, 1e-4, 3e-4]


def test_a_rule_may_deliver_later_and_more_than_once(tmp_path):
    """Each `deliver` arrives a dendritic delay after it; each was once lost or came too soon."""
    text = spec("dendritic delay: 0.4 ms", trigger="on pre after 3 ms", again="deliver w")
    tables = run_text(tmp_path, text)
    assert arrivals(tables) == [(134, 0 + 1), (234, 1 + 2), (334, 2 + 3)]


def test_halves_are_rounded_alike_on_every_target(tmp_path):
    """Brian2 rounds them to even with NumPy, and up in C++; here they are rounded before."""
    delays = [0.05, 0.15, 0.25, 0.35, 1.25]
    sweep = f"sweep:\n    grid: c.delay = {delays} ms"
    tables = run_text(tmp_path, spec("axonal delay: 0 ms\n    initial: w = 0.5", sweep))
    steps = [1, 2, 3, 4, 13]
    assert [arrivals(tables, k)[0] for k in range(5)] == [(100 + d, 0.5) for d in steps]
    assert np.allclose(tables["weights"].sort_values("block")["delay"], np.array(steps) * 1e-4)


CONTINUOUS = """model continuous
rule graded:
    parameters: tau = 3 ms
    equations:
        w : 1
        ds/dt = -s/tau : 1
    method: exact
    on pre: s += 1
neuron cell:
    equations:
        dv/dt = (g - v)/(5 ms) : 1
        g : 1
    threshold: v > {threshold}
    reset: v = 0
layer P:
    spikes: [{spikes}]
    size: 2
layer A:
    neuron: cell
    size: 2
connect P -> A as c:
    pattern: all_to_all
    plasticity: graded
    deliver continuously: s*(1 + 0.5*v_post) to g
record:
    g, v of A every {dt} ms
run:
    duration: 20 ms
    dt: {dt} ms
"""


@pytest.mark.parametrize(("dt", "threshold"), [(1, 10), (0.1, 0.4)])
def test_continuous_deliveries_are_those_of_brian2(tmp_path, dt, threshold):
    import brian2
    from brian2 import ms

    given = [(0, 2), (1, 3), (1, 7), (0, 11)]
    spikes = ", ".join(f"({i}, {t} ms)" for i, t in given)
    text = CONTINUOUS.format(dt=dt, threshold=threshold, spikes=spikes)
    tables = run_text(tmp_path, text)

    brian2.start_scope()
    clock = {"dt": dt * ms}
    source = brian2.SpikeGeneratorGroup(
        2, [i for i, _ in given], [t for _, t in given] * ms, **clock
    )
    cells = brian2.NeuronGroup(
        2,
        "dv/dt = (g - v)/(5*ms) : 1\ng : 1",
        threshold=f"v > {threshold}",
        reset="v = 0",
        method="exact",
        **clock,
    )
    # Brian2 orders state updates by name: the synapses' comes first here, too.
    synapses = brian2.Synapses(
        source,
        cells,
        "ds/dt = -s/(3*ms) : 1 (clock-driven)\ng_post = s*(1 + 0.5*v_post) : 1 (summed)",
        on_pre="s += 1",
        method="exact",
        name="a_synapses",
        **clock,
    )
    synapses.connect()
    monitor = brian2.StateMonitor(cells, ["g", "v"], record=True, **clock)
    brian2.Network(source, cells, synapses, monitor).run(20 * ms)
    ours = tables["trajectories"]
    for name in ("g", "v"):
        for i in (0, 1):
            mine = ours[(ours["variable"] == name) & (ours["neuron"] == i)].sort_values("t")
            theirs = np.asarray(getattr(monitor, name)[i])
            assert np.allclose(mine["value"].iloc[: len(theirs)], theirs, rtol=1e-12, atol=0)
            assert np.ptp(theirs) > 0.3


def test_a_swept_delay_is_the_axonal_one_where_there_are_both(tmp_path):
    """What passes at 10 ms + axonal arrives after the dendritic delay; a post spike comes to the
    synapse after the dendritic delay alone."""
    spec = """
model both

neuron cell:
    equations:
        dg/dt = 0/second : 1

layer P:
    spikes: [(0, 10 ms)]
    size: 1
layer A:
    neuron: cell
    size: 1

rule seen:
    equations:
        w : 1
        passed : second
    on pre:
        deliver w
        passed = t

connect P -> A as c:
    pattern: one_to_one
    plasticity: seen
    deliver: w to g
    delay: 1 ms
    dendritic delay: 2 ms
    initial: w = 1

sweep:
    grid: c.delay = [0, 3] ms

record:
    g of A every 1 ms

run:
    duration: 20 ms
    dt: 1 ms
"""
    tables = run_text(tmp_path, spec)
    assert list(tables["weights"].passed) == pytest.approx([0.010, 0.013])
    assert list(tables["weights"].delay) == pytest.approx([0.002, 0.005])
    g = tables["trajectories"]
    first = g[g.value > 0].groupby("block").t.min()
    assert list(first) == pytest.approx([0.013, 0.016])  # seen at the next step's start
