"""`diagnose --refine`: the estimated error of the time step against errors that are known."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp

from stdpdsl import cli
from stdpdsl.compiler import compile_source
from stdpdsl.execution.refine import CHECK, Error, not_comparable, refined
from stdpdsl.language.source import Source
from stdpdsl.results.reader import load

CONDUCTANCE = """model conductance

neuron cell:
    equations:
        dv/dt = (-70 mV - v - 4*g*v)/(20 ms) : volt
        dg/dt = -g/(5 ms) : 1
    initial: v = -70 mV
    {method}

layer IN:
    poisson: 15 Hz
    size: 20

layer A:
    neuron: cell
    size: 3

connect IN -> A as c:
    pattern: random(p = 0.6)
    weight: a
    deliver: w to g

sweep:
    grid:
        a = [0.05, 0.4]

record:
    spikes of IN
    v of A every 10 ms

run:
    duration: 1 s
    dt: 1 ms
    seed: 3
"""
EXACT = """model exact

neuron cell:
    equations:
        dv/dt = (I - v)/(20 ms) : 1
        dI/dt = -I/(5 ms) : 1

layer IN:
    poisson: 15 Hz
    size: 20

layer OUT:
    poisson: 10 Hz
    size: 3

layer A:
    neuron: cell
    size: 2

connect IN -> OUT as learning:
    pattern: all_to_all
    plasticity: triplet
    initial: w = 0.5
    axonal delay: 3 ms

connect IN -> A as c:
    pattern: all_to_all
    weight: 0.2
    deliver: w to I
    dendritic delay: 2 ms

sweep:
    grid:
        learning.tau_plus = [10, 20] ms

run:
    duration: 1 s
    dt: 1 ms
"""


def run(folder, text, name="r", target="numpy"):
    spec = folder / f"{name}.stdp"
    spec.write_text(text)
    out = folder / name
    assert cli.main(["run", str(spec), "-o", str(out), "--target", target]) == 0
    return load(out)


def true_error(results, a, edges, spikes, block):
    """The largest error of v at the samples of a block, by a solver with a tolerance of 1e-11."""
    dt, worst = 1e-3, 0.0
    rows = pd.DataFrame(results.trajectories.filter(block=block).to_arrow().to_pydict())
    for neuron in range(3):
        mine = set(edges[(edges.post == neuron) & (edges.block == block)].pre)
        arrivals = sorted(np.rint(spikes[spikes.neuron.isin(mine)].t / dt).astype(int) + 1)
        times = np.arange(0, 1001)
        kicks = np.bincount([k for k in arrivals if k <= 1000], minlength=1001) * a
        v, g, true = -70e-3, 0.0, [-70e-3]
        for k in times[:-1]:
            g += kicks[k]
            found = solve_ivp(
                lambda t, v, g=g: (-70e-3 - v - 4 * g * np.exp(-t / 5e-3) * v) / 20e-3,
                (0, dt),
                [v],
                rtol=1e-11,
                atol=1e-14,
            )
            v, g = found.y[0, -1], g * np.exp(-dt / 5e-3)
            true.append(v)
        got = rows[rows.neuron == neuron].sort_values("t")
        k = np.rint(got.t / dt).astype(int)
        worst = max(worst, float(np.max(np.abs(got.value - np.array(true)[k]))))
    return worst


@pytest.mark.parametrize("method", ["", "method: euler"])
@pytest.mark.slow
def test_a_conductance_against_a_fine_reference(tmp_path, method):
    results = run(tmp_path, CONDUCTANCE.format(method=method))
    spikes = pd.DataFrame(results.spikes.filter(layer="IN").to_arrow().to_pydict())
    edges = pd.DataFrame(results.weights.to_arrow().to_pydict())
    true = max(true_error(results, a, edges, spikes, b) for b, a in enumerate((0.05, 0.4)))
    said = of(refined(results, tmp_path, silent), "A")
    assert said.status == "found"
    estimate = number(said.text, "v")
    assert true / 1.5 < estimate < true * 1.5
    assert "g (Euler)" in said.text if method else "g (exact) nothing beyond" in said.text


def silent(event):
    assert event["event"] != "warning"


def of(findings, component):
    (said,) = [f for f in findings if f.text.startswith(f"{component},")]
    assert said.check == CHECK
    return said


def number(text, variable):
    """The estimate of a variable, in SI."""
    size, unit = re.search(rf"{variable} \([^)]*\) (\S+) (\w+)", text).groups()
    return float(size) * {"m": 1e-3, "u": 1e-6}[unit[0]]


@pytest.mark.parametrize(
    "target", ["numpy", pytest.param("cpp_standalone", marks=pytest.mark.slow)]
)
@pytest.mark.slow
def test_what_is_exact_has_no_error(tmp_path, target):
    """Given spikes act at the same times in both runs, whatever delays they have."""
    results = run(tmp_path, EXACT, target=target)
    found = refined(results, tmp_path, silent)
    assert {f.status for f in found} == {"passed"}
    learning, layer = of(found, "learning"), of(found, "A")
    assert learning.text.endswith(
        "w (by spikes), r1, r2, o1, o2 (exact, from event to event) nothing beyond rounding"
    )
    assert layer.text.endswith("v, I (exact) nothing beyond rounding")


SPIKING = """model spiking

neuron cell:
    parameters:
        drive = 1.2
    equations:
        dv/dt = (drive - v)/(20 ms) : 1
    threshold: v > 1
    reset: v = 0

layer A:
    neuron: cell
    size: 2

sweep:
    grid:
        A.drive = [1.1, 1.25]

run:
    duration: 990 ms
    dt: 0.5 ms
"""


def test_times_of_spikes(tmp_path):
    """Between spikes all is exact, but a threshold is crossed inside a step: with a drive of 1.25
    after 20 ms*log(5) = 32.19 ms, which is 32.5 ms in steps of 0.5 ms and 32.25 ms in those of
    0.25 ms, and 30 times in the run; with 1.1 after 47.96 ms, which is 48 ms in both."""
    said = of(refined(run(tmp_path, SPIKING), tmp_path, silent), "A")
    assert said.text.endswith("v (exact) nothing beyond rounding; spike times 15 ms")
    assert said.status == "passed"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("(drive - v)/(20 ms)", "(drive - v)/(20 ms) + xi/(1 second)**0.5", "noise"),
        ("threshold: v > 1", "threshold: poisson(20 Hz)", "draws"),
        ("reset: v = 0", "reset: v = uniform(0, 0.1)", "draws"),
        ("reset: v = 0", "reset: v = dt/(1 second)", "`dt`"),
    ],
)
def test_what_cannot_be_compared(tmp_path, old, new, reason):
    text = SPIKING.replace(old, new)
    e = compile_source(Source("s.stdp", text), tmp_path, [], "synapse", "numpy").experiment
    (said,) = not_comparable(e)
    assert reason in said
    if reason == "`dt`":
        (one,) = refined(run(tmp_path, text), tmp_path, silent)
        assert one.status == "unknown" and one.text.startswith("because of `dt` in")


def test_the_command(tmp_path, capsys):
    """Its findings stand beside the others, also where another program reads them."""
    text = CONDUCTANCE.format(method="").replace("1 s\n", "100 ms\n")
    run(tmp_path, text)
    capsys.readouterr()
    options = ["diagnose", str(tmp_path / "r"), "--format", "json"]
    cli.main(options)
    before = json.loads(capsys.readouterr().out)
    assert cli.main([*options, "--refine"]) == 1
    after = json.loads(capsys.readouterr().out)
    assert after[: len(before)] == before
    assert {f["check"] for f in after[len(before) :]} == {CHECK}


@pytest.mark.slow
def test_blocks_that_are_coupled_run_together(tmp_path):
    """With several phases."""
    phases = "    phases:\n        a: 50 ms\n        b: 50 ms\n"
    text = SPIKING.replace("    duration: 990 ms\n", phases)
    text = text.replace(
        "sweep:",
        """layer B:
    neuron: cell
    size: 1
    scope: shared

connect A -> B as out across blocks:
    pattern: all_to_all
    weight: 1e-3
    deliver: w to v

sweep:""",
    )
    results = run(tmp_path, text)
    found = refined(results, tmp_path, silent)
    assert "estimated from all blocks" in of(found, "B").text


def test_sizes_read_well():
    error = Error()
    error.add(520e-6, 1e-2, 0)
    assert error.shown("volt") == "520 uV, 5.2 % of its range in block 0"
    error.add(1e-6, 1e-6, 3)
    assert error.shown("volt") == "520 uV in block 0, 100 % of its range in block 3"
