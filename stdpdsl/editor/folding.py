"""Which lines an editor may fold: bodies by their indentation, docstrings, runs of comments."""

from __future__ import annotations

import re


def folds(text: str) -> list[tuple[int, int, str]]:
    """(first line, last line, kind), lines from 0; kind is region or comment. Broken texts too."""
    lines = text.split("\n")
    found: list[tuple[int, int, str]] = []
    opened: list[tuple[int, int]] = []  # indentation, line
    last = comment = -1
    quiet = _docstring_lines(text)
    for k, line in enumerate(lines):
        if not line.strip() or k in quiet:
            continue
        if line.lstrip().startswith("#"):
            if comment < 0:
                comment = k
            if k + 1 == len(lines) or not lines[k + 1].lstrip().startswith("#"):
                if k > comment:
                    found.append((comment, k, "comment"))
                comment = -1
            continue
        indent = len(line) - len(line.lstrip())
        while opened and opened[-1][0] >= indent:
            start = opened.pop()[1]
            if last > start:
                found.append((start, last, "region"))
        opened.append((indent, k))
        last = k
    found += [(start, last, "region") for _, start in opened if last > start]
    for match in re.finditer(r'"""(?:[^"]|"(?!""))*"""', text):
        first = text.count("\n", 0, match.start())
        end = first + match[0].count("\n")
        if end > first:
            found.append((first, end, "comment"))
    return sorted(found)


def _docstring_lines(text: str) -> set[int]:
    """The lines inside docstrings, except the ones on which they start."""
    quiet: set[int] = set()
    for match in re.finditer(r'"""(?:[^"]|"(?!""))*"""', text):
        first = text.count("\n", 0, match.start())
        quiet |= set(range(first + 1, first + match[0].count("\n") + 1))
    return quiet
