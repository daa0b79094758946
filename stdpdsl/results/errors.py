"""Errors of reading results: they are damaged, or a package is missing."""

from __future__ import annotations

from typing import Any

from ..language.diagnostics import seen


class ResultsError(Exception):
    """A folder cannot be read as results; the text says why."""

    def __init__(self, text: str):
        super().__init__(seen(text))


def require(package: str) -> Any:
    """Import an optional library."""
    from importlib import import_module

    try:
        return import_module(package)
    except ImportError:
        name = package.partition(".")[0]
        raise ResultsError(f"{name} is not installed: pip install {name}") from None
