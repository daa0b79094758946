"""Continues a finished run from its end: with a longer run, or with more phases.

The new results are the same as those of one long run, and measures cover all of it. The earlier
results are kept until the new ones are complete. A run without a saved state is run again from the
start.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..check.turns import turns_of
from ..compiler import Compiled, library
from ..language import ast
from ..language.diagnostics import CompileError, Diagnostic
from ..language.overrides import typed_expression, with_settings
from ..language.parser import parse
from ..language.printer import print_spec
from ..language.source import Source
from ..lower.until_stable import seconds_of
from ..machine.memory import available_memory, size_of
from ..results.reader import Results
from ..runtime.data import steps_of, times_of
from .errors import JobError
from .extend import check_origins, differing_texts, finished
from .merge import Origin, clear
from .wanted import Request, differences

OPTION = "--for"
BYTES_OF_ROW = 64
MOST_LINES = 30


def continuation(
    source: Source,
    data: Path,
    folder: Path,
    request: Request,
    longer: str | None = None,
) -> tuple[Compiled | None, Origin]:
    """The run of a spec, compiled to continue the results in `folder`. None if these are already as
    long, or if a killed command has already made them `longer`. JobError if the spec differs before
    their end, or if they are unfinished or have files that stdpdsl did not write. CompileError."""
    results = finished(folder, "continued")
    said = results.metadata
    if "search" in said:
        raise JobError(f"{folder}: holds a search, which is not a single run")
    origin = _origin(results)
    _check_settings(results, request)
    dt = float(said["dt"])
    done = round(origin.seconds / dt)
    sets = [*request.sets]
    if longer is not None:
        seconds = times_of(done + steps_of(_time(longer), dt), dt)
        sets.append(f"duration={float(seconds)!r} s")
    lines = differing_texts(results, source, sets, _without_run)
    lines += _of_phases(results, source, sets, longer)
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"and {len(lines) - MOST_LINES} more lines"]
    if lines:
        raise JobError(
            f"{folder}: may only become longer or get more phases; these also differ:\n"
            + "".join(f"  {line}\n" for line in lines)
            + "undo these changes, or add a phase that makes them"
        )
    if clear(folder) and longer is not None:
        return None, origin
    request = replace(
        request,
        sets=sets,
        target=said["target"],
        keep_state=request.keep_state or origin.kept,
    )
    if origin.kept and records_parts(parse(source)):
        origin = replace(origin, kept=False)
    earlier = origin.checksum if origin.kept else ""
    compiled = request.compile(source, data, order=said.get("order", ()), earlier=earlier)
    check_origins(results, compiled, source)
    if origin.kept:
        _check_stored(compiled, folder, len(said["phases"]) - 1)
        _check_memory(compiled, results)
    steps = compiled.plan.times.found.steps
    if steps is not None and round(steps) < done:
        raise JobError(
            f"{folder}: is {origin.seconds:g} s long, but the run of the spec only"
            f" {steps * dt:g} s; a"
            " continued run cannot be shorter"
        )
    return (None if steps is not None and round(steps) == done else compiled), origin


def records_parts(spec: ast.Spec) -> bool:
    """Whether the results lack a part of the recordings or of what is computed from them. Such
    a run is repeated from the start.
    """
    items = [item for record in spec.of(ast.Record) for item in record.items]
    for item in items:
        slices = item.parts if isinstance(item, ast.RecordSpikes) else (item.part,)
        window = item.window
        if any(slices) or window.start or window.stop or window.phases:
            return True
        if isinstance(item, ast.RecordSpikes) and (item.events or window.blocks):
            return True
        if isinstance(item, ast.RecordState) and any(v.id == "rate" for v in item.variables):
            return True
    return False


def _origin(results: Results) -> Origin:
    said, folder = results.metadata, results.folder
    missing = [
        k
        for k in ("checksum", "dt", "phases", "time_asked", "time_reached", "versions")
        if k not in said
    ]
    phases = said.get("phases", [])
    if not all(
        isinstance(p.get("name"), str) and isinstance(p.get("stop"), int | float) for p in phases
    ):
        missing.append("phases with their names and times")
    elif not missing and (not phases or said["time_reached"] != phases[-1]["stop"]):
        missing.append("the end of its last phase")
    if not isinstance(said.get("dt"), float) or not 0 < said["dt"] < float("inf"):
        missing.append("its time step")
    if missing:
        raise JobError(f"{folder}: its metadata lacks {', '.join(missing)}")
    if said.get("until_stable") is not None:
        raise JobError(
            f"{folder}: its blocks ended at different times (--until-stable), so there is"
            " no common time from which to continue"
        )
    one = {"checksum": said["checksum"], "seconds": said["time_reached"]}
    one |= {key: said[key] for key in ("hash", "set", "versions")}
    before = said.get("continued", [])
    history = {"continued": [*(before if isinstance(before, list) else []), one]}
    return Origin(
        folder, said["checksum"], history, said["time_reached"], "state" in results.tables
    )


def _check_memory(compiled: Compiled, results: Results) -> None:
    """JobError if reading the earlier run takes more memory than is free, because a small file
    can hold many rows.
    """
    plan, tables = compiled.plan, results.metadata["tables"]
    rows = sum(tables.get(name, 0) for name in ("state", "spikes", "trajectories"))
    needed, there = rows * BYTES_OF_ROW * plan.workers / plan.shards, available_memory()
    if needed > there:
        raise JobError(
            f"{results.folder}: reading its {rows:,} rows takes {size_of(needed)} of"
            f" memory; {size_of(there)} are free"
        )


def _check_stored(compiled: Compiled, folder: Path, last: int) -> None:
    """JobError if a phase restores a state that was stored before the end of phase number
    `last`, in which the earlier run ended. That state was not saved.
    """
    there: dict[str, bool] = {}
    for number, phase in enumerate(compiled.experiment.phases):
        for restored in phase.restores:
            if number > last and not there.get(restored.name, True):
                raise JobError(
                    f"{folder}: {phase.name} restores {restored.name}, which was stored before the"
                    " end of that run and was not saved; store it at the end of that run's"
                    " last phase,"
                    " or run everything from the start"
                )
        for stored in phase.stores:
            there[stored.name] = number > last if stored.at_start else number >= last


def _check_settings(results: Results, request: Request) -> None:
    said = results.metadata
    if request.until_stable is not None:
        raise JobError(
            "--until-stable ends blocks at different times, but a continued run has one end"
        )
    target = said["target"] if request.target == "auto" else request.target
    lines = differences(
        {"target": said["target"], "parameters": said["lowering"]},
        {"target": target, "parameters": request.parameters},
    )
    if lines:
        raise JobError(
            f"{results.folder}: was run with different settings:\n"
            + "".join(f"  {line}\n" for line in lines)
            + "undo these changes"
        )


def _time(text: str) -> float:
    """The time in an option's text; CompileError with its place."""
    expr = typed_expression(OPTION, text)
    seconds = seconds_of(expr)
    if seconds is None or not 0 < seconds < float("inf"):
        code = "UNIT002" if seconds is None else "TYPE013"
        raise CompileError(
            [
                Diagnostic(
                    code,
                    expr.span,
                    "expected the additional duration, above 0 s",
                    help=f"such as {OPTION} '10 s'",
                )
            ]
        )
    return seconds


def _without_run(spec: ast.Spec) -> ast.Spec:
    """The spec without the duration of its run."""
    return replace(
        spec,
        declarations=tuple(
            replace(d, duration=None, stretches=()) if isinstance(d, ast.Run) else d
            for d in spec.declarations
        ),
    )


def _of_phases(
    results: Results, source: Source, sets: Sequence[str], longer: str | None
) -> list[str]:
    """The differences between the phases of the results and the first phases of a spec. A run
    without phases counts as one unnamed phase, which may get a name.
    """
    name = str(results.folder / "spec.stdp")
    before = with_settings(parse(Source(name, results.spec)), results.metadata["set"], library())
    now = parse(source)
    if longer is not None and any(run.stretches for run in now.of(ast.Run)):
        raise JobError(
            f"{OPTION}: this run has phases; add a phase to the spec, or make the last one longer"
        )
    old, new = (_phases(spec) for spec in (before, with_settings(now, sets, library())))
    named = any(run.stretches for run in before.of(ast.Run))
    lines = []
    for number, one in enumerate(old):
        other = new[number] if number < len(new) else "(no such phase)"
        same = one == (other if named else re.sub(r"^[\w ]+: ", "", other))
        lines += [] if same else [f"- {one}", f"+ {other}"]
    return lines


def _phases(spec: ast.Spec) -> list[str]:
    """Each phase of a run as text without its duration; repeated phases appear once per
    repetition. A run without phases has the single phase `1`.
    """
    once = typed_expression(OPTION, "1")
    found: list[str] = []
    for run in spec.of(ast.Run):
        for turn in turns_of(run, {}):
            alone = ast.Run(stretches=(replace(turn.phase, duration=once),), span=run.span)
            text = print_spec(ast.Spec(None, None, (alone,), span=run.span)).splitlines()[-1]
            found.append(text.strip().replace(turn.phase.name.id, turn.name, 1))
        found += [] if run.stretches else ["1"]
    return found
