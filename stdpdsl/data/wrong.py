"""Errors in a file, and how names are listed."""

from __future__ import annotations

from collections.abc import Iterable

from ..language import ast
from ..language.diagnostics import Diagnostic


class Wrong(Exception):
    """One error in a file, as a diagnostic at some node."""

    def __init__(self, code: str, node: ast.Node, message: str, help: str = ""):
        self.diagnostic = Diagnostic(code, node.span, message, help=help)
        super().__init__(message)


def listed(names: Iterable[str]) -> str:
    """`a`, `b` and 7 more"""
    names = list(names)
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return ", ".join(f"`{n}`" for n in names[:12]) + more
