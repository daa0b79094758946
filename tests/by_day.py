"""Cases that take turns: each day some of them, in as many days all; STDPDSL_DAY is another day.

Either `in_turn(cases, 3)` where they are listed, or `@pytest.mark.in_turn(3)` on a test: three of
its cases are today's, whatever their parameters. Tests that say `among="rules"` count as one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace
from typing import TypeVar

import pytest

CYTHON = pytest.param("cython", marks=pytest.mark.in_turn(2, among="cython"))
"""The target that compiles longest; C++, which `stdpdsl run` takes, is each day's."""

CYTHON_A_DAY = 1
"""Of all slow cases, of which each takes up to two minutes. The public CI runs all each week."""
NO_CASE = SimpleNamespace(params={})

T = TypeVar("T")
# In the environment, so that all workers have the same.
DAY = int(os.environ.setdefault("STDPDSL_DAY", str(date.today().toordinal())))


def in_turn(cases: Sequence[T], count: int) -> list:
    """All the cases: `count` of them are today's, the others are marked `long`. Those of slow tests
    as Cython are not counted: they take turns with all their like, or two turns would meet once in
    years."""
    own = [k for k, case in enumerate(cases) if not (isinstance(case, tuple) and "cython" in case)]
    others = {*own} - {own[k] for k in of_today(len(own), count)}
    return [later(case) if k in others else case for k, case in enumerate(cases)]


def take_turns(items: Sequence[pytest.Item]) -> None:
    """Marks as `long` what is not today's; fast and slow cases of a test take turns apart."""
    turns: dict[tuple, list[pytest.Item]] = {}
    for item in items:
        mark = item.get_closest_marker("in_turn")
        kinds = {m.name for m in item.iter_markers()} & {"slow", "compiled", "long"}
        if kinds == {"slow"} and "cython" in getattr(item, "callspec", NO_CASE).params.values():
            turns.setdefault(("cython", CYTHON_A_DAY), []).append(item)
        elif mark:
            test = mark.kwargs.get("among", item.nodeid.partition("[")[0])
            turns.setdefault((test, *mark.args, *sorted(kinds)), []).append(item)
    for (_, count, *_), cases in turns.items():
        for k in {*range(len(cases))} - of_today(len(cases), count):
            cases[k].add_marker(pytest.mark.long)


def of_today(cases: int, count: int) -> set[int]:
    """Far from each other, because neighbours are often of one kind and take as long."""
    count = min(count, cases)
    return {(DAY + k * cases // count) % cases for k in range(count)}


def later(case):
    """A case, or values of several arguments, of another day."""
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.long)
