"""Every parameter of each block, without the spec."""

from __future__ import annotations

from typing import Any

from .dataset import Dataset
from .errors import ResultsError


def parameters_of(results: Dataset) -> Any:
    """The parameters of each block: see `Results.parameters`."""
    said = results.metadata.get("parameters")
    if "parameters" not in results.tables or said is None:
        raise ResultsError(f"{results.folder}: does not contain its parameters; run its spec again")
    described = results.described("parameters")
    # A sweep column that sets a parameter is the same parameter under a shorter name.
    names = [
        name
        for name, one in described.items()
        if name in said or (one.get("kind") == "swept" and one.get("sets") not in said)
    ]
    lost = [name for name in said if name not in described]
    if lost:
        raise ResultsError(f"{results.folder}: the table parameters has no {', '.join(lost)}")
    index = [n for n in ("block", "phase") if n in described]
    frame = results.table("parameters", [*index, *names]).to_pandas().set_index(index)
    frame.attrs["units"] = {n: described[n].get("unit", "1") for n in names}
    return frame
