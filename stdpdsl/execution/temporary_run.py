"""Compiles and runs a spec and reads the results, for commands that do not keep them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..language.source import Source
from ..results.reader import Results, load
from .interpreter import ready_interpreter
from .local import Event
from .sharded_run import run_and_save


class RunFailed(Exception):
    """The simulation ended without complete results: its message, and the command's exit code."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


def run_once(
    source: Source, data: Path, target: str, workdir: Path, on_event: Callable[[Event], None]
) -> Results:
    """The results of a spec. File names in the spec are relative to `data`; all output goes to
    `workdir`, a new folder. CompileError if the spec is wrong.
    """
    from ..compiler import compile_source

    workdir.mkdir(parents=True)
    output = workdir.resolve() / "results"
    with ready_interpreter(target) as interpreter:
        compiled = compile_source(source, data, [], "synapse", target)
        run = (compiled, source.text, data, output, on_event)
        outcome = run_and_save(*run, interpreter=interpreter)
    if outcome.status:
        raise RunFailed(outcome.message, outcome.status)
    return load(output)
