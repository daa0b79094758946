"""By hand in Brian2, as in its documentation and with its defaults.

    python brian_side.py thread|expert|run-args cython|cpp_standalone FOLDER

`thread`: one Synapses with a namespace for each block, the answer given in the forum.
`expert`: one Synapses whose parameters are variables of its synapses.
`run-args`: a program for one block, which is run for each block with its parameters.
"""

import sys
import time
from pathlib import Path

from brian2 import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    device,
    prefs,
    second,
    set_device,
    volt,
)
from problem import (
    DT,
    GAIN,
    INPUTS,
    NEURONS,
    REFRACTORY,
    TAU,
    TAU_M,
    TAU_SYN,
    V_REST,
    V_THRESHOLD,
    WMAX,
    Problem,
    report,
)

TRACES = """
w : 1
dapre/dt = -apre/tau : 1 (event-driven)
dapost/dt = -apost/tau : 1 (event-driven)
"""
PARAMETERS = """
Apre : 1 (constant)
Apost : 1 (constant)
"""
ON_PRE = """
I_post += w
apre += Apre
w = clip(w + apost, 0, wmax)
"""
ON_POST = """
apost += Apost
w = clip(w + apre, 0, wmax)
"""
CONSTANTS = {"tau": TAU * second, "wmax": WMAX}


def by_block(inputs, cells, p):
    for block in range(p.blocks):
        namespace = {**CONSTANTS, "Apre": p.apre[block], "Apost": p.apost[block]}
        synapses = Synapses(
            inputs,
            cells,
            TRACES,
            on_pre=ON_PRE,
            on_post=ON_POST,
            method="exact",
            namespace=namespace,
        )
        mine = p.block == block
        synapses.connect(i=p.i[mine], j=p.j[mine])
        synapses.w = p.w[mine]
        yield synapses


def at_once(inputs, cells, p):
    synapses = Synapses(
        inputs,
        cells,
        TRACES + PARAMETERS,
        on_pre=ON_PRE,
        on_post=ON_POST,
        method="exact",
        namespace=CONSTANTS,
    )
    synapses.connect(i=p.i, j=p.j)
    synapses.w = p.w
    synapses.Apre, synapses.Apost = p.apre[p.block], p.apost[p.block]
    yield synapses


def alone(inputs, cells, p):
    synapses = Synapses(
        inputs,
        cells,
        TRACES + PARAMETERS.replace("constant", "shared, constant"),
        on_pre=ON_PRE,
        on_post=ON_POST,
        method="exact",
        namespace=CONSTANTS,
    )
    mine = p.block == 0
    synapses.connect(i=p.i[mine], j=p.j[mine])
    synapses.w = p.w[mine]
    yield synapses


WAYS = {"thread": by_block, "expert": at_once, "run-args": alone}


def each(device, synapses, spikes, apre, apost):
    """The spikes of one block, and the sum of its weights."""
    device.run(run_args={synapses.Apre: apre, synapses.Apost: apost})
    return spikes.num_spikes, float(synapses.w[:].sum())


def main(way, target, folder):
    started = time.perf_counter()
    p = Problem(folder)
    blocks = 1 if way == "run-args" else p.blocks
    project = str(Path(folder) / "project")
    if target == "cpp_standalone":
        set_device("cpp_standalone", directory=project, build_on_run=False)
    else:
        prefs.codegen.target = target
        prefs.codegen.runtime.cython.cache_dir = str(Path(folder).parent / "cython")
    times = p.step * DT * second
    inputs = SpikeGeneratorGroup(INPUTS, p.neuron, times, sorted=True)
    cells = NeuronGroup(
        NEURONS * blocks,
        """dv/dt = (v_rest + gain*I - v)/tau_m : volt (unless refractory)
        dI/dt = -I/tau_syn : 1""",
        threshold="v > v_threshold",
        reset="v = v_rest",
        refractory=REFRACTORY * second,
        method="exact",
        namespace={
            "v_rest": V_REST * volt,
            "v_threshold": V_THRESHOLD * volt,
            "gain": GAIN * volt,
            "tau_m": TAU_M * second,
            "tau_syn": TAU_SYN * second,
        },
    )
    cells.v = V_REST * volt
    synapses = list(WAYS[way](inputs, cells, p))
    spikes = SpikeMonitor(cells)
    network = Network(inputs, cells, *synapses, spikes)
    if target == "cpp_standalone":
        network.run(p.seconds * second)
        device.build(directory=project, run=False)
        ready = time.perf_counter()
        if way == "run-args":
            results = [
                each(device, synapses[0], spikes, *values)
                for values in zip(p.apre, p.apost, strict=True)
            ]
            count, weights = map(sum, zip(*results, strict=True))
            report(ready - started, time.perf_counter() - ready, count, weights / len(p.w))
            return
        device.run()
    else:
        network.run(0 * second)
        ready = time.perf_counter()
        network.run(p.seconds * second)
    done = time.perf_counter()
    weights = sum(float(s.w[:].sum()) for s in synapses)
    report(ready - started, done - ready, spikes.num_spikes, weights / len(p.w))


if __name__ == "__main__":
    main(*sys.argv[1:])
