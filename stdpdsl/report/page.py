"""The page: text of the figures and tables, put into `templates/report/report.html.j2`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import __version__
from ..dataclass import dataclass
from ..resources import resource_dir
from ..results.labels import label, measure, pretty, scale_for, symbol
from ..results.reader import Results, flat
from ..views.diagnose import findings
from .data import MOST_SAMPLES, Data, Measure, cells, explained, varies
from .networks import rows_of_figures
from .parallel import parallel
from .responses import responses
from .rows import sparkline
from .searching import found_by_search
from .style import plotting
from .sweeps import FACETS, opening
from .windows import windows

FIRST = 6  # number of figures before "more measures"
SAID = 4  # sentences
MOST_MEASURES = 24
MOST_BLOCKS = 2000
PRINTED = 40  # number of table rows on paper


@dataclass(frozen=True)
class Column:
    """A column of the table of blocks; `cells` has a text and a number to sort by."""

    head: str
    cells: list[tuple[str, Any]]
    words: bool


def report(results: Results, blocks: Sequence[int] = (), show_windows: bool = False) -> str:
    """The HTML of a run's report. `blocks` are shown side by side, or else some representative
    ones. With `show_windows`, the STDP windows of their rules are simulated too, which takes some
    seconds each.

    Raises ResultsError if matplotlib is missing, the results are damaged, or there is no such
    block.
    """
    import jinja2

    plotting()
    folder = resource_dir("templates") / "report"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    data = Data(results, blocks, show_windows)
    template = environment.get_template("report.html.j2")
    return template.render(**content(data))


def content(data: Data) -> dict[str, Any]:
    """Everything that the template shows."""
    results, design = data.results, data.design
    checks = findings(results, design)
    measures = data.measures[:MOST_MEASURES]
    if len(data.measures) > len(measures):
        data.notes.append(f"{len(data.measures)} measures vary; {MOST_MEASURES} are drawn.")
    figures = [(m, opening(data, m, f"m{k}")) for k, m in enumerate(measures)]
    figures = [(m, svg) for m, svg in figures if svg]
    lines = [(m, parallel(data, m, f"p{k}")) for k, m in enumerate(measures[:2])]
    side = [*rows_of_figures(data), *responses(data), *windows(data)]
    shared = [(r.title, r.figures[None]) for r in side if None in r.figures]
    metadata = results.metadata
    return {
        "version": __version__,
        "model": metadata.get("model", results.folder.name),
        "purpose": purpose(results.spec),
        "facts": facts(data),
        "axes": axes_in_words(data),
        "search": found_by_search(results),
        "says": [one for m in measures[:SAID] for one in [sentence(data, m)] if one],
        "matters": what_matters(data, measures),
        "first": figures[:FIRST],
        "more": figures[FIRST:],
        "lines": [(m, svg) for m, svg in lines if svg],
        "caption": caption(data),
        "constant": constants(data),
        "fixed": data.fixed,
        "single": [] if design.axes else single(data),
        "checks": [c for c in checks if c.status != "passed"],
        "passed": [c for c in checks if c.status == "passed"],
        "table": block_table(data),
        "chosen_blocks": set(data.chosen) if design.blocks > len(data.chosen) else set(),
        "chosen": [(b, parameters(data, b)) for b in data.chosen],
        "side": [(r.title, r.figures) for r in side if set(r.figures) - {None}],
        "shared": shared,
        "notes": list(dict.fromkeys(data.notes)),
        "spec": results.spec,
        "printed": PRINTED,
        "metadata": flat({k: v for k, v in metadata.items() if k != "spec"}),
    }


def purpose(spec: str) -> str:
    """The first line of the spec's docstring."""
    text = spec.lstrip()
    if not text.startswith('"""'):
        return ""
    return text[3:].partition('"""')[0].strip().partition("\n\n")[0]


def facts(data: Data) -> list[str]:
    m, d = data.results.metadata, data.design
    found = [f"{d.blocks:,} block{'s' * (d.blocks != 1)}"]
    if d.replicates > 1:
        found.append(f"{d.replicates} replicates")
    if d.phases:
        found.append("phases " + ", ".join(d.phases))
    if m.get("time_reached") is not None:
        found.append(f"{pretty(m['time_reached'], 's')} simulated")
    if m.get("seed") is not None:
        found.append(f"seed {m['seed']}")
    if m.get("target"):
        found.append(str(m["target"]))
    if m.get("precision") == "single":
        found.append("single precision")
    return found


def axes_in_words(data: Data) -> list[str]:
    """`Apre: 20 values from 0.001 to 0.1`."""
    found = []
    for axis in data.design.axes:
        values = axis.values
        if axis.words or len(values) <= 6:
            text = ", ".join(pretty(v, axis.unit) for v in values.tolist())
        else:
            text = f"{len(values):,} values from {pretty(values[0], axis.unit)} to" + (
                f" {pretty(values[-1], axis.unit)}"
            )
        follow = f" (with {', '.join(axis.with_it)})" if axis.with_it else ""
        found.append(f"{axis.name}: {text}{follow}")
    return found


def sentence(data: Data, one: Measure) -> dict[str, str | None] | None:
    """Where a measure is lowest and where it is highest."""
    d = data.design
    if not d.axes:
        return None
    first, values = cells(d, one.column, d.of_phase(data.phase))
    if not np.any(np.isfinite(values)):
        return None
    low, high = int(np.nanargmin(values)), int(np.nanargmax(values))
    if values[low] == values[high]:
        return None

    def at(k: int) -> str:
        return ", ".join(
            f"{a.name} = {pretty(d.columns[a.name][first[k]].item(), a.unit)}" for a in d.axes[:4]
        )

    return {
        "title": one.title,
        "phase": data.phase,
        "low": pretty(values[low], one.unit),
        "high": pretty(values[high], one.unit),
        "low_at": at(low),
        "high_at": at(high),
    }


def what_matters(data: Data, measures: Sequence[Measure]) -> dict[str, Any] | None:
    """For each measure and axis, the percentage of the variance that the axis explains by
    itself."""
    d = data.design
    if len(d.axes) < 2:
        return None
    rows = d.of_phase(data.phase)
    table = []
    for one in measures[:8]:
        parts = explained(d, one.column, rows)
        if any(p is not None for p in parts):
            table.append((one.title, [None if p is None else round(100 * p) for p in parts]))
    return {"axes": [a.name for a in d.axes], "rows": table} if table else None


def caption(data: Data) -> str:
    d = data.design
    said = []
    if d.replicates > 1:
        said.append(
            f"Means of {d.replicates} replicates"
            + ("; the band shows one standard deviation." if len(d.axes) == 1 else ".")
        )
    if d.grid and len(d.axes) >= 3:
        rest = sorted(d.axes, key=lambda a: -len(a.values))[3:]
        facet = sorted(d.axes, key=lambda a: -len(a.values))[2]
        if rest:
            said.append("Means over " + ", ".join(a.name for a in rest) + ".")
        if len(facet.values) > FACETS:
            said.append(f"{FACETS} of {len(facet.values)} values of {facet.name}.")
    elif len(d.axes) > 2:
        said.append("Each dot is a block; the line is the mean over the other parameters.")
    if d.phases and (len(d.axes) > 2 and not d.grid):
        said.append(f"At the end of phase {d.phases[-1]}.")
    bad = np.count_nonzero(d.columns["status"] == "nan") if "status" in d.columns else 0
    if bad:
        said.append(f"{bad} rows with values that are not finite are left out (grey).")
    return " ".join(said)


def constants(data: Data) -> list[str]:
    """Constant measures and their values, without columns that repeat others."""
    d = data.design
    if d.blocks < 2:
        return []
    names = (n for n in data.constant if not n.endswith(("_spikes", "_before_sd")))
    found = []
    for name in names:
        if name.startswith(tuple(f"{f}_" for f in data.fixed)):
            continue
        owner, words, unit = measure(name, data.units)
        values = d.columns[name].astype(float)
        good = values[np.isfinite(values)]
        text = f"{owner}: {words}" if owner else words
        if not len(good):
            text += " (in none)"
        elif not varies(good):
            some = f", in {len(good)} of {len(values)}" if len(good) < len(values) else ""
            text += f" ({pretty(good[0], unit)}{some})"
        found.append(text)
    return found


def single(data: Data) -> list[tuple[str, str]]:
    """The measures of a run without a sweep, in words."""
    d = data.design
    row = int(np.argmax(d.of_phase(data.phase)))
    found = []
    for name in d.measures:
        owner, words, unit = measure(name, data.units)
        title = f"{owner}: {words}" if owner else words
        found.append((title, pretty(d.columns[name][row].item(), unit)))
    return found


def parameters(data: Data, block: int) -> list[str]:
    own = data.parameters(block)
    return [f"{n} = {pretty(v, data.units.get(n, ''))}" for n, v in own.items()]


def block_table(data: Data) -> dict[str, Any]:
    """The blocks as columns of cells; a sample if there are too many for a page."""
    d = data.design
    count = len(d.columns["block"])
    rows = np.arange(count)
    if count > MOST_BLOCKS:
        rows = np.unique(np.linspace(0, count - 1, MOST_BLOCKS).astype(int))
        data.notes.append(f"The table shows {len(rows):,} of {count:,} rows, evenly spread.")
    varying = {m.column: m for m in data.measures[:MOST_MEASURES]}
    names = ["block", *(["phase"] if d.phases else []), *d.sweep]
    names += [n for n in varying if n not in names]
    if "status" in d.columns and len(np.unique(d.columns["status"])) > 1:
        names.append("status")
    columns = []
    for name in names:
        values = d.columns[name][rows]
        unit = varying[name].unit if name in varying else symbol(data.units.get(name, ""))
        number = values.dtype.kind in "iuf"
        factor, unit = scale_for(values, unit) if number else (1.0, "")
        cells: list[tuple[str, Any]] = [
            (cell(v, factor) if number else pretty(v), v) for v in values.tolist()
        ]
        columns.append(
            Column(label(varying[name].title if name in varying else name, unit), cells, not number)
        )
    sparks = sparklines(data, d.columns["block"][rows].astype(int))
    cells_by_row = list(zip(*(c.cells for c in columns), strict=True))
    return {"columns": columns, "rows": cells_by_row, "sparks": sparks}


def cell(value: float, factor: float) -> str:
    return "\N{EN DASH}" if value != value else pretty(value * factor)


def sparklines(data: Data, blocks: np.ndarray) -> tuple[str, list[str]] | None:
    """The mean of the first recorded weight over time, for every row of the table."""
    import pyarrow.dataset as ds

    results = data.results
    if "trajectories" not in results.tables or data.design.blocks < 2:
        return None
    if not 0 < results.metadata["tables"]["trajectories"] <= MOST_SAMPLES:
        return None
    keep = ds.field("connection").is_valid() & ds.field("block").is_valid()
    first = results.dataset("trajectories").head(1, ["connection", "variable"], filter=keep)
    if not first.num_rows:
        return None
    name, variable = first["connection"][0].as_py(), first["variable"][0].as_py()
    keep &= (ds.field("connection") == name) & (ds.field("variable") == variable)
    keep &= ds.field("block").isin(np.unique(blocks))
    means = (
        results.table("trajectories", ["block", "t", "value"], keep)
        .group_by(["block", "t"])
        .aggregate([("value", "mean")])
        .sort_by([("block", "ascending"), ("t", "ascending")])
    )
    block, value = means["block"].to_numpy(), means["value_mean"].to_numpy()
    good = value[np.isfinite(value)]
    if not len(good):
        return None
    starts = np.searchsorted(block, blocks)
    ends = np.searchsorted(block, blocks, side="right")
    lines = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        step = max(1, (end - start) // 30)
        lines.append(sparkline(value[start:end:step], good.min(), good.max()))
    return f"{name}.{variable} over time", lines
