"""A table of results: select rows and columns, and convert them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from .dataset import Dataset
from .errors import ResultsError, require


class Table:
    """Some rows and columns of a table, not yet read."""

    def __init__(
        self, results: Dataset, name: str, condition: Any = None, chosen: list[str] | None = None
    ):
        self.results = results
        self.name = name
        self.condition = condition
        self.columns = results.columns(name) if chosen is None else chosen

    def filter(self, condition: Any = None, /, **values: Any) -> Table:
        """The rows with these values: `filter(Apre=0.1, connection=["excite", "inhibit"])`.

        Numbers match if they agree to nine digits, so that 20e-3 finds 20 ms. `condition` is a
        pyarrow expression, or a mapping for names that are not Python identifiers: {"A1.tau_m":
        0.01}.
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
        """The table with only these columns."""
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
