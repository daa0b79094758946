"""Rows and replicates added to finished results: the whole is what one run would have been."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import stdpdsl
from stdpdsl.cli import main
from stdpdsl.execution.extend import recover
from stdpdsl.results.reader import load

pytestmark = pytest.mark.slow

SPEC = """
model grown

neuron cell:
    parameters:
        tau_m = 10 ms
    equations:
        dv/dt = (-70 mV - v)/tau_m : volt
    threshold: v > -60 mV
    reset: v = -70 mV
    initial: v = uniform(-70 mV, -65 mV)
    every 10 ms: v += normal(0 mV, 0.1 mV)
layer P:
    poisson: 30 Hz
    size: 10
layer Q:
    poisson: rate
    size: 5
layer A:
    neuron: cell
    size: 4
layer S:
    neuron: cell
    size: 2
    scope: shared
connect P -> A as c:
    pattern: random(p = 0.5)
    plasticity: pair_additive
    deliver: w * 8 mV to v
    initial: w = uniform(0, 1) independent per block
connect Q -> A as d:
    pattern: random(p = 0.5) independent per block
    weight: 3 mV
    deliver: w to v
connect P -> S as e:
    pattern: all_to_all
    weight: 3 mV
    deliver: w to v
sweep:
    grid:
        rate = [20, 40] Hz
        A.tau_m = [10, 20] ms
    derive: c.Apost = -Apre * tau_m / (10 ms)
    replicates: 2
record:
    spikes of P, Q, A, S
    w of c every 30 ms
    v of S every 10 ms
run:
    duration: 100 ms
    seed: 5
"""
LARGER = SPEC.replace("[20, 40] Hz", "[20, 30, 40] Hz").replace("replicates: 2", "replicates: 3")


def run(spec, folder, *more, name="spec.stdp", status=0, target="numpy"):
    path = folder / name
    path.write_text(spec)
    command = ["run", str(path), *more]
    assert main([*command, *(["--target", target] if target else [])]) == status


def bytes_in(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.parquet")
    }


def tables(folder):
    results = load(folder)
    return {name: results.table(name).to_pandas() for name in results.tables}


SWEEP = ["rate", "tau_m", "Apost", "replicate"]


def by_rows(frame):
    """In an order of their rows' values, whatever numbers the blocks have."""
    keys = [
        n
        for n in (*SWEEP, "connection", "layer", "variable", "pre", "post", "neuron", "t")
        if n in frame
    ]
    return frame.drop(columns="block").sort_values(keys, kind="stable", ignore_index=True)


def assert_same_blocks(a, b):
    a, b = tables(a), tables(b)
    assert a.keys() == b.keys()
    for name in a:
        pd.testing.assert_frame_equal(by_rows(a[name]), by_rows(b[name]), check_exact=True)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    run(SPEC, folder, "-o", str(folder / "r"))
    return folder / "r"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    run(LARGER, folder, "-o", str(folder / "r"))
    return folder / "r"


@pytest.fixture
def copy(small, tmp_path):
    shutil.copytree(small, tmp_path / "r")
    return tmp_path / "r"


def test_rows_and_replicates(copy, whole, tmp_path, capsys):
    before = bytes_in(copy)
    run(LARGER, tmp_path, "--extend", str(copy), target=None)
    after = bytes_in(copy)
    assert before.items() <= after.items() and len(after) == 2 * len(before)
    assert_same_blocks(copy, whole)
    results = load(copy)
    blocks = results.table("blocks").to_pandas()
    assert blocks.block.tolist() == list(range(18))
    assert (blocks.replicate[:8].max(), blocks.replicate.max()) == (1, 2)
    said = results.metadata
    assert said["spec"] == LARGER and said["blocks"] == 18 and said["shards"] == 2
    assert [one["blocks"] for one in said["extended"]] == [8]
    assert not (tmp_path / "r.shards").exists()
    # There is nothing to add a second time, and what reproduces the results finds them again.
    capsys.readouterr()
    run(LARGER, tmp_path, "--extend", str(copy))
    assert "nothing was run" in capsys.readouterr().out
    assert main(["reproduce", str(copy)]) == 0


@pytest.mark.slow
def test_in_steps_and_in_the_order_of_the_rows(copy, whole, tmp_path):
    """More replicates stand behind the others, so that blocks have the numbers of the rows."""
    run(SPEC.replace("replicates: 2", "replicates: 3"), tmp_path, "--extend", str(copy))
    assert "order" not in load(copy).metadata
    first = bytes_in(copy)
    run(LARGER, tmp_path, "--extend", str(copy))
    assert first.items() <= bytes_in(copy).items()
    assert "order" in load(copy).metadata
    assert_same_blocks(copy, whole)
    assert [one["blocks"] for one in load(copy).metadata["extended"]] == [8, 12]


@pytest.mark.slow
def test_numbers_are_those_of_the_whole_where_rows_come_behind(copy, tmp_path):
    larger = SPEC.replace("replicates: 2", "replicates: 3")
    run(larger, tmp_path, "--extend", str(copy))
    run(larger, tmp_path, "-o", str(tmp_path / "once"))
    a, b = tables(copy), tables(tmp_path / "once")
    for name in a:
        keys = ["block", *(n for n in by_rows(a[name]) if n not in ("status",))]
        pd.testing.assert_frame_equal(
            *(x[name].sort_values(keys, ignore_index=True) for x in (a, b)), check_exact=True
        )


@pytest.mark.slow
def test_settings_and_shards(copy, whole, tmp_path, monkeypatch):
    """`--set` may give the rows, and what is new may be cut into shards."""
    import stdpdsl.plan

    monkeypatch.setattr(stdpdsl.plan.Times, "shards", lambda self, *_: 3)
    text = SPEC.replace("replicates: 2", "replicates: 3")
    run(text, tmp_path, "--extend", str(copy), "--set", "rate=[20, 30, 40] Hz", "--workers", "2")
    assert load(copy).metadata["shards"] == 4
    assert_same_blocks(copy, whole)


@pytest.mark.parametrize(
    "change, said",
    [
        (("threshold: v > -60 mV", "threshold: v > -61 mV"), "+    threshold: v > -61 mV"),
        (("seed: 5", "seed: 6"), "+    seed: 6"),
        (("duration: 100 ms", "duration: 110 ms"), "duration"),
        (("[10, 20] ms", "[10, 25] ms"), "4 of its 8 blocks are no longer in the spec"),
        (("    derive: c.Apost = -Apre * tau_m / (10 ms)\n", ""), "derive"),
        (("replicates: 2", "replicates: 1"), "such as block 4"),
        (("    replicates: 2\n", ""), "has the columns rate, tau_m, Apost, replicate"),
        (("A.tau_m = [10, 20] ms", "A.tau_m = [10, 20] ms\n        x = [1, 2]"), "other tables"),
    ],
)
def test_what_else_differs_is_refused(copy, tmp_path, capsys, change, said):
    before = {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()}
    run(SPEC.replace(*change), tmp_path, "--extend", str(copy), status=2)
    assert said in capsys.readouterr().err
    assert before == {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r", "spec.stdp"]


def test_comments_may_change(copy, tmp_path):
    run("# mine\n" + SPEC, tmp_path, "--extend", str(copy))


def test_other_options_are_refused(copy, tmp_path, capsys):
    for more, said in (
        (["--target", "cython"], "target: numpy | cython"),
        (["--parameters", "namespace"], "parameters: synapse | namespace"),
        (["--until-stable", "0.01"], "until_stable"),
        (["--set", "A.tau_m=[10, 25] ms"], "no longer"),
        (["-o", "other"], "leave out -o"),
        (["--resume"], "leave out --resume"),
        (["--shard", "1/2"], "leave out --shard"),
    ):
        run(LARGER, tmp_path, "--extend", str(copy), *more, target=None, status=2)
        assert said in capsys.readouterr().err


def test_what_is_not_ours_is_refused(copy, tmp_path, capsys):
    (copy / "notes.txt").write_text("mine")
    run(LARGER, tmp_path, "--extend", str(copy), status=2)
    assert "notes.txt" in capsys.readouterr().err
    (copy / "notes.txt").unlink()
    part = copy / "weights" / "part-00000.parquet"
    part.write_bytes(part.read_bytes()[:-1])
    run(LARGER, tmp_path, "--extend", str(copy), status=2)
    assert "weights" in capsys.readouterr().err
    for folder, text in (("nothing", "no such folder"), ("empty", "no stdpdsl results")):
        (tmp_path / "empty").mkdir(exist_ok=True)
        run(LARGER, tmp_path, "--extend", str(tmp_path / folder), status=2)
        assert text in capsys.readouterr().err


def test_rows_between_others_and_blocks_by_number(tmp_path, capsys):
    text = SPEC.replace("v of S every 10 ms", "v of A every 10 ms in blocks 0, 7")
    run(text, tmp_path, "-o", str(tmp_path / "r"))
    run(
        text.replace("[20, 40]", "[20, 30, 40]"),
        tmp_path,
        "--extend",
        str(tmp_path / "r"),
        status=2,
    )
    assert "the new rows are between the old ones" in capsys.readouterr().err


def test_a_file_that_changed_is_refused(tmp_path, capsys):
    (tmp_path / "in.csv").write_text("time,neuron\n0.01,0\n0.02,1\n")
    text = SPEC.replace("    poisson: 30 Hz\n", '    spikes: from "in.csv"\n')
    run(text, tmp_path, "-o", str(tmp_path / "r"))
    larger = text.replace("replicates: 2", "replicates: 3")
    (tmp_path / "in.csv").write_text("time,neuron\n0.01,0\n0.03,1\n")
    run(larger, tmp_path, "--extend", str(tmp_path / "r"), status=2)
    assert "files in.csv: " in capsys.readouterr().err
    (tmp_path / "in.csv").write_text("time,neuron\n0.01,0\n0.02,1\n")
    run(larger, tmp_path, "--extend", str(tmp_path / "r"))
    assert load(tmp_path / "r").metadata["blocks"] == 12


@pytest.mark.slow
def test_killed_in_the_middle(copy, whole, tmp_path):
    """The old results stay readable, and the same command finishes."""
    before = bytes_in(copy)
    (tmp_path / "spec.stdp").write_text(LARGER.replace("seed: 5", "seed: 5"))
    command = [sys.executable, "-m", "stdpdsl.cli", "run", "spec.stdp", "--extend", "r"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    for wait in (1.5, 3.0):
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert before.items() <= bytes_in(copy).items()
        assert load(copy).metadata["blocks"] in (8, 18)
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert_same_blocks(copy, whole)


def test_killed_while_the_new_results_take_the_name(copy, whole, tmp_path, monkeypatch):
    """Between two renames there is a moment when the results have no name."""
    from stdpdsl.runtime import folder as folders

    real = os.rename

    def killed(source, target):
        if ".partial-" in str(source):
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(folders.os, "rename", killed)
    (tmp_path / "spec.stdp").write_text(LARGER)
    assert main(["run", str(tmp_path / "spec.stdp"), "--extend", str(copy)]) == 130
    monkeypatch.undo()
    assert not copy.exists()
    recover(copy)
    assert load(copy).metadata["blocks"] == 8
    run(LARGER, tmp_path, "--extend", str(copy))
    assert_same_blocks(copy, whole)


def test_from_python(copy, whole):
    results = stdpdsl.run(LARGER, copy, extend=True)
    assert results.metadata["blocks"] == 18
    assert_same_blocks(copy, whole)
    assert stdpdsl.run(LARGER, copy, extend=True).metadata["blocks"] == 18
    with pytest.raises(stdpdsl.RunError, match=r"\+ +seed: 6"):
        stdpdsl.run(LARGER, copy, extend=True, set={"seed": 6})
    with pytest.raises(ValueError, match="without resume"):
        stdpdsl.run(LARGER, copy, extend=True, overwrite=True)


@pytest.mark.parametrize(
    "forged",
    [
        {"order": [0] * 8},
        {"order": list(range(9))},
        {"order": [-1, *range(7)]},
        {"order": "x"},
        {"order": [10**30]},
        {"extended": 3},
        {"network": {"layers": [1]}},
        {"network": {"layers": {"A": {"size": 10**12, "recorded": True}}}},
        {"network": {"units": {"A.v": ["volt"]}}},
        {"phases": [{"name": [], "start": "x"}] * 2},
        {"parameters": {"block": {"unit": "1"}}},
        {"columns": {"blocks": 1}},
        {"files": {"a": 1}},
        {"hash": None},
        {"spec": "\x1b[31m"},
        {"blocks": -5},
    ],
)
@pytest.mark.in_turn(4)
def test_metadata_of_a_stranger(copy, tmp_path, forged, capsys):
    """Whatever they say, no command that reads them ends in a traceback."""
    from stdpdsl.runtime.folder import write_metadata

    metadata = {**load(copy).metadata, **forged}
    write_metadata(copy / "metadata.json", metadata)
    (tmp_path / "s.stdp").write_text(SPEC)
    for command in (
        ["run", str(tmp_path / "s.stdp"), "--extend", str(copy)],
        ["extract", str(copy), "--block", "1"],
        ["export", str(copy), "--edges", "c", "-o", str(tmp_path / "e.csv")],
        ["export", str(copy), "--edges", "c", "-o", str(tmp_path / "e.npz")],
        ["export", str(copy), "--edges", "c", "-o", str(tmp_path / "e.h5")],
        ["export", str(copy), "-o", str(tmp_path / "e.nwb")],
        ["summary", str(copy), "--columns"],
    ):
        assert main(command) in (0, 1, 2), command
    assert "\x1b" not in capsys.readouterr().err
