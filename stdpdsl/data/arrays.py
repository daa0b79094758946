"""Arrays of numbers in NumPy's files: .npy, .npz, and sparse matrices saved by SciPy."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..dataclass import dataclass
from ..runtime.images import images_in

MAX_BYTES = 4_000_000_000  # bytes of an array, unpacked
ENDINGS = (".npy", ".npz")
IMAGES = ".png"


@dataclass(frozen=True)
class Sparse:
    """The stored entries of a matrix."""

    shape: tuple[int, ...]
    row: np.ndarray
    column: np.ndarray
    values: np.ndarray


Arrays = dict[str, Any]


def read_arrays(path: Path) -> Arrays:
    """The arrays of a file by name; if a file contains only one, its name is ``. Raises OSError if
    it cannot be read, ValueError (the text follows "`NAME` holds no numbers: ") if it contains
    something else. Nothing in it is executed: pickled objects are refused."""
    if path.suffix.lower() == IMAGES:
        return {"": images_in(str(path))}
    with path.open("rb"):
        pass
    try:
        if path.suffix.lower() == ".npy":
            return {"": numbers(_npy(path))}
        return _npz(path)
    except (EOFError, zipfile.BadZipFile, MemoryError, UnicodeDecodeError):
        raise ValueError("it is not a complete NumPy file") from None


def _npy(path: Path) -> np.ndarray:
    try:
        # As a map first, because a short file may claim a shape too large for any memory.
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise ValueError(_why(error)) from None
    if not isinstance(mapped, np.ndarray):
        raise ValueError("it is not a complete NumPy file")
    _small(mapped.nbytes)
    return np.array(mapped)


def _npz(path: Path) -> Arrays:
    with zipfile.ZipFile(path) as parts:
        _small(sum(part.file_size for part in parts.infolist()))
    with np.load(path, allow_pickle=False) as file:
        if isinstance(file, np.ndarray):
            raise ValueError("it is an .npy file with a different ending")
        try:
            found = {name: file[name] for name in file.files}
        except ValueError as error:
            raise ValueError(_why(error)) from None
    if {"format", "shape", "data"} <= found.keys():
        return {"": _sparse(found)}
    if not found:
        raise ValueError("it has no arrays")
    return {name: numbers(array, name) for name, array in found.items()}


def _sparse(parts: Arrays) -> Sparse:
    kind = np.asarray(parts["format"]).item()
    kind = kind.decode("ascii", "replace") if isinstance(kind, bytes) else str(kind)
    shape = tuple(int(n) for n in np.ravel(parts["shape"]))
    values = np.asarray(numbers(parts["data"]), dtype=float)
    try:
        if kind == "coo":
            row, column = (parts[n] for n in ("row", "col")) if "row" in parts else parts["coords"]
        elif kind in ("csr", "csc"):
            bounds = np.diff(parts["indptr"])
            row = np.repeat(np.arange(len(bounds)), bounds)
            column = parts["indices"]
            if kind == "csc":
                row, column = column, row
        else:
            raise ValueError(f"it is a sparse matrix in the format {kind}; save it as `csr`")
    except KeyError as missing:
        raise ValueError(f"it is a sparse matrix without {missing}") from None
    row, column = (np.asarray(k, dtype=np.int64) for k in (row, column))
    if len(shape) != 2 or not len(row) == len(column) == len(values):
        raise ValueError("it is a sparse matrix with inconsistent parts")
    return Sparse(shape, row, column, values)


def numbers(array: np.ndarray, name: str = "") -> np.ndarray:
    """The array, if it contains real numbers."""
    if array.dtype.kind not in "buif":
        what = f"the array `{name}`" if name else "it"
        raise ValueError(f"{what} holds {array.dtype}, not real numbers")
    return array


def _why(error: ValueError) -> str:
    if re.search("allow_pickle|pickled|Object arrays|Python objects", str(error)):
        return "it holds pickled objects, which could run code: save an array of numbers"
    return "it is not a complete NumPy file"


def _small(size: int) -> None:
    if size > MAX_BYTES:
        raise ValueError(f"it has {size:,} bytes when unpacked, more than {MAX_BYTES:,}")
