"""Rates that an earlier run recorded, and rates that differ between blocks, as input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from running import run_apart, run_here
from test_plain_scripts import assert_equal_values, run_plain_here

from stdpdsl.api import run as run_api
from stdpdsl.compiler import check_text, compile_source
from stdpdsl.language.source import Source
from stdpdsl.runtime.draws import stream

pytest.importorskip("brian2")

TRAIN = """model train

neuron cell:
    equations:
        dv/dt = (-70 mV - v)/(20 ms) : volt
        dr/dt = (20 Hz - r)/(30 ms) : Hz
        x : 1
    threshold: v > -60 mV
    reset:
        v = -70 mV
        r += 15 Hz
        x -= 1
    initial: v = -70 mV

layer P:
    poisson: 60 Hz
    size: 10
layer A:
    neuron: cell
    size: 4

connect P -> A as learn:
    pattern: all_to_all
    plasticity: pair_additive(Apre = 0.1, Apost = -0.12)
    deliver: w * 9 mV to v
    initial: w = uniform(0, wmax)

sweep:
    grid:
        learn.taupre = [10, 20] ms
        learn.wmax = [1, 2]

record:
    rate of P, A every 10 ms
    r, x of A every 7 ms

run:
    duration: 203 ms
    dt: 0.1 ms
    seed: 3
"""
PLAY = """model play

layer P:
    rates: {source}
    size: {size}
    scope: {scope}
neuron cell:
    equations:
        dv/dt = -v/(20 ms) : volt
layer A:
    neuron: cell
    size: 1
connect P -> A as c:
    pattern: all_to_all
    weight: 1 mV
    deliver: w to v

sweep:
    grid:
        wmax = [2, 1]
        taupre = [20, 10] ms
    derive: gain = wmax / 4
record:
    spikes of P
run:
    duration: 300 ms
    dt: 0.1 ms
    seed: 5
"""
OF_A = 'from results "train.results" layer A'
SOURCES = [3, 1, 2, 0]  # wmax 2, 2, 1, 1 and taupre 20, 10, 20, 10 ms


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    (folder / "train.stdp").write_text(TRAIN)
    run_api(folder / "train.stdp", output=folder / "train.results", target="numpy")
    return folder


def samples(trained, layer, variable, block):
    """(rows, neurons or 1) that were recorded, without the state at the end."""
    found = pd.read_parquet(trained / "train.results" / "trajectories")
    found = found[(found.layer == layer) & (found.variable == variable) & (found.t < 0.203)]
    found = found[found.block.isna() if block is None else found.block == block]
    found = found.sort_values(["t", "neuron"])
    return found.value.to_numpy().reshape(len(set(found.t)), -1)


def expected(rows, every, size, repeat=False, steps=3000, dt=1e-4):
    """(neuron, step) of spikes, step by step, with the draws of the layer P."""
    draws, found = stream("P", "spikes", 0), []
    for step in range(steps):
        if step % 1000 == 0:
            drawn = draws.random((1000, size))
        row = int((step * dt + 1e-7) // every)
        if row >= len(rows) and not repeat:
            continue
        rates = np.broadcast_to(rows[row % len(rows)], size)
        found += [(n, step) for n in np.flatnonzero(drawn[step % 1000] < rates * dt)]
    return found


def played(folder, tmp_path, source, size=6, scope="block", sweep=True, more=()):
    (here := tmp_path / str(len(list(tmp_path.iterdir())))).mkdir()
    text = PLAY.format(source=source, size=size, scope=scope)
    found = compile_source(Source("spec.stdp", text), folder, [], "synapse", "numpy")
    run = run_here(here, found.run_script, "run", folder, list(more))
    if not more:
        script = found.script.replace('DATA = "."', f"DATA = {str(folder)!r}")
        assert_equal_values(run_plain_here(here, script), run)
    spikes = run["spikes"].sort_values(["t", "neuron"])
    return {
        block: list(zip(g.neuron, np.rint(g.t / 1e-4).astype(int), strict=True))
        for block, g in spikes.groupby("block", dropna=False)
    }


def test_the_mean_rate_of_a_layer_in_the_block_with_the_same_columns(trained, tmp_path):
    found = played(trained, tmp_path, OF_A)
    assert list(found) == [0, 1, 2, 3]
    for block, source in enumerate(SOURCES):
        rows = samples(trained, "A", "rate", source)
        assert len(rows) == 21
        assert found[block] == expected(rows, 0.01, 6) and len(found[block]) > 50


def test_scaled_repeated_and_from_one_block(trained, tmp_path):
    found = played(trained, tmp_path, f"{OF_A} block 2 * gain, repeat")
    rows = samples(trained, "A", "rate", 2)
    for block, gain in enumerate([0.5, 0.5, 0.25, 0.25]):
        assert found[block] == expected(rows * gain, 0.01, 6, repeat=True)


def test_a_variable_of_each_neuron(trained, tmp_path):
    found = played(trained, tmp_path, f"{OF_A} column r", 4)
    for block, source in enumerate(SOURCES):
        rows = samples(trained, "A", "r", source)
        assert rows.shape == (29, 4) and found[block] == expected(rows, 0.007, 4)


def test_what_is_shared(trained, tmp_path):
    (spikes,) = played(
        trained, tmp_path, 'from results "train.results" layer P', scope="shared"
    ).values()
    assert spikes == expected(samples(trained, "P", "rate", None), 0.01, 6)
    (spikes,) = played(trained, tmp_path, f"{OF_A} block 1", scope="shared").values()
    assert spikes == expected(samples(trained, "A", "rate", 1), 0.01, 6)


def test_a_shard_has_its_own_blocks(trained, tmp_path):
    whole = played(trained, tmp_path, OF_A)
    part = played(trained, tmp_path, OF_A, more=["--shard", "2/2"])
    assert part == {2: whole[2], 3: whole[3]}


def test_a_file_that_tells_blocks_apart(trained, tmp_path):
    rng = np.random.default_rng(0)
    rates = rng.uniform(0, 300, (4, 30, 3))  # block, row, neuron
    rows = [(b, n, r, rates[b, r, n]) for b in range(4) for r in range(30) for n in range(3)]
    table = pd.DataFrame(rows, columns=["block", "neuron", "row", "rate"])
    order = table.sample(frac=1, random_state=1).sort_values("row", kind="stable")
    order[["block", "neuron", "rate"]].to_csv(trained / "rates.csv", index=False)
    source = 'from "rates.csv" column rate * 1 Hz every 8 ms'
    found = played(trained, tmp_path, source, 3)
    for block in range(4):
        assert found[block] == expected(rates[block], 0.008, 3)
    part = played(trained, tmp_path, source, 3, more=["--shard", "2/2"])
    assert part == {2: found[2], 3: found[3]}


BY_HAND = """
from brian2 import *

prefs.codegen.target = "numpy"
start_scope()
defaultclock.dt = 0.1*ms
recorded = TimedArray(rows*Hz, dt=10*ms)
P = PoissonGroup(2000, rates="recorded(t)*int(t < 0.21*second)")
counts = SpikeMonitor(P)
Network(P, counts).run(300*ms, namespace={"recorded": recorded})
results = np.histogram(counts.t/second, np.arange(31) * 0.01 - 1e-5)[0]
"""


@pytest.mark.slow
def test_as_a_poisson_group_with_a_timed_array(trained, tmp_path):
    rows = samples(trained, "A", "rate", 3)[:, 0]
    names = {"rows": rows}
    exec(compile(BY_HAND, "<by hand>", "exec"), names)
    mine = played(trained, tmp_path, OF_A, 2000)[0]
    mine = np.bincount([step // 100 for _, step in mine], minlength=30)
    sd = np.sqrt(2 * np.append(rows, np.zeros(9)) * 0.01 * 2000)
    assert np.all(np.abs(mine - names["results"]) <= 4.5 * sd)


# What is wrong ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source, size, scope, message",
    [
        (OF_A, 6, "shared", "FILE010: `P` is shared by all blocks, but these values differ"),
        (f"{OF_A} column r", 6, "block", "FILE006: `train.results` has the shape 4; expected 6"),
        (f"{OF_A} column v", 4, "block", "FILE005: `train.results` has not recorded `v` of `A`"),
        (f"{OF_A} column x * 1 Hz", 4, "block", "FILE003: `x` of neuron "),
        (f"{OF_A} column x * 1 mV", 4, "block", "UNIT002: `rates`"),
        (f"{OF_A} every 10 ms", 6, "block", "CLAUSE005: rates of an earlier run already have"),
        (
            'from "rates.npy"',
            6,
            "block",
            "CLAUSE005: the file does not say how long each row of rates lasts",
        ),
        ("10 Hz", 6, "block", "CLAUSE005: `rates:` needs exactly one file, but none is named here"),
        (
            'from results "train.results" connection learn',
            6,
            "block",
            "FILE005: rates must come from a layer, but `learn` is a connection",
        ),
        (f"{OF_A} block 4", 6, "block", "FILE010: `train.results` has no block 4"),
    ],
)
def test_one_error_each(trained, source, size, scope, message):
    text = PLAY.format(source=source, size=size, scope=scope)
    _, found = check_text(Source("spec.stdp", text), trained, [])
    errors = [f"{d.code}: {d.message}" for d in found if d.severity == "error"]
    assert [e[: len(message)] for e in errors] == [message], errors


@pytest.mark.parametrize(
    "record, message",
    [
        ("rate of A every 10 ms from 50 ms", "FILE012: `other.results` did not record them a"),
        ("rate of A every 10 ms in blocks 0, 1", "FILE007: `other.results` has no samples of `rat"),
        ("rate of A[0:2] every 10 ms", "FILE005: `other.results` has not recorded `rate` of `A`"),
        ("spikes of A", "FILE00"),
    ],
)
def test_what_was_recorded_in_part(tmp_path, record, message):
    lines = "    rate of P, A every 10 ms\n    r, x of A every 7 ms\n"
    text = TRAIN.replace(lines, f"    {record}\n")
    (tmp_path / "other.stdp").write_text(text)
    run_api(tmp_path / "other.stdp", output=tmp_path / "other.results", target="numpy")
    text = PLAY.format(source=OF_A.replace("train", "other"), size=6, scope="block")
    _, found = check_text(Source("spec.stdp", text), tmp_path, [])
    errors = [f"{d.code}: {d.message}" for d in found if d.severity == "error"]
    assert [e[: len(message)] for e in errors] == [message], errors


def test_changed_between_check_and_run(trained, tmp_path):
    text = PLAY.format(source=OF_A, size=6, scope="block")
    found = compile_source(Source("spec.stdp", text), trained, [], "synapse", "numpy")
    for part in (trained / "train.results" / "trajectories").glob("part-*"):
        (tmp_path / "train.results" / "trajectories").mkdir(parents=True, exist_ok=True)
        table = pd.read_parquet(part)
        table[table.block != 2].to_parquet(tmp_path / "train.results" / "trajectories" / part.name)
    said = run_apart(tmp_path, found.run_script, data=tmp_path, status=1)
    assert "has 0 samples" in said and "Traceback" not in said
