"""The headers of a sweep's files as columns, for `check(..., headers = ...)`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..language import ast
from ..language.named_files import files_of
from ..language.units import parse_unit


def headers_of(
    spec: ast.Spec, read_heads: Callable[[str], Iterable[str]]
) -> Mapping[str, list[ast.Header]]:
    """`read_heads` returns the headers (`taupre [ms]`) of a file by its path as written. Files that
    it cannot read (OSError, ValueError) are left out; evaluating the sweep reports why."""
    found: dict[str, list[ast.Header]] = {}
    for part in files_of(spec):
        try:
            heads = list(read_heads(part.path.value))
        except (OSError, ValueError):
            continue
        found[part.path.value] = [_header(str(head), part.path) for head in heads]
    return found


def split_head(head: str) -> tuple[str, str]:
    """`taupre [ms]` -> name and unit."""
    name, _, unit = head.partition("[")
    return name.strip(), unit.partition("]")[0].strip()


def _header(head: str, where: ast.String) -> ast.Header:
    name, unit = split_head(head)
    parts = tuple(ast.Ident(p, span=where.span) for p in name.split("."))
    try:
        factors = parse_unit(unit)
    except KeyError:
        factors = [(unit, 1)]  # not the name of a unit, as the check will report
    nodes = tuple(ast.UnitFactor(n, e, span=where.span) for n, e in factors)
    return ast.Header(
        ast.Path(parts, span=where.span),
        ast.Unit(nodes, span=where.span) if "[" in head else None,
        span=where.span,
    )
