"""Rewrites the text of a spec so that its sweep has rows from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from . import ast
from .parser import parse
from .printer import print_node
from .source import Source

Rows = Mapping[str, Sequence[str]]
"""Cells in the notation of the language, by headers such as `A1.tau_m [ms]`."""


def with_table(
    text: str,
    rows: Rows,
    beside: bool,
    called: str = "<string>",
    more: str = "",
    drop: tuple[type[ast.SweepPart], ...] = (),
) -> str:
    """The text of a spec with a table in its sweep: multiplied with the parts that the sweep has,
    or instead of them. `derive`, `where` and `replicates` stay; comments inside the sweep and
    `refine:` do not. `more` are lines of other parts; parts of the kinds in `drop` are removed.
    CompileError if the text is not a spec."""
    spec = parse(Source(called, text))
    sweeps = spec.of(ast.Sweep)
    table = _table(rows) + more
    if not sweeps:
        return f"{text.rstrip()}\n\nsweep:\n{table}"
    kept = tuple(part for part in sweeps[0].parts if beside and not isinstance(part, drop))
    sweep = replace(sweeps[0], parts=kept, refine=None)
    rest = print_node(sweep).partition("\n")[2]
    span = sweeps[0].span
    after = text[span.end :].lstrip("\n")
    new = f"sweep:\n{table}{rest}".rstrip("\n")
    return f"{text[: span.start]}{new}\n\n{after}".rstrip("\n") + "\n"


def _table(rows: Rows) -> str:
    lines = [" | ".join(rows)]
    lines += [" | ".join(cells) for cells in zip(*rows.values(), strict=True)]
    return "    table:\n" + "".join(f"        | {line} |\n" for line in lines)


def without(text: str, kind: type[ast.Declaration], called: str = "<string>") -> str:
    """The text of a spec without its declarations of one kind."""
    for node in reversed(parse(Source(called, text)).of(kind)):
        text = text[: node.span.start] + text[node.span.end :].lstrip("\n")
    return text
