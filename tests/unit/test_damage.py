"""One slip of the keyboard, one message where it was: each token of each spec of the gallery is
deleted, doubled, and swapped with the next one."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from by_day import DAY

from stdpdsl.compiler import check_text
from stdpdsl.language.diagnostics import Diagnostic
from stdpdsl.language.source import Source

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.stdp"))
SAMPLE = 400
NEAR = 0.95  # of the damages that are told: the first message on the damaged line or the next
FEW = 0.90  # and at most two messages
# Found without the parser: a lexer that is wrong must not choose what it is tried on.
TOKEN = re.compile(
    r'(?P<skip>"""(?:[^"]|"(?!""))*"""|#[^\n]*)|"[^"\n]*"'
    r"|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+|\w+|->|\*\*|//|[-+*/<>=!]=|[^\s\w]"
)


@dataclass(frozen=True)
class Damage:
    spec: Path
    kind: str
    lines: tuple[int, int]
    text: str


def damages(spec: Path, text: str) -> Iterator[Damage]:
    places = [m.span() for m in TOKEN.finditer(text) if not m["skip"]]

    def damage(kind: str, start: int, end: int, new: str) -> Damage:
        first = text.count("\n", 0, start) + 1
        lines = first, first + text.count("\n", start, end)
        return Damage(spec, kind, lines, text[:start] + new + text[end:])

    for (start, end), following in zip(places, [*places[1:], None], strict=True):
        token = text[start:end]
        yield damage("delete", start, end, "")
        yield damage("double", start, end, f"{token} {token}")
        if following is not None:
            first, last = following
            if text[first:last] != token:
                yield damage("swap", start, last, text[first:last] + text[end:first] + token)


def told(spec: Path, text: str) -> tuple[Source, list[Diagnostic]]:
    source = Source(str(spec), text)
    return source, check_text(source, spec.parent, [])[1]


def measure(chosen: list[Damage], usual: dict[Path, Counter]) -> tuple[float, float, list[str]]:
    """The fractions of damages that are told near and in few messages, and the others."""
    near = few = count = 0
    others = []
    for damage in chosen:
        source, found = told(damage.spec, damage.text)  # a traceback fails the test
        left = usual[damage.spec].copy()
        new = []
        for d in found:
            if left[d.code, d.message]:
                left[d.code, d.message] -= 1  # the spec has this warning anyway
            else:
                new.append(d)
        if not new:
            continue  # it still says something, such as `--x` or a list without one value
        count += 1
        first, last = damage.lines
        is_near = new[0].span.source is source and first <= new[0].span.line <= last + 1
        near += is_near
        few += len(new) <= 2
        if not is_near or len(new) > 2:
            line = damage.text.splitlines()[first - 1].strip()
            others.append(
                f"{damage.spec.name}:{first}: {damage.kind}: {line}: "
                + ", ".join(f"{d.code} in line {d.span.line}" for d in new)
            )
    print(
        f"\n{len(chosen)} damages, {count} told: {near / count:.1%} on the damaged line or the"
        f" next, {few / count:.1%} in at most two messages"
    )
    return near / count, few / count, others


@pytest.fixture(scope="module")
def texts() -> dict[Path, str]:
    return {spec: spec.read_text(encoding="utf-8") for spec in SPECS}


@pytest.fixture(scope="module")
def usual(texts) -> dict[Path, Counter]:
    return {s: Counter((d.code, d.message) for d in told(s, t)[1]) for s, t in texts.items()}


def test_a_sample(texts, usual):
    every = [d for spec, text in texts.items() for d in damages(spec, text)]
    assert len(every) > 20_000
    near, few, others = measure(random.Random(1).sample(every, SAMPLE), usual)
    assert near >= NEAR and few >= FEW, "\n".join(others)


@pytest.mark.slow
def test_a_sample_of_today(texts, usual):
    """Fewer may be near by chance: three standard errors."""
    every = [d for spec, text in texts.items() for d in damages(spec, text)]
    near, few, others = measure(random.Random(DAY).sample(every, 1000), usual)
    assert near >= NEAR - 0.02 and few >= FEW - 0.03, "\n".join(others)


@pytest.mark.slow
@pytest.mark.long
def test_each_token(texts, usual):
    every = [d for spec, text in texts.items() for d in damages(spec, text)]
    near, few, others = measure(every, usual)
    print("\n".join(others))
    assert near >= NEAR and few >= FEW


# Kinds of damage whose one cause was told many times.
CASCADES = [
    ("vogels_2011_rate", "dt: 0.2 ms", "dt: 0.2", ["UNIT002"]),
    ("izhikevich_2007", "dt: 1 ms", "dt: 1", ["UNIT002"]),
    ("kremer_2011", "dvt/dt =", "dvtdt =", ["NAME027"]),
    ("vogels_2011_rate", "dg_e/dt =", "dg_e_dt =", ["NAME027"]),
]


@pytest.mark.parametrize("name, old, new, codes", CASCADES)
def test_one_cause_is_told_once(name, old, new, codes):
    spec = SPECS[0].with_name(f"{name}.stdp")
    text = spec.read_text(encoding="utf-8")
    assert old in text
    found = told(spec, text.replace(old, new))[1]
    usual = {(d.code, d.message) for d in told(spec, text)[1]}
    assert [d.code for d in found if (d.code, d.message) not in usual] == codes
