"""stdpdsl: a language for exploring spike-timing-dependent plasticity, compiled to Brian2.

From Python: `compile`, `run`, `load`, `load_spec`; see their docstrings. They are imported when
they are asked for, so that the command line answers at once.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .api import RunError, Spec, compile, load_spec, run
    from .language.diagnostics import CompileError
    from .results.errors import ResultsError
    from .results.reader import Results, load
    from .results.table import Table

__all__ = [
    "CompileError",
    "Results",
    "ResultsError",
    "RunError",
    "Spec",
    "Table",
    "compile",
    "load",
    "load_spec",
    "run",
]

_HOMES = {
    "api": ("RunError", "Spec", "compile", "load_spec", "run"),
    "language.diagnostics": ("CompileError",),
    "editor.magic": ("load_ipython_extension",),
    "results.reader": ("Results", "ResultsError", "Table", "load"),
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
