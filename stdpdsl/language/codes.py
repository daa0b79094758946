"""The error codes: a title, and an explanation for `stdpdsl explain CODE`.

Each code has a file under tests/diagnostics/ with a failing spec, its exact message and the
corrected spec.
"""

from __future__ import annotations

from typing import NamedTuple

from .codes_check import CHECKS


class Code(NamedTuple):
    title: str
    explanation: str


SYNTAX = {
    "SYN001": Code(
        "something else is expected here",
        "The text up to this point is understood, but what stands here cannot follow it. "
        "The message lists what can.",
    ),
    "SYN002": Code(
        "tab in the indentation",
        "Indentation is made of spaces only: a tab is as wide as each editor likes, so the "
        "structure of a spec with tabs would depend on who reads it.",
    ),
    "SYN003": Code(
        "wrong indentation",
        "The lines of a body start in one column, to the right of their header. A line that "
        "starts elsewhere belongs to no body.",
    ),
    "SYN004": Code("empty spec", "A spec needs at least one declaration."),
    "SYN005": Code(
        "missing colon",
        "The header of a declaration and the word of a clause end in `:`.",
    ),
    "SYN006": Code(
        "`=` where `:` belongs",
        "Clauses of the language are written with `:` (`size: 10`), values with `=` "
        "(`tau_m = 10 ms`).",
    ),
    "SYN007": Code(
        "`:` where `=` belongs",
        "Values of parameters, constants and variables are given with `=` (`tau_m = 10 ms`); "
        "`:` belongs to the clauses of the language (`size: 10`).",
    ),
    "SYN008": Code(
        "number and unit not separated",
        "A number and its unit are separated by exactly one space: `5 ms`.",
    ),
    "SYN009": Code(
        "number and unit too far apart",
        "A number and its unit are separated by exactly one space: `5 ms`.",
    ),
    "SYN010": Code(
        "unknown character",
        "Outside strings, comments and docstrings a spec uses letters from a to z, digits, and "
        "the signs of the language.",
    ),
    "SYN011": Code(
        "unknown operator",
        "The operators are `+ - * / // % **`, the comparisons `< <= > >= == !=`, and `and or not`.",
    ),
    "SYN012": Code("string without end", "A string ends on its own line, with a double quote."),
    "SYN013": Code(
        "docstring without end", 'A docstring starts and ends with three quotes: `"""…"""`.'
    ),
    "SYN014": Code(
        "unclosed bracket",
        "Every `(` and `[` is closed again. Until then, lines go on freely, so the message is "
        "about the opening bracket.",
    ),
    "SYN015": Code(
        "bracket closes nothing", "A `)` closes a `(`, and a `]` a `[`, in the reverse order."
    ),
    "SYN016": Code(
        "chained comparison",
        "Brian2's expressions compare two values at a time: `0 < x and x < 1`.",
    ),
    "SYN017": Code(
        "string in an expression",
        "Strings name files, in the clauses that read them. Expressions are made of numbers "
        "and names.",
    ),
    "SYN018": Code(
        "attribute in an expression",
        "In an expression a name is a single word. Dotted names (`A1.tau_m`) address a "
        "component's parameter from outside: in a sweep and after `set`.",
    ),
    "SYN019": Code(
        "subscript in an expression",
        "An expression holds for each neuron or synapse; its variables carry no index. `i` and "
        "`j` are the indices of the neuron, or of the two sides of a synapse.",
    ),
    "SYN020": Code(
        "Python in an expression",
        "Expressions are formulas: no `if`, `for`, `lambda`. A condition is a number when "
        "wrapped in `int(…)`.",
    ),
    "SYN021": Code("semicolon", "Each statement stands on its own line; `;` separates nothing."),
    "SYN022": Code(
        "reserved word as a name",
        "`and or not deliver normalise spikes set` are reserved everywhere. Every other word "
        "is free.",
    ),
    "SYN023": Code("malformed number", "Numbers are written `10`, `0.5`, `.5`, `1e-3`."),
    "SYN024": Code("unknown clause", "Each kind of declaration has its own clauses."),
    "SYN025": Code(
        "unknown declaration",
        "A line that starts in the first column starts a declaration: `constants`, `use`, "
        "`sound`, `filterbank`, `neuron`, `layer`, `connect`, `rule`, `sweep`, `record`, "
        "`measure`, `run`.",
    ),
    "SYN026": Code("clause given twice", "A declaration holds each of its clauses once."),
    "SYN027": Code(
        "missing body",
        "A header that ends in `:` is followed by its body: one statement on the same line, or "
        "indented lines.",
    ),
    "SYN028": Code(
        "beyond a limit",
        "There are limits, far beyond what a reader could follow, to the depth of an expression, to "  # noqa: E501
        "the brackets open at a time and to the length of a file. Intermediate results may have "
        "names: in `equations:` (`x = … : 1`), or in statements (`x = …`). Long tables of "
        'parameters may stand in a file of their own: `from: "parameters.csv"` in the sweep.',
    ),
    "SYN029": Code(
        "equation without a unit",
        "Each line under `equations:` ends with `: unit`, the unit of its variable: `: volt`, or "
        "`: 1` for a plain number.",
    ),
    "SYN031": Code(
        "wrong arguments",
        "Arguments without names come first, each name is given once, and a pattern takes "
        "one argument.",
    ),
    "SYN032": Code(
        "`=` and `==` mixed up", "`==` compares two values; a single `=` gives a name its value."
    ),
    "SYN033": Code(
        "unit inside and after a list",
        "A list's unit stands once, after it: `[5, 10, 20] ms`; or with each item, and then not "
        "after the list.",
    ),
    "SYN034": Code(
        "malformed unit",
        "A unit is a product of unit names with whole exponents, as `nS/cm**2`; `1` stands for "
        "no unit where a variable is declared.",
    ),
    "SYN035": Code(
        "table row of a different length", "Each row of a table has one cell for each column."
    ),
    "SYN036": Code(
        "character that cannot be seen",
        "Control characters, and the marks of Unicode that end lines or turn the direction of "
        "writing, make a text look other than it is. They may stand nowhere, also not in comments.",
    ),
}

CODES: dict[str, Code] = {
    **SYNTAX,
    **{code: Code(*texts) for code, texts in CHECKS.items()},
}
