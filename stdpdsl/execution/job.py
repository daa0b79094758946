"""A run under way: its finished shards, in a folder beside the results, until they are merged.

    OUT.shards/job.json         what is run: the spec, the settings, the versions, how many shards
    OUT.shards/spec.stdp        the spec and its script
    OUT.shards/script.py        as `stdpdsl compile` writes it
    OUT.shards/run.py           the script that is run
    OUT.shards/lock             held by whoever runs it
    OUT.shards/0003-of-0016/    a finished shard, which has appeared whole

A stranger may have prepared the folder, so that nothing in it is run, and links are not followed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..runtime import folder as result_folder
from ..sweep.files import MAX_ROWS
from .errors import Busy, JobError
from .locks import locked
from .wanted import JOB_FORMAT, Wanted, differences, sha256

_OURS = re.compile(
    r"lock|(job\.json|spec\.stdp|script\.py|run\.py)(\.partial-\w+)?"
    r"|\d{4,}-of-\d{4,}(\.lock|(\.broken|\.old-\w+|\.partial-\w+)?(/(metadata\.json"
    r"|(blocks|parameters|weights|trajectories|spikes|responses|state)(/part-\d+\.parquet"
    r"|\.waiting(/\d+-\d+\.npy)?)?))?)?"
)
"""The names of all that stdpdsl writes into the folder."""
_SHARD = re.compile(r"\d+-of-\d+")


def job_folder(output: Path) -> Path:
    """Where the shards of a run wait until they are merged into `output`."""
    return output.with_name(f"{output.name}.shards")


def _check_name(output: Path) -> None:
    """JobError if there is no room for the longest name beside the results, which comes last."""
    try:
        result_folder.beside(output, "partial").exists()
    except OSError as error:
        raise JobError(f"{output}: cannot be written: {error.strerror}") from None


def shard_name(number: int, count: int) -> str:
    return f"{number:04}-of-{count:04}"


@dataclass
class Job:
    """A run's folder, which this process holds."""

    folder: Path
    shards: int

    def place(self, number: int) -> Path:
        """The folder of a shard, there or not."""
        return self.folder / shard_name(number, self.shards)

    def finished(self) -> list[int]:
        """The shards that are there."""
        return [k for k in range(1, self.shards + 1) if self.place(k).is_dir()]

    def set_aside(self, number: int) -> None:
        """Keep a shard that is damaged, under another name."""
        broken = self.place(number).with_suffix(".broken")
        shutil.rmtree(broken, ignore_errors=True)
        os.rename(self.place(number), broken)

    def remove(self) -> None:
        """Delete the folder and all shards, but nothing that stdpdsl did not write. What it is of
        goes first, so that no other process takes a shard of it meanwhile."""
        with suppress(OSError):
            (self.folder / "job.json").unlink()
        remove_ours(self.folder)


@contextmanager
def opened(
    output: Path, wanted: Wanted, shards: int, resume: bool = False, overwrite: bool = False
) -> Iterator[Job]:
    """The job of a whole run, which no other process may touch meanwhile.

    JobError where somebody runs it, where finished shards are there and neither `resume` nor
    `overwrite` says what to do with them, and where they are of something else than `wanted`. A
    job that is resumed has the number of shards that it began with.
    """
    folder = job_folder(output)
    _check_name(output)
    only_ours(folder, folder)
    with locked(folder, exclusive=True):
        known = read_job(folder)
        finished = any(_SHARD.fullmatch(path.name) for path in folder.iterdir())
        if finished and not known and not overwrite:
            raise JobError(
                f"{folder}: holds shards, and its job.json does not say of what; --overwrite to"
                " start again"
            )
        job = Job(folder, known["shards"] if known else 0)
        done = job.finished()
        if done and not resume and not overwrite:
            raise JobError(
                f"{folder}: {_of(len(done), job.shards)} of an earlier run are finished; --resume"
                " to go on with it, or --overwrite to start again"
            )
        same = known is not None and not differences(known, wanted.job(job.shards))
        if resume and (done or same):
            _compare(folder, known, wanted.job(job.shards))
            _remove_leftovers(folder)
        else:
            remove_ours(folder, ["lock"])
            job = Job(folder, shards)
            _write(folder, wanted, shards)
        try:
            yield job
        finally:
            if not job.finished():  # nothing that could be resumed
                job.remove()


def _remove_leftovers(folder: Path) -> None:
    """Delete shards that nobody goes on with: another process may be running some."""
    for leftover in folder.glob("*.partial-*"):
        shard = leftover.name.partition(".")[0]
        if not _SHARD.fullmatch(shard):
            leftover.unlink(missing_ok=True)  # of a text
            continue
        with suppress(Busy), locked(folder, True, f"{shard}.lock"):
            shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def opened_for_one(output: Path, wanted: Wanted, number: int, shards: int) -> Iterator[Job]:
    """The job of a run whose shards are run by processes of their own, such as a job array."""
    folder = job_folder(output)
    _check_name(output)
    job = Job(folder, shards)
    only_ours(folder, job.place(number))
    with locked(folder, exclusive=False):
        _write(folder, wanted, shards)
        _compare(folder, read_job(folder), wanted.job(shards))
        with locked(folder, exclusive=True, name=f"{shard_name(number, job.shards)}.lock"):
            yield job


def _compare(folder: Path, known: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> None:
    lines = differences(known or {}, wanted)
    if lines:
        raise JobError(
            f"{folder}: holds shards of another run; what differs:\n"
            + "".join(f"  {line}\n" for line in lines)
            + f"change it back, give another folder by -o, or delete {folder}"
        )
    texts_of_run(folder)


def read_job(folder: Path) -> dict[str, Any] | None:
    """What the folder of a run says of it."""
    try:
        found = json.loads(_text(folder / "job.json"))
        count = found["shards"]
        known = found["format"] == JOB_FORMAT and type(count) is int and 0 < count <= MAX_ROWS
        return found if known else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def texts_of_run(folder: Path) -> dict[str, str]:
    """The script and the spec in the folder of a run, by their names; JobError unless they are what
    the run was begun with."""
    known = read_job(folder) or {}
    try:
        texts = {name: _text(folder / name) for name in ("script.py", "spec.stdp")}
    except (OSError, ValueError) as error:
        raise JobError(f"{folder}: script.py or spec.stdp cannot be read: {error}") from None
    for name, right in (
        ("script.py", sha256(texts["script.py"].encode()) == known.get("plain")),
        ("spec.stdp", texts["spec.stdp"] == known.get("spec")),
    ):
        if not right:
            raise JobError(f"{folder / name}: has changed since the run began")
    return texts


def _text(path: Path) -> str:
    """A text of bounded length, from a plain file."""
    if path.is_symlink():
        raise ValueError(f"{path} is not a file")
    data: bytes = result_folder.bytes_of(path)
    return data.decode("utf-8")


def only_ours(folder: Path, *places: Path) -> None:
    """JobError where a run's folder is a link or holds what stdpdsl does not write, because what is
    in it is written over and deleted; in `places`, also what is below counts."""
    if folder.is_symlink():
        raise JobError(f"{folder}: is a link, where a run's shards are kept; remove it")
    if not folder.is_dir():
        return
    below = [*folder.iterdir(), *(path for place in places for path in place.rglob("*"))]
    found = {path.relative_to(folder).as_posix(): path for path in below}
    foreign = sorted(
        name
        for name, path in found.items()
        if not _is_plain(path)
        or not (_OURS.fullmatch(name) or result_folder.LEFT_BY_SYSTEMS.fullmatch(path.name))
    )
    if foreign:
        more = f" and {len(foreign) - 3:,} more" if len(foreign) > 3 else ""
        raise JobError(
            f"{folder}: is not used, because it holds what stdpdsl did not write:"
            f" {', '.join(foreign[:3])}{more}; move that elsewhere first"
        )


def finished_with(output: Path) -> None:
    """Delete what a run leaves that is killed when its results are in place."""
    with suppress(JobError):
        only_ours(job_folder(output))
        remove_ours(job_folder(output))


def remove_ours(folder: Path, kept: Sequence[str] = ()) -> None:
    """Delete a run's folder, but nothing that stdpdsl did not write, nor what is to be kept."""
    foreign = result_folder.foreign_below(
        folder, lambda name, path: not (_OURS.fullmatch(name) and _is_plain(path))
    )
    result_folder.remove_but(folder, [*foreign, *kept])


def _is_plain(path: Path) -> bool:
    """A file or a folder, and no link, pipe or device; or gone meanwhile."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return True
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _write(folder: Path, wanted: Wanted, shards: int) -> None:
    """Write job.json, whole, unless it is there; of several processes that do so, all write the
    same, or find out when they compare."""
    texts = {
        "script.py": wanted.plain,
        "run.py": wanted.script,
        "spec.stdp": wanted.spec,
        "job.json": json.dumps(wanted.job(shards), indent=1, ensure_ascii=False) + "\n",
    }
    mine = uuid.uuid4().hex
    try:
        for name, text in texts.items() if not (folder / "job.json").exists() else ():
            coming = folder / f"{name}.partial-{mine}"
            coming.write_text(text, encoding="utf-8", newline="")
            os.replace(coming, folder / name)
    except OSError as error:
        raise JobError(f"{folder}: cannot be written: {error.strerror}") from None


def _of(done: int, count: int) -> str:
    return f"{done:,} of {count:,} shards"
