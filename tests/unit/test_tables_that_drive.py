"""Files whose rows drive a layer: what is wrong with them is told before anything runs."""

from __future__ import annotations

import numpy as np
import pytest

from stdpdsl.compiler import check_text
from stdpdsl.language.source import Source

SPEC = """model m

constants:
    dose = 2 nA

neuron cell:
    parameters:
        gain = 1
    equations:
        dv/dt = (-70 mV - v + gain*(I + dose)*r)/(20 ms) : volt
        I : amp
        r : ohm
        K = 2*I : amp
    threshold: v > -60 mV
    reset: v = -70 mV

layer A:
    neuron: cell
    size: 3
    scope: SCOPE
    initial: r = 1 Mohm
    drive: DRIVE

record:
    spikes of A

sweep:
    grid: x = [1, 2]

measure:
    twice of A = max(rate) * x

run:
    duration: 10 ms
"""


def found(folder, drive, scope="block"):
    text = SPEC.replace("DRIVE", drive).replace("SCOPE", scope)
    _, diagnostics = check_text(Source("spec.stdp", text), folder, [])
    return [f"{d.code} {d.span.text}: {d.message}" for d in diagnostics], [
        d.help for d in diagnostics
    ]


@pytest.fixture
def folder(tmp_path):
    np.save(tmp_path / "i.npy", np.ones((10, 3)))
    np.save(tmp_path / "one.npy", np.ones(10))
    np.savez(tmp_path / "two.npz", a=np.ones((10, 3)), b=np.ones((3, 10)))
    (tmp_path / "i.csv").write_text("I [nA]\n" + "1\n" * 10)
    return tmp_path


@pytest.mark.parametrize(
    "drive",
    [
        'I from "i.npy" * 1 nA every 1 ms',
        'I from "one.npy" * dose every 1 ms, repeat',
        'I from "one.npy" * x * dose every 0.3 ms, linear',
        'I from "two.npz" column a * 1 nA every 1 ms, linear, repeat',
        'I from "i.csv" every 1 ms',
        'I from "i.csv" column I + 1 nA every 1 ms',
    ],
)
def test_what_fits_is_right(folder, drive):
    assert found(folder, drive) == ([], [])


@pytest.mark.parametrize(
    ("drive", "message", "help"),
    [
        ('I from "i.npy" every 1 ms', 'UNIT002 from "i.npy"', ""),
        ('I from "i.csv" * 1 nA every 1 ms', 'UNIT002 from "i.csv" * 1 nA', ""),
        ('I from "i.npy" * 1 nA every 1 mV', "UNIT002 mV: `every`", ""),
        ('I from "i.npy" * 1 nA every 0.25 ms', "RUN009 0.25 ms: a row's time", "write 0.2 ms"),
        ('I from "i.npy" * 1 nA every 0 ms, linear', "TYPE013 0 ms", ""),
        ('I from "i.npy" * gain * 1 nA every 1 ms', "NAME004 gain", "`gain*I`"),
        ('I from "i.npy" * 1 nA * t every 1 ms', "NAME004 t", "time advances by `every`"),
        ('I from "i.npy" * 1 nA every x * 1 ms', "BLOCK005 x: the interval", "constant"),
        ("I 3 nA every 1 ms", "CLAUSE005 3 nA: a drive needs exactly one file", "FILE"),
        ('I from "i.npy" * from "i.csv" every 1 ms', "CLAUSE005 from", ""),
        (
            'K from "i.csv" every 1 ms',
            "CLAUSE005 K: `K` is driven, but it also has an equation",
            "",
        ),
        ('J from "i.csv" every 1 ms', "NAME011 J", ""),
        (
            'I from "i.csv" every 1 ms\n    drive: I from "one.npy" * 1 nA every 1 ms',
            "CLAUSE002 I: `I` is driven twice",
            "",
        ),
        ('I from "none.npy" * 1 nA every 1 ms', 'FILE001 "none.npy"', ""),
        ('I from "two.npz" * 1 nA every 1 ms', "FILE005", "`column a`"),
        (
            'I from "two.npz" column b * 1 nA every 1 ms',
            'FILE006 "two.npz": `two.npz` has the shape 3 × 10; expected rows × 3',
            "transpose",
        ),
        ('I from results "old" layer A column I every 1 ms', "FILE002", "as an array"),
    ],
)
def test_one_error_each(folder, drive, message, help):
    (one,), (hint,) = found(folder, drive)
    assert one.startswith(message) and help in hint, (one, hint)


def test_a_shared_layer_has_no_values_per_block(folder):
    drive = 'I from "one.npy" * x * 1 nA every 1 ms'
    (one,), _ = found(folder, drive, "shared")
    assert one.startswith("BLOCK003 x: `x` cannot be swept")
    rows = "".join(f"{b},1\n" for b in (0, 1) for _ in range(4))
    (folder / "b.csv").write_text("block,I [nA]\n" + rows)
    (one,), (help,) = found(folder, 'I from "b.csv" every 1 ms', "shared")
    assert one.startswith("FILE008") and "scope: block" in help
    assert found(folder, 'I from "b.csv" every 1 ms') == ([], [])


ROWS = [(t, n, 0.1 * t) for t in range(4) for n in range(3)]


def csv(rows, head="t [ms],neuron,I [nA]"):
    return head + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (csv(ROWS), ""),
        (csv([(t / 1000, n, v) for t, n, v in ROWS], "time,neuron,I [nA]"), ""),
        (csv(sorted(ROWS, key=lambda row: row[1])), ""),
        (
            csv(ROWS[3:] + ROWS[:3]),
            "FILE012: row 1 below the head of `t.csv` is at 0.001 s; expected 0 s",
        ),
        (csv(ROWS[:-1]), "FILE007: `t.csv` has 3 rows for neuron 2 and 4 for neuron 0"),
        (csv([r for r in ROWS if r[1]]), "FILE007: `t.csv` has no rows for neuron 0 and 4"),
        (csv([*ROWS, (0, 3, 1)]), "FILE008: row 13 below the head of `t.csv` names neuron 3"),
        (csv([*ROWS, (0, 0.5, 1)]), "FILE003: row 13 below the head of `t.csv` has 0.5"),
        (csv([*ROWS[:-1], (3, 2, "nan")]), "FILE003: row 12 below the head"),
        (csv([*ROWS[:-1], (3, 2, "")]), "FILE003: row 12 below the head"),
        (
            csv(ROWS, "t [mV],neuron,I [nA]"),
            "FILE012: the column `t [mV]` of `t.csv` is not a time",
        ),
        (csv(ROWS, "t [ms],neuron,I [mV]"), "UNIT002"),
        (csv(ROWS, "t [ms],neuron,I [nX]"), "FILE003"),
        (csv([], "t [ms],neuron,I [nA]"), "FILE006: `t.csv` has no rows"),
    ],
)
def test_tables(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    diagnostics = found(tmp_path, 'I from "t.csv" column I every 1 ms')[0]
    assert len(diagnostics) == bool(message)
    for one in diagnostics:
        code, _, rest = message.partition(": ")
        assert one.startswith(code) and rest in one, one


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([["a"]]), "FILE002"),
        (np.array([{}], dtype=object), "pickled objects"),
        (np.array([1.0, np.nan, 2.0]), "[1] of `a.npy` is nan"),
        (np.full((2, 3), np.inf), "[0, 0] of `a.npy` is inf"),
        (np.ones((0, 3)), "has no rows"),
        (np.ones((1, 3)), "has 1 rows; expected 2 at least"),
        (np.float64(3.0), "has the shape one number"),
        (np.ones((2, 3, 3)), "has the shape 2 × 3 × 3"),
    ],
)
def test_arrays(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    (one,), _ = found(tmp_path, 'I from "a.npy" * 1 nA every 1 ms, linear')
    assert message in one


def test_what_does_not_fit(folder, monkeypatch):
    monkeypatch.setattr("stdpdsl.compiler.available_memory", lambda: 1e6)
    long = SPEC.replace("duration: 10 ms", "duration: 10 s")
    monkeypatch.setitem(globals(), "SPEC", long)
    assert found(folder, 'I from "i.npy" * 1 nA every 1 ms') == ([], [])
    (one,), (help,) = found(folder, 'I from "i.npy" * 1 nA every 1 ms, linear')
    assert one.startswith("COST006 I from") and "4.8 MB of memory, a row for each time" in one
    assert "leave out `linear`" in help
