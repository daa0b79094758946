"""A sweep's table from a CSV, Parquet or XLSX file."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

MAX_ROWS = 1_000_000  # of a sweep
MAX_BYTES = 200_000_000
MAX_VALUES = 50_000_000
Columns = dict[str, list]

_NAME = r"[A-Za-z][A-Za-z0-9_]*"
_HEAD = re.compile(rf"\s*{_NAME}(\.{_NAME})*\s*(\[[^][]*\]\s*)?")  # as in a table of the spec


def read_table(path: Path) -> Columns:
    """The columns by their headers, as in the file. Raises OSError if it cannot be read, ValueError
    (whose text follows "`NAME` is not a table: ") if it does not contain a table."""
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise ValueError("a sweep's file ends in .csv, .parquet or .xlsx")
    with path.open("rb") as file:  # the libraries raise many kinds of errors for a missing file
        size = file.seek(0, os.SEEK_END)
    if size > MAX_BYTES:
        raise ValueError(f"it has {size:,} bytes, more than {MAX_BYTES:,}")
    return read(path)


def number_of(cell: object) -> str:
    """A cell's number as decimal text; ValueError or TypeError if it contains none.

    For a number, this is the shortest text that represents it. Python's `float` would also accept
    the texts `1_0` and `１`, which other programs do not take as numbers.
    """
    if not isinstance(cell, str):
        return repr(float(cell))  # type: ignore[arg-type]
    if not cell.isascii() or "_" in cell:
        raise ValueError(cell)
    float(cell)
    return cell.strip()


def is_number(cell: object) -> bool:
    try:
        number_of(cell)
    except (TypeError, ValueError):
        return False
    return True


def reason(error: OSError) -> str:
    """Why a file cannot be read, in the words of stdpdsl's messages."""
    kinds = {
        FileNotFoundError: "there is no such file",
        IsADirectoryError: "it is a folder",
        NotADirectoryError: "its folder is a file",
        PermissionError: "permission denied",
    }
    return kinds.get(type(error)) or error.strerror or str(error)


def _csv(path: Path) -> Columns:
    import csv

    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = _first(csv.reader(file))
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8") from None
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if rows and len(rows[0]) == 1 and (sign := next((s for s in ";\t" if s in rows[0][0]), "")):
        name = "tabs" if sign == "\t" else f"`{sign}`"
        raise ValueError(f"its cells are separated by {name}, not by commas")
    return _columns(rows)


def _parquet(path: Path) -> Columns:
    import pyarrow
    import pyarrow.parquet

    try:
        schema = pyarrow.parquet.read_schema(path)
        if any(re.fullmatch(r"__index_level_\d+__", name) for name in schema.names):
            raise ValueError(
                "it contains a pandas index without a name: give the index the name of a"
                " column, or save the table with `index=False`"
            )
        ranges = _ranges(schema)
        _named([*schema.names, *ranges])
        words = _words(schema)
        file = pyarrow.parquet.ParquetFile(path, read_dictionary=words)
        _fits(file)
        table = file.read()
    except pyarrow.ArrowException:
        raise ValueError("it is not a Parquet file") from None
    for name in words:
        for chunk in table[name].chunks:
            longest = max(map(len, chunk.dictionary.to_pylist()), default=0)
            if longest * len(chunk) > MAX_BYTES:
                raise TooLong(f"its column `{name}` has more than {MAX_BYTES:,} characters")
    return {**table.to_pydict(), **ranges}


def _ranges(schema: Any) -> Columns:
    """Range indices of pandas that have a name: a Parquet file has them only in its metadata."""
    import json

    try:
        indices = (schema.pandas_metadata or {}).get("index_columns", [])
    except (ValueError, json.JSONDecodeError):
        return {}
    found = {}
    for index in indices:
        if isinstance(index, dict) and index.get("kind") == "range" and index.get("name"):
            numbers = range(*(int(index[k]) for k in ("start", "stop", "step")))
            _few(len(numbers))
            found[str(index["name"])] = list(numbers)
    return found


def _words(schema: Any) -> list[str]:
    """The columns of words; ValueError if there are columns that contain neither words nor
    numbers."""
    from pyarrow import types

    words = []
    for field in schema:
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        if types.is_string(kind) or types.is_large_string(kind):
            words.append(field.name)
        elif not (types.is_primitive(kind) or types.is_decimal(kind) or types.is_null(kind)):
            raise ValueError(f"its column `{field.name}` contains {kind}, not numbers or words")
    return words


def _fits(file: Any) -> None:
    """Refuse a Parquet file in which a few bytes expand to more than a sweep may have."""
    groups = [file.metadata.row_group(k) for k in range(file.num_row_groups)]
    chunks = [[group.column(k) for k in range(group.num_columns)] for group in groups]
    _few(max(file.metadata.num_rows, sum(max(c.num_values for c in cs) for cs in chunks if cs)))
    values = sum(chunk.num_values for cs in chunks for chunk in cs)
    if values > MAX_VALUES:
        raise TooLong(f"it has {values:,} values, more than {MAX_VALUES:,}")
    # In this encoding, each value may repeat the one before it.
    if any("DELTA_BYTE_ARRAY" in chunk.encodings for cs in chunks for chunk in cs):
        raise ValueError("words in the encoding DELTA_BYTE_ARRAY are not read")


def _xlsx(path: Path) -> Columns:
    import zipfile

    import openpyxl

    try:
        with zipfile.ZipFile(path) as parts:
            size = sum(part.file_size for part in parts.infolist())
        if size > MAX_BYTES:
            raise TooLong(f"it has {size:,} bytes when unpacked, more than {MAX_BYTES:,}")
        sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
        rows = _first(list(row) for row in sheet.iter_rows(values_only=True))
    except TooLong:
        raise
    except Exception:  # errors of zipfile, lxml and openpyxl
        raise ValueError("it is not an XLSX file") from None
    return _columns(rows)


class TooLong(ValueError):
    """A table larger than a sweep may be."""


def _few(rows: int) -> None:
    if rows > MAX_ROWS + 1:  # the head
        raise TooLong(f"it has more than {MAX_ROWS:,} rows")


def _first(rows: Iterable[Any]) -> list[Any]:
    """All rows, unless there are too many."""
    found = list(islice(rows, MAX_ROWS + 2))
    _few(len(found))
    return found


_READERS = {".csv": _csv, ".parquet": _parquet, ".xlsx": _xlsx}


def _columns(rows: Sequence[Sequence[Any]]) -> Columns:
    filled = [(n, row) for n, row in enumerate(rows, 1) if any(c not in (None, "") for c in row)]
    if not filled:
        raise ValueError("it is empty")
    head = ["" if cell is None else str(cell).strip() for cell in filled[0][1]]
    _named(head)
    for number, row in filled[1:]:
        if len(row) != len(head):
            cells = f"{len(row)} cell{'s' * (len(row) != 1)}"
            raise ValueError(f"line {number} has {cells} where the head has {len(head)}")
    return {name: [row[k] for _, row in filled[1:]] for k, name in enumerate(head)}


def _named(head: Sequence[str]) -> None:
    """Check that each column has a name of its own."""
    if not head:
        raise ValueError("it has no columns")
    for number, name in enumerate(head, 1):
        if not name.strip():
            raise ValueError(f"its column {number} has no name")
        if not _HEAD.fullmatch(name):
            raise ValueError(f"its column {number} has no name such as `Apre` or `A1.tau_m [ms]`")
    name, count = Counter(head).most_common(1)[0]
    if count > 1:
        raise ValueError(f"it has {count} columns `{name}`")
