"""What a kept result was computed by: every function that decides it, of a script and of ours."""

import itertools
import linecache

import pytest

from stdpdsl.runtime.nerve import drive_means, run_nerve
from stdpdsl.runtime.sources import code_of

SCRIPT = """
from stdpdsl.runtime.data import full
LEVEL = {level}
def helper():
    return {number}
def hear(p):
    return full(helper() + p.AN.gain + LEVEL, 3)
"""


def script(**values):
    text = SCRIPT.format(**{"level": 1, "number": 2} | values)
    name = f"<script {values}>"
    linecache.cache[name] = len(text), None, text.splitlines(True), name
    namespace = {"__name__": "script"}
    exec(compile(text, name, "exec"), namespace)
    return namespace["hear"]


@pytest.mark.parametrize("order", itertools.permutations(range(3)))
def test_it_holds_the_script_beside_the_runtime(order):
    def code(**values):
        functions = script(**values), run_nerve, drive_means
        return code_of(*(functions[k] for k in order))

    assert "p.AN.gain" in code() and "def full(" in code() and "def spikes_in_process" in code()
    assert code() == code()
    assert len({code(), code(level=7), code(number=7)}) == 3
