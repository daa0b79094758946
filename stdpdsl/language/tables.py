"""The parser's tables, kept between runs because making them takes longer than the rest of `check`.

lark's own cache makes objects of all 1,200 states when it is read, which also takes longer than to
parse a spec. Here a row of the table, or a rule, is made when a parser first needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import lark
from lark.grammar import Rule
from lark.indenter import Indenter
from lark.lexer import TerminalDef
from lark.parse_tree_builder import ParseTreeBuilder
from lark.parsers.lalr_analysis import IntParseTable, Reduce, Shift
from lark.parsers.lalr_parser import _Parser

from ..cached import cached

START = "start"  # the rule of a whole file
Key = TypeVar("Key")
Value = TypeVar("Value")


class MadeWhenUsed(dict[Key, Value]):
    """A dictionary that makes a value when it is first asked for."""

    def __init__(self, make: Callable[[Key], Value]):
        self.make = make

    def __missing__(self, key: Key) -> Value:
        self[key] = value = self.make(key)
        return value

    def __bool__(self) -> bool:
        return True  # although it may be empty: lark asks whether there are callbacks


class Tables(NamedTuple):
    """What lark makes of the grammar, as JSON can hold it."""

    terminals: list[dict[str, Any]]
    ignored: list[str]
    rules: list[dict[str, Any]]
    rows: list[dict[str, int]]
    """For each state and each token or rule that may come next: the state after it, or
    ~(the number of the rule that is complete)."""
    first: int
    last: int

    def tokens(self) -> list[TerminalDef]:
        return [TerminalDef.deserialize(terminal, {}) for terminal in self.terminals]

    def parser(self, builder: object) -> _Parser:
        """A parser that calls a method of `builder` for each rule that is complete."""
        rules: MadeWhenUsed[int, Rule] = MadeWhenUsed(
            lambda number: Rule.deserialize(self.rules[number], {})
        )

        def row(state: int) -> dict[str, tuple]:
            return {
                name: (Shift, after) if after >= 0 else (Reduce, rules[~after])
                for name, after in self.rows[state].items()
            }

        def callback(rule: Rule) -> Callable[[list], Any]:
            return ParseTreeBuilder([rule], lark.Tree).create_callback(builder)[rule]

        states = MadeWhenUsed(row)
        table = IntParseTable(states, {START: self.first}, {START: self.last})
        callbacks: Any = MadeWhenUsed(callback)
        return _Parser(table, callbacks)


def tables_of(folder: Path, layout: Indenter) -> Tables:
    """The tables of the grammar in a folder."""
    grammars = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.lark"))]
    depends = [lark.__version__, *layout.always_accept, *grammars]
    return Tables(*cached("grammar", depends, __file__, lambda: _made(folder, layout)))


def _made(folder: Path, layout: Indenter) -> Tables:
    parser = lark.Lark.open(
        str(folder / "stdp.lark"),
        parser="lalr",
        postlex=layout,
        keep_all_tokens=True,  # the builder takes spans from them
        maybe_placeholders=False,
        start=START,
    )
    table = parser.parser.parser._parse_table
    numbers = {rule: number for number, rule in enumerate(parser.rules)}
    rows = [
        {
            name: after if action is Shift else ~numbers[after]
            for name, (action, after) in table.states[state].items()
        }
        for state in range(len(table.states))
    ]
    return Tables(
        [terminal.serialize() for terminal in parser.terminals],
        list(parser.ignore_tokens),
        [rule.serialize() for rule in parser.rules],
        rows,
        table.start_states[START],
        table.end_states[START],
    )
