"""What is recorded and measured, and the clauses of a run."""

from __future__ import annotations

from .clause import Clause

RECORD: dict[str, Clause] = {
    "spikes": Clause(
        "spikes of LAYER, ...",
        "All spikes of layers, or of some neurons: `A[0:5]`.",
        "`SpikeMonitor`",
    ),
    "of": Clause(
        "EVENT, ... of LAYER, ...",
        "The times of the layers' own events (`event NAME:`), in the table `spikes`, as the "
        "layer `LAYER.EVENT`.",
        "`EventMonitor`",
    ),
    "rate": Clause(
        "rate of LAYER, ... every TIME",
        "The mean rate of a layer's neurons, or of some: spikes per second and neuron in bins "
        "of this width. In `trajectories`; `t` is where the bin starts.",
        "`PopulationRateMonitor`, in wider bins",
        "time, a multiple of `dt`",
    ),
    "every": Clause(
        "VARIABLE, ... of COMPONENT every TIME",
        "Samples of variables; of a layer perhaps of some neurons, `A[0:5]`; `in blocks 0, 3` "
        "only of these blocks.",
        "`StateMonitor(..., dt=TIME)`",
        "time, a multiple of `dt`",
    ),
    "from": Clause(
        "... from TIME to TIME",
        "Saves what is recorded from the first time on, until before the second.",
        "rows of a monitor",
        "time",
        "the whole run",
    ),
    "in phase": Clause(
        "... in phase NAME, ...",
        "Records in these phases alone.",
        "`monitor.active`",
        default="all phases",
    ),
}

MEASURE: dict[str, Clause] = {
    "of": Clause(
        "NAME of COMPONENT = FORMULA",
        "`mean sd min max sum` and `fraction(CONDITION)` over the synapses of a connection or "
        "the neurons of a layer.",
        "NumPy code on the weights or rates",
    ),
}

RUN: dict[str, Clause] = {
    "duration": Clause(
        "duration: TIME",
        "How long; the name of a sound stands for its length.",
        "`Network.run`",
        "time",
    ),
    "dt": Clause("dt: TIME", "The time step.", "`dt=` of each object", "time", "0.1 ms"),
    "seed": Clause(
        "seed: NUMBER",
        "Of all draws.",
        "NumPy's generators, and `seed()`",
        "a whole number",
        "0",
    ),
    "precision": Clause(
        "precision: single",
        "In how many bits the network computes: `double` or `single`.",
        "`dtype=` of the variables: `float32`",
        default="`double`",
    ),
    "phases": Clause(
        "phases:",
        "`NAME: TIME, CHANGE, ...` one after another. Changes: `plasticity off`, "
        "`CONNECTION frozen`, `CONNECTION off`, `set PARAMETER = VALUE`, `set VARIABLE = "
        "VALUE`, `store NAME`, `restore NAME`, `until CONDITION`. `repeat 10:` runs the phases "
        "below it ten times.",
        "several calls of `Network.run`",
        "time",
    ),
}
