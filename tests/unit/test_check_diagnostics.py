"""The pages of the checks' codes, beyond what test_diagnostics_corpus.py asks of all pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from diagnose import diagnose

from stdpdsl.language.codes_check import CHECKS
from stdpdsl.language.diagnostics import render

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "diagnostics"
BLOCK = re.compile(r"^```(stdp|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# The parser tells rows of different length first.
UNREACHABLE = {"SWEEP008"}


def parts(code: str) -> tuple[str, str, str]:
    found = BLOCK.findall((FOLDER / f"{code}.md").read_text(encoding="utf-8"))
    assert [kind for kind, _ in found] == ["stdp", "text", "stdp"], f"{code}.md: three blocks"
    bad, text, good = (body for _, body in found)
    return bad, text, good


@pytest.mark.parametrize("code", CHECKS)
def test_one_cause_has_one_message(code):
    bad, _, good = parts(code)
    assert [d.code for d in diagnose(bad)] == [code]
    assert render(diagnose(good)) == ""


@pytest.mark.parametrize("code", CHECKS)
def test_title(code):
    first = (FOLDER / f"{code}.md").read_text(encoding="utf-8").partition("\n")[0]
    assert first == f"# {code}: {CHECKS[code][0]}"


def test_every_code_is_explained():
    used = set()
    for path in (ROOT / "stdpdsl").rglob("*.py"):
        kinds = "NAME|UNIT|TYPE|CLAUSE|BLOCK|SWEEP|SEARCH|RUN|TARGET|COST|FILE|INPUT"
        pattern = rf'"((?:{kinds})\d{{3}})"'
        if path.name != "codes_check.py":
            used |= set(re.findall(pattern, path.read_text(encoding="utf-8")))
    assert used - UNREACHABLE <= set(CHECKS)
    assert set(CHECKS) <= used
