"""Layers that files drive, against Brian2 by hand with its TimedArray, and numpy.interp."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from running import assert_same, run_apart, run_here, run_text, script_of, tables_in
from test_plain_scripts import assert_equal_values, run_plain_here

from stdpdsl.api import run as run_api
from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source
from stdpdsl.runtime.errors import SpecError
from stdpdsl.runtime.stimuli import array_rows

pytest.importorskip("brian2")

SPEC = """model driven

neuron cell:
    parameters:
        R = 100 Mohm
    equations:
        dv/dt = (-70 mV - v + R*I + J)/(10 ms) : volt (unless refractory)
        I : amp
        J : volt
    threshold: v > -55 mV
    reset: v = -70 mV
    refractory: 1 ms
    method: euler
    initial: v = -70 mV

layer A:
    neuron: cell
    size: 3
    drive: I from "i.npy" * 1 nA every 1 ms
    drive: J from "j.csv" every 2.5 ms

record:
    spikes of A
    v, I, J of A every 0.1 ms

run:
    duration: 40 ms
    dt: 0.1 ms
"""
SWEPT = SPEC.replace(
    "record:",
    "sweep:\n    grid:\n        size_of_it = [1, 1.5]\n        R = [90, 110] Mohm\n\nrecord:",
).replace("* 1 nA", "* size_of_it * 1 nA")


def write_files(folder, rows=40):
    rng = np.random.default_rng(5)
    i, j = rng.random((rows, 3)) * 0.5, rng.normal(0, 3, 16).round(3)
    np.save(folder / "i.npy", i)
    (folder / "j.csv").write_text("J [mV]\n" + "".join(f"{x}\n" for x in j))
    return i, j


def by_hand(i, j):
    """Spikes and samples of Brian2's own objects."""
    from brian2 import (
        Network,
        NeuronGroup,
        SpikeMonitor,
        StateMonitor,
        TimedArray,
        ms,
        mV,
        nA,
        ohm,
        prefs,
        start_scope,
        volt,
    )

    gc.collect()
    start_scope()
    prefs.codegen.target = "numpy"
    prefs.codegen.loop_invariant_optimisations = False
    current, shift = (
        TimedArray(i * nA, dt=1 * ms),
        TimedArray([float(f"{x}e-3") for x in j] * volt, dt=2.5 * ms),
    )
    cells = NeuronGroup(
        3,
        """dv/dt = (-70*mV - v + R*I + J)/(10*ms) : volt (unless refractory)
        I = current(t, i) : amp (constant over dt)
        J = shift(t) : volt (constant over dt)""",
        threshold="v > -55*mV",
        reset="v = -70*mV",
        refractory=1 * ms,
        method="euler",
        dt=0.1 * ms,
        namespace={"R": 1e8 * ohm, "current": current, "shift": shift},
    )
    cells.v = -70 * mV
    spikes = SpikeMonitor(cells)
    states = StateMonitor(cells, ["v", "I", "J"], record=True, dt=0.1 * ms)
    Network(cells, spikes, states).run(40 * ms, namespace={})
    return spikes, states


def samples(tables, variable, block=0):
    found = tables["trajectories"].query(f"variable == '{variable}' and block == {block}")
    return found.pivot(index="neuron", columns="t", values="value").to_numpy()


def test_as_by_hand(tmp_path):
    spikes, states = by_hand(*write_files(tmp_path))
    tables = run_text(tmp_path, SPEC)
    found = tables["spikes"].sort_values(["t", "neuron"])
    assert len(found) > 10
    assert np.array_equal(found["neuron"], spikes.i)
    assert np.allclose(found["t"], np.asarray(spikes.t), rtol=0, atol=1e-12)
    for variable in ("v", "I", "J"):
        expected = np.asarray(getattr(states, f"{variable}_"))
        assert np.array_equal(samples(tables, variable)[:, :-1], expected), variable


@pytest.mark.parametrize("repeat", [False, True])
@pytest.mark.parametrize("every", [1.0, 0.7, 0.05])
@pytest.mark.in_turn(2)
def test_straight_lines(tmp_path, every, repeat):
    """The values of numpy.interp at the start of each step; 0 after the last row."""
    i, _ = write_files(tmp_path)
    line = f'I from "i.npy" * 1 nA every {every} ms, linear' + ", repeat" * repeat
    text = SPEC.replace('I from "i.npy" * 1 nA every 1 ms', line)
    found = samples(run_text(tmp_path, text), "I")[:, :-1]
    ticks = round(every * 20)  # of 0.05 ms: whole numbers, so that steps meet rows
    t, rows = np.arange(400) * 2, np.arange(40) * ticks
    for n in range(3):
        ends = {"period": 40 * ticks} if repeat else {"right": 0.0}
        assert np.allclose(found[n], 1e-9 * np.interp(t, rows, i[:, n], **ends), rtol=0, atol=1e-22)


@pytest.mark.parametrize("repeat", [False, True])
def test_after_the_last_row(tmp_path, repeat, capsys):
    i, _ = write_files(tmp_path, rows=15)
    text = SPEC.replace("every 1 ms", "every 1 ms" + ", repeat" * repeat)
    found = samples(run_text(tmp_path, text), "I")[:, :-1]
    rows = np.arange(400) // 10
    expected = i[rows % 15] if repeat else np.where(rows < 15, i[rows % 15].T, 0).T
    assert np.array_equal(found, expected.T * 1e-9)


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
def test_the_plain_script_and_blocks_alone(tmp_path, lowering):
    write_files(tmp_path)
    found = compile_source(Source("spec.stdp", SWEPT), tmp_path, [], lowering, "numpy")
    tables = run_here(tmp_path, found.run_script, "run", data=tmp_path)
    script = found.script.replace('DATA = "."', f"DATA = {str(tmp_path)!r}")
    assert_equal_values(run_plain_here(tmp_path, script), tables)
    shard = run_here(tmp_path, found.run_script, "shard", tmp_path, ["--shard", "2/2"])
    for name, table in shard.items():
        expected = tables[name].query("block >= 2").reset_index(drop=True)
        pd.testing.assert_frame_equal(table, expected, check_exact=True)
    alone = SWEPT.replace("[1, 1.5]", "[1.5]").replace("[90, 110]", "[110]")
    one = run_text(tmp_path, alone, name="one")
    assert np.array_equal(samples(one, "v"), samples(tables, "v", 3))


def test_a_column_block_tells_blocks_apart(tmp_path):
    write_files(tmp_path)
    rng = np.random.default_rng(2)
    values = rng.random((4, 40, 3)).round(3)
    rows = [(t, b, n, values[b, t, n]) for b in range(4) for n in range(3) for t in range(40)]
    rows = [rows[k] for k in np.argsort([t for t, *_ in rows], kind="stable")]
    text = "t [ms],block,neuron,I [nA]\n" + "".join(",".join(map(str, r)) + "\n" for r in rows)
    (tmp_path / "i.csv").write_text(text)
    pd.read_csv(tmp_path / "i.csv").to_parquet(tmp_path / "i.parquet", index=False)
    for ending in ("csv", "parquet"):
        spec = SWEPT.replace("size_of_it", "x").replace(
            "record:", "measure:\n    most of A = max(rate)*x\n\nrecord:"
        )
        spec = spec.replace('"i.npy" * x * 1 nA', f'"i.{ending}" column I')
        found = compile_source(Source("spec.stdp", spec), tmp_path, [], "synapse", "numpy")
        tables = run_here(tmp_path, found.run_script, ending, data=tmp_path)
        for block in range(4):
            expected = np.repeat(
                [[float(f"{v}e-9") for v in r] for r in values[block].T], 10, axis=1
            )
            assert np.array_equal(samples(tables, "I", block)[:, :-1], expected)
    script = found.script.replace('DATA = "."', f"DATA = {str(tmp_path)!r}")
    assert_equal_values(run_plain_here(tmp_path, script), tables)
    shard = run_here(tmp_path, found.run_script, "shard", tmp_path, ["--shard", "2/2"])
    assert np.array_equal(samples(shard, "I", 3), samples(tables, "I", 3))


@pytest.mark.slow
@pytest.mark.parametrize("target", ["cython", "cpp_standalone"])
def test_every_target(tmp_path, target):
    write_files(tmp_path, rows=15)
    text = SWEPT.replace("every 2.5 ms", "every 0.7 ms, linear, repeat")
    script = script_of(text, folder=tmp_path, target=target)
    expected = run_here(tmp_path, script, "numpy", data=tmp_path)
    assert_same(run_apart(tmp_path, script, "out", target, data=tmp_path), expected)


@pytest.mark.slow
def test_other_values_are_no_other_program(tmp_path):
    programs = Path(os.environ["XDG_CACHE_HOME"])
    (tmp_path / "spec.stdp").write_text(SPEC)
    found, made = [], []
    for rows in (40, 15):
        write_files(tmp_path, rows)
        np.save(tmp_path / "i.npy", np.load(tmp_path / "i.npy") * 40 / rows)
        run_api(tmp_path / "spec.stdp", output=tmp_path / f"out{rows}", target="cpp_standalone")
        tables = tables_in(tmp_path / f"out{rows}")
        expected = run_text(tmp_path, SPEC, name=f"numpy{rows}")
        assert np.array_equal(samples(tables, "v"), samples(expected, "v"))
        found.append(samples(tables, "v"))
        made.append({path.parent.name for path in programs.rglob("manifest.json")})
    assert not np.array_equal(*found)
    assert made[0] == made[1] and made[0]


def test_phases_set_a_shared_layer_that_a_file_drives(tmp_path):
    """It runs with the network, as one that hears a sound does not."""
    np.save(tmp_path / "i.npy", np.full((40, 3), 0.1))
    text = SPEC.replace('    drive: J from "j.csv" every 2.5 ms\n', "    scope: shared\n")
    text = text.replace("R*I", "R*I*gain").replace(
        "  parameters:\n", "  parameters:\n        gain = 1\n"
    )
    text = (
        text.replace("method: euler", "method: exact")
        .replace("v, I, J of", "v of")
        .replace(
            "    duration: 40 ms\n",
            "    phases:\n        a: 20 ms\n        b: 20 ms, set A.v = -60 mV, set A.gain = 0\n",
        )
    )
    found = run_text(tmp_path, text)["trajectories"].query("phase == 'b'")
    expected = -0.07 + 0.01 * np.exp(-(found["t"] - 0.02) / 0.01)
    np.testing.assert_allclose(found["value"], expected, rtol=1e-12)


def test_rows_that_have_another_width_since_they_were_checked_are_refused(tmp_path):
    np.save(tmp_path / "r.npy", np.zeros((5, 2, 3)))
    assert array_rows(str(tmp_path / "r.npy"), 6).shape == (5, 6)
    with pytest.raises(SpecError, match="has 6 values in a row; expected 4"):
        array_rows(str(tmp_path / "r.npy"), 4)
