"""What `stdpdsl compile` writes computes the same numbers as `stdpdsl run`."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from running import brian2_anew, run_here, tables_in

from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source

SPECS = Path(__file__).parents[2] / "specs"
# These need recordings, or results of another spec, that are not in the repository.
# The third takes minutes with NumPy; test_shown.py has its like.
GALLERY = sorted(
    {p.stem for p in SPECS.glob("*.stdp")}
    - {"auditory_recordings", "diehl_cook_2015_test", "digits"}
)
FAST = ["diehl_cook_2015", "dopamine_delay", "stdp_window", "tsodyks_markram_1998"]
SHORT = {"kremer_2011": "40 ms", "auditory_map": "300 ms", "balanced_network": "60 ms"}
ROWS = {  # what tells the rows of a table apart
    "blocks": ["block", "phase"],
    "weights": ["connection", "block", "replicate", "pre", "post"],
    "spikes": ["layer", "block", "replicate", "neuron", "t"],
    "trajectories": [
        "connection",
        "layer",
        "variable",
        "block",
        "replicate",
        "pre",
        "post",
        "neuron",
        "t",
    ],
}


def compiled(name, lowering="synapse", sets=()):
    path = SPECS / f"{name}.stdp"
    source = Source(path.name, path.read_text(encoding="utf-8"))
    return compile_source(source, SPECS, list(sets), lowering, "numpy")


def run_plain_here(folder, script, name="plain"):
    """The tables of a plain script, run with NumPy in this process."""
    brian2_anew()
    path = Path(folder) / f"{name}.py"
    path.write_text(script, encoding="utf-8")
    namespace = {"__name__": "script", "__file__": str(path)}
    exec(compile(script, str(path), "exec"), namespace)
    before, sys.argv = sys.argv, [str(path), "-o", str(Path(folder) / name), "--target", "numpy"]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            namespace["main"]()
    finally:
        sys.argv = before
    return tables_in(Path(folder) / name)


def assert_equal_values(plain, run):
    """All that a plain script saves is in the results of a run, to the last bit."""
    assert plain.keys() == run.keys() - {"responses", "parameters"}
    for name, mine in plain.items():
        theirs = run[name]
        keys = [k for k in ROWS[name] if k in mine]
        mine, theirs = (
            t.sort_values(keys, kind="stable").reset_index(drop=True) for t in (mine, theirs)
        )
        assert len(mine) == len(theirs), name
        if name != "blocks":
            lacking = [c for c in theirs if c not in mine and theirs[c].notna().any()]
            assert lacking == [], name
        for column in mine:
            pd.testing.assert_series_equal(
                mine[column],
                theirs[column],
                check_exact=True,
                check_dtype=False,
                check_names=False,
                obj=f"{name}.{column}",
            )


def check_against_the_run(folder, name, lowering="synapse"):
    text = (SPECS / f"{name}.stdp").read_text(encoding="utf-8")
    sets = [] if "phases:" in text else [f"duration={SHORT.get(name, '900 ms')}"]
    found = compiled(name, lowering, sets)
    run = run_here(folder, found.run_script, "run", data=SPECS)
    assert_equal_values(run_plain_here(folder, found.script), run)


@pytest.mark.parametrize("name", FAST)
@pytest.mark.in_turn(2)
def test_the_same_numbers(name, tmp_path):
    check_against_the_run(tmp_path, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in GALLERY if n not in FAST])
@pytest.mark.in_turn(5)
def test_the_same_numbers_in_the_whole_gallery(name, tmp_path):
    check_against_the_run(tmp_path, name)


@pytest.mark.parametrize("name", ["dopamine_delay", "diehl_cook_2015"])
def test_the_same_numbers_with_one_object_for_each_block(name, tmp_path):
    check_against_the_run(tmp_path, name, "namespace")


SMALL = """model small
neuron cell:
    parameters: tau = 10 ms
    equations: dv/dt = -v/tau : 1
    threshold: v > 1
    reset: v = 0
layer P:
    regular: 100 Hz
    size: 3
layer A:
    neuron: cell
    size: 2
connect P -> A as c:
    pattern: all_to_all
    plasticity: pair_additive(wmax = 2)
    initial: w = uniform(0, 1)
    deliver: w to v
sweep:
    grid: tau = [5, 10] ms
record:
    spikes of A
    w of c every 10 ms
run:
    duration: 100 ms
    seed: 3
"""


def small():
    return compile_source(Source("small.stdp", SMALL), Path(), [], "synapse", "numpy")


def about(folder):
    schema = pq.read_schema(Path(folder) / "weights" / "part-0.parquet")
    return json.loads(schema.metadata[b"stdpdsl"])


def test_a_script_needs_nothing_of_ours(tmp_path):
    """It runs by its name, on a path without us, and knows whether it was edited."""
    script = small().script
    assert "import stdpdsl" not in script
    (tmp_path / "s.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-P", "s.py", "-o", "out"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert_equal_values(tables_in(tmp_path / "out"), run_here(tmp_path, small().run_script, "run"))
    assert about(tmp_path / "out")["edited"] is False


def test_an_edited_script_says_so(tmp_path):
    """A Brian2 user's changes do what they say: another number, another monitor."""
    script = small().script
    edited = script.replace('reset="v = 0"', 'reset="v = 0", refractory="25*ms"')
    edited = edited.replace(
        "    return Network(",
        '    more = StateMonitor(A, "v", record=True, name="more")\n'
        "    return Network(\n        more,",
    )
    assert edited.count("more") == 3 and "refractory" in edited
    whole = run_plain_here(tmp_path, script, "whole")
    changed = run_plain_here(tmp_path, edited, "changed")
    assert changed["blocks"]["A_spikes"].sum() < whole["blocks"]["A_spikes"].sum()
    assert about(tmp_path / "changed")["edited"] is True


@pytest.mark.slow
@pytest.mark.parametrize("target", ["cython", "cpp_standalone"])
def test_every_target(target, tmp_path, monkeypatch):
    for name in ("CC", "CXX", "TESTS_HEADERS"):  # compiled and optimised as for a user
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "s.py").write_text(small().script, encoding="utf-8")
    command = [sys.executable, "s.py", "-o", "out", "--target", target]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    found = tables_in(tmp_path / "out")
    numpy = run_plain_here(tmp_path, small().script)
    for name, columns in {"weights": ["w", "apre", "apost"], "spikes": ["t"]}.items():
        for column in columns:
            np.testing.assert_allclose(found[name][column], numpy[name][column], rtol=1e-12)


NORMALISING = """model normalising
rule constant:
    equations:
        w : 1 in [0, 1]
    on pre: deliver w
neuron cell:
    equations:
        v : 1
    threshold: v > 1
    reset: v = 0
layer P:
    regular: 100 Hz
    size: 4
layer A:
    neuron: cell
    size: 3
connect P -> A as c:
    pattern: all_to_all
    plasticity: constant
    deliver: w to v
    initial: w = 0.2
    every 5 ms: normalise w per post to 1.5
run:
    duration: 20 ms
"""


def test_brian2_warns_of_nothing_when_weights_are_normalised(tmp_path):
    """Each weight has one counter, so no order matters; nor is there a delay to round."""
    made = compile_source(Source("spec.stdp", NORMALISING), tmp_path, [], None, "numpy")
    for name, script in (("plain", made.script), ("run", made.run_script)):
        path = tmp_path / f"{name}.py"
        path.write_text(script, encoding="utf-8")
        command = [sys.executable, path, "--out", tmp_path / name]
        done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
        assert "WARNING" not in done.stderr


EMPTY = """model empty
neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
    threshold: v > 1
    reset: v = 0
layer P:
    regular: 200 Hz
    size: 2
layer A:
    neuron: cell
    size: 2
connect P -> A as ff:
    pattern: all_to_all
    axonal delay: 2 ms
    on pre: v_post += 0.6
connect P -> A as gg:
    pattern: random(p) where i != j
    plasticity: pair_additive
    axonal delay: 1 ms
    initial: w = 0.5
    deliver: w to v
sweep:
    grid:
        p = [0, 1]
record:
    spikes of A
    w of gg every 5 ms
run:
    duration: 20 ms
"""


@pytest.mark.parametrize(
    "sweep, lowering", [("[0, 1]", "synapse"), ("[0, 1]", "namespace"), ("[0]", "synapse")]
)
def test_a_connection_without_synapses(sweep, lowering, tmp_path):
    """In some blocks, or in all."""
    text = EMPTY.replace("[0, 1]", sweep)
    made = compile_source(Source("spec.stdp", text), tmp_path, [], lowering, "numpy")
    run = run_here(tmp_path, made.run_script, "run")
    assert_equal_values(run_plain_here(tmp_path, made.script), run)
    assert len(run["weights"]) == 2 * sweep.count("1") and len(run["spikes"]) > 0


ALIKE = """model alike
neuron cell:
    parameters: tau = 10 ms
    equations:
        dv/dt = -v/tau : 1
        dw/dt = -w/(20 ms) : 1
    threshold: v > 1
    reset: v = 0
    initial:
        v = 0.5
        w = 0.25
layer P:
    regular: 200 Hz
    size: 3
layer v:
    neuron: cell
    size: 2
layer B:
    neuron: cell
    size: 3
connect P -> v as w:
    pattern: all_to_all
    weight: 0.3
    deliver: w to v
connect P -> B as delay:
    pattern: all_to_all
    weight: 0.4
    deliver: w to v
    axonal delay: 1 ms
connect v -> B as name:
    pattern: all_to_all
    weight: 0.2
    deliver: w to w
connect B -> v as table:
    pattern: all_to_all
    weight: 0.1
    deliver: w to w
sweep:
    grid: B.tau = [5, 10] ms
record:
    spikes of v
    v, w of v every 5 ms
run:
    duration: 20 ms
"""


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
def test_one_loop_over_what_is_alike(lowering, tmp_path):
    """Over connections, and over variables, that are called as columns and variables are."""
    made = compile_source(Source("spec.stdp", ALIKE), tmp_path, [], lowering, "numpy")
    run = run_here(tmp_path, made.run_script, "run")
    assert_equal_values(run_plain_here(tmp_path, made.script), run)


NAMES = """model names
rule r:
    parameters:
        BLOCKS = 0.1
        SIZE = 0.2
    equations:
        w : 1 in [0, 1]
        STEP : 1
        other : 1
    on pre:
        STEP += BLOCKS
        other += SIZE
        w = w + 0.01*STEP
    on post: w = w - 0.01*other
    initial:
        STEP = 0.1
        other = 0.2
neuron cell:
    parameters:
        SIZE = 1
        INDEX = 2
    equations:
        dv/dt = -v/(10 ms) : 1
        STEP : 1
    threshold: v > SIZE
    reset:
        v = 0
        STEP += INDEX
    initial: STEP = 3
layer P:
    regular: 100 Hz
    size: 2
layer A:
    neuron: cell
    size: 2
connect P -> A as c:
    pattern: all_to_all
    plasticity: r
    initial: w = 0.5
    on pre: v_post += 1.5
sweep:
    grid:
        c.BLOCKS = [0.1, 0.2]
        c.SIZE = [0.3, 0.4]
        A.INDEX = [1, 2]
record:
    spikes of A
    STEP of c every 10 ms
    STEP of A every 10 ms
run:
    duration: 50 ms
"""


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
def test_names_of_what_a_network_is_given(lowering, tmp_path):
    """Sizes, steps, indices and blocks are given beside variables that may be called so."""
    found = []
    for text in (NAMES, re.sub("BLOCKS|SIZE|STEP|INDEX", lambda m: m[0].lower(), NAMES)):
        made = compile_source(Source("spec.stdp", text), tmp_path, [], lowering, "numpy")
        name = f"run_{len(found)}"
        run = run_here(tmp_path, made.run_script, name)
        assert_equal_values(run_plain_here(tmp_path, made.script, f"plain_{len(found)}"), run)
        found.append(run)
    for name in found[0]:
        one, other = (tables[name].select_dtypes("number") for tables in found)
        one, other = (t[sorted(t, key=str.lower)].to_numpy() for t in (one, other))
        np.testing.assert_array_equal(one, other, err_msg=name)


TWO_DELAYS = """
model two_delays
neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
    threshold: v > 1
    reset: v = 0
layer P:
    regular: 50 Hz
    size: 2
layer A:
    neuron: cell
    size: 1
connect P -> A as c:
    pattern: all_to_all
    plasticity: pair_additive
    deliver: w * 0.1 to v
    initial: w = 0.5
    axonal delay: AXONAL
    dendritic delay: 12 ms
run:
    duration: 20 ms
"""


@pytest.mark.parametrize(
    ("axonal", "least", "most"), [("3 ms", 15e-3, 15e-3), ("uniform(1 ms, 4 ms)", 13e-3, 16e-3)]
)
def test_axonal_and_dendritic_delays_add_up(axonal, least, most, tmp_path):
    source = Source("spec.stdp", TWO_DELAYS.replace("AXONAL", axonal))
    script = compile_source(source, tmp_path, [], "synapse", "numpy").script
    delay = run_plain_here(tmp_path, script)["weights"]["delay"]
    assert delay.between(least - 1e-12, most + 1e-12).all()


NAMED = """model named
neuron cell:
    equations:
        dv/dt = (u - v)/(10 ms) : 1
        u : 1
    threshold: v > 1
    reset: v = 0
    initial:
        u = uniform(0, 1)
        v = u/2
layer inputs:
    poisson: 50 Hz
    size: 4
layer poisson_spikes:
    neuron: cell
    size: 3
layer exact_by_variable:
    neuron: cell
    size: 3
connect inputs -> poisson_spikes as samples:
    pattern: all_to_all
    plasticity: pair_additive
    deliver: w * 1 to v
    initial: w = uniform(0, wmax)
record:
    spikes of poisson_spikes
    w of samples every 50 ms
run:
    duration: 200 ms
    seed: 1
"""


def test_components_have_names_of_functions_of_the_script(tmp_path):
    made = compile_source(Source("spec.stdp", NAMED), tmp_path, [], "synapse", "numpy")
    assert "def poisson_spikes(" in made.script and "def exact_by_variable(" in made.script
    run = run_here(tmp_path, made.run_script, "run")
    assert_equal_values(run_plain_here(tmp_path, made.script), run)
