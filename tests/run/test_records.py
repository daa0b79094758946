"""Slices, windows and phases of a recording, and the mean rate of a layer."""

import gc
import re

import numpy as np
import pytest
from both_ways import agree
from running import run_here, run_text
from test_plain_scripts import assert_equal_values, run_plain_here

from stdpdsl import cli
from stdpdsl.compiler import check_text, compile_source
from stdpdsl.language.diagnostics import render
from stdpdsl.language.parser import parse
from stdpdsl.language.printer import print_spec
from stdpdsl.language.source import Source
from stdpdsl.report import report
from stdpdsl.results.errors import ResultsError
from stdpdsl.results.network import partly_recorded, recorded_layers, when_recorded
from stdpdsl.results.reader import load

SPEC = """model records
neuron cell:
    parameters: drive = 1.5
    equations:
        dv/dt = (drive - v)/(10 ms) : 1
    threshold: v > 1
    reset: v = 0
    method: euler
    initial: v = i/N
layer A:
    neuron: cell
    size: 10
layer P:
    poisson: 100 Hz
    size: 20
connect P -> A as c:
    pattern: random(p = 0.5)
    plasticity: pair_additive
    deliver: w * 0.1 to v
    initial: w = uniform(0, wmax)
sweep:
    table:
        | A.drive | c.Apre |
{rows}
record:
    v of A[0:5] every 1 ms from 10 ms to 20.5 ms
    v of A[:3], A[9] every 2 ms in phase test
    w, apre of c every 5 ms in phase test
    w of c every 2 ms to 5 ms
    spikes of A[2:], P from 5 ms
    rate of A, P every 7 ms
    rate of P[0:10] every 5 ms in phase train
    rate of A[3:7] every 0.1 ms from 12 ms
run:
    phases:
        train: 30 ms
        test: 20 ms
    dt: 0.1 ms
"""
ROWS = ["1.5 | 0.01", "2 | 0.02"]
BY_HAND = """
from brian2 import *
prefs.codegen.target = "numpy"
prefs.codegen.loop_invariant_optimisations = False
start_scope()
defaultclock.dt = 0.1*ms
A = NeuronGroup(10, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0",
                method="euler")
A.v = "i/N"
some = StateMonitor(A, "v", record=[0, 1, 2, 3, 4], dt=1*ms)
late = StateMonitor(A, "v", record=[7], dt=0.1*ms)
R = PopulationRateMonitor(A)
Q = PopulationRateMonitor(A[3:7])
S = SpikeMonitor(A[2:5])
late.active = False
run(30*ms)
late.active = True
run(20*ms)
"""
ALONE = """model alone
neuron cell:
    equations:
        dv/dt = (1.5 - v)/(10 ms) : 1
    threshold: v > 1
    reset: v = 0
    method: euler
    initial: v = i/N
layer A:
    neuron: cell
    size: 10
record:
    v of A[0:5] every 1 ms
    v of A[7] every 0.1 ms in phase test
    rate of A every 0.1 ms
    rate of A[3:7] every 0.1 ms
    spikes of A[2:5]
run:
    phases:
        train: 30 ms
        test: 20 ms
    dt: 0.1 ms
"""


@pytest.mark.in_turn(2, among="both ways")
def test_they_are_the_same_both_ways_and_alone(tmp_path):
    tables = agree(tmp_path, SPEC, ROWS)
    rows = tables["trajectories"]
    v = rows[rows.variable == "v"]
    assert set(v[v.phase == "train"].neuron) == {0, 1, 2, 3, 4}
    assert v[v.phase == "train"].t.between(0.01, 0.0204).all()
    assert set(v[v.phase == "test"].neuron) == {0, 1, 2, 9}
    w = rows[rows.connection == "c"]
    assert set(w[w.phase == "test"].variable) == {"w", "apre"} and w.t.max() == 0.05
    assert set(w[w.phase == "train"].t) == {0.0, 0.002, 0.004}
    spikes = tables["spikes"]
    assert spikes.t.min() >= 0.005 and spikes[spikes.layer == "A"].neuron.min() == 2
    rate = rows[(rows.variable == "rate[3:7]") & (rows.layer == "A") & (rows.block == 1)]
    assert rate.neuron.isna().all() and len(rate) == 380 and rate.t.min() == 0.012
    # The measures are of all spikes, whatever is saved.
    counts = tables["blocks"].set_index(["block", "phase"])["A_spikes"]
    assert counts[1].sum() > (spikes.block == 1).sum()


def test_blocks_of_spikes_rates_and_samples(tmp_path):
    text = SPEC.replace("{rows}", "\n".join(f"        | {row} |" for row in ROWS))
    text = re.sub(r"(every [\d.]+ ms|spikes of A\[2:\], P)", r"\1 in blocks 1", text)
    found = compile_source(Source("spec.stdp", text), tmp_path, [], "synapse", "numpy")
    tables = run_here(tmp_path, found.run_script, "run", data=tmp_path)
    assert_equal_values(run_plain_here(tmp_path, found.script), tables)
    for name in ("trajectories", "spikes"):
        assert set(tables[name].block.dropna()) == {1}


def test_it_is_brian2s(tmp_path):
    rows = run_text(tmp_path, ALONE)
    gc.collect()
    there: dict = {"__name__": "by_hand"}
    exec(compile(BY_HAND, "by_hand", "exec"), there)
    samples = rows["trajectories"].sort_values(["neuron", "t"])

    def of(variable, neurons):
        chosen = samples[(samples.variable == variable) & samples.neuron.isin(neurons)]
        return chosen[chosen.t < 0.05]

    some = of("v", range(5))
    np.testing.assert_array_equal(some.value, there["some"].v_.ravel())
    late = of("v", [7])
    np.testing.assert_array_equal(late.t, there["late"].t_)
    np.testing.assert_array_equal(late.value, there["late"].v_[0])
    for variable, name in (("rate", "R"), ("rate[3:7]", "Q")):
        rate = samples[samples.variable == variable].sort_values("t")
        np.testing.assert_array_equal(rate.value, there[name].rate_)
        np.testing.assert_array_equal(rate.t, there[name].t_)
    spikes = rows["spikes"]
    mine = sorted(zip(spikes.t, spikes.neuron - 2, strict=True))
    assert mine == sorted(zip(there["S"].t_[:], there["S"].i[:], strict=True)) and len(mine) > 5


def test_a_rate_counts_spikes_in_its_bins(tmp_path):
    """Also in the last bin, which ends with the run."""
    text = ALONE.replace("rate of A every 0.1 ms", "rate of A every 7 ms")
    text = text.replace("A[2:5]", "A").replace("    rate of A[3:7] every 0.1 ms\n", "")
    tables = run_text(tmp_path, text)
    rows = tables["trajectories"]
    rate = rows[rows.variable == "rate"]
    ends = np.append(rate.t, 0.05)
    want = np.histogram(tables["spikes"].t + 5e-5, ends)[0] / np.diff(ends) / 10
    np.testing.assert_allclose(rate.value, want, rtol=1e-9)
    assert (want > 0).any()


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("v of A[0:11] every 1 ms", "TYPE013", "lies between 0 and 10, and this is 11"),
        ("v of A[10] every 1 ms", "TYPE013", "there is no neuron 10 in `A`"),
        ("v of A[5:5] every 1 ms", "TYPE013", "holds no neuron"),
        ("v of A[0.5:3] every 1 ms", "TYPE004", "a neuron's number"),
        ("v of A[1 ms:] every 1 ms", "UNIT002", "a neuron's number"),
        ("w of c[0:3] every 1 ms", "CLAUSE003", "only layers can be sliced"),
        ("v of A every 1 ms from 2 ms to 1 ms", "TYPE013", "`to` must be later than `from`"),
        ("v of A every 1 ms from 2", "UNIT002", "`from`"),
        ("v of A every 1 ms from 60 ms", "TYPE013", "the run ends at 0.05 s"),
        ("v of A every 1 ms in phase tset", "NAME001", "did you mean `test`"),
        ("spikes of A[0:3]\n    spikes of A[5:8]", "NAME002", "recorded twice"),
        ("rate of A every 1 ms\n    rate of A every 1 ms", "NAME002", "recorded twice"),
        ("rate of A every 1 ms\n    rate of A every 2 ms", "NAME002", "recorded twice"),
        ("rate of c every 1 ms", "NAME011", "no variable `rate`"),
        ("rate of S every 1 ms", "CLAUSE001", "no spikes to record"),
        ("rate of A every 0.15 ms", "RUN009", "not a multiple of the time step"),
        ("v of A every 1 ms from 1 ms from 2 ms", "SYN026", "only one may"),
    ],
)
def test_wrong_uses_are_told(tmp_path, line, code, says):
    text = SPEC.replace("{rows}", "        | 2 | 0.02 |")
    text = text[: text.index("record:")] + f"record:\n    {line}\n" + text[text.index("run:") :]
    text += """neuron silent: equations: dx/dt = -x/(1 ms) : 1
layer S:
    neuron: silent
    size: 2
"""
    _, found = check_text(Source("spec.stdp", text), tmp_path, [])
    found = [d for d in found if d.severity == "error"]
    assert found and all(d.code.startswith(code) for d in found), render(found)
    assert says in render(found)


def test_a_variable_named_rate_is_recorded_as_such(tmp_path):
    text = ALONE.replace("dv/dt = (1.5 - v)", "rate : 1\n        dv/dt = (1.5 - v)")
    text = text.replace("rate of A[3:7]", "v of A[3:7]")
    rows = run_text(tmp_path, text)["trajectories"]
    assert rows[rows.variable == "rate"].neuron.notna().all()


def test_a_formatted_spec_says_the_same():
    tree = parse(Source("spec.stdp", SPEC.replace("{rows}", "        | 2 | 0.02 |")))
    text = print_spec(tree)
    assert "v of A[:3], A[9] every 2 ms in phase test\n" in text
    assert "spikes of A[2:], P from 5 ms" in text
    assert print_spec(parse(Source("spec.stdp", text))) == text


def test_what_was_not_recorded_is_not_taken_for_silence(tmp_path, monkeypatch):
    """A report, NWB and a later spec know what part of the spikes there is."""
    monkeypatch.chdir(tmp_path)
    text = SPEC.replace("{rows}", "\n".join(f"        | {row} |" for row in ROWS))
    text = text.replace("    spikes of A[2:], P from 5 ms", "    spikes of A[2:] in blocks 0")
    (tmp_path / "s.stdp").write_text(text)
    assert cli.main(["run", "s.stdp", "--target", "numpy", "-o", "r"]) == 0
    results = load("r")
    assert recorded_layers(results) == []
    assert partly_recorded(results, "A") == {"neurons": [2, 10], "blocks": [0]}
    with pytest.raises(ResultsError, match="were not recorded in block 1, only in blocks 0"):
        results.plot.raster("A", 1)
    page = report(results)
    assert "spikes and mean rate, as far as recorded" in page and "no spikes" not in page
    later = text[: text.index("connect")].replace("    poisson: 100 Hz", "    SOURCE")
    later = later.replace("SOURCE", 'spikes: from results "r" layer A\n    scope: block')
    later += "record:\n    spikes of P\nrun:\n    duration: 10 ms\n"
    found = [d for d in check_text(Source("l.stdp", later), tmp_path, [])[1] if d.code == "FILE005"]
    assert "has recorded only a part of the spikes of `A`" in found[0].message


def test_when_spikes_were_recorded(tmp_path):
    """Of phases that repeat, all turns."""
    text = SPEC.replace("{rows}", f"        | {ROWS[0]} |").replace(
        "        test: 20 ms", "        repeat 2:\n            test: 20 ms"
    )
    line = "    spikes of A in phase test to 60 ms"
    text = text.replace("    spikes of A[2:], P from 5 ms", line)
    (tmp_path / "s.stdp").write_text(text)
    assert (
        cli.main(["run", str(tmp_path / "s.stdp"), "--target", "numpy", "-o", str(tmp_path / "r")])
        == 0
    )
    expected = [(0.03, 0.05), (0.05, 0.06)]
    np.testing.assert_allclose(when_recorded(load(tmp_path / "r"), "A"), expected)


TOWARDS_TWO = """model towards

layer P:
    regular: 50 Hz
    size: 1

rule filled:
    equations:
        w : 1 in [0, 1]
        dx/dt = (2 - x)/(10 ms) : 1
    on pre: x += 1

connect P -> P as c:
    pattern: all_to_all
    plasticity: filled
    initial: x = 0.5

record:
    spikes of P
    x of c every 1 ms

run:
    duration: 100 ms
    dt: 0.1 ms
"""


def test_a_trace_that_does_not_decay_to_nothing_is_recorded_as_it_is_then(tmp_path):
    """Against its closed form, from event to event."""
    tables = run_text(tmp_path, TOWARDS_TWO)
    found = tables["trajectories"].query("variable == 'x'").sort_values("t")
    t, x = found["t"].to_numpy(), found["value"].to_numpy()
    spikes = np.sort(tables["spikes"]["t"].to_numpy())
    assert len(spikes) == 5 and len(x) == 101

    def at(time):
        value, last = 0.5, 0.0
        for spike in spikes[spikes < time - 1e-9]:
            value, last = 3 + (value - 2) * np.exp(-(spike - last) / 0.01), spike
        return 2 + (value - 2) * np.exp(-(time - last) / 0.01)

    expected = np.array([at(time) for time in t])
    assert x == pytest.approx(expected, rel=1e-12)
