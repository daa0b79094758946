"""Runs a script that ends with whoever started it, even if that is killed without a word.

    python attached.py FOLDER PACKAGES SCRIPT ARGUMENTS...

Whoever starts this gives it a pipe as standard input and writes nothing into it: the system closes
the pipe when that process ends, however it ends, on every system. Then the script is interrupted as
by Ctrl-C, so that it removes what it has begun, and it is killed if it does not end. What it has
started itself, such as a compiled program, ends too. FOLDER, its working folder, is deleted. A
script that ends by itself leaves FOLDER alone. PACKAGES is the folder or archive that the script
imports stdpdsl.runtime from.

This needs nothing but Python: it also runs on machines where there is no stdpdsl.
"""

import _thread
import os
import runpy
import shutil
import signal
import sys
import threading
import time

PATIENCE = 10.0
"""Seconds that an interrupted script has to end by itself."""

WHERE_MODULES_ARE = {
    "PYTHONPATH", "PYTHONHOME", "PYTHONNOUSERSITE", "PYTHONUSERBASE", "PYTHONPLATLIBDIR",
    "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX",
}  # fmt: skip


def environment():
    """This process's environment variables, for a script, without those that change how Python runs
    a program: PYTHONOPTIMIZE removes docstrings that libraries read, PYTHONWARNINGS=error ends it
    at the first warning, PYTHONINSPECT hides how it ended. If matplotlib is imported, it opens no
    window."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") or name in WHERE_MODULES_ARE
    }
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


def main():
    folder, packages, *sys.argv[:] = sys.argv[1:]
    sys.path.insert(0, packages)
    gone = threading.Event()
    threading.Thread(target=end_with_parent, args=(folder, gone), daemon=True).start()
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except BrokenPipeError:  # nobody listens: the pipe above is closed at the same moment
        gone.wait(PATIENCE)
        raise
    finally:
        if gone.is_set():
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
