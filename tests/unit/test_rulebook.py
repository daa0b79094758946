"""`stdpdsl rules`: one line for each rule, or all about one."""

import json
import re
from pathlib import Path

import pytest

from stdpdsl import cli
from stdpdsl.compiler import library
from stdpdsl.language import ast
from stdpdsl.language.parser import parse
from stdpdsl.language.source import Source
from stdpdsl.library import catalogue as rulebook

PAGE = Path(__file__).parents[2] / ".github" / "docs" / "rules.md"


def test_every_rule_has_a_line_that_fits(capsys):
    assert cli.main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(library())
    assert max(map(len, lines)) <= 100
    assert all(re.search(r"  \S.* (18|19|20)\d\d$", line) for line in lines)
    narrow = rulebook.listing(library(), 80).splitlines()
    assert max(map(len, narrow)) <= 80


def test_a_page_lists_them():
    assert f"```text\n{rulebook.listing(library(), 100)}```\n" in PAGE.read_text("utf-8")


@pytest.mark.parametrize("name", library())
def test_a_page_tells_all(name):
    rule = library()[name]
    page = rulebook.page(rule)
    assert page.startswith(f"{name}: {rule.doc.text}")
    for parameter in rule.parameters:
        assert re.search(rf"^    {parameter.name.id} +\S", page, re.MULTILINE)
    for preset in rule.presets:
        assert f"    {name}.{preset.name.id}" in page
        for doc_line in preset.doc.text.split("\n") if preset.doc else ():
            assert doc_line.strip() in page
    for heading in ("requires post:", "ports:", "post equations:"):
        here = {"requires post:": rule.requires, "ports:": rule.ports}
        assert (f"\n{heading}\n" in page) == bool(here.get(heading, rule.post_equations))
    assert "https://doi.org/10." in page
    assert "?" not in rulebook.units(rule).values()


def test_units_are_those_of_the_defaults():
    assert rulebook.units(library()["vogels"]) == {
        "eta": "1",
        "tau": "second",
        "rho0": "hertz",
        "alpha": "1",
        "wmax": "1",
    }
    assert rulebook.units(library()["clopath"])["A_LTP"] == "mV**-2"


def test_the_json_holds_the_rule_itself(capsys):
    assert cli.main(["rules", "triplet", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    text = Path(found["name"] + ".stdp"), found["text"]
    assert parse(Source(str(text[0]), text[1])).of(ast.Rule) == [library()["triplet"]]
    assert found["doi"] == ["10.1523/JNEUROSCI.1425-06.2006"]
    assert found["parameters"][4] == {"name": "tau_plus", "default": "16.8 ms", "unit": "second"}
    assert found["presets"][0]["values"]["A2plus"] == "5e-10"
    assert found["presets"][0]["source"].startswith("Table 3")
    assert cli.main(["rules", "--format", "json"]) == 0
    assert [r["name"] for r in json.loads(capsys.readouterr().out)] == list(library())


def test_papers_are_cited_short():
    def paper(text):
        doc = f'"""A title.\n\n    {text}\n    """'
        spec = parse(Source("r.stdp", f"rule r:\n    {doc}\n    equations:\n        w : 1\n"))
        return rulebook.entry(spec.of(ast.Rule)[0]).paper

    assert paper("Oja (1982), J. Math") == "Oja 1982"
    assert paper("Diehl & Cook (2015), Front.") == "Diehl & Cook 2015"
    assert paper("Song, Miller & Abbott (2000), Nature") == "Song et al. 2000"
    assert paper("Bellec et al. (2020), Nature") == "Bellec et al. 2020"
    assert paper("no paper at all") == ""


def test_a_name_that_is_not_there(capsys):
    assert cli.main(["rules", "triplets"]) == 2
    assert "no rule `triplets` in the library; did you mean `triplet`?" in capsys.readouterr().err
