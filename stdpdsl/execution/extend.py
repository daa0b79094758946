"""Adds new rows or replicates of the sweep to finished results.

Existing blocks keep their files, to the byte, and their numbers; new blocks get the next numbers.
Every random draw depends on the seed, the replicate and the row's values, but not on the block's
number. So each block is the same as in a run of the whole table.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..brian2.experiment import coupling
from ..compiler import Compiled, library, rows_of_spec
from ..language import ast
from ..language.diagnostics import CompileError, render
from ..language.overrides import with_settings
from ..language.parser import parse
from ..language.printer import print_spec
from ..language.source import Source
from ..lower.until_stable import until
from ..results.axes import sweep_columns
from ..results.errors import ResultsError
from ..results.labels import shown
from ..results.reader import Results, load
from ..runtime import folder as folders
from .errors import JobError
from .job import job_folder
from .merge import Base
from .wanted import Request, differences, packages, wanted_of


def extension(
    source: Source, data: Path, output: Path, request: Request
) -> tuple[Compiled | None, Base]:
    """The run of the rows that a spec has beyond the results in `output` (None if there are none),
    and these results as its base. JobError if anything but the sweep's rows differs (the error
    lists it), if rows were removed, or if the results are unfinished or have files that stdpdsl did
    not write. CompileError.
    """
    results = finished(output, "extended")
    said = results.metadata
    target = said["target"] if request.target == "auto" else request.target
    stable = request.until_stable
    settings = {
        "target": target,
        "parameters": request.parameters,
        "until_stable": None if stable is None else until(stable).data(),
    }
    lines = differences(
        {
            "target": said["target"],
            "parameters": said["lowering"],
            "until_stable": said.get("until_stable"),
        },
        settings,
    )
    lines += differing_texts(results, source, request.sets, _without_rows)
    if lines:
        raise JobError(
            f"{output}: can only be extended by rows and replicates; these also differ:\n"
            + "".join(f"  {line}\n" for line in lines)
            + "undo these changes, or run into another folder"
        )
    rows = rows_of_spec(source, data, request.sets, request.allowed)
    order, after = _order(results, rows)
    base = Base(output, said["checksum"], after)
    request = replace(request, target=target, keep_state="state" in results.tables)
    compiled = request.compile(source, data, order=order, after=after)
    _check_run(results, compiled, source, data, order)
    return (compiled if len(order) > after or _length(rows) > after else None), base


def recover(output: Path) -> None:
    """Restore the name of results that a run was about to replace when it was killed."""
    if os.path.lexists(output):
        return
    for old in sorted(output.parent.glob(f"{output.name}.old-????????")):
        if folders.is_result(old):
            os.rename(old, output)
            return


def finished(output: Path, to_be: str) -> Results:
    """The results that are to be "extended". They must be complete and unchanged."""
    try:
        results = load(output)
        for table in results.tables:
            results.dataset(table)
        foreign = folders.foreign_in(output)
    except ResultsError as error:
        waiting = job_folder(output)
        more = (
            f"; {waiting} holds an unfinished run: use --resume"
            if (waiting.is_dir() and not output.exists())
            else ""
        )
        raise JobError(f"{error}{more}") from None
    except (OSError, ValueError) as error:
        raise JobError(f"{output}: cannot be read: {error}") from None
    said = results.metadata
    missing = [k for k in ("spec", "set", "lowering", "target", "hash") if k not in said]
    if missing or "shard" in said:
        what = f"lacks {', '.join(missing)}" if missing else "belongs to a shard"
        raise JobError(f"{output}: cannot be {to_be}, because its metadata {what}")
    if foreign:
        raise JobError(
            f"{output}: contains files that stdpdsl did not write, or that were changed:"
            f" {', '.join(foreign[:3])}; move them elsewhere first"
        )
    return results


def differing_texts(
    results: Results, source: Source, sets: Sequence[str], bare: Callable[[ast.Spec], ast.Spec]
) -> list[str]:
    """The differences between two specs, apart from comments and the declarations removed by
    `bare`.
    """
    name = str(results.folder / "spec.stdp")
    try:
        before = with_settings(
            parse(Source(name, results.spec)), results.metadata["set"], library()
        )
    except CompileError as error:
        return [f"{name} now has errors:", *render(error.diagnostics).splitlines()]
    now = with_settings(parse(source), sets, library())
    a, b = (print_spec(bare(spec)).splitlines() for spec in (before, now))
    found = difflib.unified_diff(a, b, n=0, lineterm="")
    return [line for line in found if not line.startswith(("---", "+++", "@@"))]


def _without_rows(spec: ast.Spec) -> ast.Spec:
    def bare(sweep: ast.Sweep) -> ast.Sweep:
        return replace(sweep, parts=(), where=None, replicates=None, replicate=None)

    return replace(
        spec,
        declarations=tuple(bare(d) if isinstance(d, ast.Sweep) else d for d in spec.declarations),
    )


def _order(results: Results, rows: Mapping[str, np.ndarray]) -> tuple[tuple[int, ...], int]:
    """The row of the spec for each block, existing blocks first (empty if that is the order of
    the rows); and the number of existing blocks.
    """
    names = list(sweep_columns(results))
    if names != list(rows):
        raise JobError(
            f"{results.folder}: its sweep has the columns {', '.join(names) or '(none)'}, and the"
            f" spec has {', '.join(rows) or '(none)'}; results of other columns are other tables"
        )
    table = results.table("blocks", ["block", *names]).to_pydict()
    first = {block: k for k, block in reversed([*enumerate(table["block"])])}
    wanted = {key: k for k, key in enumerate(_keys(rows))}
    found: list[int] = []
    gone = []
    for block in sorted(first):
        key = tuple(_plain(table[name][first[block]]) for name in names)
        if key in wanted:
            found.append(wanted[key])
        else:
            gone.append((block, key))
    if gone:
        block, key = gone[0]
        values = ", ".join(
            f"{name} = {shown(value, results.units.get(name, ''))}"
            for name, value in zip(names, key, strict=True)
        )
        raise JobError(
            f"{results.folder}: {len(gone):,} of its {len(first):,} blocks are no longer in"
            " the spec,"
            f" such as block {block} ({values}); rows can only be added"
        )
    old = set(found)
    order = found + [k for k in range(_length(rows)) if k not in old]
    return (() if order == list(range(len(order))) else tuple(order)), len(found)


def _keys(rows: Mapping[str, np.ndarray]) -> list[tuple[Any, ...]]:
    if not rows:
        return [()]
    return list(
        zip(*([_plain(v) for v in values.tolist()] for values in rows.values()), strict=True)
    )


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else float(value)


def _length(rows: Mapping[str, np.ndarray]) -> int:
    return len(next(iter(rows.values()))) if rows else 1


def _check_run(
    results: Results, compiled: Compiled, source: Source, data: Path, order: Sequence[int]
) -> None:
    """JobError if the new blocks would not be computed like the old ones."""
    experiment = compiled.experiment
    if names := coupling(experiment):
        raise JobError(
            f"{results.folder}: {names} couples the blocks, so new blocks would change the old ones"
        )
    if order and any(monitor.blocks for monitor in experiment.monitors):
        raise JobError(
            f"{results.folder}: the new rows are between the old ones, but the spec records `in"
            " blocks ...` by number; add rows after the old ones, or record all blocks"
        )
    check_origins(results, compiled, source)


def check_origins(results: Results, compiled: Compiled, source: Source) -> None:
    """JobError if the files that a spec names, or the versions of the software, have changed."""
    said = results.metadata
    job = wanted_of(compiled, source.text).job(1)
    known = {name: number for name, number in said["versions"].items() if name in packages()}
    now = {name: job["versions"].get(name) for name in known}
    before = {"versions": known, "files": said.get("files", {})}
    lines = differences(before, {"versions": now, "files": job["files"]})
    if lines:
        raise JobError(
            f"{results.folder}: was made with different files or versions:\n"
            + "".join(f"  {line}\n" for line in lines)
            + "undo these changes, or run into another folder"
        )
