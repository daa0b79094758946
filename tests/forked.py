"""Most processes that tests start are Python's, and spend most of their time on imports: they are
forked from one that has imported what they will. It starts when it is first needed, one for each
kind of process, and ends with the tests.

A process is forked where its command, flags and environment are those of a kind; any other, and all
of a test that is marked `real_process`, are started as ever. What starts it notices nothing: it is
a child of that process, with the pipes, the working folder, the session and the environment asked
for. Numbers that Python and NumPy draw without a seed are its own, the order of sets is its kind's.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import io
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

PACKAGES = Path(__file__).resolve().parents[1]
ATTACHED = str(PACKAGES / "stdpdsl" / "execution" / "attached.py")
READ_LATE = {"PYTEST_CURRENT_TEST", "XDG_CACHE_HOME"}
"""Environment variables that are read when they are needed, not when modules are imported."""
SUBREAPER = 36  # of prctl


class Kind(NamedTuple):
    flags: tuple[str, ...]
    """What stands before the arguments. The name of a script is one."""
    modules: tuple[str, ...]


BOTH = ("numpy", "pyarrow.parquet")
RUNTIME = ("brian2_alone", "running", "saving", "results", "inputs")
RUN = Kind(("-P", "-u", ATTACHED), (*BOTH, *(f"stdpdsl.runtime.{name}" for name in RUNTIME)))
COMMANDS = ("compiler", "api", "commands.runs", "commands.specs", "editor.server")
COMMAND = Kind(("-m", "stdpdsl.cli"), (*BOTH, *(f"stdpdsl.{name}" for name in COMMANDS)))
SCRIPT = Kind((), (*BOTH, "brian2"))


# Where processes are started ---------------------------------------------------------------------

enabled = True
start_of_any = subprocess.Popen._execute_child  # type: ignore[attr-defined]
servers: dict[Kind, Server] = {}
one_at_a_time = threading.Lock()


def install() -> None:
    """From now on, for all processes that Python starts here. Not where coverage is measured: it
    begins as an interpreter does."""
    if sys.platform == "linux" and not any(name.startswith("COVERAGE_") for name in os.environ):
        environment.update(os.environ)
        subprocess.Popen._execute_child = start  # type: ignore[attr-defined]


environment: dict[str, str] = {}


def start(popen: subprocess.Popen, *values) -> None:
    """In place of Popen's own method, which forks and executes."""
    asked = inspect.signature(start_of_any).bind(popen, *values).arguments
    kind = kind_of(asked) if enabled else None
    if kind is None:
        start_of_any(popen, *values)
        return
    try:
        with one_at_a_time:
            if kind not in servers:
                servers[kind] = Server(kind)
            popen.pid = servers[kind].fork(asked, kind)
    except ValueError:  # it has no such folder, say
        start_of_any(popen, *values)
        return
    popen._child_created = True  # type: ignore[attr-defined]
    pipes = (asked[name + end] for name in ("p2c", "c2p", "err") for end in ("read", "write"))
    popen._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


def kind_of(asked: dict) -> Kind | None:
    command = asked["args"]
    if (
        isinstance(command, str | bytes | os.PathLike)
        or asked["executable"] not in (None, sys.executable)
        or any(asked[name] for name in ("shell", "preexec_fn", "pass_fds"))
        or os.path.exists(os.path.join(asked["cwd"] or ".", "brian_preferences"))
    ):
        return None
    python, *words = map(os.fspath, command)
    for kind in (RUN, COMMAND, SCRIPT):
        size = len(kind.flags)
        named = kind is not SCRIPT or words[:1] and words[0].endswith(".py")
        if python == sys.executable and named and tuple(words[:size]) == kind.flags:
            return kind if same(asked["env"], kind) else None
    return None


def same(new: dict[str, str] | None, kind: Kind) -> bool:
    """Whether nothing differs that is read before the process is forked."""
    new, old = dict(os.environ if new is None else new), started_with(kind)
    if new.get("PYTHONPATH") == str(PACKAGES):  # where it imports from
        new["PYTHONPATH"] = old.get("PYTHONPATH", "")
    changed = {name for name in new.keys() | old.keys() if new.get(name, "") != old.get(name, "")}
    return changed <= READ_LATE


def started_with(kind: Kind) -> dict[str, str]:
    if kind is not RUN:
        return environment
    from stdpdsl.execution import attached

    before = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update(environment)
        return attached.environment()
    finally:
        os.environ.clear()
        os.environ.update(before)


class Server:
    """The process that others are forked from."""

    def __init__(self, kind: Kind):
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        flags = ["-P", *(flag for flag in kind.flags if flag == "-u")]
        command = [sys.executable, *flags, __file__, str(theirs.fileno()), *kind.modules]
        self.process = subprocess.Popen(
            command,
            env=started_with(kind),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
        theirs.close()
        assert self.control.recv(16) == b"ready"

    def fork(self, asked: dict, kind: Kind) -> int:
        """The number of a new process. Its parent is this one, which alone can wait for it."""
        message = {
            "command": [*map(os.fspath, asked["args"])][1:],
            "cwd": os.fspath(asked["cwd"] or os.getcwd()),
            "env": dict(os.environ if asked["env"] is None else asked["env"]),
            "session": asked["start_new_session"],
            "flags": 2 if kind is RUN else 0,
        }
        ends = [asked["p2cread"], asked["c2pwrite"], asked["errwrite"]]
        ends = [k if end == -1 else end for k, end in enumerate(ends)]
        prctl(SUBREAPER, 1)
        try:
            socket.send_fds(self.control, [json.dumps(message).encode()], ends)
            return int(self.control.recv(16))
        finally:
            prctl(SUBREAPER, 0)


def prctl(option: int, value: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


# Where they are forked ---------------------------------------------------------------------------


def serve(number: int, modules: Sequence[str]) -> None:
    control = socket.socket(fileno=number)
    path = [*sys.path]
    sys.path.insert(0, str(PACKAGES))
    for name in modules:
        importlib.import_module(name)
    sys.path[:] = path
    gc.collect()
    gc.freeze()
    control.send(b"ready")
    while True:
        message, ends, *_ = socket.recv_fds(control, 1 << 20, 3)
        if not message:
            return
        reading, writing = os.pipe()
        if (between := os.fork()) == 0:
            parent = os.getpid()
            if os.fork():
                os._exit(0)  # so that the other becomes the child of whoever asked for it
            while os.getppid() == parent:
                time.sleep(1e-4)
            become(json.loads(message), ends, writing)
            return
        os.close(writing)
        os.waitpid(between, 0)
        control.send(os.read(reading, 16) or b"none")
        for end in (reading, *ends):
            os.close(end)


def become(asked: dict, ends: list[int], writing: int) -> None:
    """What was asked for: the rest of this process."""
    if asked["session"]:
        os.setsid()
    os.chdir(asked["cwd"])
    for k, end in enumerate(ends):
        os.dup2(end, k)
    for k, name in enumerate(("stdin", "stdout", "stderr")):
        setattr(sys, name, stream(k, name))
    os.environ.clear()
    os.environ.update(asked["env"])
    without_log_of_brian2()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    os.write(writing, str(os.getpid()).encode())
    os.closerange(3, 256)
    words = asked["command"][asked["flags"] :]
    if not asked["flags"]:  # no -P
        here = "" if words[0] == "-m" else os.path.dirname(words[0])
        sys.path.insert(0, os.path.join(asked["cwd"], here).rstrip("/"))
    if asked["env"].get("PYTHONPATH") == str(PACKAGES) not in sys.path:
        sys.path.insert(1, str(PACKAGES))
    if words[0] == "-m":
        sys.argv[:] = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv[:] = words
        main = sys.modules["__main__"] = ModuleType("__main__")
        main.__file__ = os.path.join(asked["cwd"], words[0])
        text = Path(main.__file__).read_bytes()
        exec(compile(text, main.__file__, "exec"), main.__dict__)


def stream(number: int, name: str) -> io.TextIOWrapper:
    """As the interpreter makes it: one that it made for another file holds what it found out."""
    old, mode = getattr(sys, f"__{name}__"), "rb" if name == "stdin" else "wb"
    direct = old.write_through  # -u
    size = 0 if direct and mode == "wb" else -1
    file = open(number, mode, buffering=size, closefd=False)  # noqa: SIM115
    by_line = not direct and (name == "stderr" or os.isatty(number))
    options = {"write_through": direct, "line_buffering": by_line}
    return io.TextIOWrapper(file, old.encoding, old.errors, **options)


def without_log_of_brian2() -> None:
    """It writes to a file, and deletes that at the end; this one belongs to all that are forked."""
    if (brian2 := sys.modules.get("brian2")) is not None:
        import logging

        logger = brian2.BrianLogger
        if logger.file_handler is not None:
            logging.getLogger("brian2").removeHandler(logger.file_handler)
        logger.tmp_log = logger.tmp_script = logger.file_handler = None
        logger.console_handler.setStream(sys.stderr)


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2:])
