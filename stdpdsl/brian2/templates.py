"""Fills in the templates of scripts."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2

from ..resources import resource_dir
from ..runtime.cache import own_cache


def _kept() -> jinja2.BytecodeCache | None:
    """Where compiled templates are cached between runs, if possible."""
    folder = own_cache("templates")
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    return jinja2.FileSystemBytecodeCache(str(folder))


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resource_dir("templates") / "brian2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        autoescape=False,
        bytecode_cache=_kept(),
    )


def fill(template: str, **context: Any) -> str:
    return _templates().get_template(template).render(**context)


def in_docstring(text: str) -> str:
    """Prose in a form that is allowed inside a docstring."""
    shown = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    return shown.replace("\\", "\\\\").replace('"', "'")
