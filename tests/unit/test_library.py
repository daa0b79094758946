"""Every rule that ships, by itself: it reads, its units are right, all of it is used, and it says
where it comes from. What the rules do is tested elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from diagnose import diagnose

from stdpdsl.compiler import Library, library
from stdpdsl.language import ast
from stdpdsl.language.diagnostics import render
from stdpdsl.language.parser import parse
from stdpdsl.language.printer.expressions import print_unit
from stdpdsl.language.source import Source

FOLDER = Path(__file__).parents[2] / "stdpdsl" / "library"
FILES = sorted(FOLDER.glob("*.stdp"))
DOI = re.compile(r"doi:10\.\d{4,9}/\S+[^\s.,;)]")


def rules_of(path: Path) -> list[ast.Rule]:
    return parse(Source(path.name, path.read_text(encoding="utf-8"))).of(ast.Rule)


RULES = [rule for path in FILES for rule in rules_of(path)]


def spec_around(path: Path, rules: list[ast.Rule]) -> str:
    """The smallest spec in which every rule of a file, and each of its presets, is used."""
    text = "model alone\n\n" + path.read_text(encoding="utf-8")
    text += "\nlayer source:\n    poisson: 10 Hz\n    size: 2\n"
    swept = []
    for rule in rules:
        name = rule.name.id
        variables = [f"        {r.name.id} : {print_unit(r.unit)}" for r in rule.requires]
        values = [p for p in rule.ports if p.unit is not None]
        ports = [f"        {p.name.id} : {print_unit(p.unit)}" for p in values if p.unit]
        bound = [f"{p.name.id} = spikes of source" for p in rule.ports if p.unit is None]
        bound += [f"{p.name.id} = {p.name.id} of at_{name}" for p in values]
        text += (
            f"\nneuron cell_{name}:\n    equations:\n        du/dt = -u/(10 ms) : 1\n"
            + "".join(f"{line}\n" for line in variables)
            + f"    threshold: u > 1\n    reset: u = 0\n"
            f"\nlayer to_{name}:\n    neuron: cell_{name}\n    size: 2\n"
        )
        if ports:
            equations = "\n".join(ports)
            text += f"\nneuron one_{name}:\n    equations:\n{equations}\n"
            text += f"\nlayer at_{name}:\n    neuron: one_{name}\n    size: 1\n"
        text += (
            f"\nconnect source -> to_{name} as use_{name}:\n    pattern: all_to_all\n"
            f"    plasticity: {name}({', '.join(bound)})\n"
        )
        if any(isinstance(node, ast.Deliver) for node in ast.walk(rule)):
            text += "    deliver: 1 to u\n"
        if rule.presets:
            names = ", ".join(p.name.id for p in rule.presets)
            swept.append(f"        use_{name}.preset = [{names}]\n")
    if swept:
        text += "\nsweep:\n    grid:\n" + "".join(swept)
    return text + "\nrun:\n    duration: 1 s\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_clean_by_itself(path):
    found = diagnose(spec_around(path, rules_of(path)), path.name)
    found = [d for d in found if d.code != "RUN008"]  # a noisy rule is to say that it is noisy
    assert not found, render(found)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name.id)
def test_it_says_where_it_comes_from(rule):
    assert rule.doc is not None, "a docstring with a title and its paper"
    title = rule.doc.text.partition("\n")[0]
    assert title.endswith(".") and len(title) <= 93, title
    assert DOI.search(rule.doc.text), "the paper's doi"


def test_the_library_knows_every_rule():
    assert list(library()) == [rule.name.id for rule in RULES]
    assert len(library()) == len(set(library()))


def test_a_rule_is_parsed_when_it_is_asked_for(tmp_path):
    (tmp_path / "a.stdp").write_text("rule good:\n    equations: w : 1\n")
    (tmp_path / "b.stdp").write_text("rule bad:\n    this is no rule\n")
    rules = Library(tmp_path)
    assert set(rules) == {"good", "bad"}
    assert rules["good"].equations[0].name.id == "w"
    assert "ugly" not in rules
