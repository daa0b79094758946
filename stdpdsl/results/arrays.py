"""Tables as `xarray` datasets: one dimension per axis of the sweep.

`blocks` and `parameters` have the axes (and `replicate`, `phase`); `weights` of one connection also
has `pre` and `post`; `trajectories` of one variable have `t`, and `neuron` or `pre` and `post`;
`responses` of one layer have `neuron` and `stimulus`, which has the `label` as a coordinate. If the
blocks are not a grid (random samples), the dimension is `block`, and the axes are coordinates.
`spikes` are events: their dimension is `spike`, and all but `t` are coordinates of it.
"""

from __future__ import annotations

from typing import Any

from .errors import ResultsError, require
from .table import Table

_INNER = {
    "blocks": ("phase",),
    "weights": ("pre", "post", "synapse_number"),
    "trajectories": ("neuron", "pre", "post", "synapse_number", "t"),
    "parameters": ("phase",),
    "responses": ("neuron", "stimulus", "phase"),
}
_ONE_OF = {
    "weights": ("connection",),
    "trajectories": ("connection", "layer", "variable"),
    "responses": ("layer",),
}


def to_xarray(table: Table) -> Any:
    """The table as an `xarray.Dataset`. ResultsError if the rows do not fit a grid."""
    from .axes import design_of

    xarray = require("xarray")
    frame = table.to_pandas()
    if table.name == "spikes":
        along = [name for name in frame if name != "t"]
        found = xarray.Dataset.from_dataframe(frame.rename_axis("spike")).set_coords(along)
        return _with_attributes(found, table)
    for name in _ONE_OF.get(table.name, ()):
        if name in frame and frame[name].nunique() > 1:
            raise ResultsError(
                f"{table.name} of several {name}s have no common grid; select one, for example"
                f" .filter({name}={frame[name].dropna().iloc[0]!r})"
            )
    frame = frame.drop(columns=[n for n in frame if frame[n].isna().all()])
    labels = None
    if table.name == "responses" and {"label", "stimulus"} <= set(frame):
        labels = frame.drop_duplicates("stimulus").set_index("stimulus")["label"]
        frame = frame.drop(columns="label")
    design = design_of(table.results)
    axes = [axis.name for axis in design.axes if axis.name in frame]
    outer = [*axes, *(["replicate"] if "replicate" in frame else [])] if design.grid else []
    if not outer and "block" in frame:
        outer = ["block"]
    inner = [n for n in _INNER[table.name] if n in frame]
    dims = outer + inner
    if not dims:
        raise ResultsError(f"{table.name}: no rows are left")
    if frame.duplicated(dims).any():
        raise ResultsError(
            f"{table.name}: several rows have the same {', '.join(dims)}; use to_pandas()"
        )
    along = [n for n in design.sweep if n in frame and n not in dims] if outer == ["block"] else []
    drop = [n for n in _ONE_OF.get(table.name, ()) if n in frame]
    data = frame.drop(columns=along + drop).set_index(dims)
    found = xarray.Dataset.from_dataframe(data)
    for name in along:
        values = frame.drop_duplicates("block").set_index("block")[name]
        found = found.assign_coords({name: ("block", values.loc[found["block"].values].values)})
    if labels is not None:
        names = labels.loc[found["stimulus"].values].to_numpy(dtype=object)
        found = found.assign_coords(label=("stimulus", names))
    return _with_attributes(found, table)


def _with_attributes(found: Any, table: Table) -> Any:
    """The dataset with units and descriptions, if the table has them."""
    for name, said in table.results.described(table.name).items():
        if name in found.variables:
            if said.get("unit"):
                found[name].attrs["units"] = said["unit"]
            if said.get("description"):
                found[name].attrs["long_name"] = said["description"]
    found.attrs["model"] = table.results.metadata.get("model", "")
    return found
