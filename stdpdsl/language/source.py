"""A spec's text, and positions in it."""

from __future__ import annotations

import bisect
import errno
import os
import re
from dataclasses import field
from functools import cached_property
from pathlib import Path

from ..dataclass import dataclass

MAX_BYTES = 16_000_000  # of a spec: more characters than the parser accepts


def text_in(path: Path) -> str:
    """A spec's text. From an endless file (a device), it reads only enough to show that it is too
    long. OSError, also for a named pipe, which might never be written to; UnicodeDecodeError."""
    if path.is_fifo() and not os.path.realpath(path).startswith(("/proc/", "/dev/")):
        raise OSError(errno.EINVAL, "is a pipe, not a file")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    return data.decode("utf-8", "strict" if len(data) <= MAX_BYTES else "replace")


@dataclass(frozen=True)
class Source:
    """The text of one file. `name` is its name in messages (a path, or `<string>`)."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(end.end() for end in re.finditer("\n", self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both counted from 1, of a character offset."""
        line = bisect.bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its line end."""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]


@dataclass(frozen=True)
class Span:
    """The half-open range of characters [start, end) of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of `other`."""
        return Span(self.source, self.start, other.end)

    def __repr__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"
