"""The STDP window of each connection's rule, with the parameters of the blocks side by side.

A window is simulated (`stdpdsl/window`): once for all blocks of a connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..check import check
from ..check.rows import Rows
from ..check.symbols import Component, Type
from ..compiler import library
from ..execution.temporary_run import RunFailed
from ..language import ast
from ..language.diagnostics import CompileError, has_errors
from ..language.overrides import typed_expression, with_settings
from ..language.parser import parse
from ..language.source import Source
from ..results.labels import label, symbol
from ..window.curves import Curve, curves
from ..window.show import protocol_text
from ..window.spec import NO_WINDOW, PROTOCOLS, Protocol, Window
from .data import Data
from .rows import Row, tag
from .style import RULE, SERIES, Canvas

COUNT = 60
"""Number of lags in a window."""

FLAT = 0.2
"""A window below this fraction of another's height would look like a flat line beside it."""


def windows(data: Data) -> Iterator[Row]:
    """One row for each connection that learns. A connection without a window is noted, with the
    reason."""
    if not data.windows:
        return
    text, sets = data.results.spec, list(data.results.metadata.get("set", ()))
    try:
        checked = check(
            with_settings(parse(Source("spec.stdp", text)), sets, library()), {}, library()
        )
    except CompileError:
        checked = None
    if checked is None or has_errors(checked.diagnostics):
        data.notes.append("No STDP windows: the spec cannot be read without other files.")
        return
    rows = Rows(checked.symbols, data.design.columns)
    for n, c in enumerate(checked.symbols.connections):
        if not c.rules:
            continue
        name = c.rules[0].name.id
        reason = NO_WINDOW.get(name) if len(c.rules) == 1 else "and another act together"
        if reason:
            data.notes.append(f"{c.name} has no STDP window: {name} {reason}.")
            continue
        units = {n: _unit(checked.type_of(s)) for n, s in c.parameters.items()}
        yield from row(data, c, rows.values(c.name, c.parameters), units, n)


def _unit(kind: Type | None) -> str:
    return "" if kind is None or kind.dim.unit_name() == "1" else f" {kind.dim.unit_name()}"


def row(
    data: Data, c: Component, values: dict[str, Any], units: dict[str, str], n: int
) -> Iterator[Row]:
    """The windows of a connection, all on one scale."""
    rule = c.rules[0]
    protocol = replace(PROTOCOLS.get(rule.name.id, Protocol()), count=COUNT)
    given = [written(data, values, units, block) for block in data.chosen]
    sets = list(dict.fromkeys(given))
    try:
        found = curves(window_of(c, sets), protocol, "numpy", lambda _: None)
    except (CompileError, RunFailed) as error:
        said = getattr(error, "diagnostics", None)
        why = said[0].message if said else str(error).partition("\n")[0]
        data.notes.append(f"No STDP window of {c.name}: {why}.")
        return
    heights = [float(np.max(np.abs(curve.change))) for curve in found]
    own = min(heights) < FLAT * max(heights)
    title = f"{c.name}: STDP window of {rule.name.id}, {protocol_text(protocol)}"
    title += ", each with a scale of its own" if own else ""
    unit = symbol(data.units.get(f"{c.name}.{c.weight}", ""))
    yield Row(
        title,
        {
            block: draw(
                found[k],
                protocol,
                heights[k] if own else max(heights),
                label(f"Δ{c.weight}", unit),
                f"wi{n}-{tag(block)}",
            )
            for block, k in zip(data.chosen, map(sets.index, given), strict=True)
        },
    )


def written(
    data: Data, values: dict[str, Any], units: dict[str, str], block: int
) -> tuple[str, ...]:
    """A block's parameters in the notation of the language, in their order."""
    at = int(np.argmax(data.design.columns["block"] == block))
    found = []
    for name, unit in units.items():
        value = np.asarray(values[name])
        found.append(f"{float(value[at] if value.ndim else value)!r}{unit}")
    return tuple(found)


def window_of(c: Component, sets: list[tuple[str, ...]]) -> Window:
    """The window of a rule for several sets of parameters."""
    rule = c.rules[0]
    fixed: dict[str, ast.Expr] = {}
    varied: dict[str, tuple[ast.Expr, ...]] = {}
    for name, texts in zip(c.parameters, zip(*sets, strict=True), strict=True):
        if any(text.startswith("nan") for text in texts):  # unknown: its default value
            continue
        values = tuple(typed_expression("window", text) for text in texts)
        if len(set(texts)) > 1:
            varied[name] = values
        else:
            fixed[name] = values[0]
    own = rule is not library().get(rule.name.id)
    return Window(rule, arguments=fixed, axes=varied, together=bool(varied), own=own)


def draw(curve: Curve, protocol: Protocol, largest: float, title: str, name: str) -> str:
    with Canvas(name, 4.3, 2.0) as canvas:
        ax = canvas.axes[0, 0]
        ax.axhline(0, color=RULE, lw=0.8)
        ax.axvline(0, color=RULE, lw=0.8)
        for side in (curve.lags < 0, curve.lags > 0):  # it may jump where the order changes
            ax.plot(curve.lags[side] * 1e3, curve.change[side], color=SERIES[0])
        ax.set_xlim(-protocol.reach * 1e3, protocol.reach * 1e3)
        ax.set_ylim(-1.05 * largest or -1, 1.05 * largest or 1)
        ax.set_xlabel("lag, post \N{MINUS SIGN} pre (ms)")
        ax.set_ylabel(title)
        return canvas.svg("change of the weight against the lag of a pair of spikes")
