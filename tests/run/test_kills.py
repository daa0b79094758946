"""Runs that are killed at random moments and go on, until they are whole: nothing is lost.

`STDPDSL_KILLS=100` asks for more kills.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

pytestmark = pytest.mark.real_process

KILLS = int(os.environ.get("STDPDSL_KILLS", 4))
SPEC = """model killed
neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
    threshold: v > 1
    reset: v = 0
layer source:
    poisson: 30 Hz
    size: 10
layer A:
    neuron: cell
    size: 2
connect source -> A as ff:
    pattern: all_to_all
    plasticity: pair_additive
    deliver: w to v
    initial: w = uniform(0, wmax)
sweep:
    grid:
        ff.Apre = geomspace(1e-3, 1e-1, 60)
        ff.wmax = linspace(0.5, 2, 100)
record:
    spikes of A
run:
    duration: 1 s
    dt: 0.1 ms
    seed: 5
"""
TABLES = ("blocks", "weights", "spikes")


def start(folder, *more):
    command = [sys.executable, "-m", "stdpdsl.cli", "run", "killed.stdp", "-o", "out", *more]
    command += ["--target", "cpp_standalone", "--workers", "4"]
    (folder / "work").mkdir(exist_ok=True)
    return subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "TMPDIR": str(folder / "work"),
        },
    )


def scripts(folder):
    """Processes that run shards, which work below the folder, by what the system tells of them."""
    found = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/cmdline", encoding="utf-8", errors="replace") as file:
                if str(folder / "work") in file.read():
                    found.append(int(number))
        except OSError:
            continue
    return found


def tables(folder):
    return {name: pd.read_parquet(folder / "out" / name) for name in TABLES}


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir("/proc"), reason="asks /proc for the processes")
def test_nothing_is_lost(tmp_path):
    (tmp_path / "killed.stdp").write_text(SPEC)
    said, _ = start(tmp_path).communicate()
    undisturbed = tables(tmp_path)
    assert len(undisturbed["blocks"]) == 6000, said
    shutil.rmtree(tmp_path / "out")
    draw = random.Random(1)
    began = time.monotonic()
    start(tmp_path).wait()
    longest = time.monotonic() - began
    shutil.rmtree(tmp_path / "out")
    killed = whole = 0
    resume, done = [], False
    while killed < KILLS or not done:
        run = start(tmp_path, *resume)
        if killed < KILLS:
            try:
                run.wait(draw.uniform(0, longest))
            except subprocess.TimeoutExpired:
                children = scripts(tmp_path)
                victims = [run.pid] if draw.random() < 0.5 or not children else children[:1]
                for process in victims if draw.random() < 0.7 else [run.pid, *children]:
                    try:
                        os.kill(process, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                killed += 1
        said, _ = run.communicate()
        resume = ["--resume"] if (tmp_path / "out.shards").exists() else []
        assert "Traceback" not in said, said
        done = (tmp_path / "out").exists() and not resume
        if (tmp_path / "out").exists():  # whole, even where the run was killed thereafter
            for name, table in tables(tmp_path).items():
                pd.testing.assert_frame_equal(table, undisturbed[name], check_exact=True)
        if done:
            shutil.rmtree(tmp_path / "out")
            whole += 1
    print(f"{killed} kills, {whole} runs became whole, equal to the bit")
