"""The network that every way of doing it simulates, and its input.

    python problem.py FOLDER BLOCKS SECONDS

writes the input that all sides read from FOLDER.

Ten input neurons replay Poisson spikes of 20 Hz to B blocks of ten leaky integrate-and-fire
neurons; each block has its own 100 synapses with the pair rule and its own amplitudes. Units: SI.
"""

import json
import sys
from pathlib import Path

import numpy as np

DT = 1e-4
INPUTS = NEURONS = 10
RATE = 20.0  # Hz, of each input
V_REST, V_THRESHOLD = -0.07, -0.06
GAIN = 1.0  # volt per unit of current
TAU_M, TAU_SYN, TAU = 0.01, 0.005, 0.02
REFRACTORY = 0.005
WMAX = 0.02
APRE = (2e-4, 4e-4)  # of the first block and the last
APOST_TO_APRE = -1.05


def initial_weight(i, j):
    """Where the synapse from i to j starts: without a draw, so that all sides start alike."""
    return 0.004 + 0.002 * ((7 * i + 3 * j) % 5)


class Problem:
    """What a side reads: sizes, spikes, and per synapse (block, pre, post) its parameters."""

    def __init__(self, folder):
        folder = Path(folder)
        sizes = json.loads((folder / "problem.json").read_text())
        self.blocks, self.seconds = sizes["blocks"], sizes["seconds"]
        spikes = np.load(folder / "spikes.npz")
        self.step, self.neuron = spikes["step"], spikes["neuron"]
        per_block = INPUTS * NEURONS
        self.block = np.repeat(np.arange(self.blocks), per_block)
        self.i = np.tile(np.repeat(np.arange(INPUTS), NEURONS), self.blocks)
        j = np.tile(np.arange(NEURONS), INPUTS * self.blocks)
        self.w = initial_weight(self.i, j)
        self.j = j + NEURONS * self.block
        self.apre = np.linspace(*APRE, self.blocks)
        self.apost = APOST_TO_APRE * self.apre


def write_problem(folder, blocks, seconds):
    """Sizes and spikes, and the arrays of limit.cpp."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = Path(folder)
    rng = np.random.default_rng(1)
    step, neuron = np.nonzero(rng.random((round(seconds / DT), INPUTS)) < RATE * DT)
    np.savez(folder / "spikes.npz", step=step, neuron=neuron)
    table = pa.table({"time": step * DT, "neuron": neuron})
    pq.write_table(table, folder / "spikes.parquet")
    (folder / "problem.json").write_text(json.dumps({"blocks": blocks, "seconds": seconds}))
    p = Problem(folder)
    by_pre = p.w.reshape(p.blocks, INPUTS, NEURONS).transpose(1, 0, 2)
    arrays = {
        "step": step,
        "neuron": neuron,
        "w": by_pre,
        "apre": p.apre,
        "apost": p.apost,
        "constants": [DT, V_REST, V_THRESHOLD, GAIN, TAU_M, TAU_SYN, TAU, WMAX, REFRACTORY],
    }
    for name, values in arrays.items():
        np.ascontiguousarray(values, dtype=float).tofile(folder / name)


def report(build: float, simulate: float, spikes: int, mean: float) -> None:
    """What a side prints last: seconds, the neurons' spikes, the mean weight at the end."""
    line = {"build": build, "simulate": simulate, "spikes": int(spikes), "mean": float(mean)}
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    write_problem(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
