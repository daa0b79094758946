"""By hand in NEST: iaf_psc_exp and stdp_synapse.

    python nest_side.py FOLDER

The same equations and numbers; delays are one step at least and dendritic, so that spikes and
weights agree on average only.
"""

import sys
import time

import numpy as np
from problem import (
    APOST_TO_APRE,
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

MS = 1e3  # per s, and mV per volt
# dv/dt = gain*I/tau_m in mV/ms is NEST's I/C_m with C_m = 1 pF and I in pA.
CURRENT = GAIN / TAU_M  # mV/ms per unit of I


def main(folder):
    started = time.perf_counter()
    import nest

    p = Problem(folder)
    nest.set_verbosity("M_ERROR")
    nest.resolution = DT * MS
    nest.local_num_threads = 1
    times = [np.round((p.step[p.neuron == i] + 1) * DT * MS, 4) for i in range(INPUTS)]
    generators = nest.Create("spike_generator", INPUTS)
    generators.set([{"spike_times": t} for t in times])
    inputs = nest.Create("parrot_neuron", INPUTS)  # a generator drives no plastic synapse
    cells = nest.Create(
        "iaf_psc_exp",
        NEURONS * p.blocks,
        {
            "C_m": 1.0,
            "tau_m": TAU_M * MS,
            "tau_syn_ex": TAU_SYN * MS,
            "E_L": V_REST * MS,
            "V_m": V_REST * MS,
            "V_reset": V_REST * MS,
            "V_th": V_THRESHOLD * MS,
            "t_ref": REFRACTORY * MS,
            "tau_minus": TAU * MS,
        },
    )
    recorder = nest.Create("spike_recorder")
    nest.Connect(generators, inputs, "one_to_one", {"delay": DT * MS})
    nest.Connect(
        np.array(inputs.tolist())[p.i],
        np.array(cells.tolist())[p.j],
        "one_to_one",
        {
            "synapse_model": "stdp_synapse",
            "weight": p.w * CURRENT,
            "delay": np.full(len(p.w), DT * MS),
            "Wmax": np.full(len(p.w), WMAX * CURRENT),
            "lambda": (p.apre / WMAX)[p.block],
            "alpha": np.full(len(p.w), -APOST_TO_APRE),
            "tau_plus": np.full(len(p.w), TAU * MS),
            "mu_plus": np.zeros(len(p.w)),
            "mu_minus": np.zeros(len(p.w)),
        },
    )
    nest.Connect(cells, recorder)
    nest.Prepare()
    ready = time.perf_counter()
    nest.Run(p.seconds * MS)
    done = time.perf_counter()
    weights = np.array(nest.GetConnections(inputs, cells).get("weight")) / CURRENT
    report(ready - started, done - ready, recorder.n_events, weights.mean())


if __name__ == "__main__":
    main(*sys.argv[1:])
