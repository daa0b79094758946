"""Checks whether the time step is short enough for time constants, equations and delays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...lower.integration import in_words, without_error
from ...results.labels import shown
from ...results.reader import Results
from .finding import Finding, Run


def times(run: Run) -> Iterator[Finding]:
    """The spec's warnings about the time step. The spec is checked without `--set`."""
    codes = {
        "the time step is short enough": ("RUN002", "RUN006", "RUN007"),
        "times are multiples of the time step": ("RUN003", "RUN005"),
        "noise does not hinder the comparison of blocks": ("RUN008",),
        "all targets give the same results": ("TARGET001", "TARGET002"),
        "initial values lie inside their bounds": ("RUN004",),
    }
    said = _checked(run.results)
    for name, wanted in codes.items():
        if said is None:
            yield Finding(name, "unknown", "this version cannot check the spec that is saved")
            continue
        mine = [d for d in said if d.code in wanted]
        if not mine:
            yield Finding(name, "passed", "checked before the run")
        for d in mine:
            yield Finding(
                name,
                "found",
                f"{d.message} (line {d.span.line} of the spec)",
                d.help or f"see `stdpdsl explain {d.code}`",
            )


def integrated(run: Run) -> Iterator[Finding]:
    """Checks which variables were not integrated exactly."""
    name = "equations are solved exactly"
    methods = run.results.metadata.get("integration")
    if methods is None:
        yield Finding(name, "unknown", "the metadata do not say how they were integrated")
        return
    inexact = {
        component: {v: m for v, m in of_variable.items() if not without_error(m)}
        for component, of_variable in methods.items()
    }
    inexact = {component: left for component, left in inexact.items() if left}
    if not inexact:
        given = {c: [v for v, m in one.items() if m == "advance"] for c, one in methods.items()}
        listed = "; ".join(f"{c}: {', '.join(names)}" for c, names in given.items() if names)
        formula = f"; provided that the rule's own `advance:` is exact: {listed}" if listed else ""
        yield Finding(name, "passed", f"between spikes, which happen at time steps{formula}")
        return
    listed = "; ".join(f"{c}: {words}" for c, words in in_words(inexact))
    yield Finding(
        name,
        "found",
        f"{listed}: integrated numerically, so the error grows with `dt`",
        "`stdpdsl diagnose DIR --refine` runs a few blocks with half the `dt`, and estimates the"
        " error",
    )


def _checked(results: Results) -> list[Any] | None:
    """The warnings of the spec that was run"""
    checked, found = front(results)
    return None if checked is None else found


def front(results: Results) -> tuple[Any, list[Any]]:
    """The spec that was run as it was checked, or None, and what is wrong with it."""
    from ...compiler import check_text
    from ...language.source import Source

    if not results.spec:
        return None, []
    return check_text(Source("spec.stdp", results.spec), results.folder, [])


def delays(run: Run) -> Iterator[Finding]:
    name = "delays are multiples of the time step"
    rounded = run.results.metadata.get("rounded_delays")
    dt = run.results.metadata.get("dt")
    if rounded is None or not dt:
        yield Finding(
            name, "unknown", "these results are from an older version, which did not save it"
        )
        return
    if not rounded:
        yield Finding(name, "passed", f"of {shown(dt, 's')}")
    for connection in dict.fromkeys(one["connection"] for one in rounded):
        mine = [one for one in rounded if one["connection"] == connection]
        count, by = sum(one["delays"] for one in mine), max(one["by"] for one in mine)
        yield Finding(
            name,
            "found",
            f"{connection}: {count:,} delays rounded to steps of {shown(dt, 's')},"
            f" by {shown(by, 's', 3)} at most",
            "use a smaller `dt`, or delays that are multiples of it; random delays are always"
            " rounded, by at most half a step",
        )
