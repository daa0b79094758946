"""The Parquet tables of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..machine.memory import available_memory, size_of
from ..runtime import folder as result_folder
from .errors import ResultsError


class Dataset:
    """A results folder: its metadata and its Parquet tables."""

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
        """The description of each column of a table, from the metadata of its Parquet fields:
        `kind` (fixed, swept, measure, parameter, variable), `unit` and `description`, if
        present.
        """
        schema = self._open(name).schema
        return {
            field.name: {
                k.decode("utf-8", "replace"): v.decode("utf-8", "replace")
                for k, v in (field.metadata or {}).items()
            }
            for field in schema
        }

    def dataset(self, name: str) -> Any:
        """The `pyarrow.dataset.Dataset` of a table, to scan a table that does not fit into
        memory.
        """
        import pyarrow as pa

        dataset = self._open(name)
        try:
            rows = dataset.count_rows()
        except (OSError, pa.ArrowException, ValueError) as error:
            raise ResultsError(f"{self.folder / name}: is damaged: {_first_line(error)}") from None
        if rows != self.metadata["tables"][name]:
            raise ResultsError(
                f"{self.folder / name}: is incomplete:"
                f" it has {rows} of {self.metadata['tables'][name]} rows"
            )
        return dataset

    def table(
        self, name: str, columns: list[str] | None = None, filter: Any = None, each: int = 8
    ) -> Any:
        """A table, or a selection of its columns and rows, as a `pyarrow.Table`.

        `filter` is an expression such as `pyarrow.dataset.field("Apre") > 0.01`. ResultsError if
        there is not enough memory for `each` bytes per value, because a small file can hold many
        rows.
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
                    f" memory; {size_of(there)} are free"
                )
            return dataset.to_table(columns=columns, filter=filter)
        except MemoryError as error:
            raise ResultsError(
                f"{self.folder / name}: takes more memory than is free: {_first_line(error)}"
            ) from None
        except (OSError, pa.ArrowException) as error:
            raise ResultsError(f"{self.folder / name}: {_first_line(error)}") from None

    def _open(self, name: str) -> Any:
        import pyarrow as pa
        import pyarrow.dataset as ds

        if name not in self.tables:
            raise ResultsError(f"{self.folder}: has no table {name}, only {', '.join(self.tables)}")
        parts = sorted((self.folder / name).glob("part-*.parquet"))
        if "search" in self.metadata:  # during a run, other files may still be written
            parts = [p for p in parts if p.name in self.metadata.get("footers", {}).get(name, {})]
        if strange := [part for part in parts if not part.is_file()]:
            raise ResultsError(f"{strange[0]}: is not a regular file")
        known = self.metadata.get("footers", {}).get(name, {})
        try:
            for part in parts:
                if result_folder.footer_checksum(part) != known.get(part.name):
                    raise ValueError(f"the footer of {part.name} has changed")
            # A bit that flipped on the disk must give an error, not a wrong number.
            checked = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
            form = ds.ParquetFileFormat(default_fragment_scan_options=checked)
            return ds.dataset(parts, format=form)
        except (OSError, pa.ArrowException, ValueError) as error:
            raise ResultsError(f"{self.folder / name}: is damaged: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
