"""Each part of the language, run, against what it should do computed by other means."""

import numpy as np
import pandas as pd
import pytest
from running import assert_same, run_text

RELAY = """model tested
neuron relay:
    equations:
        v : 1
    threshold: v > 0.5
    reset: v = 0

"""
INTEGRATOR = """model tested
neuron integrator:
    equations:
        v : 1
        u : 1
    threshold: v > 1e9
    reset: v = 0

"""


def both(folder, text):
    """Run with both lowerings, which agree to the bit."""
    whole = run_text(folder, text)
    assert_same(run_text(folder, text, "namespace", "namespace"), whole)
    return whole


def values(tables, variable, **where):
    """One element's samples of a variable by time."""
    rows = tables["trajectories"]
    rows = rows[rows["variable"] == variable]
    for name, value in where.items():
        rows = rows[rows[name] == value]
    return rows.sort_values("t", kind="stable").set_index("t")["value"]


# Inputs and patterns ----------------------------------------------------------------------------


def test_inputs_from_files(tmp_path):
    pd.DataFrame({"time": [0.0101, 0.002, 0.03], "neuron": [1, 0, 1]}).to_parquet(
        tmp_path / "spikes.parquet"
    )
    np.save(tmp_path / "rates.npy", np.array([[0.0, 2000.0], [2000.0, 0.0]]))
    tables = run_text(
        tmp_path,
        """model files
layer listed:
    spikes: from "spikes.parquet"
    size: 2
layer rated:
    rates: from "rates.npy" every 20 ms, gap 5 ms
    size: 2
record:
    spikes of listed, rated
run:
    duration: 50 ms
    dt: 0.1 ms
""",
    )
    spikes = tables["spikes"]
    listed = spikes[spikes["layer"] == "listed"]
    assert listed["neuron"].tolist() == [0, 1, 1]
    assert np.allclose(listed["t"], [0.002, 0.0101, 0.03])
    rated = spikes[spikes["layer"] == "rated"]
    first, second = (rated[rated["neuron"] == n]["t"] for n in (1, 0))
    assert first.max() < 0.015 and 20 < len(first) < 40
    assert second.min() >= 0.02 and second.max() < 0.035 and 20 < len(second) < 40


def test_pairs_from_a_file_and_patterns_over_the_layers(tmp_path):
    (tmp_path / "edges.csv").write_text("pre,post\n3,0\n1,2\n0,2\n")
    tables = both(
        tmp_path,
        """model patterns
neuron cell:
    equations:
        v : 1
        x : 1
    threshold: v > 1e9
    initial: x = (i % 5) * 0.2
layer a:
    neuron: cell
    size: 4
layer b:
    neuron: cell
    size: 5
connect a -> b as listed:
    pattern: pairs from "edges.csv" where i != 1
    weight: 1
    deliver: w to v
connect a -> b as near:
    pattern: random(p = clip(1.5 - width*abs(x_pre - x_post), 0, 1))
    weight: x_pre + 10 * x_post
    deliver: w to v
sweep:
    grid:
        width = [2.5, 8]
run:
    duration: 1 ms
""",
    )
    weights = tables["weights"]
    listed = weights[(weights["connection"] == "listed") & (weights["block"] == 1)]
    assert list(zip(listed["pre"], listed["post"], strict=True)) == [(0, 2), (3, 0)]
    near = weights[weights["connection"] == "near"]
    distance = abs(near["pre"] * 0.2 - near["post"] * 0.2)
    assert np.allclose(near["w"], near["pre"] * 0.2 + 10 * near["post"] * 0.2)
    narrow = near["width"] == 8
    assert set(distance[narrow].round(6)) == {0.0}  # certain at 0, impossible from 0.2 on
    assert {0.0, 0.2} <= set(distance[~narrow].round(6)) and distance.max() < 0.61


def test_draws_independent_per_block(tmp_path):
    text = """model draws
layer a:
    poisson: 1 Hz
    size: 5
neuron cell:
    equations:
        v : 1
layer b:
    neuron: cell
    size: 40
connect a -> b as c:
    pattern: fixed_indegree(2) independent per block
    weight: uniform(0, 1) independent per block
    deliver: w to v
sweep:
    table:
        | free |
        | 1    |
        | 2    |
run:
    duration: 1 ms
"""
    weights = both(tmp_path, text)["weights"]
    one, two = (weights[weights["free"] == f].reset_index(drop=True) for f in (1, 2))
    assert not one[["pre", "post"]].equals(two[["pre", "post"]])
    assert not np.isin(one["w"], two["w"]).any()
    alone = run_text(tmp_path, text.replace("        | 1    |\n", ""), name="alone")["weights"]
    pd.testing.assert_frame_equal(
        alone.drop(columns="block"), two.drop(columns="block"), check_exact=True
    )


# Time -------------------------------------------------------------------------------------------


def test_every_counts_draws_and_is_one_per_layer(tmp_path):
    text = """model clockwork
neuron cell:
    equations:
        count : 1
        chosen : integer (shared)
        noise : 1
    initial: count = 0
    every 2 ms:
        count += 1
    every 1 ms:
        chosen = integers(0, 5)
        noise = normal(5, 2)
layer a:
    neuron: cell
    size: 3
sweep:
    table:
        | free |
        | 1    |
        | 2    |
record:
    count, chosen, noise of a every 1 ms
run:
    duration: 400 ms
    seed: 9
"""
    tables = run_text(tmp_path, text)
    count = values(tables, "count", block=1, neuron=2)
    assert count.loc[0.0] == 0  # the sample is taken at the step's start
    assert np.isclose(count.iloc[3], 2) and count.iloc[-1] == 200
    chosen = values(tables, "chosen", block=0, neuron=0)
    assert set(chosen) == {0, 1, 2, 3, 4}
    for neuron in range(3):
        for block in range(2):
            assert chosen.equals(values(tables, "chosen", block=block, neuron=neuron))
    noise = [values(tables, "noise", block=0, neuron=n).iloc[1:] for n in range(3)]
    assert abs(np.mean(noise) - 5) < 0.25 and abs(np.std(noise) - 2) < 0.2
    assert abs(np.corrcoef(noise[0], noise[1])[0, 1]) < 0.15
    assert noise[0].equals(values(tables, "noise", block=1, neuron=0).iloc[1:])


def test_a_poisson_threshold(tmp_path):
    text = """model escape
neuron cell:
    parameters:
        r = 50 Hz
    equations:
        v : 1
    threshold: poisson(r)
layer a:
    neuron: cell
    size: 50
sweep:
    grid:
        a.r = [20, 100] Hz
record:
    spikes of a
run:
    duration: 2 s
    dt: 1 ms
"""
    tables = run_text(tmp_path, text)
    rate = tables["blocks"]["a_rate"]
    assert np.allclose(rate, [20, 100], rtol=0.1)
    spikes = tables["spikes"]
    low, high = (
        {(n, t) for n, t in zip(b["neuron"], b["t"], strict=True)}
        for _, b in spikes.groupby("block")
    )
    assert low <= high  # the same draws, so a lower rate keeps some of a higher one's spikes


def test_custom_events(tmp_path):
    tables = run_text(
        tmp_path,
        """model events
neuron cell:
    equations:
        dv/dt = 1/(1 ms) : 1
        n : 1
    event full: v > 2.95
    on full:
        v = 0
        n += 1
layer a:
    neuron: cell
    size: 1
record:
    n of a every 1 ms
run:
    duration: 10 ms
""",
    )
    assert values(tables, "n").iloc[-1] == 3


def test_axonal_and_later_pathways(tmp_path):
    tables = both(
        tmp_path,
        """model later
rule tally:
    equations:
        w : 1
        late : 1
    on pre:
        w += 1
    on pre after 3 ms:
        late += 1
    on post after 2 ms:
        late += 100
layer pre:
    spikes: [(0, 1 ms)]
    size: 1
layer post:
    spikes: [(0, 1 ms)]
    size: 1
connect pre -> post as c:
    pattern: all_to_all
    plasticity: tally
    axonal delay: d
sweep:
    grid:
        d = [1, 2] ms
record:
    w, late of c every 0.1 ms
run:
    duration: 10 ms
""",
    )
    for block, d in ((0, 1), (1, 2)):
        w, late = (values(tables, v, block=block) for v in ("w", "late"))
        assert np.isclose(w.index[w > 0][0], (1 + d + 0.1) * 1e-3)
        assert np.isclose(late.index[late % 100 > 0][0], (1 + d + 3 + 0.1) * 1e-3)
        assert np.isclose(late.index[late >= 100][0], 3.1e-3)


def test_a_dendritic_delay_delivers_the_weight_of_then(tmp_path):
    """Spikes at 1, 2 and 3 ms pass with w = 0, 1 and 2 and arrive 2.5 ms later."""
    tables = both(
        tmp_path,
        INTEGRATOR
        + """
rule counter:
    equations:
        w : 1
    on pre:
        deliver w
        w += 1
    on post:
        w += 100
layer pre:
    spikes: [(0, 1 ms), (0, 2 ms), (0, 3 ms)]
    size: 1
layer post:
    neuron: integrator
    size: 1
connect pre -> post as c:
    pattern: all_to_all
    plasticity: counter
    deliver: w + 0.5 to v
    dendritic delay: 2.5 ms
sweep:
    grid:
        free = [1, 2]
record:
    v of post every 0.1 ms
run:
    duration: 10 ms
""",
    )
    v = values(tables, "v", block=1)
    jumps = v.diff().fillna(0)
    jumps = jumps[jumps > 0]
    assert np.allclose(jumps.index, [3.6e-3, 4.6e-3, 5.6e-3])
    assert np.allclose(jumps, [0.5, 1.5, 2.5])
    assert np.allclose(tables["weights"]["delay"], 2.5e-3)


def test_ties(tmp_path):
    for ties, expected in (("", 1.0), ("    ties: post first\n", 0.0)):
        tables = run_text(
            tmp_path,
            """model ties
rule order:
    equations:
        w : 1
        seen : 1
    on pre:
        seen = 1
    on post:
        w += seen
layer pre:
    spikes: [(0, 1 ms)]
    size: 1
layer post:
    spikes: [(0, 1 ms)]
    size: 1
connect pre -> post as c:
    pattern: all_to_all
    plasticity: order
"""
            + ties
            + """run:
    duration: 3 ms
""",
            name=f"out{expected}",
        )
        assert tables["weights"]["w"].tolist() == [expected]


# Delivery ---------------------------------------------------------------------------------------


def test_deliver_continuously_from_two_connections(tmp_path):
    tables = both(
        tmp_path,
        """model graded
neuron source:
    parameters:
        slope = 1
    equations:
        dy/dt = slope/second : 1
layer a:
    neuron: source
    size: 2
neuron sink:
    equations:
        I : 1
        dz/dt = I/second : 1
layer b:
    neuron: sink
    size: 2
connect a -> b as one:
    pattern: all_to_all
    weight: i + 1
    deliver continuously: w * y_pre to I
connect a -> b as two:
    pattern: one_to_one
    weight: 10
    deliver continuously: w * y_pre to I
sweep:
    grid:
        a.slope = [1, 3]
record:
    I of b every 1 ms
run:
    duration: 20 ms
""",
    )
    for block, slope in ((0, 1), (1, 3)):
        found = values(tables, "I", block=block, neuron=1)
        # What a step integrates is the sum at its start: (1 + 2)*y + 10*y.
        t = found.index.to_numpy()
        assert np.allclose(found.iloc[1:-1], 13 * slope * (t[1:-1] - 1e-4), atol=1e-9)


def test_normalise_per_post_and_per_pre(tmp_path):
    for side in ("post", "pre"):
        (tmp_path / side).mkdir()
        tables = both(
            tmp_path / side,
            f"""model homeostasis
layer pre:
    spikes: [(0, 1 ms), (2, 1 ms)]
    size: 3
layer post:
    spikes: [(0, 5 ms)]
    size: 2
rule grow:
    parameters:
        wmax = 10
    equations:
        w : 1 in [0, wmax]
    on pre:
        w += 1
connect pre -> post as c:
    pattern: all_to_all
    plasticity: grow
    initial: w = uniform(0.1, 1)
    every 2 ms: normalise w per {side} to total
sweep:
    grid:
        total = [1, 4]
run:
    duration: 3 ms
""",
        )
        weights = tables["weights"]
        sums = weights.groupby(["total", side])["w"].sum()
        assert np.allclose(sums, sums.index.get_level_values("total"), rtol=1e-12)
        mine = weights[weights["block"] == 0]
        first = mine.pivot(index="pre", columns="post", values="w_initial")
        axis = 0 if side == "post" else 1
        w = first.to_numpy()
        for step in range(2):
            w = w / w.sum(axis=axis, keepdims=True)
            if step == 0:
                w[[0, 2]] += 1
        obtained = mine.pivot(index="pre", columns="post", values="w")
        assert np.allclose(obtained, w, rtol=1e-12)


# Rules ------------------------------------------------------------------------------------------


def test_bounds_hold_after_each_integration_step(tmp_path):
    tables = both(
        tmp_path,
        """model drift
rule drifting:
    parameters:
        hi = 1
    equations:
        dw/dt = 1/second : 1 in [0, hi]
layer pre:
    spikes: [(0, 1 ms)]
    size: 1
layer post:
    spikes: [(0, 1 ms)]
    size: 1
connect pre -> post as c:
    pattern: all_to_all
    plasticity: drifting
sweep:
    grid:
        c.hi = [0.005, 0.002]
record:
    w of c every 1 ms
run:
    duration: 10 ms
""",
    )
    assert np.allclose(tables["weights"]["w"], [0.005, 0.002], rtol=1e-12)
    w = values(tables, "w", block=0)
    assert np.allclose(w.iloc[:5], np.arange(5) * 1e-3, atol=1e-12) and w.max() <= 0.005


PORTS = (
    RELAY
    + """
rule rewarded:
    ports:
        reward
        G : 1
    parameters:
        tau = 10 ms
        a = 0.5
    equations:
        w : 1
        dc/dt = -c/tau : 1
        d : 1
    on pre:
        c += 1
    on reward:
        d += reward * a
        w += c * G
layer pre:
    spikes: [(0, 2 ms), (1, 4 ms)]
    size: 2
layer VTA:
    spikes: [(0, 6 ms), (1, 6 ms), (0, 8 ms)]
    size: 2
neuron controller:
    equations:
        dG/dt = 1000/second : 1
layer control:
    neuron: controller
    size: 1
layer post:
    neuron: relay
    size: 3
connect pre -> post as c1:
    pattern: all_to_all
    plasticity: rewarded(reward = spikes of VTA, G = G of control)
sweep:
    grid:
        c1.tau = [10, 5] ms
run:
    duration: 12 ms
"""
)


def test_ports(tmp_path):
    weights = both(tmp_path, PORTS)["weights"]
    assert len(weights) == 12
    assert np.allclose(weights["d"], 1.5)  # two spikes at 6 ms, one at 8 ms
    t = np.where(weights["pre"] == 0, 2e-3, 4e-3)
    expected = 0.0
    for at in (6e-3, 8e-3):
        # A value port is the value at the step's start.
        expected += np.exp(-(at - t) / weights["tau"]) * 1000 * at
    assert np.allclose(weights["w"], expected, rtol=1e-9)


def test_a_value_port_may_be_computed_from_parameters(tmp_path):
    """Brian2 computes what is linked with the names of the layer that reads it."""
    text = PORTS.replace(
        "        dG/dt = 1000/second : 1\n",
        """        dx/dt = 1000/second : 1
        G = gain*x : 1
""",
    ).replace("neuron controller:\n", "neuron controller:\n    parameters: gain = 3\n")
    text = text.replace(
        "    equations:\n        v : 1\n",
        """    parameters: gain = 5
    equations:
        v : 1
        u = gain*v : 1
""",
        1,
    ).replace("threshold: v > 0.5", "threshold: u > 2.5", 1)
    assert text.count("gain") == 4
    computed, plain = (run_text(tmp_path, t, name=n) for t, n in ((text, "a"), (PORTS, "b")))
    assert np.allclose(computed["weights"]["w"], 3 * plain["weights"]["w"], rtol=1e-12)


def test_post_equations_are_one_set_per_layer_rule_and_values(tmp_path):
    text = (
        RELAY
        + """
rule seen:
    requires post:
        v : 1
    parameters:
        tau = 10 ms
        a = 1
    equations:
        w : 1
    post equations:
        do/dt = -o/tau : 1
        mean_v = 2*v : 1
    post reset:
        o += a
    on post:
        w += o_post + 0*mean_v_post
layer pre:
    spikes: [(0, 50 ms)]
    size: 1
layer kick:
    spikes: [(0, 1 ms), (0, 4 ms), (0, 9 ms)]
    size: 1
layer post:
    neuron: relay
    size: 1
connect kick -> post as force:
    pattern: all_to_all
    weight: 1
    deliver: w to v
connect pre -> post as one:
    pattern: all_to_all
    plasticity: seen
connect pre -> post as two:
    pattern: all_to_all
    plasticity: seen
connect pre -> post as three:
    pattern: all_to_all
    plasticity: seen(a = 2)
sweep:
    grid:
        one.tau = [10, 5] ms
run:
    duration: 12 ms
record:
    spikes of post
"""
    )
    tables = both(tmp_path, text)
    spikes = tables["spikes"]
    t = spikes[spikes["block"] == 0]["t"].to_numpy()
    assert len(t) == 3
    weights = tables["weights"].set_index(["connection", "block"])["w"]

    def expected(tau, a):
        return sum(a * np.exp(-(t[k] - t[m]) / tau) for k in range(3) for m in range(k))

    for name, block, tau, a in (
        ("one", 0, 0.01, 1),
        ("one", 1, 0.005, 1),
        ("two", 1, 0.01, 1),
        ("three", 0, 0.01, 2),
    ):
        assert np.isclose(weights[name, block], expected(tau, a), rtol=1e-9), name


def test_presets_as_an_axis_and_joined_rules(tmp_path):
    tables = both(
        tmp_path,
        INTEGRATOR
        + """
rule sized:
    parameters:
        a = 1
        b = 10
    presets:
        small: a = 2
        large: a = 5, b = 7
    equations:
        w : 1
    on pre:
        deliver w
        w += a + b
rule fading:
    parameters:
        U = 0.5
    equations:
        x : 1
    on pre:
        deliver x
        x -= U*x
layer pre:
    spikes: [(0, 1 ms), (0, 2 ms)]
    size: 1
layer post:
    neuron: integrator
    size: 1
connect pre -> post as c:
    pattern: all_to_all
    plasticity: fading, sized
    deliver: to v
    initial:
        x = 1
        w = 1
sweep:
    grid:
        c.preset = [small, large]
        c.U = [0.5, 0.25]
record:
    v of post every 1 ms
run:
    duration: 5 ms
""",
    )
    weights = tables["weights"].sort_values("block")
    assert weights["preset"].tolist() == ["small", "small", "large", "large"]
    step = np.where(weights["preset"] == "small", 12, 12)
    assert np.allclose(weights["w"], 1 + 2 * step)
    assert np.allclose(weights["x"], (1 - weights["U"]) ** 2)
    for block, (w, u) in enumerate(zip(step, weights["U"], strict=True)):
        assert np.isclose(values(tables, "v", block=block).iloc[-1], 1 + (1 + w) * (1 - u))


def test_draws_in_a_rule_are_the_same_in_every_block(tmp_path):
    weights = both(
        tmp_path,
        """model quantal
rule release:
    parameters:
        p = 0.5
    equations:
        w : 1
        n : 1
    on pre:
        n += bernoulli(p)
        w += uniform(0, 1)
layer pre:
    regular: 1 kHz
    size: 4
layer post:
    spikes: [(0, 1 ms)]
    size: 3
connect pre -> post as c:
    pattern: all_to_all
    plasticity: release
sweep:
    grid:
        c.p = [0.3, 0.6]
run:
    duration: 300 ms
""",
    )["weights"]
    low, high = (weights[weights["p"] == p] for p in (0.3, 0.6))
    assert np.array_equal(low["w"], high["w"]) and low["w"].nunique() == 12
    assert abs(low["n"].mean() / 300 - 0.3) < 0.05 and abs(high["n"].mean() / 300 - 0.6) < 0.05
    assert (low["n"].to_numpy() < high["n"].to_numpy()).all()
    assert abs(low["w"].mean() / 300 - 0.5) < 0.03


# Phases -----------------------------------------------------------------------------------------

PHASES = (
    INTEGRATOR
    + """
rule learner:
    parameters:
        eta = 1
        tau = 10 ms
    equations:
        w : 1
        dx/dt = -x/tau : 1
    on pre:
        deliver w
        x += 1
        w += eta
layer pre:
    regular: 1 kHz from 0.5 ms to 40 ms
    size: 1
layer post:
    neuron: integrator
    size: 1
connect pre -> post as c:
    pattern: all_to_all
    plasticity: learner
    deliver: w to v
    delay: 0.2 ms
sweep:
    grid:
        free = [1, 2]
record:
    spikes of pre
    w, x of c every 1 ms
    v of post every 1 ms
run:
    phases:
        settle: 10 ms, plasticity off
        train: 10 ms
        faster: 10 ms, set c.eta = 10, set c.tau = 20 ms
        test: 10 ms, c off, c frozen
"""
)


def test_phases(tmp_path):
    tables = both(tmp_path, PHASES)
    blocks = tables["blocks"]
    assert blocks["phase"].tolist() == 2 * ["settle", "train", "faster", "test"]
    one = blocks[blocks["block"] == 1].set_index("phase")
    assert one["c_after_mean"].tolist() == [0, 10, 110, 110]
    assert one["c_before_mean"].tolist() == [0, 0, 10, 110]
    assert one["pre_spikes"].tolist() == [10, 10, 10, 10]
    v = values(tables, "v", block=0)
    # Delivered: 0 while settling, 0 to 9 while training, then 10, 20, …, 100, then nothing.
    assert np.isclose(v.iloc[-1], sum(range(10)) + sum(range(10, 110, 10)))
    assert v.loc[0.03:].nunique() <= 2
    x = values(tables, "x", block=0)
    arrivals = np.arange(40) * 1e-3 + 0.7e-3

    def trace(t):
        """Each arrival has relaxed with 10 ms up to 20 ms, with 20 ms from there on."""
        fast = np.minimum(t, 0.02) - np.minimum(arrivals, 0.02)
        slow = np.maximum(t, 0.02) - np.maximum(arrivals, 0.02)
        return np.exp(-fast / 0.01 - slow / 0.02)[arrivals < t - 1e-9].sum()

    assert np.allclose(x, [trace(t) for t in x.index], rtol=1e-9)
    trajectories = tables["trajectories"]
    assert set(trajectories[trajectories["t"] < 0.0099]["phase"]) == {"settle"}
    assert set(tables["spikes"]["phase"]) == {"settle", "train", "faster", "test"}


# Blocks -----------------------------------------------------------------------------------------


def test_across_blocks(tmp_path):
    tables = both(
        tmp_path,
        RELAY
        + """
neuron sink:
    equations:
        v : 1
layer a:
    poisson: rate
    size: 2
layer hub:
    neuron: sink
    size: 1
    scope: shared
connect a -> hub as gather across blocks:
    pattern: all_to_all
    weight: 1
    deliver: w to v
sweep:
    grid:
        rate = [100, 300] Hz
record:
    v of hub every 50 ms
run:
    duration: 200 ms
""",
    )
    assert values(tables, "v").iloc[-1] == tables["blocks"]["a_spikes"].sum()
    assert len(tables["weights"]) == 4 and tables["weights"]["block"].tolist() == [0, 0, 1, 1]


def test_shared_connections_and_replicates(tmp_path):
    tables = both(
        tmp_path,
        INTEGRATOR
        + """
layer a:
    poisson: 100 Hz
    size: 3
layer b:
    neuron: integrator
    size: 2
    scope: shared
connect a -> b as c:
    pattern: random(p = 0.5)
    weight: uniform(0, 1)
    deliver: w to v
neuron other:
    equations:
        u : 1
layer d:
    neuron: other
    size: 1
connect a -> d as e:
    pattern: all_to_all
    weight: free
    deliver: w to u
sweep:
    grid:
        free = [1, 2]
    replicates: 3
record:
    spikes of a
    v of b every 50 ms
run:
    duration: 100 ms
""",
    )
    weights = tables["weights"]
    shared = weights[weights["connection"] == "c"]
    assert shared["block"].isna().all() and set(shared["replicate"]) <= {0, 1, 2}
    sets = [tuple(g["w"]) for _, g in shared.groupby("replicate")]
    assert len(set(sets)) == len(sets) > 1
    assert tables["blocks"].groupby("replicate")["a_spikes"].nunique().eq(1).all()
    assert tables["blocks"]["a_spikes"].nunique() == 3


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
def test_a_block_scoped_layer_that_hears(tmp_path, lowering):
    tables = run_text(
        tmp_path,
        """model hearing
sound s:
    stimuli: tones(frequency = [440, 880] Hz, duration = 20 ms)
    level: 70 dB
    samplerate: 44.1 kHz
filterbank bank:
    sound: s
    filter: gammatone(cf = [440, 880] Hz)
neuron ear:
    parameters:
        gain = 1
    equations:
        I : 1
        dy/dt = gain*I/second : 1
layer nerve:
    neuron: ear
    size: 2
    scope: block
    drive: I from bank
layer still:
    neuron: ear
    size: 2
    scope: shared
    drive: I from bank
sweep:
    grid:
        nerve.gain = [1, 3]
record:
    I, y of nerve every 1 ms
    I of still every 1 ms
run:
    duration: s
    dt: 0.5 ms
""",
        lowering,
    )
    one, three = (values(tables, "y", layer="nerve", block=b, neuron=0) for b in (0, 1))
    assert abs(one).max() > 0 and np.allclose(three, 3 * one, rtol=1e-9, atol=1e-15)
    heard = values(tables, "I", layer="nerve", block=0, neuron=1)
    alone = values(tables, "I", layer="still", neuron=1)
    assert abs(heard).max() > 0 and abs(alone).max() > 0


def test_initial_values_in_any_order(tmp_path):
    """Each comes after those it reads, whether the neuron or the layer gives it."""
    tables = run_text(
        tmp_path,
        """model ordered
neuron cell:
    equations:
        v : 1
        near : 1
        x : 1
    threshold: v > 1e9
    reset: v = 0
    initial:
        v = 2*near + 1
        near = x - 1
        x = 100
layer A:
    neuron: cell
    size: 3
    initial: x = 10*i
connect A -> A as lateral:
    pattern: all_to_all where near_pre < 0 and near_post > 10
    weight: near_post - x_pre
    deliver: w to v
record:
    v of A every 1 ms
run:
    duration: 1 ms
    dt: 0.1 ms
""",
    )
    assert [values(tables, "v", neuron=n).iloc[0] for n in range(3)] == [-1, 19, 39]
    found = tables["weights"][["pre", "post", "w"]].to_numpy().tolist()
    assert found == [[0, 2, 19.0]]


def test_what_a_layer_computes_read_by_synapses(tmp_path):
    """Its names are the layer's, whatever they mean in the rule; `i` and `N` count in the layer."""
    tables = both(
        tmp_path,
        """model computed
constants:
    base = 1000
    slope = 7
neuron cell:
    parameters:
        k = 2
    equations:
        v : 1
        fired : 1
        tens = 10*i + N : 1
        sum = tens + k*v + base + slope*int(t >= 1 ms) : 1
    threshold: fired > 0
    reset: fired = 0
    initial: v = 0.25*(i + 1)
rule reader:
    parameters:
        k = 50
        base = 3
    equations:
        w : 1
        slope : 1
        before : 1
        after : 1
        total = sum_pre + k : 1
    on pre:
        before = sum_pre
        after = sum_post + k + base
        w = total
layer source:
    spikes: [(0, 2 ms), (1, 2 ms), (2, 2 ms)]
    size: 3
layer A:
    neuron: cell
    size: 3
layer B:
    neuron: cell
    size: 2
connect A -> B as ab:
    pattern: all_to_all
    plasticity: reader
connect source -> A as kick:
    pattern: one_to_one
    on pre: fired_post += 1
sweep:
    grid:
        A.k = [2, 4]
run:
    duration: 5 ms
    dt: 0.1 ms
""",
    )
    found = tables["weights"]
    found = found[found["connection"] == "ab"]
    assert len(found) == 12
    for row in found.itertuples():
        pre = 10 * row.pre + 3 + row.k * 0.25 * (row.pre + 1) + 1007
        post = 10 * row.post + 2 + 2 * 0.25 * (row.post + 1) + 1007
        assert (row.before, row.after, row.w) == (pre, post + 53, pre + 50)


SCALED = """model scaled

neuron cell:
    equations:
        v : 1
    threshold: v > 100
    reset: v = 0

rule bounded:
    parameters:
        top = 0.8
        goal = 1.5
    equations:
        w : 1 in [0, top]
    on pre:
        w += 0

layer P:
    regular: 10 Hz from 1 ms to 1 second
    size: 1

layer A:
    neuron: cell
    size: 1

connect P -> A as c:
    pattern: all_to_all
    plasticity: bounded
    initial: w = 0.3
    every 2 ms: normalise w per post to goal

sweep:
    grid:
        c.goal = [1.5, 0.6]

record:
    w of c every 1 ms

run:
    dt: 0.5 ms
    phases:
        a: 6 ms
        b: 6 ms, set c.top = 1.2
        d: 6 ms, set c.goal = 0.5
"""


def test_normalise_has_what_phases_set(tmp_path):
    """The sum that weights are scaled to, and the bounds that they are clipped to then."""
    samples = run_text(tmp_path, SCALED)["trajectories"].sort_values("t")
    found = {goal: mine.value.tolist()[1:] for goal, mine in samples.groupby("goal")}
    assert found == {1.5: [0.8] * 6 + [1.2] * 6 + [0.5] * 6, 0.6: [0.6] * 12 + [0.5] * 6}
