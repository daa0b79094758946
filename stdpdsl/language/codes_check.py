"""What the checks report: code -> (title, explanation). See codes.py."""

from __future__ import annotations

NAME: dict[str, tuple[str, str]] = {
    "NAME001": (
        "there is no such thing",
        "A clause names a neuron, rule, layer, connection, sound, filterbank or preset that the "
        "spec does not declare.",
    ),
    "NAME002": (
        "declared twice",
        "Constants, neurons, rules, layers, connections, sounds and filterbanks share one space "
        "of names, so that a name always means one thing. Inside a model each parameter and "
        "variable is declared once; so it is in rules that are joined on one connection, and in a "
        "layer to which a rule adds equations.",
    ),
    "NAME003": (
        "no such parameter",
        "Where a neuron or rule is used, its parameters can be given other values, and phases can "
        "`set` parameters and variables; here is one that there is not.",
    ),
    "NAME004": (
        "name not declared",
        "A name in an expression is a local of its block, a parameter or variable of the "
        "component, a `_pre` or `_post` variable, a free column of the sweep, a constant or a "
        "unit, in this order. All of it is resolved before anything runs.",
    ),
    "NAME005": (
        "local read before it is assigned",
        "A name assigned in a block of statements is a local of that block. It has no value "
        "before the first line that assigns it.",
    ),
    "NAME006": (
        "change of an undeclared name",
        "`=` may make a new local; `+=`, `-=`, `*=` and `/=` change something that is there "
        "already, and this name is not.",
    ),
    "NAME007": (
        "cannot be assigned",
        "Statements assign variables declared under `equations:`. A parameter keeps its value, "
        "a constant as well, and a variable with an expression is computed from others. The same "
        "holds for what phases `set`, which may change parameters too.",
    ),
    "NAME008": (
        "reserved name",
        "Some names mean something to Brian2 or to the language wherever they stand: the time "
        "`t`, the indices `i` and `j`, units, functions, `xi`, names that end in `_pre` or "
        "`_post` or start with an underscore.",
    ),
    "NAME009": (
        "hides a constant",
        "Inside the neuron or rule the name means its own parameter or variable, outside the "
        "constant. That is allowed and easily misread.",
    ),
    "NAME010": (
        "column named like a constant",
        "A column of the sweep may share a constant's name only if it sweeps the constant; "
        "otherwise an expression with that name could mean either.",
    ),
    "NAME011": (
        "no such variable",
        "Initial values, deliveries, recordings and statements refer to the variables of a "
        "layer or connection: those declared under `equations:` of its neuron or rule, or `w` "
        "of a `weight:`.",
    ),
    "NAME012": (
        "no such function",
        "Expressions call the functions of the language: `exp`, `log`, `sqrt`, `abs`, `clip`, "
        "`min`, `max`, `int` and others; draws and lists where these may stand.",
    ),
    "NAME013": (
        "random number without a stream",
        "Every random number comes from a stream that has a name (seed, component, variable, "
        "replicate), so that blocks differ by their parameters alone. `rand()` has none.",
    ),
    "NAME014": (
        "column of the results",
        "The tables of results have fixed columns, such as `block`, `pre` or `t`, beside those "
        "of the sweep and the states of the rule. Two columns of one name could not be told "
        "apart.",
    ),
    "NAME015": (
        "no such word",
        "Some clauses take one of a few words: patterns, scopes, orders, sides, integrators, "
        "flags of equations: `(unless refractory)`, `(constant)`, `(shared)`.",
    ),
    "NAME016": (
        "local never read",
        "A name that is assigned and never read is most often a variable's name, mistyped.",
    ),
    "NAME017": (
        "no such event",
        "`on NAME:` in a neuron needs an `event NAME:`; in a rule or connection it is `on pre:` "
        "or `on post:`, or in a rule one of its spike ports.",
    ),
    "NAME018": (
        "depends on itself",
        "Values may be declared in any order, but following what each one uses must come to an "
        "end.",
    ),
    "NAME019": (
        "name with two meanings",
        "In `derive` and `where` a bare name is a column, else a parameter. Here two "
        "components, or two columns, have it.",
    ),
    "NAME020": (
        "used by nothing",
        "A constant, neuron, rule, sound or filterbank stands in the spec and nothing refers to "
        "it.",
    ),
    "NAME021": (
        "layer connected to nothing",
        "The layer is simulated, but no connection starts or ends there and nothing of it is "
        "recorded.",
    ),
    "NAME022": (
        "parameter used by nothing",
        "A parameter that no equation, condition or statement uses changes nothing, also when "
        "it is swept. The same holds of a rule's port or a required variable.",
    ),
    "NAME023": (
        "column that nothing uses",
        "A column whose name is no parameter is a free column. One that nothing uses is most "
        "often a parameter's name, mistyped: all its blocks would be the same.",
    ),
    "NAME024": (
        "no such port",
        "Where a rule is used, its ports are bound to what a layer has: a spike port to the spikes "
        "of a layer, a value port to a variable of a layer of one neuron. Here something else is "
        "bound.",
    ),
    "NAME025": (
        "no value at the start",
        "Initial values, patterns and delays are computed before the simulation starts. They may "
        "read variables that have an initial value themselves, in any order, but nothing that is "
        "known only while the simulation runs.",
    ),
    "NAME026": (
        "names that differ in case only",
        "A layer `E` and a layer `e` would have the columns `E_rate` and `e_rate`, which are one "
        "column to DuckDB, and files of one name on macOS and Windows.",
    ),
    "NAME027": (
        "derivative without its stroke",
        "`dvdt = ...` declares a variable called `dvdt`; the derivative of `v` is written `dv/dt`.",
    ),
    "NAME028": (
        "state that is not stored",
        "A phase restores what an earlier phase has stored: `store NAME` keeps the state of the "
        "network as its phase ends, `store NAME at start` as it starts.",
    ),
}

UNIT: dict[str, tuple[str, str]] = {
    "UNIT001": (
        "no such unit",
        "Units are Brian2's: SI units and their prefixes, such as `ms`, `mV`, `nS`, `Hz`.",
    ),
    "UNIT002": (
        "another unit is expected",
        "What a value is for decides its unit: a delay is a time, a membrane potential declared "
        "`: volt` is a voltage, `dv/dt` is a voltage per time.",
    ),
    "UNIT003": (
        "two units that do not go together",
        "Sums, differences, remainders and comparisons need the same unit on both sides.",
    ),
    "UNIT004": (
        "function of a number without unit",
        "`exp`, `log`, `sin` and the like take plain numbers: the exponential of 5 ms means "
        "nothing.",
    ),
    "UNIT005": (
        "exponent",
        "An exponent has no unit. Where the base has one, the exponent must be a constant, "
        "since the unit of the result depends on it.",
    ),
    "UNIT006": (
        "level in dB",
        "A level is no quantity to calculate with. It stands in the `level:` of a sound and in "
        "arguments of filters that ask for one.",
    ),
    "UNIT008": (
        "list of several units",
        "All items of a list have one unit, best written once, behind the list.",
    ),
}

TYPE: dict[str, tuple[str, str]] = {
    "TYPE001": (
        "a number is expected",
        "A condition is neither 1 nor 0 by itself; `int(...)` makes it one of them.",
    ),
    "TYPE002": (
        "a condition is expected",
        "Thresholds, events and `where` are conditions: comparisons, joined by `and`, `or`, `not`.",
    ),
    "TYPE003": (
        "calculation with a condition",
        "Operators such as `*` take numbers. `int(...)` makes a condition 1 or 0.",
    ),
    "TYPE004": (
        "a whole number is expected",
        "Sizes, counts, indices and variables declared `: integer` are whole numbers.",
    ),
    "TYPE005": (
        "number of arguments",
        "Each function takes a fixed number of arguments.",
    ),
    "TYPE006": (
        "named arguments",
        "Draws, lists, sounds and filters take arguments by name as well; each name once, and "
        "only those that they have.",
    ),
    "TYPE007": (
        "random number where none can be drawn",
        "Draws stand in initial values, weights, delays, the assignments of statements and the "
        "random axes of a sweep, where each has a stream of its own.",
    ),
    "TYPE008": (
        "list where one value is expected",
        "Lists are the values of a sweep's axes, and of stimuli and channels.",
    ),
    "TYPE010": (
        "statement in the wrong place",
        "`deliver` stands in `on pre:` of a rule, `normalise` in `every` of a connection.",
    ),
    "TYPE011": (
        "text",
        "Texts name files and labels. They stand in the clauses that ask for one, never in an "
        "expression.",
    ),
    "TYPE013": (
        "value out of range",
        "The number can be computed, and it cannot be meant: a probability above 1, a negative "
        "delay, more synapses than neurons.",
    ),
    "TYPE014": (
        "one value from many",
        "A variable declared `(shared)` has one value for the layer; it cannot be computed from "
        "values that differ by neuron. Nor can the sum of `normalise`, which is one number for "
        "each neuron, from what differs by synapse.",
    ),
    "TYPE015": (
        "noise outside a differential equation",
        "`xi` is white noise, which has a meaning only under `d.../dt`.",
    ),
    "TYPE016": (
        "values from a file where none can stand",
        "A `from` gives a value to each neuron of a layer or each synapse of a connection. It "
        "stands in their `initial:`, in `weight:`, in `delay:` and as a parameter of their neuron "
        "or rule, alone or in a calculation. In `drive:` it gives a row of values for each "
        "`every`.",
    ),
}

CLAUSE: dict[str, tuple[str, str]] = {
    "CLAUSE001": (
        "something is missing",
        "A spec has a `model` line, layers and a `run:` with a duration; a layer has neurons or "
        "an input, and a size; a connection a pattern and something to do.",
    ),
    "CLAUSE002": (
        "clauses that exclude one another",
        "Two clauses say the same thing in two ways.",
    ),
    "CLAUSE003": (
        "clause without an effect here",
        "What this clause says cannot apply to what it stands in.",
    ),
    "CLAUSE004": (
        "delivery incomplete",
        "A rule says when it delivers (`deliver` in `on pre:`), the connection says what, and "
        "into which variable of the target layer. Each needs the other.",
    ),
    "CLAUSE005": (
        "driven variable with an equation",
        "`drive:` assigns the variable at the start of each step, so an equation of its own "
        "would be overwritten.",
    ),
    "CLAUSE006": (
        "sizes that do not match",
        "`one_to_one` joins neuron k with neuron k, and a driven layer has one neuron per channel.",
    ),
    "CLAUSE007": (
        "clause that will never act",
        "Nothing is wrong with the clause, but with the rest of the spec it has no effect.",
    ),
    "CLAUSE008": (
        "port without a binding",
        "A rule with ports needs something at each of them, in every connection that uses it.",
    ),
    "CLAUSE009": (
        "port of another kind",
        "A port without a unit takes spikes, `reward = spikes of VTA`; one with a unit takes a "
        "variable, `G = rate of controller`. A parameter takes a value.",
    ),
    "CLAUSE010": (
        "target without what the rule needs",
        "Under `requires post:` a rule lists the variables, with their units, that it reads of its "
        "target. The target is then a layer of a neuron that declares them.",
    ),
    "CLAUSE011": (
        "layer that never spikes",
        "A neuron without `threshold:` never spikes, so nothing that waits for its spikes would "
        "ever happen.",
    ),
    "CLAUSE012": (
        "sum that reads itself",
        "`deliver continuously` sets its target at every step. Some of Brian2's targets set it to "
        "zero before they add, so what the sum would read of it differs between them.",
    ),
    "CLAUSE013": (
        "sounds of two sample rates in one layer",
        "A shared layer that is driven runs at the sample rate of its sound, so all that drives it "
        "has one rate.",
    ),
}

BLOCK: dict[str, tuple[str, str]] = {
    "BLOCK001": (
        "blocks would influence one another",
        "A shared layer exists once. If a layer with a copy in every block drives it, every "
        "block's activity reaches all others through it. So it is with a shared connection whose "
        "port listens to such a layer.",
    ),
    "BLOCK002": (
        "blocks are coupled",
        "`across blocks` says that the coupling is meant. What depends on the shared layer is "
        "then no longer independent between blocks, and a block alone differs from the same "
        "block in the sweep.",
    ),
    "BLOCK003": (
        "sweep of something shared",
        "What is shared exists once for all blocks and has one value of each parameter.",
    ),
    "BLOCK004": (
        "change of something shared",
        "A connection with a copy per block would let each block write into a layer that exists "
        "once.",
    ),
    "BLOCK005": (
        "must be the same in every block",
        "All blocks run in one network: layers have one size, and there is one time step, one "
        "duration and one rhythm of `every` and recordings.",
    ),
}

SWEEP: dict[str, tuple[str, str]] = {
    "SWEEP002": (
        "swept twice",
        "A parameter has one column.",
    ),
    "SWEEP003": (
        "parameter of several components",
        "A bare name is fine where one component has such a parameter.",
    ),
    "SWEEP004": (
        "nothing to sweep",
        "A column sets a parameter of a component, or its `delay`, `weight`, `preset`, `p`, `k` "
        "(connections) or `rate` (inputs). Sizes cannot be swept.",
    ),
    "SWEEP005": (
        "more than one sweep",
        "The parts of one `sweep:` are multiplied with one another.",
    ),
    "SWEEP006": (
        "too many rows",
        "The rows of a sweep are counted before they are made.",
    ),
    "SWEEP007": (
        "no rows",
        "A sweep, its tables, files and axes have at least one row, also after `where`.",
    ),
    "SWEEP009": (
        "axes of different length",
        "The axes of a `zip:` advance together.",
    ),
    "SWEEP010": (
        "no distribution",
        "The axes under `random:` are drawn from a distribution.",
    ),
    "SWEEP011": (
        "column derived from itself",
        "Derived columns may use one another in any order, but not in a circle.",
    ),
    "SWEEP012": (
        "no value here",
        "The values of a sweep are computed from numbers, constants, columns and unswept "
        "parameters; they must come out as numbers.",
    ),
    "SWEEP013": (
        "count",
        "`replicates` and `random:` take a whole number of at least 1, `replicate` one of at least "
        "0.",
    ),
    "SWEEP014": (
        "not a finite number",
        "Every value of a sweep is a finite number.",
    ),
    "SWEEP015": (
        "identical rows",
        "Two rows with the same values would be the same block twice. Repeats with other random "
        "numbers are replicates.",
    ),
    "SWEEP016": (
        "no such block",
        "Recordings may be of some blocks only; blocks are the rows of the sweep after `where`, "
        "replicates included, counted from 0.",
    ),
    "SWEEP017": (
        "presets go by name",
        "The values of a column `preset` are names of the rule's presets, listed in `grid:`, "
        "`zip:`, a table or a file. They are no numbers: nothing is computed from them, and none "
        "is drawn.",
    ),
    "SWEEP018": (
        "samples that are no power of two",
        "A Sobol' sequence fills the space evenly after 2, 4, 8, ... points. With another number "
        "the last points leave some parts of it denser than others.",
    ),
}

SEARCH: dict[str, tuple[str, str]] = {
    "SEARCH001": (
        "more than one search",
        "A spec asks one question: it has one `search:`, `fit:` or `infer:`.",
    ),
    "SEARCH002": (
        "part of a search missing",
        "A search needs its axes (`over:`) and what is to be small or large (`minimise:`, "
        "`maximise:`); a fit needs its axes, its data, and what they are compared to.",
    ),
    "SEARCH003": (
        "constraint that is no comparison",
        "By how much a constraint is missed leads the search to where it is met, so it compares "
        "two values by `<` or `>`. `and` and `or` join comparisons.",
    ),
    "SEARCH004": (
        "range of an axis",
        "An axis of a search runs from a lower to a higher end; on a logarithmic scale both are "
        "above 0.",
    ),
    "SEARCH005": (
        "method that does not suit",
        "Methods are `tpe`, `cma_es`, `nsga2`, `random`, `sobol`, `grid` and `refine`. Several "
        "objectives have no single best trial, which `cma_es` looks for; and it needs two axes or "
        "more. `refine` takes one objective, on one or two axes, and so does the `refine:` of a "
        "sweep, whose grid has numbers. Those of an `infer:` are `importance_sampling` and `npe`.",
    ),
    "SEARCH006": (
        "count of a search",
        "`trials`, `batch` and `stop` are whole numbers of at least 1, `seed` of at least 0.",
    ),
    "SEARCH007": (
        "standard error that is not above 0",
        "Each difference from the data is divided by its standard error.",
    ),
    "SEARCH008": (
        "end of trials before their time",
        "`stop trials:` runs each batch for the beginning of the run alone, and ends the trials "
        "whose layers of neurons are `silent` or `saturated` by then. So it needs a part of a run "
        "without phases, and an objective or a constraint on a layer of neurons.",
    ),
}

RUN: dict[str, tuple[str, str]] = {
    "INPUT001": (
        "two spikes of a neuron in one time step",
        "A given spike acts in the time step that holds it, as in Brian2's SpikeGeneratorGroup. A "
        "neuron spikes at most once in a step, so one of the two would be lost.",
    ),
    "INPUT002": (
        "given spikes outside the run",
        "Spikes at or after the end of the run are never played.",
    ),
    "RUN001": (
        "delay between two steps",
        "A spike travels a whole number of time steps; Brian2 rounds other delays.",
    ),
    "RUN002": (
        "time constant shorter than the step",
        "A process that is over within a step or two is not resolved by the integration.",
    ),
    "RUN003": (
        "duration between two steps",
        "A run is a whole number of time steps.",
    ),
    "RUN004": (
        "initial value outside its bounds",
        "The value is clipped to the bounds before the run starts.",
    ),
    "RUN005": (
        "refractory period between two steps",
        "A neuron is refractory for a whole number of time steps.",
    ),
    "RUN006": (
        "more than one spike per step",
        "A neuron of an input spikes at most once per time step.",
    ),
    "RUN007": (
        "rate too high for the step",
        "A Poisson neuron spikes in a step with probability rate times `dt`. Where that is not "
        "small, its spikes are too regular.",
    ),
    "RUN008": (
        "noise",
        "Brian2 draws the noise in equations for all neurons of a group in one go. The numbers "
        "that a block gets depend on how many blocks there are, so a block alone is equal in "
        "distribution, not to the last bit.",
    ),
    "RUN009": (
        "interval between two steps",
        "Recordings and `every` statements act at the start of a time step, so their interval "
        "is a multiple of it.",
    ),
    "RUN010": (
        "bounds the wrong way round",
        "A variable stays between a lower and an upper bound.",
    ),
    "RUN011": (
        "trace integrated step by step",
        "Where a trace's equation is linear in itself and holds nothing else but parameters, it is "
        "brought up to date exactly at each event. Any other is integrated for every synapse at "
        "every time step, which costs more and has an integration error. A rule that means it says "
        "so with `method:`.",
    ),
    "RUN012": (
        "no exact solution",
        "Linear equations are solved once, with the names in them. The solution divides by the "
        "differences of the time constants of variables that act on one another. Two equal ones "
        "have a formula of their own; with three, or with nearly the same value, few digits would "
        "be right. Numerical methods have no such trouble.",
    ),
    "RUN013": (
        "operator the wrong way round",
        "`w =- x` sets `w` to `-x`, where `w -= x` takes `x` from it.",
    ),
    "RUN014": (
        "too many equations to be solved together",
        "The exact solution of linear equations is a formula, found before the run. With each "
        "variable that acts on others it takes several times as long to find, so that a hundred "
        "would take hours. Beyond a few, each variable is integrated by exponential Euler: exact "
        "in itself, with the others held over the time step.",
    ),
    "RUN015": (
        "variable saved as of its last event",
        "Where a handler computes what a variable has become since the last event, between events "
        "it is not what is stored. The statements under `advance:` bring it up to date at each "
        "event, and whenever it is saved, recorded or measured.",
    ),
}

TARGET: dict[str, tuple[str, str]] = {
    "TARGET001": (
        "order that differs between targets",
        "On the numpy target a statement runs for all synapses before the next one does, on "
        "compiled targets all statements run for one synapse, then for the next. Where several "
        "synapses change the same variable of a neuron in one time step, in two ways or before "
        "it is read, the results differ without a word.",
    ),
    "TARGET002": (
        "remainder of fractions",
        "`%` and `//` of numbers with a fraction are rounded in two ways: 1.0 % 0.1 is 0.1 on "
        "numpy and 0 in C++. `floor` is the same everywhere; whole numbers may take both.",
    ),
}

COST: dict[str, tuple[str, str]] = {
    "COST001": (
        "too many neurons",
        "Every block has its own copy of the layers that are not shared.",
    ),
    "COST002": (
        "too many synapses",
        "The number of synapses is that of one block times the number of blocks; for random "
        "connectivity its expected value.",
    ),
    "COST003": (
        "recording too large",
        "Recorded values stay in memory until the run ends, and go to disk then. A value every "
        "time step of every synapse of every block soon fills both.",
    ),
    "COST004": (
        "network too large for the memory",
        "The states and the indices of all synapses have to fit into memory.",
    ),
    "COST005": (
        "too many time steps",
        "The time that is simulated, divided by `dt`, is the number of steps.",
    ),
    "COST006": (
        "inputs too large",
        "The spikes of inputs are made before the run, so that every block gets the same, and so "
        "is what drives layers.",
    ),
    "COST007": (
        "names that stand for too much",
        "A computed variable is written out where it is used. Where each uses others more than "
        "once, a few lines become a formula that no computer can hold.",
    ),
}

FILE: dict[str, tuple[str, str]] = {
    "FILE001": (
        "file that cannot be read",
        "Paths are relative to the spec.",
    ),
    "FILE002": (
        "file that is no table and no array",
        "A table is a CSV, Parquet or XLSX file with a head per column. An array is an .npy or "
        ".npz file of real numbers, or a sparse matrix as SciPy saves it. Pickled objects are "
        "refused.",
    ),
    "FILE003": (
        "cell that is no number",
        "Each cell that is read is one number, in the unit of its head: `taupre [ms]`. Numbers of "
        "arrays and tables of values are finite.",
    ),
    "FILE004": (
        "file that a spec may not read",
        "A spec reads files below its own folder, links followed, so that a spec from a stranger "
        "can be run. `--allow-read FOLDER` allows another folder. Devices are no files, nor are "
        "names that Windows takes for devices, such as `aux.txt`.",
    ),
    "FILE005": (
        "no such column or array",
        "`column NAME` names a column of a table, or an array of an .npz file. It can be left out "
        "where there is one only. A table of synapses has the columns `pre` and `post` besides.",
    ),
    "FILE006": (
        "array of another shape",
        "A layer takes one value per neuron; a connection takes a matrix with a row per neuron of "
        "its source and a column per neuron of its target. What drives a layer has a row for each "
        "`every`, of one value per neuron or one for all.",
    ),
    "FILE007": (
        "value missing, or given twice",
        "Each neuron or synapse has one value in the file, in each block if it has a column "
        "`block`. Where synapses are drawn, each pair has one.",
    ),
    "FILE008": (
        "no such neuron, synapse or block",
        "Neurons are numbered from 0 within their layer and a block, blocks as in the results. "
        "What exists once for all blocks has no values per block.",
    ),
    "FILE009": (
        "results that cannot be started from",
        "`from results` takes a folder that `stdpdsl run` has written, finished and undamaged, by "
        "a version that says what its network was.",
    ),
    "FILE010": (
        "block without its counterpart in earlier results",
        "Each block has its values from the one block of the earlier results that has the same "
        "values in all columns of the sweep that both have; from the only one; or from the one "
        "that `block K` tells.",
    ),
    "FILE011": (
        "weights or delays that nothing reads",
        "Whoever writes weights or delays beside the pairs of a file means them to count. The "
        "connection takes them with `weight: from FILE column NAME` or `delay: from ...`.",
    ),
    "FILE012": (
        "rows at other times",
        "The rows of a table that drives a layer are one `every` apart. If it has a column `t`, it "
        "says just that: the first row is at 0 s, and they stand in the order of time, for each "
        "neuron by itself.",
    ),
}

CHECKS = {
    **NAME, **UNIT, **TYPE, **CLAUSE, **BLOCK, **SWEEP, **SEARCH, **RUN,
    **TARGET, **COST, **FILE,
}  # fmt: skip
