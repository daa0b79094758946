"""Did the run end, are all values finite, and did the layers spike?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...results.labels import shown
from .finding import Finding, Run

SATURATED = 300.0
"""Mean rate of a layer in Hz. Hardly any neuron fires this fast for long."""


def ended(run: Run) -> Iterator[Finding]:
    name = "the run reached its end"
    asked = run.results.metadata.get("time_asked")
    reached = run.results.metadata.get("time_reached")
    if asked is None or reached is None:
        yield Finding(name, "unknown", "the metadata lack the requested and the reached duration")
    elif run.results.metadata.get("until_stable"):
        stable = run.blocks_where(np.asarray(run.design.columns["status"] == "stable"))
        yield Finding(
            name,
            "passed",
            f"weights became stable {stable}, after"
            f" {shown(reached, 's')} of at most {shown(asked, 's')}",
        )
    elif reached < asked * (1 - 1e-9):
        yield Finding(
            name,
            "found",
            f"it stopped at {shown(reached, 's')} of {shown(asked, 's')}",
            "the results show the state at that time; run it to the end before comparing it"
            " with other runs",
        )
    else:
        yield Finding(name, "passed", f"{shown(reached, 's')} simulated")


def finite(run: Run) -> Iterator[Finding]:
    name = "all values are finite"
    status = run.design.columns.get("status")
    if status is None:
        yield Finding(name, "unknown", "the blocks have no status")
        return
    outside = np.asarray(status == "bounds")
    if np.any(outside):
        yield Finding(
            "weights are within their bounds",
            "found",
            f"weights outside their bounds {run.blocks_where(outside)}",
            "unless you have changed the script, this is a bug in stdpdsl: please report it",
        )
    bad = np.asarray(status == "nan")
    weights = _not_finite(run)
    if not np.any(bad) and not weights:
        yield Finding(name, "passed", "no NaN and no infinity")
        return
    where = run.blocks_where(bad) if np.any(bad) else ""
    yield Finding(
        name,
        "found",
        f"NaN or infinity {where}" + (f"; weights: {weights}" if weights else ""),
        "bound the variable (`w : 1 in [0, wmax]`), or use a smaller `dt` or smaller weight"
        " changes; to see the other blocks only: `stdpdsl summary DIR --where 'status == ok'`",
    )


def _not_finite(run: Run) -> str:
    """`12 of feedforward`"""
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    if "weights" not in run.results.tables:
        return ""
    bad = ~pc.is_finite(ds.field("w")) & ds.field("w").is_valid()
    names = run.results.table("weights", ["connection"], bad)["connection"].to_pylist()
    return ", ".join(f"{names.count(n):,} of {n}" for n in dict.fromkeys(names))


def active(run: Run) -> Iterator[Finding]:
    silent_layers = saturated_layers = True
    any_layer = False
    for layer, rate in run.owners("_rate"):
        any_layer = True
        silent = rate == 0
        if np.any(silent):
            silent_layers = False
            yield Finding(
                "no layer is silent",
                "found",
                f"{layer}: no spikes {run.blocks_where(silent)}",
                "without spikes there is no STDP: give it more drive or larger weights, or lower"
                " its threshold",
            )
        hot = rate > SATURATED
        if np.any(hot):
            saturated_layers = False
            yield Finding(
                "no layer is saturated",
                "found",
                f"{layer}: more than {SATURATED:g} Hz on average {run.blocks_where(hot)}",
                "lower the weights or `wmax`, strengthen the inhibition, or give the neuron a"
                " refractory period",
            )
    none = "every layer only replays given spikes" if not any_layer else "in any block"
    if silent_layers:
        yield Finding("no layer is silent", "passed", none)
    if saturated_layers:
        yield Finding("no layer is saturated", "passed", f"none above {SATURATED:g} Hz")
