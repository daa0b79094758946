"""Custom events: as what a connection waits for, and recorded."""

import numpy as np
import pytest
from both_ways import agree
from running import run_text

from stdpdsl.compiler import check_text
from stdpdsl.language.diagnostics import render
from stdpdsl.language.parser import parse
from stdpdsl.language.printer import print_spec
from stdpdsl.language.source import Source

SPEC = """model events
neuron cell:
    parameters: drive = 1.5
    equations:
        dv/dt = (drive - v)/(10 ms) : 1
        ready : boolean
        g : 1
    threshold: v > 1
    reset:
        v = 0
        ready = true
    initial:
        v = i/N
        ready = true
    event high: v > 0.5 and ready
    on high:
        g += 1
        ready = false
rule counting:
    equations:
        w : 1
        seen : 1
    on pre: deliver w
    on high post: seen += 1
layer A:
    neuron: cell
    size: 5
layer B:
    neuron: cell
    size: 4
connect A -> B as c:
    pattern: all_to_all
    plasticity: pair_additive
    deliver: w*0.1 to v
    initial: w = 0.5
    delay: 0.3 ms
    on high pre: w += 0.001
    on high post: w -= 0.0005
    on high pre after 1 ms: v_post += 0.01
connect A -> B as d:
    pattern: one_to_one where i < 4
    weight: 0
    deliver: 0*w to v
    dendritic delay: 0.5 ms
    on high pre: w += 1
connect A[0:4] -> B as e:
    pattern: one_to_one
    plasticity: counting
    deliver: w to v
sweep:
    table:
        | A.drive | c.Apre |
{rows}
record:
    spikes of A
    high of A[1:], B from 1 ms
    w of c every 1 ms
    g of A, B every 30 ms
run:
    phases:
        first: 20 ms
        last: 10 ms
"""
ROWS = ["1.5 | 0.01", "2 | 0.02"]
SPEC = SPEC.replace("one_to_one where i < 4", "all_to_all where i == j")


@pytest.mark.in_turn(2, among="both ways")
def test_they_are_the_same_both_ways_and_alone(tmp_path):
    tables = agree(tmp_path, SPEC, ROWS)
    events = tables["spikes"]
    high = events[events.layer == "A.high"]
    assert high.neuron.min() == 1 and high.t.min() >= 0.001 and len(high) > 10
    assert set(high.phase) == {"first", "last"}
    # Each is counted in the layer, and by what waits for it: A's by `d`, B's by `e`.
    rows = tables["trajectories"]
    rows = rows[(rows.variable == "g") & (rows.t == rows.t.max())]
    last = {(r.layer, r.block, r.neuron): r.value for r in rows.itertuples()}
    weights = tables["weights"]
    for w in weights[weights.connection == "d"].itertuples():
        assert w.w == last["A", w.block, w.pre]
    for w in weights[weights.connection == "e"].itertuples():
        assert w.seen == last["B", w.block, w.post]
    delays = weights.groupby("connection").delay.first()
    np.testing.assert_allclose(delays[["c", "e"]], [0.0003, 0])


def test_layers_that_are_alike_have_events_of_their_own(tmp_path):
    """Brian2 adds `spike` to the events that it is given."""
    text = SPEC[: SPEC.index("rule counting:")]
    text += "".join(f"layer {name}:\n    neuron: cell\n    size: 5\n" for name in ("A", "twin"))
    text += "record: spikes of A, twin\nrun:\n    duration: 20 ms\n"
    found = run_text(tmp_path, text)["spikes"].groupby("layer")["t"].apply(list)
    assert found["A"] == found["twin"] and len(found["A"]) > 4


def test_an_event_comes_after_the_delay(tmp_path):
    """Event by event: a step of v_post 1.3 ms after each event of A."""
    text = SPEC.replace("{rows}", "        | 1.5 | 0.01 |")
    text = text.replace("dv/dt = (drive - v)/(10 ms) : 1", "dv/dt = drive/(10 ms) : 1")
    text = text.replace("    deliver: w*0.1 to v\n", "    deliver: 0*w to v\n")
    text = text.replace("after 1 ms: v_post += 0.01", "after 1 ms: g_post += 100")
    text = text.replace("g of A, B every 30 ms", "g of B every 0.1 ms")
    text = text.replace("A[1:], B from 1 ms", "A")
    tables = run_text(tmp_path, text)
    events = tables["spikes"]
    times = np.rint(events[events.layer == "A.high"].t * 1e4).astype(int)
    rows = tables["trajectories"]
    g = rows[(rows.variable == "g") & (rows.neuron == 0)].sort_values("t")
    jumps = np.diff(g.value.to_numpy() // 100)
    want = np.bincount(times + 13, minlength=300)[:300]
    np.testing.assert_array_equal(jumps[: len(want)], want[: len(jumps)])
    assert want.sum() > 5


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        (
            "on high pre: w += 0.001",
            "on hihg pre: w += 0.001",
            "NAME017",
            "`A` has no event `hihg`",
        ),
        (
            "on high pre: w += 0.001",
            "on high left: w += 0.001",
            "NAME017",
            "there is no side `left`",
        ),
        ("on high pre: w += 0.001", "on spike pre: w += 0.001", "NAME017", "write `on pre:`"),
        ("    on high:\n", "    on high pre:\n", "NAME017", "an event of a neuron has no sides"),
        ("high of A[1:], B", "hihg of A", "NAME017", "did you mean `high`"),
        (
            "high of A[1:], B",
            "v of A",
            "NAME017",
            "give a sampling period: `v of A every 1 ms`",
        ),
        ("high of A[1:], B", "w of c", "NAME017", "`w of c every 1 ms`"),
        ("high of A[1:], B", "high of A, A", "NAME002", "`high of A` is recorded twice"),
        ("high of A[1:], B", "high of A[7:]", "TYPE013", "lies between 0 and 5"),
    ],
)
def test_wrong_uses_are_told(tmp_path, old, new, code, says):
    text = SPEC.replace("{rows}", f"        | {ROWS[0]} |")
    assert old in text
    _, found = check_text(Source("spec.stdp", text.replace(old, new, 1)), tmp_path, [])
    found = [d for d in found if d.severity == "error"]
    assert {d.code for d in found} == {code} and says in render(found), render(found)


def test_a_formatted_spec_says_the_same():
    tree = parse(Source("spec.stdp", SPEC.replace("{rows}", f"        | {ROWS[0]} |")))
    text = print_spec(tree)
    assert "on high pre after 1 ms: v_post += 0.01" in text
    assert "high of A[1:], B from 1 ms" in text
    assert print_spec(parse(Source("spec.stdp", text))) == text
