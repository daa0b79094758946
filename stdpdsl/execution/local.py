"""A generated script as a process of its own on this machine.

The script, called with `--events`, writes one JSON object per line to its standard output:

    {"event": "stage", "name": "simulating"}
    {"event": "progress", "t": 0.5, "duration": 2.0, "elapsed": 1.2,
     "rates": {"A1": 4.5}, "weights": {"ff": 0.01},    mean rates (Hz) and weights (SI) by now
     "silent": {"A1": [3, 20]}}                        blocks without a spike of it, of how many
    {"event": "warning", "text": "..."}
    {"event": "error", "text": "...", "kind": "spec" or "simulation"}
    {"event": "done", "folder": "..."}

Whatever else it writes goes to a log. It ends when this process does (`attached.py`).
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from .attached import PATIENCE
from .waiting import SIGKILL, Waiting

Event = dict[str, Any]

DONE, SPEC_WRONG, SIMULATION_FAILED, INTERRUPTED = 0, 1, 3, 130

_LAST_LINES = 8
_BRIAN_WARNING = re.compile(r"^WARNING\s+(.*?)\s*\[(brian2[\w.]*)\]$", re.MULTILINE | re.DOTALL)


@dataclass
class Outcome:
    """How a run ended: `status` is the command's exit code; `message` is empty if all is well."""

    status: int
    message: str = ""
    log: Path | None = None
    pid: int = 0
    folder: str = ""
    """Where the results are; empty when nothing was saved."""


class Children:
    """Scripts that run at a time: while it is entered in the main thread, Ctrl-C, a request to end
    and a closed terminal are passed on to all of them."""

    def __init__(self) -> None:
        self.interrupts = 0
        self.running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Children:
        self._before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)
                # What is ignored stays so: `nohup`, or a job in the background.
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        for number, old in self._before.items():
            signal.signal(number, old)

    def _interrupt(self, *_: object) -> None:
        self.interrupts += 1
        for process in list(self.running):
            _interrupt(process, insist=self.interrupts > 1)

    @contextmanager
    def child(self, process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
        """A process that is told of interruptions, also of one before this."""
        self.running.append(process)
        try:
            if self.interrupts:
                _kill(process, signal.SIGINT)
            yield process
        finally:
            self.running.remove(process)
            for pipe in (process.stdin, process.stdout):
                with suppress(BrokenPipeError):
                    if pipe is not None:
                        pipe.close()


@dataclass
class _Said:
    """What a script said that is not an event for others."""

    errors: list[Event] = field(default_factory=list)
    folder: str = ""


def run_script(
    script: Path,
    arguments: Sequence[str],
    on_event: Callable[[Event], None],
    waiting: Waiting,
    children: Children | None = None,
) -> Outcome:
    """Run a script by a process that waits for one, hand on its stages, progress and warnings, and
    say how it ended. Paths among the arguments must be absolute. `children` are those that run at
    the same time, entered by the caller.
    """
    if children is None:
        with Children() as children:
            return run_script(script, arguments, on_event, waiting, children)
    if os.path.exists("brian_preferences"):  # the script looks for the user's own
        text = "brian_preferences is not read: it could change results"
        on_event({"event": "warning", "text": text})
    said, log = _Said(), waiting.log
    with waiting.errors as errors, children.child(waiting.process) as process:
        reaper = threading.Thread(target=_reap, args=(process,), daemon=True)
        reaper.start()
        try:
            waiting.run(script, [*arguments, "--events"])
            _follow(process.stdout, said, on_event, errors)
        except BaseException:  # from on_event: a broken pipe, say
            _kill(process, SIGKILL)
            raise
        finally:
            reaper.join()
    text = log.read_text(encoding="utf-8", errors="replace")
    for warning, place in [] if children.interrupts else _BRIAN_WARNING.findall(text):
        on_event({"event": "warning", "text": f"{' '.join(warning.split())} [{place}]"})
    return _outcome(said, children.interrupts > 0, process, text, log)


# Signals ----------------------------------------------------------------------------------------


def _interrupt(process: subprocess.Popen[str], insist: bool) -> None:
    """Ask once; a second time, or after a while, insist."""
    if insist:
        _kill(process, SIGKILL)
        return
    _kill(process, signal.SIGINT)
    timer = threading.Timer(PATIENCE, _kill, (process, SIGKILL))
    timer.daemon = True
    timer.start()


def _kill(process: subprocess.Popen[str], number: int) -> None:
    """Signal the child and all that it started, such as a compiler."""
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
    """When the child has ended, end what it left behind: that would hold our pipe open."""
    if hasattr(os, "waitid"):
        # The number stays the child's until it is waited for, so no other process can be hit.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        _kill(process, SIGKILL)
    process.wait()


# What the child says ----------------------------------------------------------------------------


def _follow(
    lines: IO[str] | None, said: _Said, on_event: Callable[[Event], None], log: IO[str]
) -> None:
    for line in lines or ():
        event = _parse(line)
        if event is None:
            log.write(line)
            log.flush()
        elif event["event"] == "error":
            said.errors.append(event)
        elif event["event"] == "done":
            said.folder = str(event.get("folder", ""))
        else:
            on_event(event)


def _parse(line: str) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def _outcome(
    said: _Said, interrupted: bool, process: subprocess.Popen[str], log_text: str, log: Path
) -> Outcome:
    code, pid = process.returncode, process.pid
    text = "\n".join(str(event.get("text", "")) for event in said.errors)
    if said.folder:  # saved, perhaps with blocks that failed, perhaps just before an interruption
        status = SIMULATION_FAILED if code or said.errors else DONE
        return Outcome(status, text, None, pid, said.folder)
    if interrupted:
        return Outcome(INTERRUPTED, "interrupted", None, pid)
    if said.errors:
        wrong = all(event.get("kind") == "spec" for event in said.errors)
        if wrong:
            return Outcome(SPEC_WRONG, text, None, pid)
        return Outcome(SIMULATION_FAILED, text, log, pid)
    lines = log_text.strip().splitlines()[-_LAST_LINES:]
    message = "\n".join([_how_it_ended(code), *(f"  {line}" for line in lines)])
    return Outcome(SIMULATION_FAILED, message, log, pid)


def _how_it_ended(code: int) -> str:
    if code == -SIGKILL:
        return "the simulation was killed, perhaps for want of memory"
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"the simulation was ended by {name}"
    if code == 0:
        return "the simulation ended without results"
    return "the simulation failed"
