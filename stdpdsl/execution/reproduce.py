"""Repeats a run from the metadata of its results, and compares the two."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..compiler import Compiled, compile_source
from ..language.source import Source
from ..lower.until_stable import written
from ..plan import TARGETS
from ..results.reader import Results, load
from ..views.compare import Difference, compare
from .interpreter import ready_interpreter
from .sharded_run import run_and_save
from .temporary_run import RunFailed

Event = dict[str, Any]


def reproduce(
    results: Results, data: Path, on_event: Callable[[Event], None], allowed: Sequence[Path] = ()
) -> list[Difference]:
    """Run the spec of `results` with the same settings, lowering and target, and compare.

    Files that the spec names are read from `data`. CompileError if the spec now has errors,
    RunFailed if the run gives no results, ValueError if the results do not say how they were made.
    """
    try:
        until_stable = written(results.metadata.get("until_stable"))
    except ValueError as error:
        text = f"{results.folder}: its until_stable is not valid: {error}"
        raise ValueError(text) from None
    with (
        tempfile.TemporaryDirectory(prefix="stdpdsl-") as folder,
        ready_interpreter(results.metadata.get("target", "auto")) as interpreter,
    ):
        compiled = compiled_again(results, data, allowed, until_stable, "state" in results.tables)
        output = Path(folder).resolve() / "again"
        run = (compiled, results.spec, data, output, on_event)
        outcome = run_and_save(*run, interpreter=interpreter)
        if not outcome.folder:
            raise RunFailed(outcome.message, outcome.status)
        return compare(results, load(output))


def compiled_again(
    results: Results,
    data: Path,
    allowed: Sequence[Path],
    until_stable: str | None,
    keep_state: bool = False,
) -> Compiled:
    """The spec of `results` with the same settings, lowering and target. CompileError, ValueError
    as `reproduce`."""
    said = results.metadata
    if "search" in said:
        raise ValueError(
            f"{results.folder}: holds a search, which is not a single run; `stdpdsl best"
            f" {results.folder} -o SPEC` writes a trial as a spec"
        )
    missing = [k for k in ("spec", "set", "lowering", "target") if k not in said]
    if missing:
        raise ValueError(f"{results.folder}: its metadata lacks {', '.join(missing)}")
    for key, known in (("lowering", ("synapse", "namespace")), ("target", TARGETS)):
        if said[key] not in known:
            raise ValueError(f"{results.folder}: its {key} must be one of {', '.join(known)}")
    return compile_source(
        Source(str(results.folder / "spec.stdp"), results.spec),
        data,
        list(said["set"]),
        said["lowering"],
        said["target"],
        allowed=allowed,
        until_stable=until_stable,
        order=said.get("order", ()),
        keep_state=keep_state,
    )
