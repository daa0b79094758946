"""Early ending of trials (`stop trials:`). A batch is first run for only the beginning of the run.
Trials that are silent or saturated by then are not run to the end.

The blocks of one process are simulated together, so ending some of them within a run would save no
time. A separate short run also gives the same result with any number of workers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..language import ast
from ..language.rows import without
from ..results.reader import load
from ..views.diagnose.activity import SATURATED
from .space import Space

NOT_FINITE = "not finite"


def beginning(space: Space, text: str) -> tuple[str, str]:
    """The text of a generation that records and measures rates only, and the setting that
    shortens it.
    """
    for kind in (ast.Record, ast.Measures):
        text = without(text, kind, space.source.name)
    return text, f"duration={space.plan.after!r} s"


def ended(space: Space, folder: Path) -> dict[int, str]:
    """The trials that end early and why, by trial number, from the results of the beginning. A
    layer counts as silent or saturated if it is so in all blocks of the trial.
    """
    table = load(folder).table("blocks")
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    found = {}
    for trial in np.unique(columns["trial"]):
        rows = columns["trial"] == trial
        rates = np.array([columns[f"{layer}_rate"][rows] for layer in space.watched])
        if np.any(columns["status"][rows] == "nan"):
            found[int(trial)] = NOT_FINITE
        elif "silent" in space.plan.reasons and np.any(np.all(rates == 0, axis=1)):
            found[int(trial)] = "silent"
        elif "saturated" in space.plan.reasons and np.any(np.all(rates > SATURATED, axis=1)):
            found[int(trial)] = "saturated"
    return found
