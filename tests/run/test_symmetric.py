"""Random pairs of a layer that are joined both ways."""

import pytest
from both_ways import agree

from stdpdsl.compiler import check_text
from stdpdsl.language.diagnostics import render
from stdpdsl.language.source import Source

SPEC = """model pairs
neuron cell:
    equations:
        dv/dt = (1.2 - v + I)/(10 ms) : 1
        I : 1
    threshold: v > 1
    reset: v = 0
    initial: v = i/N
layer A:
    neuron: cell
    size: 30
connect A -> A as gap:
    pattern: symmetric(p = chance) where i != j
    deliver continuously: 0.01*(v_pre - v_post) to I
connect A[0:10] -> A[0:10] as few:
    pattern: symmetric(p = 0.3) independent per block
    weight: 0.01
    deliver: w to v
sweep:
    table:
        | chance |
{rows}
record:
    spikes of A
run:
    duration: 30 ms
"""
ROWS = ["0.1", "0.4"]


def test_pairs_are_joined_both_ways(tmp_path):
    text = SPEC.replace("    deliver continuously", "    weight: 1\n    deliver continuously")
    tables = agree(tmp_path, text.replace("0.01*(v", "w*0.01*(v"), ROWS)
    found = {}
    for (name, block), rows in tables["weights"].groupby(["connection", "block"]):
        pairs = found[name, int(block)] = set(zip(rows.pre, rows.post, strict=True))
        assert pairs == {(j, i) for i, j in pairs}
    assert found["gap", 0] < found["gap", 1]  # a smaller p nests in a larger one
    assert all(i != j for i, j in found["gap", 1])
    # 435 pairs with probability 0.4: 174 with a standard deviation of 10.2.
    assert abs(len(found["gap", 1]) / 2 - 174) < 41
    assert found["few", 0] != found["few", 1]
    assert all(i < 10 and j < 10 for i, j in found["few", 0])


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("symmetric(p = chance)", "symmetric", "CLAUSE001", "`symmetric` needs `p`"),
        ("symmetric(p = chance)", "symmetric(p = 1.5)", "TYPE013", "a probability cannot be 1.5"),
        ("A -> A as gap", "A -> B as gap", "CLAUSE006", "joins the neurons of one layer"),
    ],
)
def test_wrong_uses_are_told(tmp_path, old, new, code, says):
    text = SPEC.replace("{rows}", "        | 0.1 |").replace(old, new)
    text += "layer B:\n    neuron: cell\n    size: 30\n"
    _, found = check_text(Source("spec.stdp", text), tmp_path, [])
    found = [d for d in found if d.severity == "error"]
    assert {d.code for d in found} == {code} and says in render(found), render(found)
