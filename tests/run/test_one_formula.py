"""Formulas that the compiler and the script both compute are one, or give equal bits."""

import numpy as np
import pytest
from running import run_text

from stdpdsl.compiler import _front, check_text, compile_source
from stdpdsl.language.source import Source

N = 4000
SPEC = """model formulas
neuron n:
    parameters:
        {parameters}
    equations:
        x : second
        y : second
        z : second
        seen : 1
    initial:
        x = lognormal(mean = 10 ms, sd = 3 ms)
        y = lognormal(mu, sigma) * (1 ms)
        seen = {seen}
    every 1 ms: z = lognormal(sd = 3 ms, mean = 10 ms)
layer L:
    neuron: n
    size: {size}
sweep:
    {sweep}
record: x, y, z, seen of L every 1 ms
run:
    duration: 1 ms
    dt: 1 ms
    seed: 3
"""
RANDOM = {
    "a": "uniform(-1, 2)",
    "b": "normal(5 mV, 2 mV)",
    "c": "lognormal(1, 0.5)",
    "d": "lognormal(mean = 10 ms, sd = 3 ms)",
    "q": "loguniform(1, 100)",
    "f": "exponential(2)",
    "g": "integers(2, 9)",
    "h": "bernoulli(0.3)",
    "k": "binomial(7, 0.4)",
}


def last_of(tables):
    rows = tables["trajectories"]
    return rows[rows.t == rows.t.max()].pivot(
        index=["block", "neuron"], columns="variable", values="value"
    )


def test_lognormal_by_its_mean_and_sd(tmp_path):
    """The mean and sd of the variable itself; mu and sigma are those of its logarithm."""

    def run(size, samples):
        free = "free = lognormal(mean = 10 ms, sd = 3 ms)"
        return run_text(
            tmp_path,
            name=f"of_{size}",
            text=SPEC.format(
                parameters="mu = 2.25\n        sigma = 0.3",
                seen="0",
                size=size,
                sweep=f"random: {samples} samples\n        {free}",
            ),
        )

    drawn = run(1, N)["blocks"]["free"]
    values = last_of(run(N, 1))
    for found in (drawn, values["x"], values["z"]):
        assert abs(found.mean() - 0.01) < 4 * 0.003 / N**0.5
        assert found.std() == pytest.approx(0.003, rel=0.06)
    assert np.log(values["y"] / 1e-3).mean() == pytest.approx(2.25, abs=4 * 0.3 / N**0.5)
    # The latin hypercube has one sample in each of N strata: its mean is closer by far.
    assert drawn.mean() == pytest.approx(0.01, rel=2e-3)


@pytest.mark.parametrize("argument", ["mean = 0, sd = 1", "mean = 1, sd = -1"])
def test_a_lognormal_variable_is_positive(tmp_path, argument):
    text = SPEC.format(parameters="k = 1", seen="0", size=2, sweep="grid: free = [1, 2]")
    text = text.replace("lognormal(mu, sigma)", f"lognormal({argument})")
    _, problems = check_text(Source("s.stdp", text), tmp_path, [])
    assert [p.code for p in problems if p.code == "TYPE013"]


def test_lists_and_draws_of_a_sweep_have_the_bits_of_the_script(tmp_path):
    """Of each row, the compiler's table against what the script made of the same text."""
    lists = [
        "erbspace(100, 5000, 10)",
        "erbspace(300, 400, 1)",
        "geomspace(0.1, 7, 6)",
        "linspace(1/3, 2, 7)",
        "logspace(-2, 1, 5)",
        "arange(0.1, 1, 0.3)",
    ]
    grids = "".join(f"\n        l{k} = {code}" for k, code in enumerate(lists))
    draws = "".join(f"\n        {name} = {call}" for name, call in RANDOM.items())
    derived = "exprel(l0*1e-3) + int(l2*3)"
    for sweep, names in (
        (f"grid:{grids[: grids.index('l2')]}", ["l0", "l1"]),
        (f"grid:\n        {grids[grids.index('l2') :].strip()}", ["l2", "l3", "l4", "l5"]),
        (f"random: 50 samples{draws}", list(RANDOM)),
        (
            "grid:\n        l0 = erbspace(100, 5000, 10)\n        l2 = geomspace(0.1, 7, 6)\n"
            f"    derive: l9 = {derived}",
            ["l0", "l2", "l9"],
        ),
    ):
        text = SPEC.format(parameters="mu = 1\n        sigma = 1", seen=0, size=1, sweep=sweep)
        compiled = compile_source(Source("s.stdp", text), tmp_path, [], "synapse", "numpy")
        own: dict = {"__name__": "script"}
        exec(compile(compiled.run_script, "<script>", "exec"), own)
        table = own["sweep"]()
        _, mine, _ = _front(Source("s.stdp", text), tmp_path, [], None, ())
        assert list(mine.columns) == list(table) == names
        for name in names:
            np.testing.assert_array_equal(mine.columns[name], table[name], err_msg=name)
            assert np.isfinite(table[name]).all()
