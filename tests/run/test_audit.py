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
TAMPERED = {
    # One synapse has another value than its block's.
    "c.Apre": ("set_values(s, edges.parameters, part)",
               "edges.parameters['Apre'][1] *= 1.5; set_values(s, edges.parameters, part)"),
    # One neuron has.
    "b.tau": ('set_values(group, x.values["b"])',
              'x.values["b"]["tau"][3] *= 1.5; set_values(group, x.values["b"])'),
    # The objects stand in the network, but the code ran with another constant: what a name that is
    # looked up when the run starts would do.
    "c.taupost": ("    recorded = Recorded(x, objects)\n",
                  "    objects.links['c'][0].namespace['taupost'] = 0.031\n"
                  "    recorded = Recorded(x, objects)\n"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_a_difference_fails_the_run(what, tmp_path):
    script = script_of(SPEC)
    old, new = TAMPERED[what]
    assert script.count(old) == 1
    path = tmp_path / "script.py"
    path.write_text(script.replace(old, new), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(path), "--out", "out"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"other values of {what} than the table says" in done.stdout
    assert not (tmp_path / "out").exists()
