"""A search that several processes share: all run the same command, as a job array's tasks do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest

import stdpdsl
from stdpdsl.cli import main
from stdpdsl.execution.errors import Busy
from stdpdsl.execution.locks import locked
from stdpdsl.search.shared import is_lock

SPEC = """model shared

layer pre:
    poisson: 20 Hz
    size: 20

layer post:
    poisson: 10 Hz
    size: 2

connect pre -> post as c:
    pattern: all_to_all
    plasticity: pair_additive(wmax = 2)
    initial: w = uniform(0, 2)

sweep:
    replicates: 2

search:
    over:
        Apre = loguniform(1e-3, 0.1)
        Apost = uniform(-0.1, 0)
    minimise: abs(c_after_mean - 0.5)
    method: cma_es
    trials: 20
    batch: 10
    seed: 1

run:
    duration: 1 s
    dt: 1 ms
"""
# A generation this small is one shard otherwise.
COMMAND = """
import sys
from stdpdsl.plan import Times
Times.shards = lambda self, target, workers, memory: 5
from stdpdsl.cli import main
sys.exit(main())
"""


def start(folder, *more):
    command = [
        sys.executable,
        "-c",
        COMMAND,
        "search",
        str(folder / "s.stdp"),
        "-o",
        str(folder / "out"),
        "--target",
        "cpp_standalone",
        *more,
    ]
    with (folder / f"log{len(list(folder.glob('log*')))}").open("w") as log:
        return subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )


def leader(folder):
    """The process that leads."""
    found = re.match(r"process (\d+) on", (folder / "out.search-lock").read_text())
    return int(found[1]) if found else 0


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    (folder / "s.stdp").write_text(SPEC)
    assert (
        main(
            [
                "search",
                str(folder / "s.stdp"),
                "-o",
                str(folder / "out"),
                "--target",
                "cpp_standalone",
            ]
        )
        == 0
    )
    return stdpdsl.load(folder / "out")


def wait(condition, processes, seconds=240):
    until = time.time() + seconds
    while not condition():
        assert time.time() < until and any(p.poll() is None for p in processes)
        time.sleep(0.02)


def is_as(results, alone):
    """All tables, to the last bit; the order in which shards were written does not count."""
    assert results.trials.equals(alone.trials)
    for name in alone.tables:
        a, b = (r.table(name).to_pandas() for r in (results, alone))
        keys = [c for c in a if a[c].dtype.kind in "iub" or c in ("layer", "connection")]
        order = [f.sort_values(keys, kind="stable").reset_index(drop=True) for f in (a, b)]
        assert order[0].equals(order[1])


@pytest.mark.slow
@pytest.mark.parametrize("whom", ["leader", "helper"])
def test_one_is_killed_and_the_others_go_on(alone, tmp_path, whom):
    (tmp_path / "s.stdp").write_text(SPEC)
    processes = [start(tmp_path, "--share", "--workers", "3") for _ in range(3)]
    try:
        out, shards = tmp_path / "out", tmp_path / "out.generation.shards"
        wait(lambda: out.exists() and list(shards.glob("*-of-0005*")), processes)
        first = leader(tmp_path)
        assert first in [p.pid for p in processes]
        chosen = next(p for p in processes if (p.pid == first) == (whom == "leader"))
        os.killpg(chosen.pid, signal.SIGKILL)
        assert chosen.wait() < 0
        assert [p.wait(timeout=300) for p in processes if p is not chosen] == [0, 0]
    finally:
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    is_as(stdpdsl.load(out), alone)
    left = {p.name for p in tmp_path.iterdir() if not p.name.startswith("log")}
    assert left == {"s.stdp", "out"}
    helped = 0
    for path in tmp_path.glob("log*"):
        text = path.read_text()
        helped += "does not help" in text
        assert "Traceback" not in text and "error" not in text
    assert helped == 0


@pytest.mark.slow
def test_a_helper_runs_shards(alone, tmp_path):
    """Here it has done all that are there: the leader is stopped while it works."""
    (tmp_path / "s.stdp").write_text(SPEC)
    processes = [start(tmp_path, "--share", "--workers", "2")]
    try:
        out, shards = tmp_path / "out", tmp_path / "out.generation.shards"
        wait(lambda: list(shards.glob("*-of-0005.lock")), processes)
        os.killpg(processes[0].pid, signal.SIGSTOP)
        before = set(shards.glob("*-of-0005"))
        processes.append(start(tmp_path, "--share", "--workers", "2"))
        # All but the one at which the leader was stopped, or had finished.
        wait(lambda: len(set(shards.glob("*-of-0005")) - before) >= 3, processes)
        os.killpg(processes[0].pid, signal.SIGCONT)
        assert [p.wait(timeout=300) for p in processes] == [0, 0]
    finally:
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    is_as(stdpdsl.load(out), alone)


def test_what_does_not_go_with_it(tmp_path, capsys):
    (tmp_path / "s.stdp").write_text(SPEC)
    command = ["search", str(tmp_path / "s.stdp"), "-o", str(tmp_path / "out"), "--share"]
    for more in (["--more", "5"], ["--overwrite"], ["--cluster", "tcp://a:1"]):
        assert main([*command, *more]) == 2
        assert "--share cannot be combined with any of" in capsys.readouterr().err
    mine = tmp_path / "out.search-lock"
    mine.write_text("a file of somebody\n")
    assert main(command) == 2
    assert "is not a lock file of stdpdsl" in capsys.readouterr().err
    assert mine.read_text() == "a file of somebody\n"


def test_a_lock_is_known(tmp_path):
    path = tmp_path / "a.lock"
    assert is_lock(path)
    with locked(tmp_path, True, "a.lock"):
        assert is_lock(path) and "process" in path.read_text()
        with pytest.raises(Busy), locked(tmp_path, True, "a.lock"):
            pass
