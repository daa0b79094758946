"""The source of each `from` in a spec: entries with their keys, values in SI units, and the
position of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

import numpy as np

from ..check.data import Head, data_in
from ..check.files import split_head
from ..dataclass import dataclass
from ..language import ast
from ..language.diagnostics import Diagnostic, did_you_mean
from ..language.named_files import FROM_FOLDER, number_in
from ..results.errors import ResultsError
from ..results.reader import Results
from ..runtime.table import NOT_READ
from ..sweep.files import TooLong, reason
from .arrays import ENDINGS, Arrays, Sparse
from .columns import column_named, whole, whole_numbers
from .earlier import of_results, rates_of, spikes_of, unusable
from .wrong import Wrong, listed

TABLES = (".csv", ".parquet", ".xlsx")
OF_PAIRS = (("pre", "post"), ("i", "j"))
OF_NEURONS = (("neuron",), ("i",))
NUMBER = "synapse_number"
NUMBERED = ("block", "pre", "post", "synapse_number", "neuron")
"""The columns that tell what a value belongs to."""


@dataclass(frozen=True)
class Files:
    """How files and folders of results are read, by their names in the spec; OSError, ValueError
    and ResultsError give the reason if they cannot be."""

    table: Callable[[str], Mapping[str, Sequence[Any]]]
    arrays: Callable[[str], Arrays]
    results: Callable[[str], Results]
    numbered: Callable[[str], Mapping[int, str]]


@dataclass(frozen=True)
class Source:
    """The entries of a file, or of `each` of several files, by number. `values` (SI) is an array
    over all neurons or pairs, or has one value per entry; the numbers of the entry are in `keys`:
    `block`, `pre` and `post`, or `neuron`."""

    head: Head
    values: np.ndarray
    keys: Mapping[str, np.ndarray] = field(default_factory=dict)
    shape: tuple[int, ...] | None = None  # of a sparse matrix
    each: Mapping[int, Source] = field(default_factory=dict)

    def place(self, entry: int) -> str:
        """The position of an entry in the file."""
        if self.head.form == "table":
            return f"row {entry + 1} below the head"
        if self.head.form == "sparse":
            at = ", ".join(str(self.keys[k][entry]) for k in ("pre", "post"))
            return f"the entry [{at}]"
        return "[" + ", ".join(map(str, np.unravel_index(entry, self.values.shape))) + "]"


Sources = dict[ast.DataExpr, Source]


def read_sources(spec: ast.Spec, files: Files) -> tuple[Sources, list[Diagnostic]]:
    """The sources of each `from`, and errors in the files by themselves."""
    found: Sources = {}
    problems: list[Diagnostic] = []
    seen: set[ast.DataExpr] = set()
    for owner, node in data_in(spec):
        if node in seen:
            continue
        seen.add(node)
        try:
            found[node] = _source(node, owner, files)
        except Wrong as wrong:
            problems.append(wrong.diagnostic)
    return found, problems


def _source(node: ast.DataExpr, owner: ast.Layer | ast.Connect, files: Files) -> Source:
    name = node.path.value
    if node.component is not None:
        return _of_results(node, owner.source if isinstance(owner, ast.Layer) else None, files)
    if number_in(name):
        return _of_several(node, owner, files)
    if name.lower().endswith(ENDINGS):
        return _of_arrays(node, read(node, files.arrays))
    if name.lower().endswith(TABLES):
        return _of_table(node, read(node, files.table), isinstance(owner, ast.Connect))
    endings = f"{', '.join(TABLES)}, {' and '.join(ENDINGS)}"
    raise Wrong(
        "FILE002",
        node.path,
        f"`{name}` has no ending of a table or an array",
        f"values are read from {endings}",
    )


def one_of(node: ast.DataExpr, number: int) -> ast.DataExpr:
    """The file with a given number, out of those that a name means."""
    name = node.path.value.replace(f"{{{number_in(node.path.value)}}}", str(number))
    return replace(node, path=replace(node.path, value=name))


def _of_several(node: ast.DataExpr, owner: ast.Layer | ast.Connect, files: Files) -> Source:
    """Files that differ only in a number; all are stored in the same way."""
    name = node.path.value
    numbers = list(files.numbered(name))
    if not numbers:
        raise Wrong(
            "FILE001",
            node.path,
            f"there is no file `{name}` with a whole number for `{{{number_in(name)}}}`",
            FROM_FOLDER,
        )
    each = {number: _source(one_of(node, number), owner, files) for number in numbers}
    heads = [replace(source.head, whole=False) for source in each.values()]
    for number, head in zip(numbers, heads, strict=True):
        path = one_of(node, number).path
        if head.by_block:
            raise Wrong(
                "FILE008",
                path,
                f"`{path.value}` has a column `block`, but there is"
                " already one file for each block",
                "leave out its column `block`",
            )
        if head != heads[0]:
            raise Wrong(
                "FILE002",
                path,
                f"`{path.value}` is stored in another form than"
                f" `{one_of(node, numbers[0]).path.value}`",
                "the files of all blocks must have the same columns and units",
            )
    whole = all(source.head.whole for source in each.values())
    head = replace(heads[0], whole=whole, number=number_in(name))
    return Source(head, np.zeros(0), each=each)


def _of_results(node: ast.DataExpr, given: ast.Input | None, files: Files) -> Source:
    try:
        results = files.results(node.path.value)
    except ResultsError as problem:
        raise unusable(node, problem) from None
    if isinstance(given, ast.SpikesOfResults):
        return Source(spikes_of(node, results), np.zeros(0))
    if isinstance(given, ast.RatesOfResults):
        head, rows = rates_of(node, results)
        return Source(head, rows["value"], {k: rows[k] for k in ("block", "neuron", "row")})
    head, rows = of_results(node, results)
    return Source(head, rows["value"], {k: v for k, v in rows.items() if k in NUMBERED})


def read(node: ast.DataExpr, reader: Callable[[str], Any]) -> Any:
    """The contents of a file, read by one of the readers of `Files`."""
    name = node.path.value
    try:
        return reader(name)
    except OSError as problem:
        text = f"cannot read `{name}`: {reason(problem)}"
        raise Wrong("FILE001", node.path, text, FROM_FOLDER) from None
    except ValueError as problem:
        raise Wrong("FILE002", node.path, f"`{name}` holds no values: {problem}") from None


def pairs_of(path: ast.String, read: Sequence[str], files: Files) -> Source | None:
    """The pairs of a file that a pattern reads. `read` are the file's columns from which the
    connection takes values. None for a table that is too long to be read here; the run reads it."""
    name = path.value
    try:
        if name.lower().endswith(".npz"):
            arrays = files.arrays(name)
            matrix = next(iter(arrays.values()))
            if not isinstance(matrix, Sparse):
                raise Wrong(
                    "FILE002",
                    path,
                    f"`{name}` holds no pairs: it is not a sparse matrix",
                    "save one with `scipy.sparse.save_npz`",
                )
            return Source(Head("sparse"), matrix.values, _pairs(matrix), matrix.shape)
        table = files.table(name)
    except TooLong:
        return None
    except OSError as problem:
        text = f"cannot read `{name}`: {reason(problem)}"
        raise Wrong("FILE001", path, text, FROM_FOLDER) from None
    except ValueError as problem:
        raise Wrong("FILE002", path, f"`{name}` holds no pairs: {problem}") from None
    heads = {str(head).strip(): head for head in table}
    names = next((c for c in OF_PAIRS if all(n in heads for n in c)), None)
    if names is None:
        raise Wrong(
            "FILE005", path, f"`{name}` has no columns `pre` and `post`", f"it has: {listed(heads)}"
        )
    others = [n for head in heads if (n := split_head(head)[0]).lower() in NOT_READ]
    if left := [n for n in others if n not in read]:
        clause = "delay" if left[0].lower().startswith("delay") else "weight"
        raise Wrong(
            "FILE011",
            path,
            f"`{name}` also has the column `{left[0]}`, which is not used",
            f'use it, `{clause}: from "{name}" column {left[0]}`, or leave it out of the file',
        )
    keys = {
        key: whole_numbers(path, name, n, table[heads[n]])
        for key, n in zip(("pre", "post"), names, strict=True)
    }
    if NUMBER in heads:
        keys[NUMBER] = whole_numbers(path, name, NUMBER, table[heads[NUMBER]])
    head = Head("table", keys=dict(zip(("pre", "post"), names, strict=True)))
    return Source(head, np.zeros(len(keys["pre"])), keys)


def with_numbers(spec: ast.Spec, files: Files) -> ast.Spec:
    """The spec with the maximum number of synapses per pair, if the file of a pattern's pairs
    numbers them."""
    declarations = [
        replace(node, pattern=_numbered(node.pattern, files))
        if isinstance(node, ast.Connect) and node.pattern is not None and node.pattern.path
        else node
        for node in spec.declarations
    ]
    return replace(spec, declarations=tuple(declarations))


def _numbered(pattern: ast.Pattern, files: Files) -> ast.Pattern:
    path = pattern.path
    if path is None or not path.value.lower().endswith(TABLES):
        return pattern
    try:
        cells = files.table(path.value)[NUMBER]
        most = int(np.max(whole_numbers(path, path.value, NUMBER, cells), initial=0)) + 1
    except (OSError, ValueError, KeyError, Wrong):  # which is reported where the pairs are checked
        return pattern
    return replace(pattern, several=ast.Number(most, str(most), span=path.span))


# Arrays -----------------------------------------------------------------------------------------


def array_named(node: ast.DataExpr, arrays: Arrays) -> tuple[str, Any]:
    """The array that a `from` means, and its name."""
    name = node.path.value
    if node.column is None and len(arrays) > 1:
        example = next(iter(arrays))
        raise Wrong(
            "FILE005",
            node,
            f"`{name}` holds several arrays: {listed(arrays)}",
            f"say which one: `column {example}`",
        )
    wanted = next(iter(arrays)) if node.column is None else node.column.value
    if wanted not in arrays:
        assert node.column is not None
        alone = "" in arrays
        raise Wrong(
            "FILE005",
            node.column,
            f"`{name}` has no array `{wanted}`",
            "it contains a single array without a name: leave out `column`"
            if alone
            else did_you_mean(wanted, arrays) or f"it holds: {listed(arrays)}",
        )
    return wanted, arrays[wanted]


def _of_arrays(node: ast.DataExpr, arrays: Arrays) -> Source:
    wanted, array = array_named(node, arrays)
    if isinstance(array, Sparse):
        head = Head("sparse", whole=whole(array.values))
        return Source(
            head,
            _finite(node, array.values, Source(head, array.values, _pairs(array))),
            _pairs(array),
            array.shape,
        )
    head = Head("array", whole=whole(array), name=wanted or None)
    values = array.astype(float)
    return Source(head, _finite(node, values, Source(head, values)))


def _pairs(array: Sparse) -> dict[str, np.ndarray]:
    return {"pre": array.row, "post": array.column}


def _finite(node: ast.DataExpr, values: np.ndarray, source: Source) -> np.ndarray:
    if not np.all(np.isfinite(values)):
        first = int(np.argmin(np.isfinite(values.ravel())))
        raise Wrong(
            "FILE003",
            node.path,
            f"{source.place(first)} of `{node.path.value}` is"
            f" {values.ravel()[first]}, not a finite number",
        )
    return values


# Tables -----------------------------------------------------------------------------------------


def _of_table(node: ast.DataExpr, table: Mapping[str, Sequence[Any]], of_pairs: bool) -> Source:
    name = node.path.value
    heads = {split_head(str(head))[0]: str(head) for head in table}
    choices = OF_PAIRS if of_pairs else OF_NEURONS
    keys = next((c for c in choices if all(k in heads for k in c)), ())
    if of_pairs and not keys:
        raise Wrong(
            "FILE005",
            node.path,
            f"`{name}` has no columns `pre` and `post`",
            f"each row of a table of synapses must name both neurons; it has: {listed(heads)}",
        )
    more = ("block", "synapse_number") if of_pairs else ("block",)
    head, values = column_named(node, table, (keys, more))
    said = {k: heads[k] for k in (*more, *keys) if k in heads}
    named = dict(zip(keys, choices[0], strict=False)) | {n: n for n in more}
    head = replace(head, keys={named[k]: h for k, h in said.items()})
    numbered = {n: whole_numbers(node.path, name, h, table[h]) for n, h in head.keys.items()}
    return Source(head, values, numbered)
