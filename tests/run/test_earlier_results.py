"""A run that starts from what an earlier one left, and that replays its spikes."""

from __future__ import annotations

import gc
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from running import run_apart, run_here, script_of
from test_plain_scripts import assert_equal_values, run_plain_here

from stdpdsl.api import run as run_api
from stdpdsl.compiler import check_text, compile_source
from stdpdsl.language.source import Source
from stdpdsl.runtime import folder as result_folder

pytest.importorskip("brian2")

SPECS = Path(__file__).parents[2] / "specs"
TRAIN = """model train

neuron cell:
    equations:
        dv/dt = (-70 mV - v)/(20 ms) : volt
        theta : volt
    threshold: v > -60 mV + theta
    reset:
        v = -70 mV
        theta += 0.5 mV
    initial: v = -70 mV

layer P:
    poisson: 40 Hz
    size: 5
layer A:
    neuron: cell
    size: 3
layer S:
    neuron: cell
    size: 2
    scope: shared

connect P -> A as learn:
    pattern: random(p = 0.8)
    plasticity: pair_additive(Apre = 0.1, Apost = -0.12)
    deliver: w * 9 mV to v
    initial: w = uniform(0, wmax)
connect P -> S as still:
    pattern: all_to_all
    weight: normal(4 mV, 1 mV)
    deliver: w to v

sweep:
    grid:
        learn.taupre = [10, 20] ms
        learn.wmax = [1, 2]

record:
    spikes of P, A
    theta of A every 50 ms
    theta of S every 50 ms

run:
    duration: 200 ms
    dt: 0.1 ms
    seed: 3
"""
TEST = """model test

neuron cell:
    equations:
        dv/dt = (-70 mV - v)/(20 ms) : volt
        theta : volt
    threshold: v > -60 mV + theta
    reset: v = -70 mV
    initial: v = -70 mV

layer P:
    spikes: from results "train.results" layer P
    size: 5
layer A:
    neuron: cell
    size: 3
    initial: theta = from results "train.results" layer A column theta{block}
layer S:
    neuron: cell
    size: 2
    scope: shared
    initial: theta = from results "train.results" layer S column theta

connect P -> A as learn:
    pattern: random(p = 0.8)
    plasticity: pair_additive(Apre = 0.1, Apost = -0.12)
    deliver: w * 9 mV to v
    initial: w = from results "train.results" connection learn{block}
connect P -> S as still:
    pattern: all_to_all
    weight: from results "train.results" connection still
    deliver: w to v

{sweep}record:
    spikes of A, S

run:
    phases:
        test: 150 ms, plasticity off
    dt: 0.1 ms
    seed: 3
"""
BY_HAND = """
from brian2 import *

prefs.codegen.target = "numpy"
start_scope()
defaultclock.dt = 0.1*ms
P = SpikeGeneratorGroup(5, neuron, t*second)
A = NeuronGroup(3, '''dv/dt = (-70*mV - v)/(20*ms) : volt
                      theta : volt''', threshold='v > -60*mV + theta', reset='v = -70*mV',
                method='exact')
A.v = -70*mV
A.theta = theta*volt
S = Synapses(P, A, 'w : 1', on_pre='v_post += w*9*mV')
S.connect(i=pre, j=post)
S.w = w
spikes = SpikeMonitor(A)
net = Network(P, A, S, spikes)
net.run(150*ms, namespace={})
results = spikes.i[:], spikes.t/second
"""
SWEEP = """sweep:
    grid:
        noise = [1, 2]
        learn.wmax = [2, 1]
        taupre = [20, 10] ms

measure:
    x of A = noise * max(rate)

"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    (folder / "train.stdp").write_text(TRAIN)
    run_api(folder / "train.stdp", output=folder / "train.results", target="numpy")
    return folder


def read(folder, table):
    return pd.read_parquet(folder / "train.results" / table)


def test_text(sweep=SWEEP, block=""):
    return TEST.format(sweep=sweep, block=block)


test_text.__test__ = False


def last_theta(folder, layer, block):
    found = read(folder, "trajectories")
    found = found[(found.layer == layer) & (found.block.fillna(0) == block)]
    return found.sort_values(["neuron", "t"]).groupby("neuron").value.last().to_numpy()


def test_blocks_are_matched_by_the_columns_of_both_sweeps(trained, tmp_path):
    script = script_of(test_text(), folder=trained)
    tables = run_here(tmp_path, script, data=trained)
    before = read(trained, "weights")
    blocks = read(trained, "blocks").set_index("block")
    for block, row in tables["blocks"].set_index("block").iterrows():
        same = (blocks.taupre == row.taupre) & (blocks.wmax == row.wmax)
        (source,) = blocks.index[same]
        mine, theirs = (
            t[(t.connection == "learn") & (t.block == b)].sort_values(["pre", "post"])
            for t, b in ((tables["weights"], block), (before, source))
        )
        assert mine["w_initial"].tolist() == theirs["w"].tolist() == mine["w"].tolist()
    still = tables["weights"].query("connection == 'still'").sort_values(["pre", "post"])
    were = before.query("connection == 'still'").sort_values(["pre", "post"])
    assert still["w"].tolist() == were["w"].tolist()


@pytest.mark.slow
def test_as_by_hand(trained, tmp_path):
    script = script_of(test_text(), folder=trained)
    spikes = run_here(tmp_path, script, data=trained)["spikes"]
    given = read(trained, "spikes").query("layer == 'P'").sort_values(["t", "neuron"])
    weights = read(trained, "weights").query("connection == 'learn'")
    sources = [3, 1, 2, 0] * 2  # wmax 2, 2, 1, 1 and taupre 20, 10, 20, 10 ms
    total = 0
    for block, source in enumerate(sources):
        learn = weights[weights.block == source]
        gc.collect()
        names = {
            "neuron": given.neuron.to_numpy(),
            "t": given.t.to_numpy(),
            "theta": last_theta(trained, "A", source),
            "pre": learn.pre.to_numpy(),
            "post": learn.post.to_numpy(),
            "w": learn.w.to_numpy(),
        }
        exec(compile(BY_HAND, "<by hand>", "exec"), names)
        mine = spikes[(spikes.layer == "A") & (spikes.block == block)].sort_values(["t", "neuron"])
        i, t = names["results"]
        assert mine.neuron.tolist() == i.tolist()
        assert np.allclose(mine.t, t, rtol=0, atol=1e-12)
        total += len(i)
    assert total > 30


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
@pytest.mark.parametrize("block", ["", " block 2"])
@pytest.mark.in_turn(2)
def test_the_plain_script_reads_the_same(trained, tmp_path, lowering, block):
    text = test_text(block=block)
    found = compile_source(Source("spec.stdp", text), trained, [], lowering, "numpy")
    run = run_here(tmp_path, found.run_script, "run", data=trained)
    script = found.script.replace('DATA = "."', f"DATA = {str(trained)!r}")
    assert_equal_values(run_plain_here(tmp_path, script), run)


def test_all_blocks_from_one(trained, tmp_path):
    sweep = SWEEP.replace("learn.wmax = [2, 1]", "learn.wmax = [2, 2.5]")
    tables = run_here(
        tmp_path, script_of(test_text(sweep, " block 3"), folder=trained), data=trained
    )
    expected = read(trained, "weights").query("connection == 'learn' and block == 3")
    expected = expected.sort_values(["pre", "post"])["w"].tolist()
    for _, mine in tables["weights"].query("connection == 'learn'").groupby("block"):
        assert mine.sort_values(["pre", "post"])["w_initial"].tolist() == expected


def test_a_shard_starts_as_its_blocks_do(trained, tmp_path):
    script = script_of(test_text(), folder=trained)
    whole = run_here(tmp_path, script, "whole", data=trained)["weights"]
    part = run_here(tmp_path, script, "part", trained, ["--shard", "3/4"])["weights"]
    part, whole = (t[t.connection == "learn"].reset_index(drop=True) for t in (part, whole))
    assert set(part.block) == {4, 5}
    pd.testing.assert_frame_equal(
        part,
        whole[whole.block.isin([4, 5])].reset_index(drop=True),
        check_dtype=False,
    )


# Spikes -----------------------------------------------------------------------------------------

REPLAY = """model replay

neuron cell:
    equations:
        dv/dt = -v/(20 ms) : volt

layer P:
    spikes: {source}
    size: {size}
    scope: {scope}
layer A:
    neuron: cell
    size: 1
connect P -> A as c:
    pattern: all_to_all
    weight: 1 mV
    deliver: w to v

sweep:
    grid:
        wmax = [1, 2]
        taupre = [20, 10] ms
record:
    spikes of P
run:
    duration: 150 ms
"""
OF_A = 'from results "train.results" layer A'


def replayed(trained, tmp_path, source, size=3, scope="block"):
    (folder := tmp_path / str(len(list(tmp_path.iterdir())))).mkdir()
    text = REPLAY.format(source=source, size=size, scope=scope)
    found = compile_source(Source("spec.stdp", text), trained, [], "synapse", "numpy")
    run = run_here(folder, found.run_script, "run", data=trained)
    script = found.script.replace('DATA = "."', f"DATA = {str(trained)!r}")
    assert_equal_values(run_plain_here(folder, script), run)
    spikes = run["spikes"].sort_values(["t", "neuron"])
    return [(g.neuron.tolist(), g.t.tolist()) for _, g in spikes.groupby("block", dropna=False)]


def spikes_of(trained, layer, block):
    found = read(trained, "spikes")
    found = found[(found.layer == layer) & (found.t < 0.15)]
    found = found[found.block.isna() if block is None else found.block == block]
    found = found.sort_values(["t", "neuron"])
    return found.neuron.tolist(), found.t.tolist()


def test_spikes_of_an_earlier_run(trained, tmp_path):
    expected = [spikes_of(trained, "A", block) for block in (2, 0, 3, 1)]
    assert replayed(trained, tmp_path, OF_A) == expected
    one = spikes_of(trained, "A", 3)
    assert replayed(trained, tmp_path, f"{OF_A} block 3", scope="shared") == [one]
    shared = spikes_of(trained, "P", None)
    source = 'from results "train.results" layer P'
    assert replayed(trained, tmp_path, source, 5, "shared") == [shared]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_our_own_tables_are_read_as_they_are(trained, tmp_path, ending):
    spikes = read(trained, "spikes")
    mine = spikes[spikes.layer == "A"]
    save = mine.to_csv if ending == "csv" else mine.to_parquet
    save(trained / f"own.{ending}", index=False)
    expected = [spikes_of(trained, "A", block) for block in range(4)]
    assert replayed(trained, tmp_path, f'from "own.{ending}"') == expected


@pytest.mark.parametrize(
    "source, size, scope, message",
    [
        (OF_A, 3, "shared", "FILE010: `P` is shared by all blocks, but these values differ"),
        (OF_A, 4, "block", "FILE006: `train.results` has the shape 3; expected 4"),
        (
            'from results "train.results" layer S',
            2,
            "block",
            "FILE005: `train.results` has not recorded the spikes of `S`",
        ),
        (
            'from results "train.results" layer B',
            2,
            "block",
            "FILE005: `train.results` has no layer `B`",
        ),
        ('from "five.csv"', 3, "block", "FILE008: row 1 below the head of `five.csv` names"),
        (
            'from "five.csv"',
            3,
            "shared",
            "FILE008: `five.csv` has different values for each block, but `P` is",
        ),
    ],
)
def test_wrong_spikes(trained, source, size, scope, message):
    (trained / "five.csv").write_text("t,neuron,block\n0.001,0,5\n")
    text = REPLAY.format(source=source, size=size, scope=scope)
    assert [x[: len(message)] for x in problems(trained, text)] == [message]


# What is wrong ----------------------------------------------------------------------------------


def problems(folder, text):
    _, found = check_text(Source("spec.stdp", text), folder, [])
    return [f"{d.code}: {d.message}" for d in found if d.severity == "error"]


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("[2, 1]", "[2, 3]", "FILE010: block 2 (taupre = 0.02, wmax = 3.0) has no counterpart"),
        (
            "        learn.wmax = [2, 1]\n",
            "",
            "FILE010: block 0 (taupre = 0.02) has 2 counterparts in `train.results`:"
            " its blocks 2, 3",
        ),
        (SWEEP, "", "FILE010: block 0 has 4 counterparts in `train.results`: its blocks 0, 1"),
        (
            "layer A column theta",
            "layer A column v",
            "FILE005: `train.results` has not recorded `v` of `A`",
        ),
        ("connection learn", "connection lern", "FILE005: `train.results` has no connection `le"),
        (
            "connection learn",
            "connection learn column x",
            "FILE005: `learn` of `train.results` has no variable `x`",
        ),
        ("connection learn", "layer A column theta / (1 mV)", "FILE005: `learn` is a connection"),
        (
            "connection learn",
            "connection still / (1 mV)",
            "FILE006: `train.results` has the shape 5 × 2; expected 5 × 3",
        ),
        (
            "layer A column theta",
            "layer A column theta block 4",
            "FILE010: `train.results` has no block 4",
        ),
        (
            "    size: 3\n    init",
            "    size: 4\n    init",
            "FILE006: `train.results` has the shape 3; expected 4",
        ),
    ],
)
def test_results_of_another_spec(trained, old, new, message):
    text = test_text()
    assert old in text
    found = problems(trained, text.replace(old, new, 1))
    assert found and all(x.startswith(("FILE", "UNIT")) for x in found)
    assert message in [x[: len(message)] for x in found]


def damaged(trained, tmp_path):
    shutil.copytree(trained / "train.results", tmp_path / "train.results")
    return tmp_path / "train.results"


def test_pairs_that_were_none(trained, tmp_path):
    text = test_text().replace("random(p = 0.8)", "all_to_all")
    (found,) = problems(trained, text)
    assert found.startswith("FILE007: `train.results` has no value for the pair")
    # Pairs that are drawn are known to the run alone.
    text = test_text().replace("random(p = 0.8)", "random(p = 0.9)")
    assert problems(trained, text) == []
    script = script_of(text, folder=trained)
    said = run_apart(tmp_path, script, data=trained, status=1)
    assert "train.results: has no value for" in said and "Traceback" not in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "how", ["cut", "unfinished", "stranger", "edited", "version", "old", "nan"]
)
def test_results_that_are_none(trained, tmp_path, how):
    folder = damaged(trained, tmp_path)
    metadata = json.loads((folder / "metadata.json").read_text())
    text = test_text()
    words = ""
    if how == "cut":
        (part,) = (folder / "weights").glob("part-*")
        part.write_bytes(part.read_bytes()[:-100])
        words = "is damaged"
    elif how == "unfinished":
        folder.rename(tmp_path / "train.partial-1")
        text, words = text.replace("train.results", "train.partial-1"), "holds an unfinished run"
    elif how == "stranger":
        shutil.rmtree(folder)
        folder.mkdir()
        words = "holds no stdpdsl results"
    elif how == "edited":
        metadata["blocks"] = 5
        (folder / "metadata.json").write_text(json.dumps(metadata))
        words = "its checksum differs"
    else:
        if how == "version":
            metadata["format"] = "stdpdsl results 99"
            words = "has the format"
        elif how == "old":
            del metadata["network"]
            words = "does not describe its network"
        else:
            (part,) = (folder / "blocks").glob("part-*")
            table = pd.read_parquet(part)
            table.loc[1, "status"] = "nan"
            import pyarrow as pa
            import pyarrow.parquet as pq

            schema = pq.read_schema(part)
            pq.write_table(pa.Table.from_pandas(table, schema, preserve_index=False), part)
            metadata["footers"]["blocks"][part.name] = result_folder.footer_checksum(part)
            words = "block 1 of `train.results` has the status nan"
        result_folder.write_metadata(folder / "metadata.json", metadata)
    found = problems(tmp_path, text)
    assert found and {x[:7] for x in found} == {"FILE009"}
    assert any(words in x for x in found), found


def test_other_folders_are_not_read(trained):
    text = test_text().replace(
        '"train.results" connection learn', '"../train.results" connection learn'
    )
    assert problems(trained, text) == ["FILE004: `../train.results` is not below the spec's folder"]


def test_the_metadata_name_what_was_read(trained, tmp_path):
    (trained / "test.stdp").write_text(test_text())
    results = run_api(trained / "test.stdp", output=tmp_path / "out", target="numpy", workers=2)
    names = {"/".join(name.split("/")[:2]) for name in results.metadata["files"]}
    assert names == {
        f"train.results/{x}" for x in ("metadata.json", "spikes", "trajectories", "weights")
    }


@pytest.mark.slow
def test_diehl_and_cook_train_and_test(tmp_path):
    """`diehl_cook_2015_test` starts where `diehl_cook_2015` ended."""
    for name in ("diehl_cook_2015", "diehl_cook_2015_test"):
        shutil.copy(SPECS / f"{name}.stdp", tmp_path)
    first = run_api(
        tmp_path / "diehl_cook_2015.stdp",
        output=tmp_path / "diehl_cook_2015.results",
        set={"duration": "7 s"},
        target="numpy",
    )
    second = run_api(
        tmp_path / "diehl_cook_2015_test.stdp", output=tmp_path / "out", target="numpy"
    )
    keys = ["block", "pre", "post"]
    trained, tested = (
        r.weights.filter(connection="learning").to_pandas().sort_values(keys)
        for r in (first, second)
    )
    assert tested["w_initial"].tolist() == trained["w"].tolist() == tested["w"].tolist()
    spikes = second.spikes.to_pandas()
    counts = spikes.groupby(["block", "neuron", "phase"]).size().unstack(fill_value=0)
    selective = abs(counts["first"] - counts["second"]) / counts.sum(axis=1)
    assert len(counts) >= 12 and selective.mean() > 0.5
