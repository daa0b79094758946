"""Completion in the shell, and the cell magic of notebooks."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from stdpdsl import cli

SPEC = """model cell

layer P:
    poisson: 20 Hz
    size: 4
layer Q:
    poisson: 20 Hz
    size: 4
connect P -> Q as c:
    pattern: one_to_one
    plasticity: pair_additive
    initial: w = 0.5
sweep:
    grid: c.Apre = [0.01, 0.02]
run:
    duration: 20 ms
    dt: 1 ms
"""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_rules_and_codes(shell, capsys):
    pytest.importorskip("shtab")
    assert cli.main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("diagnose", "--until-stable", "pair_additive", "UNIT002"):
        assert word in script
    if shutil.which(shell):
        reads = {"bash": ["-n"], "zsh": ["-n"], "fish": ["--no-execute"]}
        subprocess.run([shell, *reads[shell]], input=script, text=True, check=True)


@pytest.mark.skipif(not shutil.which("bash"), reason="takes bash")
@pytest.mark.parametrize(
    "line, wanted, unwanted",
    [
        ("stdpdsl expl", "explain", "plan"),
        ("stdpdsl explain UNIT00", "UNIT002", "SYN001"),
        ("stdpdsl rules trip", "triplet", "vogels"),
        ("stdpdsl run --targ", "--target", "--set"),
        ("stdpdsl run --target cy", "cython", "numpy"),
    ],
)
def test_what_bash_offers(line, wanted, unwanted, capsys):
    pytest.importorskip("shtab")
    cli.main(["completion", "bash"])
    words = line.split(" ")
    asked = (
        f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; COMP_LINE='{line}';"
        f' COMP_POINT={len(line)}; _shtab_stdpdsl; echo "${{COMPREPLY[@]}}"'
    )
    script = capsys.readouterr().out + asked
    said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    offered = said.stdout.split()
    assert wanted in offered and unwanted not in offered


def test_without_shtab(monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "shtab", None)
    assert cli.main(["completion", "bash"]) == 2
    assert "pip install 'stdpdsl[editor]'" in capsys.readouterr().err


class Shell:
    """What of IPython matters here."""

    def __init__(self):
        self.user_ns, self.magics = {}, {}

    def register_magic_function(self, function, magic_kind, magic_name):
        self.magics[magic_kind, magic_name] = function


@pytest.fixture
def magic():
    import stdpdsl

    shell = Shell()
    stdpdsl.load_ipython_extension(shell)
    return shell, shell.magics["cell", "stdp"]


def test_a_cell_is_checked(magic, capsys):
    shell, stdp = magic
    assert stdp("--check", SPEC) is True
    assert "no errors" in capsys.readouterr().err
    for line in ("--check", "", "results"):
        assert stdp(line, SPEC.replace("0.5", "0.5 mV")) is None
        said = capsys.readouterr().err
        assert "<cell>:12:22: error[UNIT002]" in said and "Traceback" not in said
    assert shell.user_ns == {}
    for line in ("--no", "2x", "a b", "--set"):
        with pytest.raises(ValueError, match="%%stdp"):
            stdp(line, SPEC)


@pytest.mark.slow
def test_a_cell_is_run(magic, tmp_path):
    pytest.importorskip("pandas")
    shell, stdp = magic
    out = tmp_path / "out"
    results = stdp(f"found -o {out} --set 'c.taupre=10 ms' --target numpy", SPEC)
    assert shell.user_ns["found"] is results
    assert len(results.blocks) == 2 and (out / "metadata.json").is_file()
    assert set(results.parameters["c.taupre"]) == {0.01}
