"""Errors that keep a run from starting or resuming."""

from __future__ import annotations

from ..language.diagnostics import seen


class JobError(Exception):
    """A run cannot start or continue; the text says why."""

    def __init__(self, text: str):
        super().__init__(seen(text))


class Busy(JobError):
    """Another process holds the lock."""
