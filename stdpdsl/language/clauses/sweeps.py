"""The clauses of sweeps and searches."""

from __future__ import annotations

from .clause import Clause

_SEARCH = {
    "over": Clause(
        "over:",
        "The axes of the space, `PARAMETER = DISTRIBUTION(...)`: `uniform`, `loguniform`, "
        "`normal`, `lognormal`, `exponential` or `integers`, as in `random:` of a sweep.",
        "parameters per synapse or per neuron, constant in each block",
    ),
    "subject to": Clause(
        "subject to: CONDITION",
        "A comparison that the best trial has to meet. The search learns by how much it is missed.",
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
        "trials: NUMBER",
        "How many sets of values are tried at most.",
        "nothing",
        "a whole number",
        "100",
    ),
    "batch": Clause(
        "batch: NUMBER",
        "How many are tried at a time: one sweep, on all cores.",
        "rows of one network",
        "a whole number",
        "50",
    ),
    "stop": Clause(
        "stop: no improvement in NUMBER trials",
        "Ends the search before its last trial.",
        "nothing",
        "a whole number",
        "all trials are run",
    ),
    "seed": Clause(
        "seed: NUMBER",
        "Of the search alone: the same trials each time.",
        "nothing",
        "a whole number",
        "0",
    ),
}

SWEEP: dict[str, Clause] = {
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
        "The same by SciPy's Latin hypercube: one row in each of NUMBER equal parts of each axis.",
        "one row per sample",
    ),
    "from": Clause(
        'from: "FILE"',
        "Rows of a CSV, Parquet or XLSX file, with heads as in `table:`.",
        "one row per row",
    ),
    "derive": Clause("derive:", "Columns that are computed from others.", "columns of the table"),
    "where": Clause(
        "where: CONDITION",
        "Only the rows for which it holds.",
        "fewer rows",
        "a condition",
        "all rows",
    ),
    "replicates": Clause(
        "replicates: NUMBER",
        "Each row that many times, with other draws.",
        "more rows, with the column `replicate`",
        "a whole number",
        "1",
    ),
    "refine": Clause(
        "refine: FORMULA to VALUE in NUMBER trials",
        "Begins with the grid, of one or two axes, and puts further points between neighbours "
        "whose measure differs by more than VALUE: in its unit, or `5 %` of its range. What "
        "else the sweep has is run for each point. `stdpdsl search` runs it.",
        "more points, batch by batch",
        "as the measure, or in percent",
        "ten times the grid's points are tried",
    ),
    "replicate": Clause(
        "replicate: NUMBER",
        "The number of the first replicate, which names its draws.",
        "the column `replicate`",
        "a whole number",
        "0",
    ),
}

SEARCH: dict[str, Clause] = {
    **_SEARCH,
    "stop": Clause(
        "stop: no improvement in NUMBER trials | no difference above VALUE",
        "Ends the search before its last trial. The second form goes with `method: refine`: it "
        "ends where no two neighbours' objective differs by more, or by more than `5 %` of its "
        "range.",
        "nothing",
        "a whole number, or as the objective",
        "all trials are run",
    ),
    "stop trials": Clause(
        "stop trials: REASON or REASON after TIME",
        "Runs the beginning of each batch alone, for TIME. Trials that are `silent` or "
        "`saturated` in it, or have values that are not finite, are not run further, and have "
        "no value.",
        "a short run before the whole one",
        "a time",
        "each trial is run to its end",
    ),
    "minimise": Clause(
        "minimise: FORMULA",
        "What is to be small, a formula of measures. `mean sd min max sum` and "
        "`fraction(CONDITION)` are over the blocks of a trial; a measure alone is its mean.",
        "NumPy code on the measures",
    ),
    "maximise": Clause(
        "maximise: FORMULA",
        "What is to be large. Several objectives give a Pareto front.",
        "NumPy code on the measures",
    ),
}

FIT: dict[str, Clause] = {
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
}

INFER: dict[str, Clause] = {
    "over": Clause(
        "over:",
        "The prior: `PARAMETER = DISTRIBUTION(...)`.",
        "parameters per synapse or per neuron, constant in each block",
    ),
    "data": Clause(
        'data: from "FILE"',
        "A CSV, Parquet or XLSX file with a row per experiment.",
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
        "nothing",
        "a name",
        "`importance_sampling`",
    ),
    "trials": Clause(
        "trials: NUMBER",
        "How many sets of values are simulated.",
        "nothing",
        "a whole number",
        "100",
    ),
    "batch": Clause(
        "batch: NUMBER",
        "How many at a time: one sweep, on all cores.",
        "rows of one network",
        "a whole number",
        "50",
    ),
    "seed": Clause("seed: NUMBER", "Of the inference alone.", "nothing", "a whole number", "0"),
}
