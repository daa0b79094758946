"""The canonical text with the comments of the source: `stdpdsl fmt`.

A comment after code on a line stays there. A comment on its own line stays above what follows it.
At the end of a body, if it is indented more than what follows, it stays below the body.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict

from ..dataclass import dataclass
from .parser import parse
from .printer import spec_lines
from .printer.lines import Line
from .source import Source

_TEXTS = re.compile(r'"""(?:[^"]|"(?!""))*"""|"[^"\r\n]*"|(?P<comment>#[^\n]*)')


@dataclass(frozen=True)
class Comment:
    text: str
    start: int
    column: int
    trailing: bool  # after code, on its line
    closes: bool  # after the closing bracket of an expression over several lines
    apart: bool  # a blank line follows


@dataclass(frozen=True)
class Anchor:
    """A printed line (by its index) and what it prints of the source. A docstring has several
    lines; `last` is the last."""

    start: int
    end: int
    index: int
    last: int
    column: int  # of the source line on which it starts: its indentation

    def ends_beside(self, comment: Comment, source: Source) -> bool:
        line = source.position(max(self.start, self.end - 1))[0]
        return comment.trailing and line == source.position(comment.start)[0]


class Unformattable(Exception):
    """Formatting would lose or change something. This never happens, unless there is a bug here."""


def formatted(source: Source) -> str:
    """The canonical text of a file; CompileError if it cannot be read."""
    spec = parse(source)
    comments = find_comments(source)
    text = "\n".join(_placed(spec_lines(spec), comments, source)) + "\n"
    again = Source(source.name, text)
    before, after = (Counter(c.text for c in cs) for cs in (comments, find_comments(again)))
    if before != after or parse(again) != spec:
        raise Unformattable(f"{source.name}: formatting would change what it says")
    return text


def find_comments(source: Source) -> list[Comment]:
    found = []
    for match in _TEXTS.finditer(source.text):
        if match["comment"]:
            before = source.text[source.text.rfind("\n", 0, match.start()) + 1 : match.start()]
            rest = source.text[match.end() + 1 :]
            found.append(
                Comment(
                    match["comment"].rstrip(),
                    match.start(),
                    len(before),
                    trailing=bool(before.strip("\ufeff \t")),
                    closes=before.lstrip()[:1] in (")", "]"),
                    apart=not rest.partition("\n")[0].strip(),
                )
            )
    return found


def _placed(lines: list[str], comments: list[Comment], source: Source) -> list[str]:
    anchors = _anchors(lines, source)
    starts = [a.start for a in anchors]
    above: defaultdict[int, list[Comment]] = defaultdict(list)
    below: defaultdict[int, list[tuple[int, Comment]]] = defaultdict(list)
    behind: dict[int, Comment] = {}
    last: list[Comment] = []
    for comment in comments:
        place = bisect_right(starts, comment.start)
        previous = anchors[place - 1] if place else None
        following = anchors[place] if place < len(anchors) else None
        if previous is not None and previous.ends_beside(comment, source):
            if previous.last in behind:
                above[previous.index].append(comment)
            else:
                behind[previous.last] = comment
        elif previous is not None and (comment.start < previous.end or comment.closes):
            above[previous.index].append(comment)
        elif (
            previous is not None
            and not comment.trailing
            and min(comment.column, previous.column)
            > (floor := following.column if following else 0)
        ):
            like = _as_deep(anchors[:place], comment.column, floor)
            below[previous.last].append((like.index, comment))
        elif following is not None:
            above[following.index].append(comment)
        else:
            last.append(comment)
    placed: list[str] = []
    for index, line in enumerate(lines):
        placed += _block(above[index], _indent(line))
        placed.append(line + (f"  {behind[index].text}" if index in behind else ""))
        placed += [_indent(lines[like]) + c.text for like, c in below[index]]
    return placed + (["", *_block(last, "", ends=True)] if last else [])


def _as_deep(before: list[Anchor], column: int, floor: int) -> Anchor:
    """The nearest earlier line with the indentation that a comment at the end of its body should
    have."""
    for anchor in reversed(before):
        if anchor.column <= floor:
            break
        if anchor.column <= column:
            return anchor
    return before[-1]


def _block(comments: list[Comment], indent: str, ends: bool = False) -> list[str]:
    """Comments above a line; at the top level a blank line after one of them stays."""
    lines: list[str] = []
    for k, comment in enumerate(comments):
        lines.append(indent + comment.text)
        if comment.apart and not indent and not (ends and k == len(comments) - 1):
            lines.append("")
    return lines


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def _anchors(lines: list[str], source: Source) -> list[Anchor]:
    """The printed lines by their positions in the source. A header such as `equations:` is placed
    just before the first line of its body."""
    found: list[Anchor] = []

    def add(start: int, end: int, index: int) -> None:
        text = source.line(source.position(start)[0]).lstrip("\ufeff")
        last = index
        if lines[index].lstrip().startswith('"""'):
            while (
                not lines[last].endswith('"""') or "".join(lines[index : last + 1]).count('"""') < 2
            ):
                last += 1
        found.append(Anchor(start, end, index, last, len(text) - len(text.lstrip(" "))))

    following: int | None = None
    for index in reversed(range(len(lines))):
        line = lines[index]
        if isinstance(line, Line):
            following = line.span.start
            add(following, line.span.end, index)
        elif line.endswith(":") and following is not None:
            words = r"[ \t]+".join(map(re.escape, line.strip(" :").split()))
            heads = list(re.finditer(rf"(?m)^[ \t]*({words})[ \t]*:", source.text[:following]))
            if heads:
                following = heads[-1].start(1)
                add(following, following, index)
    return sorted(found, key=lambda a: (a.start, a.index))
