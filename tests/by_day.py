"""Cases that take turns: each day some of them, in as many days all; STDPDSL_DAY is another day."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from typing import TypeVar

import pytest

T = TypeVar("T")
# In the environment, so that all workers have the same.
DAY = int(os.environ.setdefault("STDPDSL_DAY", str(date.today().toordinal())))


def in_turn(cases: Sequence[T], count: int) -> list:
    """All the cases: `count` of them are today's, the others are marked `long`."""
    today = {(DAY * count + k) % len(cases) for k in range(count)}
    return [case if k in today else later(case) for k, case in enumerate(cases)]


def later(case):
    """A case, or values of several arguments, of another day."""
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.long)
