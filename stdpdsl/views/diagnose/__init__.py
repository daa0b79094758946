"""Checks a run for typical faults. Each finding says what to do."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict

from ...results.axes import Design
from ...results.reader import Results
from .activity import active, ended, finite
from .blocks import differ, effects
from .finding import Finding, Run
from .steps import delays, integrated, times
from .weights import moved, stuck


def findings(results: Results, design: Design | None = None) -> list[Finding]:
    """Every check, in order. Pass `design` if it is known already."""
    run = Run(results, design)
    return [one for check in CHECKS for one in check(run)]


def render(found: Iterable[Finding], form: str = "text") -> str:
    """One line per check that passed; each finding with what to do."""
    found = list(found)
    if form == "json":
        return json.dumps([asdict(f) for f in found], indent=2, ensure_ascii=False) + "\n"
    marks = {"passed": "ok     ", "found": "FOUND  ", "unknown": "unknown"}
    lines = []
    for one in found:
        # The name of a check states the good case, so a finding needs its own text.
        text = one.text if one.status == "found" else f"{one.check}: {one.text}"
        lines += textwrap.wrap(f"{marks[one.status]}  {text}", 98, subsequent_indent=" " * 9)
        if one.help:
            lines += textwrap.wrap(
                f"         what to do: {one.help}", 98, subsequent_indent=" " * 9
            )
    count = sum(f.status == "found" for f in found)
    passed = sum(f.status == "passed" for f in found)
    return "\n".join(lines) + f"\n{len(found)} checks: {passed} passed, {count} found something\n"


CHECKS: tuple[Callable[[Run], Iterator[Finding]], ...] = (
    ended,
    finite,
    active,
    moved,
    stuck,
    differ,
    effects,
    times,
    integrated,
    delays,
)
