"""Words that stand inside clauses and statements."""

from __future__ import annotations

from .clause import Clause

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
        "an array that is given to `set_states`",
        "that of the column's head",
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
        "(unless refractory)",
        "The variable stands still while the neuron is refractory.",
        "the same flag",
    ),
    "shared": Clause("(shared)", "One value for the whole layer.", "the same flag"),
    "constant": Clause("(constant)", "It does not change during a run.", "the same flag"),
    "within": Clause(
        "to COLUMN within COLUMN", "Measurements, and their standard errors.", "nothing"
    ),
    "off": Clause(
        "plasticity off",
        "Weights stay as they are; or `CONNECTION off`.",
        "another run, in which nothing changes them",
    ),
    "frozen": Clause(
        "CONNECTION frozen", "Its weights stay as they are in this phase.", "another run"
    ),
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
}
