"""Rules as models of NESTML and back: what is written, and what is refused, where."""

from __future__ import annotations

import re
import shlex

import pytest

from stdpdsl import cli
from stdpdsl.compiler import library
from stdpdsl.exchange.quantities import decimal, in_base, type_name
from stdpdsl.exchange.to_nestml import export
from stdpdsl.language import ast
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.language.parser import parse
from stdpdsl.language.source import Source
from stdpdsl.language.units import AMP, SECOND, VOLT

CANNOT = {
    "clopath",
    "clopath_homeostatic",
    "clopath_delayed",
    "eprop",
    "eprop_adaptive",
    "mstdp",
    "mstdpet",
    "graupner_brunel",
    "graupner_brunel_flat",
    "homeostatic_stdp",
    "quantal_release",
    "stdsp",
    "urbanczik_senn",
    "zenke_agnes_gerstner",
}
RULE = """rule mine:
    parameters:
        tau = 20 ms
        eta = 0.1
    equations:
        w : 1 in [0, 1]
        dx/dt = -x/tau : 1
    on pre:
        deliver w
        {pre}
    on post:
        w += eta * x
"""


def rule_of(text):
    return parse(Source("rule.stdp", text)).of(ast.Rule)[0]


def refused(rule):
    with pytest.raises(CompileError) as error:
        export(rule)
    return error.value.diagnostics


def test_each_rule_of_the_library_is_exported_or_refused_with_a_place():
    for name, rule in library().items():
        if name in CANNOT:
            assert all(d.span.end > d.span.start for d in refused(rule)), name
        else:
            text = export(rule)
            assert text.isascii() or "Sj" in text or "é" in text or "ü" in text
            assert re.search(rf"^model {name}_synapse:$", text, re.MULTILINE)


def test_the_head_says_what_goes_wrong_in_nest():
    loses, computed = set(), {}
    for name in library().keys() - CANNOT:
        head = " ".join(export(library()[name]).split("\nmodel ")[0].replace("#", " ").split())
        if "loses post spikes" in head:
            loses.add(name)
        if "give these, too" in head:
            computed[name] = re.search(r"give these, too: (.*?)\.", head)[1]
    assert loses == {"triplet", "triplet_nearest", "diehl_cook_triplet"}
    assert computed == {"vogels": "alpha", "bcpnn": "floor_p"}


def test_the_docs_name_what_cannot_be_exported():
    from test_site import DOCS

    said = (DOCS / "from_nestml.md").read_text(encoding="utf-8").partition("**Not exported**")[2]
    named = set(re.findall(r"`(\w+)`", said.partition("Presets")[0])) & set(library())
    assert named == CANNOT


@pytest.mark.parametrize(
    "written, number, type",
    [
        ("20 ms", "20", "ms"),
        ("10 second", "10000", "ms"),
        ("20 Hz", "0.02", "1/ms"),
        ("14e-5 mV**-1", "0.00014", "1/mV"),
        ("1e-6 second**2", "1", "ms**2"),
        ("3 nS", "3", "nS"),
        ("0.2 Mohm", "0.0002", "GOhm"),
        ("7 uA", "7000000", "pA"),
        ("0.07 mV*second", "70", "mV*ms"),
    ],
)
def test_quantities_keep_their_digits(written, number, type):
    value = (
        parse(Source("c", f"constants:\n    x = {written}\n")).of(ast.Constants)[0].items[0].value
    )
    found, dim = in_base(value)
    assert (found, type_name(dim)) == (number, type)


def test_dimensions_have_types():
    assert type_name(VOLT**-2) == "1/mV**2"
    assert type_name(VOLT * SECOND / AMP) == "mV*ms/pA"
    assert decimal("1e-5", 0) == "0.00001" and decimal("0", 3) == "0"


@pytest.mark.parametrize(
    "statement, marked",
    [
        ("x += i", "i"),
        ("x += sign(w)", "sign(w)"),
        ("x += w % 2", "w % 2"),
        ("x += poisson(2)", "poisson(2)"),
        ("x += dt/tau", "dt"),
        ("x += v_pre", "v_pre"),
    ],
)
def test_what_nestml_lacks_is_marked(statement, marked):
    assert marked in [d.span.text for d in refused(rule_of(RULE.format(pre=statement)))]


def test_events_that_are_no_spikes_are_refused():
    found = refused(rule_of(RULE.format(pre="x += 1") + "    on burst post: w += 1\n"))
    assert [d.span.text for d in found] == ["burst"]


def test_names_of_nestml_are_changed_and_told():
    text = export(
        rule_of(RULE.replace("eta", "state").format(pre="print = state\n        x += print"))
    )
    head = " ".join(text.replace("#", " ").split())
    assert "state is state_value here" in head and "print is print_value here" in head
    assert "print_value real = state_value" in text and "x += print_value" in text


def test_time_in_advance_is_that_since_the_last_event():
    def advanced(body):
        return (
            RULE.format(pre="x += 1").replace(
                "        dx/dt", "        last : second\n        dx/dt"
            )
            + "    advance:\n"
            + "".join(f"        {line}\n" for line in body)
        )

    text = export(rule_of(advanced(["since = t - last", "w -= since/tau", "last = t"])))
    assert "since ms = timestep()\n        w -= since / tau\n" in text and "last" not in text
    marked = refused(rule_of(advanced(["w -= (t - 2*last)/tau", "last = t"])))
    assert {d.span.text for d in marked} == {"t"}


def test_bounds_are_clipped_after_each_change():
    text = export(rule_of(RULE.format(pre="w -= 0.1")))
    assert (
        text.count("w = max(0.0, min(1.0, w))") == 2
        and "w real = 0 [[(w >= 0.0) and (w <= 1.0)]]" in text
    )


def test_arguments_side_by_side_are_real():
    """In C++, `max(0, x)` of a whole and a real number does not compile."""
    text = export(rule_of(RULE.format(pre="x = min(1, max(-2, w)) * max(3 ms, tau)/tau")))
    assert "min(1.0, max(-2.0, w)) * max(3.0 ms, tau) / tau" in text


def test_whole_numbers_are_not_divided_to_whole_numbers():
    assert "x += 1.0 * 1 / 2 * w" in export(rule_of(RULE.format(pre="x += 1/2*w")))


def test_a_port_counts_its_spikes_one_by_one():
    text = RULE.format(pre="x += 1").replace(
        "    parameters:", "    ports: reward\n    parameters:"
    )
    assert "onReceive(reward, priority=1):\n        x += eta" in export(
        rule_of(text + "    on reward:\n        x += reward * eta\n")
    )
    bounded = export(rule_of(text + "    on reward:\n        w += reward * eta\n"))
    assert "w += eta\n        w = max(0.0, min(1.0, w))\n" in bounded
    for value in ("x += reward**2", "x = reward", "x += x*reward"):
        found = refused(rule_of(text + f"    on reward:\n        {value}\n"))
        assert [d.span.text for d in found] == [value]


@pytest.mark.parametrize(
    "line, said",
    [
        ("export triplet --to nestml --block 3", "--block belong to results"),
        ("export tripel --to nestml", "did you mean `triplet`?"),
        ("export triplet.visual --to nestml", "has no preset `visual`"),
        ("export triplet --to nestml -o x.txt", "must end in .nestml"),
        ("export triplet --to nestml --from none.stdp", "none.stdp: error"),
        ("export triplet --from x.stdp", "--from SPEC names the file of a rule"),
        ("export results", "-o FILE"),
    ],
)
def test_the_command_says_what_is_wrong(line, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(shlex.split(line)) in (1, 2)
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_rule_of_a_spec_and_its_constants_are_exported(tmp_path, capsys):
    spec = "constants:\n    tau_c = 10 ms\n" + RULE.replace("20 ms", "2*tau_c").format(pre="x += 1")
    (tmp_path / "mine.stdp").write_text(spec)
    assert (
        cli.main(["export", "mine", "--to", "nestml", "--from", str(tmp_path / "mine.stdp")]) == 0
    )
    text = capsys.readouterr().out
    assert "tau_c ms = 10 ms\n        tau ms = 2 * tau_c\n" in text


def test_without_the_parser_it_is_said_what_to_install(monkeypatch, capsys):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert cli.main(["import", "x.nestml"]) == 2
    assert "stdpdsl[nestml]" in capsys.readouterr().err
