"""Where the folders that are data, not code, stand."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


# The pages of the error codes are what the tests hold the messages against.
_IN_CHECKOUT = {"explanations": "tests/diagnostics"}


def resource_dir(name: str) -> Path:
    """`grammars`, `templates`, `specs` or `explanations`: inside an installed package, else beside
    it in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / _IN_CHECKOUT.get(name, name)
