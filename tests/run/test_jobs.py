"""Runs in shards: cut off, resumed, merged, and refused where they do not fit together.

Most use a script that does nothing but write the results of its shard, as real ones do.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pytest
from running import assert_same, script_of, tables_in
from test_shards import SPEC, canonical, run_here

from stdpdsl import cli
from stdpdsl.execution import job
from stdpdsl.execution import sharded_run as saved
from stdpdsl.execution.errors import JobError
from stdpdsl.execution.interpreter import this_interpreter
from stdpdsl.execution.merge import all_shards, merge, shard_folders
from stdpdsl.results.reader import load
from stdpdsl.runtime import folder as folders

ROOT = Path(__file__).parents[2]
SCRIPT = f"""
import argparse, json, os, sys, time
sys.path.insert(0, {str(ROOT)!r})
import numpy as np
from stdpdsl.runtime.results import Results
from stdpdsl.runtime.shards import blocks_of_shard, rows_of, shard_of

parser = argparse.ArgumentParser()
parser.add_argument("--out")
parser.add_argument("--data")
parser.add_argument("--shard", type=shard_of)
parser.add_argument("--overwrite", action="store_true")
parser.add_argument("--events", action="store_true")
options = parser.parse_args()
blocks = blocks_of_shard(12, *options.shard)
print(json.dumps({{"event": "stage", "name": "simulating"}}), flush=True)
open(f"{{options.data}}/began-{{options.shard[0]}}", "a").write(f"{{os.getpid()}} ")
if os.path.exists(f"{{options.data}}/stop-{{options.shard[0]}}"):
    time.sleep(600)
if os.path.exists(f"{{options.data}}/fail-{{options.shard[0]}}"):
    print(json.dumps({{"event": "error", "text": "no more room", "kind": "simulation"}}))
    sys.exit(3)
if os.path.exists(f"{{options.data}}/tight-{{options.shard[0]}}"):
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))
    np.ones(10**9)
row = {{"Apre": np.arange(12) / 8}}
metadata = {{
    "model": "m", "spec": "model m", "set": [], "hash": "0", "target": "numpy", "preferences": {{}},
    "time_reached": 1.0, "versions": {{"numpy": "2", "pyarrow": str(options.shard[0])}},
    "shard": options.shard, "not_finite": [],
}}
tables = {{"blocks": {{}}, "weights": {{}}}}
with Results(options.out, row, {{}}, metadata, tables, overwrite=options.overwrite,
             part=options.shard[0] - 1) as results:
    block = np.repeat(np.array(blocks), 3)
    results.weights("ff", block, block * 0, block * 0 + 1, 0.0, block / 7, block / 3)
    results.blocks(np.array(blocks), {{"status": "ok"}})
    results.commit()
for t in (0.5, 1.0):
    event = {{"event": "progress", "t": t, "duration": 1.0, "elapsed": t}}
    print(json.dumps(event), flush=True)
print(json.dumps({{"event": "done", "folder": options.out}}))
"""


@dataclass
class Plan:
    blocks: int = 12
    shards: int = 6
    workers: int = 2
    most: int = 12


@dataclass
class Compiled:
    run_script: str = SCRIPT
    plan: Plan = field(default_factory=Plan)
    settings: dict = field(default_factory=lambda: {"set": [], "target": "numpy"})
    files: dict = field(default_factory=dict)

    @property
    def script(self):
        return f"# as it is shown\n{self.run_script}"


def run(folder, events=None, compiled=None, spec="model m", interpreter=None, **manner):
    return saved.run_and_save(
        compiled or Compiled(),
        spec,
        folder,
        folder / "out",
        (events or []).append,
        saved.Manner(**manner),
        interpreter=interpreter,
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run(folder).status == 0
    return tables_in(folder / "out")


def began(folder):
    """How often each shard began."""
    return {int(p.name[6:]): len(p.read_text().split()) for p in folder.glob("began-*")}


# Whole runs -------------------------------------------------------------------------------------


def test_shards_become_one_dataset(tmp_path, undisturbed):
    events = [{}]
    outcome = run(tmp_path, events)
    assert (outcome.status, outcome.message, outcome.folder) == (0, "", str(tmp_path / "out"))
    assert not (tmp_path / "out.shards").exists()
    out = tmp_path / "out"
    assert sorted(p.name for p in out.iterdir()) == [
        "blocks",
        "metadata.json",
        "script.py",
        "spec.stdp",
        "weights",
    ]
    assert [p.name for p in sorted((out / "weights").iterdir())] == [
        f"part-{k:05}.parquet" for k in range(6)
    ]
    metadata = json.loads((out / "metadata.json").read_text())
    assert metadata["tables"] == {"blocks": 12, "weights": 36} and metadata["shards"] == 6
    assert "shard" not in metadata
    weights = load(out).weights.filter(Apre=0.25).to_pandas()
    assert weights["block"].tolist() == [2] * 3
    assert load(out).blocks.to_pandas()["block"].tolist() == list(range(12))
    assert (out / "script.py").read_text() == Compiled().script
    # Stages are said once, progress is that of all shards.
    assert [e["name"] for e in events if e.get("event") == "stage"] == ["simulating"]
    progress = [(e["blocks"], e["of"]) for e in events if e.get("event") == "progress"]
    assert progress == sorted(progress) and progress[-1] == (12, 12) and progress[0] == (1, 12)


@pytest.mark.slow
def test_the_number_of_workers_does_not_count(tmp_path, undisturbed):
    for shards, workers in ((1, 1), (6, 4), (5, 1)):
        folder = tmp_path / str(shards)
        folder.mkdir()
        assert run(folder, compiled=Compiled(plan=Plan(12, shards, workers))).status == 0
        assert_same(canonical(tables_in(folder / "out")), canonical(undisturbed))


@pytest.mark.real_process
def test_a_process_runs_shard_after_shard(tmp_path, undisturbed):
    """Only a failure ends it; then another one takes over."""
    interpreter = replace(this_interpreter(), ready=True)
    (tmp_path / "fail-4").touch()
    assert run(tmp_path, interpreter=interpreter).status == 3
    (tmp_path / "fail-4").unlink()
    resumed(tmp_path, undisturbed, interpreter=interpreter)
    began = [pid for path in tmp_path.glob("began-*") for pid in path.read_text().split()]
    assert len(began) == 7 and len(set(began)) <= 3
    assert {str(waiting.process.pid) for waiting in interpreter.waiting} < set(began)
    while interpreter.waiting:
        interpreter.waiting.pop().close()


# Cut off and resumed ----------------------------------------------------------------------------


def resumed(folder, undisturbed, **more):
    outcome = run(folder, resume=True, **more)
    assert (outcome.status, outcome.message) == (0, "")
    assert_same(tables_in(folder / "out"), undisturbed)
    assert not (folder / "out.shards").exists()


def test_a_shard_that_fails_loses_no_other(tmp_path, undisturbed):
    (tmp_path / "fail-4").touch()
    outcome = run(tmp_path)
    assert outcome.status == 3 and "no more room" in outcome.message
    assert "--resume goes on" in outcome.message and outcome.folder == ""
    assert not (tmp_path / "out").exists()
    kept = set(job.Job(tmp_path / "out.shards", 6).finished())
    assert {1, 2, 3} <= kept < {1, 2, 3, 4, 5, 6} and 4 not in kept
    assert 6 not in began(tmp_path)  # none begins after that
    (tmp_path / "fail-4").unlink()
    before = began(tmp_path)
    resumed(tmp_path, undisturbed)
    after = began(tmp_path)
    assert all(after[k] == before[k] for k in kept)


@pytest.mark.slow
def test_a_shard_that_lacks_memory_loses_no_other(tmp_path, undisturbed):
    """What is said names it, and the ways to need less; with more room it goes on."""
    (tmp_path / "tight-6").touch()
    outcome = run(tmp_path)
    assert outcome.status == 3
    first, *_, help, kept = outcome.message.splitlines()
    assert first == "shard 6 of 6: the simulation failed" and "MemoryError" in outcome.message
    assert help == (
        "fewer shards at a time (--workers 1) or smaller shards (--shard K/N with N above 6)"
        " need less memory"
    )
    assert kept.startswith("5 of 6 shards are finished and kept in ")
    (tmp_path / "tight-6").unlink()
    resumed(tmp_path, undisturbed)
    assert began(tmp_path) == {**dict.fromkeys(range(1, 6), 1), 6: 2}


KILLED = """
import sys
sys.path[:0] = {paths!r}
from pathlib import Path
from test_jobs import run
run(Path({folder!r}))
"""


def start(folder):
    """A run in a process of its own."""
    paths = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/run")]
    code = KILLED.format(paths=paths, folder=str(folder))
    return subprocess.Popen([sys.executable, "-c", code], cwd=folder, start_new_session=True)


def until(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it never came to pass")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_killed_goes_on(tmp_path, undisturbed, number):
    (tmp_path / "stop-4").touch()
    process = start(tmp_path)
    here = job.Job(tmp_path / "out.shards", 6)
    try:
        until(lambda: here.finished() == [1, 2, 3, 5, 6] and 4 in began(tmp_path))
        with pytest.raises(JobError, match=f"is in use by process {process.pid} on "):
            run(tmp_path)
    finally:
        os.kill(process.pid, number)
        process.wait()
        for child in (tmp_path / "began-4").read_text().split():
            if number == signal.SIGKILL:  # which leaves it nobody to end the script
                os.kill(int(child), number)
    (tmp_path / "stop-4").unlink()
    assert here.finished() == [1, 2, 3, 5, 6] and not (tmp_path / "out").exists()
    with pytest.raises(JobError, match="5 of 6 shards of an earlier run are finished"):
        run(tmp_path)
    events = [{}]
    # With other numbers of shards and workers it has those that it began with.
    resumed(tmp_path, undisturbed, events=events, compiled=Compiled(plan=Plan(12, 3, 1)))
    assert began(tmp_path) == {1: 1, 2: 1, 3: 1, 4: 2, 5: 1, 6: 1}
    progress = [e["blocks"] for e in events if e.get("event") == "progress"]
    assert progress == [11, 12]  # of two blocks that were left


def cut_off(folder):
    """A run whose fourth shard has failed."""
    (folder / "fail-4").touch()
    run(folder, compiled=Compiled(plan=Plan(12, 6, 1)))
    (folder / "fail-4").unlink()
    return folder / "out.shards"


@pytest.mark.slow
def test_a_truncated_part_is_set_aside_and_runs_again(tmp_path, undisturbed):
    shards = cut_off(tmp_path)
    part = shards / "0002-of-0006" / "weights" / "part-00001.parquet"
    part.write_bytes(part.read_bytes()[:-40])
    (shards / "0003-of-0006" / "blocks" / "part-00002.parquet").unlink()
    events = [{}]
    (tmp_path / "fail-5").touch()
    run(tmp_path, events, resume=True)
    assert (shards / "0002-of-0006.broken" / "weights").is_dir()
    warned = [e["text"] for e in events if e.get("event") == "warning"]
    assert len(warned) == 2 and all("the shard runs again" in text for text in warned)
    assert "0002-of-0006/weights" in warned[0] and "0003-of-0006/blocks" in warned[1]
    (tmp_path / "fail-5").unlink()
    resumed(tmp_path, undisturbed)
    assert began(tmp_path)[1] == 1 and began(tmp_path)[2] == began(tmp_path)[3] == 2


def test_what_has_changed_is_named(tmp_path, undisturbed):
    cut_off(tmp_path)
    with pytest.raises(JobError) as error:
        run(tmp_path, resume=True, spec="model n", compiled=Compiled(SCRIPT + "#"))
    assert "  -model m\n  +model n\nundo these changes" in str(error.value)
    changed = Compiled(settings={"set": ["A.x=1"], "target": "numpy"})
    with pytest.raises(JobError, match=r"\n  set: nothing \| \['A.x=1'\]\n"):
        run(tmp_path, resume=True, compiled=changed)
    with pytest.raises(JobError, match="the compiler, or a file that the spec uses"):
        run(tmp_path, resume=True, compiled=Compiled(SCRIPT + "#"))
    (tmp_path / "edges.csv").write_text("0,1")
    with pytest.raises(JobError, match="files edges.csv: nothing |"):
        run(tmp_path, resume=True, compiled=Compiled(files={"edges.csv": tmp_path / "edges.csv"}))
    assert len(job.Job(tmp_path / "out.shards", 6).finished()) == 3  # nothing is lost
    resumed(tmp_path, undisturbed)


def test_what_is_finished_has_nothing_to_resume(tmp_path):
    assert run(tmp_path).status == 0
    assert run(tmp_path, resume=True).folder == str(tmp_path / "out")
    assert set(began(tmp_path).values()) == {1}
    with pytest.raises(JobError, match="holds other results"):
        run(tmp_path, resume=True, spec="model n")
    lowered = Compiled(settings={"set": [], "parameters": "namespace", "target": "numpy"})
    with pytest.raises(JobError, match=r"parameters: .* \| namespace"):
        run(tmp_path, resume=True, compiled=lowered)


@pytest.mark.slow
def test_to_begin_anew(tmp_path, undisturbed):
    shards = cut_off(tmp_path)
    part = shards / "0002-of-0006" / "weights" / "part-00001.parquet"
    part.write_bytes(b"")
    assert run(tmp_path, overwrite=True).status == 0
    assert_same(tables_in(tmp_path / "out"), undisturbed)
    assert began(tmp_path)[1] == 2


def test_nothing_stays_of_a_run_that_finished_nothing(tmp_path):
    for k in range(1, 7):
        (tmp_path / f"fail-{k}").touch()
    outcome = run(tmp_path)
    assert re.fullmatch("shard [12] of 6: no more room; nothing was saved", outcome.message)
    assert not (tmp_path / "out.shards").exists()


@pytest.mark.slow
def test_a_lock_of_a_dead_process_does_not_count(tmp_path):
    shards = tmp_path / "out.shards"
    shards.mkdir()
    (shards / "lock").write_text("process 1 on elsewhere")
    assert run(tmp_path).status == 0


# One by one, and merged -------------------------------------------------------------------------


def run_one(folder, number, count=4, spec="model m", **manner):
    return saved.run_one(
        Compiled(),
        spec,
        folder,
        folder / "out",
        lambda e: None,
        (number, count),
        saved.Manner(**manner),
    )


def merged(folder, *names):
    shards = [folder / "out.shards" / n for n in names] or [folder / "out.shards"]
    return merge(all_shards(shard_folders(shards)), folder / "out")


@pytest.mark.slow
def test_an_array_of_jobs(tmp_path, undisturbed):
    threads = [threading.Thread(target=run_one, args=(tmp_path, k)) for k in (1, 2, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pytest.raises(JobError, match="of 4 shards, number 3 is missing"):
        merged(tmp_path)
    outcome = run_one(tmp_path, 3)
    assert outcome.folder == str(tmp_path / "out.shards" / "0003-of-0004")
    assert merged(tmp_path) == []
    assert_same(canonical(tables_in(tmp_path / "out")), canonical(undisturbed))
    assert (tmp_path / "out.shards").is_dir()  # not ours to delete


def test_a_shard_that_is_there_runs_no_more(tmp_path):
    run_one(tmp_path, 1)
    assert run_one(tmp_path, 1, resume=True).status == 0
    assert began(tmp_path) == {1: 1}
    assert run_one(tmp_path, 1).status == 3  # and is not replaced unasked
    assert run_one(tmp_path, 1, overwrite=True).status == 0
    assert began(tmp_path) == {1: 3}


@pytest.mark.slow
def test_the_rest_of_an_array_by_one_run(tmp_path, undisturbed):
    run_one(tmp_path, 2, 6)
    resumed(tmp_path, undisturbed)


def test_shards_that_do_not_belong_together(tmp_path):
    for number in (1, 2):
        run_one(tmp_path, number, 2)
    with pytest.raises(JobError, match=r"\n  -model m\n  \+model n\n"):
        run_one(tmp_path, 2, 2, spec="model n")
    with pytest.raises(JobError, match=r"shards: 2 \| 3"):
        run_one(tmp_path, 3, 3)
    with pytest.raises(JobError, match="shard 1 appears twice"):
        merged(tmp_path, "0001-of-0002", "0001-of-0002")
    with pytest.raises(JobError, match="holds no shards"):
        merged(tmp_path, "0001-of-0002/weights")
    part = tmp_path / "out.shards/0002-of-0002/weights/part-00001.parquet"
    whole = part.read_bytes()
    part.write_bytes(whole[:-3])
    with pytest.raises(JobError, match="0002-of-0002/weights: is damaged"):
        merged(tmp_path)
    part.write_bytes(whole)
    metadata = tmp_path / "out.shards/0002-of-0002/metadata.json"
    changed = metadata.read_text().replace('"numpy": "2"', '"numpy": "1"')
    metadata.write_text(changed)
    with pytest.raises(JobError, match="metadata.json: is damaged: its checksum differs"):
        merged(tmp_path)
    folders.write_metadata(metadata, json.loads(changed))
    with pytest.raises(JobError, match=r"numpy: 2 \| 1"):
        merged(tmp_path)
    assert not (tmp_path / "out").exists()


def test_merge_from_the_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_one(tmp_path, 1, 2)
    assert cli.main(["merge", "out.shards"]) == 2
    assert "of 2 shards, number 2 is missing" in capsys.readouterr().err
    run_one(tmp_path, 2, 2)
    assert cli.main(["merge", "out.shards/0001-of-0002", "out.shards/0002-of-0002"]) == 2
    assert cli.main(["merge", "out.shards"]) == 0
    assert "2 shards merged into out;" in capsys.readouterr().out
    assert cli.main(["merge", "out.shards"]) == 2
    assert "already holds results" in capsys.readouterr().err
    assert len(load("out").weights) == 36


# Real scripts -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_real_run_in_an_array_and_resumed(tmp_path, capsys, monkeypatch):
    """Two shards of five by themselves, the others by a run that goes on with them."""
    monkeypatch.chdir(tmp_path)
    Path("spec.stdp").write_text(SPEC)
    command = ["run", "spec.stdp", "-o", "out", "--target", "numpy"]
    for k in (2, 4):
        assert cli.main([*command, "--shard", f"{k}/5"]) == 0
    assert "stdpdsl merge out.shards" in capsys.readouterr().out
    assert cli.main([*command, "--set", "tau_m=20 ms", "--resume"]) == 2
    assert "set: nothing | ['tau_m=20 ms']" in capsys.readouterr().err
    assert cli.main(command) == 2
    assert cli.main([*command, "--shard", "1/16"]) == 2
    assert "at most 15 shards" in capsys.readouterr().err
    assert cli.main([*command, "--resume", "--workers", "2"]) == 0
    whole = run_here(tmp_path, script_of(SPEC), "whole")
    assert_same(canonical(tables_in("out")), canonical(whole))
    assert isinstance(load("out").weights.to_pandas(), pd.DataFrame)
    assert not Path("out.shards").exists()
