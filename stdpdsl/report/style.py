"""How figures look: matplotlib's settings, colours, and SVG that follows the page's colours.

The colours of text, lines and series are CSS variables of the page, so that a figure is readable in
light and dark mode. The series have Okabe and Ito's colours; the maps are perceptually uniform.
"""

from __future__ import annotations

import io
import re
import warnings
from typing import Any

from ..results.errors import ResultsError

INK, RULE = "#1b1b1a", "#d3d3d2"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
SEQUENTIAL, DIVERGING = "viridis", "PuOr_r"
ENDS = 0.2, 0.95
"""The range of SEQUENTIAL in which thin lines and dots are visible on white and on black."""

_SETTINGS = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.formatter.limits": (-3, 4),
    "axes.formatter.use_mathtext": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "text.color": INK,
    "text.parse_math": False,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.5,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "stdpdsl",
    "path.simplify": True,
}


class Canvas:
    """A figure of `rows` x `columns` panels, `width` and `height` in inches."""

    def __init__(
        self,
        name: str,
        width: float,
        height: float,
        *,
        rows: int = 1,
        columns: int = 1,
        **options: Any,
    ):
        matplotlib = plotting()
        self.name = name
        self.settings = matplotlib.rc_context()
        self.settings.__enter__()
        # matplotlib reads a matplotlibrc in this folder at import, and that could make LaTeX run.
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        self.figure = matplotlib.figure.Figure(figsize=(width, height), layout="constrained")
        self.axes = self.figure.subplots(rows, columns, squeeze=False, **options)

    def __enter__(self) -> Canvas:
        return self

    def __exit__(self, *_: object) -> None:
        self.settings.__exit__(None, None, None)

    def svg(self, title: str) -> str:
        """Inline SVG; `title` describes it to people who do not see it."""
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        text = io.StringIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a crowded layout
            # savefig draws once more only for the layout, which this does too.
            self.figure.dpi = 144
            FigureCanvasSVG(self.figure).print_svg(text, metadata={"Date": None})
        return inline(text.getvalue(), self.name, title)


def plotting() -> Any:
    """matplotlib, without a display; raises ResultsError if it is missing."""
    try:
        import matplotlib
        import matplotlib.figure
    except ImportError:
        raise ResultsError("drawing figures needs matplotlib: pip install matplotlib") from None
    return matplotlib


def for_lines() -> Any:
    """The colours of thin lines and dots."""
    import numpy as np

    matplotlib = plotting()
    colours = matplotlib.colormaps[SEQUENTIAL](np.linspace(*ENDS, 256))
    return matplotlib.colors.ListedColormap(colours)


def inline(svg: str, name: str, title: str) -> str:
    """An SVG file as a part of a page: with its own ids, the page's colours, and no fixed size."""
    from html import escape

    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    # Nobody sees a hundredth of a point, and the digits would take half of the page.
    svg = re.sub(r' d="[^"]*"', lambda d: re.sub(r"(\.\d\d)\d+", r"\1", d[0]), svg)
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', svg))

    def own(match: re.Match[str]) -> str:
        return f' id="{name}-{match[1]}"' if match[1] in used else ""

    svg = re.sub(r' id="([^"]*)"', own, svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    svg = svg.replace(INK, "currentColor").replace(RULE, "var(--rule)")
    for number, colour in enumerate(SERIES, start=1):
        svg = svg.replace(colour, f"var(--c{number})")
    # Text gets the page's text colour if it has none of its own.
    svg = re.sub(r'(<text style=")(?![^"]*fill:)', r"\1fill: currentColor; ", svg)
    width = re.search(r'<svg[^>]*? width="([\d.]+)pt"', svg)
    size = f"{float(width[1]) * 1.45:.0f}px" if width else "100%"
    head = re.compile(r'(<svg[^>]*?) (?:width|height)="[\d.]+pt"')
    svg = head.sub(r"\1", head.sub(r"\1", svg))
    label = escape(title, quote=True)
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{label}" style="max-width:{size}"', 1)
    return re.sub(r"\n\s*", "\n", svg)
