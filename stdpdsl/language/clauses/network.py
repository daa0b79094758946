"""The clauses of sounds, filterbanks, layers and connections."""

from __future__ import annotations

from .clause import INITIAL, ON, Clause

LAYER: dict[str, Clause] = {
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
        "numbers that are not rates are scaled, `* 4 Hz`. `gap` is the silent end of each row's "
        'time; `repeat` plays the rows again. `from results "DIR" layer A` plays the rate '
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
    "initial": INITIAL,
}

CONNECT: dict[str, Clause] = {
    "pattern": Clause(
        "pattern: PATTERN where CONDITION",
        "Which neurons are connected. `where` takes a condition on `i` and `j`; "
        "`independent per block` draws separately in each block. `all_to_all(n = 3)` makes three "
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
        "axonal delay: TIME",
        "The same as `delay:`.",
        "`delay` of the pre pathway",
        "time, rounded to whole steps",
        "0 ms",
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
    "initial": INITIAL,
    "on": ON,
    "every": Clause(
        "every TIME:",
        "Statements that run again and again. `normalise w per post to TOTAL` scales the "
        "weights of each target neuron to a sum.",
        "`run_regularly`; normalising takes a group of counters and two pathways",
        "time, a multiple of `dt`",
    ),
}

SOUND: dict[str, Clause] = {
    "stimuli": Clause(
        "stimuli: SOUND(...)",
        "The stimuli; a list as an argument makes one stimulus per value.",
        "functions of brian2hears, or our own with the same definitions",
    ),
    "ramp": Clause(
        "ramp: TIME",
        "A cos² flank at both ends of each stimulus.",
        "`Sound.ramp`",
        "time",
        "0 ms",
    ),
    "gap": Clause(
        "gap: TIME",
        "Silence before the first stimulus and after each.",
        "zeros",
        "time",
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
        "repeats: NUMBER",
        "How often each stimulus is played.",
        "a longer sequence",
        "a whole number",
        "1",
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
}

FILTERBANK: dict[str, Clause] = {
    "sound": Clause("sound: NAME", "What it hears.", "the source of the first filter"),
    "filter": Clause(
        "filter: FILTER(...)",
        "The first filter; its longest list counts the channels.",
        "a filterbank of brian2hears",
    ),
    "then": Clause(
        "then: FILTER(...)",
        "A filter behind the one before it.",
        "a filterbank of brian2hears",
    ),
    "output": Clause(
        "output: FORMULA",
        "A formula of the last filter's output, called `x`.",
        "NumPy code on each chunk",
        default="`x`",
    ),
}
