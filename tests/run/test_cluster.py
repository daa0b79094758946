"""Shards on a real Dask scheduler and worker processes, of which some are killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from running import assert_same, script_of, tables_in
from test_jobs import SCRIPT, Compiled, Plan, began, until
from test_shards import SPEC, canonical, run_here

from stdpdsl import cli
from stdpdsl.execution import attached, cluster, job, remote
from stdpdsl.execution import sharded_run as saved

pytestmark = pytest.mark.real_process

distributed = pytest.importorskip("distributed")
ATTACHED = Path(attached.__file__).read_text(encoding="utf-8")


class Machines:
    """A scheduler and workers on the loopback, in a folder where there is no stdpdsl."""

    def __init__(self, folder):
        self.folder, self.processes, self.workers = folder, [], []
        file = folder / "scheduler.json"
        self.scheduler = self.start(
            "dask_scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            str(file),
        )
        until(file.exists)
        until(lambda: file.read_text())
        self.address = json.loads(file.read_text())["address"]

    def start(self, module, *arguments):
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"distributed.cli.{module}", *arguments],
            cwd=self.folder,
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def worker(self):
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory")
        self.workers.append(self.start("dask_worker", self.address, *options, str(self.folder)))

    def end(self):
        for process in self.processes:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


@pytest.fixture
def machines(tmp_path_factory):
    found = Machines(tmp_path_factory.mktemp("machines"))
    try:
        for _ in range(2):
            found.worker()
        yield found
    finally:
        found.end()


def run(folder, client, events=None, **manner):
    """A run whose script leaves its traces in `folder`, wherever its data are."""
    compiled = Compiled(SCRIPT.replace("{options.data}", str(folder)), Plan(12, 6, 2))
    listen = (lambda e: None) if events is None else events
    return saved.run_and_save(
        compiled,
        "model m",
        folder,
        folder / "out",
        listen,
        saved.Manner(**manner),
        cluster.on_cluster(client),
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    saved.run_and_save(Compiled(), "model m", folder, folder / "out", lambda e: None)
    return tables_in(folder / "out")


@pytest.mark.slow
@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.in_turn(1)
def test_a_worker_is_lost(tmp_path, machines, undisturbed, monkeypatch, seen):
    """Whether the workers see the folder of the results or send them back."""
    if not seen:
        monkeypatch.setattr(cluster, "_mark", lambda folder: "of another folder")
    (tmp_path / "stop-4").touch()
    done = []

    def listen(event):
        if event["event"] == "progress":
            done.append(event["blocks"])
        if done == [2, 4, 6, 8, 10]:  # all but the fourth, which hangs
            done.append("killed")
            (tmp_path / "stop-4").unlink()
            child = int((tmp_path / "began-4").read_text().split()[0])
            worker = parent_of(child)
            assert worker in [w.pid for w in machines.workers]
            os.kill(worker, signal.SIGKILL)

    with cluster.connected(machines.address, None, 0) as client:
        client.wait_for_workers(2)
        assert cluster.cores(client) == 2
        outcome = run(tmp_path, client, listen)
    assert (outcome.status, outcome.message) == (0, "")
    assert done == [2, 4, 6, 8, 10, "killed", 12]
    assert began(tmp_path) == {1: 1, 2: 1, 3: 1, 4: 2, 5: 1, 6: 1}
    assert_same(tables_in(tmp_path / "out"), undisturbed)
    assert sorted(p.name for p in tmp_path.glob("out*")) == ["out"]


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.in_turn(1)
def test_shards_end_with_the_one_who_asked_for_them(tmp_path, machines, how):
    """Dask does not stop a task that is running when it is cancelled."""
    (tmp_path / "stop-1").touch()
    program = f"""
import sys
from pathlib import Path
sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}
from test_cluster import cluster, run
with cluster.connected({machines.address!r}, None, 0) as client:
    run(Path({str(tmp_path)!r}), client)
"""
    asking = subprocess.Popen([sys.executable, "-c", program])
    until((tmp_path / "began-1").exists)
    until(lambda: (tmp_path / "began-1").read_text())
    script = int((tmp_path / "began-1").read_text().split()[0])
    asking.send_signal(how)
    asking.wait()
    until(lambda: not alive(script))
    assert all(worker.poll() is None for worker in machines.workers)


@pytest.mark.slow
def test_the_scheduler_is_lost_and_the_run_resumed(tmp_path, machines, undisturbed):
    (tmp_path / "stop-4").touch()

    def listen(event):
        if event.get("blocks") == 10:
            os.killpg(machines.scheduler.pid, signal.SIGKILL)

    with cluster.connected(machines.address, None, 0) as client:
        outcome = run(tmp_path, client, listen)
    assert outcome.status == 3 and "--resume goes on" in outcome.message
    assert job.Job(tmp_path / "out.shards", 6).finished() == [1, 2, 3, 5, 6]
    (tmp_path / "stop-4").unlink()
    compiled = Compiled(SCRIPT.replace("{options.data}", str(tmp_path)))
    outcome = saved.run_and_save(
        compiled, "model m", tmp_path, tmp_path / "out", lambda e: None, saved.Manner(resume=True)
    )
    assert outcome.status == 0
    assert_same(tables_in(tmp_path / "out"), undisturbed)


@pytest.mark.slow
def test_a_failed_simulation_is_not_tried_again(tmp_path, machines):
    (tmp_path / "fail-2").touch()
    with cluster.connected(machines.address, None, 0) as client:
        outcome = run(tmp_path, client)
    assert outcome.status == 3 and outcome.message.startswith("shard 2 of 6: no more room; ")
    assert began(tmp_path)[2] == 1


@pytest.mark.slow
def test_real_shards(tmp_path, machines, monkeypatch):
    """A spec with a file, on workers that have nothing but Brian2; equal to the bit."""
    monkeypatch.chdir(tmp_path)
    pairs = SPEC.replace("    pattern: random(p = 0.5)\n", '    pattern: pairs from "e/dges.csv"\n')
    assert pairs != SPEC
    Path("spec.stdp").write_text(pairs)
    Path("e").mkdir()
    Path("e/dges.csv").write_text("pre,post\n0,1\n1,2\n")
    command = ["run", "spec.stdp", "-o", "out", "--target", "numpy"]
    assert cli.main([*command, "--shard", "2/4"]) == 0
    assert cli.main([*command, "--cluster", machines.address, "--resume"]) == 0
    whole = run_here(tmp_path, script_of(pairs, folder=tmp_path), "whole", data=tmp_path)
    assert_same(canonical(tables_in("out")), canonical(whole))


def test_no_scheduler(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    Path("spec.stdp").write_text(SPEC)
    began_at = time.monotonic()
    assert cli.main(["run", "spec.stdp", "--cluster", "tcp://127.0.0.1:1"]) == 3
    assert time.monotonic() - began_at < 60
    error = capsys.readouterr().err
    assert error.startswith("error: the scheduler tcp://127.0.0.1:1 cannot be used: ")
    assert sorted(os.listdir()) == ["spec.stdp"]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--cluster", "tcp://x:1", "--slurm"), "not allowed with"),
        (("--cluster", "tcp://x:1", "--shard", "1/2"), "run all shards"),
        (("--slurm",), "--workers N"),
        (("--slurm-option", "memory=4GB"), "--slurm-option needs --slurm"),
        (("--slurm", "--slurm-option", "memory"), "invalid"),
    ],
)
def test_options_that_do_not_fit(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    Path("spec.stdp").write_text(SPEC)
    try:
        status = cli.main(["run", "spec.stdp", *arguments])
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2 and words in capsys.readouterr().err


def test_options_of_slurm():
    given = ("cores=2", "memory=4GB", 'job_extra_directives=["--exclusive"]')
    assert dict(map(cluster.option, given)) == {
        "cores": 2,
        "memory": "4GB",
        "job_extra_directives": ["--exclusive"],
    }


@pytest.mark.slow
def test_jobs_of_slurm_are_submitted(tmp_path, monkeypatch):
    """By an sbatch that starts the worker which the job's script asks for, here."""
    pytest.importorskip("dask_jobqueue")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "sbatch").write_text(
        f'#!/bin/sh\ncp "$1" {tmp_path}/job\nsetsid sh {tmp_path}/job >{tmp_path}/log 2>&1 &\n'
        "echo Submitted batch job $!\n"
    )
    (bin_ / "scancel").write_text(f"#!/bin/sh\necho $1 >> {tmp_path}/cancelled\nkill -- -$1\n")
    for tool in bin_.iterdir():
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    options = {
        "cores": 1,
        "memory": "1GB",
        "interface": "lo",
        "walltime": "00:10:00",
        "job_extra_directives": ["--nice"],
    }
    with cluster.connected("", options, 1) as client:
        client.wait_for_workers(1, timeout=60)
        assert run(tmp_path, client).status == 0
    jobs = (tmp_path / "job").read_text()
    assert "#SBATCH --nice" in jobs and "#SBATCH -t 00:10:00" in jobs
    until((tmp_path / "cancelled").exists)


def test_a_script_does_not_outlive_its_worker(tmp_path):
    """Nor does its folder, not even of one that is killed, which can tell nobody."""
    (tmp_path / "work").mkdir()
    script = (
        "import os, sys, time\n"
        f"open({str(tmp_path / 'coming')!r}, 'w').write(str(os.getpid()))\n"
        f"os.rename({str(tmp_path / 'coming')!r}, {str(tmp_path / 'pid')!r})\n"
        "time.sleep(600)\n"
    )
    call = f"run_shard({script!r}, {ATTACHED!r}, b'', {{}}, (1, 1), '', '', '')"
    work = f"from stdpdsl.execution.remote import run_shard\n{call}"
    environment = {**os.environ, "TMPDIR": str(tmp_path / "work")}
    worker = subprocess.Popen([sys.executable, "-c", work], env=environment)
    while not (tmp_path / "pid").exists():
        assert worker.poll() is None
        time.sleep(0.02)
    worker.kill()
    worker.wait()
    script_process = int((tmp_path / "pid").read_text())
    for _ in range(3000):
        if not alive(script_process) and not os.listdir(tmp_path / "work"):
            return
        time.sleep(0.02)
    if alive(script_process):
        os.kill(script_process, signal.SIGKILL)
    pytest.fail("the script of a killed worker runs on, or its folder stays behind")


# What comes from elsewhere ------------------------------------------------------------------------


ELSEWHERE = ["../x", "a/../../x", "/x", "C:\\x", "C:x", "..\\x", "\\\\host\\x", "", ".", "a/.."]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_files_stay_in_their_folder(tmp_path, name):
    """Of a worker that sends results, and of the task that a worker is sent."""
    (tmp_path / "job").mkdir()
    place = tmp_path / "job" / "0001-of-0002"
    reply = SimpleNamespace(result=lambda: {"results": {"metadata.json": b"{}", name: b"evil"}})
    outcome = cluster._received(reply, place)
    words = "is not the name of a file below a folder"
    assert outcome.status == 3 and f"{name!r} {words}" in outcome.message
    with pytest.raises(ValueError, match=words):
        remote.run_shard("", "", b"", {name: b"evil"}, (1, 1), str(tmp_path / "job"), "1", "")
    assert [p.name for p in tmp_path.rglob("*")] == ["job"]


@pytest.mark.parametrize(
    "reply, words",
    [
        ({"placed": True}, "was reported as done, but is not in "),
        (
            {"results": {"a/metadata.json": "text"}},
            "the results that were sent back cannot be saved",
        ),
        ({"results": {"a": b"", "a/b": b""}}, "the results that were sent back cannot be saved"),
    ],
)
def test_replies_that_hold_no_shard(tmp_path, reply, words):
    outcome = cluster._received(SimpleNamespace(result=lambda: reply), tmp_path / "0001-of-0002")
    assert outcome.status == 3 and words in outcome.message
    assert not list(tmp_path.iterdir())


def test_a_reply_becomes_a_shard(tmp_path):
    reply = {"results": {"metadata.json": b"{}", "blocks/part-00000.parquet": b"x"}}
    place = tmp_path / "0001-of-0002"
    for _ in range(2):  # a second one has the same bits
        assert cluster._received(SimpleNamespace(result=lambda: reply), place) is None
    assert (place / "blocks/part-00000.parquet").read_bytes() == b"x"
    assert [p.name for p in tmp_path.iterdir()] == ["0001-of-0002"]


def test_a_run_without_all_its_shards_does_not_look_finished(tmp_path):
    """Whatever the workers say."""
    outcome = saved.run_and_save(
        Compiled(),
        "model m",
        tmp_path,
        tmp_path / "out",
        lambda e: None,
        runner=lambda *_: saved.Outcome(saved.DONE),
    )
    assert outcome.status == 3 and "nothing was saved" in outcome.message
    assert not list(tmp_path.iterdir())


def parent_of(process):
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
