"""Code that a Dask worker runs. It is sent by value and uses only Python. A worker needs the
packages of the script but not stdpdsl, because the script's runtime is sent along.
"""

ASK_AGAIN = 2.0  # s between two checks whether the shard is still wanted


def run_shard(script, attached, packages, files, shard, folder, name, mark):
    """Run one shard (number, count) of a script and leave its results in `folder`/`name`.

    `attached` is the text of attached.py, so the script ends with this worker. `packages` is the
    archive from which the script imports its runtime. `files` are the files that the spec names,
    {name: bytes}. If this machine does not see the folder, the results are sent back. The folder is
    recognised by `mark`, the SHA-256 of its job.json.

    {"placed": True}, {"results": {name: bytes}}, or {"status": exit code, "text": what went wrong}.
    RuntimeError if the script was killed, so that Dask tries again.
    """
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory(prefix="stdpdsl-", ignore_cleanup_errors=True) as work:
        for place in ("data", "run"):
            Path(work, place).mkdir()
        for path, text in (("script.py", script), ("attached.py", attached)):
            Path(work, path).write_text(text, encoding="utf-8", newline="\n")
        Path(work, "packages.zip").write_bytes(packages)
        for path, data in files.items():
            target = inside(Path(work, "data"), path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        out = Path(work, "shard")
        arguments = ["--out", str(out), "--data", str(Path(work, "data"))]
        arguments += ["--shard", "/".join(map(str, shard)), "--events"]
        status, stdout, stderr = run_attached(work, attached, arguments)
        if status < 0:
            raise RuntimeError(f"the simulation was ended by signal {-status}")
        if not (out / "metadata.json").exists():
            return {"status": status, "text": what_went_wrong(stdout, stderr)}
        if is_there(folder, mark):
            put(out, folder, name)
            return {"placed": True}
        found = [path for path in sorted(out.rglob("*")) if path.is_file()]
        return {"results": {p.relative_to(out).as_posix(): p.read_bytes() for p in found}}


def run_attached(work, attached, arguments):
    """Run `work`/script.py to its end: (exit code, what it printed, its errors). It ends early if
    this worker does, or if nobody wants the shard any more."""
    import os
    import subprocess
    import sys
    import types
    from pathlib import Path

    support = types.ModuleType("attached")
    exec(attached, vars(support))
    files = [str(Path(work, name)) for name in ("attached.py", "", "packages.zip", "script.py")]
    command = [sys.executable, "-P", "-u", *files, *arguments]
    reads, writes = os.pipe()  # `writes` is closed when this worker ends, which ends the script
    held = [writes]
    is_wanted = wanted_by_dask()
    try:
        process = subprocess.Popen(
            command,
            cwd=Path(work, "run"),
            env=support.environment(),
            stdin=reads,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        os.close(reads)
        while True:
            try:
                stdout, stderr = process.communicate(timeout=ASK_AGAIN)
                return process.returncode, stdout, stderr
            except subprocess.TimeoutExpired:
                if held and not is_wanted():
                    os.close(held.pop())
    finally:
        for end in held:
            os.close(end)


def wanted_by_dask():
    """A function that says whether the current task is still wanted. Dask does not stop a
    running task when it is cancelled or when its client has gone.
    """
    try:
        from distributed import get_worker

        worker = get_worker()
        key = worker.get_current_task()
    except (ImportError, ValueError, AttributeError):
        return lambda: True

    def is_wanted():
        task = worker.state.tasks.get(key)
        return task is not None and task.state != "cancelled"

    return is_wanted


def inside(folder, name):
    """The path of a file below a folder. ValueError if the name leads outside the folder on any
    operating system.
    """
    from pathlib import Path, PurePosixPath, PureWindowsPath

    for path in (PurePosixPath(name), PureWindowsPath(name)):
        if path.anchor or ".." in path.parts or not path.parts:
            raise ValueError(f"{name!r} is not the name of a file below a folder")
    return Path(folder, name)


def is_there(folder, mark):
    """Whether this machine can see the folder of the run."""
    import hashlib
    from pathlib import Path

    try:
        return hashlib.sha256(Path(folder, "job.json").read_bytes()).hexdigest() == mark
    except OSError:
        return False


def put(out, folder, name):
    """Copy a shard to its place atomically. A shard that is already there has the same bits."""
    import os
    import shutil
    import uuid
    from pathlib import Path

    coming = Path(folder, f"{name}.partial-{uuid.uuid4().hex}")
    try:
        shutil.copytree(out, coming)
        os.rename(coming, Path(folder, name))
    except OSError:
        if not Path(folder, name, "metadata.json").exists():
            raise
    finally:
        shutil.rmtree(coming, ignore_errors=True)


def what_went_wrong(stdout, stderr):
    """The errors that a script reported, or else its last lines."""
    import json

    found = []
    for line in stdout.splitlines():
        try:
            event = json.loads(line)
            if event["event"] == "error":
                found.append(str(event["text"]))
        except (ValueError, KeyError, TypeError):
            continue
    return "\n".join(found or stderr.strip().splitlines()[-8:])
