"""Cases that take turns: each is some day's, and an asked one is always there."""

from __future__ import annotations

from types import SimpleNamespace

import by_day
import pytest


class Item:
    def __init__(self, nodeid, *marks):
        self.nodeid, self.marks = nodeid, list(marks)

    def iter_markers(self):
        return (mark.mark for mark in self.marks)

    def get_closest_marker(self, name):
        return next((m for m in self.iter_markers() if m.name == name), None)

    def add_marker(self, mark):
        self.marks.append(mark)


def todays(monkeypatch, day, make):
    monkeypatch.setattr(by_day, "DAY", day)
    items = make()
    by_day.take_turns(items)
    return [item.nodeid for item in items if pytest.mark.long not in item.marks]


@pytest.mark.parametrize("count, cases", [(1, 3), (2, 5), (3, 3), (4, 3), (2, 6)])
def test_each_case_has_its_day(count, cases, monkeypatch):
    make = lambda: [Item(f"t[{k}]", pytest.mark.in_turn(count)) for k in range(cases)]  # noqa: E731
    days = [todays(monkeypatch, 739_000 + k, make) for k in range(-(-cases // count))]
    assert {len(day) for day in days} == {min(count, cases)}
    assert {case for day in days for case in day} == {item.nodeid for item in make()}


def test_fast_and_slow_cases_take_turns_apart(monkeypatch):
    turn = pytest.mark.in_turn(1, among="rules")

    def make():
        slow = [Item(f"{name}[slow]", turn, pytest.mark.slow) for name in "ab"]
        return [Item("other"), *slow, *(Item(name, turn) for name in "ab")]

    assert todays(monkeypatch, 0, make) == ["other", "a[slow]", "a"]
    assert todays(monkeypatch, 1, make) == ["other", "b[slow]", "b"]


def test_slow_cases_as_cython_are_few_a_day(monkeypatch):
    def make():
        items = [Item(f"t{k}[cython]", pytest.mark.slow) for k in range(60)]
        for item in items:
            item.callspec = SimpleNamespace(params={"target": "cython"})
        return items

    days = [todays(monkeypatch, day, make) for day in range(60)]
    assert {len(day) for day in days} == {1} and len({case for day in days for case in day}) == 60


def test_cases_as_cython_take_no_second_turn():
    cases = [(target, k) for target in ("cython", "cpp_standalone") for k in range(3)]
    found = by_day.in_turn(cases, 1)
    assert found[:3] == cases[:3] and sum(case in cases for case in found[3:]) == 1


def test_a_case_that_is_asked_for_alone_is_todays(monkeypatch):
    for day in range(3):
        assert todays(monkeypatch, day, lambda: [Item("t[x]", pytest.mark.in_turn(1))])
