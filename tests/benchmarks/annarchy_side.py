"""By hand in ANNarchy 5: event-driven traces, one thread.

    python annarchy_side.py FOLDER BUILD

BUILD is where its C++ is written and compiled; what stands there is compiled again if it differs.

Spikes of the inputs reach their synapses at the start of the next step there, before the neurons'
own spikes of that step. So that all has the order that it has in Brian2, the network runs a step
behind its inputs, and what they deliver joins the current after that step.
"""

import math
import sys
import time

import numpy as np
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

MS = 1e3  # per s


def main(folder, build):
    started = time.perf_counter()
    import ANNarchy as ann

    p = Problem(folder)
    # The exact solution of both linear equations over one step, as ANNarchy has none for a pair.
    of_v, of_i = math.exp(-DT / TAU_M), math.exp(-DT / TAU_SYN)
    into_v = GAIN * TAU_SYN / (TAU_SYN - TAU_M) * (of_i - of_v)
    neuron = ann.Neuron(
        parameters={
            "rest": V_REST,
            "limit": V_THRESHOLD,
            "of_v": of_v,
            "into_v": into_v,
            "of_i": of_i,
        },
        equations=[
            ann.Variable("v = rest + of_v*(v - rest) + into_v*g_syn", init=V_REST),
            ann.Variable("g_syn = of_i*g_syn + g_exc"),
            ann.Variable("g_exc = 0.0"),
        ],
        spike="v > limit",
        reset="v = rest",
        # The steps that follow on that of the spike, and half a one, as it is rounded down.
        refractory=(REFRACTORY - DT / 2) * MS,
    )
    synapse = ann.Synapse(
        parameters={
            "tau": TAU * MS,
            "wmax": WMAX,
            "of_trace": math.exp(-DT / TAU),
            "Apre": ann.Parameter(value=0.0, locality="semiglobal"),  # one for each neuron
            "Apost": ann.Parameter(value=0.0, locality="semiglobal"),
        },
        equations=[
            ann.Variable("tau*dapre/dt = -apre", method="event-driven"),
            ann.Variable("tau*dapost/dt = -apost", method="event-driven"),
        ],
        # The traces decay to the step of the spike, not to this one.
        pre_spike="""
            g_target += w
            apre = of_trace*apre + Apre
            apost = of_trace*apost
            w = clip(w + apost, 0.0, wmax)
        """,
        post_spike="apost += Apost\nw = clip(w + apre, 0.0, wmax)",
    )
    net = ann.Network(dt=DT * MS)
    times = [[float(t) for t in p.step[p.neuron == i] * DT * MS] for i in range(INPUTS)]
    inputs = net.create(ann.SpikeSourceArray(spike_times=times))
    cells = net.create(NEURONS * p.blocks, neuron=neuron)
    synapses = net.connect(inputs, cells, target="exc", synapse=synapse)
    synapses.all_to_all(weights=0.0)  # each cell has its ten inputs
    spikes = net.monitor(cells, "spike")
    net.compile(directory=str(build), silent=True)
    by_cell = p.w.reshape(p.blocks, INPUTS, NEURONS).transpose(0, 2, 1).reshape(-1, INPUTS)
    synapses.w = by_cell.tolist()
    synapses.Apre = np.repeat(p.apre, NEURONS).tolist()
    synapses.Apost = np.repeat(p.apost, NEURONS).tolist()
    ready = time.perf_counter()
    net.simulate((p.seconds + DT) * MS)
    done = time.perf_counter()
    count = sum(map(len, spikes.get("spike").values()))
    report(ready - started, done - ready, count, np.mean(synapses.w))


if __name__ == "__main__":
    main(*sys.argv[1:])
