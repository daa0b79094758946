"""The tables of a folder of results, as Parquet has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..machine.memory import available_memory, size_of
from ..runtime import folder as result_folder
from .errors import ResultsError


class Dataset:
    """A folder of results: its metadata, and its tables as Parquet has them."""

    def __init__(self, folder: Path, metadata: dict[str, Any]):
        self.folder = folder
        self.metadata = metadata
        self.units: dict[str, str] = metadata.get("units", {})
        self.tables: tuple[str, ...] = tuple(metadata["tables"])

    @property
    def measures(self) -> tuple[str, ...]:
        """The columns of `blocks` that were measured."""
        return tuple(self.metadata.get("measures", ()))

    @property
    def spec(self) -> str:
        """The text of the spec that was run."""
        return str(self.metadata.get("spec", ""))

    def columns(self, name: str) -> list[str]:
        """The names of a table's columns."""
        return list(self._open(name).schema.names)

    def described(self, name: str) -> dict[str, dict[str, str]]:
        """What each column of a table is, from the fields of its files: `kind` (fixed, swept,
        measure, parameter, variable), `unit` and `description`, where they are said."""
        schema = self._open(name).schema
        return {
            field.name: {
                k.decode("utf-8", "replace"): v.decode("utf-8", "replace")
                for k, v in (field.metadata or {}).items()
            }
            for field in schema
        }

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
            raise ResultsError(f"{strange[0]}: is not a file")
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


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
