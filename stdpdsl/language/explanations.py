"""What an error code means: its page, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..resources import resource_dir
from .codes import CODES


@dataclass(frozen=True)
class Explanation:
    title: str
    prose: str
    wrong: str  # a spec
    message: str  # what is said of it
    right: str


def page(code: str) -> Path:
    return resource_dir("explanations") / f"{code}.md"


def explanation(code: str) -> Explanation:
    """Of a code that there is."""
    title = CODES[code].title
    text = page(code).read_text(encoding="utf-8")
    prose = text.partition("```")[0].removeprefix(f"# {code}: {title}").strip()
    wrong, message, right = re.findall(r"^```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return Explanation(title, prose, wrong, message, right)
