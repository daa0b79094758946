"""Where Brian2's exact integration fails, and that the check says so there and nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from diagnose import diagnose

from stdpdsl.check.exact import integrator, solvable
from stdpdsl.parser import parse
from stdpdsl.source import Source

CHAIN = "dv/dt = (I - v)/tau_m : 1\ndI/dt = -I/tau_s : 1"
THREE = "dv/dt = (I - v)/tau_m : 1\ndI/dt = (x - I)/tau_s : 1\ndx/dt = -x/tau_x : 1"
# Equations, values (ms, or plain for `g`), and whether the exact solution is right.
CASES = {
    "apart": (CHAIN, {"tau_m": 10, "tau_s": 5}, True),
    "equal": (CHAIN, {"tau_m": 10, "tau_s": 10}, False),
    "nearly equal": (CHAIN, {"tau_m": 10, "tau_s": 10.00000001}, False),
    "close": (CHAIN, {"tau_m": 10, "tau_s": 10.001}, True),
    "one name": ("dv/dt = (I - v)/tau : 1\ndI/dt = -I/tau : 1", {"tau": 10}, True),
    "literals": ("dv/dt = (I - v)/(10*ms) : 1\ndI/dt = -I/(10*ms) : 1", {}, True),
    "uncoupled": ("dv/dt = -v/tau_m : 1\ndI/dt = -I/tau_s : 1", {"tau_m": 10, "tau_s": 10}, True),
    "no gain": ("dv/dt = (g*I - v)/tau_m : 1\ndI/dt = -I/tau_s : 1",
                {"tau_m": 10, "tau_s": 10, "g": 0}, False),
    "three apart": (THREE, {"tau_m": 10, "tau_s": 5, "tau_x": 2}, True),
    "neighbours": (THREE, {"tau_m": 10, "tau_s": 5, "tau_x": 5}, False),
    # Not NaN, but wrong in the third digit.
    "over a third": (THREE, {"tau_m": 5, "tau_s": 10, "tau_x": 5}, False),
    "fork": ("dv/dt = (I + x - v)/tau_m : 1\ndI/dt = -I/tau_s : 1\ndx/dt = -x/tau_x : 1",
             {"tau_m": 10, "tau_s": 5, "tau_x": 5}, True),
    "computed": ("dv/dt = (J - v)/tau_m : 1\nJ = 2*I : 1\ndI/dt = -I/tau_s : 1",
                 {"tau_m": 10, "tau_s": 10}, False),
    "no leak": ("dv/dt = (1 - g*v)/tau_m : 1\ndI/dt = -I/tau_s : 1",
                {"tau_m": 10, "tau_s": 5, "g": 0}, False),
}  # fmt: skip
SCRIPT = """
import json, sys
import numpy as np
from brian2 import *

prefs.codegen.target = "numpy"
good = {}
for name, (equations, values, _) in json.load(sys.stdin).items():
    found = {}
    for method in ("exact", "rk4"):
        names = {n: v if n == "g" else v*ms for n, v in values.items()}
        cells = NeuronGroup(
            1, equations, method=method, dt=0.1*ms, namespace={**names, "ms": ms}
        )
        variables = sorted(cells.equations.diff_eq_names)
        for k, variable in enumerate(variables):
            setattr(cells, variable, 1.0 + k)
        try:
            Network(cells).run(20*ms, namespace={})
            found[method] = [float(getattr(cells, v)[0]) for v in variables]
        except Exception as error:
            if not isinstance(error.__cause__ or error, ZeroDivisionError):
                raise
            found[method] = [float("nan")]
    good[name] = bool(np.allclose(found["exact"], found["rk4"], rtol=1e-6))
print(json.dumps(good))
"""
SPEC = """
model exactly

neuron cell:
    parameters:
        unused = 1
{parameters}
    equations:
        {equations}
    threshold: v > 1 + unused
    reset: v = 0

layer A:
    neuron: cell
    size: 1

record:
    spikes of A

run:
    duration: 1 s
"""


def spec(equations: str, values: dict[str, float]) -> str:
    lines = (f"        {n} = {v!r}{'' if n == 'g' else ' ms'}" for n, v in values.items())
    return SPEC.format(parameters="\n".join(lines), equations=equations.replace("\n", "\n        "))


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> dict[str, bool]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=json.dumps(CASES), check=True, timeout=300,
        cwd=tmp_path_factory.mktemp("exact"), capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", CASES)
def test_the_check_refuses_exactly_what_fails(name, good):
    equations, values, fine = CASES[name]
    assert good[name] == fine
    codes = {d.code for d in diagnose(spec(equations, values))} - {"NAME020"}
    assert codes == (set() if fine else {"RUN012"})


# The method is chosen by the names alone, never by the values of a row.
@pytest.mark.parametrize(
    "equations, fine",
    [
        (CHAIN, True),
        ("dv/dt = v/tau : 1", True),
        ("dv/dt = I/tau : 1\nI : 1", False),
        ("dv/dt = v*v/tau : 1", False),
        ("J = v*v : 1\ndv/dt = (J - v)/tau : 1", False),
        ("dv/dt = (sin(t/tau) - v)/tau : 1", False),
        ("dv/dt = -v/tau + xi/tau**0.5 : 1", False),
        ("dv/dt = (-v - u)/tau : 1\ndu/dt = (v - u)/tau : 1", False),
        ("dv/dt = (J - v)/tau : 1\nJ = 2*u : 1\ndu/dt = (v - u)/tau : 1", False),
    ],
)
def test_solvable(equations, fine):
    neuron = parse(Source("spec.stdp", spec(equations, {"tau": 10}))).declarations[0]
    assert solvable(neuron.equations) == fine
    assert integrator(None, neuron.equations) == ("exact" if fine else "euler")


def test_the_blocks_are_named():
    text = spec(CHAIN, {"tau_m": 10, "tau_s": 5})
    text += "\nsweep:\n    grid:\n        A.tau_m = [5, 10, 5.000001, 20] ms\n"
    text += "        A.unused = [0, 1]\n"
    (error,) = diagnose(text)
    assert "(`tau_m` and `tau_s`), 5 ms, in blocks 0, 1, 4 and 1 more" in error.message
