"""What people write who know Brian2 or Python, and what they are told."""

from __future__ import annotations

import pytest
from diagnose import diagnose

from stdpdsl.cli import main

SPEC = """model demo
neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
        vh : 1
    threshold: v > 1
    reset: v = 0
rule hebb:
    requires post: vh : 1
    parameters:
        eta = 0.01
    equations:
        w : 1 in [0, 1]
        dapre/dt = -apre/(20 ms) : 1
    on pre:
        deliver w
        apre += 1
    on post: w += eta*vh_post
layer P:
    poisson: 20 Hz
    size: 10
layer A:
    neuron: cell
    size: 10
connect P -> A as feed:
    pattern: all_to_all
    plasticity: hebb
    deliver: w to v
    initial: w = 0.5
connect A -> A as rec:
    pattern: all_to_all
    plasticity: hebb
    deliver: w to v
    initial: w = 0.5
sweep:
    table:
        | feed.eta |
        | 0.1 |
record:
    spikes of A
run:
    duration: 1 s
"""
INITIAL = "    initial: w = 0.5\nconnect"


@pytest.mark.parametrize(
    ("old", "new", "span", "help"),
    [
        ("on pre:", "on_pre:", "on_pre", "write `on pre:`"),
        ("on post:", "on_post:", "on_post", "write `on post:`"),
        ("threshold: v > 1", 'threshold: "v > 1"', '"v > 1"', "leave out the quotes: `v > 1`"),
        ("threshold: v > 1", "threshold: 'v > 1'", "'v > 1'", "leave out the quotes: `v > 1`"),
        ("reset: v = 0", "reset: 'v = 0'", "'v = 0'", "leave out the quotes: `v = 0`"),
        (
            INITIAL,
            "    initial: w = np.random.rand()\nconnect",
            "np.random.rand",
            "write `uniform(0, 1)`",
        ),
        (
            INITIAL,
            "    initial: w = 1 + np.random.randn()\nconnect",
            "np.random.randn",
            "write `normal(0, 1)`",
        ),
        (INITIAL, "    initial: w = numpy.exp(1)\nconnect", "numpy.exp", "write `exp(...)`"),
        (INITIAL, "    initial: w = np.pi\nconnect", "np.pi", "write `pi`"),
        (
            INITIAL,
            "    initial: w = 0.5\nfeed.w = 0.3\nconnect",
            "feed",
            "in the layer or connection, write `initial: w = 0.3`",
        ),
        (
            INITIAL,
            "    feed.w = '0.3'\nconnect",
            "feed",
            "in the layer or connection, write `initial: w = 0.3`",
        ),
        (
            INITIAL,
            "    feed.connect(p=0.1)\nconnect",
            "feed",
            "in the connection, write `pattern:`, as in `pattern: random(p = 0.1)`",
        ),
        ("-v/(10 ms)", "1 Hz*v", "v", "`v` was read as part of the unit: write `1 Hz * v`"),
        ("-v/(10 ms)", "2 Hz/vh", "vh", "`vh` was read as part of the unit: write `(2 Hz)/vh`"),
        (
            "threshold: v > 1",
            "threshold: True",
            "True",
            "write 1 for a number, or `true` for a condition",
        ),
        (
            "threshold: v > 1",
            "threshold: v > 1 or False",
            "False",
            "write 0 for a number, or `false` for a condition",
        ),
        ("vh_post", "vh", "vh", "write `vh_post`, which is that of the target layer"),
        ("| feed.eta |", "| feed.eta | |", "|", "give this column a name"),
        ("| 0.1 |", "| |", "|", "each cell holds a value"),
        (
            "eta = 0.01",
            "eta = 0.01 : 1",
            ":",
            "a parameter has the dimensions of its value: leave out what follows",
        ),
        (
            "all_to_all\n    plasticity: hebb\n    deliver: w to v\n    initial: w = 0.5\nsweep",
            "all_to_all except i == j\nsweep",
            "except",
            "write `where`, as in `where i != j`",
        ),
        (
            "all_to_all\n    plasticity: hebb\n    deliver: w to v\n    initial: w = 0.5\nsweep",
            "all_to_all(i != j)\n    weight: 1\n    deliver: w to v\nsweep",
            "i != j",
            "write `pattern: all_to_all where i != j`",
        ),
        (
            "spikes of A",
            "eta of feed",
            "eta",
            "`eta` is a parameter and does not change: if it is swept, every table"
            " has it, and `Results.parameters` has all parameters",
        ),
        (
            "        deliver w\n",
            "",
            "deliver: w to v",
            "add `deliver w` to its `on pre:`, or write `deliver continuously:`",
        ),
        (
            "apre/(20 ms) : 1",
            "apre/(20 ms) : 1 (event-driven)",
            "event-driven",
            "leave it out: the compiler uses event-driven integration whenever it is exact",
        ),
    ],
)
def test_hint(old, new, span, help):
    assert old in SPEC
    error, *more = [d for d in diagnose(SPEC.replace(old, new, 1)) if d.severity == "error"]
    assert (error.span.text, error.help) == (span, help)
    assert {d.help for d in more} <= {help}  # the rule is used twice


@pytest.mark.parametrize("replaced", ["1 Hz * v", "(2 Hz)/vh", "exp(1)*Hz", "pi*Hz"])
def test_what_is_suggested_is_right(replaced):
    assert diagnose(SPEC.replace("-v/(10 ms)", replaced)) == []


@pytest.mark.parametrize("name", ["stdp", "STDP", "pair_stdp", "additive_stdp", "pair"])
def test_stdp_is_pair_additive(name, tmp_path, capsys):
    path = tmp_path / "spec.stdp"
    path.write_text(SPEC.replace("plasticity: hebb", f"plasticity: {name}", 1))
    assert main(["check", str(path)]) == 1
    assert "pair-based STDP is `pair_additive`" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "help"),
    [
        ("0.5,0.6", "[0.5, 0.6]"),
        ("0.5, 0.6 mV", "[0.5, 0.6] mV"),
        ("1 mV,2 mV", "[1 mV, 2 mV]"),
    ],
)
def test_a_list_without_brackets(value, help, tmp_path, capsys):
    path = tmp_path / "spec.stdp"
    path.write_text(SPEC)
    assert main(["plan", str(path), "--set", f"feed.eta={value}"]) == 1
    assert f"a list stands in brackets: `{help}`" in capsys.readouterr().err


def test_one_line_records_a_variable_of_several_components(tmp_path, capsys):
    text = SPEC.replace("record:\n", "record:\n    w of feed, rec every 100 ms\n")
    assert diagnose(text) == []
    path = tmp_path / "spec.stdp"
    path.write_text(text)
    assert main(["fmt", str(path)]) == 0
    assert "    w of feed, rec every 100 ms\n" in path.read_text()  # as it was written
