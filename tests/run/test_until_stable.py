"""`--until-stable`: each block ends when its weights no longer move, whatever stands beside it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from running import assert_same, run_apart, run_here, tables_in
from script_audit import audit

import stdpdsl
from stdpdsl.api import RunError
from stdpdsl.cli import main
from stdpdsl.compiler import compile_source
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.language.source import Source

SPEC = """\
model relax

rule drift:
    parameters:
        tau = 1 s
        goal = 1
    equations:
        dw/dt = (goal - w)/tau : 1 in [0, 2]
        dseen/dt = -seen/(20 ms) : 1
    method: exponential_euler
    on pre:
        deliver w
        seen += 1

neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
    threshold: v > 0.9
    reset: v = 0

layer inputs:
    poisson: 20 Hz
    size: 3

layer teachers:
    neuron: cell
    size: 2
    scope: shared

layer out:
    neuron: cell
    size: 2

connect inputs -> teachers as teach:
    pattern: all_to_all
    weight: 1
    deliver: w to v

connect inputs -> out as learning:
    pattern: all_to_all
    plasticity: drift()
    deliver: w to v
    initial: w = uniform(0, 0.2)

connect out -> out as dead:
    pattern: all_to_all
    plasticity: pair_additive(Apre = 0, Apost = 0)
    deliver: 0 * w to v
    initial: w = 0.5

sweep:
    grid:
        tau = [TAUS] s

record:
    spikes of inputs, out
    w of learning every 300 ms
    v of out every 200 ms

measure:
    pace of learning = mean(w)
    paced = pace * 2

run:
    duration: 6.2 s
    dt: 1 ms
    seed: 2
"""
TAUS = [0.2, 0.5, 1, 50]
WINDOW, TOLERANCE = 0.5, 0.05
UNTIL = f"{TOLERANCE} over {WINDOW} s"


def compiled(taus=TAUS, until=UNTIL, lowering="synapse", target="numpy", text=SPEC):
    text = text.replace("TAUS", ", ".join(map(str, taus)))
    return compile_source(
        Source("relax.stdp", text), Path("."), [], lowering, target, until_stable=until
    ).run_script


def closed_form(tau):
    """A weight whose distance to its goal is exp(-t/tau): windows shrink by exp(-window/tau)."""
    windows = 1 + np.ceil(-np.log(TOLERANCE) * tau / WINDOW - 1e-9)
    return windows * WINDOW


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    return run_here(tmp_path_factory.mktemp("stable"), compiled())


def test_weights_that_relax_stop_when_the_closed_form_says(sweep):
    blocks = sweep["blocks"]
    assert blocks["status"].tolist() == ["stable"] * 3 + ["ok"]
    assert blocks["stable_after"][:3].tolist() == [closed_form(tau) for tau in TAUS[:3]]
    assert closed_form(50) > 6.2 and np.isnan(blocks["stable_after"][3])
    weights = sweep["weights"][sweep["weights"]["connection"] == "learning"]
    ends = np.where(weights["tau"] < 50, weights["tau"].map(closed_form), 6.2)
    expected = 1 - (1 - weights["w_initial"]) * np.exp(-ends / weights["tau"])
    assert weights["w"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9)


@pytest.mark.slow
def test_every_table_is_that_of_a_run_as_long_as_the_block(sweep, tmp_path):
    """Bit for bit: rates, trajectories, spikes, traces, the measures of what is shared too."""
    for block, tau in enumerate(TAUS[:3]):
        text = SPEC.replace("6.2 s", f"{closed_form(tau)} s")
        alone = run_here(tmp_path, compiled([tau], None, text=text), f"alone{block}")
        for name, table in alone.items():
            mine = sweep[name][sweep[name]["block"] == block].reset_index(drop=True)
            own = table[table["block"] == 0].reset_index(drop=True)
            if name == "blocks":
                mine = mine.drop(columns=["stable_after", "status"])
                own = own.drop(columns=["status"])
            mine["block"] = own["block"] = 0
            pd.testing.assert_frame_equal(mine, own, check_exact=True, obj=f"{name} of {block}")


def test_a_block_does_not_know_what_stands_beside_it(sweep, tmp_path):
    for taus in ([0.5], [0.5, 0.2]):
        some = run_here(tmp_path, compiled(taus), f"some{len(taus)}")
        for name, table in some.items():
            mine = table[table["tau"] == 0.5].drop(columns="block").reset_index(drop=True)
            same = sweep[name][sweep[name]["tau"] == 0.5].drop(columns="block")
            pd.testing.assert_frame_equal(mine, same.reset_index(drop=True), check_exact=True)
        inputs = some["spikes"][some["spikes"]["layer"] == "inputs"]
        whole = sweep["spikes"][sweep["spikes"]["layer"] == "inputs"]
        assert len(inputs) == len(whole) and inputs["t"].max() > 6  # inputs are saved whole


def test_the_run_ends_with_its_last_block(tmp_path):
    run_here(tmp_path, compiled([0.2, 0.5]))
    said = json.loads((tmp_path / "out/metadata.json").read_text())
    assert said["time_asked"] == 6.2 and said["time_reached"] == closed_form(0.5)
    assert said["until_stable"] == {"tolerance": TOLERANCE, "window": WINDOW}
    assert said["units"]["stable_after"] == "s" and "stable_after" in said["measures"]


@pytest.mark.slow
def test_both_lowerings_and_all_targets(sweep, tmp_path):
    assert_same(sweep, run_here(tmp_path, compiled(lowering="namespace"), "namespace"))


@pytest.mark.parametrize(
    ("target", "lowering"),
    [
        pytest.param("cpp_standalone", "synapse", marks=pytest.mark.slow),
        # Each block has code of its own, which takes minutes to compile.
        pytest.param("cpp_standalone", "namespace", marks=pytest.mark.compiled),
        pytest.param("cython", "synapse", marks=pytest.mark.compiled),
    ],
)
def test_compiled(sweep, tmp_path, target, lowering):
    assert_same(sweep, run_apart(tmp_path, compiled(lowering=lowering), target=target))
    if lowering == "synapse" and target == "cpp_standalone":  # the same program, other numbers
        other = run_apart(tmp_path, compiled([0.2], "0.5 over 0.1 s"), "other", target)
        assert_same(other, run_here(tmp_path, compiled([0.2], "0.5 over 0.1 s"), "here"))


@pytest.mark.slow
def test_shards_resume_and_reproduce(sweep, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "relax.stdp").write_text(SPEC.replace("TAUS", ", ".join(map(str, TAUS))))
    command = ["run", "relax.stdp", "--target", "numpy", "-o", "cut", "--until-stable"]
    for k in (1, 2):
        assert main([*command, UNTIL, "--shard", f"{k}/2"]) == 0
    assert main(["merge", "cut.shards"]) == 0
    for name, table in tables_in("cut").items():
        order = list(table.columns)
        a, b = (t.sort_values(order, ignore_index=True) for t in (table, sweep[name]))
        pd.testing.assert_frame_equal(a, b, check_exact=True)
    assert main([*command, "0.2 over 0.5 s", "--resume"]) == 2
    assert "until_stable" in capsys.readouterr().err
    assert main([*command, UNTIL, "--resume"]) == 0
    assert "3 of 4 blocks became stable; 6.2 s of 6.2 s were simulated" in capsys.readouterr().out
    assert main(["reproduce", "cut"]) == 0
    main(["diagnose", "cut"])
    said = capsys.readouterr().out
    assert "ok       the run reached its end: weights became stable in 3 of 4 blocks" in said


def test_its_script_is_data_too():
    assert audit(compiled()) == []


@pytest.mark.slow
def test_nothing_moves_and_nothing_is_stable(tmp_path):
    text = SPEC.replace("(goal - w)", "0 * (goal - w)")
    tables = run_here(tmp_path, compiled([1], "0.5 over 100 ms", text=text))
    assert tables["blocks"]["status"].tolist() == ["ok"]


def test_a_tenth_of_the_run_unless_a_window_is_given(tmp_path):
    tables = run_here(tmp_path, compiled([0.2], "0.1"))
    assert tables["blocks"]["stable_after"].tolist() == [2 * 0.62]


@pytest.mark.parametrize(
    "until, says",
    [
        ("2", "TYPE013"),
        ("0", "TYPE013"),
        ("-0.1", "TYPE013"),
        ("10 ms", "UNIT002"),
        ("0.1 over 5", "UNIT002"),
        ("0.1 over 5 mV", "UNIT002"),
        ("0.1 over -5 ms", "TYPE013"),
        ("0.1 over", "UNIT002"),
        ("nothing", "UNIT002"),
        ("0.1 over 5 ms over 2 s", "SYN"),
        ("", "SYN"),
    ],
)
def test_what_the_option_may_say(until, says):
    with pytest.raises(CompileError) as caught:
        compiled(until=until)
    assert says in str(caught.value) and "--until-stable" in str(caught.value)


NOTHING_LEARNS = """\
model still
layer inputs:
    poisson: 20 Hz
    size: 3
layer others:
    poisson: 20 Hz
    size: 3
record:
    spikes of inputs
run:
    duration: 1 s
"""


@pytest.mark.parametrize(
    "old, new, says",
    [
        ("    duration: 6.2 s\n", "    phases:\n        a: 1 s\n        b: 1 s\n", "CLAUSE002"),
        (" in [0, 2]", "", "give it bounds"),
        ("    weight: 1\n", "    plasticity: pair_additive\n", "learns once for all blocks"),
        (SPEC, NOTHING_LEARNS, "no connection of this spec learns"),
    ],
)
def test_specs_whose_blocks_cannot_end_by_themselves(old, new, says):
    text = SPEC.replace(old, new)
    assert text != SPEC
    compiled(text=text, until=None)
    with pytest.raises(CompileError) as caught:
        compiled(text=text)
    assert says in str(caught.value)


def test_a_run_without_a_window():
    with pytest.raises(RunError, match="6.2 s holds no window of 7 s; take a shorter one"):
        stdpdsl.run(SPEC.replace("TAUS", "0.2"), target="numpy", until_stable="0.1 over 7 s")
