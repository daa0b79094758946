"""The language's colours for Pygments: in Sphinx, in notebooks, and in LaTeX with minted."""

from __future__ import annotations

from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from ..language.builtins import CONSTANTS, DISTRIBUTIONS, FUNCTIONS, LISTS, PATTERNS
from ..language.builtins_audio import FILTERS, SOUNDS
from ..language.clauses import CLAUSES, DECLARATIONS
from ..language.syntax_errors.failure import FLAGS
from ..language.units import all_names

_CLAUSES = {word for clauses in CLAUSES.values() for clause in clauses for word in clause.split()}
_INSIDE = (
    "of every in blocks as across from to per where independent samples set off frozen spikes and"
    " store restore except at start until or not deliver normalise continuously first gap repeat"
    " after block pre post"
).split()


class StdpLexer(RegexLexer):
    """`.stdp` specs. No text makes it fail: what it does not know, it leaves plain."""

    name = "stdp"
    aliases = ["stdp"]
    filenames = ["*.stdp"]
    mimetypes: list[str] = []

    tokens = {
        "root": [
            (r"\s+", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (r'"""(?:[^"]|"(?!""))*(?:"""|\Z)', String.Doc),
            (r'"[^"\n]*"?', String.Double),
            (
                r"^(neuron|rule|layer|connect|sound|filterbank|model)([ ]+)(\w+)",
                bygroups(Keyword.Declaration, Whitespace, Name.Class),
            ),
            (words(tuple(DECLARATIONS), prefix=r"^", suffix=r"\b"), Keyword.Declaration),
            (
                words(tuple(sorted(_CLAUSES)), prefix=r"(?:(?<=^ {4})|(?<=^ {2}))", suffix=r"\b"),
                Keyword,
            ),
            (r"\bd(\w+)/dt\b", Name.Variable),
            (
                r"((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([ ])(?=[A-Za-z])",
                bygroups(Number, Whitespace),
                "unit",
            ),
            (r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", Number),
            (r"(\])([ ])(?=[A-Za-z])", bygroups(Punctuation, Whitespace), "unit"),
            (
                r"(:)([ ])(?=(?:volt|amp|siemens|second|Hz|1|integer|boolean)\b)",
                bygroups(Punctuation, Whitespace),
                "unit",
            ),
            (
                words(
                    (*FUNCTIONS, *DISTRIBUTIONS, *LISTS, *PATTERNS, *SOUNDS, *FILTERS),
                    prefix=r"\b",
                    suffix=r"(?=\()",
                ),
                Name.Builtin,
            ),
            (words((*PATTERNS,), prefix=r"(?<=pattern: )", suffix=r"\b"), Name.Builtin),
            (words(tuple(CONSTANTS), prefix=r"\b", suffix=r"\b"), Name.Builtin),
            (words(tuple(f"({flag})" for flag in FLAGS.values())), Keyword.Type),
            (words(tuple(_INSIDE), prefix=r"\b", suffix=r"\b"), Keyword),
            (r"->|[-+*/]=|==|!=|<=|>=|\*\*|//|[-+*/%<>=]", Operator),
            (r"[:,.()\[\]|]", Punctuation),
            (r"\w+", Name),
            (r".", Name),
        ],
        "unit": [
            (words(("1", "integer", "boolean", *all_names()), suffix=r"\b"), Keyword.Type),
            (r"[*/](?=[A-Za-z])|\*\*-?\d+", Keyword.Type),
            (r"", Whitespace, "#pop"),
        ],
    }
