"""Merges shards into one dataset. The files of each table stand side by side, in block order."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..dataclass import dataclass
from ..results.errors import ResultsError
from ..results.reader import load
from ..runtime import folder as result_folder
from ..runtime.versions import PACKAGES
from .errors import JobError
from .job import finished_with, job_folder, only_ours, read_job, texts_of_run
from .wanted import differences

SAME = ("hash", "target", "preferences", "until_stable", "time_asked")
"""Metadata that must be equal in all shards, besides the versions of some packages."""


OF_SHARD = {"shard", "not_finite", "footers", "tables", "time_reached", "versions"}
"""Metadata that each shard must have."""


def shard_folders(folders: Sequence[Path]) -> list[Path]:
    """The shards in some folders. Each folder is a run's folder or a single shard."""
    found: list[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise JobError(f"{folder}: there is no such folder")
        if read_job(folder):
            only_ours(folder, folder)
            inside = [p for p in sorted(folder.glob("*-of-*")) if p.is_dir() and not p.suffix]
        elif read_job(folder.resolve().parent):
            only_ours(folder.resolve().parent, folder)
            inside = [folder]
        else:
            inside = []
        if not inside:
            raise JobError(f"{folder}: holds no shards of a run")
        found += inside
    return found


@contextmanager
def new_dataset(output: Path, overwrite: bool) -> Iterator[Path]:
    """A new folder that becomes `output` once it is complete. Until then, and if writing fails,
    the old `output` is kept. JobError.
    """
    try:
        partial = result_folder.prepare_folder(output, overwrite)
        try:
            yield partial
            result_folder.publish_folder(partial, output, overwrite)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise JobError(f"{output}: cannot be written: {error.strerror or error}") from None
    except result_folder.ResultsError as error:
        raise JobError(str(error)) from None


def merge(
    folders: Sequence[Path],
    output: Path,
    overwrite: bool = False,
    base: Base | None = None,
    said: Mapping[str, Any] | None = None,
) -> list[str]:
    """Merge all shards of a run, after the blocks of `base` if there is one. Returns a text
    about values that are not finite. The shards are not changed, and files are linked, not
    copied, if the file system can. `said` is added to the metadata.
    """
    metadata = [load(folder).metadata for folder in folders]
    run = folders[0].resolve().parent
    texts, files = texts_of_run(run), (read_job(run) or {}).get("files")
    sources = list(zip(folders, metadata, strict=True))
    if base is not None:
        before = _still(base)
        first = 1 + max(number_of(name) for one in before["footers"].values() for name in one)
        sources = [(base.folder, before), *((f, _moved(one, first)) for f, one in sources)]
    with new_dataset(output, overwrite) as partial:
        for folder, one in sources:
            for table in one["tables"]:
                (partial / table).mkdir(exist_ok=True)
                for part in (folder / table).glob("part-*.parquet"):
                    name = _part(number_of(part.name) + one.get("moved", 0))
                    if (partial / table / name).exists():
                        raise JobError(f"{part}: another shard has a part with this name")
                    link(part, partial / table / name)
        for name, text in texts.items():
            (partial / name).write_text(text, encoding="utf-8", newline="")
        written = {name: result_folder.text_checksum(partial / name) for name in texts}
        read = {"files": files} if files and isinstance(files, dict) else {}
        whole = {**together([one for _, one in sources]), "texts": written, **read, **(said or {})}
        if base is not None:
            whole |= _of_the_new(metadata[0], base)
            _still(base)
        result_folder.write_metadata(partial / "metadata.json", whole)
    return lost_in(metadata)


@dataclass(frozen=True)
class Base:
    """Finished results to which new blocks are added: their folder, the checksum of their
    metadata, and their number of blocks.
    """

    folder: Path
    checksum: str
    blocks: int


@dataclass(frozen=True)
class Origin:
    """Results that a run continues: their folder, the checksum of their metadata, their entry
    in the new metadata, their duration (s), and whether they have a saved state.
    """

    folder: Path
    checksum: str
    said: dict[str, Any]
    seconds: float
    kept: bool

    def check(self) -> None:
        """JobError if the results were changed in the meantime."""
        _still(self)


def clear(output: Path) -> bool:
    """Delete the leftovers of a continued run that was killed just after its results replaced
    the earlier ones. Returns whether there were any.
    """
    known = read_job(job_folder(output)) or {}
    try:
        before = load(output).metadata.get("continued", [])
    except ResultsError:
        return False
    done = [one.get("checksum") for one in before if isinstance(one, dict)]
    if known.get("continues") not in [checksum for checksum in done if checksum]:
        return False
    finished_with(output)
    return True


def _still(base: Base | Origin) -> dict[str, Any]:
    """The metadata of results. JobError if they were changed in the meantime."""
    metadata = load(base.folder).metadata
    if metadata.get("checksum") != base.checksum:
        raise JobError(f"{base.folder}: was changed in the meantime; run the command again")
    return metadata


def number_of(part: str) -> int:
    """The number in `part-00012.parquet`."""
    return int(part.removeprefix("part-").removesuffix(".parquet"))


def _part(number: int) -> str:
    return f"part-{number:05}.parquet"


def _moved(metadata: Mapping[str, Any], by: int) -> dict[str, Any]:
    """A shard's metadata, with its parts renumbered to follow others."""
    footers = {
        table: {_part(number_of(name) + by): checksum for name, checksum in parts.items()}
        for table, parts in metadata["footers"].items()
    }
    return {**metadata, "footers": footers, "moved": by}


def _of_the_new(metadata: Mapping[str, Any], base: Base) -> dict[str, Any]:
    """The metadata of extended results: taken from the new blocks, with a note on the earlier
    results.
    """
    now = {key: metadata[key] for key in ("spec", "set", "hash", "blocks", "versions")}
    before = load(base.folder).metadata
    history = {"blocks": base.blocks, "hash": before["hash"], "versions": before["versions"]}
    order = {"order": metadata["order"]} if "order" in metadata else {}
    return (
        now
        | order
        | {
            "shards": before.get("shards", 1) + metadata["shard"][1],
            "extended": [*before.get("extended", []), history],
        }
    )


def damage(folder: Path) -> str:
    """An error in a shard's files, or nothing. Only the footers are read, because there Parquet
    stores the number of rows.
    """
    try:
        results = load(folder)
        for table in results.tables:
            if results.metadata["tables"][table] or (folder / table).exists():
                results.dataset(table)
    except ResultsError as error:
        return str(error)
    said = results.metadata
    of_shard = said.keys() >= OF_SHARD and len(said["shard"]) == 2
    if not of_shard or said["footers"].keys() != said["tables"].keys():
        return f"{folder}: is not a shard of a run"
    return ""


def all_shards(folders: Sequence[Path]) -> list[Path]:
    """The folders by number. JobError unless they are all the shards of one run, and complete."""
    by_number: dict[int, Path] = {}
    count = 0
    first: dict[str, Any] = {}
    for folder in folders:
        wrong = damage(folder)
        if wrong:
            raise JobError(wrong)
        metadata = load(folder).metadata
        number, of = metadata["shard"]
        if not first:
            first, count = metadata, of
        _agree(folders[0], first, folder, metadata)
        if of != count:
            raise JobError(
                f"{folder}: is shard {number} of {of}, but {folders[0]} is one of {count}"
            )
        if number in by_number:
            raise JobError(f"shard {number} appears twice: {by_number[number]} and {folder}")
        by_number[number] = folder
    missing = [k for k in range(1, count + 1) if k not in by_number]
    if missing:
        raise JobError(f"of {count} shards, {named(missing)} missing")
    return [by_number[k] for k in sorted(by_number)]


def named(numbers: Sequence[int]) -> str:
    """`number 3 is`, `numbers 3, 7 and 12 more are`"""
    shown = ", ".join(map(str, numbers[:10]))
    more = f" and {len(numbers) - 10} more" if len(numbers) > 10 else ""
    return f"number {shown} is" if len(numbers) == 1 else f"numbers {shown}{more} are"


def _agree(a: Path, one: Mapping[str, Any], b: Path, other: Mapping[str, Any]) -> None:
    jobs = [read_job(folder.resolve().parent) or {} for folder in (a, b)]
    lines = differences(jobs[0], jobs[1])
    lines += differences(*({key: metadata.get(key) for key in SAME} for metadata in (one, other)))
    lines += differences(*({"tables": sorted(metadata["tables"])} for metadata in (one, other)))
    lines += differences(
        *({n: m["versions"][n] for n in PACKAGES if n in m["versions"]} for m in (one, other))
    )
    if lines:
        raise JobError(f"{b}: belongs to a different run than {a}:\n  " + "\n  ".join(lines))


def together(metadata: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The metadata of the merged dataset: those of the first shard, with the rows of all."""
    tables = {name: sum(one["tables"][name] for one in metadata) for name in metadata[0]["tables"]}
    footers: dict[str, dict[str, str]] = {name: {} for name in tables}
    for one in metadata:
        for name, parts in one["footers"].items():
            footers[name] |= parts
    found = {k: v for k, v in metadata[0].items() if k not in ("shard", "moved", "checksum")}
    # In some shards, all blocks may have ended early because they were stable.
    found["time_reached"] = max(one["time_reached"] for one in metadata)
    found |= {"tables": tables, "footers": footers, "shards": len(metadata)}
    rounded = [one for part in metadata for one in part.get("rounded_delays", ())]
    return found | {"not_finite": lost_in(metadata), "rounded_delays": rounded}


def lost_in(metadata: Sequence[Mapping[str, Any]]) -> list[str]:
    """The values that are not finite, over all shards."""
    return [text for one in metadata for text in one["not_finite"]]


def link(source: Path, target: Path) -> None:
    """A hard link to a file, or a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
