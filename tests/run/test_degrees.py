"""`fixed_indegree(k)` and `fixed_outdegree(k)` draw k partners among those that `where` admits."""

import numpy as np
import pytest
from running import run_here, script_of

from stdpdsl.compiler import compile_source
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.language.source import Source
from stdpdsl.runtime.errors import SpecError
from stdpdsl.runtime.synapses import lowest

SPEC = """model degrees
neuron n:
    equations:
        v : 1
        x : 1
    threshold: v > 1
    initial: x = i % 3
layer A:
    neuron: n
    size: 10
layer B:
    neuron: n
    size: 7
connect A -> A as sources:
    pattern: fixed_indegree(3) where i != j
    weight: 1
    deliver: w to v
connect A -> B as targets:
    pattern: fixed_outdegree({k}) where x_pre != x_post
    weight: 1
    deliver: w to v
connect A -> B as free:
    pattern: fixed_indegree(N_pre // 2 - 1)
    weight: 1
    deliver: w to v
sweep:
    replicates: 20
run:
    duration: 1 ms
    dt: 1 ms
    seed: 2
"""


def test_each_neuron_has_so_many_partners_and_none_that_is_not_admitted(tmp_path):
    weights = run_here(tmp_path, script_of(SPEC.format(k=4)))["weights"]
    of = {name: rows for name, rows in weights.groupby("connection")}
    assert not (of["sources"].pre == of["sources"].post).any()
    assert not (of["targets"].pre % 3 == of["targets"].post % 3).any()
    for name, side, neurons, degree in (
        ("sources", "post", 10, 3),
        ("targets", "pre", 10, 4),
        ("free", "post", 7, 4),
    ):
        degrees = of[name].groupby(["block", side]).size()
        assert len(degrees) == 20 * neurons and set(degrees) == {degree}


def test_too_few_are_an_error_when_only_the_run_knows(tmp_path):
    script = script_of(SPEC.format(k=5))
    with pytest.raises(AssertionError, match="targets: source 0 has 4 possible targets, fewer"):
        run_here(tmp_path, script)


@pytest.mark.parametrize(
    "pattern, message",
    [
        ("fixed_indegree(10) where i != j", "admits 9 neurons of `A` for neuron 0 of `A`, fewer"),
        ("fixed_outdegree(2) where j < 1 + i % 2", "admits 1 neuron of `A` for neuron 0 of `A`"),
        ("fixed_indegree(j)", "`j` is not declared in `sources`"),
        ("fixed_indegree(2.5)", "must be a whole number, but this may have a fraction"),
    ],
)
def test_what_cannot_be_is_found_by_check(pattern, message, tmp_path):
    text = SPEC.format(k=4).replace("fixed_indegree(3) where i != j", pattern)
    with pytest.raises(CompileError) as caught:
        compile_source(Source("s.stdp", text), tmp_path, [], "synapse", "numpy")
    (problem,) = caught.value.diagnostics
    assert message in problem.message


def test_the_smallest_draws_among_the_admitted():
    rng = np.random.default_rng(0)
    for axis in (0, 1):
        draws, admitted = rng.random((8, 9)), rng.random((8, 9)) < 0.7
        k = int(admitted.sum(axis=axis).min())
        mask = lowest("c", draws.ravel(), k, (8, 9), axis, admitted.ravel()).reshape(8, 9)
        for column, where, chosen in zip(
            *(np.moveaxis(a, axis, 1) for a in (draws, admitted, mask)), strict=True
        ):
            assert set(column[chosen]) == set(sorted(column[where])[:k])
        with pytest.raises(SpecError, match=f"fewer than the {k + 1}"):
            lowest("c", draws.ravel(), k + 1, (8, 9), axis, admitted.ravel())
        with pytest.raises(SpecError, match="1.5 .* not a number of synapses"):
            lowest("c", draws.ravel(), 1.5, (8, 9), axis)
