"""How much memory there is now. It depends on the machine and the moment."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .cgroups import PROC, groups

DEFAULT_MEMORY = 8e9


def available_memory() -> float:
    """Bytes that this program may still take."""
    return min(_of_machine(), _of_cgroups(), _of_process())


def _of_machine() -> float:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return float(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return DEFAULT_MEMORY


def _of_cgroups(proc: str = PROC) -> float:
    """Bytes left within the limits of this process's control groups: of a container, or of a job
    under SLURM's `--mem`. A group's limit applies to all groups inside it, so the smallest
    counts."""
    return min((_left_in(folder) for folder in groups("memory", proc)), default=math.inf)


def _left_in(folder: Path) -> float:
    """Bytes that a group may still take, if it has a limit. Memory that only caches files is freed
    when needed, so it does not count."""
    for limit, used, cached in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        try:
            left = float((folder / limit).read_text()) - float((folder / used).read_text())
        except (OSError, ValueError):  # not this version, no such group, or `max`
            continue
        try:
            lines = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
            left += next((float(line[1]) for line in lines if line[0] == cached), 0.0)
        except (OSError, ValueError, IndexError):
            pass
        return max(left, 0.0)
    return math.inf


def _of_process() -> float:
    """Bytes left within the shell's limits (`ulimit -v`, `ulimit -d`)."""
    try:
        import resource
    except ImportError:
        return math.inf
    limits = {"VmSize": resource.RLIMIT_AS, "VmData": resource.RLIMIT_DATA}
    found = math.inf
    for name, number in limits.items():
        limit = resource.getrlimit(number)[0]
        if limit != resource.RLIM_INFINITY:
            found = min(found, max(0.0, limit - _taken(name)))
    return found


def _taken(name: str) -> float:
    """Bytes of this process by one of Linux' measures, 0 if Linux does not report it."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            return next(float(x.split()[1]) * 1024 for x in file if x.startswith(f"{name}:"))
    except (OSError, StopIteration):
        return 0.0


@contextmanager
def no_more_than_there_is() -> Iterator[None]:
    """Limit this process to the available memory, so that it raises MemoryError before it takes
    memory that others need. In a file from a stranger, a few bytes may expand to more than any
    machine has."""
    try:
        import resource
    except ImportError:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = int(_taken("VmData") + available_memory())
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def size_of(count: float) -> str:
    """`2.3 GB`"""
    for scale, word in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= scale:
            return f"{count / scale:.3g} {word}"
    return f"{count:.0f} B"
