"""Where the parser stopped, and in which state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...dataclass import dataclass
from ..source import Source, Span

DECLARATIONS = (
    "constants",
    "use",
    "sound",
    "filterbank",
    "neuron",
    "layer",
    "connect",
    "rule",
    "sweep",
    "search",
    "fit",
    "infer",
    "record",
    "measure",
    "run",
)

# The blocks that contain statements, equations or their own kind of lines, for "is not a clause
# of".
BLOCKS = {*DECLARATIONS, "phases", "table", "model"}

RESERVED_WORDS = frozenset({"and", "or", "not", "deliver", "from", "normalise", "spikes", "set"})

VALUE = frozenset({"NUMBER", "NAME", "("})  # an expression may start here

OPERATORS = frozenset({"+", "-", "*", "/", "//", "%", "**", "COMPARE", "and", "or"})

LAYOUT_KINDS = frozenset({"NEWLINE", "INDENT", "DEDENT", "END"})

FLAGS = {
    "unless": "unless refractory",
    "constant": "constant",
    "shared": "shared",
}


@dataclass(frozen=True)
class Piece:
    """A token where the parser stopped, or the one before it.

    `kind` is NAME, NUMBER, QUANTITY, STRING, DOC, NEWLINE, INDENT, DEDENT, END, CHARACTER for what
    is not a token at all, or the text itself for keywords and signs.
    """

    kind: str
    text: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        return self.text.isidentifier() and self.kind not in LAYOUT_KINDS


@dataclass(frozen=True)
class Failure:
    """Where the parser stopped, and in which state. `expected` contains kinds as in `Piece`.

    `stack` contains what was read but is not complete yet: tokens (`str`) and nodes.
    """

    source: Source
    start: int  # of the text that was given to the parser
    piece: Piece
    previous: Piece | None
    expected: frozenset[str]
    stack: tuple[Any, ...] = ()

    @property
    def span(self) -> Span:
        """The span of the piece itself; at the end of a line, the place after its last
        character."""
        if self.piece.kind in LAYOUT_KINDS and self.previous:
            previous = self.previous
            at = previous.start if previous.kind == "NEWLINE" else previous.end
            return Span(self.source, at, at)
        return Span(self.source, self.piece.start, self.piece.end)

    def context(self, words: Iterable[str]) -> str:
        """The innermost unfinished construct that one of these words opens."""
        tokens = [(str(x), x.type) for x in self.stack if isinstance(x, str)]  # type: ignore[attr-defined]
        if self.starts_line:  # the line before is complete, if not yet reduced
            while tokens and tokens[-1][1] != "_INDENT":
                tokens.pop()
        return next((x for x, kind in reversed(tokens) if x in words and kind != "NAME"), "")

    @property
    def wants_value(self) -> bool:
        return self.expected >= VALUE

    @property
    def after_value(self) -> bool:
        return "*" in self.expected or ("+" in self.expected and "NUMBER" not in self.expected)

    @property
    def after_target(self) -> bool:
        """Whether the parser stopped after the name with which a statement starts."""
        return "+=" in self.expected

    @property
    def starts_line(self) -> bool:
        return self.previous is None or self.previous.kind in LAYOUT_KINDS
