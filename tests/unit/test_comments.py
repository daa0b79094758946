"""The canonical text keeps every comment, beside what it is about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stdpdsl.language.comments import find_comments, formatted
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.language.parser import parse
from stdpdsl.language.source import Source

ROOT = Path(__file__).parents[2]
SPECS = sorted([*ROOT.glob("specs/*.stdp"), *ROOT.glob("stdpdsl/library/*.stdp")])

MESSY = '''# Licence: none.

"""Text with a # that begins no comment."""
# about the model
model demo# the name
constants:   # all of them
  # about tau
  tau   =  10 ms# how fast
  # at the end of constants


neuron cell:
    # about parameters
    parameters:
        # about gain
        gain = 1
        # after gain
    # about equations
    equations:
        dv/dt = (gain - v)/tau : 1   # a leak
    # how it is solved
    method: rk4
    threshold: v > 1
    reset:   # at a spike
        v = 0    # start again

layer A:
    neuron: cell(   # opens
        # inside
        gain = 2,
        )    # closes
    size: 10
  # the layer ends

sweep:
    table:   # by hand
        | A.gain |  # head
        # between rows
        | 1 | # one
        | 2 |
    where: gain > 0
record:
    spikes of A
run:
    duration: 1 s
    # the run ends
# end

# very end'''
NEAT = '''# Licence: none.

"""Text with a # that begins no comment."""
# about the model
model demo  # the name

constants:  # all of them
    # about tau
    tau = 10 ms  # how fast
    # at the end of constants

neuron cell:
    # about parameters
    parameters:
        # about gain
        gain = 1
        # after gain
    # about equations
    equations:
        dv/dt = (gain - v) / tau : 1  # a leak
    threshold: v > 1
    # at a spike
    reset: v = 0  # start again
    # how it is solved
    method: rk4

layer A:
    # opens
    # inside
    # closes
    neuron: cell(gain = 2)
    size: 10
    # the layer ends

sweep:
    table:  # by hand
        | A.gain |  # head
        # between rows
        | 1      |  # one
        | 2      |
    where: gain > 0

record:
    spikes of A

run:
    duration: 1 s
    # the run ends

# end

# very end
'''


def neat(text: str) -> str:
    return formatted(Source("spec.stdp", text))


def test_each_comment_has_its_place():
    assert neat(MESSY) == NEAT
    assert neat(NEAT) == NEAT
    assert neat(MESSY.replace("\n", "\r\n")) == NEAT
    assert neat("\ufeff" + MESSY) == NEAT


@pytest.mark.parametrize("path", SPECS, ids=lambda p: p.stem)
@pytest.mark.parametrize("behind", [True, False])
def test_a_comment_at_every_line_survives(path, behind):
    """Everywhere but in docstrings, where `#` is text."""
    text = path.read_text(encoding="utf-8")
    docs = [m.span() for m in re.finditer(r'"""(?:[^"]|"(?!""))*"""', text)]
    out, at = [], 0
    for number, line in enumerate(text.split("\n")):
        end = at + len(line)
        if any(start < end < stop for start, stop in docs):
            out.append(line)
        elif behind:
            out.append(f"{line}  # {number}")
        else:
            indent = " " * (len(line) - len(line.lstrip()))
            out += [line, f"{indent}# {number}"]
        at = end + 1
    whole = Source(path.name, "\n".join(out))
    tidy = Source(path.name, formatted(whole))
    assert {c.text for c in find_comments(tidy)} >= {c.text for c in find_comments(whole)}
    assert parse(tidy) == parse(Source(path.name, text))
    assert formatted(tidy) == tidy.text


def test_what_cannot_be_read_is_not_formatted():
    with pytest.raises(CompileError):
        neat("layer A\n")
