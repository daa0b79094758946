"""What is wrong with a text that the grammar rejects, in a modeller's words.

The parser hands over where it stopped and what it would have taken; `explain` looks for the cause
from the most telling to the least: the layout, single characters, known slips, then `found A,
expected B`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .builtins import CONSTANTS, FUNCTIONS, PATTERNS
from .diagnostics import Diagnostic, Label, did_you_mean
from .source import Source, Span

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
# The blocks that hold statements, equations or lines of their own, for "is no clause of".
BLOCKS = {*DECLARATIONS, "phases", "table", "model"}
RESERVED_WORDS = frozenset(
    {"and", "or", "not", "deliver", "from", "normalise", "spikes", "set"}
)
OF_A_RULE = {
    "pre": "declare `x` in the `neuron:` of the source, and read it as `x_pre`",
    "reset": "what happens once per spike of the target stands under `post reset:`",
    "every": "`every …:` stands in the connection that uses the rule",
}
VALUE = frozenset({"NUMBER", "NAME", "("})  # an expression may start here
OPERATORS = frozenset({"+", "-", "*", "/", "//", "%", "**", "COMPARE", "and", "or"})
LAYOUT_KINDS = frozenset({"NEWLINE", "INDENT", "DEDENT", "END"})

CHARACTERS = {
    "\r": "lines end with a line feed, alone or behind a carriage return: save the file so",
    "‘": "strings stand in straight double quotes",
    "’": "strings stand in straight double quotes",
    "“": "strings stand in straight double quotes",
    "”": "strings stand in straight double quotes",
    "„": "strings stand in straight double quotes",
    "'": "strings stand in straight double quotes",
    "`": "names are written without quotes",
    "\\": "lines go on freely inside brackets; nothing else continues a line",
    "−": "a minus sign is written `-`",
    "–": "a minus sign is written `-`",
    "—": "a minus sign is written `-`",
    "×": "multiplication is written `*`",
    "·": "multiplication is written `*`",
    "÷": "division is written `/`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "→": "write `->`",
    "²": "a square is written `**2`",
    "³": "a cube is written `**3`",
    "µ": "micro is written `u`, as in `us`",
    "μ": "micro is written `u`, as in `us`",
    "Ω": "write `ohm`",
    "∞": "write `inf`",
    "π": "write `pi`",
    "τ": "spell it out: `tau`",
    "\xa0": "this is a no-break space; write a plain one",
    "\ufeff": "this is an invisible byte order mark; delete it",
    "\u200b": "this is an invisible space; delete it",
    "{": "lists stand in `[ ]`",
    "}": "lists stand in `[ ]`",
    "$": "formulas are written without `$`",
}
OPERATOR_SLIPS = {
    "&&": "write `and`",
    "||": "write `or`",
    "^": "a power is written `**`",
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`",
    "~": "write `not`",
    "@": "",
    "?": "",
}
PYTHON_WORDS = {
    "if": "a condition counts as a number in `int(condition)`, so multiply with it",
    "else": "a condition counts as a number in `int(condition)`, so multiply with it",
    "for": "an expression holds for every neuron or synapse as it is",
    "lambda": "write the formula itself",
    "is": "equality is written `==`",
    "xor": "write it with `and`, `or`, `not`",
}
FLAGS = {
    "unless": "unless refractory",
    "constant": "constant",
    "shared": "shared",
}


@dataclass(frozen=True)
class Piece:
    """A token where the parser stopped, or the one before it.

    `kind` is NAME, NUMBER, QUANTITY, STRING, DOC, NEWLINE, INDENT, DEDENT, END, CHARACTER for what
    is no token at all, or the text itself for keywords and signs.
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
    """Where and in what state the parser stopped. `expected` holds kinds as in `Piece`.

    `stack` holds what was read but is not complete yet: tokens (`str`) and nodes.
    """

    source: Source
    start: int  # of the text that was given to the parser
    piece: Piece
    previous: Piece | None
    expected: frozenset[str]
    stack: tuple[Any, ...] = ()

    @property
    def span(self) -> Span:
        """The piece itself; before a line's end, the place behind what stands on the line."""
        if self.piece.kind in LAYOUT_KINDS and self.previous:
            previous = self.previous
            at = previous.start if previous.kind == "NEWLINE" else previous.end
            return Span(self.source, at, at)
        return Span(self.source, self.piece.start, self.piece.end)

    def context(self, words: Iterable[str]) -> str:
        """The innermost unfinished construct that one of the words opens."""
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
        """Behind the name with which a statement starts."""
        return "+=" in self.expected

    @property
    def starts_line(self) -> bool:
        return self.previous is None or self.previous.kind in LAYOUT_KINDS


def explain(failure: Failure) -> Diagnostic:
    """The most telling account of a failure."""
    for cause in CAUSES:
        found = cause(failure)
        if found:
            return found
    return _unexpected(failure)


# Causes, the most telling first ------------------------------------------------------------------


def _unclosed_docstring(f: Failure) -> Diagnostic | None:
    text, at = f.source.text, f.piece.start
    if f.piece.kind == "CHARACTER" and text.startswith('"""', at):
        span = Span(f.source, at, at + 3)
        return Diagnostic("SYN013", span, "this docstring has no end", help='end it with `"""`')
    previous = f.previous
    if previous and previous.kind == "DOC" and "\n" in previous.text and f.piece.kind != "NEWLINE":
        opening = Span(f.source, previous.start, previous.start + 3)
        closing = Span(f.source, previous.end - 3, previous.end)
        return Diagnostic(
            "SYN013",
            opening,
            f"this docstring goes on to line {closing.line}, where text follows its end",
            labels=(Label(closing, "it ends here"),),
            help="was it to end before?",
        )
    return None


def _unclosed_string(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "CHARACTER" or f.piece.text != '"':
        return None
    line_end = f.source.text.find("\n", f.piece.start)
    end = len(f.source.text) if line_end < 0 else line_end
    end = f.piece.start + len(f.source.text[f.piece.start : end].rstrip())
    span = Span(f.source, f.piece.start, end)
    return Diagnostic("SYN012", span, "this string has no end", help='end it with `"`')


_BRACKETS = re.compile(r'"""(?:[^"]|"(?!""))*"""|"[^"\r\n]*"|#[^\n]*|[()\[\]]')
_CLOSING = {"(": ")", "[": "]"}


def _open_brackets(text: str, start: int, end: int) -> list[tuple[str, int]]:
    """The brackets open at `end`, outermost first."""
    opened: list[tuple[str, int]] = []
    for match in _BRACKETS.finditer(text, start, end):
        sign = match[0]
        if sign in _CLOSING:
            opened.append((sign, match.start()))
        elif sign in ")]" and opened and _CLOSING[opened[-1][0]] == sign:
            opened.pop()
    return opened


_NEXT_DECLARATION = re.compile(rf"^(?:{'|'.join(DECLARATIONS)})\b", re.MULTILINE)


def _unclosed_bracket(f: Failure) -> Diagnostic | None:
    opened = _open_brackets(f.source.text, f.start, f.piece.start)
    if not opened or f.piece.text in (")", "]"):
        return None
    sign, at = opened[-1]
    if "\n" not in f.source.text[at : f.piece.start] and f.piece.kind not in LAYOUT_KINDS:
        return None
    # A bracket that is closed in the same declaration is not the cause.
    after = _NEXT_DECLARATION.search(f.source.text, at)
    end = after.start() if after else len(f.source.text)
    if (sign, at) not in _open_brackets(f.source.text, f.start, end):
        return None
    span = Span(f.source, at, at + 1)
    return Diagnostic("SYN014", span, f"this `{sign}` is never closed")


def _wrong_bracket(f: Failure) -> Diagnostic | None:
    sign = f.piece.text
    if sign not in (")", "]"):
        return None
    opened = _open_brackets(f.source.text, f.start, f.piece.start)
    if not opened:
        return Diagnostic("SYN015", f.span, f"this `{sign}` closes nothing")
    opening, at = opened[-1]
    if _CLOSING[opening] == sign:
        return None
    where = Label(Span(f.source, at, at + 1), "opened here")
    message = f"`{sign}` cannot close `{opening}`"
    return Diagnostic(
        "SYN015", f.span, message, labels=(where,), help=f"write `{_CLOSING[opening]}`"
    )


def _semicolon(f: Failure) -> Diagnostic | None:
    if f.piece.text != ";":
        return None
    return Diagnostic(
        "SYN021", f.span, "`;` separates nothing", help="start a new line for each statement"
    )


def _operator_slip(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "CHARACTER" and not (f.piece.kind == "|" and f.after_value):
        return None
    at = f.piece.start
    for sign, hint in OPERATOR_SLIPS.items():  # the longer ones first
        if f.source.text.startswith(sign, at):
            span = Span(f.source, at, at + len(sign))
            return Diagnostic("SYN011", span, f"`{sign}` is not an operator", help=hint)
    return None


def _unknown_character(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "CHARACTER":
        return None
    sign = f.piece.text
    name = f"`{sign}`" if sign.isprintable() and sign != "`" else f"U+{ord(sign):04X}"
    hint = CHARACTERS.get(sign, "")
    if sign == "'" and f.previous and f.previous.is_word and f.previous.end == f.piece.start:
        hint = f"a derivative is written `d{f.previous.text}/dt`"
    if not hint and sign.isalpha():
        hint = "names are made of letters from a to z, digits and `_`"
    return Diagnostic("SYN010", f.span, f"the character {name} has no meaning here", help=hint)


def _unit_apart(f: Failure) -> Diagnostic | None:
    previous, piece = f.previous, f.piece
    if not previous or not piece.is_word or previous.kind not in ("NUMBER", "]"):
        return None
    span = Span(f.source, previous.start, piece.end)
    gap = f.source.text[previous.end : piece.start]
    if gap == "" and previous.kind == "NUMBER" and re.match(r"_|[xXbBoO]\d|[eE]$|j$", piece.text):
        hint = "large numbers are written without `_`" if piece.text[0] == "_" else ""
        return Diagnostic("SYN023", span, f"`{span.text}` is not a number", help=hint)
    if gap == "":
        number = previous.text if previous.kind == "NUMBER" else "[…]"
        spot = span if previous.kind == "NUMBER" else Span(f.source, previous.start, piece.end)
        return Diagnostic(
            "SYN008",
            spot,
            "a space is missing between the number and its unit",
            help=f"write `{number} {piece.text}`",
        )
    if gap != " " and gap.isspace() and "\n" not in gap:
        number = previous.text if previous.kind == "NUMBER" else "[…]"
        return Diagnostic(
            "SYN009",
            Span(f.source, previous.end, piece.start),
            "a number and its unit are separated by exactly one space",
            help=f"write `{number} {piece.text}`",
        )
    return None


def _chained_comparison(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "COMPARE" or not f.after_value:
        return None
    left, sign, right = f.stack[-3:] if len(f.stack) >= 3 else (None, None, None)
    hint = ""
    labels: tuple[Label, ...] = ()
    if isinstance(sign, str) and hasattr(left, "span") and hasattr(right, "span"):
        middle = right.span.text
        hint = f"write `{left.span.text} {sign} {middle} and {middle} {f.piece.text} …`"
        at = Span(f.source, sign.start_pos, sign.end_pos)  # type: ignore[attr-defined]
        labels = (Label(at, "the first comparison"),)
    return Diagnostic("SYN016", f.span, "comparisons do not chain", labels=labels, help=hint)


_QUOTED = re.compile(r"([\"'])(.*?)\1")


def _quoted(f: Failure) -> Diagnostic | None:
    """An expression or a statement in quotes, as Brian2 has them, or a mere string."""
    quoted = _QUOTED.match(f.source.text, f.piece.start)
    statement = {"deliver", "NAME"} <= f.expected
    if f.piece.text[:1] not in ("'", '"') or not quoted or not (f.wants_value or statement):
        return None
    span = Span(f.source, *quoted.span())
    hint = f"leave out the quotes: `{quoted[2].strip()}`" if quoted[2].strip() else ""
    what = "an expression" if f.wants_value else "a statement"
    return Diagnostic("SYN017", span, f"{what} is written without quotes", help=hint)


_DRAWS = {
    "uniform(0, 1)": ("rand", "random", "random_sample", "uniform"),
    "normal(0, 1)": ("randn", "normal", "standard_normal", "gauss"),
    "lognormal(0, 1)": ("lognormal", "lognormvariate"),
    "exponential(1)": ("exponential", "standard_exponential", "expovariate"),
    "integers(0, 10)": ("randint", "integers", "choice"),
    "binomial(10, 0.5)": ("binomial",),
    "gamma(2, 0.5)": ("gamma", "standard_gamma", "gammavariate"),
    "truncated_normal(0, 1, -2, 2)": ("truncnorm",),
}
_CHAIN = re.compile(r"(?:\w+[.])+\w+")
_MODULE = re.compile(r"(?:np|numpy|math|random|b2|brian2|scipy)(?:[.]\w+)*?[.](\w+)")


def _module(f: Failure) -> Diagnostic | None:
    """A function of NumPy's, `np.exp(x)` or `np.random.rand()`."""
    previous = f.previous
    if f.piece.kind != "." or not previous or not (f.after_value or f.after_target):
        return None
    at = previous.start
    chain = _CHAIN.match(f.source.text, at)
    named = chain and _MODULE.fullmatch(chain[0])
    if not chain or not named:
        return None
    name = named[1]
    hint = next((f"write `{ours}`" for ours, theirs in _DRAWS.items() if name in theirs), "")
    if not hint:
        near = did_you_mean(name, FUNCTIONS)
        hint = f"write `{name}(...)`" if name in FUNCTIONS else near
        hint = f"write `{name}`" if name in CONSTANTS else hint
    span = Span(f.source, at, at + len(chain[0]))
    return Diagnostic("SYN018", span, "no module stands before a name", help=hint)


def _attribute(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "." or not (f.after_value or f.after_target):
        return None
    hint = "a component's own names are written plainly; the other side's end in `_pre`, `_post`"
    if f.context({*BLOCKS, "derive"}) == "derive":
        last = re.match(r"[.]\s*(\w*)", f.source.text[f.piece.start :])
        hint = f"a column is named by its last part: `{last[1] if last else 'Apre'}`"
    elif f.context({"plasticity"}):
        hint = "a port is bound with `of`, as in `reward = spikes of VTA`"
    return Diagnostic("SYN018", f.span, "an expression has no dotted names", help=hint)


def _subscript(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "[" or not (f.after_value or f.after_target):
        return None
    return Diagnostic(
        "SYN019",
        f.span,
        "an expression has no subscripts",
        help="it holds for each neuron or synapse; `i` and `j` are their indices",
    )


def _python(f: Failure) -> Diagnostic | None:
    for piece in (f.previous, f.piece):
        if piece and piece.text in PYTHON_WORDS and (f.after_value or f.after_target):
            span = Span(f.source, piece.start, piece.end)
            return Diagnostic(
                "SYN020",
                span,
                f"there is no `{piece.text}` in the language",
                help=PYTHON_WORDS[piece.text],
            )
    return None


def _equation_without_unit(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "NEWLINE" or ":" not in f.expected:
        return None
    if f.context([*BLOCKS, "equations", "parameters", "on", "every", "reset"]) != "equations":
        return None
    return Diagnostic(
        "SYN029",
        f.span,
        "this equation has no unit",
        help="end it with `: volt`, say, or `: 1` for a plain number",
    )


def _missing_body(f: Failure) -> Diagnostic | None:
    previous = f.previous
    if "INDENT" in f.expected and previous and previous.kind == "NEWLINE":
        line = f.source.text[: previous.start].rpartition("\n")[2]
        start = previous.start - len(line.lstrip())
        span = Span(f.source, start, previous.start)
        return Diagnostic(
            "SYN027", span, "this header has no body", help="indent the lines that belong to it"
        )
    if f.piece.kind == "DEDENT" and f.starts_line:
        return Diagnostic("SYN027", f.span, f"this body lacks {_one_of(f.expected)}")
    return None


def _indentation(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "INDENT":
        return None
    line = f.source.text.rfind("\n", 0, f.piece.end) + 1
    span = Span(f.source, line, max(line + 1, f.piece.end))
    return Diagnostic(
        "SYN003",
        span,
        "this line is indented further than the one before",
        help="lines of one body start in the same column",
    )


def _colon_or_equals(f: Failure) -> Diagnostic | None:
    text = f.piece.text
    if text == "=" and ":" in f.expected and not f.after_value:
        return Diagnostic(
            "SYN006", f.span, "a clause is written with `:`", help="write `:` for `=`"
        )
    if text == ":" and "=" in f.expected and f.previous and f.previous.kind != "DERIVATIVE":
        return Diagnostic("SYN007", f.span, "a value is given with `=`", help="write `=` for `:`")
    if text == "=" and f.previous and (f.previous.text, f.previous.end) == ("=", f.piece.start):
        span = Span(f.source, f.previous.start, f.piece.end)
        message = "`==` compares; it gives no value"
        return Diagnostic("SYN032", span, message, help="write `=` to give a value")
    if text == "=" and f.after_value and "and" in f.expected:
        return Diagnostic(
            "SYN032",
            f.span,
            "`=` gives a value; it does not compare",
            help="write `==` to compare",
        )
    return None


_DESIGNS = ("random", "sobol", "latin_hypercube")
_SAMPLES = "write how many: `{}: 3 samples`"


def _missing_colon(f: Failure) -> Diagnostic | None:
    if ":" not in f.expected or f.piece.kind not in ("NEWLINE", "END", *_values()):
        return None
    if f.piece.kind != "NEWLINE" and (f.after_value or not f.previous):
        return None
    at = f.previous.end if f.previous else f.piece.start
    header = f.source.text[f.source.text.rfind("\n", 0, at) + 1 : at].strip()
    if f.piece.kind != "NEWLINE":
        header = f.previous.text if f.previous else ""
    return Diagnostic(
        "SYN005",
        Span(f.source, at, at),
        f"`:` is missing after `{header}`" if len(header) <= 60 else "`:` is missing",
        help=_SAMPLES.format(header) if header in _DESIGNS else "",
    )


def _values() -> tuple[str, ...]:
    return ("NAME", "NUMBER", "QUANTITY", "STRING")


def _unknown_word(f: Failure) -> Diagnostic | None:
    """A line that starts with a word which is no declaration, or no clause of its declaration."""
    piece = f.piece
    if not piece.is_word or "NAME" in f.expected or f.after_value:
        return None
    if not f.starts_line and not (f.previous and f.previous.text == ":"):
        return None
    words = [word for word in f.expected if word.isidentifier() and word.islower()]
    if not words:
        return None
    if {"layer", "rule"} <= f.expected:
        return _unknown_declaration(f, words)
    owner = f.context(BLOCKS)
    hint = did_you_mean(piece.text, words) or f"it may have {_one_of(words, 'and')}"
    following = re.match(r" *([-+*/]?)=", f.source.text[piece.end : piece.end + 20])
    if following and "on" in words and (following[1] or "parameters" not in words):
        where = "`reset:`, `every …:`" if "reset" in words else "`on pre:`, `on post:`"
        hint = f"statements stand under {where}"
    elif following and "parameters" in words:
        hint = "values stand under `parameters:`"
    elif owner == "rule" and piece.text in OF_A_RULE:
        hint = OF_A_RULE[piece.text]
    elif "on" in words and (trigger := re.fullmatch("on_(pre|post)", piece.text)):
        hint = f"write `on {trigger[1]}:`"
    elif owner == "connect":
        hint = _of_a_connection(f) or hint
    message = f"`{piece.text}` is no clause of `{owner}`" if owner else ""
    return Diagnostic("SYN024", f.span, message or f"`{piece.text}` is no clause", help=hint)


_BRIAN2_LINE = re.compile(r"[.](\w+)[ ]*(?:=[ ]*([^#\n]*)|[(])")


def _of_a_connection(f: Failure) -> str:
    """`synapses.w = 0.5` and `synapses.connect(p = 0.1)` are lines of Brian2."""
    line = _BRIAN2_LINE.match(f.source.text, f.piece.end)
    if line is None:
        return ""
    name, value = line[1], (line[2] or "").strip().strip("\"'")
    if name == "connect":
        return "in the connection, write `pattern:`, as in `pattern: random(p = 0.1)`"
    if name == "delay":
        return f"in the connection, write `delay: {value}`"
    return f"in the layer or connection, write `initial: {name} = {value}`" if value else ""


def _unknown_declaration(f: Failure, words: list[str]) -> Diagnostic:
    word = f.piece.text
    if word == "model":
        message = "the `model` line comes first, and once"
        return Diagnostic("SYN025", f.span, message)
    hint = did_you_mean(word, words) or f"a declaration is {_one_of(words)}"
    if mine := _of_a_connection(f):
        return Diagnostic("SYN025", f.span, f"`{word}` starts no declaration", help=mine)
    following = f.source.text[f.piece.end :].lstrip(" ")[:1]
    if following in (":", "=") and not did_you_mean(word, words):
        hint = "a line that belongs to a declaration is indented"
    return Diagnostic("SYN025", f.span, f"`{word}` starts no declaration", help=hint)


def _reserved(f: Failure) -> Diagnostic | None:
    if f.piece.text not in RESERVED_WORDS or "NAME" not in f.expected:
        return None
    if f.wants_value and f.piece.text in ("and", "or"):
        return None
    hint = "choose another name"
    if f.piece.text == "spikes" and f.context({"ports"}):
        hint = "a port that takes spikes has no unit"
    elif f.piece.text == "spikes" and f.context({"plasticity"}):
        hint = "name the port: `PORT = spikes of LAYER`"
    return Diagnostic("SYN022", f.span, f"`{f.piece.text}` is a reserved word", help=hint)


def _unexpected(f: Failure) -> Diagnostic:
    hint = _advice(f)
    message = f"found {_found(f.piece)}, expected {_one_of(f.expected)}"
    return Diagnostic("SYN001", f.span, message, help=hint)


def _advice(f: Failure) -> str:
    """What may have been meant, where nothing more certain is known."""
    piece, previous = f.piece, f.previous
    before = previous.text if previous else ""
    line = f.source.line(f.span.line).strip()
    if piece.kind == "DOC":
        return "a docstring stands around the model line, and first in a neuron, rule or connection"
    if "-" in line and set(line) <= set("|-:+ "):
        return "a table has no line between its head and its rows"
    if piece.text == "|" and before == "|":
        head = "[" in f.expected or "." in f.expected or f.expected <= {"NAME", "NEWLINE"}
        return "give this column a name" if head else "each cell holds a value"
    if piece.text in FLAGS and "in" in f.expected:
        return f"flags stand in parentheses: `({FLAGS[piece.text]})`"
    if piece.text in ("event", "clock") and "in" in f.expected:
        return "leave it out: the compiler chooses event-driven integration where it is exact"
    if piece.text in ("if", "except", "without") and "where" in f.expected:
        return "write `where`, as in `where i != j`"
    if piece.text == ":" and f.context({*BLOCKS, "parameters"}) == "parameters":
        return "a parameter has the dimensions of its value: leave out what follows"
    if piece.text == "*" and before == "]":
        return "a list's unit follows after one space: `[10, 20] ms`"
    if line.removesuffix(":") in _DESIGNS and piece.kind == "NEWLINE":
        return _SAMPLES.format(line.removesuffix(":"))
    if piece.text == "[" and before == "=":
        return "one value stands here; a list is an axis of the sweep, `COMPONENT.NAME = [...]`"
    after = f.source.text[piece.end :]
    if piece.text == "," and previous and previous.kind in ("NUMBER", "QUANTITY"):
        if previous.end == piece.start and (digits := re.match(r"\d+", after)):
            return f"the decimal sign is a point: `{before}.{digits[0]}`"
        axis = re.search(r"= *([^=#]+?)( [A-Za-z][\w*/]*)? *(#.*)?$", line)
        if axis and f.context({*BLOCKS, "grid", "zip"}) in ("grid", "zip"):
            return f"a list stands in brackets: `[{axis[1]}]{axis[2] or ''}`"
    if piece.text == "-" and f.context({*BLOCKS, "pattern"}) == "pattern" and previous:
        word = re.match(r"[\w-]+", f.source.text[previous.start :])
        return did_you_mean(word[0].replace("-", "_"), PATTERNS) if word else ""
    if piece.text == "," and f.expected == {"NEWLINE"}:
        return "start a new line"
    if before == "from" and "STRING" in f.expected and not piece.is_word:
        return "`from` takes values from a file here: it is no name in an expression"
    if before == "requires":
        return "a rule requires variables of its target: `requires post:`"
    if piece.text == "," and f.context({"ports"}):
        return "each port stands on its own line"
    if f.context({"presets"}) and piece.kind == "NEWLINE" and before == ",":
        return "or one value per line, indented below the preset's name"
    if before == ":" and f.previous and f.context({"presets"}) and f.expected == {"NEWLINE"}:
        return "each preset has a name and a line of its own, below `presets:`"
    if f.after_target:
        return did_you_mean(before, ["deliver", "normalise"])
    if "and" in f.expected and "," not in f.expected and piece.kind in ("NAME", "("):
        return "multiplication is written `*`"
    if piece.is_word:
        return did_you_mean(piece.text, [word for word in f.expected if word.islower()])
    return ""


CAUSES = (
    _unclosed_docstring,
    _unclosed_string,
    _unclosed_bracket,
    _wrong_bracket,
    _semicolon,
    _operator_slip,
    _quoted,
    _unknown_character,
    _unit_apart,
    _chained_comparison,
    _module,
    _attribute,
    _subscript,
    _python,
    _missing_body,
    _indentation,
    _equation_without_unit,
    _colon_or_equals,
    _unknown_word,
    _reserved,
    _missing_colon,
)

# Words for what was found and what was expected -------------------------------------------------

_FOUND = {
    "NEWLINE": "the end of the line",
    "INDENT": "an indented line",
    "DEDENT": "the end of the indented lines",
    "END": "the end of the file",
    "STRING": "a string",
    "DOC": "a docstring",
}
_EXPECTED = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a string in quotes",
    "DERIVATIVE": "an equation",
    "FLAG_WORD": "a flag such as `unless refractory`",
    "INDENT": "an indented body",
    "NEWLINE": "the end of the line",
    "COMPARE": "a comparison",
}


def _found(piece: Piece) -> str:
    return _FOUND.get(piece.kind) or f"`{piece.text}`"


def _one_of(expected: Iterable[str], last: str = "or") -> str:
    """`a value, `where` or the end of the line`."""
    kinds = set(expected)
    parts = []
    if kinds >= VALUE:
        parts += ["a value", "a list"] if "[" in kinds else ["a value"]
        kinds -= {*VALUE, "QUANTITY", "[", "-", "+", "not"}
    if "*" in kinds and "+" in kinds:
        parts.append("an operator")
        kinds -= OPERATORS
        kinds -= {"independent", "("}
    if "+=" in kinds:
        parts.append("`=`, `+=`, `-=`, `*=`, `/=`")
        kinds -= {"=", "+=", "-=", "*=", "/="}
    if "DERIVATIVE" in kinds:
        kinds.discard("NAME")
    kinds -= {"QUANTITY", "DOC", "DEDENT", "END"}
    end = kinds & {"NEWLINE"}
    words = sorted(kinds - end - _EXPECTED.keys())
    parts += [_EXPECTED[kind] for kind in sorted(kinds - end) if kind in _EXPECTED]
    parts += [f"`{word}`" for word in words]
    parts += [_EXPECTED[kind] for kind in end]
    if len(parts) < 2:
        return parts[0] if parts else "nothing more"
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
