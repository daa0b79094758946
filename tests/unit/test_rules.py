"""Rules on connections: presets, ports, requirements, post equations, several rules at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnose import diagnose

from stdpdsl.check import check
from stdpdsl.check.merge_rules import delivers
from stdpdsl.check.traces import event_driven
from stdpdsl.compiler import check_text, library
from stdpdsl.language import ast
from stdpdsl.language.diagnostics import render
from stdpdsl.language.overrides import with_settings
from stdpdsl.language.parser import parse
from stdpdsl.language.printer.expressions import print_expr
from stdpdsl.language.source import Source
from stdpdsl.language.units import HERTZ, VOLT
from stdpdsl.sweep.evaluate import evaluate_sweep

SPEC = '''model demo

neuron cell:
    equations:
        dv/dt = (-70 mV - v)/(20 ms) : volt
        g : 1
    threshold: v > -50 mV
    reset: v = -70 mV + uniform(0 mV, 1 mV)

neuron controller:
    equations:
        drate/dt = -rate/(1 s) : Hz

rule voltage:
    """A rule with everything that a rule may have."""
    requires post:
        v : volt
    ports:
        reward
        G : Hz
    parameters:
        tau = 10 ms
        A = 1e-4
        eta = 0.1
        wmax = 2 * eta
    presets:
        slow: eta = 0.01
        fast:
            """A table of some paper."""
            eta = 1
            tau = 5 ms
    equations:
        w : 1 in [0, wmax]
        dx/dt = -x/tau : 1
    post equations:
        dlow/dt = (v - low)/tau : volt
        count : 1
    post reset: count += 1
    on pre:
        deliver w
        release = bernoulli(0.5)
        w -= A * (low_post - v_post)/(1 mV) * release
    on pre: x += 1
    on pre after 5 ms: x += 0.1
    on post: w += A * x * G/(1 Hz) * int(t - lastspike_post > 5 ms)
    on reward: w += eta * reward * count_post

rule short_term:
    parameters:
        tau_rec = 100 ms
        U = 0.5
    presets:
        slow: tau_rec = 800 ms
    equations:
        du/dt = (1 - u)/tau_rec : 1
    on pre:
        deliver U * u
        u -= U * u

layer P:
    poisson: 20 Hz
    size: 10

layer VTA:
    poisson: 1 Hz
    size: 3

layer one:
    neuron: controller
    size: 1

layer A:
    neuron: cell
    size: 10

connect P -> A as feed:
    pattern: all_to_all
    plasticity: voltage(reward = spikes of VTA, G = rate of one)
    deliver: to g

run:
    duration: 1 s
'''
BOTH = ("plasticity: ", "plasticity: short_term, ")
INPUTS = """model demo

layer P:
    regular: 20 Hz
    size: 2

layer Q:
    spikes: [(0, 12 ms), (1, 40 ms)]
    size: 2

rule pair:
    parameters:
        tau = 20 ms
    equations:
        w : 1 in [0, 1]
        dx/dt = -x/tau : 1
    on pre:
        deliver w
        x += 0.1
    on post: w += x

connect P -> Q as feed:
    pattern: all_to_all
    plasticity: pair

run:
    duration: 1 s
"""


def changed(*changes: tuple[str, str], text: str = SPEC) -> str:
    for old, new in changes:
        assert text.count(old) == 1, (old, text.count(old))
        text = text.replace(old, new)
    return text


def sweep(part: str) -> tuple[str, str]:
    return ("run:\n", f"sweep:\n    {part}\n\nrun:\n")


def checked(text: str, sets: list[str] | None = None):
    found = check(with_settings(parse(Source("spec.stdp", text)), sets or [], library()))
    assert found.ok, render(found.diagnostics)
    return found


def feed(text: str, sets: list[str] | None = None):
    return checked(text, sets).symbols.components["feed"]


def values(component) -> dict[str, str]:
    return {name: print_expr(s.value) for name, s in component.parameters.items()}


UNUSED = {"NAME020"}  # `short_term` is there for some of the tests only


def test_the_spec_is_clean():
    assert {d.code for d in diagnose(SPEC)} == UNUSED
    assert diagnose(changed(BOTH)) == []
    assert diagnose(INPUTS) == []


def test_what_names_mean():
    spec = checked(SPEC)
    component = spec.symbols.components["feed"]
    scope = spec.symbols.synapse_scope(component)
    assert scope["low_post"].owner == "feed" and scope["low_post"].type.dim == VOLT
    assert scope["v_post"].owner == "A"
    assert scope["G"].kind == "port" and scope["G"].type.dim == HERTZ
    assert scope["lastspike_post"].side == "post" and "lastspike_pre" not in scope
    assert "reward" not in scope
    assert spec.symbols.port_scope(component, "reward")["reward"].type.kind == "integer"
    inside = spec.symbols.post_scope(component)
    assert inside["low"].owner == "feed" and inside["v"].owner == "A"
    assert "w" not in inside and "g" not in inside
    assert {p: (b.variable.id, b.layer.id) for p, b in component.bindings.items()} == {
        "reward": ("spikes", "VTA"),
        "G": ("rate", "one"),
    }
    assert all(
        id(node) in spec.types
        for equation in component.rule.post_equations
        if equation.rhs
        for node in ast.walk(equation.rhs)
        if isinstance(node, ast.Expr)
    )


def test_which_traces_are_event_driven():
    spec = checked(changed(BOTH))
    component = spec.symbols.components["feed"]
    odes = [e for e in component.rule.equations if e.kind == "ode"]
    assert [e.name.id for e in odes] == ["u", "x"]
    assert all(event_driven(e, component, spec.symbols) for e in odes)


def test_what_is_read_at_each_step_is_integrated_at_each_step():
    """An event-driven trace has no value between events, where `dw/dt` would read it."""
    text = changed(
        (
            "        dx/dt = -x/tau : 1\n",
            "        dx/dt = -x/tau : 1\n        dy/dt = -y/tau : 1\n        seen = 2*y : 1\n"
            "        dz/dt = seen*(v_post - low_post)/(1 mV)/tau : 1\n",
        ),
        ("    on post: w += A", "    on pre: y += 1\n    on post: w += z * A"),
        ("    on reward", "    method: euler\n    on reward"),
    )
    spec = checked(text)
    component = spec.symbols.components["feed"]
    told = {e.name.id: event_driven(e, component, spec.symbols) for e in component.equations}
    assert told == {"w": False, "x": True, "y": False, "seen": False, "z": False}
    continuous = checked(
        text.replace("deliver: to g", "deliver: to g\n    deliver continuously: x to g")
    )
    component = continuous.symbols.components["feed"]
    x = next(e for e in component.equations if e.name.id == "x")
    assert not event_driven(x, component, continuous.symbols)


# Presets


def test_a_use_stands_before_its_preset_and_that_before_the_default():
    assert values(feed(SPEC))["eta"] == "0.1"
    assert values(feed(changed(("voltage(", "voltage.slow("))))["eta"] == "0.01"
    given = feed(changed(("voltage(", "voltage.fast(eta = 3, ")))
    assert (values(given)["eta"], values(given)["tau"]) == ("3", "5 ms")


def test_a_preset_as_an_axis():
    parameters = feed(changed(sweep("grid:\n        feed.preset = [slow, fast]"))).parameters
    shown = {n: [(p, print_expr(v)) for p, v in s.by_preset] for n, s in parameters.items()}
    assert shown == {
        "eta": [("slow", "0.01"), ("fast", "1")],
        "tau": [("slow", "10 ms"), ("fast", "5 ms")],
        "A": [],
        "wmax": [],
    }
    given = feed(
        changed(sweep("grid:\n        preset = [slow]"), ("voltage(", "voltage(eta = 3, "))
    )
    assert given.parameters["eta"].by_preset == ()


@pytest.mark.parametrize(
    ("part", "names", "others"),
    [
        (
            "grid:\n        feed.preset = [slow, fast]\n        A = [1, 2]",
            ["slow", "slow", "fast", "fast"],
            [1, 2, 1, 2],
        ),
        ("zip:\n        preset = [slow, fast]\n        A = [1, 2]", ["slow", "fast"], [1, 2]),
        (
            "table:\n        | A | feed.preset |\n        | 1 | fast |\n        | 2 | slow |",
            ["fast", "slow"],
            [1, 2],
        ),
        ('from: "presets.csv"', ["slow", "fast"], [3, 4]),
        (
            "grid:\n        preset = slow\n        A = [1, 2, 3]\n    where: A > 1",
            ["slow", "slow"],
            [2, 3],
        ),
    ],
)
def test_columns_of_presets(part, names, others):
    files = {"presets.csv": {"feed.preset": ["slow", "fast"], "A": [3, 4]}}
    found = checked(changed(sweep(part)))
    table, problems = evaluate_sweep(found.symbols, 0, files.__getitem__)
    assert problems == []
    assert list(table.columns["preset"]) == names
    assert table.columns["preset"].dtype == object
    assert list(table.columns["A"]) == others


@pytest.mark.parametrize(
    ("part", "codes"),
    [
        ("grid:\n        feed.preset = [slow, quick]", ["NAME001"]),
        ("table:\n        | feed.preset |\n        | quick |", ["NAME001"]),
        ("grid:\n        feed.preset = [slow, slow]", ["SWEEP015"]),
        ("grid:\n        feed.preset = [slow, fast]\n    where: preset == 1", ["SWEEP017"]),
        ("derive:\n        feed.preset = slow", ["SWEEP017"]),
        ("random: 3 samples\n        feed.preset = uniform(0, 1)", ["SWEEP017"]),
        ("table:\n        | feed.preset [ms] |\n        | slow |", ["SWEEP017"]),
        ("grid:\n        A.preset = [slow]", ["SWEEP004"]),
        # The default of `wmax` follows `eta`, which differs by preset.
        ("grid:\n        preset = [slow, fast]\n    derive:\n        A = 2 * wmax", ["SWEEP017"]),
        ("grid:\n        preset = [slow, fast]\n    where: tau > 1 ms", ["SWEEP017"]),
        ("grid:\n        preset = [slow, fast]\n        eta = [1, 2]\n    where: eta > 1", []),
        ("grid:\n        feed.preset = [slow, fast]", []),
    ],
)
def test_columns_of_presets_that_are_wrong(part, codes):
    found = [d.code for d in diagnose(changed(sweep(part))) if d.code not in UNUSED]
    assert found == codes


def test_a_file_with_an_unknown_preset():
    spec = checked(changed(sweep('from: "presets.csv"')))
    table, problems = evaluate_sweep(spec.symbols, 0, lambda _: {"preset": ["slow", "quick"]})
    assert table is None
    assert [(d.code, d.message.partition(" of ")[0]) for d in problems] == [("FILE003", "row 2")]


def test_bounds_that_cross_in_one_block_only():
    bounds = ("in [0, wmax]", "in [0.1, wmax]")
    found = diagnose(changed(bounds, sweep("grid:\n        preset = [fast, slow]")))
    told = [d.message for d in found if d.code == "RUN010"]
    assert told == ["the lower bound of `w` in `feed` is above the upper in block 1: 0.1 > 0.02"]
    assert not [
        d
        for d in diagnose(changed(bounds, sweep("grid:\n        preset = [fast]")))
        if d.code == "RUN010"
    ]


# Several rules


def test_joined_rules_deliver_once_the_product():
    component = feed(changed(BOTH))
    rule = component.rule
    assert rule.name.id == "short_term"
    assert [r.name.id for r in component.rules] == ["short_term", "voltage"]
    assert [print_expr(d.value) for d in delivers(rule)] == ["U * u * w"]
    assert [h.trigger.id for h in rule.handlers] == ["pre", "pre", "pre", "pre", "post", "reward"]
    assert isinstance(rule.handlers[0].body[0], ast.Deliver)
    assert component.weight == "w"
    assert list(component.variables) == ["u", "w", "x"]
    assert list(component.parameters) == ["tau_rec", "U", "tau", "A", "eta", "wmax"]


@pytest.mark.parametrize(
    "delivered, left_out",
    [
        ("w", ["tsodyks_markram"]),
        ("u * (1 - z)", ["pair_additive"]),
        ("2 * (1 - z) * w", []),
        ("1", ["tsodyks_markram", "pair_additive"]),
    ],
)
def test_a_rule_that_the_connection_leaves_out(delivered, left_out):
    text = f"""model joined
neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
layer P:
    regular: 100 Hz
    size: 2
layer A:
    neuron: cell
    size: 2
connect P -> A as c:
    pattern: all_to_all
    plasticity: tsodyks_markram, pair_additive
    deliver: {delivered} to v
run:
    duration: 10 ms
"""
    _, problems = check_text(Source("s.stdp", text), Path(), [])
    found = [d.message for d in problems if d.code == "CLAUSE007"]
    assert [message.split("`")[1] for message in found] == left_out


def test_presets_of_joined_rules():
    component = feed(changed(BOTH, sweep("grid:\n        preset = [slow, fast]")))
    shown = {n: [print_expr(v) for _, v in s.by_preset] for n, s in component.parameters.items()}
    # One name is one choice for both rules; a preset of one leaves the other as it is.
    assert shown["tau_rec"] == ["800 ms", "100 ms"]
    assert shown["eta"] == ["0.01", "1"]


def test_settings_reach_the_rule_that_has_the_parameter():
    assert values(feed(changed(BOTH), ["feed.U = 0.2"]))["U"] == "0.2"
    assert values(feed(changed(BOTH), ["feed.A = 0.2"]))["A"] == "0.2"
    assert values(feed(changed(BOTH), ["feed.preset = fast"]))["tau"] == "5 ms"


# What is wrong


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        # Ports
        ([("reward = spikes of VTA, ", "")], ["CLAUSE008"]),
        ([("rate of one", "spikes of one")], ["CLAUSE009"]),
        ([("spikes of VTA", "rate of one")], ["CLAUSE009"]),
        ([("G = rate of one", "G = 5 Hz")], ["CLAUSE009"]),
        ([("G = rate of one", "G = rate of one, tau = spikes of VTA")], ["CLAUSE009"]),
        ([("(reward = ", "(rewards = ")], ["NAME024"]),
        ([("G = rate of one", "G = rate of one, G = rate of one")], ["NAME002"]),
        ([("rate of one", "speed of one")], ["NAME011"]),
        ([("rate of one", "rate of two")], ["NAME001"]),
        ([("size: 1\n", "size: 2\n")], ["CLAUSE006"]),
        ([("G : Hz", "G : volt"), ("G/(1 Hz)", "G/(1 mV)")], ["UNIT002"]),
        ([("G : Hz", "G : hz")], ["UNIT001"]),
        (
            [
                ("        reward\n", "        reward\n        pre\n"),
                ("(reward =", "(pre = spikes of VTA, reward ="),
            ],
            ["NAME008"],
        ),
        ([("on reward:", "on rewards:")], ["NAME017"]),
        ([("on reward:", "on G:")], ["NAME017"]),
        ([("on reward:", "on reward after 5 ms:")], ["CLAUSE003"]),
        ([("on post: w += A", "on post: w += reward * A")], ["NAME004"]),
        ([("w += eta * reward", "reward += eta")], ["NAME007"]),
        ([("x * G/(1 Hz)", "x * G")], ["UNIT002"]),
        # The target
        (
            [
                ("dv/dt = (-70 mV - v)", "du/dt = (-70 mV - u)"),
                ("threshold: v", "threshold: u"),
                ("reset: v", "reset: u"),
            ],
            ["CLAUSE010"],
        ),
        (
            [
                ("        v : volt", "        v : 1"),
                ("(v - low)/tau : volt", "(v - low)/tau : 1"),
                ("(low_post - v_post)/(1 mV)", "(low_post - v_post)"),
            ],
            ["CLAUSE010"],
        ),
        ([("v_post)", "u_post)")], ["NAME011"]),
        ([("        g : 1\n", "        g : 1\n        low : volt\n")], ["NAME002"]),
        # Post equations
        ([("(v - low)/tau", "(v - low)/tau - g/ms")], ["NAME004"]),
        ([("(v - low)/tau", "(v - low)/tau*x")], ["NAME004"]),
        ([("(v - low)/tau", "(v - low_post)/tau")], ["NAME004"]),
        ([("(v - low)/tau", "v - low")], ["UNIT002"]),
        ([("count += 1", "count += uniform(0, 1)")], ["TYPE007"]),
        ([("count += 1", "count += 1 mV")], ["UNIT002"]),
        ([("count += 1", "x += 1")], ["NAME006"]),
        # Names
        (
            [
                ("        count : 1", "        eta : 1"),
                ("count += 1", "eta += 1"),
                ("* count_post", "* eta_post"),
            ],
            ["NAME002"],
        ),
        (
            [
                ("U = 0.5", "A = 0.5"),
                ("deliver U * u", "deliver A * u"),
                ("u -= U * u", "u -= A * u"),
                BOTH,
            ],
            ["NAME002"],
        ),
        ([("plasticity: ", "plasticity: short_term, short_term, ")], ["NAME002"]),
        ([("plasticity: ", "plasticity: short, ")], ["NAME001"]),
        # Presets
        ([("voltage(", "voltage.quick(")], ["NAME001"]),
        ([("slow: eta = 0.01", "slow: etta = 0.01")], ["NAME003"]),
        ([("slow: eta = 0.01", "slow: eta = 1 mV")], ["UNIT002"]),
        ([("slow: eta = 0.01", "slow: eta = 0.01, eta = 1")], ["NAME002"]),
        ([("slow: eta = 0.01", "fast: eta = 0.01")], ["NAME002"]),
        # Draws and delivery
        ([("deliver w\n", "deliver w * bernoulli(0.5)\n")], ["TYPE007"]),
        ([("dx/dt = -x/tau", "dx/dt = -x*uniform(1, 2)/tau")], ["TYPE007"]),
        ([("bernoulli(0.5)", "rand()")], ["NAME013"]),
        ([("    deliver: to g\n", "")], ["CLAUSE004"]),
        # Not exact between events
        ([("dx/dt = -x/tau", "dx/dt = -x*v_post/(1 mV)/tau")], ["RUN011"]),
        (
            [
                ("dx/dt = -x/tau", "dx/dt = -x*v_post/(1 mV)/tau"),
                ("    on pre: x", "    method: euler\n    on pre: x"),
            ],
            [],
        ),
        ([("(v - low)/tau", "(v - low)*v/tau/(1 mV)")], []),
        # Used by nothing
        ([("* G/(1 Hz) ", "")], ["NAME022"]),
        ([("    on reward: w += eta * reward * count_post\n", "")], ["NAME022"]),
        # Isolation
        ([("    neuron: cell\n", "    neuron: cell\n    scope: shared\n")], ["BLOCK001"]),
        ([("    neuron: controller\n", "    neuron: controller\n    scope: shared\n")], []),
        (
            [
                ("    poisson: 20 Hz\n", "    poisson: 20 Hz\n    scope: block\n"),
                ("    neuron: cell\n", "    neuron: cell\n    scope: shared\n"),
                ("as feed:", "as feed across blocks:"),
            ],
            ["BLOCK002"],
        ),
        (
            [
                ("    poisson: 20 Hz\n", "    poisson: 20 Hz\n    scope: block\n"),
                ("    neuron: cell\n", "    neuron: cell\n    scope: shared\n"),
                ("as feed:", "as feed across blocks:"),
                sweep("grid:\n        A = [1, 2]"),
            ],
            ["BLOCK004", "BLOCK002"],
        ),
    ],
)
def test_found(changes, codes):
    found = [d.code for d in diagnose(changed(*changes)) if d.code not in UNUSED]
    assert found == codes


def test_set_in_a_phase():
    sweep_part = "sweep:\n    grid:\n        rate = [1, 2]\n\n"
    phases = ("run:\n    duration: 1 s", "run:\n    phases:\n        a: 1 s, set feed.eta = 2")
    assert {d.code for d in diagnose(changed(phases))} == UNUSED
    wrong = ("set feed.eta = 2", "set feed.eta = 2 mV")
    assert {d.code for d in diagnose(changed(phases, wrong))} == {"UNIT002"}
    shared = changed(
        phases,
        ("set feed.eta = 2", "set feed.eta = rate"),
        ("run:\n", sweep_part + "run:\n"),
        ("    neuron: cell\n", "    neuron: cell\n    scope: shared\n"),
        ("    neuron: controller\n", "    neuron: controller\n    scope: shared\n"),
    )
    assert {d.code for d in diagnose(shared)} == {"BLOCK003"}


def test_a_target_without_neurons():
    needy = changed(
        ("    on post: w += x\n", "    post equations: n : 1\n    on post: w += x\n"), text=INPUTS
    )
    assert [d.code for d in diagnose(needy)] == ["CLAUSE010"]
