"""Each published result, from a run of its spec."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from by_day import in_turn

from stdpdsl.compiler import library
from stdpdsl.execution.temporary_run import run_once
from stdpdsl.language.source import Source
from stdpdsl.resources import resource_dir
from stdpdsl.verify import VERIFICATIONS, Replay, Row
from stdpdsl.verify.replay import specs_of

ROOT = Path(__file__).parents[2]
REPLAYS: dict[str, list[tuple[str, Replay]]] = {}
for verification in VERIFICATIONS.values():
    for replay in verification.replays:
        REPLAYS.setdefault(replay.spec, []).append((verification.rule, replay))


def test_every_rule_has_its_proofs():
    assert set(VERIFICATIONS) == set(library())


def test_nest_or_a_reason():
    """NEST's test of each rule that it ships, else why there is none."""
    for verification in VERIFICATIONS.values():
        assert bool(verification.nest) != bool(verification.without_nest), verification.rule
    assert resource_dir("specs") == ROOT / "specs"
    assert {s for v in VERIFICATIONS.values() for s in specs_of([v])} == set(REPLAYS)


def test_the_named_tests_are_there():
    """A name is a test's, or the part of it that comes before its parameters."""
    command = [sys.executable, "-m", "pytest", "tests/rules", "tests/nest", "--collect-only", "-q"]
    listed = subprocess.run([*command, "-m", ""], cwd=ROOT, capture_output=True, text=True).stdout
    named = [v.oracle for v in VERIFICATIONS.values()]
    if importlib.util.find_spec("nest"):
        named += [v.nest for v in VERIFICATIONS.values() if v.nest]
    assert [n for n in named if not any(t.startswith(n) for t in listed.splitlines())] == []


def test_a_row_without_a_number_is_not_ok():
    assert not Row("x", 1.0, float("nan"), 0.1, "").ok
    assert Row("x", 1.0, 1.1, 0.2, "").ok and not Row("x", 1.0, 1.3, 0.2, "").ok


@pytest.mark.slow
@pytest.mark.parametrize("spec", in_turn(sorted(REPLAYS), 5))
def test_the_published_results_come_out(tmp_path, spec):
    source = Source(spec, (ROOT / "specs" / spec).read_text(encoding="utf-8"))
    results = run_once(source, ROOT / "specs", "auto", tmp_path / "run", lambda event: None)
    rows = [row for _, replay in REPLAYS[spec] for row in replay.measure(results)]
    assert rows and [row for row in rows if not row.ok] == []


@pytest.mark.slow
def test_the_command_proves_three_rules():
    rules = ["quantal_release", "tsodyks_markram", "oja"]
    command = [sys.executable, "-m", "stdpdsl.cli", "verify", *rules, "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert [(rule["rule"], rule["ok"]) for rule in found] == [(name, True) for name in rules]
    assert [len(rule["replays"][0]["rows"]) for rule in found] == [8, 14, 4]
