"""Scripts on C++ standalone: compiled once for a model, whatever its numbers."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest
from running import assert_same, run_here, script_of, tables_in

pytestmark = pytest.mark.slow

# Without exp(), so that every target gives the same bits.
SPEC = """model counted
constants:
    step = {step}
neuron cell:
    parameters:
        leak = 0.5
    equations:
        v : 1
        dx/dt = -1*Hz * leak : 1
    threshold: v > 3
    reset: v = 0
rule grows:
    parameters:
        eta = 0.125
    equations:
        w : 1 in [0, 8]
    on pre:
        deliver w
        w += eta
    on post:
        w -= 0.5*eta
layer pre:
    poisson: {rate} Hz
    size: 4
layer post:
    neuron: cell
    size: 3
connect pre -> post as c:
    pattern: random(p = {p})
    plasticity: grows
    initial: w = uniform(0, {w})
    deliver: w*step to v
    delay: uniform(0 ms, {delay} ms)
sweep:
    grid:
        c.eta = {eta}
        post.leak = [0.5, 1.5]
record:
    spikes of pre, post
    w of c every 10 ms
    v, x of post every 5 ms in blocks 0, 1
run:
    phases:
        train: {train} ms
        faster: 30 ms, set c.eta = {faster}
        test: 20 ms, c frozen
    seed: {seed}
"""
FIRST = {
    "step": 1,
    "rate": 100,
    "p": 0.8,
    "w": 1,
    "delay": 2,
    "eta": [0.125, 0.25],
    "train": 50,
    "faster": 0.5,
    "seed": 1,
}
OTHER = {
    **FIRST,
    "rate": 130,
    "p": 0.5,
    "w": 2,
    "delay": 3,
    "eta": [0.5, 0.25, 0.0625],
    "train": 70,
    "faster": 0.375,
    "seed": 2,
}
RUN = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
loaded = {"brian2", "brian2hears", "scipy", "matplotlib", "pandas", "sympy"} & set(sys.modules)
print("LOADED", *sorted(loaded))
"""


def run(folder, name, script, target="cpp_standalone"):
    """Run a script by itself: its tables, the stages that it reports, the packages it imports."""
    path = folder / f"{name}.py"
    path.write_text(script, encoding="utf-8")
    command = [sys.executable, "-c", RUN, str(path), "--out", str(folder / name), "--events"]
    done = subprocess.run(
        [*command, "--target", target, "--data", str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *lines, loaded = done.stdout.splitlines()
    events = [json.loads(line) for line in lines]
    stages = [event["name"] for event in events if event["event"] == "stage"]
    times = [event["t"] for event in events if event["event"] == "progress"]
    assert times == sorted(times)
    return tables_in(folder / name), stages, loaded.split()[1:]


def programs(folder):
    return [p for p in (folder / "cache" / "stdpdsl" / "programs").iterdir() if p.is_dir()]


COLD = ["inputs", "compiling", "simulating", "saving"]
WARM = ["inputs", "simulating", "saving"]


def test_one_program_for_other_numbers(tmp_path):
    first, other = (script_of(SPEC.format(**numbers)) for numbers in (FIRST, OTHER))
    cold, stages, loaded = run(tmp_path, "cold", first)
    assert stages == COLD and "brian2" in loaded
    assert len(cold["spikes"]) > 50 and cold["weights"]["w"].nunique() > 10
    warm, stages, loaded = run(tmp_path, "warm", first)
    assert stages == WARM and not loaded
    assert_same(warm, cold)
    changed, stages, loaded = run(tmp_path, "other", other)
    assert stages == WARM and not loaded
    assert len(changed["blocks"]) == 3 * len(cold["blocks"]) / 2
    assert len(programs(tmp_path)) == 1
    assert_same(cold, run_here(tmp_path, first, "cold_numpy"))
    assert_same(changed, run_here(tmp_path, other, "other_numpy"))
    # A constant stands in the code.
    constant, stages, _ = run(tmp_path, "constant", script_of(SPEC.format(**{**FIRST, "step": 2})))
    assert stages == COLD and len(programs(tmp_path)) == 2
    assert not constant["spikes"].equals(cold["spikes"])


DRAWING = """model drawing
neuron cell:
    parameters:
        noisy = 0.5
    equations:
        v : 1
        u : 1
    threshold: v > 3
    reset: v = 0
    every 3 ms:
        u = uniform(0, noisy)
rule fails:
    parameters:
        p = 0.5
    equations:
        w : 1
    on pre:
        arrives = bernoulli(p)
        w += 0.125*arrives
        deliver w*arrives
layer pre:
    regular: 200 Hz
    size: 4
layer post:
    neuron: cell
    size: 3
connect pre -> post as c:
    pattern: all_to_all
    plasticity: fails
    deliver: w to v
sweep:
    grid:
        c.p = {p}
        post.noisy = [0.5, 1.5]
record:
    spikes of post
    u of post every 10 ms
run:
    duration: 60 ms
    seed: {seed}
"""


def test_one_program_for_other_draws(tmp_path):
    """Neither the seed nor the table is part of a program that draws while it runs."""
    one, two, other = (
        script_of(DRAWING.format(p=p, seed=seed))
        for p, seed in (("[0.25, 0.75]", 1), ("[0.25, 0.75]", 2), ("[0.5]", 2))
    )
    cold, stages, _ = run(tmp_path, "one", one)
    assert stages == COLD and cold["weights"]["w"].nunique() > 3
    for name, script in (("two", two), ("other", other)):
        found, stages, loaded = run(tmp_path, name, script)
        assert stages == WARM and not loaded
        assert_same(found, run_here(tmp_path, script, f"{name}_numpy"))
        assert not found["weights"]["w"].equals(cold["weights"]["w"])
        assert not found["trajectories"]["value"].equals(cold["trajectories"]["value"])
    assert len(programs(tmp_path)) == 1


HEARD = """model heard
sound two:
    stimuli: tones(frequency = [200 Hz, 800 Hz], duration = 40 ms)
    gap: 5 ms
    level: {level} dB
    samplerate: 20 kHz
filterbank bank:
    sound: two
    filter: gammatone(cf = [200, 800] Hz)
    output: 3 * clip(x, 0, inf)
neuron fibre:
    equations:
        dv/dt = (I - v)/(5 ms) : 1
        I : 1
    threshold: v > 0.002
    reset: v = 0
layer nerve:
    neuron: fibre
    size: 2
    scope: shared
    drive: I from bank
layer inside:
    neuron: fibre
    size: 2
    drive: I from bank
connect nerve -> inside as c:
    pattern: all_to_all
    weight: {weight}
    deliver: w to v
sweep:
    grid:
        free = [1, 2]
record:
    spikes of nerve, inside
    v of nerve every 10 ms
run:
    duration: two
    dt: 0.1 ms
"""


def test_what_hears_is_kept(tmp_path):
    scripts = [
        script_of(HEARD.format(level=level, weight=weight))
        for level, weight in ((65, 1e-4), (65, 2e-4), (70, 1e-4))
    ]
    cold, stages, loaded = run(tmp_path, "cold", scripts[0])
    assert stages == COLD and "brian2hears" in loaded
    assert set(cold["spikes"]["layer"]) == {"nerve", "inside"}
    warm, stages, loaded = run(tmp_path, "warm", scripts[0])
    assert stages == WARM and not loaded
    assert_same(warm, cold)
    _, _, loaded = run(tmp_path, "weight", scripts[1])
    assert not {"brian2hears"} & set(loaded)
    # Blocks of their own objects are compiled for this table alone.
    by_namespace = script_of(HEARD.format(level=65, weight=1e-4), "namespace")
    plain, stages, _ = run(tmp_path, "namespace", by_namespace)
    assert stages == COLD
    assert_same(plain, cold)
    louder, _, loaded = run(tmp_path, "louder", scripts[2])
    assert "brian2hears" in loaded and len(louder["spikes"]) > len(cold["spikes"])
    expected = run_here(tmp_path, scripts[0], "numpy")
    columns = ["layer", "neuron", "t"]
    pd.testing.assert_frame_equal(cold["spikes"][columns], expected["spikes"][columns])
