"""What a Dask worker runs. It is sent there by value and uses nothing but Python: a worker needs
what the generated script needs, and no stdpdsl."""


# Between a worker and a script: of a worker that is killed nothing is left, neither the script nor
# its folder. The pipe from the worker ends with it, on every system that has process groups.
WATCHED = """
import os, shutil, signal, subprocess, sys, threading
script = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, start_new_session=True)
ending = threading.Lock()
def end_with_worker():
    sys.stdin.buffer.read()
    with ending:
        os.killpg(script.pid, signal.SIGKILL)
        script.wait()
        shutil.rmtree(sys.argv[1], ignore_errors=True)
        os._exit(1)
threading.Thread(target=end_with_worker, daemon=True).start()
code = script.wait()
ending.acquire()
if code < 0:
    os.kill(os.getpid(), -code)
os._exit(code)
"""


def run_shard(script, files, shard, folder, name, mark):
    """Run one shard (number, count) of a script and leave its results in `folder`/`name`.

    `files` are those that the spec names, {name: bytes}. Where there is no such folder here, known
    by `mark`, the SHA-256 of its job.json, the results are sent back.

    {"placed": True}, {"results": {name: bytes}}, or {"status": exit code, "text": what went wrong}.
    RuntimeError where the script was killed: Dask tries again.
    """
    import os
    import subprocess
    import sys
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory(prefix="stdpdsl-") as work:
        for place in ("data", "run"):
            Path(work, place).mkdir()
        Path(work, "script.py").write_text(script, encoding="utf-8", newline="\n")
        for path, data in files.items():
            target = inside(Path(work, "data"), path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        out = Path(work, "shard")
        command = [sys.executable, "-c", WATCHED, work]
        command += [sys.executable, "-P", "-u", "../script.py", "--out", str(out), "--data"]
        command += [str(Path(work, "data")), "--shard", "/".join(map(str, shard)), "--events"]
        reads, writes = os.pipe()
        try:
            done = subprocess.run(
                command, cwd=Path(work, "run"), env={**os.environ, "MPLBACKEND": "Agg"},
                stdin=reads, capture_output=True, text=True, errors="replace",
            )  # fmt: skip
        finally:
            os.close(reads)
            os.close(writes)
        if done.returncode < 0:
            raise RuntimeError(f"the simulation was ended by signal {-done.returncode}")
        if not (out / "metadata.json").exists():
            return {"status": done.returncode, "text": what_went_wrong(done.stdout, done.stderr)}
        if is_there(folder, mark):
            put(out, folder, name)
            return {"placed": True}
        found = [path for path in sorted(out.rglob("*")) if path.is_file()]
        return {"results": {p.relative_to(out).as_posix(): p.read_bytes() for p in found}}


def inside(folder, name):
    """Where a file of this name goes, below a folder; ValueError where the name leads elsewhere, on
    any system."""
    from pathlib import Path, PurePosixPath, PureWindowsPath

    for path in (PurePosixPath(name), PureWindowsPath(name)):
        if path.anchor or ".." in path.parts or not path.parts:
            raise ValueError(f"{name!r} is no name of a file below a folder")
    return Path(folder, name)


def is_there(folder, mark):
    """Whether the folder of the run can be seen from here."""
    import hashlib
    from pathlib import Path

    try:
        return hashlib.sha256(Path(folder, "job.json").read_bytes()).hexdigest() == mark
    except OSError:
        return False


def put(out, folder, name):
    """Copy a shard to its place, where it appears whole; one that is there has the same bits."""
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
