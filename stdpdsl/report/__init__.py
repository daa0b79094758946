"""The report of a run: one HTML page that opens with how the outcome depends on the parameters."""

from __future__ import annotations

from .page import report

__all__ = ["report"]
