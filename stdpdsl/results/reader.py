"""The dataset of a run: reading it back.

The writing side is `stdpdsl/runtime/results.py`.

    results = stdpdsl.load("results/auditory_map")
    weights = results.weights.filter(Apre=0.1, connection="feedforward").to_pandas()
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..language.diagnostics import seen
from ..machine.memory import available_memory, size_of
from ..runtime import folder as result_folder

if TYPE_CHECKING:
    from ..report.plot import Plot

TABLES: tuple[str, ...] = result_folder.TABLES

_SHAPES = {
    "blocks": int, "calibration": {str: [int]}, "columns": {str: {str: {str: str}}},
    "ended_early": {str: {str: (str, int, float)}}, "extended": [dict], "files": {str: str},
    "footers": {str: {str: str}}, "hash": str, "lowering": str, "measures": [str], "model": str,
    "network": {str: dict}, "not_finite": [str], "order": [int],
    "parameters": {str: {str: (str, int, float)}}, "phases": [dict], "precision": str,
    "search": {str: int}, "set": [str],
    "shard": [int], "spec": str, "tables": {str: int}, "target": str,
    "time_asked": (int, float), "time_reached": (int, float), "units": {str: str},
    "versions": {str: str},
}  # fmt: skip
"""What metadata hold, where they do: they may come from a stranger."""


class ResultsError(Exception):
    """A folder cannot be read as results; the text says why."""

    def __init__(self, text: str):
        super().__init__(seen(text))


class Results:
    """A finished dataset: `metadata`, `units` of the columns, and the tables.

    `blocks`, `weights`, `trajectories`, `spikes` and `responses` are lazy: nothing is read until
    one of their `to_...` is called, and then only the rows and columns that were asked for.
    """

    def __init__(self, folder: Path, metadata: dict[str, Any]):
        self.folder = folder
        self.metadata = metadata
        self.units: dict[str, str] = metadata.get("units", {})
        self.tables: tuple[str, ...] = tuple(metadata["tables"])

    @property
    def blocks(self) -> Table:
        """A row per block (and phase): its parameters and summary measures."""
        return Table(self, "blocks")

    @property
    def parameters(self) -> Any:
        """Every parameter and constant, swept or not, and each column of the sweep that sets none
        of them (SI): a `pandas.DataFrame` with a row per block, which is its index; where phases
        set parameters, a row per block and phase. `attrs["units"]` has the units."""
        require("pandas")
        from .parameters import parameters_of

        return parameters_of(self)

    @property
    def weights(self) -> Table:
        """A row per synapse."""
        return Table(self, "weights")

    @property
    def trajectories(self) -> Table:
        """A row per recorded sample."""
        return Table(self, "trajectories")

    @property
    def spikes(self) -> Table:
        """A row per spike."""
        return Table(self, "spikes")

    @property
    def responses(self) -> Table:
        """A row per neuron and stimulus: the mean rate (Hz) while it was heard or shown."""
        return Table(self, "responses")

    def assigned(self, layer: str, phase: str | None = None) -> Any:
        """Which neuron learned what: a `pandas.DataFrame` with the label to which each neuron of a
        layer responded most in a phase, and its mean rate (Hz) then; none of what never responded.
        """
        pandas = require("pandas")
        chosen = {"layer": layer} | ({} if phase is None else {"phase": phase})
        frame = self.responses.filter(**chosen).to_pandas()
        keys = [k for k in ("replicate", "block", "phase", "neuron") if k in frame]
        rates = frame.groupby([*keys, "label"], dropna=False)["value"].mean().reset_index()
        order = [*(True for _ in keys), False, True]
        rates = rates.sort_values([*keys, "value", "label"], ascending=order)
        best = rates.drop_duplicates(keys).rename(columns={"value": "rate"})
        return pandas.DataFrame(best[best["rate"] > 0].reset_index(drop=True))

    @property
    def trials(self) -> Any:
        """The trials of a search: a `pandas.DataFrame` with a row per trial, its values (SI), its
        objectives, and by how much it misses the constraints (0: it meets all)."""
        from ..search.answers import answers_of

        return require("pandas").DataFrame(answers_of(self).table())

    @property
    def best(self) -> Any:
        """The best trial of a search: see `search/answers.py`. ResultsError where no trial meets
        the constraints and has a value."""
        from ..search.answers import answers_of

        return answers_of(self).best()

    @property
    def posterior(self) -> Any:
        """What an inference has found: a `pandas.DataFrame` with a row per trial, its values (SI)
        and its weight; the sum of the weights is 1."""
        from ..search.answers import belief_of

        return require("pandas").DataFrame(belief_of(self).table())

    @property
    def front(self) -> Any:
        """The trials of a search that no other is better than in every objective, as a list."""
        from ..search.answers import answers_of

        return answers_of(self).front()

    @property
    def plot(self) -> Plot:
        """Figures as matplotlib axes; see `plot.py`."""
        from ..report.plot import Plot

        return Plot(self)

    @property
    def measures(self) -> tuple[str, ...]:
        """The columns of `blocks` that were measured."""
        return tuple(self.metadata.get("measures", ()))

    @property
    def spec(self) -> str:
        """The text of the spec that was run."""
        return str(self.metadata.get("spec", ""))

    def edges(self, connection: str, block: int = 0) -> Any:
        """The synapses of a connection as a block leaves them: a `pandas.DataFrame` with `pre`,
        `post`, `delay` (s), `w_initial`, `w` and the rule's other variables, in SI.

        A shared connection has the same in each block. ResultsError where there is none.
        """
        require("pandas")
        from .edges import edges_of

        return edges_of(self, connection, block)

    def to_edges(self, path: str | Path, connection: str, block: int = 0) -> None:
        """Write such a list into a new file: `.csv`; `.npz`, whose weights
        `scipy.sparse.load_npz` reads as a matrix of pre by post; or `.h5`, as SONATA has it."""
        from .edges import write_edges

        write_edges(self, Path(path), connection, block)

    def to_neo(self, blocks: Sequence[int] | None = None) -> Any:
        """Spikes, trajectories and weights as a `neo.Block` with a segment for each block; see
        `neo.py`."""
        from .neo import results_to_neo

        return results_to_neo(self, blocks)

    def to_nwb(self, path: str | Path, block: int = 0) -> None:
        """Write a block into a new file of NWB 2 (`pip install 'stdpdsl[nwb]'`); see `nwb.py`."""
        from .nwb import write_nwb

        write_nwb(self, Path(path), block)

    def columns(self, name: str) -> list[str]:
        """The names of a table's columns."""
        return list(self._open(name).schema.names)

    def described(self, name: str) -> dict[str, dict[str, str]]:
        """What each column of a table is, from the fields of its files: `kind` (fixed, swept,
        measure, parameter, variable), `unit` and `description`, where they are said."""
        schema = self._open(name).schema
        return {
            field.name: {k.decode("utf-8", "replace"): v.decode("utf-8", "replace")
                         for k, v in (field.metadata or {}).items()}
            for field in schema
        }  # fmt: skip

    def dataset(self, name: str) -> Any:
        """The `pyarrow.dataset.Dataset` of a table, to scan what does not fit into memory."""
        import pyarrow as pa

        dataset = self._open(name)
        try:
            rows = dataset.count_rows()
        except (OSError, pa.ArrowException, ValueError) as error:
            raise ResultsError(f"{self.folder / name}: is damaged: {_first_line(error)}") from None
        if rows != self.metadata["tables"][name]:
            raise ResultsError(
                f"{self.folder / name}: is incomplete:"
                f" {rows} of {self.metadata['tables'][name]} rows are there"
            )
        return dataset

    def table(
        self, name: str, columns: list[str] | None = None, filter: Any = None, each: int = 8
    ) -> Any:
        """A table, or the columns and rows of it that are asked for, as a `pyarrow.Table`.

        `filter` is an expression such as `pyarrow.dataset.field("Apre") > 0.01`. ResultsError where
        there is no memory for `each` bytes per value: a small file can hold many rows.
        """
        import pyarrow as pa

        dataset = self.dataset(name)
        try:
            bytes_of_row = each * len(dataset.schema.names if columns is None else columns)
            rows, there = self.metadata["tables"][name], available_memory()
            if filter is not None and rows * bytes_of_row > there:
                rows = dataset.count_rows(filter=filter)
            if rows * bytes_of_row > there:
                raise ResultsError(
                    f"{self.folder / name}: {rows:,} rows take {size_of(rows * bytes_of_row)} of"
                    f" memory; {size_of(there)} are there"
                )
            return dataset.to_table(columns=columns, filter=filter)
        except MemoryError as error:
            raise ResultsError(
                f"{self.folder / name}: takes more memory than there is: {_first_line(error)}"
            ) from None
        except (OSError, pa.ArrowException) as error:
            raise ResultsError(f"{self.folder / name}: {_first_line(error)}") from None

    def _open(self, name: str) -> Any:
        import pyarrow as pa
        import pyarrow.dataset as ds

        if name not in self.tables:
            raise ResultsError(f"{self.folder}: has no table {name}, only {', '.join(self.tables)}")
        parts = sorted((self.folder / name).glob("part-*.parquet"))
        if "search" in self.metadata:  # while it goes on, others may be on their way
            parts = [p for p in parts if p.name in self.metadata.get("footers", {}).get(name, {})]
        if strange := [part for part in parts if not part.is_file()]:
            raise ResultsError(f"{strange[0]}: is no file")
        known = self.metadata.get("footers", {}).get(name, {})
        try:
            for part in parts:
                if result_folder.footer_checksum(part) != known.get(part.name):
                    raise ValueError(f"the footer of {part.name} has changed")
            # A bit that has changed on the disk is an error, not another number.
            checked = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
            form = ds.ParquetFileFormat(default_fragment_scan_options=checked)
            return ds.dataset(parts, format=form)
        except (OSError, pa.ArrowException, ValueError) as error:
            raise ResultsError(f"{self.folder / name}: is damaged: {_first_line(error)}") from None

    def __repr__(self) -> str:
        model = self.metadata.get("model", "")
        rows = ", ".join(f"{n:,} {name}" for name, n in self.metadata["tables"].items())
        return f"<Results of {model or 'a run'} in {self.folder}: {rows}>"

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{count:,} rows</td></tr>"
            for name, count in self.metadata["tables"].items()
        )
        head = escape(f"{self.metadata.get('model', 'results')} in {self.folder}")
        return f"<p><b>{head}</b></p><table>{rows}</table>{self.blocks._repr_html_()}"


class Table:
    """Some rows and columns of a table, not yet read."""

    def __init__(
        self, results: Results, name: str, condition: Any = None, chosen: list[str] | None = None
    ):
        self.results = results
        self.name = name
        self.condition = condition
        self.columns = results.columns(name) if chosen is None else chosen

    def filter(self, condition: Any = None, /, **values: Any) -> Table:
        """The rows with these values: `filter(Apre=0.1, connection=["excite", "inhibit"])`.

        Of numbers, those that agree to nine digits, so that 20e-3 finds 20 ms. `condition` is a
        pyarrow expression, or a mapping for names that Python does not take: {"A1.tau_m": 0.01}.
        """
        found = self.condition
        if isinstance(condition, Mapping):
            values, condition = {**condition, **values}, None
        for name, value in values.items():
            part = self._equal(name, value)
            found = part if found is None else found & part
        if condition is not None:
            found = condition if found is None else found & condition
        return Table(self.results, self.name, found, self.columns)

    def select(self, *names: str) -> Table:
        """Only these columns."""
        for name in names:
            self._known(name)
        return Table(self.results, self.name, self.condition, list(names))

    def to_arrow(self) -> Any:
        """A `pyarrow.Table`."""
        return self.results.table(self.name, self.columns, self.condition)

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame`."""
        require("pandas")
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """A `polars.DataFrame`."""
        return require("polars").from_arrow(self.to_arrow())

    def to_xarray(self) -> Any:
        """An `xarray.Dataset` whose dimensions are the axes of the sweep; see `arrays.py`."""
        from .arrays import to_xarray

        return to_xarray(self)

    def to_neo(self) -> Any:
        """Spikes or trajectories as a `neo.Block`; see `neo.py`."""
        from .neo import to_neo

        return to_neo(self)

    def __len__(self) -> int:
        if self.condition is None:
            return int(self.results.metadata["tables"][self.name])
        return int(self.results.dataset(self.name).count_rows(filter=self.condition))

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self):,} rows of {', '.join(self.columns)}>"

    def _repr_html_(self, rows: int = 10) -> str:
        from html import escape

        from .labels import pretty

        units = self.results.units
        dataset = self.results.dataset(self.name)
        first = dataset.head(rows, columns=self.columns, filter=self.condition).to_pylist()
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>"
            + "".join(f"<td>{escape(pretty(v, units.get(n, '')))}</td>" for n, v in row.items())
            + "</tr>"
            for row in first
        )
        total = len(self)
        more = f"<p>the first {rows} of {total:,} rows</p>" if total > rows else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def _equal(self, name: str, value: Any) -> Any:
        import pyarrow.dataset as ds

        self._known(name)
        field = ds.field(name)
        if value is None:
            return field.is_null()
        if isinstance(value, str | bool):
            return field == value
        if hasattr(value, "__iter__"):
            parts = [self._equal(name, one) for one in value]
            if not parts:
                return ds.scalar(False)
            return reduce(or_, parts)
        number = float(value)
        slack = 1e-9 * abs(number)
        return (field >= number - slack) & (field <= number + slack)

    def _known(self, name: str) -> None:
        from ..language.diagnostics import did_you_mean

        there = self.results.columns(self.name)
        if name not in there:
            same = [n for n in there if n.lower() == name.lower()]
            near = did_you_mean(name, same or there) or f"there are: {', '.join(there)}"
            raise ResultsError(f"{self.results.folder}: {self.name} has no column {name}; {near}")


def require(package: str) -> Any:
    """A library that is not needed otherwise."""
    from importlib import import_module

    try:
        return import_module(package)
    except ImportError:
        name = package.partition(".")[0]
        raise ResultsError(f"{name} is not installed: pip install {name}") from None


def load(folder: str | Path) -> Results:
    """The results in a folder; ResultsError when they are missing, unfinished or damaged."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ResultsError(f"{folder}: there is no such folder")
    if ".partial-" in folder.name:
        raise ResultsError(f"{folder}: holds an unfinished run")
    try:
        metadata = result_folder.read_metadata(folder)
        form = metadata["format"]
        known = set(metadata["tables"]) <= set(TABLES)  # for they are names of folders
        good = known and all(_fits(metadata[k], s) for k, s in _SHAPES.items() if k in metadata)
        whole = metadata.get("checksum") == result_folder.checksum(metadata)
    except FileNotFoundError:
        raise ResultsError(f"{folder}: holds no stdpdsl results (no metadata.json)") from None
    except OSError as error:
        raise ResultsError(f"{folder / 'metadata.json'}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise ResultsError(f"{folder / 'metadata.json'}: is damaged") from None
    if form != result_folder.RESULT_FORMAT:
        raise ResultsError(f"{folder}: is of the format {form!r}, which this version cannot read")
    if not whole:
        raise ResultsError(f"{folder / 'metadata.json'}: is damaged: its checksum is another")
    if not good:
        raise ResultsError(f"{folder / 'metadata.json'}: does not hold what stdpdsl writes")
    return Results(folder, metadata)


def _fits(value: Any, shape: Any) -> bool:
    """Whether a value of JSON is of a shape: [str] is a list of strings, {str: int} a mapping."""
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(one, shape[0]) for one in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(_fits(one, shape[str]) for one in value.values())
    return isinstance(value, shape) and not isinstance(value, bool)


def flat(values: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Metadata as lines: `versions.numpy: 2.3`."""
    found = []
    for key, value in values.items():
        if isinstance(value, dict):
            found += flat(value, f"{before}{key}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            found.append((before + key, text))
    return found


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
