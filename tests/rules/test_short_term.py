"""What short-term rules deliver, alone and with a long-term rule on the same connection."""

from __future__ import annotations

import numpy as np
import pytest
from bench import DT, LOWERINGS, layer, row, run, sampled, spec, train
from oracles import pairs, short_term
from oracles.trains import events

STEPS = 12000
TRAINS = [train(seed, 40, STEPS) for seed in range(3)]
LAYERS = (
    layer("inputs", TRAINS, "shared")
    + """
neuron sink:
    equations:
        g : 1

layer outputs:
    neuron: sink
    size: 3
"""
)
SETS = {
    "U": (0.5, 0.03, 0.25, 0.67),
    "tau_rec": (800.0, 130.0, 200.0, 50.0),
    "tau_fac": (1e-3, 530.0, 200.0, 20.0),
}


def connection(plasticity: str, delay: str = "") -> str:
    return (
        f"connect inputs -> outputs as c:\n    pattern: one_to_one\n    plasticity: {plasticity}\n"
        f"    deliver: to g\n{delay}"
    )


def delivered(tables, block: int, neuron: int) -> tuple[np.ndarray, np.ndarray]:
    return sampled(tables, variable="g", block=block, neuron=neuron)


def check(tables, expected, delay: int = 0) -> None:
    """The sum of all deliveries before each sample; `expected(block, times)` gives each."""
    for block in range(4):
        for n, steps in enumerate(TRAINS):
            at, got = delivered(tables, block, n)
            total = np.concatenate([[0.0], np.cumsum(expected(block, steps * DT))])
            passed = np.searchsorted(steps + delay, at, side="left")
            np.testing.assert_allclose(got, total[passed], rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_tsodyks_markram(tmp_path, lowering):
    text = spec(
        LAYERS,
        [connection("tsodyks_markram", "    axonal delay: 0.7 ms\n")],
        SETS,
        ["g of outputs every 1 ms"],
        STEPS,
        {},
    )

    def expected(block, times):
        return np.prod(short_term.tsodyks_markram(times, **row(SETS, block, {})), axis=1)

    check(run(tmp_path, text, lowering), expected, delay=7)


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_tsodyks_uziel_markram(tmp_path, lowering):
    sets = {**SETS, "tau_I": (3.0, 1.5, 10.0, 5.0)}
    late = connection("tsodyks_uziel_markram", "    dendritic delay: 0.7 ms\n")
    text = spec(LAYERS, [late], sets, ["g of outputs every 1 ms"], STEPS, {})

    def expected(block, times):
        u, x, _, _ = short_term.tsodyks_uziel_markram(times, **row(sets, block, {})).T
        return u * x

    check(run(tmp_path, text, lowering), expected, delay=7)


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_tsodyks_markram_1997(tmp_path, lowering):
    sets = {"U_SE": SETS["U"], "tau_rec": SETS["tau_rec"], "tau_in": (3.0, 1.5, 10.0, 5.0)}
    text = spec(
        LAYERS, [connection("tsodyks_markram_1997")], sets, ["g of outputs every 1 ms"], STEPS, {}
    )

    def expected(block, times):
        p = row(sets, block, {})
        u, x, _, _ = short_term.tsodyks_uziel_markram(
            times, p["U_SE"], p["tau_rec"], 0.0, p["tau_in"]
        ).T
        return u * x

    check(run(tmp_path, text, lowering), expected)


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_beside_a_fixed_weight(tmp_path, lowering):
    text = spec(
        LAYERS,
        [connection("tsodyks_markram, fixed_weight", "    initial: w = 2.5\n")],
        SETS,
        ["g of outputs every 1 ms"],
        STEPS,
        {},
    )

    def expected(block, times):
        return 2.5 * np.prod(short_term.tsodyks_markram(times, **row(SETS, block, {})), axis=1)

    check(run(tmp_path, text, lowering), expected)


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_beside_a_long_term_rule(tmp_path, lowering):
    """Delivered is the weight of the pair rule, as it stands before the spike, times u*x."""
    posts = [train(seed + 10, 40, STEPS, step=5) for seed in range(3)]
    layers = layer("inputs", TRAINS, "shared") + layer("teachers", [p - 1 for p in posts], "shared")
    layers += """
neuron sink:
    equations:
        g : 1
        v : 1
    threshold: v > 0.5
    reset: v = 0

layer outputs:
    neuron: sink
    size: 3

connect teachers -> outputs as force:
    pattern: one_to_one
    weight: 1
    deliver: w to v
"""
    sets = {
        **SETS,
        "Apre": (0.05, 0.1, 0.02, 0.2),
        "Apost": (-0.06, -0.05, -0.15, -0.1),
        "taupre": (20.0, 10.0, 35.0, 5.0),
        "taupost": (20.0, 40.0, 15.0, 8.0),
        "wmax": (1.0, 0.8, 1.5, 0.9),
    }
    joined = connection("tsodyks_markram, pair_additive", "    initial: w = 0.5\n")
    tables = run(
        tmp_path, spec(layers, [joined], sets, ["g of outputs every 1 ms"], STEPS, {}), lowering
    )
    for block in range(4):
        p = row(sets, block, {})
        for n, (pre, post) in enumerate(zip(TRAINS, posts, strict=True)):
            made = events(pre, post, stop=STEPS)
            path = np.concatenate([[0.5], pairs.additive(made, type("P", (), p), 0.5)])
            weight = np.array([path[k] for k, event in enumerate(made) if event.kind == "pre"])
            factors = short_term.tsodyks_markram(
                pre * DT, **{k: p[k] for k in ("U", "tau_rec", "tau_fac")}
            )
            total = np.concatenate([[0.0], np.cumsum(weight * np.prod(factors, axis=1))])
            at, got = delivered(tables, block, n)
            np.testing.assert_allclose(
                got, total[np.searchsorted(pre, at, side="left")], rtol=1e-9, atol=1e-14
            )


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_quantal_release(tmp_path, lowering):
    """The draws are keyed uniforms, so that only their distribution is known: the mean number of
    released sites over 400 synapses is within 5 standard errors of the exact chain's."""
    count, n, spikes = 400, 5, train(7, 15, 4000)
    layers = (
        layer("inputs", [spikes], "shared")
        + f"""
neuron sink:
    equations:
        g : 1

layer outputs:
    neuron: sink
    size: {count}
"""
    )
    wired = connection(f"quantal_release(n = {n})").replace("one_to_one", "all_to_all")
    tables = run(
        tmp_path, spec(layers, [wired], SETS, ["g of outputs every 0.1 ms"], 4000, {}), lowering
    )
    for block in range(4):
        rows = tables["trajectories"].query("block == @block and variable == 'g'")
        g = rows.pivot(index="t", columns="neuron", values="value").to_numpy()
        released = np.diff(g[np.append(spikes, -1)], axis=0)
        assert np.all(released == np.rint(released)) and released.min() >= 0
        chain = short_term.quantal_distribution(spikes * DT, n=n, **row(SETS, block, {}))
        mean = chain @ np.arange(n + 1)
        sd = np.sqrt(chain @ np.arange(n + 1) ** 2 - mean**2)
        assert np.all(np.abs(released.mean(1) - mean) < 5 * sd / np.sqrt(count) + 1e-12)
