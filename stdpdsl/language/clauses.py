"""Every declaration and clause in a few words: for the editor's hover, and for the reference pages.

The tests hold this table against the grammar: no word of the one is missing in the other. The
examples are `grammars/examples/DECLARATION.stdp`; each of them uses every clause of its
declaration, and the tests check them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile

from ..resources import resource_dir


@dataclass(frozen=True)
class Clause:
    """`form` is how to write it; `brian2` what it becomes there. `unit` and `default` are those of
    its value, if it has one."""

    form: str
    text: str
    brian2: str
    unit: str = ""
    default: str = ""


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

_PARAMETERS = Clause(
    "parameters:",
    "Names with default values. A layer or connection that uses the model may give others, and a "
    "column of the sweep may set them.",
    "the `namespace`, or `NAME : unit (constant)` if the sweep varies it",
)
_EQUATIONS = Clause(
    "equations:",
    "`dx/dt = ... : unit`, `x = ... : unit` (a formula), or `x : unit` (a value that statements or "
    "`initial:` set). `in [low, high]` clips, flags stand in parentheses.",
    "the model equations",
)
_INITIAL = Clause(
    "initial:",
    "Values at the start: formulas of parameters, `i`, `j` and draws.",
    "`set_states` before the run; the draws are NumPy's, from the spec's seed",
    "that of the variable",
    "0",
)
_METHOD = Clause(
    "method: NAME",
    "The integrator of all equations here, one of Brian2's.",
    "`method=`",
    default="the best for each variable: exact, exponential Euler, or Euler",
)
_ON = Clause(
    "on NAME:",
    "Statements that run at an event: `pre`, `post`, a port of the rule, an event of the neuron; "
    "in a connection, `on NAME pre:` at an event of the source layer's neurons, `on NAME post:` of "
    "the target's. `after TIME` lets them run later.",
    "`on_pre`, `on_post`, `on_event`, or `run_on_event`; `after` is a pathway with its own delay",
)
_SEARCH = {
    "over": Clause(
        "over:",
        "The axes of the space, `PARAMETER = DISTRIBUTION(...)`: `uniform`, `loguniform`, "
        "`normal`, `lognormal`, `exponential` or `integers`, as in `random:` of a sweep.",
        "parameters per synapse or per neuron, constant in each block",
    ),
    "subject to": Clause(
        "subject to: CONDITION",
        "A comparison that the best trial has to meet. Trials that do not are told by how much.",
        "NumPy code on the measures",
    ),
    "method": Clause(
        "method: NAME",
        "`tpe`, `cma_es`, `nsga2` (for several objectives), `random`, `sobol`, `grid`, or "
        "`refine`, a grid of one or two axes that becomes finer where the objective changes fast.",
        "a sampler of Optuna",
        default="`tpe`, and `nsga2` for several objectives",
    ),
    "trials": Clause(
        "trials: NUMBER", "How many sets of values are tried at most.", "nothing",
        "a whole number", "100",
    ),
    "batch": Clause(
        "batch: NUMBER", "How many are tried at a time: one sweep, on all cores.",
        "rows of one network", "a whole number", "50",
    ),
    "stop": Clause(
        "stop: no improvement in NUMBER trials", "Ends the search before its last trial.",
        "nothing", "a whole number", "all trials are run",
    ),
    "seed": Clause(
        "seed: NUMBER", "Of the search alone: the same trials each time.", "nothing",
        "a whole number", "0",
    ),
}  # fmt: skip
_EVERY = Clause(
    "every TIME:",
    "Statements that run again and again, at the end of a step.",
    "`run_regularly(..., dt=TIME)`",
    "time, a multiple of `dt`",
)

CLAUSES: dict[str, dict[str, Clause]] = {
    "neuron": {
        "parameters": _PARAMETERS,
        "equations": _EQUATIONS,
        "threshold": Clause(
            "threshold: CONDITION",
            "When the neuron spikes; `poisson(RATE)` spikes at random.",
            "`threshold=`",
            "a condition",
            "the neuron never spikes",
        ),
        "reset": Clause(
            "reset: STATEMENT", "What happens at a spike.", "`reset=`", default="nothing"
        ),
        "refractory": Clause(
            "refractory: TIME",
            "For how long after a spike, or while which condition holds, no other can come. "
            "Equations marked `(unless refractory)` stand still.",
            "`refractory=`",
            "time, or a condition",
            "not refractory",
        ),
        "initial": _INITIAL,
        "event": Clause(
            "event NAME: CONDITION",
            "An event of your own, for `on NAME:`.",
            "`events={NAME: CONDITION}`",
            "a condition",
        ),
        "method": _METHOD,
        "on": _ON,
        "every": _EVERY,
    },
    "rule": {
        "requires post": Clause(
            "requires post:",
            "Variables that the target layer must have, with their units.",
            "`NAME_post` in the code",
        ),
        "ports": Clause(
            "ports:",
            "What a connection joins to the rule: `NAME` takes the spikes of a layer, "
            "`NAME : unit` a variable of a layer with one neuron.",
            "a second `Synapses` for spikes, a linked variable for values",
        ),
        "parameters": _PARAMETERS,
        "equations": _EQUATIONS,
        "post equations": Clause(
            "post equations:",
            "Variables of each target neuron, which all its synapses share.",
            "equations in the target's `NeuronGroup`",
        ),
        "post reset": Clause(
            "post reset:",
            "Statements that run once per spike of the target neuron.",
            "lines of the target's `reset=`",
        ),
        "initial": _INITIAL,
        "advance": Clause(
            "advance:",
            "Statements that bring a synapse from its last event to the time `t`, by a formula. "
            "They run before each `on ...:` and whenever values are read.",
            "lines before `on_pre` and `on_post`, and NumPy code when values are read",
        ),
        "presets": Clause(
            "presets:",
            "Sets of parameter values with names, for `plasticity: RULE.PRESET`.",
            "nothing: the values are put in",
        ),
        "method": _METHOD,
        "on": _ON,
    },
    "layer": {
        "neuron": Clause(
            "neuron: NAME(PARAMETER = VALUE, ...)",
            "The model of its neurons, with other parameter values.",
            "the model of the `NeuronGroup`",
        ),
        "size": Clause(
            "size: NUMBER", "How many neurons, in each block.", "`N`", "a whole number", "none"
        ),
        "scope": Clause(
            "scope: shared",
            "`shared`: one for all blocks; `block`: one per block.",
            "the size of the group: `N`, or `N` times the blocks",
            default="`block` for neurons, `shared` for inputs whose rate no column sets",
        ),
        "poisson": Clause(
            "poisson: RATE",
            "Random spikes; the rate may use `t` and `i`.",
            "spikes drawn before the run, the same for all blocks, in a `SpikeGeneratorGroup`",
            "Hz",
        ),
        "spikes": Clause(
            "spikes: [(NEURON, TIME), ...]",
            'Spikes at given times; or `from "FILE"` (columns `time` in s and `neuron`).',
            "`SpikeGeneratorGroup`",
            "time",
        ),
        "regular": Clause(
            "regular: RATE from TIME to TIME",
            "Spikes in even intervals, the first at the start.",
            "`SpikeGeneratorGroup`",
            "Hz",
            "from 0 s to the end",
        ),
        "rates": Clause(
            'rates: from "FILE.npy" every TIME',
            "Rates from a file: one row or image per stimulus, one column or pixel per neuron; "
            "numbers that are no rates are scaled, `* 4 Hz`. `gap` is the silent end of each row's "
            "time; `repeat` plays the rows again. `from results \"DIR\" layer A` plays the rate "
            "that an earlier run recorded of a layer.",
            "spikes drawn from these rates, in a `SpikeGeneratorGroup`",
            "Hz, also of numbers alone",
        ),
        "labels": Clause(
            'labels: from "FILE" column NAME',
            "What the stimuli of this layer are, one label for each row that it shows: words of a "
            "table, or whole numbers.",
            "nothing",
        ),
        "drive": Clause(
            "drive: VARIABLE from FILTERBANK",
            "A variable of the neuron gets the output of a filterbank, a channel per neuron; or, "
            'with `from "FILE" every TIME`, the rows of a file, one after the other: held, or with '
            "`linear` joined by straight lines. `repeat` plays them again. With `scope: shared` a "
            "layer hears at the sound's rate, once; else each block, the mean of each step.",
            "a `TimedArray`",
        ),
        "initial": _INITIAL,
    },
    "connect": {
        "pattern": Clause(
            "pattern: PATTERN where CONDITION",
            "Which neurons are connected. `where` takes a condition on `i` and `j`; "
            "`independent per block` draws anew in each block. `all_to_all(n = 3)` makes three "
            "synapses of each pair, which `synapse_number` counts.",
            "arrays for `connect(i=..., j=...)`",
        ),
        "plasticity": Clause(
            "plasticity: RULE(PARAMETER = VALUE, ...)",
            "The rule of its synapses, of the library or the spec; `RULE.PRESET` takes a set of "
            "values. Several rules are joined.",
            "the model, `on_pre` and `on_post`",
            default="fixed synapses",
        ),
        "weight": Clause(
            "weight: VALUE",
            "The weight `w` of synapses that do not learn.",
            "`w : unit (constant)`",
            "any",
        ),
        "delay": Clause(
            "delay: TIME",
            "How long a spike takes to the synapse (axonal).",
            "`delay` of the pre pathway",
            "time, rounded to whole steps",
            "0 ms",
        ),
        "axonal delay": Clause(
            "axonal delay: TIME", "The same as `delay:`.", "`delay` of the pre pathway",
            "time, rounded to whole steps", "0 ms",
        ),
        "dendritic delay": Clause(
            "dendritic delay: TIME",
            "Postpones the delivery and `on post`. The weight is taken when the spike reaches the "
            "synapse.",
            "a pathway that delivers later, and the delay of the post pathway",
            "time, rounded to whole steps",
            "0 ms",
        ),
        "deliver": Clause(
            "deliver: VALUE to VARIABLE",
            "What a spike adds, and to which variable of the target.",
            "`VARIABLE_post += VALUE` in `on_pre`",
            "that of the variable",
        ),
        "deliver continuously": Clause(
            "deliver continuously: VALUE to VARIABLE",
            "Sums a value of all synapses into a variable of the target, at every step.",
            "`VARIABLE_post = VALUE : unit (summed)`",
            "that of the variable",
        ),
        "ties": Clause(
            "ties: post first",
            "Which side acts first if both spike in one step.",
            "the `order` of the pathways",
            default="`pre first`",
        ),
        "initial": _INITIAL,
        "on": _ON,
        "every": Clause(
            "every TIME:",
            "Statements that run again and again. `normalise w per post to TOTAL` scales the "
            "weights of each target neuron to a sum.",
            "`run_regularly`; normalising takes a group of counters and two pathways",
            "time, a multiple of `dt`",
        ),
    },
    "sound": {
        "stimuli": Clause(
            "stimuli: SOUND(...)",
            "The stimuli; a list as an argument makes one stimulus per value.",
            "functions of brian2hears, or our own with the same definitions",
        ),
        "ramp": Clause(
            "ramp: TIME", "A cos² flank at both ends of each stimulus.", "`Sound.ramp`", "time",
            "0 ms",
        ),
        "gap": Clause(
            "gap: TIME", "Silence before the first stimulus and after each.", "zeros", "time",
            "0 ms",
        ),
        "level": Clause(
            "level: LEVEL",
            "The rms level of each stimulus, with its ramps and without gaps.",
            "`Sound.level`",
            "dB SPL",
            "as the sound is made",
        ),
        "repeats": Clause(
            "repeats: NUMBER", "How often each stimulus is played.", "a longer sequence",
            "a whole number", "1",
        ),
        "order": Clause(
            "order: shuffled",
            "`sequential` plays the list again and again; `shuffled` mixes all presentations.",
            "a permutation drawn from the seed",
            default="`sequential`",
        ),
        "samplerate": Clause(
            "samplerate: RATE", "Samples per second.", "`samplerate=`", "Hz", "44.1 kHz"
        ),
    },
    "filterbank": {
        "sound": Clause("sound: NAME", "What it hears.", "the source of the first filter"),
        "filter": Clause(
            "filter: FILTER(...)", "The first filter; its longest list counts the channels.",
            "a filterbank of brian2hears",
        ),
        "then": Clause(
            "then: FILTER(...)", "A filter behind the one before it.",
            "a filterbank of brian2hears",
        ),
        "output": Clause(
            "output: FORMULA", "A formula of the last filter's output, called `x`.",
            "NumPy code on each chunk", default="`x`",
        ),
    },
    "sweep": {
        "table": Clause("table:", "Rows as they stand, units in the heads.", "one row per block"),
        "grid": Clause("grid:", "Every combination of the lists.", "one row per combination"),
        "zip": Clause("zip:", "Lists of one length, side by side.", "one row per position"),
        "random": Clause(
            "random: NUMBER samples", "Rows of draws from distributions.", "one row per sample"
        ),
        "sobol": Clause(
            "sobol: NUMBER samples",
            "The same by a scrambled Sobol' sequence, which fills the space most evenly. NUMBER "
            "is best a power of two.",
            "one row per sample",
        ),
        "latin_hypercube": Clause(
            "latin_hypercube: NUMBER samples",
            "The same by SciPy's Latin hypercube: one row in each of NUMBER equal parts of each "
            "axis.",
            "one row per sample",
        ),
        "from": Clause(
            'from: "FILE"', "Rows of a CSV, Parquet or XLSX file, with heads as in `table:`.",
            "one row per row",
        ),
        "derive": Clause(
            "derive:", "Columns that are computed from others.", "columns of the table"
        ),
        "where": Clause(
            "where: CONDITION", "Only the rows for which it holds.", "fewer rows",
            "a condition", "all rows",
        ),
        "replicates": Clause(
            "replicates: NUMBER", "Each row that many times, with other draws.",
            "more rows, with the column `replicate`", "a whole number", "1",
        ),
        "refine": Clause(
            "refine: FORMULA to VALUE in NUMBER trials",
            "Begins with the grid, of one or two axes, and puts further points between neighbours "
            "whose measure differs by more than VALUE: in its unit, or `5 %` of its range. What "
            "else the sweep has is run for each point. `stdpdsl search` runs it.",
            "more points, batch by batch", "as the measure, or in percent",
            "ten times the grid's points are tried",
        ),
        "replicate": Clause(
            "replicate: NUMBER", "The number of the first replicate, which names its draws.",
            "the column `replicate`", "a whole number", "0",
        ),
    },
    "search": {
        **_SEARCH,
        "stop": Clause(
            "stop: no improvement in NUMBER trials | no difference above VALUE",
            "Ends the search before its last trial. The second form goes with `method: refine`: it "
            "ends where no two neighbours' objective differs by more, or by more than `5 %` of its "
            "range.",
            "nothing", "a whole number, or as the objective", "all trials are run",
        ),
        "stop trials": Clause(
            "stop trials: REASON or REASON after TIME",
            "Runs the beginning of each batch alone, for TIME. Trials that are `silent` or "
            "`saturated` in it, or have values that are not finite, are not run further, and have "
            "no value.",
            "a short run before the whole one", "a time", "each trial is run to its end",
        ),
        "minimise": Clause(
            "minimise: FORMULA",
            "What is to be small, a formula of measures. `mean sd min max sum` and "
            "`fraction(CONDITION)` are over the blocks of a trial; a measure alone is its mean.",
            "NumPy code on the measures",
        ),
        "maximise": Clause(
            "maximise: FORMULA", "What is to be large. Several objectives give a Pareto front.",
            "NumPy code on the measures",
        ),
    },
    "fit": {
        **_SEARCH,
        "data": Clause(
            'data: from "FILE"',
            "A CSV, Parquet or XLSX file with a row per experiment, which becomes a block of each "
            "trial. Its columns set parameters, as those of a sweep do, or are measurements.",
            "the sweep's rows",
        ),
        "compare": Clause(
            "compare: FORMULA to COLUMN within COLUMN",
            "What the model predicts in each block, the column of what was measured, and that of "
            "its standard error: the objective is mean(((FORMULA - measured)/error)**2).",
            "NumPy code on the measures",
        ),
    },
    "infer": {
        "over": Clause(
            "over:", "The prior: `PARAMETER = DISTRIBUTION(...)`.",
            "parameters per synapse or per neuron, constant in each block",
        ),
        "data": Clause(
            'data: from "FILE"', "A CSV, Parquet or XLSX file with a row per experiment.",
            "the sweep's rows",
        ),
        "compare": Clause(
            "compare: FORMULA to COLUMN within COLUMN",
            "What the model predicts in each block, what was measured, and its standard error.",
            "NumPy code on the measures",
        ),
        "method": Clause(
            "method: NAME",
            "`importance_sampling`, whose trials have weights, or `npe`, neural posterior "
            "estimation by the package sbi, whose last fifth of the trials are the samples.",
            "nothing", "a name", "`importance_sampling`",
        ),
        "trials": Clause(
            "trials: NUMBER", "How many sets of values are simulated.", "nothing",
            "a whole number", "100",
        ),
        "batch": Clause(
            "batch: NUMBER", "How many at a time: one sweep, on all cores.",
            "rows of one network", "a whole number", "50",
        ),
        "seed": Clause("seed: NUMBER", "Of the inference alone.", "nothing", "a whole number", "0"),
    },
    "record": {
        "spikes": Clause(
            "spikes of LAYER, ...", "All spikes of layers, or of some neurons: `A[0:5]`.",
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
            "`PopulationRateMonitor`, in wider bins", "time, a multiple of `dt`",
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
            "rows of a monitor", "time", "the whole run",
        ),
        "in phase": Clause(
            "... in phase NAME, ...", "Records in these phases alone.", "`monitor.active`",
            default="all phases",
        ),
    },
    "measure": {
        "of": Clause(
            "NAME of COMPONENT = FORMULA",
            "`mean sd min max sum` and `fraction(CONDITION)` over the synapses of a connection or "
            "the neurons of a layer.",
            "NumPy code on the weights or rates",
        ),
    },
    "run": {
        "duration": Clause(
            "duration: TIME", "How long; the name of a sound stands for its length.",
            "`Network.run`", "time",
        ),
        "dt": Clause("dt: TIME", "The time step.", "`dt=` of each object", "time", "0.1 ms"),
        "seed": Clause(
            "seed: NUMBER", "Of all draws.", "NumPy's generators, and `seed()`",
            "a whole number", "0",
        ),
        "precision": Clause(
            "precision: single", "In how many bits the network computes: `double` or `single`.",
            "`dtype=` of the variables: `float32`", default="`double`",
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
    },
}  # fmt: skip

OTHER: dict[str, Clause] = {
    "as": Clause("as NAME", "The connection's name.", "`name=`"),
    "across": Clause("across blocks", "Also joins neurons of different blocks.", "more synapses"),
    "independent": Clause(
        "independent per block", "The draw differs from block to block.", "other draws"
    ),
    "from": Clause(
        'from "FILE" column NAME',
        "A value for each neuron or synapse, from a file: `.npy`, `.npz`, CSV, Parquet, XLSX; in "
        "`initial:`, `weight:` and `delay:`.",
        "an array that is given to `set_states`", "that of the column's head",
    ),
    "connection": Clause("connection NAME", "Of which connection of that run.", "an array"),
    "layer": Clause("layer NAME", "Of which layer of that run.", "an array"),
    "where": Clause("where CONDITION", "Only the pairs for which it holds.", "a mask"),
    "after": Clause("after TIME", "The statements run that much later.", "a pathway's `delay`"),
    "deliver": Clause(
        "deliver VALUE",
        "The moment at which the connection delivers, and what takes the weight's place in "
        "`deliver:`. Alone, the weight.",
        "where `..._post += ...` stands in `on_pre`",
    ),
    "normalise": Clause(
        "normalise VARIABLE per post to TOTAL",
        "Scales a variable so that its sum over each neuron's synapses is TOTAL.",
        "a group of counters and two pathways",
    ),
    "column": Clause(
        'from "FILE" column NAME',
        "Values of a file, one for each neuron or synapse: a column of a table, or an array.",
        "`np.load(FILE)`, or a table that is read, indexed by `i` and `j`",
    ),
    "results": Clause(
        'from results "FOLDER" connection NAME column NAME block K',
        "Values as an earlier run left them; `layer NAME` for a variable that it recorded.",
        "arrays that are read from its tables",
    ),
    "in": Clause("in [LOW, HIGH]", "Clips the variable after each change.", "`clip(...)`"),
    "unless refractory": Clause(
        "(unless refractory)", "The variable stands still while the neuron is refractory.",
        "the same flag",
    ),
    "shared": Clause("(shared)", "One value for the whole layer.", "the same flag"),
    "constant": Clause("(constant)", "It does not change during a run.", "the same flag"),
    "within": Clause("to COLUMN within COLUMN", "Measurements, and their standard errors.",
                     "nothing"),
    "off": Clause("plasticity off", "Weights stay as they are; or `CONNECTION off`.",
                  "another run, in which nothing changes them"),
    "frozen": Clause("CONNECTION frozen", "Its weights stay as they are in this phase.",
                     "another run"),
    "set": Clause(
        "set NAME = VALUE",
        "A parameter, from this phase on; or a variable, as the phase begins: its VALUE may draw, "
        "as in `initial:`.",
        "a value set between two runs",
    ),
    "store": Clause(
        "store NAME at start",
        "Keeps the state of the network, as the phase ends or as it starts: all variables, and the "
        "spikes under way.",
        "`Network.store`",
    ),
    "restore": Clause(
        "restore NAME except COMPONENT and COMPONENT.VARIABLE",
        "As the phase begins, puts back what was stored: all of it, or `of` some components or "
        "variables. Time, inputs and draws go on.",
        "`Network.restore`, without the clock",
    ),
    "until": Clause(
        "until count of LAYER >= VALUE every TIME",
        "Checks so often whether a block has spikes enough, or `rate of LAYER`, or `mean(w) of "
        "CONNECTION` (`min`, `max`, `sum`) is so large; from then to the phase's end the block "
        "waits as it is.",
        "pieces of a run, and `active = False`",
    ),
    "except": Clause("except NAME and NAME", "All but these is restored.", "nothing"),
    "at": Clause("at start", "The state is stored before the phase, not after it.", "nothing"),
    "repeat": Clause(
        "repeat",
        "The rows are played again and again; before phases, `repeat 10:`, how often they are run "
        "in turn.",
        "more spikes; a loop around `Network.run`",
    ),
    "linear": Clause(
        "linear", "Straight lines join the rows of a table.", "a `TimedArray` with a value per step"
    ),
    "gap": Clause("gap TIME", "The silent end of each row's time.", "no spikes"),
    "blocks": Clause("in blocks 0, 3", "Only of these blocks.", "`record=` of the monitor"),
    "and": Clause("A and B", "Both conditions hold.", "`and`"),
    "or": Clause("A or B", "At least one condition holds.", "`or`"),
    "not": Clause("not A", "The condition does not hold.", "`not`"),
}  # fmt: skip


def example(declaration: str) -> str:
    """The spec that shows a declaration with all of its clauses."""
    path = resource_dir("grammars") / "examples" / f"{declaration}.stdp"
    return path.read_text(encoding="utf-8")


def example_lines(declaration: str, clause: str) -> str:
    """The lines of an example in which the clause stands, without their indentation: of the
    declaration's own example if it has it there."""
    others = sorted(resource_dir("grammars").glob("examples/*.stdp"))
    texts = [example(declaration), *(path.read_text(encoding="utf-8") for path in others)]
    # The formatter writes `delay:` out.
    names = (clause, "axonal delay") if clause == "delay" else (clause,)
    found = (_lines(text, declaration, name) for name in names for text in texts)
    return next(lines for lines in found if lines)


def _lines(text: str, declaration: str, clause: str) -> str:
    word = r"\s+".join(map(re.escape, clause.split()))
    anywhere = declaration in ("record", "measure")
    line_of = re.compile(rf" {{4}}.*\b{word}\b" if anywhere else rf" {{4}}{word}\b(?! *=)")
    body = re.compile(rf"^{declaration}\b[^\n]*\n(?:(?:[ \t][^\n]*)?\n)*", re.MULTILINE)
    for found in body.finditer(text):
        lines = found[0].split("\n")
        for k, line in enumerate(lines):
            if line_of.match(line):
                more = takewhile(lambda below: below.startswith(" " * 8), lines[k + 1 :])
                return "\n".join(text[4:] for text in (line, *more))
    return ""
