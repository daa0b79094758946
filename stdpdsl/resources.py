"""Where the folders that are data, not code, stand."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

_PACKAGE = Path(__file__).resolve().parent


# The pages of the error codes are what the tests hold the messages against.
_IN_CHECKOUT = {"explanations": "tests/diagnostics"}


def resource_dir(name: str) -> Path:
    """`grammars`, `templates`, `specs` or `explanations`: inside an installed package, else beside
    it in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / _IN_CHECKOUT.get(name, name)


def load_support(name: str) -> ModuleType:
    """A file of the generated scripts' support code, as a module of its own.

    Only for files that import none of the others.
    """
    path = resource_dir("templates") / "brian2" / "support" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"stdpdsl_support_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
