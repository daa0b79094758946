"""Text to tree. The only user of lark.

`parse` reads a whole file; where that fails it reads each declaration by itself, so that one
mistake in each of them is reported at once.
"""

from __future__ import annotations

import functools
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

from lark import Lark, Token
from lark.exceptions import LarkError, UnexpectedCharacters, UnexpectedToken
from lark.indenter import Indenter
from lark.lexer import PatternRE, PatternStr, TerminalDef
from lark.utils import TextSlice

from .ast import Spec
from .builder import Builder
from .resources import resource_dir
from .source import Source


class Indentation(Indenter):
    """Turns the indentation of lines into tokens; inside brackets lines do not count."""

    NL_type = "_NEWLINE"
    OPEN_PAREN_types = ["LPAR", "LSQB"]
    CLOSE_PAREN_types = ["RPAR", "RSQB", "RSQB_UNIT"]
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 8


def _whole_words(terminal: TerminalDef) -> None:
    """A keyword must not match the beginning of a longer word."""
    if isinstance(terminal.pattern, PatternStr) and terminal.pattern.value.isalpha():
        terminal.pattern = PatternRE(terminal.pattern.value + r"\b")
        terminal.priority = 1


def parse(source: Source) -> Spec:
    """The tree of a file. Raises CompileError with all the syntax errors that were found."""
    lark, builder = _lark()
    builder.reset(source)
    return lark.parse(source.text + "\n")


@functools.cache
def _lark() -> tuple[Lark, Builder]:
    builder = Builder()
    lark = Lark.open(
        str(resource_dir("grammars") / "stdp.lark"),
        parser="lalr",
        lexer="contextual",
        postlex=Indentation(),
        transformer=builder,
        keep_all_tokens=True,  # the builder takes spans from them
        maybe_placeholders=False,
        edit_terminals=_whole_words,
        g_regex_flags=re.ASCII,
    )
    return lark, builder
