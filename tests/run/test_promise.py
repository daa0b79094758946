"""Block k alone equals block k in the sweep; both lowerings are equal; nothing is looked up."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from running import run_here

from stdpdsl.compiler import check_text, compile_source
from stdpdsl.language.source import Source
from stdpdsl.runtime.draws import stream
from stdpdsl.sweep.evaluate import evaluate_sweep

SPEC = '''"""A bit of everything."""
model promise

constants:
    v_rest = -70 mV

neuron cell:
    parameters:
        tau_m = 10 ms
        tau_e = 5 ms
    equations:
        dv/dt = (v_rest + g - v)/tau_m : volt (unless refractory)
        dg/dt = -g/tau_e : volt
    threshold: v > -60 mV
    reset: v = v_rest
    refractory: 2 ms
    initial: v = uniform(-70 mV, -62 mV)

layer inputs:
    poisson: 40 Hz
    size: 20

layer out:
    neuron: cell
    size: 5

connect inputs -> out as ff:
    pattern: random(p = 0.6)
    plasticity: pair_additive
    deliver: w * 20 mV to g
    initial: w = uniform(0, wmax)
    delay: uniform(0 ms, 2 ms)

connect out -> out as lateral:
    pattern: all_to_all where i != j
    weight: -2 mV
    deliver: w to g

sweep:
    table:
        | ff.Apre | ff.Apost | taupre [ms] | ff.wmax | out.tau_m [ms] |
{rows}

record:
    spikes of inputs, out
    w, apre of ff every 50 ms
    v of out every 10 ms

run:
    duration: 300 ms
    dt: 0.1 ms
    seed: 3
'''
ROWS = [
    "| 0.01 | -0.0105 | 20 | 1 | 10 |",
    "| 0.05 | -0.02 | 10 | 0.8 | 12 |",
    "| 0.02 | -0.05 | 35 | 1.2 | 8 |",
]
TABLES = ("blocks", "weights", "spikes", "trajectories")


def script_of(rows, lowering="synapse", text=SPEC):
    body = "\n".join("        " + row for row in rows)
    source = Source("promise.stdp", text.replace("{rows}", body))
    return compile_source(source, Path("."), [], lowering, "numpy").run_script


def run(folder, name, script):
    tables = run_here(folder, script, name)
    return {table: tables[table] for table in TABLES}


def block(tables, number):
    """One block's rows without its number, and what is shared."""
    return {
        name: t[t["block"].isna() | (t["block"] == number)]
        .drop(columns="block")
        .reset_index(drop=True)
        for name, t in tables.items()
    }


def assert_same(a, b):
    for name in TABLES:
        pd.testing.assert_frame_equal(a[name], b[name], check_exact=True, obj=name)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run(tmp_path_factory.mktemp("whole"), "whole", script_of(ROWS))


def test_blocks_differ_and_learn(whole):
    weights = whole["weights"][whole["weights"]["connection"] == "ff"]
    assert (weights["w"] != weights["w_initial"]).mean() > 0.9
    means = whole["blocks"]["ff_after_mean"]
    assert means.nunique() == 3
    assert (whole["blocks"]["out_spikes"] > 0).all()


@pytest.mark.parametrize("k", range(3))
@pytest.mark.in_turn(2)
def test_a_block_alone_is_the_block_of_the_sweep(tmp_path, whole, k):
    assert_same(block(run(tmp_path, "alone", script_of([ROWS[k]])), 0), block(whole, k))


def test_the_order_of_rows_does_not_count(tmp_path, whole):
    turned = run(tmp_path, "turned", script_of(ROWS[::-1]))
    for k in range(3):
        assert_same(block(turned, 2 - k), block(whole, k))


def test_both_lowerings_are_equal(tmp_path, whole):
    assert_same(run(tmp_path, "namespace", script_of(ROWS, "namespace")), whole)


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
def test_no_name_is_looked_up_when_the_run_starts(tmp_path, whole, lowering):
    """Globals of the same names, holding nonsense, change nothing."""
    names = "v_rest tau_m tau_e wmax taupre taupost Apre Apost ms mV volt_ w apre g v".split()
    poison = "".join(f"{n} = 'poison'\n" for n in names)
    script = script_of(ROWS, lowering)
    assert "def main():" in script
    poisoned = script.replace('if __name__ == "__main__":', poison + 'if __name__ == "__main__":')
    assert_same(run(tmp_path, "poisoned", poisoned), whole)


def test_traces_are_right_when_they_are_read(whole):
    """apre at the end, by the closed form over the input spikes that had arrived."""
    spikes = whole["spikes"][whole["spikes"]["layer"] == "inputs"]
    weights = whole["weights"]
    column = next(c for c in weights.columns if c in ("apre", "apre_state"))
    for row in weights[weights["connection"] == "ff"].itertuples():
        arrived = spikes["t"][spikes["neuron"] == row.pre].to_numpy()
        arrived = arrived + np.rint(row.delay / 1e-4) * 1e-4
        arrived = arrived[arrived < 0.3 - 1e-9]
        exact = row.Apre * np.exp(-(0.3 - arrived) / row.taupre).sum()
        assert getattr(row, column) == pytest.approx(exact, rel=1e-9, abs=1e-15)


def test_weights_follow_an_event_by_event_reference(whole):
    """The rule as its paper states it, spike by spike, from the recorded spike trains."""
    spikes = whole["spikes"]
    weights = whole["weights"]
    for row in weights[weights["connection"] == "ff"].itertuples():
        pre = spikes["t"][(spikes["layer"] == "inputs") & (spikes["neuron"] == row.pre)]
        pre = pre.to_numpy() + np.rint(row.delay / 1e-4) * 1e-4
        post = spikes[(spikes["layer"] == "out") & (spikes["neuron"] == row.post)]
        post = post["t"][post["block"] == row.block].to_numpy()
        steps = [(int(np.rint(t / 1e-4)), 0) for t in pre] + [
            (int(np.rint(t / 1e-4)), 1) for t in post
        ]
        w = row.w_initial
        for step, kind in sorted(steps):
            if step >= 3000:
                continue
            if kind == 0:  # earlier post spikes, and none of this step: pre comes first
                before = np.array([s for s, other in steps if other == 1 and s < step])
                w += row.Apost * np.exp(-(step - before) * 1e-4 / 0.02).sum()
            else:
                before = np.array([s for s, other in steps if other == 0 and s <= step])
                w += row.Apre * np.exp(-(step - before) * 1e-4 / row.taupre).sum()
            w = min(max(w, 0.0), row.wmax)
        assert row.w == pytest.approx(w, rel=1e-9, abs=1e-12)


def test_the_script_makes_the_table_that_was_checked(tmp_path):
    """The compiler and the script each evaluate the sweep: every kind of it gives the same bits."""
    parts = """
    grid:
        ff.wmax = geomspace(0.5, 2, 3)
    zip:
        out.tau_m = [10, 20] ms
        tau_e = linspace(3 ms, 7 ms, 2)
    random: 4 samples
        ff.Apre = loguniform(1e-3, 1e-1)
        scale = normal(1, 0.01)
    derive:
        ff.Apost = -1.05 * Apre * taupre/taupost * scale**2
    where: Apre < wmax
    replicates: 2
"""
    head, _, tail = SPEC.partition("    table:")
    text = head + parts.lstrip("\n") + tail[tail.index("\nrecord:") :]
    source = Source("kinds.stdp", text)
    checked, _ = check_text(source, tmp_path, [])
    table, problems = evaluate_sweep(checked.symbols, 3, lambda name: {})
    assert problems == [] and table.rows == 48
    script = compile_source(source, tmp_path, [], "synapse", "numpy").run_script
    namespace = {"__name__": "script"}
    exec(compile(script, "script.py", "exec"), namespace)
    columns = namespace["sweep"]()
    assert list(columns) == list(table.columns)
    for name, values in table.columns.items():
        assert np.array_equal(columns[name], values), name


def test_a_stream_is_named_by_values_not_by_their_types():
    draws = [stream("ff", "w", k).random(3).tolist() for k in (0, np.int64(0), np.int32(0), 1)]
    assert draws[0] == draws[1] == draws[2] != draws[3]
