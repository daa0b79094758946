"""Time constants, refractory periods and delays that no decay and no wait can have."""

from pathlib import Path
from runpy import run_path

import pytest

from stdpdsl.compiler import check_text
from stdpdsl.language.source import Source

SPEC = """model decays

constants:
    tau_m = 10 ms

neuron cell:
    parameters:
        C = 100 pF
        gl = 10 nS
        ref = 2 ms
        grow = 10 ms
    equations:
        dv/dt = -v/tau_m : 1
        du/dt = gl*(1 - u)/C : 1
        dx/dt = x/grow : 1
        dy/dt = (v - y)/(2*tau_m) : 1
    threshold: v > 1
    reset: v = 0
    refractory: ref

rule low_passed:
    requires post:
        v : 1
    parameters:
        tau_f = 5 ms
        tau_w = 1 second
    equations:
        w : 1
        last : second
    post equations:
        df/dt = (v - f)/tau_f : 1
    on pre:
        w = w*exp(-(t - last)/tau_w) + f_post
        last = t
        deliver w

layer P:
    poisson: 20 Hz
    size: 2

layer A:
    neuron: cell
    size: 1

connect P -> A as c:
    pattern: all_to_all
    plasticity: pair_additive
    deliver: w to v
    delay: 1 ms

connect P -> A as d:
    pattern: all_to_all
    plasticity: low_passed
    deliver: w to v

record:
    spikes of A

run:
    duration: 100 ms
    dt: 0.1 ms
"""


def said(sweep="", text=SPEC, **constants):
    for name, value in constants.items():
        text = text.replace(f"    {name} = ", f"    {name} = {value} # ")
        assert f" {name} = {value} # " in text
    text += f"\nsweep:\n    grid:\n        {sweep}\n" if sweep else ""
    _, found = check_text(Source("decays.stdp", text), Path("."), [])
    assert all(d.code in ("TYPE013", "RUN002", "RUN012", "RUN015") for d in found), found
    return {d.message for d in found if d.code == "TYPE013"}


def test_positive_values_pass():
    assert not said()
    assert not said("A.grow = [10, 20] ms")
    assert not said("A.ref = [0, 1] ms") and not said("c.delay = [0, 1] ms")


@pytest.mark.parametrize(
    "sweep, what, blocks",
    [
        ("c.taupre = [20, 0, -1] ms", "`taupre` of `c` is negative", "in block 2"),
        ("c.taupre = [20, 0, -1] ms", "`taupre` of `c` is 0", "in block 1"),
        ("A.C = [1, -1] pF", "`C` of `A` is negative", "in block 1"),
        ("tau_m = [0, -1, 1] ms", "`2 * tau_m` of `A` is 0", "in block 0"),
        ("d.tau_f = [1, 0] ms", "`tau_f` of `d` is 0", "in block 1"),
        ("d.tau_f = [1, -1] ms", "`tau_f` of `d` is negative", "in block 1"),
        ("d.tau_w = [-1, 0, 1] second", "`tau_w` of `d` is negative", "in block 0"),
        ("d.tau_w = [-1, 0, 1] second", "`tau_w` of `d` is 0", "in block 1"),
        ("A.ref = [2, -1] ms", "a refractory period of `A` cannot be -1 ms", "in block 1"),
        ("c.delay = [2, -1] ms", "a delay of `c` cannot be -1 ms", "in block 1"),
    ],
)
def test_rows_are_named(sweep, what, blocks):
    assert any(message.startswith(what) and blocks in message for message in said(sweep))


@pytest.mark.parametrize("clause", ["delay", "dendritic delay"])
def test_each_delay_of_a_connection_is_a_time(clause):
    text = SPEC.replace("    tau_m = 10 ms\n", "    tau_m = 10 ms\n    late = 1 ms\n")
    text = text.replace("    delay: 1 ms", f"    {clause}: late")
    assert not said("late = [1, 2] ms", text)
    (message,) = said("late = [1, -2] ms", text)
    assert message.startswith("a delay of `c` cannot be -2 ms, as it is in block 1")


@pytest.mark.parametrize("value", ["0 ms", "-5 ms"])
def test_constants(value):
    (first, second) = said(tau_m=value)
    assert "in every block" in first and "in every block" in second
    (only,) = said(grow="0 ms")
    assert only.startswith("`grow` of `A` is 0")
    assert not said(grow="-5 ms")  # with which x decays


def in_phases(*sets, sweep=""):
    listed = "".join(f", set {one}" for one in sets)
    phases = ["", "phases:", "    a: 50 ms", f"    b: 50 ms{listed}", "    c: 1 ms", ""]
    text = SPEC.replace("    duration: 100 ms\n", "\n    ".join(phases))
    text += f"\nsweep:\n    grid:\n        {sweep}\n" if sweep else ""
    _, found = check_text(Source("decays.stdp", text), Path("."), [])
    return [(d.message, text[d.span.start : d.span.end]) for d in found if d.severity == "error"]


@pytest.mark.parametrize(
    "set, what",
    [
        ("c.taupre = 0 ms", "`taupre` of `c` is 0 in every block"),
        ("c.taupre = -5 ms", "`taupre` of `c` is negative in every block"),
        ("A.C = -1 pF", "`C` of `A` is negative in every block"),
        ("d.tau_f = 0 ms", "`tau_f` of `d` is 0 in every block"),
        ("d.tau_w = -1 second", "`tau_w` of `d` is negative in every block"),
        ("A.ref = -1 ms", "a refractory period of `A` cannot be -1 ms"),
        ("c.wmax = -1", "the lower bound of `w` in `c` is above the upper"),
    ],
)
def test_what_a_phase_sets(set, what):
    """Told once, at the value, with the phase that sets it; the phases after it have it too."""
    ((message, place),) = {m: p for m, p in in_phases(set) if "`b`" in m}.items()
    assert message.startswith(what) and "in the phase `b`" in message
    assert not any("phase `c`" in m for m, _ in in_phases(set))
    assert place == set.partition(" = ")[2]


def test_phases_and_rows():
    """A phase may set what a row makes wrong, and may mend nothing that was wrong before."""
    found = in_phases("c.taupre = c_tau", sweep="c_tau = [10, 0] ms")
    assert [m for m, _ in found] == [
        "`taupre` of `c` is 0 in block 1, and the equation of `apre` divides by it, in the phase"
        " `b`"
    ]
    assert not in_phases("c.taupre = 5 ms", "A.ref = 0 ms")
    twice = in_phases("A.ref = 1 ms", sweep="c.taupre = [10, 0] ms")
    assert len(twice) == 1 and "phase" not in twice[0][0]


def test_phases_cost_what_they_set(monkeypatch):
    """Each phase asks about the components whose values it sets, not about all of them again."""
    from stdpdsl.check.rows import Rows

    spec = run_path(str(Path(__file__).parents[1] / "benchmarks" / "editor.py"))["spec"]

    asked = []
    values = Rows.values
    monkeypatch.setattr(Rows, "values", lambda *a: asked.append(a[1]) or values(*a))

    def number(parts):
        asked.clear()
        checked, found = check_text(Source("spec.stdp", spec(parts)), Path("."), [])
        assert checked is not None and not found
        return len(asked)

    assert number(8) < 2.2 * number(4)
