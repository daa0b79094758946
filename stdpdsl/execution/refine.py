"""Estimates the error of the time step. A few blocks run again with the same time step and with
half of it, on the same inputs, and the two runs are compared.

Integration errors and spike time errors are proportional to `dt` (or a higher power). So the error
of the run is about twice the difference (Richardson extrapolation).
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..brian2.equations import code_of, unit_in
from ..brian2.experiment import coupling, state_columns
from ..brian2.render import render
from ..dataclass import dataclass
from ..ir import Connection, Experiment, Group, Layer, Monitor
from ..lower.integration import IN_WORDS, methods_of
from ..results.labels import shown, symbol
from ..results.reader import Results, load
from ..views.diagnose.finding import Finding
from .interpreter import this_interpreter
from .local import Event, run_script
from .reproduce import compiled_again

CHECK = "the error of the time step is small"
BLOCKS = 4
SAMPLES = 100
"""The number of times at which each variable is compared; its error is the largest difference."""
TOLERATED = 0.01
"""The error that counts as small, as a fraction of a variable's range or of the number of
spikes.
"""
ROUNDING = 1e-9

_NOT_COMPARABLE = {
    "noise in equations (`xi`)": re.compile(r"\bxi(_\w+)?\b"),
    "draws in statements or thresholds": re.compile(r"\bdraw__"),
    "`dt` in equations or statements": re.compile(r"(?<![\w/])dt\b"),
}


@dataclass
class Error:
    """The largest estimated error of a variable over the blocks, in its unit, and relative to its
    range in a block, each with the block that has it; whether the variable changes at all."""

    size: float = 0.0
    part: float = 0.0
    blocks: tuple[int, int] = (0, 0)
    changes: bool = False

    def add(self, size: float, span: float, block: int) -> None:
        part = size / span if span > 0 else (0.0 if size == 0 else math.inf)
        of_size = block if size > self.size else self.blocks[0]
        of_part = block if part > self.part else self.blocks[1]
        self.size, self.part = max(size, self.size), max(part, self.part)
        self.blocks = of_size, of_part
        self.changes |= span > 0

    def shown(self, unit: str) -> str:
        """`0.1 mV in block 3, 0.5 % of its range in block 0`"""
        first, second = (f" in block {block}" for block in self.blocks)
        first = "" if first == second else first
        size = shown(self.size, symbol(unit), 3)
        return f"{size}{first}, {percent(self.part)} of its range{second}"


@dataclass
class Spiking:
    """How the spikes of a layer differ: the estimated error of their times (s) and of their
    number (relative); the number of neurons whose spike count differs, and of all neurons.
    """

    time: float = 0.0
    number: float = 0.0
    other: int = 0
    neurons: int = 0


@dataclass
class Errors:
    """The errors of a layer or connection."""

    variables: dict[str, Error] = field(default_factory=dict)
    spiking: Spiking | None = None


def refined(
    results: Results, data: Path, on_event: Callable[[Event], None], allowed: Sequence[Path] = ()
) -> list[Finding]:
    """Estimates of each variable's error due to the time step, as findings. CompileError if the
    spec now has errors, ValueError if the results do not say how they were made.
    """
    # A run that ended early for stable weights is compared to its full length.
    compiled = compiled_again(results, data, allowed, None)
    e, dt = compiled.experiment, compiled.experiment.dt
    if reasons := not_comparable(e):
        text = f"because of {' and '.join(reasons)}: with another `dt` these give other numbers, so"
        return [Finding(CHECK, "unknown", f"{text} the two runs cannot be compared")]
    steps = float(results.metadata.get("time_asked", 0)) / dt
    e = watched(e, every=float(f"{max(1, int(steps / SAMPLES)) * dt:.12g}"))
    settings = compiled.settings
    script = render(e, results.spec, settings["set"], settings["parameters"], settings["target"])
    # Coupled blocks run together.
    last = 0 if coupling(e) else e.rows - 1
    blocks = sorted({round(b) for b in np.linspace(0, last, BLOCKS)})
    shards = 1 if coupling(e) else e.rows
    found: dict[str, Errors] = {}
    for block in blocks:
        with tempfile.TemporaryDirectory(prefix="stdpdsl-") as folder:
            pair = []
            for parts in (1, 2):
                place = Path(folder).resolve() / str(parts)
                place.mkdir()
                (place / "script.py").write_text(script, encoding="utf-8", newline="\n")
                arguments = ["--out", str(place / "results"), "--data", str(data.resolve())]
                arguments += ["--shard", f"{block + 1}/{shards}", "--refine", str(parts)]
                waiting = this_interpreter().process(place)
                outcome = run_script(place / "script.py", arguments, _quiet(on_event), waiting)
                if not outcome.folder:
                    return [_failed(block, dt / parts, outcome.message)]
                pair.append(load(outcome.folder))
            compare_pair(e, pair[0], pair[1], block, found)
    return list(_findings(e, found, blocks))


def _quiet(on_event: Callable[[Event], None]) -> Callable[[Event], None]:
    """Suppresses warnings, because the run has already given them."""
    return lambda event: None if event["event"] == "warning" else on_event(event)


def _failed(block: int, dt: float, message: str) -> Finding:
    text = f"because block {block} with a `dt` of {shown(dt, 's')} did not run: {message.strip()}"
    return Finding(CHECK, "unknown", text)


# What is run ------------------------------------------------------------------------------------


def not_comparable(e: Experiment) -> list[str]:
    """Why another time step changes the model or its random numbers."""
    reasons: dict[str, None] = {}
    for text in model_texts(e):
        found = (r for r, pattern in _NOT_COMPARABLE.items() if pattern.search(text))
        # Only the first: random spikes at a given rate depend on `dt`, too.
        reasons |= dict.fromkeys(list(found)[:1])
    return list(reasons)


def model_texts(e: Experiment) -> Iterator[str]:
    """Every expression and statement of a model, in Brian2's language; and the flags of equations:
    `constant over dt` makes one depend on the time step."""
    parts: list[Group | Connection] = [x.group for x in e.layers if x.group and x.kind == "neurons"]
    for part in [*parts, *e.connections]:
        yield from code_of(part)
        yield from (flag for equation in part.equations for flag in equation.flags)


def watched(e: Experiment, every: float) -> Experiment:
    """The experiment, recording only the spikes and variables of all layers."""
    layers = [layer for layer in e.layers if layer.kind == "neurons" and layer.group]
    monitors = tuple(
        Monitor(
            component=layer.name, on_layer=True, variables=tuple((v, v) for v in names), every=every
        )
        for layer in layers
        if (names := variables_of(layer))
    )
    return replace(
        e,
        monitors=monitors,
        spikes_of=tuple(x.name for x in layers),
        measures=(),
        spikes_kept={},
        rates=(),
        events=(),
    )


def variables_of(layer: Layer) -> list[str]:
    """The variables that a layer integrates."""
    return list(dict(layer.group.integration.methods)) if layer.group else []


# The comparison ---------------------------------------------------------------------------------


def compare_pair(
    e: Experiment, coarse: Results, fine: Results, block: int, found: dict[str, Errors]
) -> None:
    """Collect the differences between two runs of a block."""
    for layer in e.layers:
        if layer.kind != "neurons":
            continue
        spikes = [_spikes(r, layer, e.dt) for r in (coarse, fine)]
        if names := variables_of(layer):
            errors = found.setdefault(layer.name, Errors())
            for name in names:
                _of_samples(layer, name, coarse, fine, spikes, block, errors)
        if layer.group and layer.group.threshold is not None and "spikes" in coarse.tables:
            errors = found.setdefault(layer.name, Errors())
            errors.spiking = _of_spikes(layer, spikes, e.dt, errors.spiking)
    names_of = state_columns(e)
    for c in e.connections:
        if c.state and "weights" in coarse.tables:
            columns = {v: "w" if v == c.weight else names_of.get(v, v) for v in c.state}
            _of_synapses(c, columns, coarse, fine, block, found.setdefault(c.name, Errors()))


def _rows(results: Results, table: str, **where: Any) -> dict[str, np.ndarray]:
    chosen = getattr(results, table).filter(**where).to_arrow()
    return {name: chosen[name].to_numpy(zero_copy_only=False) for name in chosen.column_names}


def _of_synapses(
    c: Connection,
    columns: dict[str, str],
    coarse: Results,
    fine: Results,
    block: int,
    errors: Errors,
) -> None:
    before, after = (_rows(r, "weights", connection=c.name) for r in (coarse, fine))
    for variable, column in columns.items():
        a, b = (rows[column].astype(float) for rows in (before, after))
        if not len(a):
            continue
        first = before["w_initial"].astype(float) if variable == c.weight else np.zeros(1)
        span = float(np.ptp(np.concatenate([a, b, first[np.isfinite(first)]])))
        error = errors.variables.setdefault(variable, Error())
        error.add(2 * float(np.max(np.abs(a - b))), span, block)


@dataclass
class _Trains:
    """Spikes of a layer: `neuron`, `step` (of half the time step) and `t` (s), by neuron and time;
    `t` is when they act."""

    neuron: np.ndarray
    step: np.ndarray
    t: np.ndarray

    def last(self, neuron: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How often each neuron spiked before a step, and when it last did."""
        width = int(max([0, *self.step, *step])) + 1
        keys = self.neuron * width + self.step
        found = np.searchsorted(keys, neuron * width + step)
        count = found - np.searchsorted(keys, neuron * width)
        times = np.append(self.t, 0.0)[np.maximum(found - 1, 0)]
        return count, np.where(count > 0, times, 0.0)


def _spikes(results: Results, layer: Layer, dt: float) -> _Trains:
    own = float(results.metadata["dt"])
    rows = _rows(results, "spikes", layer=layer.name) if "spikes" in results.tables else {}
    neuron = rows.get("neuron", np.zeros(0)).astype(np.int64)
    t = rows.get("t", np.zeros(0)).astype(float)
    order = np.lexsort((t, neuron))
    neuron, t = neuron[order], t[order]
    return _Trains(neuron, np.rint(t / (dt / 2)).astype(np.int64), t + own)


def _of_samples(
    layer: Layer,
    name: str,
    coarse: Results,
    fine: Results,
    spikes: list[_Trains],
    block: int,
    errors: Errors,
) -> None:
    """A sample is left out if the neuron's last spike differs between the runs, because that is
    an error of the spike time.
    """
    pair = []
    for results in (coarse, fine):
        rows = _rows(results, "trajectories", layer=layer.name, variable=name)
        order = np.lexsort((rows["t"], rows["neuron"]))
        pair.append({column: rows[column][order] for column in ("neuron", "t", "value")})
    a, b = pair
    if not len(a["t"]):
        return  # shared data are saved by the first block
    neuron = a["neuron"].astype(np.int64)
    step = np.rint(a["t"].astype(float) / (float(coarse.metadata["dt"]) / 2)).astype(np.int64)
    (count, last), (other_count, other_last) = (s.last(neuron, step) for s in spikes)
    alike = (count == other_count) & (np.abs(last - other_last) < 1e-3 * float(fine.metadata["dt"]))
    x, y = a["value"].astype(float), b["value"].astype(float)
    error = errors.variables.setdefault(name, Error())
    if np.any(alike):
        size = 2 * float(np.max(np.abs(x - y)[alike]))
        error.add(size, float(np.ptp(np.concatenate([x, y]))), block)


def _of_spikes(layer: Layer, spikes: list[_Trains], dt: float, known: Spiking | None) -> Spiking:
    found = known or Spiking()
    counts = [np.bincount(s.neuron, minlength=layer.size) for s in spikes]
    same = counts[0] == counts[1]
    found.neurons += layer.size
    found.other += int(np.sum(~same))
    total = max(1, int(counts[0].sum()))
    found.number = max(found.number, 2 * abs(int(counts[0].sum() - counts[1].sum())) / total)
    times = [s.t[same[s.neuron]] for s in spikes]
    if len(times[0]):
        apart = float(np.max(np.abs(times[0] - times[1])))
        found.time = max(found.time, 2 * apart if apart > ROUNDING * dt else 0.0)
    return found


# In words ---------------------------------------------------------------------------------------


def _findings(e: Experiment, found: dict[str, Errors], blocks: list[int]) -> Iterator[Finding]:
    equations = {x.name: x.group.equations for x in e.layers if x.group}
    equations |= {c.name: c.equations for c in e.connections}
    where = f"block{'s' if len(blocks) > 1 else ''} {', '.join(map(str, blocks))}"
    if coupling(e):
        where = "all blocks"
    if not any(x.variables or x.spiking for x in found.values()):
        yield Finding(CHECK, "passed", "no variable of this network is integrated")
    for name, errors in found.items():
        methods = methods_of(e).get(name, {})
        parts: list[str] = []
        without: dict[str, list[str]] = {}
        for variable, error in errors.variables.items():
            method = IN_WORDS.get(methods.get(variable, ""), methods.get(variable, "by spikes"))
            if error.part > ROUNDING:
                unit = unit_in(equations[name], variable)
                parts.append(f"{variable} ({method}) {error.shown(unit)}")
            elif error.changes:
                without.setdefault(method, []).append(variable)
        if without:
            listed = ", ".join(f"{', '.join(v)} ({method})" for method, v in without.items())
            parts.append(f"{listed} nothing beyond rounding")
        large = any(error.part > TOLERATED for error in errors.variables.values())
        if (spiking := errors.spiking) is not None:
            parts.append(_spiking_in_words(spiking))
            large |= spiking.number > TOLERATED
        if not parts:
            continue
        text = f"{name}, estimated from {where} at half the `dt`: {'; '.join(parts)}"
        helped = (
            "half the `dt` about halves this error; if spike counts differ, trust means over"
            " neurons or replicates more than a single run"
        )
        yield Finding(CHECK, "found" if large else "passed", text, helped if large else "")


def _spiking_in_words(spiking: Spiking) -> str:
    said = [f"spike times {shown(spiking.time, 's', 3)}"] if spiking.time else []
    if spiking.other:
        said.append(
            f"spike counts differ in {spiking.other} of {spiking.neurons} neurons,"
            f" in total by {percent(spiking.number)}"
        )
    return "; ".join(said) or "spikes at the same steps"


def percent(part: float) -> str:
    return f"{100 * part:.2g} %" if part < 0.995 else f"{100 * part:.0f} %"
