"""What a value may be computed with, is computed by the script as by the check, to the bit."""

import numpy as np
from running import run_text

from stdpdsl.language import ast
from stdpdsl.language.builtins import FUNCTIONS
from stdpdsl.language.numeric import evaluate
from stdpdsl.language.parser import parse
from stdpdsl.language.source import Source

ARGUMENTS = {
    "log": "1.7",
    "log10": "1.7",
    "sqrt": "2",
    "abs": "-2.5",
    "sign": "-2",
    "floor": "2.7",
    "ceil": "2.2",
    "int": "2.7",
    "clip": "3, 0, 2",
    "min": "1, 2",
    "max": "1, 2.5",
    "arctan2": "-3 ms, -4 ms",
}
VALUES = {f"of_{name}": f"{name}({ARGUMENTS.get(name, '0.3')})" for name in FUNCTIONS} | {
    "remainder": "-7 % 4",
    "whole": "7 // 2",
    "power": "-2**0.5",
    "half": "2**-1",
    "ratio": "5/2",
    "truth": "int(3 > 2 and not 1 > 2)",
    "times": "10 ms/(3 ms)",
    "units": "3*mV/mV + second/ms",
    "areas": "sqrt(4 mV**2)/uV",
    "mixed": "min(3 ms, 5*ms)/us",
    "zero": "exprel(0)",
}
SPEC = """model values
constants:
{constants}
neuron cell:
    equations:
        dv/dt = -v/(10*ms) : 1
{seen}
    threshold: v > 1
    reset: v = 0
layer A:
    neuron: cell
    size: 1
record:
    {names} of A every ms
run:
    duration: 1*ms
    dt: ms
"""


def test_a_script_computes_what_the_check_did(tmp_path):
    text = SPEC.format(
        constants="\n".join(f"    {name} = {value}" for name, value in VALUES.items()),
        seen="\n".join(f"        as_{name} = {name} : 1" for name in VALUES),
        names=", ".join(f"as_{name}" for name in VALUES),
    )
    tables = run_text(tmp_path, text)
    rows = tables["trajectories"]
    found = dict(zip(rows["variable"], rows["value"], strict=True))
    for item in parse(Source("s.stdp", text)).of(ast.Constants)[0].items:
        name = item.name.id
        np.testing.assert_array_equal(found[f"as_{name}"], evaluate(item.value, {}), name)
