"""Specs against plain Brian2 scripts that were written beside them from one drawn model.

`STDPDSL_PAIRS=1000 pytest -n0 tests/run/test_against_brian2.py` tries more pairs.
"""

from __future__ import annotations

import gc
import os
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from by_day import DAY, in_turn
from pair_models import Maker, Model, Wire
from pair_scripts import WireWriter, Writer, script_of
from pair_specs import spec_of
from running import run_text

pytest.importorskip("brian2")

PAIRS = int(os.environ.get("STDPDSL_PAIRS", "3"))
FIRST = int(os.environ.get("STDPDSL_FIRST_PAIR", str(3 * DAY % 1000)))
# What may differ from the script's bits, relative to the largest of the values:
# - a trace at times that are no events of it, which both extrapolate, each in its own words; and
#   what follows where a phase sets a parameter, since that brings traces up to date
# - what reads traces of a connection with a dendritic delay: ours delivers by a pathway, whose
#   events bring the traces up to date too, the script by an operation of its own. So a trace decays
#   by exp(-a)*exp(-b) here and by exp(-(a + b)) there
TRACE = 1e-14
# - everything in a model with an equation that is solved exactly: Brian2 multiplies one factor
#   after the other, we multiply by one. Spikes are the same.
EXACT = 1e-11


def by_hand(text: str) -> dict:
    """The results of a plain script."""
    gc.collect()  # names of the objects of the script before
    namespace: dict = {"__name__": "by_hand"}
    exec(compile(text, "<by hand>", "exec"), namespace)
    return namespace["results"]


class Differences:
    """What is not the same as by hand."""

    def __init__(self, model: Model):
        self.model = model
        self.found: list[str] = []
        self.rounded = 0
        solved = {x.cell.method for x in model.layers if x.cell is not None}
        solved |= {r.method for w in model.wires for r in w.rules if clocked(model, w)}
        self.solved = bool(solved & {"", "exact", "exponential_euler"})
        self.set = any(p.set for p in model.phases)
        self.traces = {(w.name, name) for w in model.wires for name in traces_of(model, w)}
        self.split = any(w.dendritic and w.deliver and traces_of(model, w) for w in model.wires)

    def allowed(self, owner: str, variable: str) -> float:
        if variable in ("t", "neuron", "pre", "post"):
            return 0.0
        if self.solved:
            return EXACT
        return TRACE if self.set or self.split or (owner, variable) in self.traces else 0.0

    def compare(self, owner: str, variable: str, ours: np.ndarray, theirs: np.ndarray) -> None:
        ours, theirs = np.asarray(ours), np.asarray(theirs)
        what = f"{variable} of {owner}"
        if ours.shape != theirs.shape:
            self.found.append(f"{what}: {ours.shape} values, by hand {theirs.shape}")
            return
        if np.array_equal(ours, theirs, equal_nan=True):
            return
        self.rounded += 1
        far = np.abs(ours - theirs) / max(np.max(np.abs(theirs)), 1e-30)
        k = np.argmax(far)
        if not far[k] <= self.allowed(owner, variable):
            self.found.append(
                f"{what}: {ours[k]!r}, by hand {theirs[k]!r} ({far[k]:.1e}), at {k} of {len(ours)}"
            )


def clocked(model: Model, wire: Wire) -> bool:
    """Whether a connection has variables that the script integrates at each step."""
    writer = WireWriter(Writer(model, {}), wire, 0)
    return any(e.kind == "ode" and not writer.is_trace(e) for e in writer.equations)


def traces_of(model: Model, wire: Wire) -> list[str]:
    """The variables of a connection that events bring up to date."""
    writer = WireWriter(Writer(model, {}), wire, 0)
    return [e.name for e in writer.equations if e.kind == "ode" and writer.is_trace(e)]


def differences(model: Model, folder: Path) -> Differences:
    tables = run_text(folder, spec_of(model, folder))
    found = Differences(model)
    for block, row in enumerate(model.rows):
        hand = by_hand(script_of(model, row))
        here = {name: of_block(table, block) for name, table in tables.items()}
        compare_spikes(model, here["spikes"], hand["spikes"], found)
        compare_synapses(model, here.get("weights"), hand["synapses"], found)
        for (owner, variable), samples in hand["samples"].items():
            mine = here["trajectories"]
            compare_samples(mine[mine.variable == variable], owner, variable, samples, hand, found)
    return found


def of_block(table: pd.DataFrame, block: int) -> pd.DataFrame:
    return table[table.block.isna() | (table.block == block)]


def compare_spikes(model: Model, table: pd.DataFrame, hand: dict, found: Differences) -> None:
    for layer in model.layers:
        mine = table[table.layer == layer.name].sort_values(["t", "neuron"])
        i, t = hand[layer.name]
        order = np.lexsort((i, t))
        found.compare(layer.name, "t", mine.t.to_numpy(), t[order])
        found.compare(layer.name, "neuron", mine.neuron.to_numpy(), i[order])


def compare_synapses(model: Model, table: pd.DataFrame, hand: dict, found: Differences) -> None:
    for wire in model.wires:
        if not wire.rules and not wire.weight:
            continue  # no state: no rows
        values = hand[wire.name]
        mine = table[table.connection == wire.name].sort_values(["pre", "post"])
        order = np.lexsort((values["j"], values["i"]))
        for name, theirs in values.items():
            column = {"i": "pre", "j": "post"}.get(name, name)
            shown = f"{name}_state" if f"{name}_state" in mine else column
            if shown in mine:
                found.compare(wire.name, column, mine[shown].to_numpy(), theirs[order])


def compare_samples(table, owner, variable, samples, hand, found) -> None:
    t, values, last = samples
    model = found.model
    steps = round(sum(float(p.ms) for p in model.phases) / float(model.dt))
    times = np.append(t, steps * float(f"{model.dt}e-3"))
    values = np.column_stack([values, last])
    if owner in hand["synapses"]:
        table = table[table.connection == owner].sort_values(["pre", "post", "t"])
        indices = hand["synapses"][owner]
        values = values[np.lexsort((indices["j"], indices["i"]))]
    else:
        table = table[table.layer == owner].sort_values(["neuron", "t"])
    found.compare(owner, "t", table.t.to_numpy(), np.tile(times, len(values)))
    found.compare(owner, variable, table.value.to_numpy(), values.ravel())


def check(seed: int, folder: Path) -> None:
    model = Maker(random.Random(seed)).model()
    found = differences(model, folder)
    assert not found.found, f"pair {seed}:\n" + "\n".join(found.found)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + PAIRS))
def test_a_spec_is_what_one_would_write_by_hand(seed, tmp_path):
    check(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", in_turn(range(10_000, 10_030), 3))
def test_more_specs_are_what_one_would_write_by_hand(seed, tmp_path):
    check(seed, tmp_path)
