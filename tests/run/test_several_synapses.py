"""Several synapses of a pair: `n = 3` in a pattern, or several connections of the same layers."""

import gc

import numpy as np
import pandas as pd
import pytest
from both_ways import agree
from running import run_here, run_text, script_of
from test_plain_scripts import assert_equal_values, run_plain_here

from stdpdsl.compiler import check_text, compile_source
from stdpdsl.language.parser import parse
from stdpdsl.language.printer import print_spec
from stdpdsl.language.source import Source
from stdpdsl.results.network import rows_of_block
from stdpdsl.results.nwb import WORDS
from stdpdsl.results.reader import load
from stdpdsl.results.signals import signals_of
from stdpdsl.runtime.draws import stream

pytestmark = pytest.mark.slow

SPEC = """model several
constants:
    contacts = 3
neuron cell:
    equations:
        dv/dt = -v/(20 ms) : 1
        ds/dt = -s/(5 ms) : 1
        I : 1
        x : 1
    threshold: v > 1
    reset: v = 0
    initial: x = i
rule noisy:
    equations:
        w : 1
        dc/dt = -c/tau : 1
    parameters: tau = 10 ms
    on pre:
        c += 1
        w += 0.1*uniform(0, 1) + 0.01*synapse_number
        deliver w
    on post:
        w += 0.01*c
layer P:
    poisson: 80 Hz
    size: 6
layer A:
    neuron: cell
    size: 4
connect P -> A as ca:
    pattern: random(p = 0.7, n = contacts)
    plasticity: pair_additive
    deliver: w*0.3 to v
    initial: w = uniform(0, wmax)
    delay: uniform(0 ms, 5 ms) + synapse_number * 2 ms
    every 10 ms: normalise w per post to 4
connect P -> A as cb:
    pattern: all_to_all(n = 2) where i != j
    plasticity: noisy
    deliver: w*0.01 to s
connect A -> A as cd:
    pattern: fixed_indegree(2, n = 2) independent per block where i != j
    weight: normal(0.1, 0.01) / N_incoming
    deliver continuously: w*x_pre to I
connect A -> A as ce:
    pattern: symmetric(p = 0.6, n = 2) where i != j
    weight: 0.1
    dendritic delay: 1 ms * (1 + synapse_number)
    deliver: w to v
sweep:
    table:
        | ca.Apre | tau [ms] |
{rows}
record:
    w of ca every 10 ms
    c, w of cb every 10 ms
    I of A every 10 ms
    spikes of P, A
measure:
    heavy of ca = mean(w)
run:
    phases:
        first: 60 ms
        later: 60 ms, set ca.w = uniform(0, 0.5)
"""
ROWS = ["0.01 | 10", "0.02 | 20"]


def test_they_are_the_same_both_ways_and_alone(tmp_path):
    tables = agree(tmp_path, SPEC, ROWS)
    assert len(tables["spikes"].query("layer == 'A'")) > 20
    for name, count in (("ca", 3), ("cb", 2), ("cd", 2), ("ce", 2)):
        rows = tables["weights"]
        rows = rows[(rows.connection == name) & (rows.block == 0)]
        assert (
            rows.groupby(["pre", "post"])
            .synapse_number.apply(list)
            .map(lambda found, count=count: found == list(range(count)))
            .all()
        )
    e = tables["weights"].query("connection == 'ce' and block == 0")
    assert set(zip(e.pre, e.post, strict=True)) == set(zip(e.post, e.pre, strict=True))
    d = tables["weights"].query("connection == 'cd' and block == 0")
    assert set(d.groupby("post").size()) == {4} and set(d.N_incoming) == {4}
    samples = tables["trajectories"].query("connection == 'ca' and block == 0 and t < 0.01")
    assert len(samples) == len(tables["weights"].query("connection == 'ca' and block == 0"))


def test_each_has_draws_of_its_own_and_the_first_those_of_a_pair(tmp_path):
    text = SPEC.replace("{rows}", f"        | {ROWS[0]} |")
    many = run_text(tmp_path, text)["weights"].query("connection == 'ca'")
    one = run_text(tmp_path, text.replace("contacts = 3", "contacts = 1"), name="one")["weights"]
    one = one.query("connection == 'ca'")
    first = many[many.synapse_number == 0]
    assert first.w_initial.tolist() == one.w_initial.tolist()
    drawn = stream("ca", "w", 0).random((3, 6, 4))
    assert many.w_initial.tolist() == drawn[many.synapse_number, many.pre, many.post].tolist()
    b = run_text(tmp_path, text, name="b")["weights"].query("connection == 'cb'")
    spread = b.groupby(["pre", "post"]).w.apply(lambda w: w.iloc[1] - w.iloc[0])
    assert spread.nunique() == len(spread)  # draws in statements, too


def test_shards_and_results(tmp_path):
    text = SPEC.replace("{rows}", "\n".join(f"        | {row} |" for row in ROWS))
    script = script_of(text)
    whole = run_here(tmp_path, script, "whole")
    part = run_here(tmp_path, script, "part", more=["--shard", "2/2"])
    for name in ("weights", "spikes", "trajectories"):
        mine = whole[name][whole[name].block == 1].reset_index(drop=True)
        theirs = part[name][part[name].block == 1].reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, theirs, check_dtype=False)
    results = load(tmp_path / "whole")
    edges = results.edges("ca", block=1)
    assert list(edges.columns[:2]) == ["pre", "post"] and "synapse_number" in edges
    array = results.weights.filter(connection="ca").to_xarray()
    assert array["w"].sizes["synapse_number"] == 3
    (signal,) = (
        s
        for s in signals_of(results, rows_of_block(results, "trajectories", 1))
        if s.name == "ca w"
    )
    assert list(signal.elements) == ["pre", "post", "synapse_number"]
    assert signal.values.shape[1] == len(edges) and set(signal.elements) <= {*WORDS}
    results.to_edges(tmp_path / "a.npz", "ca", block=1)
    assert "data" not in np.load(tmp_path / "a.npz").files


# Against scripts by hand --------------------------------------------------------------------------

BRIAN2_N = """
from brian2 import *
prefs.codegen.target = "numpy"
start_scope()
defaultclock.dt = 0.1*ms
P = SpikeGeneratorGroup(3, [0, 1, 2, 0, 2], [1, 4, 9, 30, 33]*ms)
A = NeuronGroup(2, "dv/dt = -v/(20*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
S = Synapses(P, A, "w : 1", on_pre="v_post += w", multisynaptic_index="k")
S.connect(n=3)
S.w = "0.1 + 0.05*k + 0.1*i + 0.01*j"
S.delay = "1*ms + k*2*ms"
M = StateMonitor(A, "v", record=True, dt=0.1*ms)
N = SpikeMonitor(A)
Network(P, A, S, M, N).run(60*ms, namespace={})
"""
MINE_N = """model n
neuron cell:
    equations:
        dv/dt = -v/(20 ms) : 1
    threshold: v > 1
    reset: v = 0
layer P:
    spikes: [(0, 1 ms), (1, 4 ms), (2, 9 ms), (0, 30 ms), (2, 33 ms)]
    size: 3
layer A:
    neuron: cell
    size: 2
connect P -> A as S:
    pattern: all_to_all(n = 3)
    weight: 0.1 + 0.05*synapse_number + 0.1*i + 0.01*j
    delay: 1 ms + synapse_number*2 ms
    deliver: w to v
record:
    v of A every 0.1 ms
    spikes of A
run:
    duration: 60 ms
"""


def by_hand(text, **names):
    gc.collect()
    names["__name__"] = "by_hand"
    exec(compile(text, "by_hand", "exec"), names)
    return names


def test_it_is_brian2s_n(tmp_path):
    tables = run_text(tmp_path, MINE_N)
    there = by_hand(BRIAN2_N)
    v = tables["trajectories"].sort_values(["neuron", "t"])
    np.testing.assert_allclose(v[v.t < 0.06].value, there["M"].v_.ravel(), rtol=1e-12, atol=1e-15)
    spikes = sorted(zip(tables["spikes"].t, tables["spikes"].neuron, strict=True))
    hand = sorted(zip(there["N"].t_[:], there["N"].i[:], strict=True))
    assert len(spikes) > 2 and np.allclose(spikes, hand, rtol=0, atol=1e-12)


PLASTIC = """
from brian2 import *
prefs.codegen.target = "numpy"
start_scope()
defaultclock.dt = 0.1*ms
P = SpikeGeneratorGroup(6, neuron, t*second)
A = NeuronGroup(4, "dv/dt = -v/(20*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
def pair(taupre, taupost, Apre, Apost, scale, name, order):
    S = Synapses(P, A, '''w : 1
        dapre/dt = -apre/taupre : 1 (event-driven)
        dapost/dt = -apost/taupost : 1 (event-driven)''',
        on_pre={'pre': '''v_post += w*scale
                         apre += Apre
                         w = clip(w + apost, 0, 1)'''},
        on_post={'post': '''apost += Apost
                           w = clip(w + apre, 0, 1)'''}, name=name,
        namespace=dict(taupre=taupre, taupost=taupost, Apre=Apre, Apost=Apost, scale=scale))
    S.pre.order, S.post.order = order, order + 10
    return S
S = pair(20*ms, 20*ms, 0.01, -0.0105, 0.3, "S1", 0)
S.connect(i=first["pre"], j=first["post"])
S.w, S.pre.delay = first["w_initial"], first["delay"]*second
objects = [P, A, S]
if second_one is not None:
    T = pair(10*ms, 20*ms, 0.02, -0.0105, 0.2, "S2", 1)
    T.connect(i=second_one["pre"], j=second_one["post"])
    T.w, T.pre.delay = second_one["w_initial"], second_one["delay"]*second
    objects.append(T)
N = SpikeMonitor(A)
Network(*objects, N).run(400*ms, namespace={})
"""
MINE = """model plastic
neuron cell:
    equations:
        dv/dt = -v/(20 ms) : 1
    threshold: v > 1
    reset: v = 0
layer P:
    poisson: 60 Hz
    size: 6
layer A:
    neuron: cell
    size: 4
connect P -> A as x:
    pattern: PATTERN
    plasticity: pair_additive
    deliver: w*0.3 to v
    initial: w = uniform(0, wmax)
    delay: uniform(0 ms, 5 ms)
SECONDsweep:
    replicates: 2
record:
    spikes of P, A
run:
    duration: 400 ms
    seed: 4
"""
SECOND = """connect P -> A as y:
    pattern: all_to_all
    plasticity: pair_additive(taupre = 10 ms, Apre = 0.02)
    deliver: w*0.2 to v
    initial: w = uniform(0, wmax)
    delay: uniform(0 ms, 3 ms)
"""


@pytest.mark.parametrize(
    "pattern, second", [("random(p = 0.5, n = 3)", ""), ("all_to_all", SECOND)]
)
def test_as_a_script_by_hand_with_the_same_numbers(tmp_path, pattern, second):
    tables = run_text(tmp_path, MINE.replace("PATTERN", pattern).replace("SECOND", second))
    weights, spikes = tables["weights"], tables["spikes"]
    for block in (0, 1):
        given = spikes[(spikes.layer == "P") & (spikes.replicate == block)]
        mine = {name: rows[rows.block == block] for name, rows in weights.groupby("connection")}
        numbers = {
            name: {n: rows[n].to_numpy() for n in ("pre", "post", "delay", "w_initial")}
            for name, rows in mine.items()
        }
        hand = by_hand(
            PLASTIC,
            neuron=given.neuron.to_numpy(),
            t=given.t.to_numpy(),
            first=numbers["x"],
            second_one=numbers.get("y"),
        )
        for name, made in (("x", "S"), ("y", "T")):
            if name in mine:
                np.testing.assert_allclose(mine[name].w, hand[made].w_, rtol=1e-10, atol=1e-13)
                assert np.max(np.abs(mine[name].w - mine[name].w_initial)) > 0.01
        own = spikes[(spikes.layer == "A") & (spikes.block == block)]
        own = sorted(zip(own.t, own.neuron, strict=True))
        there = sorted(zip(hand["N"].t_[:], hand["N"].i[:], strict=True))
        assert len(own) > 20 and np.allclose(own, there, rtol=0, atol=1e-12)


# Values from files --------------------------------------------------------------------------------

FROM = """model values
neuron cell:
    equations:
        dv/dt = -v/(20 ms) : 1
    threshold: v > 1
layer P:
    poisson: 60 Hz
    size: 3
layer A:
    neuron: cell
    size: 2
connect P -> A as S:
    pattern: PATTERN
    plasticity: pair_additive
    deliver: w to v
    initial: w = VALUE
sweep:
    grid: taupre = [10, 20] ms
run:
    duration: 1 ms
"""
NUMBERS = np.random.default_rng(3).random((3, 2, 4))


def rows_of(numbers):
    index = pd.MultiIndex.from_product(
        [range(n) for n in numbers.shape], names=["pre", "post", "synapse_number"]
    )
    return pd.DataFrame({"w": numbers.ravel()}, index=index).reset_index()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several")
    np.save(folder / "w.npy", NUMBERS)
    np.save(folder / "flat.npy", NUMBERS[:, :, 0])
    table = rows_of(NUMBERS).sample(frac=1, random_state=0)
    table.to_csv(folder / "w.csv", index=False)
    table.drop(columns="synapse_number").to_csv(folder / "unnumbered.csv", index=False)
    table.iloc[1:].to_csv(folder / "short.csv", index=False)
    pd.concat([table, table.iloc[:1]]).to_csv(folder / "twice.csv", index=False)
    table.assign(synapse_number=table.synapse_number + 1).to_csv(folder / "late.csv", index=False)
    text = FROM.replace("PATTERN", "all_to_all(n = 4)").replace("VALUE", 'from "w.npy"')
    run_here(folder, script_of(text, folder=folder), "earlier.results", data=folder)
    return folder


@pytest.mark.parametrize(
    "value",
    [
        'from "w.npy"',
        'from "w.csv" column w',
        'from results "earlier.results" connection S column w',
        'from results "earlier.results" connection S column w_initial',
    ],
)
def test_a_value_for_each(files, tmp_path, value):
    if "w_initial" in value:
        value = value.replace(" column w_initial", " block 1")
    text = FROM.replace("PATTERN", "all_to_all(n = 4)").replace("VALUE", value)
    found = compile_source(Source("spec.stdp", text), files, [], "synapse", "numpy")
    run = run_here(tmp_path, found.run_script, data=files)
    plain = found.script.replace('DATA = "."', f"DATA = {str(files)!r}")
    assert_equal_values(run_plain_here(tmp_path, plain), run)
    expected = rows_of(NUMBERS).w.tolist()
    if "results" in value:
        left = pd.read_parquet(files / "earlier.results" / "weights").query("block == 1")
        expected = left.sort_values(["pre", "post", "synapse_number"]).w.tolist()
    for block in (0, 1):
        w = run["weights"].query("block == @block")
        w = w.sort_values(["pre", "post", "synapse_number"])
        if "results" not in value or block == 1:
            assert w.w_initial.tolist() == expected


@pytest.mark.parametrize(
    "pattern, value, message",
    [
        ("all_to_all(n = 4)", 'from "flat.npy"', "FILE006: `flat.npy` has the shape 3 × 2; e"),
        ("all_to_all(n = 3)", 'from "w.npy"', "FILE006: `w.npy` has the shape 3 × 2 × 4; expected"),
        ("all_to_all", 'from "w.npy"', "FILE006: `w.npy` has the shape 3 × 2 × 4; expec"),
        (
            "all_to_all(n = 4)",
            'from "unnumbered.csv" column w',
            "FILE005: `unnumbered.csv` has no column `synapse_number`, and `S` has 4 synapses for",
        ),
        ("all_to_all", 'from "w.csv" column w', "FILE008: row "),
        ("all_to_all", 'from "unnumbered.csv" column w', "FILE007: row "),
        (
            "all_to_all(n = 4)",
            'from "short.csv" column w',
            "FILE007: `short.csv` has no value for synapse ",
        ),
        ("all_to_all(n = 4)", 'from "twice.csv" column w', "FILE007: row 25 below the head of "),
        ("all_to_all(n = 4)", 'from "late.csv" column w', "FILE008: row "),
        (
            "all_to_all",
            'from results "earlier.results" connection S',
            "FILE006: `earlier.results` has the shape 3 × 2 × 4; expected 3 × 2",
        ),
        (
            "all_to_all(n = 5)",
            'from results "earlier.results" connection S',
            "FILE006: `earlier.results` has the shape 3 × 2 × 4; expected 3 × 2 × 5",
        ),
        ("all_to_all(n = 0)", "0", "TYPE013: a pair cannot have 0 synapses"),
        (
            "all_to_all(n = 1.5)",
            "0",
            "TYPE004: `n` must be a whole number, but this may have a fraction",
        ),
        ("all_to_all(n = taupre/(1 ms))", "0", "NAME004: `taupre` is not declared"),
        ("all_to_all(m = 3)", "0", "CLAUSE003: `all_to_all` takes no argument except `n`"),
        ("random(q = 3, n = 2)", "0", "SYN031: `random` has no argument `q`"),
    ],
)
def test_one_error_each(files, pattern, value, message):
    text = FROM.replace("PATTERN", pattern).replace("VALUE", value)
    _, found = check_text(Source("spec.stdp", text), files, [])
    errors = [f"{d.code}: {d.message}" for d in found if d.severity == "error"]
    assert [e[: len(message)] for e in errors] == [message], errors


def test_n_is_the_same_in_every_block(files):
    text = FROM.replace("PATTERN", "all_to_all(n = k)").replace("VALUE", "0.5")
    text = text.replace("neuron cell", "constants:\n    k = 2\nneuron cell", 1)
    text = text.replace("taupre = [10, 20] ms", "k = [1, 2]")
    _, found = check_text(Source("spec.stdp", text), files, [])
    assert [d.code for d in found if d.severity == "error"] == ["BLOCK005"]


def test_printed_as_it_was():
    spec = parse(Source("s.stdp", SPEC.replace("{rows}", f"        | {ROWS[0]} |")))
    text = print_spec(spec)
    assert "random(p = 0.7, n = contacts)" in text and "fixed_indegree(2, n = 2)" in text
    assert "all_to_all(n = 2) where" in text
    assert print_spec(parse(Source("s.stdp", text))) == text


# Listed pairs -------------------------------------------------------------------------------------

LISTED = """model listed
neuron cell:
    equations:
        dv/dt = -v/(20 ms) : 1
        x : 1
    threshold: v > 1
    reset: v = 0
    initial: x = i*start
layer P:
    poisson: 60 Hz
    size: 3
layer A:
    neuron: cell
    size: 2
connect P -> A as c:
    pattern: pairs from "contacts.csv"
    plasticity: pair_additive
    deliver: w*0.3 to v
    initial: w = from "contacts.csv" column weight
    delay: from "contacts.csv" column delay
connect P -> A as d:
    pattern: pairs from "pairs.csv" where i != j and x_post < 0.9
    plasticity: pair_additive
    deliver: w*0.1 to v
    initial: w = uniform(0, wmax)
    delay: 1 ms * synapse_number
sweep:
    table:
        | c.Apre | start |
{rows}
record:
    w of c every 10 ms
    spikes of P, A
run:
    duration: 100 ms
"""
CONTACTS = [(2, 1, 0), (0, 0, 0), (0, 0, 1), (0, 1, 0), (2, 1, 2), (2, 1, 1), (1, 0, 0)]


def contacts(folder, rows=CONTACTS, number="synapse_number"):
    table = pd.DataFrame(rows, columns=["pre", "post", number])
    table["weight"] = np.linspace(0.2, 0.8, len(table))
    table["delay [ms]"] = np.arange(len(table)) * 0.5
    table.to_csv(folder / "contacts.csv", index=False)
    return table


def test_pairs_that_are_listed_with_numbers(tmp_path, monkeypatch):
    table = contacts(tmp_path).sort_values(["pre", "post", "synapse_number"])
    pairs = pd.DataFrame(CONTACTS, columns=["pre", "post", "synapse_number"])
    pairs.to_csv(tmp_path / "pairs.csv", index=False)
    monkeypatch.chdir(tmp_path)
    tables = agree(tmp_path, LISTED, ["0.01 | 1", "0.02 | 0.5"])
    for block, chosen in enumerate([table.post < 0.9, table.post < 2]):
        rows = tables["weights"][tables["weights"].block == block]
        c, d = (rows[rows.connection == name] for name in "cd")
        keys = ["pre", "post", "synapse_number"]
        assert c[keys].to_numpy().tolist() == table[keys].to_numpy().tolist()
        assert c.w_initial.tolist() == table.weight.tolist()
        assert np.allclose(c.delay, table["delay [ms]"] * 1e-3, rtol=0, atol=1e-12)
        some = table[chosen & (table.pre != table.post)]
        assert d[keys].to_numpy().tolist() == some[keys].to_numpy().tolist()
        drawn = stream("d", "w", 0).random((3, 3, 2))
        assert d.w_initial.tolist() == drawn[d.synapse_number, d.pre, d.post].tolist()
        spikes = tables["spikes"]
        given = spikes[spikes.layer == "P"]
        numbers = {n: c[n].to_numpy() for n in ("pre", "post", "delay", "w_initial")}
        assert len(given) > 10 and len(numbers["pre"]) == 7


@pytest.mark.parametrize(
    "rows, number, message",
    [
        (
            [*CONTACTS, (2, 1, 1)],
            "synapse_number",
            "FILE007: row 8 below the head of `contacts.csv` gives synapse 1 of the pair 2, 1 a"
            " sec",
        ),
        (
            CONTACTS,
            "contact",
            "FILE007: row 3 below the head of `contacts.csv` gives the pair 0, 0 a",
        ),
        (
            [(0, 0, -1)],
            "synapse_number",
            "FILE008: row 1 below the head of `contacts.csv` is of synapse -1",
        ),
    ],
)
def test_wrong_numbers_of_listed_pairs(tmp_path, rows, number, message):
    contacts(tmp_path, rows, number)
    text = LISTED.replace("{rows}", "        | 0.01 | 1 |")
    text = text[: text.index("connect P -> A as d")] + text[text.index("sweep:") :]
    _, found = check_text(Source("spec.stdp", text), tmp_path, [])
    errors = [f"{d.code}: {d.message}" for d in found if d.severity == "error"]
    assert [e[: len(message)] for e in errors] == [message], errors
