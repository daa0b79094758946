"""Another Python simulates: with its own packages, by our runtime, and the same numbers."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from stdpdsl import cli
from stdpdsl.results.reader import load
from stdpdsl.runtime.running import builds_programs

pytestmark = pytest.mark.real_process

ROOT = Path(__file__).parents[2]
STARTER = (ROOT / "templates" / "new" / "starter.stdp").read_text("utf-8").replace("NAME", "demo")


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """An environment of its own, which borrows the packages of this one, except stdpdsl; its
    metadata say that Brian2 is 2.12.0."""
    folder = tmp_path_factory.mktemp("other")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    where = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    Path(where, "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    told = Path(where, "brian2-2.12.0.dist-info")
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: brian2\nVersion: 2.12.0\n")
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


@pytest.fixture
def spec(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    Path("s.stdp").write_text(STARTER.replace("duration: 2 s", "duration: 200 ms"))
    return "s.stdp"


def run(spec, *more):
    return cli.main(["run", spec, *map(str, more)])


def test_it_gives_the_same_numbers(spec, python, capsys):
    assert run(spec, "-o", "a", "--target", "numpy") == 0
    relative = os.path.relpath(python)
    assert run(spec, "-o", "b", "--target", "numpy", "--python", relative) == 0
    assert load("b").metadata["versions"]["brian2"] == "2.12.0"
    capsys.readouterr()
    cli.main(["compare", "a", "b"])
    said = capsys.readouterr().out
    assert "versions.brian2" in said and "DIFFERS  weights" not in said
    assert said.count("identical to the last bit") == 5


FEW = """model few

neuron cell:
    equations: dv/dt = (2 - v)/(10 ms) : 1
    threshold: v > 1
    reset: v = 0

layer A:
    neuron: cell
    size: 1

record:
    spikes of A

run:
    duration: 50 ms
"""


@pytest.mark.slow
@pytest.mark.in_turn(1, among="what takes longest")
def test_brian2_runs_a_script_itself_where_its_cpp_is_unknown(spec, python, capsys):
    Path(spec).write_text(FEW)  # each of its objects is compiled as Cython
    assert run(spec, "-o", "b", "--target", "cpp_standalone", "--python", python) == 0
    warned = "programs are built of Brian2 2.9 to 2.11, and this is Brian2 2.12.0: Cython runs"
    assert warned in capsys.readouterr().err
    assert load("b").metadata["target"] == "cython"
    assert len(load("b").spikes.to_arrow()) == 7  # one each 10 ms*log(2)


def test_what_was_begun_by_another_is_not_resumed(spec, python, capsys):
    arguments = ("-o", "a", "--target", "numpy", "--shard", "1/2")
    assert run(spec, *arguments) == 0
    assert run(spec, "-o", "a", "--target", "numpy", "--shard", "2/2", "--python", python) == 2
    assert "versions brian2" in capsys.readouterr().err


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "text, expected",
    [
        ("exit 3", "is not a Python interpreter"),
        ("echo '[]'", "is not a Python interpreter"),
        ("""echo '{"python": "3.10", "brian2": "2.9.0"}'""", "is not a Python interpreter"),
    ],
)
def test_what_is_no_interpreter(spec, tmp_path, capsys, text, expected):
    assert run(spec, "--python", script(tmp_path / "p", text)) == 2
    assert f"p: {expected}" in capsys.readouterr().err


def test_an_old_interpreter_and_one_without_packages(spec, tmp_path, capsys):
    told = '"brian2": "none", "brian2hears": "none", "numpy": "1", "scipy": "1", "sympy": "1"'
    for version, expected in (
        ("3.9", "is Python 3.9, but Python 3.11 or newer is needed"),
        ("3.12", "lacks brian2; install with: "),
    ):
        text = f"""echo '{{"python": "{version}", {told}, "pyarrow": "1"}}'"""
        assert run(spec, "--python", script(tmp_path / "p", text)) == 2
        assert expected in capsys.readouterr().err
    assert not Path("s.results").exists()


def test_no_such_file(spec, capsys):
    assert run(spec, "--python", "nowhere/python") == 2
    assert "--python nowhere/python: No such file or directory" in capsys.readouterr().err


def test_a_cluster_has_its_own(spec, capsys):
    assert run(spec, "--python", sys.executable, "--cluster", "tcp://127.0.0.1:1") == 2
    assert "--python names a Python of this machine" in capsys.readouterr().err


@pytest.mark.parametrize(
    "version, known",
    [("2.8.0.4", False), ("2.9.0", True), ("2.11.3", True), ("2.12.0rc1", False), ("3", False)],
)
def test_versions_of_brian2(version, known):
    assert builds_programs(version) == known
