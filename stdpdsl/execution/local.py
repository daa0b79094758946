"""Runs a generated script as a separate process on this machine.

The script, called with `--events`, writes one JSON object per line to its standard output:

{"event": "stage", "name": "simulating"} {"event": "progress", "t": 0.5, "duration": 2.0, "elapsed":
1.2, "rates": {"A1": 4.5}, "weights": {"ff": 0.01}, mean rates (Hz) and weights (SI) by now
"silent": {"A1": [3, 20]}} blocks without a spike of the layer, and all blocks {"event": "warning",
"text": "..."} {"event": "error", "text": "...", "kind": "spec" or "simulation"} {"event": "done",
"folder": "..."}

All other output goes to a log. The script ends when this process ends (`attached.py`).
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import IO, Any

from ..dataclass import dataclass
from .attached import PATIENCE
from .waiting import SIGKILL, Waiting, kill

Event = dict[str, Any]

DONE, SPEC_WRONG, SIMULATION_FAILED, INTERRUPTED = 0, 1, 3, 130

_LAST_LINES = 8
_CAUSE = re.compile(r"^(\S.*)\n\n(?:The above exception was|During handling of the above)", re.M)
"""The last line of a traceback of which another error came. Brian2 wraps each error of an object,
such as too little memory, in one that only tells the object."""
_BRIAN_WARNING = re.compile(r"^WARNING\s+(.*?)\s*\[(brian2[\w.]*)\]$", re.MULTILINE | re.DOTALL)


@dataclass
class Outcome:
    """How a run ended: `status` is the command's exit code; `message` is empty if there is no
    error.
    """

    status: int
    message: str = ""
    log: Path | None = None
    pid: int = 0
    folder: str = ""
    """The folder of the results; empty if nothing was saved."""


class Children:
    """Scripts that run in parallel. Inside this context, in the main thread, the signals of
    Ctrl-C, termination and a closed terminal are passed on to all of them.
    """

    def __init__(self) -> None:
        self.interrupts = 0
        self.running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Children:
        self._before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)
                # Signals that are ignored stay ignored: `nohup`, or a job in the background.
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
        """Register a process for interruptions, including an earlier one."""
        self.running.append(process)
        try:
            if self.interrupts:
                kill(process, signal.SIGINT)
            yield process
        finally:
            self.running.remove(process)


@dataclass
class _Said:
    """The script's messages that are not passed on as events."""

    errors: list[Event] = field(default_factory=list)
    folder: str = ""
    waiting: bool = False


def run_script(
    script: Path,
    arguments: Sequence[str],
    on_event: Callable[[Event], None],
    waiting: Waiting,
    children: Children | None = None,
    again: bool = False,
) -> Outcome:
    """Run a script in a waiting process, pass on its stages, progress and warnings, and return how
    it ended. Paths among the arguments must be absolute. `children` are the scripts that run in
    parallel; the caller enters it. The process ends, unless it may wait for another script
    (`again`) and does.
    """
    if children is None:
        with Children() as children:
            return run_script(script, arguments, on_event, waiting, children, again)
    if os.path.exists("brian_preferences"):  # the script looks for the user's own
        text = "the file brian_preferences is ignored, because it could change results"
        on_event({"event": "warning", "text": text})
    said, log = _Said(), waiting.log
    with children.child(waiting.process) as process:
        try:
            waiting.run(script, [*arguments, "--events"])
            _follow(process.stdout, said, on_event, waiting.errors)
        except BaseException:  # from on_event, for example a broken pipe
            kill(process, SIGKILL)
            raise
        finally:
            if not (again and said.waiting):
                waiting.end()
    text = log.read_text(encoding="utf-8", errors="replace")
    for warning, place in [] if children.interrupts else _BRIAN_WARNING.findall(text):
        on_event({"event": "warning", "text": f"{' '.join(warning.split())} [{place}]"})
    return _outcome(said, children.interrupts > 0, process, text, log)


# Signals ----------------------------------------------------------------------------------------


def _interrupt(process: subprocess.Popen[str], insist: bool) -> None:
    """Interrupt the process; the second time, or after a timeout, kill it."""
    if insist:
        kill(process, SIGKILL)
        return
    kill(process, signal.SIGINT)
    timer = threading.Timer(PATIENCE, kill, (process, SIGKILL))
    timer.daemon = True
    timer.start()


# Output of the child ----------------------------------------------------------------------------


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
        elif event["event"] == "waiting":
            said.waiting = True
            return
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
    code, pid = process.returncode or 0, process.pid  # it may wait for another script
    text = "\n".join(str(event.get("text", "")) for event in said.errors)
    if (
        said.folder
    ):  # results are saved, perhaps with failed blocks, perhaps just before an interruption
        status = SIMULATION_FAILED if code or said.errors else DONE
        return Outcome(status, text, None, pid, said.folder)
    if interrupted:
        return Outcome(INTERRUPTED, "interrupted", None, pid)
    if said.errors:
        wrong = all(event.get("kind") == "spec" for event in said.errors)
        if wrong:
            return Outcome(SPEC_WRONG, text, None, pid)
        return Outcome(SIMULATION_FAILED, text, log, pid)
    lines = [*_CAUSE.findall(log_text), *log_text.strip().splitlines()[-_LAST_LINES:]]
    message = "\n".join([_how_it_ended(code), *(f"  {line}" for line in lines)])
    return Outcome(SIMULATION_FAILED, message, log, pid)


def _how_it_ended(code: int) -> str:
    if code == -SIGKILL:
        return "the simulation was killed, perhaps because it ran out of memory"
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"the simulation was terminated by {name}"
    if code == 0:
        return "the simulation ended without results"
    return "the simulation failed"
