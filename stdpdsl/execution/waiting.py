"""A process that waits for a script, and perhaps for others after it. It already imports the
modules of scripts, so that a run starts as soon as its spec is compiled.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from . import attached

if TYPE_CHECKING:
    from .interpreter import Interpreter

IMPORTED = (
    "numpy",
    "pyarrow.parquet",
    "stdpdsl.runtime.running",
    "stdpdsl.runtime.saving",
    "stdpdsl.runtime.results",
    "stdpdsl.runtime.inputs",
)
"""The modules that most scripts import."""
BRIAN2 = "stdpdsl.runtime.brian2_alone"

SIGKILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class Waiting:
    """`workdir`, its working folder, is empty, and new unless one is given: it is deleted if this
    process is killed. What the process writes to its standard error is in `log`. It also imports
    Brian2 if a script is likely to need it.
    """

    def __init__(self, interpreter: Interpreter, workdir: Path | None = None, brian2: bool = False):
        self.workdir = workdir or Path(tempfile.mkdtemp(prefix="stdpdsl-"))
        self.log = self.workdir / "log.txt"
        self.errors = self.log.open("w", encoding="utf-8", errors="replace")
        # -P: a module beside the script must not stand in for an installed one.
        command = [interpreter.executable, "-P", "-u", attached.__file__]
        try:
            self.process = subprocess.Popen(
                [*command, str(self.workdir), str(interpreter.packages)],
                cwd=self.workdir,
                env=attached.environment(),
                stdin=subprocess.PIPE,  # closed when this process ends, which ends the script
                stdout=subprocess.PIPE,
                stderr=self.errors,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # only this process gets Ctrl-C, and it passes it on
            )
        except OSError:
            self.errors.close()
            shutil.rmtree(self.workdir, ignore_errors=True)
            raise
        self.used = self.ended = False
        self.reaper = threading.Thread(target=_reap, args=(self.process,), daemon=True)
        self.reaper.start()
        self._say([*IMPORTED, BRIAN2] if brian2 else IMPORTED)

    def run(self, script: Path, arguments: Sequence[str]) -> None:
        """Let the process run a script."""
        self.used = True
        self._say([str(script.resolve()), *arguments])

    def _say(self, items: Sequence[str]) -> None:
        with suppress(BrokenPipeError):  # it has ended; the caller finds out when waiting for it
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps(items) + "\n")
            self.process.stdin.flush()

    def end(self) -> None:
        """Let the process end unless it has ended, and close its pipes."""
        self.ended = True
        self._say([])
        self.reaper.join()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            with suppress(OSError):
                if stream is not None:
                    stream.close()

    def close(self) -> None:
        """End the process, which is not running a script, and delete its folder."""
        if not self.used:  # it may still be importing
            kill(self.process, SIGKILL)
        self.end()
        shutil.rmtree(self.workdir, ignore_errors=True)


def kill(process: subprocess.Popen[str], number: int) -> None:
    """Send a signal to a process and all processes that it started, such as a compiler."""
    if process.returncode is not None:
        return
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.terminate()
    except (ProcessLookupError, PermissionError):
        pass


def _reap(process: subprocess.Popen[str]) -> None:
    """When the process has ended, kill the processes that it left behind, because they would keep
    our pipe open.
    """
    if hasattr(os, "waitid"):
        # The process number stays reserved until we wait for it: no other process is hit.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        kill(process, SIGKILL)
    process.wait()
