"""Tables as `xarray` datasets: one dimension per axis of the sweep.

`blocks` has the axes (and `replicate`, `phase`); `weights` of one connection has `pre` and `post`
besides; `trajectories` of one variable have `t`, and `neuron` or `pre` and `post`. Where the
blocks are no grid (random samples), the dimension is `block`, and the axes are its coordinates.
"""

from __future__ import annotations

from typing import Any

from .reader import ResultsError, Table, require

_INNER = {
    "blocks": ("phase",),
    "weights": ("pre", "post"),
    "trajectories": ("neuron", "pre", "post", "t"),
}
_ONE_OF = {"weights": ("connection",), "trajectories": ("connection", "layer", "variable")}


def to_xarray(table: Table) -> Any:
    """An `xarray.Dataset`; ResultsError where the rows have no place in a grid."""
    from .axes import design_of

    xarray = require("xarray")
    if table.name not in _INNER:
        raise ResultsError(f"{table.name} are events and no grid; take to_pandas()")
    frame = table.to_pandas()
    for name in _ONE_OF.get(table.name, ()):
        if name in frame and frame[name].nunique() > 1:
            raise ResultsError(
                f"{table.name} of several {name}s have no common grid; take one, such as"
                f" .filter({name}={frame[name].dropna().iloc[0]!r})"
            )
    frame = frame.drop(columns=[n for n in frame if frame[n].isna().all()])
    design = design_of(table.results)
    axes = [axis.name for axis in design.axes if axis.name in frame]
    outer = [*axes, *(["replicate"] if "replicate" in frame else [])] if design.grid else []
    if not outer and "block" in frame:
        outer = ["block"]
    inner = [n for n in _INNER[table.name] if n in frame]
    dims = outer + inner
    if not dims:
        raise ResultsError(f"{table.name}: nothing is left of it")
    if frame.duplicated(dims).any():
        raise ResultsError(
            f"{table.name}: several rows belong to one place of {', '.join(dims)}; take to_pandas()"
        )
    along = [n for n in design.sweep if n in frame and n not in dims] if outer == ["block"] else []
    drop = [n for n in _ONE_OF.get(table.name, ()) if n in frame]
    data = frame.drop(columns=along + drop).set_index(dims)
    found = xarray.Dataset.from_dataframe(data)
    for name in along:
        values = frame.drop_duplicates("block").set_index("block")[name]
        found = found.assign_coords({name: ("block", values.loc[found["block"].values].values)})
    for name, unit in table.results.units.items():
        if name in found.variables:
            found[name].attrs["units"] = unit
    found.attrs["model"] = table.results.metadata.get("model", "")
    return found
