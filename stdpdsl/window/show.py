"""The curves of a window, in the terminal and drawn."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from ..language.printer.expressions import print_expr, print_unit
from .curves import Curve
from .spec import Protocol, Window

# Okabe & Ito's colours without the yellow, which is too light for a line on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
STYLES = ("-", "--", "-.", ":")


def protocol_text(protocol: Protocol) -> str:
    if protocol.pairs == 1:
        return "1 pair"
    return f"{protocol.pairs} pairs at {protocol.rate:g} Hz"


def heading(window: Window, protocol: Protocol) -> str:
    """The rule, and the values given for it."""
    name = window.rule.name.id + (f".{window.preset}" if window.preset else "")
    given = [f"{n} = {print_expr(value)}" for n, value in window.arguments.items()]
    return ", ".join([name, *given, protocol_text(protocol)])


def quantity(window: Window) -> str:
    """The quantity that the curves show, with its unit."""
    unit = next(e.unit for e in window.rule.equations if e.name.id == window.shown)
    text = print_unit(unit)
    return f"change of {window.shown}" + ("" if text == "1" else f" [{text}]")


def table(window: Window, protocol: Protocol, curves: Sequence[Curve]) -> str:
    """A line for each lag."""
    heads = ["lag [ms]", *(curve.label or quantity(window) for curve in curves)]
    rows = [
        [f"{lag * 1e3:g}", *(f"{curve.change[k]:.4g}" for curve in curves)]
        for k, lag in enumerate(curves[0].lags.round(9))
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [
        "  ".join(f"{cell:>{w}}" for cell, w in zip(row, widths, strict=True))
        for row in [heads, *rows]
    ]
    first = f"{heading(window, protocol)}: {quantity(window)} against the lag, post - pre\n\n"
    return first + "".join(f"{line}\n" for line in lines)


def draw(window: Window, protocol: Protocol, curves: Sequence[Curve], form: str) -> bytes:
    """A PNG of 800 x 500 pixels (`form` is ".png"), or an SVG (".svg")."""
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcdefaults()  # a matplotlibrc in this folder could make matplotlib run LaTeX
    matplotlib.rcParams.update({"svg.hashsalt": "stdpdsl"})
    figure = Figure(figsize=(8, 5), dpi=100)
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.12)
    axes = figure.subplots()
    # Small changes are drawn in units of a power of ten, which the axis label names.
    largest = max(abs(curve.change).max() for curve in curves)
    exponent = math.floor(math.log10(largest)) if 0 < largest < 1e-3 else 0
    axes.axhline(0, color="0.6", linewidth=0.8, zorder=1)
    axes.axvline(0, color="0.6", linewidth=0.8, zorder=1)
    for k, curve in enumerate(curves):
        style = STYLES[k % len(STYLES)]
        # The window may jump where the order of the two spikes changes.
        for side, label in ((curve.lags < 0, curve.label), (curve.lags > 0, None)):
            change = curve.change[side] / 10.0**exponent
            axes.plot(
                curve.lags[side] * 1e3,
                change,
                label=label,
                color=COLOURS[k],
                linestyle=style,
                linewidth=2.0,
            )
    axes.set_title(heading(window, protocol), loc="left", fontsize=13, pad=10, parse_math=False)
    axes.set_xlabel("lag, post \N{MINUS SIGN} pre [ms]", fontsize=12)
    power = f" (times 10{str(exponent).translate(RAISED)})" if exponent else ""
    axes.set_ylabel(quantity(window) + power, fontsize=12, parse_math=False)
    axes.tick_params(labelsize=11)
    axes.set_xlim(-protocol.reach * 1e3, protocol.reach * 1e3)
    axes.spines[["top", "right"]].set_visible(False)
    if len(curves) > 1:
        legend = axes.legend(frameon=False, fontsize=11, handlelength=3)
        for text in legend.get_texts():
            text.set_parse_math(False)
    image = io.BytesIO()
    metadata = {"Date": None} if form == ".svg" else {}
    figure.savefig(image, format=form.removeprefix("."), metadata=metadata)
    return image.getvalue()
