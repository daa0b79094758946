"""`stdpdsl verify`: what it replays, what it prints, and when it fails."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from stdpdsl import cli
from stdpdsl.execution.temporary_run import RunFailed
from stdpdsl.resources import resource_dir
from stdpdsl.verify import VERIFICATIONS, replay
from stdpdsl.verify.table import Replay, Row, Verification

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.fixture
def registry(monkeypatch):
    """Two rules that share a spec of ours, which is not run: its results are its name."""
    ran = []

    def run_once(source, data, target, workdir, on_event):
        ran.append((source.name, target))
        assert source.text == (data / source.name).read_text(encoding="utf-8")
        if source.name == "oja_1982.stdp":
            raise RunFailed("the simulation failed\n  of itself", 3)
        return source.name

    def measure(obtained):
        return lambda results: [
            Row(f"{results}, rate", 10.0, np.float64(obtained), 0.5, "A (1999), table 1"),
            Row("share", 0.25, 0.25, 0.0, "A (1999), table 2"),
        ]

    found = {
        "good": Verification(
            "good",
            "tests/a.py::test_a",
            "tests/nest/b.py::test_b",
            (Replay("stdp_window.stdp", measure(10.1)),),
        ),
        "bad": Verification(
            "bad",
            "tests/a.py::test_a",
            replays=(Replay("stdp_window.stdp", measure(11.0)),),
            without_nest="NEST is too old",
        ),
        "lost": Verification(
            "lost", "tests/a.py::test_a", "n", (Replay("oja_1982.stdp", measure(0)),)
        ),
        "plain": Verification("plain", "tests/a.py::test_a", "n"),
    }
    monkeypatch.setattr(replay, "run_once", run_once)
    monkeypatch.setattr("stdpdsl.verify.VERIFICATIONS", found)
    return ran


def test_a_rule_that_is_proven(registry, capsys):
    assert cli.main(["verify", "good", "plain"]) == 0
    out, err = capsys.readouterr()
    assert out == (
        "good\n"
        "  oracle  tests/a.py::test_a\n"
        "  NEST    tests/nest/b.py::test_b\n"
        "  paper   stdp_window.stdp: A (1999), table 1\n"
        "    quantity                published  obtained  tolerance\n"
        "    stdp_window.stdp, rate         10      10.1        0.5  ok\n"
        "  paper   stdp_window.stdp: A (1999), table 2\n"
        "    quantity                published  obtained  tolerance\n"
        "    share                        0.25      0.25          0  ok\n"
        "\n"
        "plain\n"
        "  oracle  tests/a.py::test_a\n"
        "  NEST    n\n"
        "  paper   no number is replayed\n"
        "\n"
        "2 rules: 2 published numbers, 2 ok, 0 FAILED\n"
    )
    assert err == "running stdp_window.stdp (1 of 1)\n"


def test_all_rules_and_failures(registry, capsys):
    assert cli.main(["verify", "--target", "cython"]) == 3
    out = capsys.readouterr().out
    assert registry == [("stdp_window.stdp", "cython"), ("oja_1982.stdp", "cython")]
    assert "         10        11        0.5  FAILED\n" in out
    assert "  NEST    NEST is too old\n" in out
    assert "  paper   oja_1982.stdp: FAILED\n    the simulation failed\n      of itself\n" in out
    assert out.endswith("4 rules: 4 published numbers, 3 ok, 1 FAILED, 1 run without results\n")


def test_json(registry, capsys):
    assert cli.main(["verify", "bad", "lost", "--format", "json"]) == 3
    bad, lost = json.loads(capsys.readouterr().out)
    assert (bad["ok"], bad["nest"], bad["without_nest"]) == (False, None, "NEST is too old")
    assert bad["replays"][0]["rows"][0] == {
        "quantity": "stdp_window.stdp, rate",
        "published": 10.0,
        "obtained": 11.0,
        "tolerance": 0.5,
        "ok": False,
        "source": "A (1999), table 1",
    }
    assert lost["replays"][0]["problem"].startswith("the simulation failed")


def test_interruption_ends_it(registry, capsys, monkeypatch):
    def interrupted(*_):
        raise RunFailed("interrupted; nothing was saved", 130)

    monkeypatch.setattr(replay, "run_once", interrupted)
    assert cli.main(["verify", "good", "bad"]) == 130


def test_the_list_runs_nothing(registry, capsys):
    assert cli.main(["verify", "--list", "plain", "good"]) == 0
    assert capsys.readouterr().out == "plain  -\ngood   stdp_window.stdp\n"
    assert registry == []


def test_a_name_that_is_not_there(capsys):
    assert cli.main(["verify", "clopat"]) == 2
    assert "did you mean `clopath`?" in capsys.readouterr().err


def test_the_specs_ship():
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "specs" in wheel["only-include"] and wheel["sources"]["specs"] == "stdpdsl/specs"
    for verification in VERIFICATIONS.values():
        for one in verification.replays:
            assert (resource_dir("specs") / one.spec).is_file()
