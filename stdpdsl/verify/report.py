"""What `stdpdsl verify` prints: a rule's three kinds of tests, as text or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from stdpdsl.verify.replay import Replayed
from stdpdsl.verify.table import Verification

HEAD = ("quantity", "published", "obtained", "tolerance")


def text(verification: Verification, replayed: Sequence[Replayed]) -> str:
    """A rule's table: the names of its other tests, then each paper's numbers."""
    lines = [
        verification.rule,
        f"  oracle  {verification.oracle}",
        f"  NEST    {verification.nest or verification.without_nest}",
    ]
    if not replayed:
        lines.append("  paper   no number is replayed")
    table = [HEAD, *(cells for one in replayed for cells in _cells(one))]
    widths = [max(len(row[k]) for row in table) for k in range(len(HEAD))]

    def line(cells: Sequence[str]) -> str:
        first = f"{cells[0]:<{widths[0]}}"
        rest = (f"{c:>{w}}" for c, w in zip(cells[1:], widths[1:], strict=False))
        return "    " + "  ".join([first, *rest, *cells[len(HEAD) :]])

    for one in replayed:
        if one.problem:
            lines += [f"  paper   {one.spec}: FAILED", *_indented(one.problem)]
        for source, rows in groupby(zip(one.rows, _cells(one), strict=True), lambda r: r[0].source):
            lines += [f"  paper   {one.spec}: {source}", line(HEAD)]
            lines += [line((*cells, "ok" if row.ok else "FAILED")) for row, cells in rows]
    return "\n".join(lines) + "\n"


def _cells(one: Replayed) -> list[tuple[str, ...]]:
    return [
        (row.quantity, *(f"{value:.4g}" for value in (row.published, row.obtained, row.tolerance)))
        for row in one.rows
    ]


def _indented(problem: str) -> list[str]:
    return [f"    {line}" for line in problem.splitlines()]


def summary(outcomes: Iterable[tuple[Verification, Sequence[Replayed]]]) -> str:
    """The last line."""
    outcomes = list(outcomes)
    rows = [row for _, replayed in outcomes for one in replayed for row in one.rows]
    lost = [one for _, replayed in outcomes for one in replayed if one.problem]
    failed = sum(not row.ok for row in rows)
    rules, numbers = _count(len(outcomes), "rule"), _count(len(rows), "published number")
    text = f"{rules}: {numbers}, {len(rows) - failed} ok, {failed} FAILED"
    return text + (f", {_count(len(lost), 'run')} without results" if lost else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + "s" * (number != 1)


def as_json(verification: Verification, replayed: Sequence[Replayed]) -> dict[str, Any]:
    return {
        "rule": verification.rule,
        "oracle": verification.oracle,
        "nest": verification.nest or None,
        "without_nest": verification.without_nest or None,
        "ok": all(one.ok for one in replayed),
        "replays": [
            {
                "spec": one.spec,
                "problem": one.problem or None,
                "rows": [
                    {
                        "quantity": row.quantity,
                        "published": row.published,
                        "obtained": row.obtained,
                        "tolerance": row.tolerance,
                        "ok": row.ok,
                        "source": row.source,
                    }
                    for row in one.rows
                ],
            }
            for one in replayed
        ],
    }
