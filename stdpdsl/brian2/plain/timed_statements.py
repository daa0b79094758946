"""Statements that run at events and at regular times: `run_on_event` and `run_regularly`."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir import Every, Group
from .code import Code, quantity
from .layout import call, quoted


def at_events(name: str, group: Group) -> Iterator[str]:
    for e in group.events:
        when = e.when or "after_resets"
        if e.when:
            yield f'{name}.set_event_schedule("{e.name}", when="{when}", order={e.order})'
        if e.statements:
            order = e.order + 2 if e.when else e.order
            yield call(
                f"{name}.run_on_event",
                [f'"{e.name}"', quoted(e.statements), f'when="{when}"', f"order={order}"],
            )


def regularly(code: Code, name: str, item: Every, label: str) -> str:
    period = "dt" if item.period == "DT" else shown_time(code, item.period)
    return call(
        f"{name}.run_regularly",
        [
            quoted(item.statements),
            f"dt={period}",
            f'when="{item.when}"',
            f"order={item.order}",
            f"name={label}",
        ],
    )


def shown_time(code: Code, text: str) -> str:
    return quantity(code.show(text), "second")
