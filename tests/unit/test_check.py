"""What the checks let pass, and what they find that has no code of its own in the corpus."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from diagnose import diagnose

from stdpdsl.check import check
from stdpdsl.check.costs import estimate
from stdpdsl.check.files import headers_of
from stdpdsl.check.order import dependency_order
from stdpdsl.check.values import steps_of
from stdpdsl.compiler import check_text, compile_source
from stdpdsl.language import ast
from stdpdsl.language.diagnostics import CompileError, has_errors, render
from stdpdsl.language.parser import parse
from stdpdsl.language.source import Source
from stdpdsl.language.units import SECOND, VOLT
from stdpdsl.sweep.evaluate import evaluate_sweep

SPECS = Path(__file__).parents[2] / "specs"

MAP = '''"""Which STDP parameters let primary auditory cortex learn pure tones?"""
model auditory_map

constants:
    tau_syn = 5 ms
    v_rest = -70 mV

sound training:
    stimuli: tones(frequency = geomspace(98 Hz, 5.27 kHz, 70), duration = 500 ms)
    ramp: 10 ms
    gap: 20 ms
    level: 65 dB
    repeats: 4
    order: shuffled
    samplerate: 44.1 kHz

filterbank cochlea:
    sound: training
    filter: gammatone(cf = erbspace(100 Hz, 5 kHz, 10))
    output: 3 * clip(x, 0, inf)

neuron auditory_nerve:
    """Leaky integrate-and-fire fibre driven by one cochlear channel."""
    parameters:
        tau_m = 10 ms
        gain = 1 volt
    equations:
        dv/dt = (v_rest + gain*I - v)/tau_m : volt (unless refractory)
        I : 1
    threshold: v > -60 mV
    reset: v = v_rest
    refractory: 5 ms
    initial: v = v_rest

neuron cortical:
    parameters:
        tau_m = 10 ms
        gain = 1 volt
    equations:
        dv/dt = (v_rest + gain*I - v)/tau_m : volt (unless refractory)
        dI/dt = -I/tau_syn : 1
    threshold: v > -60 mV
    reset: v = v_rest
    refractory: 5 ms
    initial: v = v_rest

neuron interneuron:
    equations:
        dv/dt = (v_rest - v)/(1 ms) : volt
    threshold: v > -69 mV
    reset: v = v_rest
    initial: v = v_rest

rule pair_additive:
    parameters:
        taupre = 20 ms
        taupost = 20 ms
        Apre = 0.01
        Apost = -0.0105
        wmax = 1
    equations:
        w : 1 in [0, wmax]
        dapre/dt = -apre/taupre : 1
        dapost/dt = -apost/taupost : 1
    on pre:
        deliver w
        apre += Apre
        w += apost
    on post:
        apost += Apost
        w += apre

layer AN:
    neuron: auditory_nerve
    size: 10
    scope: shared
    drive: I from cochlea

layer A1:
    neuron: cortical
    size: 10

layer Inh:
    neuron: interneuron
    size: 10

connect AN -> A1 as feedforward:
    pattern: all_to_all
    plasticity: pair_additive(taupre = 20 ms, taupost = 20 ms, wmax = 0.04)
    deliver: w to I
    initial: w = uniform(0, wmax)

connect A1 -> Inh as excite:
    pattern: all_to_all where i != j
    on pre: v_post += 100 mV

connect Inh -> A1 as inhibit:
    pattern: one_to_one
    on pre: v_post = v_rest

sweep:
    grid:
        feedforward.Apre = [1e-5, 0.1]
        ratio = [1, 4]
    derive:
        feedforward.Apost = -Apre * ratio

record:
    spikes of AN, A1
    w of feedforward every 1 s
    v of A1 every 1 ms in blocks 0, 3

run:
    duration: training
    dt: 0.1 ms
    seed: 42
'''

AXIS = "        ratio = [1, 4]"
# The snippets of the language's contract that change MAP: (what, for what).
SNIPPETS = [
    ("    scope: shared\n    drive", "    scope: block\n    drive"),
    ("        feedforward.Apre = [1e-5, 0.1]", "        Apre = [1e-5, 0.1]"),
    (AXIS, AXIS + "\n        A1.tau_m = [10, 20] ms"),
    (AXIS, AXIS + "\n    zip:\n        A1.tau_m = [10, 20] ms\n        A1.gain = [1, 2] volt"),
    (
        "    grid:",
        "    table:\n        | wmax | taupre [ms] |\n        | 0.01 | 20 |\n"
        "        | 0.02 | 10 |\n    grid:",
    ),
    ("    grid:", "    random: 1000 samples\n        wmax = loguniform(1e-4, 1e-1)\n    grid:"),
    ("    derive:", "    where: Apre < wmax\n    replicates: 5\n    derive:"),
    ("-Apre * ratio", "-1.05 * Apre * taupre/taupost * ratio"),
    ("pattern: all_to_all\n", "pattern: random(p = 0.1) independent per block\n"),
    ("pattern: all_to_all\n", "pattern: fixed_indegree(2) where abs(i - j) < 4\n"),
    ("pattern: all_to_all\n", 'pattern: pairs from "edges.csv"\n'),
    ("pattern: all_to_all\n", "pattern: random(0.15*exp(-0.5*((i - j)/0.4)**2))\n"),
    ("deliver: w to I", "deliver: w * 2 to I\n    axonal delay: 1 ms\n    dendritic delay: 0.5 ms"),
    ("deliver: w to I", "deliver: w to I\n    delay: uniform(1 ms, 2 ms)\n    ties: post first"),
    ("deliver: w to I", "deliver: w to I\n    every 350 ms: normalise w per post to 78.4"),
    ("deliver: w to I", "deliver: w to I\n    on pre after 13.7 ms: v_post += 1 mV"),
    ("    on pre: v_post = v_rest", "    weight: 0.5\n    deliver: w to I"),
    (
        "    drive: I from cochlea",
        "    drive: I from cochlea\n    initial: v = uniform(-70*mV, -60 mV)",
    ),
    ("    threshold: v > -69 mV", "    threshold: poisson(15 Hz * (1 + sin(2*pi*t/(1 s))))"),
    (
        "    reset: v = v_rest\n    initial",
        "    reset:\n        old = v\n        v = v_rest + 0.1*old\n"
        "    event burst: v > -65 mV\n    on burst: v = v_rest\n    every 60 ms:\n"
        "        v = v_rest + integers(0, 5)*mV\n    initial",
    ),
    (
        "        dI/dt = -I/tau_syn : 1",
        "        dI/dt = -I/tau_syn : 1 in [0, 10]\n"
        "        chosen : integer (shared)\n        active = i == chosen : boolean",
    ),
    (
        "    duration: training\n",
        "    phases:\n        settle: 10 s, plasticity off\n"
        "        train: training, set feedforward.wmax = 0.02\n"
        "        test: 1 s, inhibit off, feedforward frozen\n",
    ),
]
INPUTS = [
    "poisson: 15 Hz",
    "poisson: 15 Hz * (1 + sin(2*pi*t/(100 ms))) * (i % 2)",
    "poisson: ratio * 15 Hz",
    'spikes: from "file.parquet"',
    "spikes: [(0, 10 ms), (1, 12 ms)]",
    "regular: 20 Hz from 100 ms to 1.1 s",
    'rates: from "rates.npy" every 350 ms, gap 150 ms',
]


def checked(text: str):
    return check(parse(Source("spec.stdp", text)))


def test_the_map_is_clean():
    assert render(diagnose(MAP)) == ""


@pytest.mark.parametrize(("old", "new"), SNIPPETS)
def test_snippets(old, new):
    assert old in MAP
    assert render(checked(MAP.replace(old, new)).diagnostics) == ""


@pytest.mark.parametrize("source", INPUTS)
def test_inputs(source):
    text = (
        MAP + f"\nlayer IN:\n    {source}\n    size: 10\n\nconnect IN -> A1 as extra:\n"
        "    pattern: one_to_one\n    on pre: v_post += 1 mV\n"
    )
    found = checked(text)
    assert render(found.diagnostics) == ""
    swept = "ratio" in source
    assert found.symbols.components["IN"].scope == ("block" if swept else "shared")


def test_types_of_every_expression():
    found = checked(MAP)
    for node in ast.walk(found.spec):
        if isinstance(node, ast.Layer):
            assert node.size is not None and id(node.size) in found.types
        if isinstance(node, ast.Equation) and node.rhs is not None:
            for below in ast.walk(node.rhs):
                assert not isinstance(below, ast.Expr) or id(below) in found.types
        if isinstance(node, ast.Equation) and node.name.id == "v" and node.rhs is not None:
            assert found.types[id(node.rhs)].dim == VOLT / SECOND


def test_types_of_symbols():
    found = checked(MAP)
    ratio = found.symbols.globals["ratio"]
    assert found.type_of(ratio).kind == "integer"
    wmax = found.symbols.components["feedforward"].parameters["wmax"]
    assert found.type_of(wmax).kind == "float"  # 1 by default, 0.04 in its use
    scope = found.symbols.synapse_scope(found.symbols.components["feedforward"])
    assert found.type_of(scope["gain_post"]).dim == VOLT


def test_one_cause_one_message():
    text = MAP.replace("tau_syn = 5 ms", "tau_sin = 5 ms")
    found = [d for d in checked(text).diagnostics if d.severity == "error"]
    assert [d.code for d in found] == ["NAME004"]


def test_all_errors_at_once():
    text = MAP.replace("size: 10\n    scope", "size: 0\n    scope").replace("-60 mV", "-60 ms")
    text = text.replace("Apre = [1e-5, 0.1]", "Apre = [1e-5, 0.1] mV").replace("of AN", "of AM")
    codes = {d.code for d in checked(text).diagnostics}
    assert {"TYPE013", "UNIT003", "UNIT002", "NAME001"} <= codes


def test_used_files():
    start, end = MAP.index("rule pair_additive"), MAP.index("layer AN")
    rule, rest = MAP[start:end], MAP[:start] + MAP[end:]
    head, body = rest.split("constants:", 1)
    spec = parse(Source("spec.stdp", head + 'use "rules.stdp"\n\nconstants:' + body))
    used = parse(Source("rules.stdp", rule))
    assert render(check(spec, {"rules.stdp": used}).diagnostics) == ""
    wrong = parse(Source("rules.stdp", rule.replace("-apre/taupre", "-apre")))
    (error,) = check(spec, {"rules.stdp": wrong}).diagnostics
    assert error.span.source.name == "rules.stdp" and error.code == "UNIT002"


def test_headers_of_files():
    text = MAP.replace("    grid:", '    from: "more.csv"\n    grid:').replace("* ratio", "* other")
    spec = parse(Source("spec.stdp", text))
    assert not has_errors(check(spec).diagnostics)  # `other` may be in the file

    def errors(*heads: str):
        found = check(spec, headers=headers_of(spec, lambda path: heads)).diagnostics
        return [d for d in found if d.severity == "error"]

    assert errors("other") == []
    assert [d.code for d in errors("wmax")] == ["NAME004"]
    (wrong,) = errors("other", "taupre")
    assert wrong.code == "UNIT002" and "taupre [ms]" in wrong.help
    assert errors("other", "taupre [ms]") == []
    assert [d.code for d in errors("other", "taupre [msec]")] == ["UNIT001"]
    both = check(spec, headers=headers_of(spec, lambda path: ["other"]))
    _, problems = evaluate_sweep(both.symbols, 0, lambda path: {"other": [1.0, 2.0]})
    assert problems == []


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("    v_rest = -70 mV", "    v_rest = -70 mV * (2/0)", ["TYPE013"]),
        ("    v_rest = -70 mV", "    v_rest = -70*mV", []),
        (AXIS, AXIS + "\n        excite.weight = 3", ["SWEEP004"]),
        (AXIS, AXIS + "\n        A1.rate = 3 Hz", ["SWEEP004"]),
        (AXIS, AXIS + "\n        A1.size = 3", ["SWEEP004"]),
        (AXIS, AXIS + "\n        tau_syn = [1, 2] ms", []),
        (AXIS, AXIS + "\n        v_rest = [1, 2] mV", ["BLOCK003"]),
        (AXIS, AXIS + "\n        AN.tau_m = [1, 2] ms", ["BLOCK003"]),
        ("    reset: v = v_rest\n    i", "    reset: Hz = v_rest\n    i", ["NAME008", "NAME016"]),
        ("size: 10\n    scope", "size: 12\n    scope", ["CLAUSE006"]),
        ("    size: 10\n\nconnect", "    size: 9\n\nconnect", ["CLAUSE006"]),
        ("initial: w = uniform(0, wmax)", "initial: w = uniform(0, wmax", ["SYN014"]),
        ("    deliver: w to I", "    deliver: w*volt to v", []),
        ("    deliver: w to I", "    deliver: w to v", ["UNIT002"]),
        ("    deliver: w to I", "    deliver: to I", []),
        ("    on pre: v_post = v_rest", "    weight: 0.5\n    deliver: to I", []),
        ("    on pre: v_post = v_rest", "    weight: 1 mV\n    deliver: to I", ["UNIT002"]),
        ("    I : 1", "    I : amp", ["UNIT002"]),
    ],
)
def test_found(old, new, codes):
    assert old in MAP
    assert sorted({d.code for d in diagnose(MAP.replace(old, new, 1))}) == codes


def test_costs():
    found = checked(MAP)
    costs = estimate(found.symbols, 4, 1, found.inference.values)
    assert costs.neurons == 10 + 4 * 20
    assert costs.synapses == 4 * (100 + 90 + 10)
    assert costs.seconds == pytest.approx(70 * 4 * 0.52 + 0.02)
    recorded = {p.name: p.count for p in costs.records}
    assert recorded["feedforward"] == 400 * 147
    assert recorded["A1"] == 2 * 10 * 145621


@pytest.mark.parametrize("seed", range(20))
def test_each_name_comes_after_those_that_it_uses(seed):
    """And a cycle takes along nothing but itself."""
    draw = random.Random(seed)
    names = [f"n{k}" for k in range(12)]
    uses = {n: draw.sample(names[:k], min(k, draw.randrange(4))) for k, n in enumerate(names)}
    uses |= {"a": ["n3", "b"], "b": ["n5", "a"], "uses_a": ["n1", "a", "n2"]}
    order, cycles = dependency_order(dict(draw.sample([*uses.items()], len(uses))))
    assert sorted(order) == sorted([*names, "uses_a"])
    assert [sorted(cycle) for cycle in cycles] == [["a", "b"]]
    for name in order:
        assert all(order.index(used) < order.index(name) for used in uses[name] if used in order)


PATTERNS = """model counted

layer P:
    poisson: 1 Hz
    size: 6

layer Q:
    poisson: 1 Hz
    size: 8

connect P -> Q as c:
    pattern: PATTERN
    plasticity: pair_additive

run:
    duration: 1 s
"""


@pytest.mark.parametrize(
    "pattern, count, at_most",
    [
        ("all_to_all", 48, False),
        ("all_to_all(n = 3)", 144, False),
        ("all_to_all where i != j", 42, False),
        ("all_to_all where rand() < 0.5", 48, True),
        ("one_to_one", 6, False),
        ("random(p = 0.25)", 12, False),
        ("random(p = 0.25) where i < 3", 6, False),
        ("random(p = 1/(1 + j))", 6 * sum(1 / (1 + j) for j in range(8)), False),
        ("random(p = p_of_block)", 48, True),
        ("fixed_indegree(2)", 16, False),
        ("fixed_indegree(2) where i > 0", 16, True),
        ("fixed_outdegree(2)", 12, False),
        ('pairs from "edges.csv"', 5, False),
        ('pairs from "edges.csv" where i > 0', 5, True),
    ],
)
def test_how_many_synapses_a_pattern_is_expected_to_make(pattern, count, at_most):
    text = PATTERNS.replace("PATTERN", pattern)
    if "p_of_block" in pattern:
        text += "\nsweep:\n    grid:\n        p_of_block = [0.1, 0.2, 0.3, 0.4]\n"
    found = checked(text)
    edges = {"edges.csv": 5}
    (part,) = estimate(found.symbols, 4, 1, found.inference.values, edges=edges).connections
    assert (part.count, part.at_most) == (pytest.approx(4 * count), at_most)


def test_how_many_synapses_a_slice_and_a_layer_with_itself_are_expected_to_make():
    for pair, pattern, count, at_most in (
        ("P[0:4] -> Q[2:]", "all_to_all", 24, False),
        ("P[0:4] -> Q[4:]", "one_to_one", 4, True),
        ("P[0:4] -> Q[2:]", "fixed_indegree(2)", 12, True),
        ("Q -> Q", "symmetric(p = 0.5)", 32, False),
    ):
        found = checked(PATTERNS.replace("PATTERN", pattern).replace("P -> Q", pair))
        (part,) = estimate(found.symbols, 1, 1, found.inference.values).connections
        assert (part.count, part.at_most) == (count, at_most)


def test_a_file_whose_columns_are_known_hides_nothing_unused():
    text = re.sub(r"connect .*?\n\n", "", PATTERNS, flags=re.DOTALL)
    text += """
sweep:
    from: "table.csv"
    grid:
        lonely = [1, 2]
"""
    spec = parse(Source("spec.stdp", text))
    for headers in None, headers_of(spec, lambda path: ["other"]):
        found = check(spec, headers=headers).diagnostics
        told = any("lonely" in d.message for d in found)
        assert told == (headers is not None), render(found)


def compiled_check(text: str, folder):
    from stdpdsl.compiler import check_text

    return [d.code for d in check_text(Source("spec.stdp", text), folder, [])[1]]


def test_a_recording_that_does_not_fit_is_refused(tmp_path):
    text = MAP.replace("size: 10\n\nlayer Inh", "size: 10000\n\nlayer Inh")
    text = text.replace("pattern: one_to_one", "pattern: all_to_all")
    text = text.replace("in blocks 0, 3", "")
    assert compiled_check(text.replace("every 1 ms", "every 0.1 ms"), tmp_path) == ["COST003"]
    assert compiled_check(MAP.replace("in blocks 0, 3", "in blocks 0, 4"), tmp_path) == ["SWEEP016"]


def test_a_file_that_is_only_used_is_checked_and_not_compiled(tmp_path):
    text = "rule mine:\n    equations:\n        w : 1\n    on pre:\n        deliver w\n"
    assert compiled_check(text, tmp_path) == []
    assert compiled_check("constants:\n    tau = 5 ms\n\n" + text, tmp_path) == []
    assert compiled_check(text + "        w += wmax\n", tmp_path) == ["NAME004"]
    assert "CLAUSE001" in compiled_check("model m\n\n" + text, tmp_path)
    with pytest.raises(CompileError) as caught:
        compile_source(Source("rules.stdp", text), tmp_path, [], "synapse", "numpy")
    assert [d.code for d in caught.value.diagnostics] == ["CLAUSE001"]


def test_what_refers_to_something_unfinished_is_no_bug_of_ours(tmp_path):
    """A drive from a filterbank without a filter; a preset of a connection that is not there."""
    text = "".join(line for line in MAP.splitlines(True) if "filter:" not in line)
    assert "CLAUSE001" in compiled_check(text, tmp_path)
    text = MAP.replace("feedforward.Apre = [1e-5, 0.1]", "nobody.preset = [a, b]")
    assert "NAME001" in compiled_check(text, tmp_path)


def test_a_free_column_of_a_file(tmp_path):
    text = MAP.replace("        ratio = [1, 4]\n", "").replace(
        "    grid:", '    from: "ratios.csv"\n    grid:'
    )
    assert compiled_check(text, tmp_path) == ["FILE001"]
    (tmp_path / "ratios.csv").write_text("ratio\n1\n4\n")
    assert compiled_check(text, tmp_path) == []
    (tmp_path / "ratios.csv").write_text("ratios\n1\n4\n")
    assert "NAME004" in compiled_check(text, tmp_path)


def test_what_is_computed_has_no_value_at_the_start():
    text = MAP.replace("initial: v = v_rest", "initial: v = v_rest + t*1 volt/second", 1)
    text = text.replace("pattern: one_to_one", "pattern: one_to_one where lastspike_pre < 1 ms")
    found = diagnose(text)
    assert [d.code for d in found] == ["NAME025", "NAME025"]
    assert [d.message for d in found] == [
        f"`{name}` is known only while the simulation runs" for name in ("t", "lastspike_pre")
    ]


@pytest.mark.parametrize(
    "equations, warns",
    [
        ("dv/dt = (1 - v)/tau : 1", True),
        ("dv/dt = total/tau : 1; total = 1 - v : 1", True),
        ("dv/dt = x/tau : 1; dx/dt = -x/(10 ms) : 1", False),  # a scale, as of a learning rate
        ("dv/dt = x/tau - v/(10 ms) : 1; x : 1", False),
    ],
)
def test_a_time_constant_is_what_a_variable_itself_is_divided_by(equations, warns):
    lines = "\n".join(f"        {line}" for line in equations.split("; "))
    text = f"""model m
neuron cell:
    parameters:
        tau = 1 ms
    equations:
{lines}
    threshold: v > 2
    reset: v = 0
layer A:
    neuron: cell
    size: 1
record:
    spikes of A
run:
    duration: 1 s
    dt: 1 ms
"""
    assert ("RUN002" in {d.code for d in diagnose(text)}) == warns


@pytest.mark.parametrize(
    ("line", "twice"),
    [
        ("w of c, c every 10 ms", True),
        ("w, w of c every 10 ms", True),
        ("w of c every 10 ms\n    w of c every 0.01 s in blocks 0", False),
        ("w of c every 10 ms\n    w of c every 0.01 second", True),
        ("w of c every 10 ms\n    w of c every 5 ms", False),
    ],
)
def test_what_is_recorded_twice(line, twice):
    text = RECORDED.replace("LINE", line)
    assert [d.code for d in diagnose(text)] == (["NAME002"] if twice else [])


RECORDED = """model recorded

layer P:
    poisson: 20 Hz
    size: 2

neuron cell:
    equations:
        v : 1
    threshold: v > 1
    reset: v = 0

layer A:
    neuron: cell
    size: 1

connect P -> A as c:
    pattern: all_to_all
    weight: 0.5
    deliver: w to v

record:
    LINE

run:
    duration: 100 ms
"""


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.stdp")), ids=lambda path: path.stem)
def test_a_wrong_name_of_a_neuron_or_a_rule_is_told_once(path, monkeypatch):
    """What the unknown one would have is unknown, and nothing else is said of it."""
    monkeypatch.chdir(SPECS)
    text = path.read_text(encoding="utf-8")
    uses = re.finditer(r"^    (?:neuron|plasticity): (\w+)", text, re.MULTILINE)
    for use in uses:
        wrong = text[: use.end()] + "_q" + text[use.end() :]
        found = check_text(Source(path.name, wrong), SPECS, [])[1]
        errors = [d for d in found if d.severity == "error" and not d.code.startswith("FILE")]
        assert [d.code for d in errors] == ["NAME001"], (use[0], [d.message for d in errors])


@pytest.mark.parametrize("statement, code", [("w += nowhere", "NAME004"), ("w = tau", "UNIT002")])
def test_advance_of_a_rule_that_nobody_uses_is_checked(check_text, statement, code):
    rule = f"""rule idle:
    parameters:
        tau = 20 ms
    equations:
        w : 1
    advance: {statement}
    on pre: deliver w
    on post: w += 1
"""
    assert [d.code for d in check_text(rule) if d.severity == "error"] == [code]


SMALL = """model small

neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
    threshold: v > 1
    reset: v = 0

rule r:
    parameters:
        step = 0.1
        factor = 2
    equations:
        w : 1 in [0, 1]FLAG
        da/dt = -a/(20 ms) : 1
    on pre:
        deliver w
        a += step
    on post:
        w += a * factor

layer P:
    poisson: 20 Hz
    size: 5

layer A:
    neuron: cell
    size: 2

connect P -> A as c:
    pattern: all_to_all
    plasticity: r
    deliver: w to v

connect P -> A as d:
    pattern: all_to_all
    on pre: TARGET += 1

record:
    spikes of A

run:
    duration: 1 s
"""


def small(flag="", target="v_post"):
    return checked(SMALL.replace("FLAG", flag).replace("TARGET +=", f"{target} ="))


def test_a_rule_has_no_shared_variable():
    """It was taken, and each synapse had its own all the same."""
    assert small().diagnostics == []
    (found,) = small(" (shared)").diagnostics
    assert found.code == "NAME015" and found.span.text == "shared"


def test_the_name_of_a_variable_of_the_other_side_is_no_new_name():
    """`v = 1` in a connection, as if it were the neuron's reset, did nothing."""
    (found,) = small(target="v").diagnostics
    assert (found.code, found.severity) == ("NAME016", "error") and "`v_post`" in found.help


def test_the_steps_of_a_rule_are_those_that_stand_alone():
    assert steps_of(small().symbols.components["c"]) == ["step"]


COLLIDING = """model colliding

layer P:
    poisson: 1 Hz
    size: 6

rule hebb:
    equations:
        w : 1 in [0, 1]
        STATE : 1
    on pre:
        STATE += 1
        w += 0.1

connect P -> P as c:
    pattern: all_to_all
    plasticity: hebb

sweep:
    grid:
        amount = [1, 2]

run:
    duration: 1 s
"""


@pytest.mark.parametrize(
    "state, code",
    [("x", ""), ("phase", "NAME014"), ("amount", "NAME014"), ("pre", "NAME008")],
)
def test_a_state_of_a_rule_is_a_column_of_the_table_of_weights(state, code):
    found = diagnose(COLLIDING.replace("STATE", state))
    assert [d.code for d in found if d.severity == "error"] == [code] * bool(code)


SLIPS = """model slips

neuron cell:
    parameters:
        tau = 10 ms
    equations:
        du/dt = -u/tau : 1
        dvdt = (u - v)/tau : 1
        dwdt = (v - w)/tau : 1
    threshold: w > 1
    reset: v = 0

layer A:
    neuron: cell
    size: 1

run:
    duration: 1 s
"""


def test_each_derivative_without_its_slash_is_told_wherever_it_stands():
    assert [d.code for d in diagnose(SLIPS)] == ["NAME027", "NAME027"]


def test_a_value_is_blamed_although_others_have_presets():
    text = COLLIDING.replace("STATE : 1", "dx/dt = -gain*x/tau : 1").replace("STATE", "x")
    values = """rule hebb:
    parameters:
        gain = 1
        tau = 10 mV
    presets:
        strong: gain = 2
        weak: gain = 0.5
"""
    text = text.replace("rule hebb:\n", values).replace(
        "amount = [1, 2]", "c.preset = [strong, weak]"
    )
    found = diagnose(text)
    (error,) = [d for d in found if d.severity == "error"]
    assert (error.code, error.message) == ("UNIT002", "`tau`: expected time, found voltage")


@pytest.mark.parametrize("rate, scope", [("1 Hz", "shared"), ("base", "block"), ("twice", "block")])
def test_an_input_whose_rate_a_sweep_changes_is_one_for_each_block(rate, scope):
    """Also through other constants."""
    text = re.sub(r"connect .*?\n\n", "", PATTERNS, flags=re.DOTALL)
    text = text.replace("poisson: 1 Hz", f"poisson: {rate}", 1)
    text += "\nconstants:\n    base = 10 Hz\n    twice = 2*base\n"
    text += "\nsweep:\n    grid:\n        base = [10, 20] Hz\n"
    found = checked(text).symbols.components
    assert {name: c.scope for name, c in found.items()} == {"P": scope, "Q": "shared"}
