"""Runs a script that ends together with the process that started it, even if that process is
killed.

    python attached.py FOLDER PACKAGES [SCRIPT ARGUMENTS...]

The parent gives it a pipe as standard input. Every operating system closes the pipe when the parent
ends, however it ends. The script is then interrupted as by Ctrl-C, so that it can clean up, and is
killed if it does not end. Its child processes, such as a compiled program, end too. FOLDER, its
working folder, is deleted. If the script ends by itself, FOLDER is kept. PACKAGES is the folder or
archive from which the script imports stdpdsl.runtime. Without SCRIPT, the pipe delivers two lines,
each a JSON list: first the names of modules to import, and later the script and its arguments.

This file needs only Python, so it also runs on machines without stdpdsl.
"""

import _thread
import atexit
import contextlib
import importlib
import json
import os
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


def end_with_parent(folder, gone):
    """Wait until standard input is closed, set the event `gone`, and end this process."""
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    gone.set()
    own_group = hasattr(os, "killpg") and os.getpgrp() == os.getpid()
    if own_group:
        os.killpg(0, signal.SIGINT)  # also a compiler, or a compiled program
    else:
        _thread.interrupt_main()
    time.sleep(PATIENCE)
    shutil.rmtree(folder, ignore_errors=True)
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


def awaited_script():
    """The script from the pipe and its arguments, or nothing."""
    for name in line_of_input():
        try:
            importlib.import_module(name)
        except Exception:  # the script reports the failed import in its log
            break
    return line_of_input()


def line_of_input():
    """The list in the next line of standard input; an empty one at its end."""
    line = b""
    while not line.endswith(b"\n"):
        if not (byte := os.read(0, 1)):
            return []
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


def main():
    folder, packages, *script = sys.argv[1:]
    sys.path.insert(0, packages)
    sys.argv[:] = script or awaited_script()
    if not sys.argv:
        shutil.rmtree(folder, ignore_errors=True)
        return
    show_shard(sys.argv)
    gone = threading.Event()
    threading.Thread(target=end_with_parent, args=(folder, gone), daemon=True).start()
    status = None
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        status = end.code
    except BrokenPipeError:  # nobody reads this: the pipe above is closed at the same moment
        gone.wait(PATIENCE)
        raise
    finally:
        if gone.is_set():
            shutil.rmtree(folder, ignore_errors=True)
    leave(status, threads=2)


if __name__ == "__main__":
    main()
