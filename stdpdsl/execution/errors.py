"""What keeps a run from being started or resumed."""

from __future__ import annotations

from ..language.diagnostics import seen


class JobError(Exception):
    """A run cannot begin, or not go on; the text says why."""

    def __init__(self, text: str):
        super().__init__(seen(text))


class Busy(JobError):
    """Another process holds the lock."""
