"""The dataset of a run: what its columns are called, and reading it back.

The writing side is `templates/brian2/support/results.py`, a part of every generated script.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

TABLES = ("blocks", "weights", "trajectories", "spikes")

FIXED_COLUMNS = (
    "block",
    "connection",
    "delay",
    "layer",
    "neuron",
    "phase",
    "post",
    "pre",
    "status",
    "t",
    "value",
    "variable",
    "w",
    "w_initial",
)
"""Names that a free column of a sweep must not have, in upper or lower case."""


class ResultsError(Exception):
    """A folder cannot be read as results; the text says why."""


def column_names(paths: Sequence[str]) -> dict[str, str]:
    """What the sweep's columns are called in the results, by their dotted names in the spec.

    The last part alone, but the whole where two share it or a fixed column has it. Case does not
    tell columns apart, for DuckDB does not look at it.
    """
    last = {path: path.rpartition(".")[2] for path in paths}
    seen = [name.lower() for name in (*last.values(), *FIXED_COLUMNS)]
    return {path: name if seen.count(name.lower()) == 1 else path for path, name in last.items()}


def state_names(variables: Iterable[str], sweep: Iterable[str]) -> dict[str, str]:
    """What a rule's variables are called in `weights`: `apre` is `apre_state` beside `Apre`."""
    taken = {name.lower() for name in (*FIXED_COLUMNS, *sweep)}
    names: dict[str, str] = {}
    for variable in variables:
        name = variable
        while name.lower() in taken:
            name += "_state"
        taken.add(name.lower())
        names[variable] = name
    return names


class Results:
    """A finished dataset: `metadata`, `units` of the columns, and the tables."""

    def __init__(self, folder: Path, metadata: dict[str, Any]):
        self.folder = folder
        self.metadata = metadata
        self.units: dict[str, str] = metadata.get("units", {})
        self.tables: tuple[str, ...] = tuple(metadata["tables"])

    def dataset(self, name: str) -> Any:
        """The `pyarrow.dataset.Dataset` of a table, to scan what does not fit into memory."""
        import pyarrow as pa
        import pyarrow.dataset as ds

        if name not in self.tables:
            raise ResultsError(f"{self.folder}: has no table {name}, only {', '.join(self.tables)}")
        parts = sorted((self.folder / name).glob("part-*.parquet"))
        try:
            dataset = ds.dataset(parts, format="parquet")
            rows = dataset.count_rows()
        except (OSError, pa.ArrowException, ValueError) as error:
            raise ResultsError(f"{self.folder / name}: is damaged: {_first_line(error)}") from None
        if rows != self.metadata["tables"][name]:
            raise ResultsError(
                f"{self.folder / name}: is incomplete:"
                f" {rows} of {self.metadata['tables'][name]} rows are there"
            )
        return dataset

    def table(self, name: str, columns: list[str] | None = None, filter: Any = None) -> Any:
        """A table, or the columns and rows of it that are asked for, as a `pyarrow.Table`.

        `filter` is an expression such as `pyarrow.dataset.field("Apre") > 0.01`.
        """
        import pyarrow as pa

        try:
            return self.dataset(name).to_table(columns=columns, filter=filter)
        except (OSError, pa.ArrowException) as error:
            raise ResultsError(f"{self.folder / name}: {_first_line(error)}") from None


def load(folder: str | Path) -> Results:
    """The results in a folder; ResultsError when they are missing, unfinished or damaged."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ResultsError(f"{folder}: there is no such folder")
    if ".partial-" in folder.name:
        raise ResultsError(f"{folder}: holds an unfinished run")
    try:
        metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        form = metadata["format"]
        complete = isinstance(metadata["tables"], dict)
    except FileNotFoundError:
        raise ResultsError(f"{folder}: holds no stdpdsl results (no metadata.json)") from None
    except OSError as error:
        raise ResultsError(f"{folder / 'metadata.json'}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise ResultsError(f"{folder / 'metadata.json'}: is damaged") from None
    if form != "stdpdsl results 1" or not complete:
        raise ResultsError(f"{folder}: is of the format {form!r}, which this version cannot read")
    return Results(folder, metadata)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
