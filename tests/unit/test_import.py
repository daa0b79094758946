"""Models of NESTML as rules: what is written, and what is refused, where."""

from __future__ import annotations

import pytest

from stdpdsl import cli
from stdpdsl.compiler import library
from stdpdsl.exchange.to_nestml import export
from stdpdsl.language import ast
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.language.parser import parse
from stdpdsl.language.source import Source

pytest.importorskip("pynestml")
from stdpdsl.exchange.from_nestml import rule_from  # noqa: E402

pytestmark = pytest.mark.slow  # NESTML's parser is

MODEL = """model m_synapse:
    state:
        w real = 1
        x real = 0
        b boolean = false
    parameters:
        tau ms = 20 ms
    equations:
        x' = -x / tau
    input:
        pre_spikes <- spike
        post_spikes <- spike
        mod <- spike
    output:
        spike
    onReceive(pre_spikes):
        {pre}
        emit_spike(w)
    onReceive(mod):
        {mod}
    update:
        {update}
"""


def model(pre="x += 1", mod="x += 1", update="integrate_odes()"):
    return MODEL.format(pre=pre.replace("\n", "\n        "), mod=mod, update=update)


def rule_of(text):
    return parse(Source("rule.stdp", text)).of(ast.Rule)[0]


def imported(text):
    return rule_from(Source("m.nestml", text))


def refused_import(text):
    with pytest.raises(CompileError) as error:
        imported(text)
    return error.value.diagnostics


@pytest.mark.parametrize(
    "name", ["pair_additive", "triplet", "pair_nearest_pre_centred", "diehl_cook"]
)
def test_what_went_comes_back_the_same(name):
    rule = library()[name]
    back = rule_of(imported(export(rule)))
    for part in ("parameters", "equations", "handlers", "initial", "advance", "ports"):
        assert getattr(back, part) == getattr(rule, part), part


@pytest.mark.parametrize(
    "statement, written",
    [
        ("x += tau", "x += tau / 1 ms"),  # a number of ms
        ("x = tau == 0 ? 0 : w", "x = int(tau != 0 ms) * w"),
        ("x += 1 / tau", "x += 1 / tau / 1 ms**-1"),
        ("y ms = 3 ms\nx += y/tau", "y = 3 ms"),
        ("x = random_normal(0, w)", "x = normal(0, w)"),
        ("x = random_uniform(1, w)", "x = uniform(1, 1 + w)"),
        ("b = w > 1", "b = int(w > 1)"),
        ("if b:\n    x = 3", "x = case1 * 3 + (1 - case1) * x"),
        ("if b:\n    x += 3\nelse:\n    x -= 2", "x -= (1 - case1) * 2"),
        ("if b:\n    x *= 3", "x *= case1 * 3 + (1 - case1)"),
        (
            "if w > 0:\n    x = 1/w",
            "1 / (case1 * w + (1 - case1))",
        ),  # 0 times infinity is no number
        ("if b:\n    x = 1/(w + x)", "1 / (case1 * (w + x) + (1 - case1))"),
        (
            "if b:\n    x = 1\nelif w > 1:\n    x = 2\nelse:\n    x = 3",
            "x = (1 - case1 - case2) * 3",
        ),
        ("dt real = 2\nx = dt", "dt_new = 2"),
    ],
)
def test_statements_of_nestml(statement, written):
    assert written in imported(model(pre=statement))


def test_a_handler_of_a_port_counts_its_spikes():
    assert "on mod: x += 2 * mod" in imported(model(mod="x += 2"))
    assert "x += mod / tau / 1 ms**-1" in imported(model(mod="x += 1/tau"))
    clip = "x = min(3, x)"
    each = model(f"x += 2\n{clip}", f"x += 2\n        {clip}", f"integrate_odes()\n        {clip}")
    assert "on mod: x += 2 * mod" in imported(each)
    assert "Several spikes of mod" in imported(model(mod="x = x*x"))


def test_names_of_ours_give_way_to_the_models():
    text = imported(
        model(update="integrate_odes()\n        w += timestep()/tau").replace("tau", "last")
    )
    assert "last = 20 ms" in text and "last2 = t\n" in text or "last_value = t\n" in text


def test_functions_and_delays_of_nestml():
    text = MODEL.replace(
        "    equations:", "        d ms = 1 ms @nest::delay\n    equations:"
    ).replace(
        "    input:", "    function f(a real, b ms) real:\n        return a*b/tau\n    input:"
    )
    text = imported(text.format(pre="x += f(w, 3 ms)", mod="x += 1", update="integrate_odes()"))
    assert "x += w * 3 ms / tau" in text and "The delay d is set in the connection." in text
    assert "d = " not in text


def test_time_passes_by_steps():
    text = imported(model(update="integrate_odes()\n        w += x*timestep()/tau"))
    assert "elapsed = t - last\n        w += x * elapsed / tau\n        last = t\n" in text


@pytest.mark.parametrize(
    "part, marked, said",
    [
        ({"pre": "x += convolve(w, mod)"}, "convolve", "convolve"),
        ({"pre": "for k in 0 ... 3 step 1:\n    x += 1"}, "for", "loops"),
        ({"pre": "x = 1/2"}, "1/2", "integer"),
        ({"pre": "x += resolution()/tau"}, "resolution()", "resolution"),
        ({"pre": "emit_spike(x)"}, "emit_spike(w)", "once"),
        ({"mod": "emit_spike(x)"}, "emit_spike(x)", "presynaptic spikes only"),
        ({"update": "w += x\n        integrate_odes()"}, "x", "before it is integrated"),
        ({"update": "w += 1"}, "", "integrate"),
        ({"pre": "x +="}, "", "NESTML"),
        ({"pre": "nowhere = 3"}, "", "nowhere"),
    ],
)
def test_what_a_rule_lacks_is_marked(part, marked, said):
    found = refused_import(model(**part))
    assert any(said in d.message and marked in d.span.text for d in found), [
        (d.message, d.span.text) for d in found
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "model",
        "x = 1",
        "model a:\n    state:\n        x real = 1\n" * 2,
        "\0",
        "model a:\n  " + "(" * 50,
    ],
)
def test_no_model_is_no_traceback(text):
    assert refused_import(text)


def test_import_writes_a_file_that_specs_use(tmp_path, capsys):
    (tmp_path / "m.nestml").write_text(model())
    command = ["import", str(tmp_path / "m.nestml"), "-o", str(tmp_path / "m.stdp")]
    assert cli.main(command) == 0
    assert cli.main(["check", str(tmp_path / "m.stdp")]) == 0
    assert cli.main(command) == 2 and "exists already" in capsys.readouterr().err
