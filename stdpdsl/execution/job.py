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

import difflib
import hashlib
import json
import os
import re
import shutil
import socket
import stat
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..language.diagnostics import seen
from ..runtime import folder as result_folder
from ..runtime.versions import PACKAGES
from ..sweep.files import MAX_ROWS
from .interpreter import Interpreter, this_interpreter

if TYPE_CHECKING:
    from ..compiler import Compiled

JOB_FORMAT = "stdpdsl job 1"
_OURS = re.compile(
    r"lock|(job\.json|spec\.stdp|script\.py|run\.py)(\.partial-\w+)?"
    r"|\d{4,}-of-\d{4,}(\.lock|(\.broken|\.old-\w+|\.partial-\w+)?(/(metadata\.json"
    r"|(blocks|parameters|weights|trajectories|spikes|responses|state)(/part-\d+\.parquet"
    r"|\.waiting(/\d+-\d+\.npy)?)?))?)?"
)
"""The names of all that stdpdsl writes into the folder."""
_SHARD = re.compile(r"\d+-of-\d+")


class JobError(Exception):
    """A run cannot begin, or not go on; the text says why."""

    def __init__(self, text: str):
        super().__init__(seen(text))


class Busy(JobError):
    """Another process holds the lock."""


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


@dataclass(frozen=True)
class Wanted:
    """All that decides what a run computes: the text of the spec, the settings that it was compiled
    with, and the files that it reads, by name. `plain` is its script, as the results have it, and
    `script` the one that is run."""

    script: str
    plain: str
    spec: str
    settings: Mapping[str, Any]
    files: Mapping[str, Path]
    interpreter: Interpreter

    def job(self, shards: int) -> dict[str, Any]:
        """What job.json holds."""
        return {
            "format": JOB_FORMAT,
            "shards": shards,
            "spec": self.spec,
            **self.settings,
            "files": {name: _sha256_of(path) for name, path in self.files.items()},
            "versions": dict(self.interpreter.versions),
            "script": _sha256(self.script.encode()),
            "plain": _sha256(self.plain.encode()),
        }


def wanted_of(
    compiled: Compiled, spec: str, interpreter: Interpreter | None = None, **more: Any
) -> Wanted:
    """What a run of a compiled spec computes, by this Python unless another is given; `more` are
    settings besides those of the compiler."""
    settings = {**compiled.settings, **more}
    return Wanted(
        compiled.run_script, compiled.script, spec, settings, compiled.files,
        interpreter or this_interpreter(),
    )  # fmt: skip


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What a run was begun with and what it would go on with, as lines."""
    lines: list[str] = []
    for key in dict.fromkeys([*old, *new]):
        before, now = old.get(key), new.get(key)
        if before == now:
            continue
        if key == "spec":
            a, b = str(before).splitlines(), str(now).splitlines()
            lines += [line for line in difflib.unified_diff(a, b, n=0, lineterm="")
                      if not line.startswith(("---", "+++", "@@"))]  # fmt: skip
        elif isinstance(before, dict) and isinstance(now, dict):
            lines += [f"{key} {line}" for line in differences(before, now)]
        elif key not in ("script", "plain"):
            lines.append(f"{key}: {_shown(before)} | {_shown(now)}")
    # Where nothing else has changed, the compiler has, or a file that the spec uses.
    if not lines and old.get("script") != new.get("script"):
        lines.append("the script: the compiler or a file that the spec uses is another")
    return lines


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
                " begin anew"
            )
        job = Job(folder, known["shards"] if known else 0)
        done = job.finished()
        if done and not resume and not overwrite:
            raise JobError(
                f"{folder}: {_of(len(done), job.shards)} of an earlier run are finished; --resume"
                " to go on with it, or --overwrite to begin anew"
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
        ("script.py", _sha256(texts["script.py"].encode()) == known.get("plain")),
        ("spec.stdp", texts["spec.stdp"] == known.get("spec")),
    ):
        if not right:
            raise JobError(f"{folder / name}: is not what the run was begun with")
    return texts


def _text(path: Path) -> str:
    """A text of bounded length, from a plain file."""
    if path.is_symlink():
        raise ValueError(f"{path} is no file")
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
        name for name, path in found.items()
        if not _is_plain(path)
        or not (_OURS.fullmatch(name) or result_folder.LEFT_BY_SYSTEMS.fullmatch(path.name))
    )  # fmt: skip
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
        "script.py": wanted.plain, "run.py": wanted.script, "spec.stdp": wanted.spec,
        "job.json": json.dumps(wanted.job(shards), indent=1, ensure_ascii=False) + "\n",
    }  # fmt: skip
    mine = uuid.uuid4().hex
    try:
        for name, text in texts.items() if not (folder / "job.json").exists() else ():
            coming = folder / f"{name}.partial-{mine}"
            coming.write_text(text, encoding="utf-8", newline="")
            os.replace(coming, folder / name)
    except OSError as error:
        raise JobError(f"{folder}: cannot be written: {error.strerror}") from None


@contextmanager
def locked(folder: Path, exclusive: bool, name: str = "lock") -> Iterator[None]:
    """Hold a lock in the folder, which is made; that of a dead process does not count."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _lock_file(folder / name, exclusive)
    except OSError as error:
        raise JobError(f"{folder}: cannot be written: {error.strerror}") from None
    with file:
        yield


def locks_hold(folder: Path, name: str) -> bool:
    """Whether a lock that this process holds keeps others out."""
    try:
        _lock_file(folder / name, exclusive=True).close()
    except Busy:
        return True
    return False


def _lock_file(path: Path, exclusive: bool) -> IO[str]:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
        try:
            _flock(file, exclusive)
        except BlockingIOError:
            file.seek(0)
            owner = file.read().strip() or "another process"
            file.close()
            raise Busy(f"{path.parent}: is being run by {owner}") from None
        try:
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                file.truncate(0)
                file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
                file.flush()
                return file
        except FileNotFoundError:
            pass
        file.close()  # its owner has deleted it meanwhile


def _flock(file: IO[str], exclusive: bool) -> None:
    """BlockingIOError where another process holds it; where nothing can be locked, nothing is."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks
        return


def packages() -> tuple[str, ...]:
    """What decides results by its version."""
    return ("stdpdsl", *PACKAGES)


def _of(done: int, count: int) -> str:
    return f"{done:,} of {count:,} shards"


def _shown(value: Any) -> str:
    return "nothing" if value in (None, "", []) else str(value)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
