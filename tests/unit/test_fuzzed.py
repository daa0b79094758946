"""Specs that once ended in a traceback, found by mutation of others: each is told in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdpdsl.compiler import compile_source
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.language.source import Source

SPECS = Path(__file__).parents[2] / "specs"

# The spec, what was replaced, and the code that says so.
FOUND = [
    ("triplet_frequency", "all_pairs.preset", "all_rairs.preset", "NAME001"),
]


# The same, of what is right.
RIGHT = [
    ("facets_2012", "from 110 ms", "from  ms"),
    ("facets_2012", "from 110 ms", "from 110*ms"),
    ("auditory_map", "tau_m = 10 ms", "tau_m = 10*ms"),
]


@pytest.mark.parametrize("name, old, new, code", FOUND)
def test_what_once_crashed(name, old, new, code):
    text = (SPECS / f"{name}.stdp").read_text(encoding="utf-8")
    assert old in text
    source = Source("s.stdp", text.replace(old, new))
    with pytest.raises(CompileError) as caught:
        compile_source(source, SPECS, [], "synapse", "numpy")
    assert code in {d.code for d in caught.value.diagnostics}


@pytest.mark.parametrize("name, old, new", RIGHT)
def test_what_is_right_and_once_crashed(name, old, new):
    text = (SPECS / f"{name}.stdp").read_text(encoding="utf-8")
    assert old in text
    source = Source("s.stdp", text.replace(old, new))
    assert compile_source(source, SPECS, [], "synapse", "numpy").run_script
