"""The cores that this machine lets a process use."""

from __future__ import annotations

import math
import os
from pathlib import Path

from .cgroups import PROC, groups


def usable_cores(proc: str = PROC) -> int:
    """Cores that this process may keep busy: those it may run on, limited by the share of processor
    time of its control groups (a container or a cluster job)."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    share = min((_share(folder) for folder in groups("cpu", proc)), default=math.inf)
    return int(min(cores, max(1, share)))


def _share(folder: Path) -> float:
    """Whole cores that a group's limit allows, in either version of control groups."""
    for files in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        try:
            quota, period = " ".join((folder / name).read_text() for name in files).split()
            if int(quota) > 0:  # version 1 has -1 for no limit
                return int(quota) // int(period)
        except (OSError, ValueError, ZeroDivisionError):  # not this version, or `max`
            continue
    return math.inf
