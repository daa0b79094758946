"""A name is found wherever it stands: renaming each one leaves every spec as right as it was."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stdpdsl.editor.document import Document
from stdpdsl.editor.references import Refused, occurrences, references, rename
from stdpdsl.language import ast
from stdpdsl.language.parser import parse

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.stdp")) + sorted(
    (ROOT / "grammars" / "examples").glob("*.stdp")
)


# A rule of the library may require a variable by its name: that one stays.


def edited(text, edits):
    for span, new in sorted(edits, key=lambda edit: -edit[0].start):
        text = text[: span.start] + new + text[span.end :]
    return text


@pytest.mark.parametrize("path", SPECS, ids=lambda p: p.stem)
def test_each_name_can_be_another(path):
    """All at once: the text is as right as before, and no word is left that was a name."""
    document = Document(path, path.read_text(encoding="utf-8"))
    required = {
        r.name.id
        for c in document.symbols.connections
        for rule in c.rules
        for r in rule.requires
        if not any(rule is d for d in document.declarations)
    }
    found = [o for o in occurrences(document) if o.key[0] == path and o.span.text not in required]
    names = {o.key: f"{o.span.text}q" for o in found}
    text = edited(document.text, [(o.span, names[o.key]) for o in found])
    after = Document(path, text)
    assert [d.code for d in after.diagnostics] == [d.code for d in document.diagnostics]
    old, new = parse(document.source), parse(after.source)
    words = {o.key: o.span.text for o in found}
    declared = {n.id for d in old.declarations for n in ast.walk(d) if isinstance(n, ast.Ident)}
    assert set(words.values()) <= declared | {w for d in declared for w in d.split("_")}
    assert len(list(ast.walk(old))) == len(list(ast.walk(new)))


@pytest.mark.parametrize("name", ["auditory_map", "diehl_cook_2015", "izhikevich_2007"])
def test_one_name_alone_can_be_another(name):
    path = ROOT / "specs" / f"{name}.stdp"
    document = Document(path, path.read_text(encoding="utf-8"))
    seen = set()
    for o in occurrences(document):
        if o.key in seen or o.key[0] != path:
            continue
        seen.add(o.key)
        edits = rename([document], o, "renamed")
        assert edits[path]
        text = edited(document.text, edits[path])
        here = references([document], o.key)
        assert len(re.findall(r"\brenamed", text)) + text.count("drenamed/dt") >= len(here)


def test_what_cannot_be_renamed():
    path = ROOT / "specs" / "auditory_map.stdp"
    document = Document(path, path.read_text(encoding="utf-8"))
    by_text = {o.span.text: o for o in occurrences(document)}
    for old, new, why in [
        ("tau_syn", "v_rest", "taken"),
        ("tau_syn", "2x", "not a name"),
        ("tau_syn", "a b", "not a name"),
        ("tau_syn", "new", "C\\+\\+"),
        ("pair_additive", "mine", "library"),
    ]:
        with pytest.raises(Refused, match=why):
            rename([document], by_text[old], new)
