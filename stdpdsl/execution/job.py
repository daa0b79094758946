"""A run in progress: its finished shards wait in a folder beside the results until they are merged.

    OUT.shards/job.json         what is run: the spec, the settings, the versions, how many shards
    OUT.shards/spec.stdp        the spec and its script
    OUT.shards/script.py        as `stdpdsl compile` writes it
    OUT.shards/run.py           the script that is run
    OUT.shards/lock             held by whoever runs it
    OUT.shards/0003-of-0016/    a finished shard, which has appeared whole

The folder may come from others, so nothing in it is executed and links are not followed.
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
from pathlib import Path
from typing import Any

from ..dataclass import dataclass
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
"""The names of all files that stdpdsl writes into the folder."""
_SHARD = re.compile(r"\d+-of-\d+")


def job_folder(output: Path) -> Path:
    """The folder where the shards of a run wait until they are merged into `output`."""
    return output.with_name(f"{output.name}.shards")


def _check_name(output: Path) -> None:
    """JobError if the file system cannot store the longest name that will be needed beside the
    results.
    """
    try:
        result_folder.beside(output, "partial").exists()
    except OSError as error:
        raise JobError(f"{output}: cannot be written: {error.strerror}") from None


def shard_name(number: int, count: int) -> str:
    return f"{number:04}-of-{count:04}"


@dataclass
class Job:
    """The folder of a run, locked by this process."""

    folder: Path
    shards: int

    def place(self, number: int) -> Path:
        """The folder of a shard, whether it exists or not."""
        return self.folder / shard_name(number, self.shards)

    def finished(self) -> list[int]:
        """The finished shards."""
        return [k for k in range(1, self.shards + 1) if self.place(k).is_dir()]

    def set_aside(self, number: int) -> None:
        """Keep a damaged shard under another name."""
        broken = self.place(number).with_suffix(".broken")
        shutil.rmtree(broken, ignore_errors=True)
        os.rename(self.place(number), broken)

    def remove(self) -> None:
        """Delete the folder and all shards, but nothing that stdpdsl did not write. job.json is
        deleted first, so that no other process takes a shard in the meantime.
        """
        with suppress(OSError):
            (self.folder / "job.json").unlink()
        remove_ours(self.folder)


@contextmanager
def opened(
    output: Path, wanted: Wanted, shards: int, resume: bool = False, overwrite: bool = False
) -> Iterator[Job]:
    """The job of a whole run, locked against other processes. JobError if another process runs it,
    if there are finished shards but neither `resume` nor `overwrite`, or if the shards do not
    belong to `wanted`. A resumed job keeps its number of shards.
    """
    folder = job_folder(output)
    _check_name(output)
    only_ours(folder, folder)
    with locked(folder, exclusive=True):
        known = read_job(folder)
        finished = any(_SHARD.fullmatch(path.name) for path in folder.iterdir())
        if finished and not known and not overwrite:
            raise JobError(
                f"{folder}: holds shards, but its job.json is missing or damaged; use"
                " --overwrite to"
                " start again"
            )
        job = Job(folder, known["shards"] if known else 0)
        done = job.finished()
        if done and not resume and not overwrite:
            raise JobError(
                f"{folder}: {_of(len(done), job.shards)} of an earlier run are finished; use"
                " --resume"
                " to continue it, or --overwrite to start again"
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
            if not job.finished():  # nothing to resume
                job.remove()


def _remove_leftovers(folder: Path) -> None:
    """Delete shards that cannot be used. JobError if another process is running one."""
    for leftover in folder.glob("*.partial-*"):
        shard = leftover.name.partition(".")[0]
        if not _SHARD.fullmatch(shard):
            leftover.unlink(missing_ok=True)  # of a text
            continue
        with suppress(Busy), locked(folder, True, f"{shard}.lock"):
            shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def opened_for_one(output: Path, wanted: Wanted, number: int, shards: int) -> Iterator[Job]:
    """The job of a run whose shards run in separate processes, such as a job array."""
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
            f"{folder}: holds shards of a different run; these differ:\n"
            + "".join(f"  {line}\n" for line in lines)
            + f"undo these changes, choose another folder with -o, or delete {folder}"
        )
    texts_of_run(folder)


def read_job(folder: Path) -> dict[str, Any] | None:
    """The content of job.json in the folder of a run."""
    try:
        found = json.loads(_text(folder / "job.json"))
        count = found["shards"]
        known = found["format"] == JOB_FORMAT and type(count) is int and 0 < count <= MAX_ROWS
        return found if known else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def texts_of_run(folder: Path) -> dict[str, str]:
    """The script and the spec in the folder of a run, by name. JobError if they have changed
    since the run began.
    """
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
    """The text of a regular file, up to a maximum length."""
    if path.is_symlink():
        raise ValueError(f"{path} is not a regular file")
    data: bytes = result_folder.bytes_of(path)
    return data.decode("utf-8")


def only_ours(folder: Path, *places: Path) -> None:
    """JobError if a run's folder is a link or contains files that stdpdsl does not write,
    because files in it are overwritten and deleted. In `places`, subfolders count, too.
    """
    if folder.is_symlink():
        raise JobError(
            f"{folder}: is a link, but must be a folder for the run's shards; remove the link"
        )
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
            f"{folder}: is not used, because it contains files that stdpdsl did not write:"
            f" {', '.join(foreign[:3])}{more}; move them elsewhere first"
        )


def finished_with(output: Path) -> None:
    """Delete the leftovers of a run that was killed after its results were in place."""
    with suppress(JobError):
        only_ours(job_folder(output))
        remove_ours(job_folder(output))


def remove_ours(folder: Path, kept: Sequence[str] = ()) -> None:
    """Delete a run's folder, except files that stdpdsl did not write and files that are to be
    kept.
    """
    foreign = result_folder.foreign_below(
        folder, lambda name, path: not (_OURS.fullmatch(name) and _is_plain(path))
    )
    result_folder.remove_but(folder, [*foreign, *kept])


def _is_plain(path: Path) -> bool:
    """Whether a path is a file or a folder, not a link, pipe or device; also true if it has
    just been deleted.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return True
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _write(folder: Path, wanted: Wanted, shards: int) -> None:
    """Write job.json atomically unless it exists. If several processes do so, they write the
    same content or find the difference when they compare.
    """
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
