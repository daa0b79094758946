"""`precision: single`: near the double run, the same promises to the bit, and times that stay
double."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from by_day import CYTHON
from running import assert_same, run_apart, run_here, run_text, script_of, tables_in

from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source

SPEC = """model single
constants:
    C = 200 pF
neuron lif:
    parameters:
        g_leak = 10 nS
        tau_s = 5 ms
        v_threshold = -62 mV
    equations:
        dv/dt = (g_leak*(-70 mV - v) + I)/C : volt (unless refractory)
        dI/dt = -I/tau_s : amp
        last : second
    threshold: v > v_threshold
    reset:
        v = -70 mV
        last = t
    refractory: 3 ms
    initial: v = -70 mV + uniform(0, 5)*mV
layer P:
    poisson: 60 Hz
    size: 8
    scope: shared
layer A:
    neuron: lif
    size: 4
connect P -> A as c:
    pattern: random(p = 0.8)
    plasticity: pair_additive(wmax = 0.1)
    deliver: w*2 nA to I
    initial: w = uniform(0, 0.1)
    dendritic delay: 1.3 ms
sweep:
    grid:
        c.Apre = [0.001, 0.003]
        A.tau_s = [4, 6] ms
        A.v_threshold = [-62, -60] mV
record:
    v, last of A every 5 ms
    w, apre of c every 20 ms
    spikes of A
run:
    duration: 200 ms
    seed: 1
    precision: single
"""
IN_DOUBLE = SPEC.replace("    precision: single\n", "")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return run_text(tmp_path_factory.mktemp("single"), SPEC)


@pytest.fixture(scope="module")
def double(tmp_path_factory):
    return run_text(tmp_path_factory.mktemp("double"), IN_DOUBLE)


def test_it_is_near_the_double_run_and_no_copy_of_it(tables, double):
    assert (double["blocks"]["A_spikes"] > 10).all()
    pd.testing.assert_frame_equal(tables["spikes"], double["spikes"])
    for name, column in (("weights", "w"), ("trajectories", "value")):
        found, wanted = tables[name][column], double[name][column]
        assert np.max(np.abs(found - wanted)) < 2e-6 * np.max(np.abs(wanted))
        assert (found != wanted).mean() > 0.3


def test_what_is_held_has_24_bits_and_times_have_53(tables):
    def rounded(values):
        return values.astype(np.float32).astype(float)

    rows = tables["trajectories"]
    weights = tables["weights"]
    last, v, w = (rows[rows["variable"] == name]["value"] for name in ("last", "v", "w"))
    for values in (v, w, weights["w"], weights["w_initial"]):
        assert (values == rounded(values)).all()
    spikes = set(tables["spikes"]["t"])
    assert (last > 0).any() and set(last[last > 0]) <= spikes
    assert (last != rounded(last)).any()
    assert set(weights["Apre"]) == {0.001, 0.003}  # as they were written


def test_the_lowerings_agree_to_the_bit(tables, tmp_path):
    assert_same(run_text(tmp_path, SPEC, "namespace"), tables)


def test_a_block_alone_is_that_block(tables, tmp_path):
    alone = SPEC.replace("[0.001, 0.003]", "[0.003]").replace("[4, 6]", "[6]")
    alone = run_text(tmp_path, alone.replace("[-62, -60] mV", "[-60] mV"))
    for name in ("weights", "trajectories"):
        mine = tables[name][tables[name]["block"] == 7].reset_index(drop=True)
        column = "w" if name == "weights" else "value"
        pd.testing.assert_series_equal(mine[column], alone[name][column], check_exact=True)


NUMBERED = """model numbered
neuron noisy:
    equations: dv/dt = -v/(10 ms) : 1
    threshold: v > 1
    reset: v = uniform(0, 0.9)
    initial: v = 2
rule jumping:
    equations: w : 1
    on pre: w += normal(0, 1)
layer A:
    neuron: noisy
    size: 5
connect A -> A as c:
    pattern: all_to_all
    plasticity: jumping
    initial: w = 0
record: v of A every 1 ms
sweep:
    replicates: 1
run:
    duration: 20 ms
    precision: single
"""


COMPILED = pytest.param("cpp_standalone", marks=pytest.mark.slow)


@pytest.mark.parametrize("target", ["numpy", COMPILED])
def test_draws_of_a_replicate_alone_are_those_that_it_has_beside_others(target, tmp_path):
    """Their keys are whole numbers of 48 bits, which the network holds where replicates differ."""

    def found(replicates):
        text = NUMBERED.replace("replicates: 1", f"replicates: {replicates}")
        script = script_of(text, target=target)
        return run_apart(tmp_path, script, f"of {replicates}", target)

    alone, beside = found(1), found(2)
    for name, column in (("weights", "w"), ("trajectories", "value")):
        mine = beside[name][beside[name]["block"] == 0][column].reset_index(drop=True)
        pd.testing.assert_series_equal(mine, alone[name][column], check_exact=True)


def test_shards_agree_to_the_bit(tables, tmp_path):
    parts = [
        run_here(tmp_path, script_of(SPEC), f"part{k}", more=["--shard", f"{k}/3"])
        for k in (1, 2, 3)
    ]
    for name in ("weights", "blocks"):
        assert_same(
            {name: pd.concat([p[name] for p in parts], ignore_index=True)}, {name: tables[name]}
        )


def test_bounds_are_those_of_what_is_held(tmp_path):
    """0.1 is larger in single precision: a weight at its bound is not outside, but at it."""
    text = SPEC.replace("Apre = [0.001, 0.003]", "Apre = [0.05, 0.2]")
    blocks = run_text(tmp_path, text)["blocks"]
    assert (blocks["status"] == "ok").all() and (blocks["c_after_at_bounds"] > 0.5).any()


CONSTANTS = """model constants
constants:
    v_rest = -60 mV
neuron cell:
    equations:
        dv/dt = (v_rest + lift - v)/(10 ms) : volt
    threshold: v > -55 mV
    reset: v = v_rest
layer P:
    poisson: 40 Hz
    size: 5
layer A:
    neuron: cell
    size: 4
connect P -> A as c:
    pattern: all_to_all
    weight: 8 mV
    deliver: w to v
connect A -> A as d:
    pattern: all_to_all where i != j
    on pre: v_post = v_rest - lift
sweep:
    grid:
        v_rest = [-60, -61] mV
        lift = [0, 1] mV
run:
    duration: 100 ms
    precision: double
"""


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("swept", [True, False])
@pytest.mark.in_turn(2)
def test_layers_and_their_connection_use_one_constant(swept, precision, tmp_path):
    """Brian2 refuses synapses with a variable that is called like one of their neurons."""
    text = CONSTANTS.replace("precision: double", f"precision: {precision}")
    text = text if swept else text.replace("        v_rest = [-60, -61] mV\n", "")
    tables = run_text(tmp_path, text)
    assert (tables["blocks"]["A_spikes"] > 0).all()
    assert_same(run_text(tmp_path, text, "namespace", name="apart"), tables)


@pytest.mark.parametrize("number", ["1e-47", "1e39"])
def test_what_it_cannot_hold_is_refused(number, tmp_path):
    script = script_of(SPEC.replace("[0.001, 0.003]", f"[0.001, {number}]"))
    said = run_apart(tmp_path, script, status=1)
    assert f"Apre of c is {float(number):g} somewhere" in said and "double" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", ["1e-47", "1e39"])
def test_nor_is_it_in_a_phase(number, tmp_path):
    phases = f"    phases:\n        one: 10 ms\n        two: 10 ms, set c.wmax = {number}\n"
    phases += "        three: 10 ms, set c.wmax = 0.1\n"
    said = run_apart(tmp_path, script_of(SPEC.replace("    duration: 200 ms\n", phases)), status=1)
    assert f"wmax of c is {float(number):g} somewhere" in said


LEAK = """model leak
neuron leak:
    equations:
        dx/dt = -x/tau : 1
        tau : second
    initial:
        x = 1
        tau = uniform(2, 20)*ms
layer D:
    neuron: leak
    size: 200
record:
    x, tau of D every 0.1 ms
run:
    duration: 2 ms
    dt: 0.1 ms
    seed: 1
    precision: single
"""


@pytest.mark.parametrize(
    "target", ["numpy", pytest.param("cpp_standalone", marks=pytest.mark.slow)]
)
def test_factors_are_computed_in_double_and_rounded(target, tmp_path):
    """To the bit: a factor that is not rounded, or whose exp() is single, is another."""
    tables = (
        run_text(tmp_path, LEAK)
        if target == "numpy"
        else run_apart(tmp_path, script_of(LEAK, target=target), target=target)
    )
    rows = tables["trajectories"].pivot(index="t", columns=["variable", "neuron"], values="value")
    x, tau = rows["x"].to_numpy(), rows["tau"].to_numpy()[0]
    factor = np.exp(-1e-4 / tau).astype(np.float32)
    expected = [np.ones(len(tau), np.float32)]
    while len(expected) < len(x):
        expected.append(expected[-1] * factor)
    assert len(x) == 21 and np.array_equal(x, np.array(expected, dtype=float))


HIDDEN = """model hidden
constants:
    z = 0.5
    x = 2*z
rule counted:
    equations:
        w : 1
        x : 1
    on pre:
        x += 1
        deliver w
neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
layer P:
    poisson: 400 Hz
    size: 2
layer A:
    neuron: cell
    size: 2
connect P -> A as c:
    pattern: all_to_all
    plasticity: counted
    deliver: w to v
    initial: w = 0.5
sweep:
    grid:
        z = [0.5, 0.6]
run:
    duration: 20 ms
    precision: double
"""


@pytest.mark.parametrize("precision", ["double", "single"])
def test_a_variable_keeps_its_name_beside_a_constant_of_that_name(precision, tmp_path):
    text = HIDDEN.replace("precision: double", f"precision: {precision}")
    assert (run_text(tmp_path, text)["weights"]["x"] > 0).any()


@pytest.mark.slow
@pytest.mark.parametrize("target", [CYTHON, "cpp_standalone"])
def test_on_compiled_targets(tables, target, tmp_path):
    found = run_apart(tmp_path, script_of(SPEC, target=target), target=target)
    pd.testing.assert_frame_equal(found["spikes"], tables["spikes"])
    for name, column in (("weights", "w"), ("trajectories", "value")):
        wanted = tables[name][column]
        assert np.max(np.abs(found[name][column] - wanted)) < 2e-6 * np.max(np.abs(wanted))


@pytest.mark.slow
def test_a_program_holds_no_number_of_a_table(tmp_path, monkeypatch):
    """Not even the constants: what they share is data in single precision."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, value in (("one", "0.1"), ("two", "0.2")):
        text = SPEC.replace("wmax = 0.1", f"wmax = {value}")
        run_apart(tmp_path, script_of(text, target="cpp_standalone"), name, "cpp_standalone")
    programs = [p for p in (tmp_path / "cache/stdpdsl/programs").iterdir() if p.is_dir()]
    assert len(programs) == 1


@pytest.mark.slow
@pytest.mark.parametrize("target", [CYTHON, "cpp_standalone"])
def test_a_plain_script_computes_the_same_there(target, tmp_path):
    """Of exp() too: what C++ takes it of, and computes with it, is decided by types."""
    more = "du/dt = (exp(-v/-50 mV)*0.3 + exp(g_leak/7 nS) - u)/tau_s : 1"
    text = SPEC.replace("dI/dt = ", f"{more}\n        dI/dt = ")
    text = text.replace("w*2 nA", "w*(1 + u_post)*1 nA")
    compiled = compile_source(Source("spec.stdp", text), tmp_path, [], "synapse", target)
    run = run_apart(tmp_path, compiled.run_script, "run", target)
    (tmp_path / "plain.py").write_text(compiled.script, encoding="utf-8")
    command = [sys.executable, str(tmp_path / "plain.py"), "-o", str(tmp_path / "plain")]
    subprocess.run([*command, "--target", target], check=True, capture_output=True)
    plain = tables_in(tmp_path / "plain")
    key = ["block", "pre", "post"]
    one, other = (t["weights"].sort_values(key).reset_index(drop=True) for t in (run, plain))
    assert (one["w"] == other["w"].astype(float)).all()
    key = ["block", "neuron", "t"]
    one, other = (t["spikes"].query("layer == 'A'").sort_values(key) for t in (run, plain))
    assert one["t"].tolist() == other["t"].tolist() and len(one) > 20
