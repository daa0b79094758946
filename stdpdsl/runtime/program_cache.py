"""A cache of programs, by what decides them. The least recently used are deleted."""

import hashlib
import json
import os
import platform
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

from .cache import own_cache
from .compiler import answer_of, compiler
from .errors import ProgramError
from .versions import package_version

PROGRAMS_KEPT = 50
PROGRAM_BYTES_KEPT = 2_000_000_000


def program_cache():
    """The folder of compiled programs."""
    return own_cache("programs")


def program_key(code, flags):
    """What decides a program: the code that describes the network, and all that turns it into a
    program.

    `code` must contain every literal of the model, and none of its data.
    """
    path = compiler()
    if path is None:
        raise ProgramError("no C++ compiler was found")
    answer = answer_of(path)
    if answer.returncode:
        raise ProgramError(f"{path} does not work: {answer.stderr.strip()}")
    machine = [platform.system(), platform.machine()]
    writers = [package_version("brian2"), package_version("sympy")]
    decides = [writers, flags, answer.stdout, machine, code]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:32]


def cached_program(build, code, flags, workdir, warn, cache=None):
    """The folder of a complete program for `code` and `flags`: from the cache, or made by
    build(folder) and cached.

    If the cache cannot be written, `warn(text)` is called and the program stays in `workdir`.
    """
    cache = program_cache() if cache is None else Path(cache)
    key = program_key(code, flags)
    entry = cache / key
    if is_whole(entry):
        touch(entry)
        return entry
    with one_at_a_time(cache, key):
        if is_whole(entry):  # another process built it while this one waited
            return entry
        built = Path(workdir) / key
        build(built)
        try:
            keep_program(built, entry)
            touch(entry)
            forget_programs(cache, PROGRAMS_KEPT, PROGRAM_BYTES_KEPT, entry)
        except OSError as error:  # read-only, or full
            warn(f"the compiled program could not be saved in {cache}: {error.strerror or error}")
            return built
    return entry


def keep_program(built, entry):
    """Move a program into the cache atomically: it is there complete or not at all."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    coming = entry.with_name(f"coming-{os.getpid()}-{entry.name}")
    try:
        shutil.copytree(built, coming)
        if entry.exists():  # it is broken, or it would have been used
            shutil.rmtree(entry)
        os.rename(coming, entry)
    finally:
        shutil.rmtree(coming, ignore_errors=True)


def is_whole(folder):
    """Whether a program is in place as it was built."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return all(file_hash(folder / name) == h for name, h in manifest["hashes"].items())
    except (OSError, ValueError, KeyError):
        return False


def file_hash(path):
    """SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_under(folder):
    """Every file in a folder and below."""
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


def touch(folder):
    """Mark a program as the most recently used, even if the clock is wrong."""
    try:
        last = max(other.stat().st_mtime_ns for other in folder.parent.iterdir())
        now = max(time.time_ns(), last + 1)
        os.utime(folder, ns=(now, now))
    except OSError:
        pass


@contextmanager
def one_at_a_time(cache, key):
    """Make others that want this program wait for it, if the file system supports locks."""
    try:
        import fcntl

        cache.mkdir(parents=True, exist_ok=True)
        lock = (cache / f"{key}.lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    except (ImportError, OSError):
        yield  # two may build; the later one is kept
        return
    try:
        yield
    finally:
        lock.close()


def is_under_way(cache, key):
    """Whether somebody is building a program now; if locks are unavailable, perhaps."""
    try:
        import fcntl

        with (cache / f"{key}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return True
    return False


def forget_programs(cache, count, size, in_use=None):
    """Delete the least recently used programs, down to a count and a size in bytes."""
    found = []
    for folder in Path(cache).iterdir():
        try:
            if folder.name.startswith("coming-"):
                if not is_under_way(Path(cache), folder.name.split("-", 2)[2]):  # but was killed
                    shutil.rmtree(folder, ignore_errors=True)
            elif folder.is_dir():
                bytes_ = sum(path.stat().st_size for path in files_under(folder))
                found.append((folder.stat().st_mtime_ns, bytes_, folder))
        except OSError:  # another process deleted it just now
            continue
    total = sum(bytes_ for _, bytes_, _ in found)
    for _, bytes_, folder in sorted(found):
        if len(found) <= count and total <= size:
            break
        if folder != in_use:
            shutil.rmtree(folder, ignore_errors=True)
            (Path(cache) / f"{folder.name}.lock").unlink(missing_ok=True)
            found.pop()
            total -= bytes_
