"""Each published result, from a run of its spec."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from stdpdsl.compiler import compile_source, library
from stdpdsl.results import load
from stdpdsl.source import Source
from stdpdsl.verify import VERIFICATIONS, Replay, Row

ROOT = Path(__file__).parents[2]
REPLAYS: dict[str, list[tuple[str, Replay]]] = {}
for verification in VERIFICATIONS.values():
    for replay in verification.replays:
        REPLAYS.setdefault(replay.spec, []).append((verification.rule, replay))


def test_every_rule_has_its_proofs():
    assert set(VERIFICATIONS) == set(library())


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
@pytest.mark.parametrize("spec", REPLAYS)
def test_the_published_results_come_out(tmp_path, spec):
    source = Source(spec, (ROOT / "specs" / spec).read_text(encoding="utf-8"))
    compiled = compile_source(source, ROOT / "specs", [], "synapse", "cpp_standalone")
    (tmp_path / "script.py").write_text(compiled.script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "script.py", "--out", "out", "--target", "cpp_standalone"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    results = load(tmp_path / "out")
    rows = [row for _, replay in REPLAYS[spec] for row in replay.measure(results)]
    assert rows and [row for row in rows if not row.ok] == []
