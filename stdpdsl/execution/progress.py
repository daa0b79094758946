"""Shows the progress of a run: one changing line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

from ..runtime.progress import live_text
from .local import Event

_BAR = 24
_BETWEEN_DRAWS = 0.1


class Progress:
    """Shows events through `say`. Use as a context manager, so that the line ends."""

    def __init__(self, say: Callable[[str], None], terminal: bool, warn: Callable[[str], None]):
        self.say = say
        self.terminal = terminal
        self.warn = warn
        self.stage = ""
        self.shown = -1  # tenths of the simulated time that have been printed
        self.drawn = 0.0
        self.width = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def __call__(self, event: Event) -> None:
        kind = event["event"]
        if kind == "stage":
            self.stage = str(event["name"])
            self.shown = -1
            if self.terminal:
                self._draw(self.stage)
            else:
                self._line(self.stage)
        elif kind == "progress":
            self._progress(event)
        elif kind == "warning":
            self.end()
            self.warn(str(event["text"]))

    def _progress(self, event: Event) -> None:
        """Progress of one simulation or of several shards. For shards, `part` is the fraction
        of this run's own work.
        """
        duration: float = event["duration"]
        elapsed: float = event["elapsed"]
        part = event["t"] / duration if duration > 0 else 1.0
        shown, of = part, f"{duration:g} s"
        if "blocks" in event:
            part, shown = event["part"], event["blocks"] / event["of"]
            of = f"{event['of']:,} blocks"
        part, shown = min(1.0, part), min(1.0, shown)
        left = f", {_clock(elapsed * (1 - part) / part)} left" if 0 < part < 1 else ""
        text = f"{shown:4.0%} of {of}, {_clock(elapsed)}{left}"
        if now := live_text(event):
            text += f"; {now}"
        if self.terminal:
            clock = time.monotonic()
            if shown == 1 or clock - self.drawn >= _BETWEEN_DRAWS:
                self.drawn = clock
                bar = ("#" * round(shown * _BAR)).ljust(_BAR, ".")
                self._draw(f"{self.stage} [{bar}] {text}")
        elif int(shown * 10) > self.shown:
            self.shown = int(shown * 10)
            self._line(f"{self.stage}: {text.strip()}")

    def _draw(self, text: str) -> None:
        text = text[
            : shutil.get_terminal_size().columns - 1
        ]  # a line that wraps could not be erased
        self.say("\r" + text.ljust(self.width))
        self.width = len(text)

    def _line(self, text: str) -> None:
        self.say(text + "\n")

    def end(self) -> None:
        """Clear the line for later output."""
        if self.terminal and self.width:
            self.say("\r" + " " * self.width + "\r")
            self.width = 0


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
