"""Text to tree.

`parse` reads a whole file. If that fails, it reads each declaration separately, so that one mistake
in each is reported at once.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple, cast

from lark import Token
from lark.common import LexerConf
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lexer import LexerThread
from lark.utils import TextSlice

from ..resources import resource_dir
from .ast import Spec
from .diagnostics import UNSEEN, CompileError, Diagnostic
from .lexer import Indentation, LayoutError, StateLexer
from .source import Source, Span
from .syntax_errors.failure import DECLARATIONS, Failure, Piece
from .tables import START, tables_of
from .tree_builder import Builder

MAX_LENGTH = 4_000_000  # characters of a file: some hundred thousand lines
MOST_HIDDEN = 20  # that an error message lists


def parse(source: Source) -> Spec:
    """The tree of a file. Raises CompileError with all syntax errors."""
    if refused := refusals(source):
        raise CompileError(refused)
    with reading(source) as reader:
        spec = reader.read(0, len(reader.text))
        problems = reader.builder.problems
        if spec is None:
            whole = reader.failure
            problems += reader.each(reader.chunks())[1] or ([whole] if whole else [])
        elif not spec.declarations and not spec.model:
            problems = [Diagnostic("SYN004", Span(source, 0, 0), "this file declares nothing")]
        if problems:
            raise CompileError(problems)
        assert spec is not None
        return spec


def before(source: Source, offset: int) -> Failure | None:
    """The parser's state at a place in a text that may be broken: what may follow, and in which
    construct. None if the line itself is broken before that place."""
    with reading(source) as reader:
        return reader.before(offset)


def refusals(source: Source) -> list[Diagnostic]:
    """Errors for a text that is not read at all."""
    return [_too_large(source)] if len(source.text) > MAX_LENGTH else _hidden(source)


def _too_large(source: Source) -> Diagnostic:
    return Diagnostic(
        "SYN028",
        Span(source, 0, 0),
        f"this file has {len(source.text):,} characters, more than {MAX_LENGTH:,}",
        help='long tables of parameters may stand in a file of their own: `from: "table.csv"`',
    )


def _hidden(source: Source) -> list[Diagnostic]:
    """Characters, also in comments and strings, that make a text look different from what it is."""
    return [
        Diagnostic(
            "SYN036",
            Span(source, match.start(), match.end()),
            f"the character U+{ord(match[0]):04X} cannot be seen, and changes what is seen",
            help="delete it",
        )
        for match in islice(UNSEEN.finditer(source.text), MOST_HIDDEN)
    ]


# Reading ----------------------------------------------------------------------------------------


class Chunk(NamedTuple):
    """A part of a text that may be a declaration; whether it starts with a declaration's word."""

    start: int
    end: int
    declares: bool


class Reader:
    """The compiled grammar, with the builder that it feeds."""

    def __init__(self) -> None:
        self.builder = Builder()
        self.layout = Indentation()
        self.tables = tables = tables_of(resource_dir("grammars"), self.layout)
        self.terminals = tables.tokens()
        conf = LexerConf(
            self.terminals, re, tables.ignored, g_regex_flags=re.ASCII, skip_validation=True
        )
        self.parser = tables.parser(self.builder)
        self.lexer = StateLexer(conf, self.parser.parse_table.states, self.layout)
        self.failure: Diagnostic | None = None
        self.stop: Failure | None = None  # the place of the failure, unless it is a layout error
        # A terminal's name in messages: its text if it is a fixed one, otherwise its kind.
        self.kinds = {"$END": "END"}
        for terminal in self.terminals:
            fixed = terminal.pattern.type == "str"
            name = terminal.name.removeprefix("expressions__").lstrip("_")
            self.kinds[terminal.name] = terminal.pattern.value if fixed else name
        self.kinds |= {"_INDENT": "INDENT", "_DEDENT": "DEDENT", "RSQB_UNIT": "]"}

    def open(self, source: Source) -> None:
        self.builder.reset(source)
        self.text = source.text + "\n"

    def read(self, start: int, end: int) -> Spec | None:
        """The tree of a part, or None and `failure`."""
        self.failure = self.stop = None
        if start == 0 and self.text.startswith("\ufeff"):
            start = 1  # a byte order mark
        try:
            text = LexerThread.from_text(self.lexer, TextSlice(self.text, start, end))
            return cast(Spec, self.parser.parse(text, START))
        except LayoutError as error:
            self.failure = self._explain_layout(error)
        except UnexpectedInput as error:
            self.stop = self._failure(error, start)
            from .syntax_errors.explain import explain  # most specs have no errors

            self.failure = explain(self.stop)
        return None

    def each(
        self, chunks: Sequence[Chunk], known: Sequence[Spec | None] = ()
    ) -> tuple[list[Spec | None], list[Diagnostic]]:
        """The tree of each declaration, except those that are `known`, and an error for each one
        that fails."""
        specs = [*known] or [None] * len(chunks)
        errors: list[Diagnostic] = []
        follows_error = False
        for place, (start, end, declares) in enumerate(chunks):
            specs[place] = specs[place] or self.read(start, end)
            if specs[place] is not None:
                follows_error = False
            elif self.failure and (declares or not follows_error):
                errors.append(self.failure)
                follows_error = True
                if self.failure.code == "SYN013":  # after an unclosed docstring nothing is certain
                    break
        return specs, errors

    # Broken texts: a declaration is read without the lines at which it fails ----------------------

    def mended(self, start: int, end: int) -> Spec | None:
        for _ in range(_MENDED_LINES):
            spec = self.read(start, end)
            if spec is not None or not self._blank(start, end):
                return spec
        return None

    def before(self, offset: int) -> Failure | None:
        self.text = self.text[:offset] + "\0\n"  # no token holds this character
        start = self.chunks()[-1].start
        for _ in range(_MENDED_LINES):
            if self.read(start, len(self.text)) is not None:
                break  # the place is in a comment
            if self.stop is not None and self.stop.piece.start == offset:
                return self.stop
            if not self._blank(start, self.text.rfind("\n", 0, offset) + 1):
                break
        return None

    def _blank(self, start: int, end: int) -> bool:
        """Overwrite the line of the failure, if it is one of these and not blank already."""
        assert self.failure is not None
        at = self.failure.span.start
        if at == end and at > start:
            at -= 1
        first, last = self.text.rfind("\n", 0, at) + 1, self.text.find("\n", at)
        if not start <= first < end or not self.text[first:last].strip():
            return False
        self.text = self.text[:first] + " " * (last - first) + self.text[last:]
        return True

    def chunks(self) -> list[Chunk]:
        """The top-level declarations."""
        found: list[Chunk] = []
        begin, declares, brackets = 0, False, 0
        for match in _OUTLINE.finditer(self.text):
            word, sign = match["word"], match[0]
            if word and (brackets == 0 or word in DECLARATIONS):
                if match.start() > begin and self.text[begin : match.start()].strip("\ufeff \r\n"):
                    found.append(Chunk(begin, match.start(), declares))
                    begin = match.start()
                declares, brackets = word in (*DECLARATIONS, "model"), 0
            elif sign in ("(", "["):
                brackets += 1
            elif sign in (")", "]"):
                brackets = max(0, brackets - 1)
        return [*found, Chunk(begin, len(self.text), declares)]

    # Errors -------------------------------------------------------------------------------------

    def _explain_layout(self, error: LayoutError) -> Diagnostic:
        token: Any = error.token
        start, end = token.start_pos, token.end_pos
        if token.type == "_NEWLINE":
            start += token.rindex("\n") + 1
            if error.code == "SYN002":
                start = self.text.index("\t", start)
                end = start + 1
        span = Span(self.builder.source, start, max(end, start + 1))
        return Diagnostic(error.code, span, error.message, help=error.help)

    def _failure(self, error: UnexpectedInput, start: int) -> Failure:
        parser = error.interactive_parser
        previous = self.layout.latest
        if isinstance(error, UnexpectedToken):
            token = error.token
            if token is previous:
                previous = self.layout.before
            piece = self._piece(token)
        else:
            assert isinstance(error, UnexpectedCharacters)
            at = error.pos_in_stream or 0
            piece = Piece("CHARACTER", self.text[at], at, at + 1)
        return Failure(
            self.builder.source,
            start,
            piece,
            self._piece(previous) if previous else None,
            frozenset(self.kinds[name] for name in parser.accepts()),
            tuple(parser.parser_state.value_stack),
        )

    def _piece(self, token: Token) -> Piece:
        kind = self.kinds.get(token.type, token.type)
        start, end = token.start_pos or 0, token.end_pos or 0
        return Piece(kind, str(token), start, end)


# Words that start a line, and what may contain one: docstrings, strings, comments, brackets.
_OUTLINE = re.compile(
    r'^(?P<word>[A-Za-z_]\w*)|"""(?:[^"]|"(?!""))*"""|#[^\n]*|"[^"\r\n]*"|[()\[\]]',
    re.MULTILINE | re.ASCII,
)
_MENDED_LINES = 20  # of a declaration, at most
_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def reading(source: Source) -> Iterator[Reader]:
    """The only reader, on a text."""
    with _ONE_AT_A_TIME:
        reader = _reader()
        reader.open(source)
        yield reader


@functools.cache
def _reader() -> Reader:
    return Reader()
