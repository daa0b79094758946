"""Every declaration and clause in a few words: for the editor's hover text and the reference pages.

The tests compare this table with the grammar: neither lacks a word of the other. The examples are
`grammars/examples/DECLARATION.stdp`. Each uses every clause of its declaration, and the tests check
them.
"""

from __future__ import annotations

from .clause import Clause
from .models import NEURON, RULE
from .network import CONNECT, FILTERBANK, LAYER, SOUND
from .runs import MEASURE, RECORD, RUN
from .sweeps import FIT, INFER, SEARCH, SWEEP

DECLARATIONS: dict[str, Clause] = {
    "model": Clause(
        "model NAME",
        "Names the spec. It comes first; a file that others only `use` needs none.",
        "the script's name and its docstring",
    ),
    "constants": Clause(
        "constants:",
        "Values with names that hold everywhere. A column of the sweep may set one.",
        "numbers in the `namespace` of each object that uses them",
    ),
    "use": Clause(
        'use "FILE.stdp"',
        "Takes the constants, neurons and rules of another file, below the spec's folder.",
        "the same as if they stood in the spec",
    ),
    "sound": Clause(
        "sound NAME:",
        "A sequence of stimuli that filterbanks hear.",
        "an array of samples, built with `brian2hears.Sound`",
    ),
    "filterbank": Clause(
        "filterbank NAME:",
        "Filters a sound into one channel per neuron of the layer that it drives.",
        "filters of brian2hears, read once in chunks; the layer gets its values as a `TimedArray`",
    ),
    "neuron": Clause(
        "neuron NAME:",
        "A model of a neuron: its equations, threshold and reset. Layers use it.",
        "the arguments of a `NeuronGroup`",
    ),
    "rule": Clause(
        "rule NAME:",
        "How a synapse learns. Connections use it by `plasticity:`.",
        "the model, `on_pre` and `on_post` of a `Synapses`",
    ),
    "layer": Clause(
        "layer NAME:",
        "Neurons of one kind. A layer with a neuron exists once per block, an input layer once.",
        "a `NeuronGroup`; for an input, a `SpikeGeneratorGroup`",
    ),
    "connect": Clause(
        "connect SOURCE -> TARGET as NAME:",
        "Synapses from one layer to another, inside each block. `across blocks` also joins the "
        "blocks. Without `as`, it is called `SOURCE_TARGET`.",
        "a `Synapses`, with `connect(i=..., j=...)`",
    ),
    "sweep": Clause(
        "sweep:",
        "The parameters that vary. Each row is a block; the parts' rows are multiplied.",
        "parameters per synapse or per neuron, constant in each block",
    ),
    "search": Clause(
        "search:",
        "Finds the parameters that are best. Each trial is the whole sweep with values of its own; "
        "`stdpdsl search` runs them, a batch at a time.",
        "a loop around `device.run(run_args=...)`, with Optuna",
    ),
    "fit": Clause(
        "fit:",
        "A search for the parameters that come closest to data.",
        "a loop around `device.run(run_args=...)`, with Optuna",
    ),
    "infer": Clause(
        "infer:",
        "The posterior of the parameters that data with standard errors allow.",
        "a loop around `device.run(run_args=...)`, with importance sampling",
    ),
    "record": Clause(
        "record:",
        "What is saved while the network runs.",
        "`SpikeMonitor` and `StateMonitor`",
    ),
    "measure": Clause(
        "measure:",
        "Columns of your own in the table `blocks`: one number per block and phase.",
        "nothing: NumPy computes them after each phase",
    ),
    "run": Clause(
        "run:",
        "How long, with which time step and seed.",
        "`Network.run`, once per phase",
    ),
}

CLAUSES = {
    "neuron": NEURON,
    "rule": RULE,
    "layer": LAYER,
    "connect": CONNECT,
    "sound": SOUND,
    "filterbank": FILTERBANK,
    "sweep": SWEEP,
    "search": SEARCH,
    "fit": FIT,
    "infer": INFER,
    "record": RECORD,
    "measure": MEASURE,
    "run": RUN,
}
