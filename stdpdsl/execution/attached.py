"""Runs a script that ends together with the process that started it, even if that process is
killed.

    python attached.py FOLDER PACKAGES [SCRIPT ARGUMENTS...]

The parent gives it a pipe as standard input. Every operating system closes the pipe when the parent
ends, however it ends. The script is then interrupted as by Ctrl-C, so that it can clean up, and is
killed if it does not end. Its child processes, such as a compiled program, end too. FOLDER, its
working folder, is deleted. If the script ends by itself, FOLDER is kept. PACKAGES is the folder or
archive from which the script imports stdpdsl.runtime. Without SCRIPT, the pipe delivers lines, each
a JSON list: first the names of modules to import, and later the script and its arguments. After a
script that succeeded without Brian2, which keeps much for itself, the event `waiting` asks for
another one; an empty list ends the process.

This file needs only Python, so it also runs on machines without stdpdsl.
"""

import _thread
import atexit
import contextlib
import gc
import importlib
import json
import linecache
import os
import queue
import runpy
import shutil
import signal
import sys
import threading
import time

PATIENCE = 10.0
"""Seconds that an interrupted script has before it is killed."""

WHERE_MODULES_ARE = {
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONNOUSERSITE",
    "PYTHONUSERBASE",
    "PYTHONPLATLIBDIR",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPYCACHEPREFIX",
}


def environment():
    """The environment variables for a script: those of this process, without the ones that change
    how Python runs a program. PYTHONOPTIMIZE removes docstrings that libraries read,
    PYTHONWARNINGS=error ends it at the first warning, PYTHONINSPECT hides how it ended. If
    matplotlib is imported, it opens no window.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") or name in WHERE_MODULES_ARE
    }
    kept.setdefault("OPENBLAS_NUM_THREADS", "1")  # more threads cost a tenth of a short run
    return {**kept, "MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8:replace"}


class Parent:
    """The process at the other end of standard input."""

    def __init__(self, folder):
        self.folder = folder
        self.scripts: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
        self.busy = threading.Event()  # from when a script is read until it has ended
        self.gone = threading.Event()

    def follow(self):
        """Pass on the scripts that standard input delivers. Once it is closed, end this process."""
        while (script := line_of_input()) is not None:
            if script:
                self.busy.set()
            self.scripts.put(script)
        self.gone.set()
        self.scripts.put([])
        if not self.busy.is_set():
            return
        own_group = hasattr(os, "killpg") and os.getpgrp() == os.getpid()
        if own_group:
            os.killpg(0, signal.SIGINT)  # also a compiler, or a compiled program
        else:
            _thread.interrupt_main()
        time.sleep(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)
        if own_group:
            os.killpg(0, signal.SIGKILL)
        os._exit(130)


def leave(status, threads=1):
    """End this process with an exit code, as sys.exit does. If no more than `threads` threads
    are left, end at once, because Python's clean-up takes a tenth of a short run.
    """
    if isinstance(status, int | None) and threading.active_count() <= threads:
        atexit._run_exitfuncs()
        try:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
        except (OSError, ValueError):  # Python says so
            sys.exit(status)
        os._exit(status or 0)
    sys.exit(status)


def import_all(names):
    """Import modules that a script is likely to need."""
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:  # the script reports the failed import in its log
            break
    gc.freeze()  # what is imported stays, so garbage collection skips it


def line_of_input():
    """The list in the next line of standard input; None at its end."""
    line = b""
    while not line.endswith(b"\n"):
        try:
            byte = os.read(0, 1)
        except OSError:
            byte = b""
        if not byte:
            return None
        line += byte
    return json.loads(line)


def show_shard(arguments):
    """Show in `ps` and `top` on Linux which shard this process runs. The shard was not known
    when the process started, so its command line cannot tell.
    """
    if "--shard" in arguments:
        shard = arguments[arguments.index("--shard") + 1]
        with contextlib.suppress(OSError), open("/proc/self/comm", "w", encoding="ascii") as name:
            name.write(f"stdpdsl {shard}")


def run(script, gone):
    """Run a script; the status with which it exits."""
    sys.argv[:] = script
    show_shard(script)
    try:
        runpy.run_path(script[0], run_name="__main__")
    except SystemExit as end:
        return end.code
    except BrokenPipeError:  # nobody reads this: the pipe above is closed at the same moment
        gone.wait(PATIENCE)
        raise
    return None


def main():
    folder, packages, *script = sys.argv[1:]
    sys.path.insert(0, packages)
    parent = Parent(folder)
    if script:
        parent.busy.set()
        parent.scripts.put(script)
    else:
        import_all(line_of_input() or ())
    threading.Thread(target=parent.follow, daemon=True).start()
    status = None
    try:
        while awaited := parent.scripts.get():
            status = run(awaited, parent.gone)
            if script or status or "brian2" in sys.modules:
                break
            linecache.clearcache()  # the next script has the same name
            gc.collect()
            parent.busy.clear()
            print(json.dumps({"event": "waiting"}), flush=True)
    finally:
        if parent.gone.is_set():
            shutil.rmtree(folder, ignore_errors=True)
    leave(status, threads=2)


if __name__ == "__main__":
    main()
