"""Each error code has a readable file: a spec that fails, its message, the corrected spec."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stdpdsl.language.diagnostics import has_errors, render

FOLDER = Path(__file__).parents[1] / "diagnostics"
FILES = sorted(FOLDER.glob("*.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_message(path, check_text, check_syntax, update_golden):
    # The pages of syntax errors hold pieces of specs.
    check = check_syntax if path.stem.startswith("SYN") else check_text
    page = path.read_text(encoding="utf-8")
    prose = page.partition("```")[0]
    blocks = BLOCK.findall(page)
    assert prose.strip(), "start with a sentence of prose"
    assert [kind for kind, _ in blocks] == ["stdp", "text", "stdp"]
    (_, wrong), (_, expected), (_, right) = blocks

    found = check(wrong)
    obtained = render(found).rstrip("\n") + "\n"
    if update_golden and obtained != expected:
        start, end = list(BLOCK.finditer(page))[1].span(2)
        path.write_text(page[:start] + obtained + page[end:], encoding="utf-8")
    else:
        assert obtained == expected
    assert path.stem in {d.code for d in found}
    assert not has_errors(check(right)), render(check(right))
