"""Specs that run a rule on given trains, its parameters swept over four blocks, for the rules that
the pair-based harness does not fit: deliveries, ports, potentials.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from harness import layer
from harness import run as run_spec

DT = 1e-4
IN_TURN = pytest.mark.in_turn(6, among="rules")
LOWERINGS = (
    pytest.param("synapse", marks=IN_TURN),
    pytest.param("namespace", marks=[IN_TURN, pytest.mark.slow]),
    *(
        pytest.param(f"synapse {target}", marks=pytest.mark.compiled)
        for target in ("cython", "cpp_standalone")
    ),
)
"""How a spec is compiled: the lowering and, if it is not numpy, the target."""
Table = dict[str, tuple[float, ...]]
SCALE = {
    "ms": 1e-3,
    "mV": 1e-3,
    "Hz": 1.0,
    "second": 1.0,
    "second**2": 1.0,
    "": 1.0,
    "mV**-1": 1e3,
    "mV**-2": 1e6,
    "mV**2": 1e-6,
    "mV*second": 1e-3,
}


def unit(name: str, units: dict[str, str]) -> str:
    return units.get(name, "ms" if name.startswith("tau") else "")


def row(table: Table, block: int, units: dict[str, str]) -> dict[str, float]:
    """A block's parameters in SI units."""
    return {n: v[block] * SCALE[unit(n, units)] for n, v in table.items()}


def spec(
    layers: str,
    connections: Sequence[str],
    table: Table,
    record: Sequence[str],
    steps: int,
    units: dict[str, str],
    names: Sequence[str] = ("c",),
) -> str:
    """`table` is swept on every connection of `names`."""
    mark = {n: f" [{unit(n, units)}]" if unit(n, units) else "" for n in table}
    heads = [f"{c}.{n}{mark[n]}" for c in names for n in table]
    rows = [[repr(table[n][k]) for _ in names for n in table] for k in range(4)]
    lines = "\n".join(f"        | {' | '.join(cells)} |" for cells in [heads, *rows])
    return "\n\n".join(
        [
            "model judged",
            layers,
            *connections,
            f"sweep:\n    table:\n{lines}",
            "record:\n" + "\n".join(f"    {r}" for r in record),
            f"run:\n    duration: {steps / 10} ms\n    dt: 0.1 ms\n    seed: 1\n",
        ]
    )


def train(seed: int, count: int, steps: int, step: int = 1) -> np.ndarray:
    """Distinct steps; a coarser grid (`step`) makes trains meet."""
    draw = np.random.default_rng(seed)
    return np.sort(draw.choice(np.arange(step, steps, step), count, replace=False))


def run(folder: Path, text: str, lowering: str) -> dict[str, pd.DataFrame]:
    """The tables of a spec's results; `lowering` is one of LOWERINGS."""
    lowering, _, target = lowering.partition(" ")
    return run_spec(folder, text, lowering, target or "numpy")


def judged(folder: Path, text: str, lowering: str) -> Iterator[tuple]:
    """The rows of the connection `c` at the end of a run; its weight is `w`."""
    tables = run(folder, text, lowering)
    return tables["weights"].query("connection == 'c'").itertuples()


def sampled(tables: dict[str, pd.DataFrame], **where) -> tuple[np.ndarray, np.ndarray]:
    """The steps and values of one recorded variable, in order."""
    rows = tables["trajectories"]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    rows = rows.sort_values("t")
    return np.rint(rows["t"].to_numpy() / DT).astype(int), rows["value"].to_numpy()


__all__ = ["DT", "LOWERINGS", "Path", "judged", "layer", "row", "run", "sampled", "spec", "train"]
