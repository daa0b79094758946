"""The table of clauses is the grammar's, and its examples are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stdpdsl.compiler import check_text
from stdpdsl.language import ast
from stdpdsl.language.clauses import CLAUSES, DECLARATIONS
from stdpdsl.language.clauses.examples import example, example_lines
from stdpdsl.language.clauses.words import OTHER
from stdpdsl.language.parser import _reader, parse
from stdpdsl.language.source import Source
from stdpdsl.language.syntax_errors.failure import FLAGS

EXAMPLES = Path(__file__).parents[2] / "grammars" / "examples"
GRAMMAR = (EXAMPLES.parent / "stdp.lark").read_text(encoding="utf-8")
PAIRS = [(d, c) for d, clauses in CLAUSES.items() for c in clauses]


def rules():
    """Each rule of the grammar, by its name, with its text."""
    return dict(re.findall(r"^\??(\w+): (.*?)(?=^\S|\Z)", GRAMMAR, re.MULTILINE | re.DOTALL))


def test_every_word_of_the_grammar_is_told():
    words = {t.pattern.value for t in _reader().terminals if t.pattern.value.isidentifier()}
    told = {*DECLARATIONS, *FLAGS.values(), *OTHER}
    for clauses in CLAUSES.values():
        told |= {word for clause in clauses for word in clause.split()}
    for entry in (*(c for part in CLAUSES.values() for c in part.values()), *OTHER.values()):
        told |= set(re.findall(r"[a-z]+", entry.form))
    assert words <= told, words - told
    assert set(FLAGS.values()) <= set(OTHER)


@pytest.mark.parametrize(
    "declaration, rule",
    [
        ("neuron", "neuron_clause"),
        ("rule", "rule_clause"),
        ("layer", "layer_clause"),
        ("connect", "connect_clause"),
        ("sound", "sound_clause"),
        ("filterbank", "filterbank_clause"),
        ("sweep", "sweep_part"),
        ("run", "run_clause"),
    ],
)
def test_each_clause_is_in_the_grammar_and_told(declaration, rule):
    text = rules()[rule]
    heads = set(re.findall(r'(?:^|\||\()\s*"(\w+)"', text)) | set(re.findall(r'\| "(\w+)"', text))
    told = {clause.split()[0] for clause in CLAUSES[declaration]}
    written = told - {"on", "every", "axonal", "dendritic", "delay"}
    assert written <= set(re.findall(r'"(\w+)"', text)), written
    assert heads <= told | {"requires", "post"}, heads - told


def test_each_declaration_is_told():
    spec = rules()["start"] + GRAMMAR
    named = set(re.findall(r'^(\w+): "(\w+)"', spec, re.MULTILINE))
    words = {word for _, word in named if word in DECLARATIONS}
    assert words == set(DECLARATIONS)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.stdp")), ids=lambda p: p.stem)
def test_examples_are_right(path):
    source = Source(str(path), path.read_text(encoding="utf-8"))
    assert check_text(source, path.parent, [])[1] == []


def test_each_declaration_has_an_example_that_shows_it():
    kinds = {"measure": ast.Measures, "model": ast.Spec}
    for name in DECLARATIONS:
        kind = kinds.get(name) or getattr(ast, name.capitalize())
        spec = parse(Source(f"{name}.stdp", example(name)))
        assert kind is ast.Spec or spec.of(kind), name


@pytest.mark.parametrize("declaration, clause", PAIRS)
def test_each_clause_is_shown(declaration, clause):
    assert clause.split()[-1] in example_lines(declaration, clause)
