"""What the system refuses, and what the environment sets: a message and an exit code, no bug."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stdpdsl import cli
from stdpdsl.execution import attached

ROOT = Path(__file__).parents[2]
STARTER = (ROOT / "templates/new/starter.stdp").read_text().replace("NAME", "x")
FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")


def shell(folder, command, **environment):
    """What a command line of a POSIX shell ends with: its exit code and its errors."""
    (folder / "spec.stdp").write_text(STARTER)
    done = subprocess.run(
        ["sh", "-c", command.replace("stdpdsl", f"{sys.executable} -m stdpdsl.cli")],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", ["check spec.stdp", "compile spec.stdp", "--help", "rules"])
@pytest.mark.parametrize(
    "where, words",
    [
        pytest.param(">/dev/full", "error: standard output: No space left on device\n", marks=FULL),
        (">&-", "error: standard output is closed\n"),
        (">&- 2>&- <&-", ""),
    ],
)
@pytest.mark.in_turn(4)
def test_standard_output_that_takes_nothing(tmp_path, command, where, words):
    assert shell(tmp_path, f"stdpdsl {command} {where}") == (2, words)


@FULL
def test_news_that_cannot_be_printed_lose_nothing(tmp_path):
    for where in (">/dev/full", ">&- 2>&-"):
        assert shell(tmp_path, f"stdpdsl compile spec.stdp -o s.py {where}") == (0, "")
        assert (tmp_path / "s.py").read_text().endswith("\n")
        (tmp_path / "s.py").unlink()


def test_few_file_handles(tmp_path):
    status, said = shell(tmp_path, "ulimit -n 7; stdpdsl run spec.stdp --target numpy")
    assert (status, "Too many open files" in said, "bug" in said) == (2, True, False)
    assert sorted(os.listdir(tmp_path)) == ["spec.stdp"]


@pytest.mark.parametrize("length", [240, 250, 300, 5000])
@pytest.mark.parametrize("command", ["run", "run --resume", "compile", "report"])
def test_names_that_are_too_long(tmp_path, monkeypatch, capsys, length, command):
    monkeypatch.chdir(tmp_path)
    Path("spec.stdp").write_text(STARTER)
    if command in ("compile", "report") and length < 255:
        return  # these need no more names beside it
    command, *more = command.split()
    source = "spec.stdp" if command != "report" else "."
    assert cli.main([command, source, "-o", "a" * length, *more]) == 2
    assert "File name too long" in capsys.readouterr().err
    assert os.listdir() == ["spec.stdp"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "spec.stdp", "-o", ""],
        ["run", ""],
        ["check", ""],
        ["summary", ""],
        ["merge", ""],
        ["compile", "spec.stdp", "-o", ""],
        ["report", "r", "-o", ""],
        ["compare", "a", ""],
        ["window", "vogels", "-o", ""],
        ["check", "x", "--allow-read", ""],
    ],
)
def test_names_that_are_empty(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "the name of a file or folder is empty" in capsys.readouterr().err


@pytest.mark.parametrize("dt", ["1e-320 s", "1e-31 s", "1e31 s", "1e308 s"])
def test_times_beyond_all_numbers(check_text, dt):
    (found,) = check_text(STARTER.replace("dt: 0.1 ms", f"dt: {dt}"))
    assert (found.code, found.span.text) == ("TYPE013", dt)
    assert "write a time between 1e-30 s and 1e+30 s" in found.help
    codes = [d.code for d in check_text(STARTER.replace("2 s", "1e29 s").replace("0.1 ms", dt))]
    assert codes and set(codes) <= {"TYPE013", "COST001", "COST002", "COST005", "RUN001"}


def test_python_s_own_variables_do_not_reach_a_simulation(monkeypatch):
    """Of those in `python --help-env`, the ones that say where modules are, alone."""
    for name in ("OPTIMIZE", "WARNINGS", "INSPECT", "VERBOSE", "DEVMODE", "IOENCODING", "PATH"):
        monkeypatch.setenv("PYTHON" + name, "1")
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    monkeypatch.setenv("CXX", "g++")
    found = attached.environment()
    names = {name for name in found if name.startswith("PYTHON")}
    assert names <= {*attached.WHERE_MODULES_ARE, "PYTHONIOENCODING"} and "PYTHONPATH" in names
    assert found["PYTHONIOENCODING"] == "utf-8:replace"
    assert (found["MPLBACKEND"], found["CXX"]) == ("Agg", "g++")


@pytest.mark.slow
def test_python_that_keeps_no_docstrings(tmp_path):
    """Neither the commands nor a script read one; nor does an assertion do any work."""
    brief = STARTER.replace("duration: 2 s", "duration: 10 ms").replace("100 ms", "10 ms")
    (tmp_path / "brief.stdp").write_text(brief)
    command = (
        "stdpdsl run brief.stdp --target numpy -o r && stdpdsl report r && stdpdsl explain UNIT002"
        # Brian2, which a script imports, draws with it.
        f" && stdpdsl compile brief.stdp -o s.py && MPLBACKEND=agg {sys.executable} s.py --help"
    )
    strange = {"PYTHONOPTIMIZE": "2", "MPLBACKEND": "nonsense"}
    status, said = shell(tmp_path, command, **strange)
    assert status == 0, said


def test_the_rest_of_the_cache_is_not_ours(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "stdpdsl"
    (folder / "programs/a").mkdir(parents=True)
    (folder / "programs/a/main").write_text("x")
    (folder / "thesis").mkdir()
    (folder / "thesis/main.tex").write_text("mine")
    assert cli.main(["cache", "clear"]) == 0
    shown = capsys.readouterr()
    assert "freed 1 B" in shown.out and "kept thesis, because stdpdsl did not write it" in shown.err
    assert [p.name for p in folder.rglob("*")] == ["thesis", "main.tex"]
