"""Pairs from a file, of which a condition or slices leave some out; conditions on first values."""

import pandas as pd
from both_ways import agree

SPEC = """model listed
constants:
    most = 4
neuron cell:
    equations:
        dv/dt = -v/(20 ms) : 1
        x : 1
    threshold: v > 1
    reset: v = 0
    initial: x = i*start
layer P:
    poisson: 60 Hz
    size: 5
layer A:
    neuron: cell
    size: 6
connect P -> A as fixed:
    pattern: pairs from "pairs.csv" where i != j
    weight: 0.1
    deliver: w to v
connect P -> A as swept:
    pattern: pairs from "pairs.csv" where i + j < far
    weight: 0.2
    deliver: w to v
connect P -> A as first:
    pattern: pairs from "pairs.csv" where x_post > 1.5
    weight: 0.3
    deliver: w to v
connect P -> A as every:
    pattern: all_to_all where x_post > 1.5
    weight: 0.01
    deliver: w to v
connect P -> A as all:
    pattern: pairs from "pairs.csv" where most > 3
    weight: 0.1
    deliver: w to v
connect P -> A as some:
    pattern: pairs from "pairs.csv" where far > 4
    weight: 0.1
    deliver: w to v
connect P[1:4] -> A[:3] as sliced:
    pattern: pairs from "pairs.csv" where i != j
    plasticity: pair_additive
    deliver: w*0.3 to v
    initial: w = uniform(0, wmax)
sweep:
    table:
        | far | start |
{rows}
record:
    spikes of P, A
run:
    duration: 50 ms
"""
ROWS = ["4 | 1", "7 | 0.5"]
PAIRS = [(0, 0), (4, 5), (0, 3), (2, 1), (2, 2), (3, 0), (1, 4), (1, 1), (4, 1)]


def test_they_are_the_same_both_ways_and_alone(tmp_path, monkeypatch):
    """A plain script had all pairs of the file; where first values were asked, every block had the
    pairs of the first."""
    pd.DataFrame(PAIRS, columns=["pre", "post"]).to_csv(tmp_path / "pairs.csv", index=False)
    monkeypatch.chdir(tmp_path)
    weights = agree(tmp_path, SPEC, ROWS)["weights"]
    for block, (far, start) in enumerate([(4, 1), (7, 0.5)]):
        expected = {
            "fixed": [(i, j) for i, j in PAIRS if i != j],
            "swept": [(i, j) for i, j in PAIRS if i + j < far],
            "first": [(i, j) for i, j in PAIRS if j * start > 1.5],
            "every": [(i, j) for i in range(5) for j in range(6) if j * start > 1.5],
            "all": PAIRS,
            "some": PAIRS if far > 4 else [],
            "sliced": [(i, j) for i, j in PAIRS if 1 <= i < 4 and j < 3 and i != j],
        }
        for name, pairs in expected.items():
            rows = weights[(weights.connection == name) & (weights.block == block)]
            assert list(zip(rows.pre, rows.post, strict=True)) == sorted(pairs), name
