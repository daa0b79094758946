"""One network on one target, for test_program.py.

    python program_network.py numpy|CACHE FOLDER BLOCKS DURATION [SEED]

writes FOLDER/outputs.npz and prints, as JSON, whether brian2 was imported and what was warned. Its
arithmetic is the same to the bit on every target: no exp, no sums in another order.
"""

import inspect
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from stdpdsl.runtime.compiler import program_flags  # noqa: E402
from stdpdsl.runtime.outputs import runtime_reader  # noqa: E402
from stdpdsl.runtime.program_build import build_program  # noqa: E402
from stdpdsl.runtime.program_cache import cached_program  # noqa: E402
from stdpdsl.runtime.program_data import (  # noqa: E402
    advance,
    assign,
    connect,
    follow,
    record,
    replay,
    seed_noise,
)
from stdpdsl.runtime.program_run import run_program  # noqa: E402

DT = 1e-4
NAMES = ["v", "w", "spikes.i", "spikes.t", "samples.w", "t"]


def data_of(blocks, duration, seed):
    """Three inputs, and three neurons per block; two phases; the drive steps each millisecond."""
    rng = np.random.default_rng(seed)
    steps = round(duration / DT)
    step, neuron = np.nonzero(rng.random((steps, 3)) < 0.01 * seed)
    block = np.repeat(np.arange(blocks), 9)
    rows = round(duration / 1e-3)
    return {
        "inputs.N": 3,
        "inputs.i": neuron,
        "inputs.__step": step,
        "drive.N": rows,
        "drive.values": rng.random((rows, 3)) * 0.4,
        "cells.N": 3 * blocks,
        "cells.v": rng.random(3 * blocks) * 0.01,
        "cells.tau": np.repeat(0.01 + 0.01 * rng.random(blocks), 3),
        "links.N": 9 * blocks,
        "links.i": np.tile(np.repeat(np.arange(3), 3), blocks),
        "links.j": np.tile(np.arange(3), 3 * blocks) + 3 * block,
        "links.w": rng.random(9 * blocks) * 0.01,
        "links.eta": 1e-4 * (1 + block),
        "links.later": -1e-4 * (1 + block),
        "links.delay": DT * rng.integers(0, 30, 9 * blocks),
        "samples.N": 2,
        "samples.__index": np.array([8, 1]),
        "seed": seed,
        "train": duration / 2,
        "test": duration / 2,
    }


def simulate(data):
    """The network, run in two phases between which the rule's step changes its sign."""
    from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, second, volt

    seed_noise(data, "seed")
    inputs = replay(data, "inputs", DT)
    drive = follow(data, "drive", 1e-3, volt, 3)
    cells = NeuronGroup(
        data["cells.N"],
        """dv/dt = (drive(t, i % 3) - v)/tau : volt (unless refractory)
        tau : second (constant)""",
        threshold="v > 0.02*volt",
        reset="v = 0*volt",
        refractory=0.002 * second,
        method="euler",
        dt=DT * second,
        namespace={"drive": drive},
        name="cells",
    )
    assign(cells, "v", data, "cells.v")
    assign(cells, "tau", data, "cells.tau")
    links = Synapses(
        inputs,
        cells,
        "w : volt\neta : volt (constant)",
        on_pre="v_post += w\nw += eta",
        on_post="w = clip(w - 0.5*eta, 0*volt, 1*volt)",
        dt=DT * second,
        namespace={},
        name="links",
    )
    connect(links, data, "links")
    assign(links, "w", data, "links.w")
    assign(links, "eta", data, "links.eta")
    assign(links.pre, "delay", data, "links.delay")
    spikes = SpikeMonitor(cells, name="spikes")
    samples = record(links, ["w"], data, "samples", dt=0.01 * second)
    network = Network(inputs, cells, links, spikes, samples)
    advance(network, data, "train")
    assign(links, "eta", data, "links.later")
    advance(network, data, "test")
    return {
        "v": (cells, "v"),
        "w": (links, "w"),
        "spikes.i": (spikes, "i"),
        "spikes.t": (spikes, "t"),
        "samples.w": (samples, "w"),
        "t": (cells.clock, "t"),
    }


def main(target, folder, blocks, duration, seed="1"):
    data = data_of(int(blocks), float(duration), int(seed))
    warnings, times = [], []
    if target == "numpy":
        from brian2 import prefs

        prefs.codegen.target = "numpy"
        outputs = runtime_reader(simulate(data))
    else:
        code, flags = inspect.getsource(simulate), program_flags()
        program = cached_program(
            lambda built: build_program(simulate, data, code, flags, built),
            code,
            flags,
            Path(folder),
            warnings.append,
            Path(target),
        )
        outputs = run_program(program, data, Path(folder) / "run", lambda t, *_: times.append(t))
    np.savez(Path(folder) / "outputs.npz", **{name: outputs[name] for name in NAMES})
    print(json.dumps({"brian2": "brian2" in sys.modules, "warnings": warnings, "times": times}))


if __name__ == "__main__":
    main(*sys.argv[1:])
