"""What is wrong with the files from which a spec takes values is told before anything runs."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from stdpdsl.compiler import check_text
from stdpdsl.language.diagnostics import render
from stdpdsl.language.source import Source

SPEC = """model m

neuron cell:
    equations:
        dv/dt = (-70 mV - v)/(20 ms) : volt
        kind : integer
    threshold: v > -60 mV
    reset: v = -70 mV

layer P:
    poisson: 5 Hz
    size: 2

layer A:
    neuron: cell
    size: 3
    initial: {variable} = {cells}

connect P -> A as c:
    pattern: {pattern}
    weight: {weight}
    deliver: w to v

sweep:
    grid: x = [1, 2]

measure:
    twice of A = max(rate) * x

run:
    duration: 10 ms
"""


def found(folder, weight="1 mV", cells="-70 mV", pattern="all_to_all", variable="v"):
    text = SPEC.format(weight=weight, cells=cells, pattern=pattern, variable=variable)
    _, diagnostics = check_text(Source("spec.stdp", text), folder, [])
    return diagnostics


def the_one(folder, **given):
    (one,) = found(folder, **given)
    return f"{one.code}: {one.message}", one.help


PAIRS = "pre,post,w [mV]\n" + "".join(f"{i},{j},{i + j}\n" for i in range(2) for j in range(3))
CSV = 'from "w.csv" column w'


def test_what_fits_is_right(tmp_path):
    (tmp_path / "w.csv").write_text(PAIRS)
    np.save(tmp_path / "kind.npy", np.array([1, 2, 3]))
    assert found(tmp_path, weight=CSV, cells='from "kind.npy"', variable="kind") == []


@pytest.mark.parametrize(
    "text, message",
    [
        (PAIRS.replace("[mV]", ""), "UNIT002: what is delivered to `v`: expected voltage"),
        (PAIRS.replace("[mV]", "[nS]"), "UNIT002: what is delivered to `v`: expected voltage"),
        (PAIRS.replace("[mV]", "[mVolt]"), "FILE003: the column `w [mVolt]` of `w.csv` has"),
        (
            PAIRS.replace("0,1,1\n", "0,1,nan\n"),
            "FILE003: row 2 below the head of `w.csv` has `nan` in the column `w [mV]`",
        ),
        (PAIRS.replace("0,1,1\n", "0,1,\n"), "FILE003: row 2 below the head of `w.csv` has noth"),
        (PAIRS.replace("0,1,1\n", "0,1,high\n"), "FILE003: row 2 below the head of `w.csv` has `h"),
        (PAIRS.replace("0,1,1\n", "0,1.5,1\n"), "FILE003: row 2 below the head of `w.csv` has 1.5"),
        (PAIRS.replace("0,1,1\n", ""), "FILE007: `w.csv` has no value for the pair 0, 1"),
        (PAIRS + "1,0,3\n", "FILE007: row 7 below the head of `w.csv` gives the pair 1, 0"),
        (PAIRS + "1,3,3\n", "FILE008: row 7 below the head of `w.csv` names neuron 3"),
        (PAIRS + "-1,2,3\n", "FILE008: row 7 below the head of `w.csv` names neuron -1"),
        (PAIRS.replace("pre", "from_neuron"), "FILE005: `w.csv` has no columns `pre` and `post`"),
        (PAIRS.replace("w [mV]", "g [mV]"), "FILE005: `w.csv` has no column `w`"),
        ("", "FILE002: `w.csv` holds no values: it is empty"),
    ],
)
def test_tables(tmp_path, text, message):
    (tmp_path / "w.csv").write_text(text)
    assert the_one(tmp_path, weight=CSV)[0].startswith(message)


def test_synapses_that_are_not_there(tmp_path):
    (tmp_path / "w.csv").write_text(PAIRS)
    said, _ = the_one(tmp_path, weight=CSV, pattern="all_to_all where i != j")
    assert said == (
        "FILE008: row 1 below the head of `w.csv` gives a value to the pair 0, 0, which is not a"
        " synapse of `c`"
    )
    # Where synapses are drawn, each pair may be one.
    assert found(tmp_path, weight=CSV, pattern="random(p = 0.5)") == []
    (tmp_path / "w.csv").write_text(PAIRS.replace("0,0,0\n", ""))
    said, help = the_one(tmp_path, weight=CSV, pattern="random(p = 0.5)")
    assert said.startswith("FILE007") and help.startswith(
        "the pattern draws the synapses during the run"
    )
    assert found(tmp_path, weight=CSV, pattern='pairs from "w.csv"') == []


@pytest.mark.parametrize(
    "blocks, message",
    [
        ("0", "FILE007: `w.csv` has no value for the pair 0, 0 of block 1, and for 5 more"),
        (
            "02",
            "FILE008: row 7 below the head of `w.csv` names block 2, and there is no such block",
        ),
    ],
)
def test_blocks(tmp_path, blocks, message):
    lines = PAIRS.splitlines()[1:]
    text = "\n".join(["block,pre,post,w [mV]", *(f"{b},{line}" for b in blocks for line in lines)])
    (tmp_path / "w.csv").write_text(text)
    assert the_one(tmp_path, weight=CSV)[0].startswith(message)


def test_no_values_per_block_of_what_is_shared(tmp_path):
    (tmp_path / "v.csv").write_text("block,neuron,v [mV]\n0,0,-70\n")
    text = SPEC.format(
        weight="1 mV", cells='from "v.csv" column v', pattern="all_to_all", variable="v"
    )
    text = text.replace("    size: 3\n", "    size: 3\n    scope: shared\n")
    text = text.replace("twice of A = max(rate) * x", "twice = x")
    _, diagnostics = check_text(Source("spec.stdp", text), tmp_path, [])
    assert "FILE008" in [d.code for d in diagnostics], render(diagnostics)


class Trap:
    """What a pickle may do when it is read."""

    def __reduce__(self):
        return os.mkdir, ("trapped",)


@pytest.mark.parametrize(
    "array, message",
    [
        (np.ones((3, 2)), "FILE006: `w.npy` has the shape 3 × 2; expected 2 × 3"),
        (np.ones(6), "FILE006: `w.npy` has the shape 6; expected 2 × 3"),
        (np.ones((1, 2, 3)), "FILE006: `w.npy` has the shape 1 × 2 × 3; expected 2 × 3"),
        (np.float64(1), "FILE006: `w.npy` has the shape one number; expected 2 × 3"),
        (np.array([[1, 2, 3], [4, np.nan, 6]]), "FILE003: [1, 1] of `w.npy` is nan, not a finite"),
        (np.array([[1, 2, 3], [4, 5, np.inf]]), "FILE003: [1, 2] of `w.npy` is inf, not a finite"),
        (np.ones((2, 3), complex), "FILE002: `w.npy` holds no values: it holds complex128"),
        (np.full((2, 3), "a"), "FILE002: `w.npy` holds no values: it holds <U1, not real numbers"),
        (np.zeros((2, 3), [("a", float)]), "FILE002: `w.npy` holds no values: it holds [('a'"),
        (np.full((2, 3), Trap()), "FILE002: `w.npy` holds no values: it holds pickled objects"),
    ],
)
def test_arrays(tmp_path, monkeypatch, array, message):
    np.save(tmp_path / "w.npy", array)
    monkeypatch.chdir(tmp_path)
    assert the_one(tmp_path, weight='from "w.npy" * 1 mV')[0].startswith(message)
    assert not (tmp_path / "trapped").exists()


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    (tmp_path / "w.npy").write_bytes(pickle.dumps(Trap()))
    np.savez(tmp_path / "w.npz", w=np.full((2, 3), Trap()))
    monkeypatch.chdir(tmp_path)
    for name in ("w.npy", "w.npz"):
        said, _ = the_one(tmp_path, weight=f'from "{name}" * 1 mV')
        assert said.startswith(f"FILE002: `{name}` holds no values: it")
    assert not (tmp_path / "trapped").exists()


def test_damaged_and_missing_files(tmp_path):
    np.save(tmp_path / "w.npy", np.ones((2, 3)))
    data = (tmp_path / "w.npy").read_bytes()
    (tmp_path / "w.npy").write_bytes(data[:-8])
    (tmp_path / "w.npz").write_bytes(b"no zip")
    (tmp_path / "w.mat").write_bytes(b"something")
    for name, code in (
        ("w.npy", "FILE002"),
        ("w.npz", "FILE002"),
        ("w.mat", "FILE002"),
        ("none.npy", "FILE001"),
        ("none.csv", "FILE001"),
    ):
        assert the_one(tmp_path, weight=f'from "{name}" * 1 mV')[0].startswith(code), name
    said, _ = the_one(tmp_path, weight='from "../w.npy" * 1 mV')
    assert said == "FILE004: `../w.npy` is not below the spec's folder"


def test_members_of_archives(tmp_path):
    np.savez(tmp_path / "w.npz", w=np.ones((2, 3)), theta=np.ones(3))
    said, help = the_one(tmp_path, weight='from "w.npz" * 1 mV')
    assert said == "FILE005: `w.npz` holds several arrays: `w`, `theta`"
    assert help == "say which one: `column w`"
    said, help = the_one(tmp_path, weight='from "w.npz" column thetas * 1 mV')
    assert said == "FILE005: `w.npz` has no array `thetas`" and "theta" in help
    np.save(tmp_path / "w.npy", np.ones((2, 3)))
    said, help = the_one(tmp_path, weight='from "w.npy" column w * 1 mV')
    assert said == "FILE005: `w.npy` has no array `w`" and "leave out `column`" in help


def test_sparse_matrices(tmp_path):
    sparse = pytest.importorskip("scipy.sparse")
    full = sparse.csr_matrix(np.arange(1.0, 7).reshape(2, 3))
    for kind in (full, full.tocsc(), full.tocoo()):
        sparse.save_npz(tmp_path / "w.npz", kind)
        assert found(tmp_path, weight='from "w.npz" * 1 mV') == []
    sparse.save_npz(tmp_path / "w.npz", full.T.tocsr())
    said, help = the_one(tmp_path, weight='from "w.npz" * 1 mV')
    assert said == "FILE006: `w.npz` has the shape 3 × 2; expected 2 × 3" and "w.T" in help
    sparse.save_npz(tmp_path / "w.npz", sparse.csr_matrix(np.eye(2, 3)))
    said, _ = the_one(tmp_path, weight='from "w.npz" * 1 mV')
    assert said == "FILE007: `w.npz` has no value for the pair 0, 1, and for 3 more"
    twice = sparse.coo_matrix(([1.0, 2], ([0, 0], [0, 0])), (2, 3))
    sparse.save_npz(tmp_path / "w.npz", twice)
    said, _ = the_one(tmp_path, weight='from "w.npz" * 1 mV')
    assert said == "FILE007: the entry [0, 0] of `w.npz` gives the pair 0, 0 a second value"
    sparse.save_npz(tmp_path / "w.npz", sparse.bsr_matrix(np.eye(2, 3)))
    assert "in the format bsr" in the_one(tmp_path, weight='from "w.npz" * 1 mV')[0]


def test_neurons(tmp_path):
    (tmp_path / "v.csv").write_text("v [mV],x\n-70,1\n-65,2\n-60,3\n")
    assert found(tmp_path, cells='from "v.csv" column v') == []
    (tmp_path / "v.csv").write_text("v [mV],x\n-70,1\n-65,2\n")
    said, _ = the_one(tmp_path, cells='from "v.csv" column v')
    assert said == "FILE006: `v.csv` has the shape 2; expected 3"
    np.save(tmp_path / "kind.npy", np.array([1, 2, 3.5]))
    said, _ = the_one(tmp_path, cells='from "kind.npy"', variable="kind")
    assert said.startswith("TYPE004")


def test_all_is_told_at_once(tmp_path):
    (tmp_path / "w.csv").write_text(PAIRS.replace("0,1,1\n", ""))
    np.save(tmp_path / "v.npy", np.ones(4))
    both = found(tmp_path, weight=CSV, cells='from "v.npy" * 1 mV')
    assert [d.code for d in both] == ["FILE006", "FILE007"]


@pytest.mark.parametrize(
    "line",
    ['threshold: v > from "v.npy"', 'dv/dt = from "v.npy" : 1', 'reset: v = from "v.npy"'],
)
def test_where_no_file_can_stand(line):
    text = SPEC.format(weight="1 mV", cells="-70 mV", pattern="all_to_all", variable="v")
    start = line[:5]
    text = "\n".join(
        (x[: len(x) - len(x.lstrip())] + line) if x.strip().startswith(start) else x
        for x in text.splitlines()
    )
    _, diagnostics = check_text(Source("spec.stdp", text + "\n"), ".", [])
    assert "TYPE016" in [d.code for d in diagnostics]


@pytest.mark.parametrize(
    "text, message",
    [
        (
            "pre,post\n0,0\n1,2\n0,0\n",
            "FILE007: row 3 below the head of `p.csv` gives the pair",
        ),
        ("pre,post\n0,0\n2,0\n", "FILE008: row 2 below the head of `p.csv` names neuron 2"),
        ("pre,post\n0,0.5\n", "FILE003: row 1 below the head of `p.csv` has 0.5 in the column"),
        ("from,to\n0,0\n", "FILE005: `p.csv` has no columns `pre` and `post`"),
        ("pre,post,Delay\n0,0,1\n", "FILE011: `p.csv` also has the column `Delay`"),
        ("", "FILE002: `p.csv` holds no pairs: it is empty"),
    ],
)
def test_pairs(tmp_path, text, message):
    (tmp_path / "p.csv").write_text(text)
    assert the_one(tmp_path, pattern='pairs from "p.csv"')[0].startswith(message)


def test_pairs_and_their_weights_have_one_error(tmp_path):
    (tmp_path / "w.csv").write_text(PAIRS + "1,0,3\n")
    said, _ = the_one(tmp_path, weight=CSV, pattern='pairs from "w.csv"')
    assert said.startswith("FILE007: row 7 below the head of `w.csv`")
