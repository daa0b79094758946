"""Runs the spec of a window and reads the curves from its results."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from ..dataclass import dataclass
from ..execution.local import Event
from ..execution.temporary_run import run_once
from ..language.printer.expressions import print_expr
from ..language.source import Source
from .spec import Protocol, Window, window_spec

NAME = "window.stdp"
"""The name of the spec in messages."""


@dataclass(frozen=True)
class Curve:
    """The change of the weight at each lag (s) of the protocol, for one set of parameters."""

    label: str
    lags: Any  # NumPy arrays
    change: Any


def labels(window: Window) -> list[str]:
    """A label for each set of parameters, in the order of the blocks."""
    return [
        ", ".join(
            print_expr(value) if name == "preset" else f"{name} = {print_expr(value)}"
            for name, value in zip(window.axes, values, strict=True)
        )
        for values in window.sets
    ]


def curves(
    window: Window, protocol: Protocol, target: str, on_event: Callable[[Event], None]
) -> list[Curve]:
    """Run the window. CompileError if a given value does not fit, RunFailed if the simulation
    fails.
    """
    folder = Path(tempfile.mkdtemp(prefix="stdpdsl-window-"))
    try:
        source = Source(NAME, window_spec(window, protocol))
        results = run_once(source, folder, target, folder / "run", on_event)
        condition = (ds.field("connection") == "stdp") & (ds.field("variable") == window.shown)
        table = results.table("trajectories", ["block", "lag", "t", "value"], condition)
        table = table.sort_by([("block", "ascending"), ("t", "ascending")])
        lag, value = (table[name].to_numpy() for name in ("lag", "value"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    # A block has two samples, at the start and at the end; lags are the fastest axis.
    shape = (-1, protocol.count, 2)
    lag, value = lag.reshape(shape)[:, :, 0], value.reshape(shape)
    return [
        Curve(label, lag[k], value[k, :, 1] - value[k, :, 0])
        for k, label in enumerate(labels(window))
    ]
