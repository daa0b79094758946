"""Why hazards.py refuses what it refuses, and that what it proposes is sound: on numpy.

The compiled targets run the statements of one synapse after another; that order is written out here
as a loop. (The same was measured on C++ standalone, with `1.0 % 0.1` and `clip(3, -2.5, 2.5)`.)
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stdpdsl import cli
from stdpdsl.check import check
from stdpdsl.compiler import compile_source
from stdpdsl.language.parser import parse
from stdpdsl.language.source import Source

# Whether the check lets a pathway pass.
PATHWAYS = {
    "v_post *= 0.9\nv_post += w": False,
    "v_post += w\nv_post *= 0.9": False,
    "v_post /= 0.9\nv_post += w": False,
    "v_post = 0.5\nv_post += w": False,
    "v_post += w\nz_post += v_post": False,
    "v_post += w\nw = v_post": False,
    "v_post = v_post*0.9 + w": True,
    "v_post += w*(1.5 - v_post)": True,
    "v_post += w\nv_post -= 0.25*w": True,
    "v_post += w\nv_post = clip(v_post, 0, 0.5)": True,
    "z_post += v_post\nv_post += w": True,
    "w += 0.1*v_post\nv_post += w": True,
    "v_post *= 0.9\nz_post += w": True,
}
SPEC = """
model hazards

neuron cell:
    equations:
        v : 1
        z : 1

layer inputs:
    poisson: 10 Hz
    size: 3

layer A:
    neuron: cell
    size: 2

connect inputs -> A as feed:
    pattern: {pattern}
    weight: 0.1
    on pre:
        {code}

record:
    v of A every 1 ms

run:
    duration: 1 s
"""
SCRIPT = """
import json, sys
import numpy as np
from brian2 import *

prefs.codegen.target = "numpy"
equal = {}
for code in json.load(sys.stdin):
    source = SpikeGeneratorGroup(3, [0, 1, 2], [0, 0, 0]*ms, dt=0.1*ms)
    cells = NeuronGroup(2, "v : 1\\nz : 1", dt=0.1*ms, namespace={})
    cells.v = 1
    synapses = Synapses(source, cells, "w : 1", on_pre=code, dt=0.1*ms, namespace={})
    synapses.connect()
    synapses.w = "0.1*(i + 1)"
    Network(source, cells, synapses).run(0.2*ms, namespace={})
    v, z, w = np.ones(2), np.zeros(2), np.zeros((3, 2))
    for i in range(3):
        for j in range(2):
            names = {"v_post": v[j], "z_post": z[j], "w": 0.1*(i + 1), "clip": np.clip}
            exec(code, names)
            v[j], z[j], w[i, j] = names["v_post"], names["z_post"], names["w"]
    equal[code] = bool(
        np.allclose(cells.v, v) and np.allclose(cells.z, z) and np.allclose(synapses.w, w.ravel())
    )
print(json.dumps(equal))
"""


@pytest.fixture(scope="module")
def equal(tmp_path_factory) -> dict[str, bool]:
    """Per pathway: whether numpy gives what the loop over synapses gives."""
    folder: Path = tmp_path_factory.mktemp("hazards")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(list(PATHWAYS)),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(done.stdout.splitlines()[-1])


def codes(code: str, pattern: str) -> set[str]:
    text = SPEC.format(pattern=pattern, code=code.replace("\n", "\n        "))
    return {d.code for d in check(parse(Source("spec.stdp", text))).diagnostics}


@pytest.mark.parametrize("code", PATHWAYS)
def test_the_check_refuses_exactly_what_differs(code, equal):
    assert equal[code] == PATHWAYS[code]
    assert ("TARGET001" not in codes(code, "all_to_all")) == PATHWAYS[code]


def test_one_synapse_per_neuron_has_one_order():
    assert "TARGET001" not in codes("v_post *= 0.9\nv_post += w", "one_to_one")


@pytest.mark.parametrize(
    "value, printed",
    [
        ("max(0, v)", "clip(0.0, v, inf)"),
        ("clip(i % 3, 0.5, 2.5)", "clip(1.0*((i % 2) % 3), 0.5, 2.5)"),
        ("max(v, 0)", "clip(v, 0, inf)"),
        ("max(i, 3)", "clip((i % 2), 3, 2147483647)"),
        ("min(v, 1)", "clip(v, -inf, 1)"),
    ],
)
def test_whole_numbers_in_clips(value, printed):
    """C++ would give max(0, 0.7) = 0: the bounds take the first argument's type."""
    text = SPEC.format(pattern="all_to_all", code="v_post += w")
    text = text.replace("        z : 1", f"        z = {value} : 1")
    source = Source("spec.stdp", text)
    assert f"z = {printed} : 1" in compile_source(source, Path(), [], "synapse", "numpy").run_script


GSL = """model g

neuron cell:
    equations:
        dv/dt = -v/(20 ms) : 1
    method: gsl_rkf45

layer A:
    neuron: cell
    size: 2

run:
    duration: 1 ms
"""


def test_gsl_is_refused_where_it_cannot_be(tmp_path, capsys, monkeypatch):
    """On numpy, with its place in the spec; without a compiler or the library, in words."""
    path = tmp_path / "g.stdp"
    path.write_text(GSL)
    run = ["run", str(path), "-o", str(tmp_path / "r")]
    assert cli.main([*run, "--target", "numpy"]) == 1
    assert "g.stdp:6:13: error[CLAUSE002]: `gsl_rkf45` needs comp" in capsys.readouterr().err
    plan = compile_source(Source("g.stdp", GSL), tmp_path, [], "synapse", "auto").plan
    assert plan.target == "cpp_standalone"

    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cli.main(run) == 1
    said = capsys.readouterr().err
    assert "`method: gsl` of A is compiled" in said and "Traceback" not in said

    compiler = tmp_path / "g++"  # one that finds no header
    compiler.write_text("#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    assert cli.main(run) == 1
    assert "`method: gsl` of A needs the GNU Scientific Library" in capsys.readouterr().err
