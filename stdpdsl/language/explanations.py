"""The error codes and what they mean: a page for each, `tests/diagnostics/CODE.md`.

A page has a title, a spec that fails, its exact message and the corrected spec.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..dataclass import dataclass
from ..resources import resource_dir


@dataclass(frozen=True)
class Explanation:
    title: str
    prose: str
    wrong: str  # a spec
    message: str  # a description of it
    right: str


def codes() -> list[str]:
    """All existing codes."""
    return sorted(path.stem for path in resource_dir("explanations").glob("*.md"))


def page(code: str) -> Path:
    return resource_dir("explanations") / f"{code}.md"


def explanation(code: str) -> Explanation:
    """The explanation of an existing code."""
    text = page(code).read_text(encoding="utf-8")
    head, _, prose = text.partition("```")[0].partition("\n")
    wrong, message, right = re.findall(r"^```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return Explanation(head.removeprefix(f"# {code}: "), prose.strip(), wrong, message, right)
