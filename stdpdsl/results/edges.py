"""The synapses of a block as a list of edges, and files with this list."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..outputs import write_new
from .dataset import Dataset
from .errors import ResultsError, require
from .network import ends_of, rows_of_block, size_of_layer, unit_of

FIRST = ("pre", "post", "delay", "w_initial", "w")
PLACE = ("pre", "post", "synapse_number")
"""The columns that identify a synapse of a connection. The last is needed only if a pair may
have several synapses.
"""


def connections_in(results: Dataset) -> list[str]:
    """The connections whose synapses were saved."""
    if "weights" not in results.tables:
        return []
    names = results.table("weights", ["connection"])["connection"].unique().to_pylist()
    return sorted(str(name) for name in names)


def edges_of(results: Dataset, connection: str, block: int) -> Any:
    """The list of edges, sorted by `pre` and `post`: see `Results.edges`."""
    import pyarrow.dataset as ds

    if "weights" not in results.tables:
        raise ResultsError(f"{results.folder}: no connection was saved")
    rows = rows_of_block(results, "weights", block, ds.field("connection") == connection)
    if not rows.num_rows and connection not in (there := connections_in(results)):
        raise ResultsError(
            f"{results.folder}: weights has no connection {connection}; there are:"
            f" {', '.join(there) or 'none'}"
        )
    kinds = results.described("weights")
    others = [
        name
        for name in rows.column_names
        if kinds[name].get("kind") == "variable" and rows[name].null_count < rows.num_rows
    ]
    chosen = [n for n in FIRST if n in rows.column_names and rows[n].null_count < rows.num_rows]
    frame = (
        rows.select([*chosen, *others]).to_pandas()
        if rows.num_rows
        else (rows.select(list(FIRST)).to_pandas())
    )
    frame.attrs["units"] = {
        name: {"pre": "1", "post": "1", "delay": "second"}.get(name)
        or unit_of(results, connection, "w" if name == "w_initial" else name)
        for name in frame.columns
    }
    place = [name for name in PLACE if name in frame]
    return frame.sort_values(place, kind="stable", ignore_index=True)


def write_edges(results: Dataset, path: Path, connection: str, block: int) -> None:
    """Write the list in the format of the file name's ending. ResultsError, or OSError if the
    file exists or cannot be written.
    """
    writer = FORMS.get(path.suffix)
    if writer is None:
        raise ResultsError(f"{path}: edges can be written as {', '.join(FORMS)}")
    require("pandas")
    edges = edges_of(results, connection, block)
    write_new(path, writer(results, connection, edges))


def _csv(results: Dataset, connection: str, edges: Any) -> bytes:
    """CSV with numbers in SI, in full precision. The head has units in the form that the
    language reads.
    """
    units = edges.attrs["units"]
    head = [name if units[name] == "1" else f"{name} [{units[name]}]" for name in edges.columns]
    text: str = edges.to_csv(index=False, header=head, lineterminator="\n")
    return text.encode()


def _npz(results: Dataset, connection: str, edges: Any) -> bytes:
    """An array per column, and the arrays of a SciPy sparse matrix of the weights. The matrix
    is left out if a pair may have several synapses, because SciPy would sum their weights.
    """
    pre, post = ends_of(results, connection)
    sizes = [size_of_layer(results, layer) for layer in (pre, post)]
    columns = {name: edges[name].to_numpy() for name in edges.columns}
    columns |= {"pre": columns["pre"].astype(np.int64), "post": columns["post"].astype(np.int64)}
    if "w" in columns and None not in sizes and "synapse_number" not in columns:
        columns |= {
            "row": columns["pre"],
            "col": columns["post"],
            "data": columns["w"],
            "shape": np.array(sizes),
            "format": np.array(b"coo"),
        }
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **columns)
    return file.getvalue()


def _sonata(results: Dataset, connection: str, edges: Any) -> bytes:
    """An edge population in the SONATA format, https://github.com/AllenInstitute/sonata. Delays
    are in ms, as the format requires; all else is in SI, with the attribute `units`.
    """
    h5py = require("h5py")
    pre, post = ends_of(results, connection)
    file = io.BytesIO()
    count = len(edges)
    with h5py.File(file, "w") as h5:
        h5.attrs["magic"] = np.uint32(0x0A7A)
        h5.attrs["version"] = np.array([0, 1], dtype=np.uint32)
        population = h5.create_group(f"edges/{connection}")
        for name, column, layer in (("source", "pre", pre), ("target", "post", post)):
            ids = edges[column].to_numpy().astype(np.uint64)
            nodes = population.create_dataset(f"{name}_node_id", data=ids)
            nodes.attrs["node_population"] = layer
        population["edge_type_id"] = np.full(count, -1, dtype=np.int64)
        population["edge_group_id"] = np.zeros(count, dtype=np.uint64)
        population["edge_group_index"] = np.arange(count, dtype=np.uint64)
        group = population.create_group("0")
        for name in edges.columns.drop(["pre", "post"]):
            called = {"w": "syn_weight"}.get(name, name)
            values, unit = edges[name].to_numpy(dtype=float), edges.attrs["units"][name]
            if name == "delay":
                values, unit = values * 1e3, "ms"
            group.create_dataset(called, data=values).attrs["units"] = unit
    return file.getvalue()


FORMS: dict[str, Callable[[Dataset, str, Any], bytes]] = {
    ".csv": _csv,
    ".npz": _npz,
    ".h5": _sonata,
}
"""The function that writes a list of edges, by the ending of the file's name."""
