"""All that is wrong with a text: what parsing, checks, the sweep and the limits say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from stdpdsl.check import check
from stdpdsl.check.costs import estimate
from stdpdsl.check.limits import refuse
from stdpdsl.check.row_values import check_row_values
from stdpdsl.data.fit import Fit
from stdpdsl.data.sources import Files, read_sources
from stdpdsl.data.tables import check_all_rows, read_all_rows
from stdpdsl.language.diagnostics import CompileError, Diagnostic, has_errors, in_order
from stdpdsl.language.named_files import outside_files
from stdpdsl.language.parser import parse
from stdpdsl.language.source import Source
from stdpdsl.results.errors import ResultsError
from stdpdsl.results.reader import Results
from stdpdsl.sweep.evaluate import evaluate_sweep

# The tables that specs of the corpus may read.
TABLES: dict[str, dict[str, list]] = {
    "parameters.csv": {"eta": [0.01, 0.02]},
    "pairs.csv": {
        "lag [ms]": [-20, -10, 10, 20],
        "change": [-0.2, -0.35, 0.45, 0.25],
        "error": [0.05, 0.06, 0.08, 0.05],
    },
    "negative_errors.csv": {
        "lag [ms]": [-20, -10],
        "change": [-0.2, -0.35],
        "error": [0.05, -0.06],
    },
    "mixed.csv": {"eta": [0.01, "low"]},
    "weights.csv": {
        "pre": [0, 0, 0, 1, 1, 1],
        "post": [0, 1, 2, 0, 1, 2],
        "w [mV]": [1, 2, 3, 4, 5, 6],
    },
    "sparse.csv": {"pre": [0, 1], "post": [0, 1], "w [mV]": [1, 2]},
    "cells.csv": {"neuron": [0, 1, 2, 3], "v [mV]": [-70, -70, -65, -65]},
    "joined.csv": {"pre": [0, 1], "post": [1, 1], "weight [mV]": [1, 2]},
    "steps.csv": {"t [ms]": [0, 2, 4], "I [nA]": [0, 0.2, 0.4]},
    "three.csv": {"neuron": [2, 1, 0], "v [mV]": [-70, -65, -60]},
}
ARRAYS = {
    "matrix.npy": {"": np.ones((2, 3))},
    "turned.npy": {"": np.ones((3, 2))},
    "v.npy": {"": np.ones(3)},
    "r.npy": {"": np.ones((5, 2))},
}
MEMORY = 8e9


def read_table(name: str) -> Mapping[str, list]:
    if name == "notes.csv":
        raise ValueError("it is empty")
    if name not in TABLES:
        raise FileNotFoundError(2, "No such file or directory")
    return TABLES[name]


def read_array(name: str) -> dict:
    if name not in ARRAYS:
        raise FileNotFoundError(2, "No such file or directory")
    return ARRAYS[name]


class Train(Results):
    """Two blocks of a connection `feed` from two neurons to three."""

    def __init__(self) -> None:
        network = {
            "layers": {"P": {"size": 2, "shared": True}, "A": {"size": 3, "shared": False}},
            "connections": {"feed": {"pre": "P", "post": "A", "shared": False}},
            "units": {"feed.w": "1"},
        }
        metadata = {"network": network, "blocks": 2, "tables": {"blocks": 2, "weights": 12}}
        super().__init__(Path("train.results"), metadata)
        block, pre, post = (k.ravel() for k in np.indices((2, 2, 3)))
        feed, w = np.full(12, "feed"), np.linspace(0, 1, 12)
        self.rows = {
            "blocks": {"block": [0, 1], "status": ["ok", "ok"], "taupre": [0.01, 0.02]},
            "weights": {"connection": feed, "block": block, "pre": pre, "post": post, "w": w},
        }

    def columns(self, name: str) -> list[str]:
        return list(self.rows[name])

    def described(self, name: str) -> dict[str, dict[str, str]]:
        return {"taupre": {"kind": "swept"}}

    def table(
        self, name: str, columns: list[str] | None = None, filter: Any = None, each: int = 8
    ) -> Any:
        table = pa.table(self.rows[name])
        return (table if filter is None else table.filter(filter)).select(columns)


def read_results(name: str) -> Results:
    if name == "train.results":
        return Train()
    raise ResultsError(f"{name}: holds an unfinished run")


def diagnose(text: str, name: str = "spec.stdp") -> list[Diagnostic]:
    try:
        spec = parse(Source(name, text))
        if outside := outside_files(spec, Path("."), ()):
            return outside
        files = Files(read_table, read_array, read_results, lambda name: {})
        sources, of_files = read_sources(spec, files)
        rows, of_tables = read_all_rows(spec, files)
        heads = {node: source.head for node, source in [*rows.items(), *sources.items()]}
        checked = check(spec, data=heads)
    except CompileError as error:
        return list(error.diagnostics)
    found = in_order([*of_files, *of_tables, *checked.diagnostics])
    if has_errors(found):
        return found
    table, problems = evaluate_sweep(checked.symbols, 0, read_table)
    if table is not None:
        costs = estimate(
            checked.symbols,
            table.rows,
            table.replicates,
            checked.inference.values,
            columns=table.columns,
        )
        problems = [
            *problems,
            *check_row_values(checked.symbols, table.columns),
            *refuse(costs, MEMORY),
        ]
        problems += Fit(checked.symbols, sources, table, checked.inference.values, files).check()
        problems += check_all_rows(
            checked.symbols, rows, table.rows, checked.inference.values, files
        )
    return in_order([*found, *problems])
