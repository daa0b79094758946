"""Offsets of a text as the editors' protocol counts them."""

from __future__ import annotations

import bisect
import re

from lsprotocol import types as lsp
from pygls.workspace import PositionCodec

from ..language.source import Span


class Places:
    """Offsets of a text as the protocol's positions: lines from 0, columns in the code units that
    client and server agreed upon."""

    def __init__(self, text: str, codec: PositionCodec):
        self.text, self.codec = text, codec
        self.starts = [0, *(m.end() for m in re.finditer(r"\r\n|\r|\n", text))]

    def position(self, offset: int) -> lsp.Position:
        line = bisect.bisect_right(self.starts, offset) - 1
        units = self.codec.client_num_units(self.text[self.starts[line] : offset])
        return lsp.Position(line, units)

    def offset(self, position: lsp.Position) -> int:
        """A place behind a line's end or the text's is that end."""
        if position.line >= len(self.starts):
            return len(self.text)
        at = self.starts[position.line]
        units = position.character
        while at < len(self.text) and units > 0 and self.text[at] not in "\r\n":
            units -= self.codec.client_num_units(self.text[at])
            at += 1
        return at

    def range(self, span: Span) -> lsp.Range:
        return lsp.Range(self.position(span.start), self.position(span.end))
