"""What differs between two runs: the spec, how they were run, and the results."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..dataclass import dataclass
from ..results.axes import sweep_columns
from ..results.labels import shown
from ..results.reader import Results, flat

NOT_COMPARED = (
    "spec",
    "hash",
    "tables",
    "units",
    "format",
    "shards",
    "footers",
    "checksum",
    "extended",
    "continued",
)
MOST_ROWS = 20_000_000
KEYS = (
    "connection",
    "layer",
    "variable",
    "block",
    "replicate",
    "phase",
    "pre",
    "post",
    "synapse_number",
    "neuron",
    "t",
)


@dataclass(frozen=True)
class Difference:
    """One part of the comparison: "spec", "metadata" or a table; `lines` say what differs."""

    part: str
    same: bool
    lines: tuple[str, ...] = ()


def compare(a: Results, b: Results) -> list[Difference]:
    """Compare the spec, the metadata and every table."""
    found = [_spec(a, b), _metadata(a, b)]
    for name in dict.fromkeys((*a.tables, *b.tables)):
        lines = tuple(_table(a, b, name))
        found.append(Difference(name, lines[0].endswith("identical to the last bit"), lines))
    return found


def render(found: list[Difference], form: str = "text") -> str:
    if form == "json":
        rows = [{"part": d.part, "same": d.same, "lines": list(d.lines)} for d in found]
        return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    lines = []
    for one in found:
        head = f"{'same   ' if one.same else 'DIFFERS'}  {one.part}"
        if len(one.lines) == 1:
            lines.append(f"{head}: {one.lines[0]}")
        else:
            lines += [head, *(f"         {line}" for line in one.lines)]
    return "\n".join(lines) + "\n"


def _spec(a: Results, b: Results) -> Difference:
    if a.spec == b.spec:
        return Difference("spec", True, ("identical text",))
    diff = difflib.unified_diff(
        a.spec.splitlines(), b.spec.splitlines(), "A", "B", n=0, lineterm=""
    )
    return Difference("spec", False, tuple(line for line in diff if line[:2] != "@@")[2:])


def _metadata(a: Results, b: Results) -> Difference:
    """Compares versions, target, flags, seed and times: everything saved about how the run was
    made.
    """
    # Extended results have a different script, which runs only the new blocks.
    grown = any("extended" in r.metadata for r in (a, b))
    left_out = (*NOT_COMPARED, "texts") if grown else NOT_COMPARED
    left, right = (
        dict(flat({k: v for k, v in r.metadata.items() if k not in left_out})) for r in (a, b)
    )
    lines = []
    for key in dict.fromkeys((*left, *right)):
        one, other = left.get(key, "not said"), right.get(key, "not said")
        if one != other:
            lines.append(f"{key}: {one} | {other}")
    return Difference("metadata", not lines, tuple(lines) or ("versions, target, flags and times",))


def _table(a: Results, b: Results, name: str) -> Iterator[str]:
    for results, which in ((a, "A"), (b, "B")):
        if name not in results.tables:
            yield f"{which} does not have this table"
            return
    rows_a, rows_b = (r.metadata["tables"][name] for r in (a, b))
    columns_a, columns_b = a.columns(name), b.columns(name)
    said = []
    if rows_a != rows_b:
        said.append(f"{rows_a:,} | {rows_b:,} rows")
    for which, mine, other in (("A", columns_a, columns_b), ("B", columns_b, columns_a)):
        only = [c for c in mine if c not in other]
        if only:
            said.append(f"only {which} has {', '.join(only)}")
    common = [c for c in columns_a if c in columns_b]
    if max(rows_a, rows_b) > MOST_ROWS:
        yield from (*said, f"more than {MOST_ROWS:,} rows: the values were not compared")
        return
    left, right = a.table(name, common), b.table(name, common)
    if not said and _bits(left, right):
        yield f"{rows_a:,} rows, identical to the last bit"
        return
    yield from said
    keys = [c for c in KEYS if c in common]
    if "block" in keys:
        keys = _by_parameters(a, b, keys)  # then the block's number has no meaning of its own
    if rows_a != rows_b or not _equal_keys(left, right, keys):
        left, right, lost = _matched(left, right, keys)
        if lost:
            yield f"{lost:,} rows have no counterpart with the same {', '.join(keys)}"
    found = [*_columns(left, right, [c for c in common if c not in (*keys, "block")], a.units)]
    # Several shards may write shared rows in another order.
    yield from found or ([] if said else [f"{rows_a:,} rows, identical to the last bit"])


def _by_parameters(a: Results, b: Results, keys: list[str]) -> list[str]:
    """Match blocks by their parameters, because block k of one run is not block k of the other
    if the sweeps differ. Blocks keep their numbers if no parameters tell them apart.
    """
    sweep = sweep_columns(a)
    if not sweep or set(sweep) != set(sweep_columns(b)):
        return keys
    for results in (a, b):
        rows = results.table("blocks", ["block", *sweep])
        names = ["block", *sweep]
        if rows.group_by(names[1:]).aggregate([]).num_rows != len(rows["block"].unique()):
            return keys
    return list(dict.fromkeys(n for k in keys for n in (sweep if k == "block" else (k,))))


def _bits(left: Any, right: Any) -> bool:
    """Whether all columns are equal bit for bit; NaN equals NaN."""
    return all(_same(left[name], right[name]) for name in left.column_names)


def _same(one: Any, other: Any) -> bool:
    if one.type != other.type or len(one) != len(other):
        return False
    if one.equals(other):
        return True
    if str(one.type) != "double" or one.null_count or other.null_count:
        return False
    x, y = one.to_numpy(), other.to_numpy()
    return bool(np.all((x == y) | (np.isnan(x) & np.isnan(y))))


def _equal_keys(left: Any, right: Any, keys: list[str]) -> bool:
    return all(_same(left[k], right[k]) for k in keys)


def _matched(left: Any, right: Any, keys: list[str]) -> tuple[Any, Any, int]:
    """The rows of both tables with the same keys, in the same order, and how many rows have no
    counterpart.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    def marked(table: Any) -> Any:
        number = pa.array(np.arange(table.num_rows))
        # A join does not match null keys, and -1 is not an index. If a parameter is -1 in some
        # block, shared rows still differ in their layer or connection.
        filled = [pc.fill_null(table[k], _nothing(table[k].type)) for k in keys]
        return pa.table([*filled, number], names=[*keys, "row"])

    one, other = marked(left), marked(right)
    pairs = one.join(other, keys, join_type="inner", right_suffix="_b").sort_by("row")
    lost = left.num_rows + right.num_rows - 2 * pairs.num_rows
    return left.take(pairs["row"]), right.take(pairs["row_b"]), max(0, lost)


def _nothing(kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_string(kind):
        return ""
    return False if pa.types.is_boolean(kind) else -1


def _columns(left: Any, right: Any, names: list[str], units: dict[str, str]) -> Iterator[str]:
    """`w: 12 of 400 values differ, by 3e-17 at most (1e-15 of it)`"""
    for name in names:
        one, other = left[name], right[name]
        if _same(one, other):
            continue
        x, y = (c.to_numpy(zero_copy_only=False) for c in (one, other))
        numbers = x.dtype.kind in "iuf" and y.dtype.kind in "iuf"
        if not numbers:
            yield f"{name}: {int(np.count_nonzero(x != y)):,} of {len(x):,} values differ"
            continue
        x, y = x.astype(float), y.astype(float)
        nan = np.isnan(x) != np.isnan(y)
        differs = nan | ((x != y) & ~(np.isnan(x) & np.isnan(y)))
        gap = np.abs(x - y)[differs & ~nan & np.isfinite(x) & np.isfinite(y)]
        text = f"{name}: {int(np.count_nonzero(differs)):,} of {len(x):,} values differ"
        if len(gap):
            scale = np.nanmax(np.abs(np.where(np.isfinite(x), x, np.nan)))
            text += f", by {shown(gap.max(), units.get(name, ''), 3)} at most"
            text += f" ({gap.max() / scale:.2g} of the largest)" if scale else ""
        if np.any(nan):
            text += f"; {int(np.count_nonzero(nan)):,} are NaN in one run only"
        yield text
