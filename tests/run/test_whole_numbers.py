"""A whole number means the same in `initial:`, in equations, in conditions and in statements, on
every target: it is exact up to 2**53, where Brian2 computes in 32 bits."""

import numpy as np
import pytest
from by_day import CYTHON
from running import run_apart, run_here, script_of

from stdpdsl.runtime import draws

N = 46345  # the square of 46341 has 32 bits
SPEC = f"""model whole
constants:
    big = 3000000000
    odd = 65537
neuron n:
    parameters:
        in_double = 70001
    equations:
        c : integer
{{declared}}
    threshold: t > 1 second and i*i*i > big*odd
    initial:
        c = 2147483647 - i
{{first}}
    every 1 ms:
        local = c*3 - i
        held = local
        local = 0
{{statements}}
layer L:
    neuron: n
    size: {N}
rule pair:
    equations:
        w : 1
        early : 1
        later : 1
    on pre: later = (i + 1) * 1000000 * (j + 1) + N_pre*N_pre
layer P:
    regular: 1000 Hz
    size: 3
connect P -> L as c:
    pattern: all_to_all where j >= N_post - 3
    plasticity: pair
    initial: early = (i + 1) * 1000000 * (j + 1) + N_pre*N_pre
record:
    {{names}} of L every 2 ms
    later, early of c every 2 ms
run:
    duration: 2 ms
    dt: 1 ms
"""
# Expression, and the same in Python's whole numbers.
CASES = {
    "square": ("i*i", lambda i, c: i * i),
    "cube": ("i**3", lambda i, c: i**3),
    "scaled": ("1 + 2*i*100000", lambda i, c: 1 + 2 * i * 100000),
    "sum": ("c + 1", lambda i, c: c + 1),
    "product": ("-c*3 + i", lambda i, c: -c * 3 + i),
    "rest": ("(i*i - 7) % 1000", lambda i, c: (i * i - 7) % 1000),
    "whole": ("(i*odd) // 3", lambda i, c: i * 65537 // 3),
    "size": ("N*N", lambda i, c: N * N),
    "literals": ("big*3 + i", lambda i, c: 9_000_000_000 + i),
    "floored": ("floor(i*1e6 + 0.5)*2", lambda i, c: i * 2_000_000),
    "truncated": ("int(-i*1e6 - 0.5)", lambda i, c: -i * 1_000_000),
    "risen": ("ceil(i*1e6 - 0.5)*floor(2.5)", lambda i, c: i * 2_000_000),
    "larger": ("max(i*i, c)", lambda i, c: max(i * i, c)),
    "truth": ("int(i*i > c)", lambda i, c: int(i * i > c)),
    "given": ("in_double*in_double + i", lambda i, c: 70001**2 + i),
    "distance": ("abs(5 - i*i)", lambda i, c: abs(5 - i * i)),
    "beyond": ("i*i*i*i*i", lambda i, c: float(i) * i * i * i * i),
}


def spec():
    def lines(text, indent):
        return "\n".join(
            " " * indent + text.format(n=name, e=expr) for name, (expr, _) in CASES.items()
        )

    return SPEC.format(
        declared=lines("early_{n} : 1\n        later_{n} : 1\n        now_{n} = {e} : 1", 8)
        + "\n        held : 1",
        first=lines("early_{n} = {e}", 8),
        statements=lines("later_{n} = {e}", 8),
        names=", ".join(f"{when}_{n}" for n in CASES for when in ("early", "later", "now"))
        + ", held",
    )


@pytest.mark.parametrize(
    "target",
    [
        "numpy",
        pytest.param("cpp_standalone", marks=pytest.mark.slow),
        pytest.param("cython", marks=[pytest.mark.slow, *CYTHON.marks]),
    ],
)
def test_whole_numbers_mean_the_same_everywhere(tmp_path, target):
    if target == "numpy":
        tables = run_here(tmp_path, script_of(spec()))
    else:
        tables = run_apart(tmp_path, script_of(spec(), target=target), target=target)
    samples = tables["trajectories"]
    last = samples[samples.t == samples.t.max()]
    neurons = last[last["layer"] == "L"]
    of = {name: rows.sort_values("neuron") for name, rows in neurons.groupby("variable")}
    checked = [0, 1, 46340, 46341, N - 1]
    for name, (_, python) in CASES.items():
        expected = [python(i, 2147483647 - i) for i in checked]
        for when in ("early", "later", "now"):
            found = of[f"{when}_{name}"]["value"].to_numpy()[checked]
            assert found.tolist() == expected, (when, name)
    held = of["held"]["value"].to_numpy()
    np.testing.assert_array_equal(held, 3.0 * (2147483647 - np.arange(N)) - np.arange(N))
    synapses = last[last["connection"] == "c"].pivot(
        index=["pre", "post"], columns="variable", values="value"
    )
    assert len(synapses) == 9
    for (i, j), row in synapses.iterrows():
        assert row["early"] == row["later"] == (i + 1) * 1_000_000 * (j + 1) + 9


DRAWS = f"""model draws
neuron n:
    equations:
        v : 1
    threshold: v > 1
layer P:
    regular: 1000 Hz
    size: {N}
layer A:
    neuron: n
    size: {N}
rule drawn:
    equations:
        w : 1
        u : 1
        n : 1
    on pre:
        u = uniform(0, 1)
        n = binomial(3, 0.5)
connect P -> A as c:
    pattern: pairs from "pairs.csv"
    plasticity: drawn
record: u, n of c every 1 ms
run:
    duration: 1 ms
    dt: 1 ms
"""


def test_synapses_beyond_32_bits_have_draws_of_their_own(tmp_path):
    pairs = [(0, 0), (0, 1), (N - 2, 5), (N - 1, N - 1)]
    (tmp_path / "pairs.csv").write_text("pre,post\n" + "".join(f"{i},{j}\n" for i, j in pairs))
    script = script_of(DRAWS, folder=tmp_path)
    tables = run_here(tmp_path, script, data=tmp_path)
    last = (
        tables["trajectories"]
        .query("t > 0")
        .pivot(index=["pre", "post"], columns="variable", values="value")
    )
    for number, (name, draw) in enumerate(
        (("u", draws.uniform_draw), ("n", lambda *a: draws.binomial_draw(*a, 3, 0.5))), 1
    ):
        key = draws.draw_key("c", f"draw {number}", 0)
        for i, j in pairs:
            assert last.loc[(i, j), name] == draw(key, 0, np.int64(i * N + j)), (i, j)


def test_an_integer_variable_holds_32_bits(tmp_path):
    text = spec().replace("c = 2147483647 - i", "c = 2147483648 - i")
    with pytest.raises(AssertionError, match="c of L is 2147483648 somewhere.*less than 2\\*\\*31"):
        run_here(tmp_path, script_of(text))
