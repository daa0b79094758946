"""Linux control groups, which limit containers and cluster jobs: man 7 cgroups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath

PROC = "/proc/self"


def groups(controller: str, proc: str = PROC) -> Iterator[Path]:
    """The folders of this process's groups for a controller, such as `memory`, and of their
    ancestors, in either version of control groups; empty if there are no groups.

    `proc` contains the process's `cgroup` and `mountinfo`: man 5 proc_pid_mountinfo.
    """
    try:
        of_process = Path(proc, "cgroup").read_text(encoding="utf-8").splitlines()
        mounts = Path(proc, "mountinfo").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):  # no Linux
        return
    paths: dict[str, str] = {}  # by controller; version 2 has none
    for line in of_process:
        _, controllers, path = line.split(":", 2)
        paths |= dict.fromkeys(controllers.split(","), path)
    for line in mounts:
        here, _, there = line.partition(" - ")
        root, place = (name.replace("\\040", " ") for name in here.split()[3:5])
        kind, _, options = there.split(" ", 2)
        key = {"cgroup2": "", "cgroup": controller}.get(kind)
        if key not in paths or (key and key not in options.split(",")):
            continue
        # A container may see only a part of the tree, but its own path in the whole tree.
        inside = PurePosixPath(normpath(paths[key]))
        if inside.is_relative_to(root):
            inside = inside.relative_to(root)
        for part in (inside, *inside.parents):
            yield Path(place, str(part).lstrip("/"))
