"""Appends the files of another run to a dataset.

The files of the tables are written first. `metadata.json`, which lists them, is replaced last, in
one atomic step. So a reader sees the old dataset until then, also after a crash.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..results.reader import load
from ..runtime import folder as result_folder
from .errors import JobError
from .merge import link, new_dataset, together

_PART = re.compile(r"part-(\d{5,})\.parquet")


def begin(first: Path, output: Path, spec: str, said: Mapping[str, Any], overwrite: bool) -> None:
    """Make a dataset of a copy of the results in `first`. Its spec is `spec`, and `said` is
    added to its metadata.
    """
    with new_dataset(output, overwrite) as partial:
        (partial / "spec.stdp").write_text(spec, encoding="utf-8", newline="")
        texts = {"spec.stdp": result_folder.text_checksum(partial / "spec.stdp")}
        own = {"spec": spec, "hash": hashlib.sha256(spec.encode()).hexdigest(), "texts": texts}
        _put(first, partial, {}, {**own, **said})


def append(more: Path, output: Path, said: Mapping[str, Any]) -> None:
    """Add a copy of the results in `more` to a dataset that `begin` made."""
    try:
        known = load(output).metadata
        remove_unlisted(output, known)
        _put(more, output, known, said)
    except OSError as error:
        raise JobError(f"{output}: cannot be written: {error.strerror or error}") from None


def remove_unlisted(output: Path, known: Mapping[str, Any]) -> None:
    """Delete parts that are not listed in the metadata because of a crash."""
    for table in known["tables"]:
        for path in (output / table).glob("part-*.parquet"):
            if _PART.fullmatch(path.name) and path.name not in known["footers"].get(table, {}):
                path.unlink()


def _put(source: Path, target: Path, known: Mapping[str, Any], said: Mapping[str, Any]) -> None:
    one = load(source).metadata
    numbers = [
        int(found[1])
        for parts in known.get("footers", {}).values()
        for found in map(_PART.fullmatch, parts)
        if found
    ]
    first = max(numbers, default=-1) + 1
    footers: dict[str, dict[str, str]] = {table: {} for table in one["tables"]}
    for table, parts in one["footers"].items():
        (target / table).mkdir(exist_ok=True)
        for name, footer in parts.items():
            found = _PART.fullmatch(name)
            if found is None:
                raise JobError(f"{source / table / name}: is not part of a table")
            new = f"part-{int(found[1]) + first:05}.parquet"
            (target / table / new).unlink(missing_ok=True)
            link(source / table / name, target / table / new)
            footers[table][new] = footer
    one = {key: value for key, value in one.items() if key != "checksum"} | {"footers": footers}
    whole = together([{"not_finite": [], **known}, one]) if known else one
    for kept in ("spec", "hash", "texts"):
        whole |= {kept: known[kept]} if kept in known else {}
    whole["blocks"] = known.get("blocks", 0) + one["blocks"]
    coming = target / "metadata.json.partial"
    result_folder.write_metadata(coming, {**whole, **said})
    os.replace(coming, target / "metadata.json")
