"""Trials that end early, as `stop trials:` asks: a batch is run for the beginning of the run alone,
and what is silent or saturated by then is not run to its end.

Blocks of one process are simulated together, so ending some of them within a run would save
nothing. A short run before the whole one is also the same for any number of workers.
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
    """The text of a generation without what it records and measures beyond rates, and the setting
    that makes it short."""
    for kind in (ast.Record, ast.Measures):
        text = without(text, kind, space.source.name)
    return text, f"duration={space.plan.after!r} s"


def ended(space: Space, folder: Path) -> dict[int, str]:
    """Why each trial ends that does, by its number, from the results of the beginning. A layer is
    silent or saturated where it is so in all blocks of the trial."""
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
