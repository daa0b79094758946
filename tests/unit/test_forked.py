"""Processes that tests fork are what they would be if they were started."""

import json
import os
import signal
import subprocess
import sys

import forked
import pytest

from stdpdsl.execution import attached

SEEN = """
import json, os, signal, sys
print(json.dumps({
    "argv": sys.argv,
    "path": sys.path,
    "name": __name__,
    "file": __file__,
    "folder": os.getcwd(),
    "environment": {k: v for k, v in os.environ.items() if k not in ("LINES", "COLUMNS")},
    "parent": os.getppid(),
    "leads": [os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid()],
    "open": sorted(os.listdir("/proc/self/fd")),
    "streams": [
        [s.encoding, s.errors, s.line_buffering, s.write_through, s.isatty(), s.seekable()]
        for s in (sys.stdin, sys.stdout, sys.stderr)
    ],
    "signals": [str(signal.getsignal(s)) for s in (signal.SIGTERM, signal.SIGPIPE)],
    "threads": len(os.listdir("/proc/self/task")),
}))
print("an error", file=sys.stderr)
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked")


@pytest.fixture
def both(monkeypatch):
    """Something done with processes that are started, and with some that are forked."""

    def done_both_ways(act):
        found = []
        for fork in (False, True):
            monkeypatch.setattr(forked, "enabled", fork)
            found.append(act())
        return found

    return done_both_ways


def different(a, b):
    return {key: (a[key], b[key]) for key in a if a[key] != b[key]}


@pytest.mark.parametrize("session", [False, True])
def test_a_script(both, tmp_path, monkeypatch, session):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "script.py").write_text(SEEN + "sys.exit(5)")

    def run():
        command = [sys.executable, "script.py", "-P", "an argument"]
        options = {"start_new_session": session, "capture_output": True, "text": True}
        done = subprocess.run(command, cwd=tmp_path, stdin=subprocess.DEVNULL, **options)
        return {"status": done.returncode, "said": done.stderr, **json.loads(done.stdout)}

    started, ran = both(run)
    assert forked.SCRIPT in forked.servers
    assert different(started, ran) == {}
    assert ran["status"] == 5 and ran["parent"] == os.getpid()


def test_an_attached_script(both, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SEEN)

    def run():
        folder = tmp_path / "folder"
        folder.mkdir(exist_ok=True)
        with subprocess.Popen(
            [sys.executable, "-P", "-u", attached.__file__, str(folder), forked.PACKAGES],
            cwd=folder,
            env=attached.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        ) as process:
            process.stdin.write(f'["json"]\n["{script}", "--out", "r"]\n[]\n')
            process.stdin.flush()
            said = json.loads(process.stdout.readline())
            process.stdout.read()  # until it ends; closing its input would interrupt it
        return {"status": process.returncode, **said}

    started, ran = both(run)
    assert forked.RUN in forked.servers
    assert different(started, ran) == {}


def test_how_it_ends(both, tmp_path):
    (tmp_path / "fails.py").write_text("1/0")
    (tmp_path / "waits.py").write_text("print(1, flush=True)\nimport time\ntime.sleep(100)")

    def run():
        command = [sys.executable, str(tmp_path / "fails.py")]
        failed = subprocess.run(command, capture_output=True, text=True)
        found = [failed.returncode, failed.stderr.splitlines()[-1]]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with subprocess.Popen(
                [sys.executable, str(tmp_path / "waits.py")],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ) as process:
                assert process.stdout.readline() == b"1\n"
                process.send_signal(number)
                found.append(process.wait())
        return found

    started, ran = both(run)
    assert started == ran


def test_what_is_no_such_process_is_started(tmp_path):
    asked = dict.fromkeys(("executable", "shell", "preexec_fn", "pass_fds", "env", "cwd"))
    command = [sys.executable, "-m", "stdpdsl.cli", "check"]
    assert forked.kind_of({**asked, "args": command}) == forked.COMMAND
    other = {**os.environ, "HOME": str(tmp_path)}
    (tmp_path / "brian_preferences").touch()
    for change in (
        {"args": [sys.executable, "-c", "1"]},
        {"args": ["/bin/python", *command[1:]]},
        {"env": other},
        {"env": {}},
        {"preexec_fn": print},
        {"cwd": tmp_path},
    ):
        assert forked.kind_of({**asked, "args": command, **change}) is None
