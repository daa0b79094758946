"""Text to tokens: lark's contextual lexer with our layout and keywords."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from typing import Any

from lark import Token
from lark.common import LexerConf
from lark.exceptions import LarkError
from lark.indenter import Indenter
from lark.lexer import BasicLexer, ContextualLexer, Scanner, TerminalDef

from .tables import MadeWhenUsed

MAX_BRACKETS = 100  # open at a time
RESERVED = ("AND", "OR", "NOT", "DELIVER", "NORMALISE", "SPIKES", "SET")

# Layout -----------------------------------------------------------------------------------------


class LayoutError(LarkError):
    """The text has a layout error that is found before the grammar is used."""

    def __init__(self, code: str, token: Token, message: str, help: str = ""):
        super().__init__(message)
        self.code, self.token, self.message, self.help = code, token, message, help


class Indentation(Indenter):
    """Turns the indentation of lines into tokens; inside brackets, indentation is ignored."""

    NL_type = "_NEWLINE"
    OPEN_PAREN_types = ("LPAR", "LSQB")  # type: ignore[assignment]
    CLOSE_PAREN_types = ("RPAR", "RSQB", "RSQB_UNIT")  # type: ignore[assignment]
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 8

    @property
    def always_accept(self) -> tuple[str, ...]:  # type: ignore[override]
        # For the lexer, any word may come anywhere; `Words` below tells keywords from names.
        # Reserved words stay reserved where no rule accepts them.
        return ("_NEWLINE", "NAME", *RESERVED)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        self.before: Token | None = None
        self.latest: Token | None = None
        for token in super().process(stream):
            self.before, self.latest = self.latest, token
            yield token
            if self.paren_level >= MAX_BRACKETS:
                message = f"more than {MAX_BRACKETS} brackets are open"
                raise LayoutError("SYN028", token, message, "give the parts names of their own")

    def handle_NL(self, token: Token) -> Iterator[Token]:
        if self.paren_level == 0:
            indentation = token.rsplit("\n", 1)[1]
            if "\t" in indentation:
                raise LayoutError(
                    "SYN002", token, "a tab stands in the indentation", "indent with spaces"
                )
            if (
                len(indentation) < self.indent_level[-1]
                and len(indentation) not in self.indent_level
            ):
                raise LayoutError(
                    "SYN003",
                    token,
                    "this line does not start in the column of an earlier line",
                    "lines of one body start in the same column",
                )
        return super().handle_NL(token)


# Words ------------------------------------------------------------------------------------------


class Words(BasicLexer):
    """lark's lexer for all tokens or, by `only`, for those that one parser state accepts.

    It reads any word as a NAME, then looks up the whole word among the keywords that the state
    accepts. lark would compile a regular expression with each state's keywords and operators.
    """

    def __init__(self, conf: LexerConf):
        super().__init__(conf)
        values = {t.name: t.pattern.value for t in conf.terminals}
        self.words = {name: value for name, value in values.items() if value.isidentifier()}
        self.others = frozenset(values.keys() - self.words.keys())
        self.accepted = frozenset(values)
        self.scanners: dict[frozenset[str], Scanner] = {}

    def only(self, accepted: frozenset[str]) -> Words:
        lexer = copy(self)
        lexer._scanner = None
        lexer.accepted = accepted
        return lexer

    def _build_scanner(self) -> Scanner:
        keywords = {self.words[name]: name for name in self.accepted if name in self.words}

        def look_up(word: Token) -> Token:
            word.type = keywords.get(word.value, "NAME")
            return word

        self.callback = {"NAME": look_up}
        others = self.others & self.accepted
        if others not in self.scanners:
            terminals = [t for t in self.terminals if t.name in others]
            flags = self.g_regex_flags, self.re, self.use_bytes
            self.scanners[others] = SharedScanner(terminals, *flags)
        return self.scanners[others]


class SharedScanner(Scanner):
    """lark's scanner, which tries the tokens one by one, and at the end all operators. So that a
    regular expression is compiled once, not for each set of tokens that some state accepts."""

    def _build_mres(self, terminals: list[TerminalDef], max_size: int) -> list:
        signs = operators(terminals)
        parts = [[t] for t in terminals if t.name not in signs]
        parts.append([t for t in terminals if t.name in signs])
        build = super()._build_mres  # `re` keeps what it has compiled
        return [mre for part in parts for mre in build(part, len(part))]


def operators(terminals: Iterable[TerminalDef]) -> set[str]:
    """The tokens that can stand in all scanners, because no two shorter ones that may follow each
    other look like one of them."""
    fixed = {t.name: t.pattern.value for t in terminals if t.pattern.type == "str"}
    return {"COMPARE", *(name for name, text in fixed.items() if not text.isidentifier())}


class StateLexer(ContextualLexer):
    """lark's contextual lexer, with `Words` in each state, and with layout.

    The lexer of a state is made when a text first leads there: a spec meets a quarter of them.
    """

    def __init__(self, conf: LexerConf, rows: Mapping[int, Iterable[str]], layout: Indentation):
        whole = Words(conf)
        always = {*conf.ignore, *layout.always_accept, *operators(conf.terminals)}
        known: dict[frozenset[str], Words] = {}

        def of_state(state: int) -> Words:
            accepted = frozenset(rows[state])
            if accepted not in known:
                known[accepted] = whole.only(accepted | always)
            return known[accepted]

        self.layout = layout
        self.root_lexer = whole
        self.lexers = MadeWhenUsed(of_state)

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Token]:
        return self.layout.process(super().lex(lexer_state, parser_state))
