"""Functions and imports as a plain script has them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from .layout import WIDTH, block


def function(head: str, doc: str, body: Sequence[str]) -> str:
    """The text of a function."""
    indent = "    "
    doc = textwrap.fill(f'"""{doc}"""', WIDTH - 1, initial_indent=indent, subsequent_indent=indent)
    return "\n".join([f"def {head}:", doc, *block(body, 4)])


def imported(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    return line if len(line) <= WIDTH - 4 else f"from {module} import ({', '.join(names)})"
