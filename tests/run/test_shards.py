"""Shards of a sweep, each run apart, are the sweep to the last bit."""

import subprocess
import sys

import pandas as pd
import pyarrow.parquet as pq
import pytest
from running import assert_same, run_apart, run_here, script_of

from stdpdsl.runtime.shards import blocks_of_shard

SPEC = '''"""Whatever could depend on which blocks run together."""
model sharded

neuron cell:
    parameters:
        tau_m = 10 ms
    equations:
        dv/dt = (-70 mV - v)/tau_m : volt
    threshold: v > -60 mV
    reset: v = -70 mV
    initial: v = uniform(-70 mV, -62 mV) independent per block

neuron reader:
    parameters:
        tau_r = 20 ms
    equations:
        dx/dt = -x/tau_r : 1
        jitter : 1
    threshold: x > 4
    reset: x = 0
    every 5 ms:
        jitter = uniform(0, 1)
        x += jitter

layer inputs:
    poisson: 60 Hz
    size: 8

layer reading:
    neuron: reader
    size: 2
    scope: shared

layer out:
    neuron: cell
    size: 3

layer own:
    poisson: pace
    size: 2

connect inputs -> reading as listen:
    pattern: random(p = 0.7)
    plasticity: pair_additive
    deliver: w to x
    initial: w = uniform(0, 1)

connect inputs -> out as ff:
    pattern: random(p = 0.6) independent per block
    plasticity: pair_additive
    deliver: w * 20 mV to v
    initial: w = uniform(0, wmax) independent per block
    delay: uniform(0 ms, 2 ms)

connect reading -> out as told:
    pattern: all_to_all
    weight: 2 mV
    deliver: w to v

connect own -> out as more:
    pattern: random(p = 0.5)
    weight: 1 mV
    deliver: w to v

connect out -> out as lateral:
    pattern: all_to_all where i != j
    weight: -2 mV
    deliver: w to v

sweep:
    grid:
        ff.Apre = [0.01, 0.02, 0.05]
        pace = [20, 80] Hz
    where: Apre < 0.05 or pace > 50 Hz
    replicates: 3

record:
    spikes of inputs, reading, out
    w of ff every 50 ms in blocks 0, 7, 8
    w of listen every 50 ms
    x of reading every 20 ms in blocks 4
    v of out every 20 ms in blocks 3, 14

measure:
    strong of ff = fraction(w > 0.8*wmax) + max(w_before)
    told_more of listen = sum(w) - sum(w_before)
    pace_of of own = mean(rate)/pace
    heard_by of reading = sd(rate)/(mean(rate) + 1 Hz)*strong

run:
    dt: 0.1 ms
    seed: 3
    phases:
        learn: 100 ms
        test: 100 ms, plasticity off
'''
BLOCKS = 15


def canonical(tables):
    """Rows in an order that does not depend on who wrote them."""
    keys = (
        "block",
        "replicate",
        "connection",
        "layer",
        "variable",
        "phase",
        "t",
        "pre",
        "post",
        "neuron",
    )
    return {
        name: t.sort_values([k for k in keys if k in t], ignore_index=True)
        for name, t in tables.items()
    }


def together(shards):
    return {n: pd.concat([s[n] for s in shards], ignore_index=True) for n in shards[0]}


@pytest.fixture(scope="module")
def script():
    return script_of(SPEC)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, script):
    return run_here(tmp_path_factory.mktemp("whole"), script)


def shards_of(folder, script, count):
    return [
        run_here(folder, script, f"s{k}", more=["--shard", f"{k}/{count}"])
        for k in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    "count", [4, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, BLOCKS))]
)
@pytest.mark.in_turn(1)
def test_shards_are_the_sweep(tmp_path, script, whole, count):
    found = shards_of(tmp_path, script, count)
    assert_same(canonical(together(found)), canonical(whole))
    assert whole["trajectories"]["block"].nunique() == 5
    assert whole["spikes"].groupby(["layer", "replicate"]).ngroups == 9
    for k, tables in enumerate(found, 1):
        assert set(tables["blocks"]["block"]) == set(blocks_of_shard(BLOCKS, k, count))


@pytest.mark.slow
def test_shards_of_separate_objects_per_block(tmp_path, whole):
    found = shards_of(tmp_path, script_of(SPEC, "namespace"), 4)
    assert_same(canonical(together(found)), canonical(whole))


def test_parts_have_names_of_their_own(tmp_path, script):
    run_here(tmp_path, script, "s", more=["--shard", "3/5"])
    (part,) = (tmp_path / "s" / "weights").iterdir()
    assert part.name == "part-00002.parquet"
    assert pq.read_table(part)["block"].drop_null().unique().to_pylist() == [6, 7, 8]


def test_ranges_are_balanced_and_whole():
    for blocks in (1, 7, 100):
        for count in range(1, blocks + 1):
            found = [blocks_of_shard(blocks, k, count) for k in range(1, count + 1)]
            assert [b for r in found for b in r] == list(range(blocks))
            assert max(map(len, found)) - min(map(len, found)) <= 1


@pytest.mark.parametrize("wrong", ["0/4", "5/4", "4", "a/b", "1/16"])
def test_no_such_shard(tmp_path, script, wrong):
    with pytest.raises(SystemExit) as stopped:
        run_here(tmp_path, script, more=["--shard", wrong])
    assert stopped.value.code == 2
    assert not (tmp_path / "out").exists()


def test_blocks_that_are_coupled_run_together():
    text = SPEC.replace(
        "connect out -> out as lateral:", "connect out -> reading as lateral across blocks:"
    )
    text = text.replace(" where i != j", "").replace("weight: -2 mV", "weight: 0.1")
    head, _, tail = text.rpartition("    deliver: w to v")
    script = script_of(f"{head}    deliver: w to x{tail}")
    assert "SHARDS = 1  # at most, for lateral couples the blocks" in script


HEARD = """model heard

sound training:
    stimuli: tones(frequency = geomspace(200 Hz, 2 kHz, 3), duration = 15 ms)
    gap: 5 ms
    level: 65 dB
    order: shuffled
    samplerate: 20 kHz

filterbank cochlea:
    sound: training
    filter: gammatone(cf = erbspace(200 Hz, 2 kHz, 4))
    output: 3 * clip(x, 0, inf)

neuron listening:
    parameters:
        tau_m = 5 ms
    equations:
        dv/dt = (40*I - v)/tau_m : 1
        I : 1
    threshold: v > 1
    reset: v = 0
    initial: v = uniform(0, 1)

layer nerve:
    neuron: listening
    size: 4
    scope: shared
    drive: I from cochlea

layer cortex:
    neuron: listening
    size: 4
    drive: I from cochlea

connect nerve -> cortex as ff:
    pattern: all_to_all
    plasticity: pair_additive
    deliver: w * 0.3 to v
    initial: w = uniform(0, 1)

sweep:
    grid:
        cortex.tau_m = [2, 5, 20] ms
    replicates: 3

record:
    spikes of nerve, cortex
    I of cortex every 2 ms in blocks 1, 8

run:
    duration: training
    dt: 0.1 ms
    seed: 5
"""


def heard_in_shards(folder, run, count):
    """Shards that hold no whole number of replicates, so that most hear a part of the others'
    sounds."""
    whole = run(folder, script_of(HEARD), "whole")
    found = [
        run(folder, script_of(HEARD), f"s{k}", more=["--shard", f"{k}/{count}"])
        for k in range(1, count + 1)
    ]
    assert_same(canonical(together(found)), canonical(whole))
    spikes = whole["spikes"]
    counts = spikes.groupby(["layer", "replicate"]).size()
    assert len(counts) == 6 and counts.nunique() > 3  # they hear the tones in another order


@pytest.mark.slow
def test_what_is_heard(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    heard_in_shards(tmp_path, run_here, 4)


@pytest.mark.slow
def test_what_is_heard_by_a_compiled_program(tmp_path, monkeypatch):
    """One program, whatever the number of replicates that drive it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*arguments, **options):
        return run_apart(*arguments, target="cpp_standalone", **options)

    heard_in_shards(tmp_path, run, 2)
    programs = [p for p in (tmp_path / "cache/stdpdsl/programs").iterdir() if p.is_dir()]
    assert len(programs) == 1


@pytest.mark.slow
def test_one_compiled_program_runs_every_shard(tmp_path, script, monkeypatch):
    """Shards of other sizes, with other replicates, and without the recorded blocks."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    whole = run_apart(tmp_path, script, "whole", "cpp_standalone")
    found = [
        run_apart(tmp_path, script, f"s{k}", "cpp_standalone", more=["--shard", f"{k}/8"])
        for k in range(1, 9)
    ]
    assert_same(canonical(together(found)), canonical(whole))
    programs = [p for p in (tmp_path / "cache/stdpdsl/programs").iterdir() if p.is_dir()]
    assert len(programs) == 1


@pytest.mark.slow
def test_shards_that_start_together_build_once(tmp_path, script, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, "script.py", "--target", "cpp_standalone", "--events", "--shard"]
    running = [
        subprocess.Popen(
            [*command, f"{k}/3", "--out", f"s{k}"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        for k in (1, 2, 3)
    ]
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert sum(text.count("compiling") for text in said) == 1
