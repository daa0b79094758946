"""Values that a spec takes from files, against a Brian2 script by hand that reads the same."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from running import run_here, run_text, script_of
from test_plain_scripts import assert_equal_values, run_plain_here

from stdpdsl.api import run as run_api
from stdpdsl.compiler import compile_source
from stdpdsl.execution.reproduce import reproduce
from stdpdsl.language.source import Source
from stdpdsl.results.reader import load

pytest.importorskip("brian2")

SPEC = """model from_files

neuron cell:
    equations:
        dv/dt = (-70 mV - v)/(20 ms) : volt
        theta : volt
    threshold: v > -60 mV + theta
    reset: v = -70 mV

layer P:
    spikes: [(0, 1 ms), (1, 3 ms), (2, 5 ms), (3, 9 ms), (0, 21 ms), (2, 24 ms), (1, 40 ms)]
    size: 4

layer A:
    neuron: cell
    size: 3
    initial:
        v = from "cells.csv" column v
        theta = from "theta.npy" * 1 mV

connect P -> A as learn:
    pattern: all_to_all
    plasticity: pair_additive(Apre = 0.1, Apost = -0.12)
    deliver: w * 9 mV to v
    initial: w = from "trained.npz" column w
    delay: from "edges.csv" column d

connect P -> A as fixed:
    pattern: all_to_all where i != j
    weight: from "sparse.npz" * 1 mV
    deliver: w to v

record:
    spikes of A

run:
    duration: 60 ms
    dt: 0.1 ms
"""
BY_HAND = """
import csv
import numpy as np
import scipy.sparse
from brian2 import *

prefs.codegen.target = "numpy"
defaultclock.dt = 0.1*ms
start_scope()
P = SpikeGeneratorGroup(4, [0, 1, 2, 3, 0, 2, 1], [1, 3, 5, 9, 21, 24, 40]*ms)
A = NeuronGroup(3, '''dv/dt = (-70*mV - v)/(20*ms) : volt
                      theta : volt''', threshold='v > -60*mV + theta', reset='v = -70*mV',
                method='exact')
cells = list(csv.DictReader(open(folder + '/cells.csv')))
for row in cells:
    A.v[int(row['neuron'])] = float(row['v [mV]'])*mV
A.theta = np.load(folder + '/theta.npy')*mV
learn = Synapses(P, A, '''w : 1
    dapre/dt = -apre/(20*ms) : 1 (event-driven)
    dapost/dt = -apost/(20*ms) : 1 (event-driven)''',
    on_pre='''v_post += w*9*mV
              apre += 0.1
              w = clip(w + apost, 0, 1)''',
    on_post='''apost += -0.12
               w = clip(w + apre, 0, 1)''')
i, j = np.indices((4, 3)).reshape(2, -1)
learn.connect(i=i, j=j)
learn.w = np.load(folder + '/trained.npz')['w'][i, j]
rows = list(csv.DictReader(open(folder + '/edges.csv')))
delay = {(int(r['i']), int(r['j'])): float(r['d [ms]']) for r in rows}
learn.pre.delay = [delay[pair] for pair in zip(i.tolist(), j.tolist())]*ms
fixed = Synapses(P, A, 'w : volt', on_pre='v_post += w')
fixed.connect(condition='i != j')
fixed.w = scipy.sparse.load_npz(folder + '/sparse.npz').toarray()[fixed.i, fixed.j]*mV
fixed.pre.order = 1
spikes = SpikeMonitor(A)
net = Network(P, A, learn, fixed, spikes)
net.run(60*ms, namespace={})
results = {'w': learn.w[:], 'i': spikes.i[:], 't': spikes.t/second, 'v': fixed.w[:]/volt}
"""


def write_files(folder):
    """All the forms in which values are kept."""
    import scipy.sparse

    rng = np.random.default_rng(3)
    w = np.round(rng.uniform(0.2, 0.9, (4, 3)), 3)
    np.savez(folder / "trained.npz", w=w, theta=np.zeros(3))
    np.save(folder / "theta.npy", np.array([0, 1, 2], dtype=np.int16))
    lines = ["v [mV],neuron", "-61.5,2", "-66,0", "-70.25,1"]
    (folder / "cells.csv").write_text("\n".join(lines) + "\n")
    rows = [f"{i},{j},{0.1 + 0.3 * i + 0.2 * j:.1f},7" for i in range(4) for j in range(3)]
    rng.shuffle(rows)
    (folder / "edges.csv").write_text("i,j,d [ms],other\n" + "\n".join(rows) + "\n")
    matrix = np.round(rng.uniform(0.5, 3, (4, 3)), 2) * ~np.eye(4, 3, dtype=bool)
    scipy.sparse.save_npz(folder / "sparse.npz", scipy.sparse.csc_matrix(matrix))
    return w


def by_hand(folder):
    gc.collect()
    namespace = {"folder": str(folder)}
    exec(compile(BY_HAND, "<by hand>", "exec"), namespace)
    return namespace["results"]


def test_as_by_hand(tmp_path):
    first = write_files(tmp_path)
    tables = run_text(tmp_path, SPEC)
    expected = by_hand(tmp_path)
    learn = tables["weights"].query("connection == 'learn'").sort_values(["pre", "post"])
    fixed = tables["weights"].query("connection == 'fixed'").sort_values(["pre", "post"])
    spikes = tables["spikes"].sort_values(["t", "neuron"])
    assert len(spikes) > 4
    assert np.array_equal(learn["w_initial"], first.ravel())
    assert np.array_equal(fixed["w"], expected["v"])
    assert np.array_equal(spikes["neuron"], expected["i"])
    assert np.allclose(spikes["t"], expected["t"], rtol=0, atol=1e-12)
    assert np.array_equal(learn["w"], expected["w"]) and not np.array_equal(
        learn["w"], first.ravel()
    )


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
def test_the_plain_script_reads_the_same(tmp_path, lowering):
    write_files(tmp_path)
    text = SPEC.replace("record:", "sweep:\n    grid: taupre = [10, 20] ms\n\nrecord:")
    found = compile_source(Source("spec.stdp", text), tmp_path, [], lowering, "numpy")
    run = run_here(tmp_path, found.run_script, "run", data=tmp_path)
    script = found.script.replace('DATA = "."', f"DATA = {str(tmp_path)!r}")
    assert_equal_values(run_plain_here(tmp_path, script), run)


TABLE = """pre,post,block,g [nS]
0,0,1,1.5
1,0,0,0.1
0,0,0,2
1,0,1,3
"""
BLOCKS = """model by_block

neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
        g : siemens
    threshold: v > 1
    reset: v = 0

layer P:
    poisson: 5 Hz
    size: 2
layer A:
    neuron: cell
    size: 1
connect P -> A as c:
    pattern: all_to_all
    weight: from "g.csv"
    deliver: w to g

sweep:
    grid: x = [1, 2]

measure:
    twice of A = max(rate) * x

run:
    duration: 10 ms
"""


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_a_column_block_tells_blocks_apart(tmp_path, ending):
    (tmp_path / "g.csv").write_text(TABLE)
    table = pd.read_csv(tmp_path / "g.csv")
    if ending == "parquet":
        table.to_parquet(tmp_path / "g.parquet", index=False)
    elif ending == "xlsx":
        table.to_excel(tmp_path / "g.xlsx", index=False)
    text = BLOCKS.replace("g.csv", f"g.{ending}")
    found = compile_source(Source("spec.stdp", text), tmp_path, [], "synapse", "numpy")
    tables = run_here(tmp_path, found.run_script, data=tmp_path)
    weights = tables["weights"].sort_values(["block", "pre"])
    # The doubles nearest to the decimal numbers in SI.
    assert weights["w"].tolist() == [2e-9, 0.1e-9, 1.5e-9, 3e-9]
    script = found.script.replace('DATA = "."', f"DATA = {str(tmp_path)!r}")
    assert_equal_values(run_plain_here(tmp_path, script), tables)
    # A shard has the values of its blocks.
    second = run_here(tmp_path, found.run_script, "shard", tmp_path, ["--shard", "2/2"])
    assert second["weights"].sort_values("pre")["w"].tolist() == [1.5e-9, 3e-9]


PAIRS = BLOCKS.replace("pattern: all_to_all", 'pattern: pairs from "e.csv"').replace(
    'weight: from "g.csv"',
    'weight: from "e.csv" column weight\n    delay: from "e.csv" column delay',
)


def test_pairs_take_their_weights_and_delays_along(tmp_path):
    (tmp_path / "e.csv").write_text("pre,post,weight [nS],delay [ms]\n1,0,2,0.5\n")
    tables = run_text(tmp_path, PAIRS)
    weights = tables["weights"]
    assert weights[["pre", "post", "w", "delay"]].to_numpy().tolist() == 2 * [[1, 0, 2e-9, 5e-4]]
    text = PAIRS.replace('    delay: from "e.csv" column delay\n', "")
    with pytest.raises(AssertionError, match="FILE011.*`delay`, which is not used"):
        script_of(text, folder=tmp_path)


@pytest.mark.parametrize("ending", ["xlsx", "npz"])
def test_pairs_of_other_files(tmp_path, ending):
    import scipy.sparse

    pd.DataFrame({"pre": [1, 0], "post": [0, 0]}).to_excel(tmp_path / "e.xlsx", index=False)
    matrix = scipy.sparse.coo_matrix(([2.0, 3.0], ([1, 0], [0, 0])), (2, 1))
    scipy.sparse.save_npz(tmp_path / "e.npz", matrix)
    weight = 'from "e.npz" * 1 nS' if ending == "npz" else "2 nS"
    text = BLOCKS.replace("pattern: all_to_all", f'pattern: pairs from "e.{ending}"')
    text = text.replace('from "g.csv"', weight)
    found = compile_source(Source("spec.stdp", text), tmp_path, [], "synapse", "numpy")
    tables = run_here(tmp_path, found.run_script, data=tmp_path)
    expected = [[0, 0, 3e-9 if ending == "npz" else 2e-9], [1, 0, 2e-9]]
    assert np.allclose(tables["weights"][["pre", "post", "w"]], 2 * expected, rtol=1e-15)
    script = found.script.replace('DATA = "."', f"DATA = {str(tmp_path)!r}")
    assert_equal_values(run_plain_here(tmp_path, script), tables)


def test_the_run_says_which_files_it_read_and_can_be_reproduced(tmp_path):
    first = write_files(tmp_path)
    (tmp_path / "spec.stdp").write_text(SPEC)
    results = run_api(tmp_path / "spec.stdp", output=tmp_path / "out", target="numpy")
    known = results.metadata["files"]
    assert sorted(known) == ["cells.csv", "edges.csv", "sparse.npz", "theta.npy", "trained.npz"]
    assert all(d.same for d in reproduce(load(tmp_path / "out"), tmp_path, lambda event: None))
    np.savez(tmp_path / "trained.npz", w=first / 2)
    found = {d.part: d for d in reproduce(load(tmp_path / "out"), tmp_path, lambda event: None)}
    assert not found["metadata"].same and not found["weights"].same
    assert any("trained.npz" in line for line in found["metadata"].lines)


@pytest.mark.slow
def test_other_data_are_no_other_program(tmp_path):
    programs = Path(os.environ["XDG_CACHE_HOME"])
    first = write_files(tmp_path)
    (tmp_path / "spec.stdp").write_text(SPEC)
    found = []
    for factor in (1, 0.5):
        np.savez(tmp_path / "trained.npz", w=factor * first)
        out = tmp_path / f"out{factor}"
        results = run_api(tmp_path / "spec.stdp", output=out, target="cpp_standalone")
        weights = results.weights.filter(connection="learn").to_pandas()
        assert np.array_equal(weights["w_initial"], factor * first.ravel())
        found.append({path.parent.name for path in programs.rglob("manifest.json")})
    assert found[0] == found[1] and found[0]
