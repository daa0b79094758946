"""Checks that need the rows of the sweep, and the values that phases set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..language.diagnostics import Diagnostic
from .decays import check_decays
from .exact import check_exact
from .kept import Kept, values_read
from .rows import check_bounds, phases_of
from .symbols import Symbols


def check_row_values(
    symbols: Symbols, columns: Mapping[str, Any], kept: Kept | None = None
) -> list[Diagnostic]:
    """`columns` is the evaluated sweep, one value per row (SI); `kept` is the cache of an
    editor."""
    phases = phases_of(symbols, columns)
    found = check_bounds(phases)
    for component in symbols.components.values():
        key = ("values", component.name)
        reads = values_read(component, symbols, phases) if kept is not None else None
        if kept is not None and reads is not None and kept.left(key, reads) is not None:
            continue
        own = [rows for rows in phases if component.name in rows.touched]
        problems = [*check_decays(component, own), *check_exact(component, own)]
        if kept is not None and reads is not None and not problems:
            kept.found[key] = reads, True
        found += problems
    return found
