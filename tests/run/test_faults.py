"""Faults of one run, really injected: nothing looks whole that is not, and the message says why.
What becomes of files afterwards: `test_damaged_files.py`."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running import assert_same, run_here, script_of, tables_in

from stdpdsl import cli

pytestmark = pytest.mark.real_process

ROOT = Path(__file__).parents[2]
STARTER = (ROOT / "templates" / "new" / "starter.stdp").read_text("utf-8").replace("NAME", "demo")
SHORT = STARTER.replace("duration: 2 s", "duration: 50 ms").replace("100 ms", "10 ms")
LONG = STARTER.replace("duration: 2 s", "duration: 300 s").replace("100 ms", "100 s")


def command(folder: Path, text: str, *arguments: str, **options) -> subprocess.Popen:
    """`stdpdsl run` as a process, with the cache of these tests."""
    (folder / "s.stdp").write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, "-m", "stdpdsl.cli", "run", "s.stdp", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def simulating(process: subprocess.Popen) -> None:
    """Wait until the simulation itself runs."""
    for line in process.stdout:
        if line.startswith("simulating:"):
            return
    raise AssertionError(process.stderr.read())


def children(pid: int) -> list[int]:
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in done.stdout.split()]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "s.stdp")


# Signals ------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.in_turn(1)
def test_the_command_is_interrupted(tmp_path, number):
    process = command(tmp_path, LONG, "--target", "numpy")
    simulating(process)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted; nothing was saved" in said
    assert left(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "number, words",
    [
        (signal.SIGKILL, "killed, perhaps because it ran out of memory"),
        (signal.SIGTERM, "terminated by SIGTERM"),
        (signal.SIGSEGV, "terminated by SIGSEGV"),
    ],
)
@pytest.mark.in_turn(1)
def test_the_simulation_is_killed(tmp_path, number, words):
    process = command(tmp_path, LONG, "--target", "numpy")
    simulating(process)
    for child in children(process.pid):
        os.kill(child, number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 3 and words in said and "nothing was saved" in said
    assert left(tmp_path) == []


@pytest.mark.slow
def test_the_command_is_killed_and_started_again(tmp_path):
    """Nothing can be said then; what is left looks like no results, and is in nobody's way."""
    process = command(tmp_path, LONG, "--target", "numpy")
    simulating(process)
    scripts = children(process.pid)
    process.kill()
    process.wait()
    for child in scripts:
        os.kill(child, signal.SIGKILL)
    assert left(tmp_path) == ["s.results.shards"]
    assert cli.main(["summary", str(tmp_path / left(tmp_path)[0])]) == 1
    again = command(tmp_path, SHORT, "--target", "numpy")
    assert again.communicate()[1] == "" and again.returncode == 0
    assert cli.main(["summary", str(tmp_path / "s.results")]) == 0


# Memory, disk, folders ----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.in_turn(1, among="want of memory")
def test_out_of_memory(tmp_path):
    """The process may have 1 GB, and is given a network that the check takes for small enough."""
    text = SHORT.replace("size: 10\n", "size: 3000\n").replace("size: 1\n", "size: 2500\n")
    text = text.replace("w of learning every 10 ms", "w of learning every 50 ms")

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000, 1_000_000_000))

    process = command(tmp_path, text, "--target", "numpy", preexec_fn=limit)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 3, said
    assert "MemoryError" in said or "memory" in said
    assert left(tmp_path) == []


@pytest.mark.slow
def test_the_disk_is_full(tmp_path):
    """No file may grow beyond 4 kB: writing fails while the results are saved."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))

    (tmp_path / "out").mkdir()
    text = SHORT.replace("every 10 ms", "every 0.1 ms")
    script = tmp_path / "script.py"
    from stdpdsl.compiler import compile_source
    from stdpdsl.language.source import Source

    compiled = compile_source(Source("s.stdp", text), tmp_path, [], "synapse", "numpy")
    script.write_text(compiled.run_script)
    done = subprocess.run(
        [sys.executable, str(script), "--out", "out/r", "--events"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        preexec_fn=limit,
    )
    assert done.returncode == 3
    assert "File too large" in done.stdout + done.stderr
    assert left(tmp_path / "out") == []


IN_SHARDS = """
import resource, sys
from dataclasses import replace
from pathlib import Path
from stdpdsl.compiler import compile_source
from stdpdsl.execution.sharded_run import Manner, run_and_save
from stdpdsl.language.source import Source

name, *more = sys.argv[1:]
if "full" in more:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
text = Path("s.stdp").read_text()
compiled = compile_source(Source("s.stdp", text), Path(), [], "synapse", "numpy", 2)
compiled = replace(compiled, plan=replace(compiled.plan, shards=3, workers=2))
done = run_and_save(compiled, text, Path(), Path(name).resolve(), print, Manner("resume" in more))
print(done.message)
sys.exit(done.status)
"""


@pytest.mark.slow
def test_a_disk_that_gets_full_between_shards(tmp_path):
    """The last of three shards records more than there is room for; then somebody makes room."""
    samples = "w, apre, apost of learning every 0.1 ms in blocks 8"
    text = SHORT.replace("w of learning every 10 ms", samples).replace("50 ms", "300 ms")
    (tmp_path / "s.stdp").write_text(text)

    def run(*arguments):
        return in_shards(tmp_path, *arguments)

    undisturbed = run_here(tmp_path, script_of(text), "undisturbed")
    done = run("out", "full")
    assert done.returncode == 3, done.stderr
    said = done.stdout.splitlines()[-1]
    assert "results cannot be written" in done.stdout and "File too large" in done.stdout
    assert "2 of 3 shards are" in said and "--resume" in said
    assert left(tmp_path) == ["out.shards", "undisturbed"]
    shards = [name for name in left(tmp_path / "out.shards") if "-of-" in name]
    assert shards == ["0001-of-0003", "0002-of-0003"]
    kept = {
        part.name: part.stat().st_mtime_ns
        for part in (tmp_path / "out.shards").glob("*-of-0003/blocks/part-*.parquet")
    }
    assert len(kept) == 2
    assert run("out", "resume").returncode == 0
    assert left(tmp_path) == ["out", "undisturbed"]
    parts = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out/blocks").iterdir()}
    assert len(parts) == 3 and kept.items() <= parts.items()
    assert_same(tables_in(tmp_path / "out"), undisturbed)


def in_shards(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-c", IN_SHARDS, *arguments],
        cwd=folder,
        text=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir("/proc"), reason="asks /proc for the processes")
@pytest.mark.in_turn(1, among="want of memory")
def test_a_shard_is_killed_as_for_want_of_memory(tmp_path):
    (tmp_path / "s.stdp").write_text(SHORT)
    assert in_shards(tmp_path, "undisturbed").returncode == 0
    process = subprocess.Popen(
        [sys.executable, "-c", IN_SHARDS, "out"],
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    begun = {}  # the processes, in the order in which they were first seen
    while len(begun) < 3:
        assert process.poll() is None
        begun |= dict.fromkeys(children(process.pid))
        time.sleep(0.01)
    os.kill(max(begun), signal.SIGKILL)  # of the last shard
    said, _ = process.communicate()
    assert process.returncode == 3, said
    said = said[said.index("shard 3 of 3: ") :]
    assert "the simulation was killed, perhaps because it ran out of memory" in said
    assert "fewer shards at a time (--workers 1) or smaller shards (--shard K/N with" in said
    assert "2 of 3 shards are finished and kept" in said and "--resume goes on" in said
    shards = [name for name in left(tmp_path / "out.shards") if "-of-" in name]
    assert shards == ["0001-of-0003", "0002-of-0003"]
    assert in_shards(tmp_path, "out", "resume").returncode == 0
    assert left(tmp_path) == ["out", "undisturbed"]
    assert_same(tables_in(tmp_path / "out"), tables_in(tmp_path / "undisturbed"))


def test_no_folder_can_be_made(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    Path("s.stdp").write_text(SHORT)
    Path("file").write_text("")
    for place in ("/proc/nowhere/r", "file/r"):
        assert cli.main(["run", "s.stdp", "-o", place, "--target", "numpy"]) in (1, 2), place
        said = capfd.readouterr().err
        assert "error" in said or "cannot be made" in said
        assert "Traceback" not in said
    assert sorted(os.listdir()) == ["file", "s.stdp"]


# The compiler -------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "answers, status, words",
    [
        ("exit 1", 3, "does not work"),
        ('[ "$1" = --version ] && exit 0; echo no room left >&2; exit 1', 3, "no room left"),
        (None, 0, "no C++ compiler was found for cpp_standalone; numpy runs instead"),
    ],
)
@pytest.mark.in_turn(2)
def test_the_compiler_fails(tmp_path, answers, status, words):
    (tmp_path / "bin").mkdir()
    environment = {"PATH": str(tmp_path / "bin"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    if answers is not None:
        compiler = tmp_path / "bin" / "g++"
        compiler.write_text(f"#!/bin/sh\n{answers}\n")
        compiler.chmod(0o755)
    environment["CXX"] = ""
    for name in ("sh", "make", "ps"):
        place = next((p for p in (f"/bin/{name}", f"/usr/bin/{name}") if os.path.exists(p)), None)
        if place:
            (tmp_path / "bin" / name).symlink_to(place)
    folder = tmp_path / "here"
    folder.mkdir()
    process = command(folder, SHORT, "--target", "cpp_standalone", env=environment)
    _, said = process.communicate(timeout=300)
    assert process.returncode == status, said
    assert words in said
    assert left(folder) == ([] if status else ["s.results"])
    assert not status or not list((tmp_path / "cache").rglob("main"))
