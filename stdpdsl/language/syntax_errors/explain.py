"""What is wrong with a text that the grammar rejects, in a modeller's words.

The parser tells where it stopped and what it would have accepted. `explain` looks for the cause,
the most informative first: the layout, single characters, known slips, then `found A, expected B`.
"""

from __future__ import annotations

from ..diagnostics import Diagnostic
from .advice import unexpected
from .clauses import equation_without_unit, reserved, unknown_word
from .failure import Failure
from .layout import (
    colon_or_equals,
    indentation,
    missing_body,
    missing_colon,
    semicolon,
    unclosed_bracket,
    unclosed_docstring,
    unclosed_string,
    wrong_bracket,
)
from .python import attribute, module, python, subscript
from .signs import chained_comparison, operator_slip, quoted, unit_apart, unknown_character


def explain(failure: Failure) -> Diagnostic:
    """The most informative explanation of a failure."""
    for cause in CAUSES:
        found = cause(failure)
        if found:
            return found
    return unexpected(failure)


# The most informative first.
CAUSES = (
    unclosed_docstring,
    unclosed_string,
    unclosed_bracket,
    wrong_bracket,
    semicolon,
    operator_slip,
    quoted,
    unknown_character,
    unit_apart,
    chained_comparison,
    module,
    attribute,
    subscript,
    python,
    missing_body,
    indentation,
    equation_without_unit,
    colon_or_equals,
    unknown_word,
    reserved,
    missing_colon,
)
