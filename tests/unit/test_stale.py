"""Which variables only events bring up to date (RUN015)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stdpdsl.check.stale import stale
from stdpdsl.language import ast
from stdpdsl.language.parser import parse
from stdpdsl.language.source import Source

LIBRARY = Path(__file__).parents[2] / "stdpdsl" / "library"
FILES = [Source(path.name, path.read_text(encoding="utf-8")) for path in LIBRARY.glob("*.stdp")]
RULES = sorted((r for file in FILES for r in parse(file).of(ast.Rule)), key=lambda r: r.name.id)


def names(rule: ast.Rule) -> set[str]:
    return {s.target.id for s in stale(rule)}


def rule(*on_pre: str, equations: tuple[str, ...] = (), on_post: tuple[str, ...] = ()) -> ast.Rule:
    lines = ["model m", "rule r:", "    equations:"]
    lines += [f"        {e}" for e in ("w : 1", "x : 1", "last : second", *equations)]
    for trigger, body in (("pre", on_pre), ("post", on_post)):
        lines += [f"    on {trigger}:", *(f"        {s}" for s in body)] if body else []
    return parse(Source("r.stdp", "\n".join(lines) + "\n")).of(ast.Rule)[0]


FACTOR = "exp(-(t - last)/(20 ms))"


@pytest.mark.parametrize(
    ("found", "given"),
    [
        ("w", rule(f"w = w*{FACTOR}", "last = t", "w += 0.1")),
        ("w", rule(f"w = w*{FACTOR} + 0.1", "last = t")),  # with the event's own jump
        ("w", rule("w += 0.1", on_post=("w *= exp((last - t)/tau)", "last = t"))),
        ("w", rule("elapsed = t - last", "left = exp(-elapsed/tau)", "w = w*left", "last = t")),
        (
            "w",
            rule("w = w*exp(-elapsed/tau)", "last = t", equations=("elapsed = t - last : second",)),
        ),
        ("w", rule("w += rate*(t - last)", "last = t")),
        ("w", rule("w = 1 - (1 - w)*exp(-(t - last)/tau)", "last = t")),
        ("w x", rule(f"w += x*(1 - {FACTOR})", f"x = x*{FACTOR}", "last = t", "x += 1")),
        # A trace that is kept by hand is stale; the weight that reads it only jumps.
        ("x", rule(f"now = x*{FACTOR}", "w += now", "x = now + 1", "last = t")),
        ("x", rule(f"w += x*{FACTOR}", f"x = x*{FACTOR} + 1", "last = t")),
        # Pairings and intervals: between events the variable stays.
        ("", rule("last = t", on_post=(f"w += {FACTOR}",))),
        ("", rule(f"w += {FACTOR}", "last = t")),
        ("", rule(f"w += w*{FACTOR}", "last = t")),
        ("", rule(f"w += 0.1*(1 - {FACTOR})", "last = t")),  # Froemke and Dan's suppression
        ("", rule("w += 0.1*int(t - last > 5 ms)", "last = t")),
        ("", rule("x = (t - last)/(1 second)", "last = t")),
        # A time that is no event's; a draw; what an equation computes from the stored value.
        ("", rule("w += int(t > last)", "last += int(t > last)*ceil((t - last)/dt)*dt")),
        ("", rule("w -= binomial(w, 1 - exp(-(t - last)/tau))", "last = t")),
        ("", rule(f"x = x*{FACTOR} + 1", "last = t", equations=(f"c = x*{FACTOR} : 1",))),
    ],
)
def test_which(found, given):
    assert names(given) == set(found.split())


@pytest.mark.parametrize("library", RULES, ids=lambda r: r.name.id)
def test_library(library):
    """No rule of ours is stale; those that have `advance:` would be without it."""
    assert names(library) == set()
    moved = {
        "bcm": {"w", "x", "y", "mode"},
        "oja": {"w", "x", "y"},
        "dopamine": {"w", "c", "n"},
        "graupner_brunel_flat": {"rho", "c"},
    }
    handlers = [replace(h, body=(*library.advance, *h.body)) for h in library.handlers]
    without = replace(library, advance=(), handlers=tuple(handlers))
    assert names(without) >= moved.get(library.name.id, set())
