"""Make the gallery's pictures from real runs: `python .github/docs/pictures.py [SPEC...]`.

Each spec of `specs/` is run as it stands, which takes some seconds each; `pictures/NAME.png` is one
figure of its results, and `pictures/runs.json` has how long the run took and what the figure shows.
A spec whose files are not included is left out. Takes `pip install -e '.[test]'`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot

import stdpdsl
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.results.axes import Design, design_of
from stdpdsl.results.reader import Results

HERE = Path(__file__).resolve().parent
SPECS = HERE.parents[1] / "specs"
PICTURES = HERE / "pictures"
KEPT = PICTURES / "runs.json"
# Where what a spec is about is not the first measure along the first axis.
SHOWN = {
    "auditory_map": ("weights", "feedforward"),
    "bouhadjar_2022": ("trajectories", None),
    "diehl_cook_2015": ("weights", "learning"),
    "digits": ("curves", "score"),
    "kremer_2011": ("weights", "feedforward"),
    "song_2000": ("distribution", None),
    "graupner_brunel_states": ("trajectories", None),
    "urbanczik_senn_2014": ("trajectories", None),
    "van_rossum_2000": ("distribution", None),
}


def main(names: list[str]) -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    for path in sorted(SPECS.glob("*.stdp")):
        if names and path.stem not in names:
            continue
        start = time.perf_counter()
        try:
            results = stdpdsl.run(path)
        except CompileError as error:
            if all(d.code.startswith("FILE") for d in error.diagnostics):
                print(f"{path.stem}: its files are not included")
                continue
            raise
        seconds = time.perf_counter() - start
        what = picture(results, path.stem)
        kept[path.stem] = {
            "seconds": float(f"{seconds:.2g}"),
            "blocks": results.metadata["blocks"],
            "shows": what,
        }
        KEPT.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        print(f"{path.stem}: {seconds:.0f} s, {what}", flush=True)


def picture(results: Results, name: str) -> str:
    """Save one figure of the results; what it shows."""
    figure, ax = pyplot.subplots(figsize=(5, 3.2), layout="constrained")
    kind, wanted = SHOWN.get(name, ("curves", None))
    design = design_of(results)
    plastic = [varying(design, "_change").removesuffix("_change")]
    block = 0
    if kind == "curves":
        measure = chosen(design, wanted)
        axes = sorted((a for a in design.axes if len(a.values) > 1), key=lambda a: -len(a.values))
        if axes and spread_of(design, measure) < 1e-3 and "trajectories" in results.tables:
            kind = "trajectories"
        elif axes:
            lines = axes[1].name if len(axes) > 1 and len(axes[1].values) <= 6 else None
            results.plot.curves(measure, x=axes[0].name, lines=lines, ax=ax)
            what = f"`{measure}` along `{axes[0].name}`" + (f" for each `{lines}`" if lines else "")
        else:
            kind = "distribution"
    if kind == "weights":
        block = len(results.blocks) - 1
        results.plot.weights(wanted or plastic[0], block=block, ax=ax)
        what = f"weights of `{wanted or plastic[0]}` after the run, block {block}"
    elif kind == "distribution":
        results.plot.distribution(wanted or plastic[0], block=block, ax=ax)
        what = f"weights of `{wanted or plastic[0]}` before and after, block {block}"
    elif kind == "trajectories":
        table = results.trajectories.to_pandas()
        row = table.iloc[0]
        owner = row["connection"] if isinstance(row.get("connection"), str) else row["layer"]
        results.plot.trajectories(f"{owner}.{row['variable']}", block=block, ax=ax)
        what = f"`{row['variable']}` of `{owner}`, block {block}"
    figure.savefig(PICTURES / f"{name}.png", dpi=80)
    pyplot.close(figure)
    return what


def chosen(design: Design, wanted: str | None) -> str:
    """The measure that tells most: one of the spec's own, a weight, a rate."""
    if wanted in design.measures:
        return wanted
    known = ("before", "after", "change", "settled", "spikes", "rate", "cv", "synchrony")
    own = [m for m in design.measures if not any(f"_{k}" in m for k in known)]
    if own and not wanted:
        return own[0]
    ends = ("_after_mean", "_change", "_rate")
    found = [m for end in ends if (m := varying(design, end)) and spread_of(design, m) > 1e-3]
    return found[0] if found else varying(design, "_rate") or design.measures[0]


def varying(design: Design, end: str) -> str:
    """Of the measures that end so, the one that differs most from block to block."""
    found = [m for m in design.measures if m.endswith(end)]
    return max(found, key=lambda m: spread_of(design, m), default="")


def spread_of(design: Design, measure: str) -> float:
    """How far the blocks are apart, as a part of the values' size; of one block, the size."""
    values = np.asarray(design.columns[measure], dtype=float)
    values = values[np.isfinite(values)]
    size = float(np.abs(values).max()) if len(values) else 0.0
    return float(np.ptp(values)) / size if size and len(values) > 1 else size


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    main(sys.argv[1:])
