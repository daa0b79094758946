"""The pages of the checks' codes, beyond what test_diagnostics_corpus.py asks of all pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from diagnose import diagnose

from stdpdsl.language.diagnostics import render
from stdpdsl.language.explanations import codes

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "diagnostics"
BLOCK = re.compile(r"^```(stdp|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CHECKS = [code for code in codes() if not code.startswith("SYN")]


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


@pytest.mark.parametrize("code", codes())
def test_title(code):
    first = (FOLDER / f"{code}.md").read_text(encoding="utf-8").partition("\n")[0]
    assert re.fullmatch(rf"# {code}: \S.*[^.]", first)


def test_every_code_is_explained():
    used = set()
    for path in (ROOT / "stdpdsl").rglob("*.py"):
        used |= set(re.findall(r'"([A-Z]+\d{3})"', path.read_text(encoding="utf-8")))
    assert used == set(codes())
