"""Draws in code that runs: several in a statement, and in everything that one network holds."""

import re

import numpy as np
import pytest
from by_day import CYTHON
from running import assert_same, run_apart, run_text, script_of

from stdpdsl.runtime.draws import draw_functions, row_key
from stdpdsl.runtime.single import functions_of_double
from stdpdsl.runtime.whole_numbers import functions_in_double

TWO = """model two
neuron cell:
    equations:
        x : 1
        y : 1
    every 1 ms:
        x = uniform(0, 1) - uniform(0, 1)
        y = normal(0, 1)*normal(0, 1) + clip(normal(0, 1), 0, 1)*bernoulli(0.5)
layer cells:
    neuron: cell
    size: 2000
record: x, y of cells every 1 ms
run:
    duration: 2 ms
    dt: 1 ms
"""
EVERYWHERE = """model everywhere
neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
        u : 1
    threshold: v > 1
    reset: v = uniform(0, 0.5)*uniform(0, 1)
    event high: v > 0.9
    on high: u = uniform(0, 1) - uniform(0, 1)
    every 2 ms: u += normal(0, 1)*uniform(0, 1)
rule noisy:
    parameters:
        eta = 0.1
    equations:
        w : 1 in [0, 1]
    on pre:
        deliver w
        w += eta*(uniform(0, 1) - uniform(0, 1))
    on post: w += eta*normal(0, 1)*bernoulli(0.5)
layer P:
    poisson: 400 Hz
    size: 4
layer A:
    neuron: cell
    size: 2
connect P -> A as c:
    pattern: all_to_all
    plasticity: noisy
    deliver: w to v
    initial: w = 0.5
    every 5 ms: w += eta*(uniform(0, 1) - uniform(0, 1))
sweep:
    grid:
        c.eta = [0, 0.1]
    replicates: 2
record:
    spikes of A
    u of A every 1 ms
    w of c every 1 ms
run:
    duration: 20 ms
    dt: 0.1 ms
"""
OWN_NAMES = """model named
neuron cell:
    parameters:
        half = 0.5
        three = 3 mV
        trials = 4
    equations:
        v : volt
        n : 1
    every 1 ms:
        v = half*uniform(0, 1)*three + normal(0, 1)*three
        n = binomial(4, half) + trials
layer cells:
    neuron: cell
    size: 5
sweep:
    grid:
        cells.half = [0.25, 0.5]
record: v, n of cells every 1 ms
run:
    duration: 3 ms
    dt: 1 ms
"""


def test_two_draws_of_one_statement_are_independent(tmp_path):
    rows = run_text(tmp_path, TWO)["trajectories"]
    rows = rows[rows["t"] == 0.002]
    x = rows[rows["variable"] == "x"]["value"].to_numpy()
    y = rows[rows["variable"] == "y"]["value"].to_numpy()
    # The difference is triangular in (-1, 1), with variance 1/6 and density 1 - |x|.
    assert abs(x.mean()) < 4 * np.sqrt(1 / 6 / 2000) and abs(x.var() - 1 / 6) < 0.02
    assert abs((np.abs(x) < 0.5).mean() - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 2000)
    # E[clip(n, 0, 1)] = phi(0) - phi(1) + 1 - Phi(1); half of it, by the draw of 0 or 1.
    mean = 0.5 * (0.3989422804 - 0.2419707245 + 0.1586552539)
    assert abs(y.mean() - mean) < 4 * np.sqrt(1.2 / 2000)


def test_draws_of_a_rule_its_target_and_its_connection(tmp_path):
    found = run_text(tmp_path, EVERYWHERE)
    samples = found["trajectories"]
    assert len(found["spikes"]) > 20
    w = samples[(samples["variable"] == "w") & (samples["eta"] == 0)]
    assert (w["value"] == 0.5).all()
    assert samples[(samples["variable"] == "w") & (samples["eta"] == 0.1)]["value"].nunique() > 50


def named_as_draws():
    """Parameters with the names of functions of ours, swept and not."""
    names = {"half": "uniform_draw", "three": "normal_draw", "trials": "binomial_draw"}
    return re.sub("|".join(names), lambda found: names[found[0]], OWN_NAMES)


def test_parameters_may_have_the_names_of_our_functions(tmp_path):
    one = run_text(tmp_path, OWN_NAMES)["trajectories"]
    other = run_text(tmp_path, named_as_draws(), name="named")["trajectories"]
    for column in ("t", "variable", "value"):
        assert one[column].tolist() == other[column].tolist()
    assert one["value"].nunique() > 20


def test_no_name_of_a_spec_is_that_of_a_function_of_ours():
    ours = [*draw_functions(), *functions_in_double(), *functions_of_double()]
    assert len(ours) > 8 and all("__" in name for name in ours)


@pytest.mark.slow
@pytest.mark.parametrize("target", [CYTHON, "cpp_standalone"])
def test_compiled_targets_draw_the_same(tmp_path, target):
    assert_same(
        run_apart(tmp_path, script_of(EVERYWHERE, target=target), target=target),
        run_text(tmp_path, EVERYWHERE, name="here"),
    )


def test_a_row_that_names_a_stream_is_its_columns_by_name_but_the_replicate():
    """Streams that are one block's own keep their numbers, whatever holds the table."""
    row = {
        "x": np.array([1, 2]),
        "kind": np.array(["slow", "fast"], dtype=object),
        "replicate": np.array([0, 1]),
        "a": np.array([0.1, 0.2], dtype=object),
    }
    assert row_key(row, 1) == (("a", "0.2"), ("kind", "fast"), ("x", 2.0))
    assert type(row_key(row, 1)[2][1]) is float


LARGE = """model large
neuron cell:
    equations: g : 1
layer P:
    regular: 1 kHz
    size: 100000
layer Q:
    neuron: cell
    size: 100000
connect P -> Q as c:
    pattern: pairs from "edges.csv"
    weight: 2
    deliver: w to g
    on pre: w = uniform(0, 1)
run:
    duration: 0.5 ms
"""


def test_synapses_of_more_pairs_than_an_int32_counts_draw_apart(tmp_path):
    """2**32 pairs apart is one pair in an int32: the third is the first again."""
    pre, post = divmod(2**32, 100_000)
    (tmp_path / "edges.csv").write_text(f"pre,post\n0,0\n99999,99999\n{pre},{post}\n")
    drawn = run_text(tmp_path, LARGE)["weights"]["w"]
    assert len(drawn) == drawn.nunique() == 3
    assert drawn.between(0, 1).all()
