"""Values at or beyond what can be: no wrong number, no hang, and a message with the place."""

import pytest
from running import run_here, script_of

from stdpdsl.compiler import check_text
from stdpdsl.language.source import Source

SPEC = """model beyond
constants:
    one = 1
neuron n:
    parameters:
        k = {k}
    equations:
        v : 1
    initial: v = {initial}
    threshold: v > 100
layer P:
    {inputs}
    size: 2
layer L:
    neuron: n
    size: 2
connect P -> L as c:
    pattern: {pattern}
    weight: 1
    deliver: w to v
sweep:
    grid: c.delay = [1 ms, 100000 s]
record: v of L every 1 ms
run:
    duration: 4 ms
    dt: 0.1 ms
"""
PLAIN = {"k": 1, "initial": 0, "inputs": "regular: 1000 Hz", "pattern": "one_to_one"}


def spec(**changes):
    return SPEC.format(**(PLAIN | changes))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"k": "(-1)**0.5"}, "this is not a real number"),
        ({"initial": "2*(-one)**0.5"}, "this is not a real number"),
        ({"initial": "1/(one - 1)"}, "this divides by zero"),
        ({"inputs": "poisson: 10 Hz * (1 % 0)"}, "this divides by zero"),
    ],
)
def test_an_operation_without_a_result_is_found_by_check(changes, message, tmp_path):
    _, problems = check_text(Source("s.stdp", spec(**changes)), tmp_path, [])
    assert [p.message for p in problems if p.code == "TYPE013"] == [message]


def fails(tmp_path, message, **changes):
    with pytest.raises(AssertionError, match=message):
        run_here(tmp_path, script_of(spec(**changes), folder=tmp_path), data=tmp_path)


def test_what_only_the_run_knows(tmp_path):
    (tmp_path / "twice.csv").write_text("pre,post\n0,1\n1,1\n0,1\n1,1\n1,1\n")
    fails(tmp_path, "not a real number", k=-1, initial="k**0.5")
    twice = 'pairs from "twice.csv"'
    fails(tmp_path, "row 3 below the head of `twice.csv` gives the pair 0, 1", pattern=twice)


def test_a_delay_longer_than_the_run(tmp_path):
    """Nothing arrives; a queue of a thousand million steps would fill the memory."""
    tables = run_here(tmp_path, script_of(spec()))
    ends = tables["trajectories"].query("t == t.max()").groupby("block")["value"].max()
    assert ends.tolist() == [3, 0]  # of the spikes at 0, 1, 2 and 3 ms, the last comes at 4 ms
    assert set(tables["weights"].groupby("block")["delay"].max()) == {0.001, 100000.0}
