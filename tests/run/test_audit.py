"""What a run effectively used is compared with the table, and a difference fails it."""

import subprocess
import sys

import pytest
from running import script_of

SPEC = """model audited
neuron cell:
    parameters:
        tau = 10 ms
        rest = -70 mV
    equations:
        dv/dt = (rest - v)/tau : volt
    threshold: v > 0 mV
    reset: v = rest
layer a:
    poisson: 100 Hz
    size: 3
layer b:
    neuron: cell
    size: 2
connect a -> b as c:
    pattern: all_to_all
    plasticity: pair_additive(taupost = 30 ms)
    deliver: w * 1 mV to v
    initial: w = 0.5
sweep:
    grid:
        c.Apre = [0.01, 0.02]
        b.tau = [10, 20] ms
run:
    duration: 20 ms
"""
SET = "        group.set_states(values, units=False)\n"
RUN = '    net.run(DURATION*second, namespace={}, report="text")\n'
TAMPERED = {
    # One synapse has another value than its block's.
    "c.Apre": (SET, "        if group is c: values['Apre'][1] *= 1.5\n" + SET),
    # One neuron has.
    "b.tau": (SET, "        if group is b_: values['tau'][3] *= 1.5\n" + SET),
    # The objects stand in the network, but the code ran with another constant: what a name that is
    # looked up when the run starts would do.
    "c.taupost": (RUN, RUN + "    net['c'].namespace['taupost'] = 0.031\n"),
}


# In single precision constants are variables; and a spec that asks for double gets no less.
SINGLE = SPEC.replace("duration: 20 ms\n", "duration: 20 ms\n    precision: single\n")
TAMPERED_PRECISION = {
    "c.wmax": (SINGLE, SET, "        if group is c: values['wmax'] = values['wmax'] * 1.5\n" + SET),
    "c.Apre": (SPEC, 'namespace={"Apost"', 'dtype=__import__("numpy").float32, namespace={"Apost"'),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_difference_fails_the_run(what, tmp_path):
    check(SPEC, what, *TAMPERED[what], tmp_path)


@pytest.mark.parametrize("what", TAMPERED_PRECISION)
def test_so_does_another_precision(what, tmp_path):
    spec, old, new = TAMPERED_PRECISION[what]
    check(spec, what, old, new, tmp_path)


def check(spec, what, old, new, folder):
    script = script_of(spec)
    assert script.count(old) == 1
    path = folder / "script.py"
    path.write_text(script.replace(old, new), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(path), "--out", "out"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"other values of {what} than the table says" in done.stdout
    assert not (folder / "out").exists()
