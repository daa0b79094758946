"""Each block with a file of its own, which a column of the sweep numbers: `from "w_{k}.npy"`."""

import json
import os

import numpy as np
import pandas as pd
import pytest
from both_ways import agree
from running import run_here, run_text, script_of
from scipy import sparse

from stdpdsl.api import run as run_api
from stdpdsl.compiler import check_text
from stdpdsl.language.named_files import numbered_files
from stdpdsl.language.source import Source

SPEC = """model files
neuron cell:
    parameters: tau_m = 20 ms
    equations:
        dv/dt = -v/tau_m : 1
        theta : 1
    threshold: v > 1 + theta
    reset: v = 0
layer P:
    poisson: 80 Hz
    size: 5
layer A:
    neuron: cell(tau_m = from "cells_{k}.csv" column tau)
    size: 3
    initial: theta = from "theta_{k}.npz" column theta
connect P -> A as x:
    pattern: all_to_all
    plasticity: pair_additive(Apre = from "edges_{k}.csv" column Apre)
    deliver: w*0.5 to v
    initial: w = from "w_{k}.npy" * scale
    delay: from "edges_{k}.csv" column d
connect P[0:3] -> A as y:
    pattern: one_to_one
    weight: from "sparse_{k}.npz"
    deliver: w to v
sweep:
    table:
        | k | scale |
{rows}
record:
    spikes of P, A
run:
    duration: 60 ms
"""
ROWS = ["7 | 1", "-2 | 1", "7 | 0.5"]


def numbers(k):
    return np.random.default_rng(k + 10).random((5, 3))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for k in (7, -2, 30):
        w = numbers(k)
        np.save(folder / f"w_{k}.npy", w)
        np.savez(folder / f"theta_{k}.npz", theta=w[0] / 10, other=w[1])
        pd.DataFrame({"neuron": [2, 0, 1], "tau [ms]": 10 + w[1]}).to_csv(
            folder / f"cells_{k}.csv", index=False
        )
        pairs = [(i, j, round(w[i, j] * 5, 1), w[i, j] / 100) for i in range(5) for j in range(3)]
        pd.DataFrame(pairs, columns=["pre", "post", "d [ms]", "Apre"]).to_csv(
            folder / f"edges_{k}.csv", index=False
        )
        sparse.save_npz(folder / f"sparse_{k}.npz", sparse.csr_array(np.eye(5, 3) * w[:, :1]))
    np.save(folder / "w_late.npy", numbers(0))
    np.save(folder / "w_007.npy", numbers(0))
    np.save(folder / "odd_0.npy", numbers(0))
    np.save(folder / "odd_1.npy", numbers(0).T)
    pd.DataFrame({"neuron": [0, 1, 2], "x [mV]": 1.0}).to_csv(folder / "mixed_0.csv", index=False)
    pd.DataFrame({"neuron": [0, 1, 2], "x [nA]": 1.0}).to_csv(folder / "mixed_1.csv", index=False)
    return folder


def test_they_are_the_same_both_ways_and_alone(files, monkeypatch):
    monkeypatch.chdir(files)  # where a plain script looks for data
    tables = agree(files, SPEC, ROWS)
    for block, (k, scale) in enumerate(((7, 1.0), (-2, 1.0), (7, 0.5))):
        w = numbers(k)
        weights = tables["weights"][tables["weights"].block == block]
        x = weights[weights.connection == "x"].sort_values(["pre", "post"])
        assert x.w_initial.tolist() == (w * scale).ravel().tolist()
        assert np.allclose(x.delay, np.round(w.ravel() * 5, 1) * 1e-3, rtol=0, atol=1e-12)
        assert x.Apre.tolist() == (w / 100).ravel().tolist()
        assert set(x.k) == {k}
        y = weights[weights.connection == "y"]
        assert y.sort_values("pre").w.tolist() == w[:3, 0].tolist()


def test_as_the_file_by_its_name(files, tmp_path):
    text = SPEC.replace("{rows}", "\n".join(f"        | {row} |" for row in ROWS))
    several = run_here(tmp_path, script_of(text, folder=files), "several", files)
    part = run_here(tmp_path, script_of(text, folder=files), "part", files, ["--shard", "2/3"])
    for block, row in enumerate(ROWS):
        k = row.partition(" ")[0]
        one = SPEC.replace("{rows}", f"        | {row} |").replace("{k}", k)
        one = run_here(tmp_path, script_of(one, folder=files), f"one{block}", files)
        for tables in (several, part) if block == 1 else (several,):
            for table in ("weights", "spikes"):
                mine, alone = (
                    t[table][t[table].block.isin([number])]
                    .drop(columns="block")
                    .reset_index(drop=True)
                    for t, number in ((tables, block), (one, 0))
                )
                pd.testing.assert_frame_equal(mine, alone, check_exact=True, check_dtype=False)
                assert len(mine) > 0


def test_the_metadata_name_the_files(files):
    text = SPEC.replace("{rows}", "\n".join(f"        | {row} |" for row in ROWS))
    (files / "spec.stdp").write_text(text)
    run_api(files / "spec.stdp", output=files / "out.results", target="numpy")
    metadata = json.loads((files / "out.results" / "metadata.json").read_text())
    assert {"w_7.npy", "w_-2.npy", "edges_7.csv", "sparse_-2.npz"} <= set(metadata["files"])
    assert not {"w_{k}.npy", "w_late.npy", "w_007.npy"} & set(metadata["files"])


def test_numbers_in_names(files):
    assert numbered_files("w_{k}.npy", files) == {n: f"w_{n}.npy" for n in (-2, 7, 30)}
    assert numbered_files("w_{k}_{j}.npy", files) == numbered_files("w.npy", files) == {}
    (files / "a[1]").mkdir()
    for name in ("4_4.npy", "4_5.npy", "5.npy"):
        np.save(files / "a[1]" / name, 0)
    assert numbered_files("a[1]/{k}_{k}.npy", files) == {4: "a[1]/4_4.npy"}


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("| 7 |", "| 8 |", "FILE001: cannot read `w_8.npy`, the file of block 0: there is no such"),
        (
            "| 7 |",
            "| 7.5 |",
            "FILE010: block 0 has k = 7.5, but files are numbered by whole numbers",
        ),
        (
            "w_{k}.npy",
            "none_{k}.npy",
            "FILE001: there is no file `none_{k}.npy` with a whole numb",
        ),
        ("w_{k}.npy", "w_{m}.npy", "FILE005: `m` is not a column of numbers in the sweep"),
        ("w_{k}.npy", "odd_{scale}.npy", "FILE006: `odd_1.npy` has the shape 3 × 5; expected 5"),
        ('"w_{k}.npy"', '"edges_{k}.csv" column e', "FILE005: `edges_-2.csv` has no column `e`"),
        (
            '"theta_{k}.npz" column theta',
            '"mixed_{k}.csv" column x / 1 mV',
            "FILE002: `mixed_1.csv` is stored in another form than `mixed_0.csv`",
        ),
        (
            "initial: theta",
            "scope: shared\n    initial: theta",
            "FILE008: the files `theta_{k}.npz` belong to single blocks, but `A` is shared by all",
        ),
        (
            "poisson: 80 Hz",
            'rates: from "w_{k}.npy" every 1 ms',
            "FILE001: cannot read `w_{k}.npy`",
        ),
    ],
)
def test_one_error_each(files, old, new, message):
    text = SPEC.replace(old, new).replace("{rows}", f"        | {ROWS[0]} |".replace(old, new))
    if "shared" in new:  # only one of its complaints
        text = text.replace('cell(tau_m = from "cells_{k}.csv" column tau)', "cell")
        text = text.replace('from "edges_{k}.csv" column d', "1 ms")
        text = text[: text.index("connect P -> A as x")] + text[text.index("sweep:") :]
    _, found = check_text(Source("spec.stdp", text), files, [])
    errors = [f"{d.code}: {d.message}" for d in found if d.severity == "error"]
    assert message in [e[: len(message)] for e in errors], errors
    assert len(errors) == 1 or "`w_8" in message, errors  # six files are not there


def test_a_link_leads_nowhere_else(files, tmp_path):
    np.save(tmp_path / "secret.npy", numbers(0))
    inside = tmp_path / "inside"
    inside.mkdir()
    os.symlink(tmp_path / "secret.npy", inside / "w_1.npy")
    text = SPEC.replace("{rows}", "        | 1 | 1 |")
    _, found = _examined(text, inside)
    assert "FILE004" in [d.code for d in found]


def _examined(text, folder):
    from stdpdsl.language.diagnostics import CompileError

    try:
        return check_text(Source("spec.stdp", text), folder, [])
    except CompileError as error:
        return None, list(error.diagnostics)


def test_a_file_of_each_replicate(files, tmp_path):
    for replicate in (0, 1):
        np.save(files / f"r_{replicate}.npy", numbers(replicate))
    text = SPEC.replace("w_{k}.npy", "r_{replicate}.npy")
    text = text.replace("{rows}", f"        | {ROWS[0]} |\n    replicates: 2")
    w = run_text(files, text, name="replicates")["weights"].query("connection == 'x'")
    for replicate in (0, 1):
        mine = w[w.replicate == replicate].sort_values(["pre", "post"])
        assert mine.w_initial.tolist() == numbers(replicate).ravel().tolist()
