"""The TextMate grammar colours the language that the parser reads."""

import json
import re
from pathlib import Path

import pytest

from stdpdsl.language.builtins import CONSTANTS, DISTRIBUTIONS, FUNCTIONS, LISTS, METHODS, PATTERNS
from stdpdsl.language.builtins_audio import FILTERS, ORDERS, SOUNDS
from stdpdsl.language.parser import _reader
from stdpdsl.language.syntax_errors.failure import DECLARATIONS, FLAGS

FOLDER = Path(__file__).parents[2] / "grammars"
GRAMMAR = json.loads((FOLDER / "stdp.tmLanguage.json").read_text(encoding="utf-8"))
KEYWORDS = {k for k in _reader().kinds.values() if k.isidentifier() and k.islower()}


def rules(part):
    """The patterns of a part of the grammar."""
    for pattern in part.get("patterns", []):
        if "match" in pattern or "begin" in pattern:
            yield pattern


ALL = [rule for part in GRAMMAR["repository"].values() for rule in rules(part)]
REGEXES = [rule[key] for rule in ALL for key in ("match", "begin", "end") if key in rule]


def scope_of(line, word, *parts):
    """What the first of some parts' patterns that matches a word of a line makes of it."""
    for part in parts:
        for rule in rules(GRAMMAR["repository"][part]):
            for match in re.finditer(rule.get("match", rule.get("begin")), line):
                captures = rule.get("captures") or rule.get("beginCaptures") or {}
                if match[0] == word and "name" in rule:
                    return rule["name"]
                for number, capture in captures.items():
                    if match[int(number)] == word:
                        return capture["name"]
    return None


def test_it_is_well_formed():
    for regex in REGEXES:
        re.compile(regex.replace(r"\1", ""))  # `end` refers to a group of `begin`
    included = set(re.findall(r'"include": "#(\w+)"', json.dumps(GRAMMAR)))
    assert included == set(GRAMMAR["repository"])
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["contributes"]
    assert package["grammars"][0]["scopeName"] == GRAMMAR["scopeName"]
    named = [package["grammars"][0]["path"], package["languages"][0]["configuration"]]
    assert all((FOLDER / name).is_file() for name in named)


def test_it_knows_every_word_of_the_language():
    text = re.sub(r"\\[a-zA-Z]", " ", " ".join(REGEXES))
    words = set(re.findall(r"\w+", text))
    tables = (FUNCTIONS, DISTRIBUTIONS, LISTS, METHODS, PATTERNS, SOUNDS, FILTERS, ORDERS)
    known = set().union(KEYWORDS, CONSTANTS, *tables)
    flags = {part for flag in FLAGS.values() for part in re.findall(r"\w+", flag)}
    assert known | flags <= words
    others = {"A", "Za", "z", "z_", "eE", "d", "dt", "shared", "block", "if", "is", "else", "for"}
    assert {w for w in words - known - flags - others if not w.isdigit()} == set()


@pytest.mark.parametrize("word", DECLARATIONS)
def test_declarations(word):
    assert scope_of(f"{word} x -> y as z:", word, "declarations") == "storage.type.stdp"


@pytest.mark.parametrize(
    "line, word, scope",
    [
        ("    tau = 10.5e-3 ms", "10.5e-3", "constant.numeric.stdp"),
        ("    g = -2 nS/cm**2*exp(x)", "nS/cm**2", "keyword.other.unit.stdp"),
        ("    x = [5, 10] ms", "ms", "keyword.other.unit.stdp"),
        ("    regular: 20 Hz from 1 s to 2 s", "to", "keyword.other.stdp"),
        ("        | taupre [ms] | w |", "ms", "keyword.other.unit.stdp"),
        ("        dv/dt = -v/tau : volt", "dv/dt", "variable.other.derivative.stdp"),
        ("    scope: shared", "shared", "support.constant.stdp"),
        ("    pattern: random(p = 0.1)", "random", "support.constant.stdp"),
        ("    axonal delay: 1 ms", "axonal delay", "keyword.control.stdp"),
        ("    on pre after 5 ms: w = 1", "after", "keyword.control.stdp"),
        ("neuron n: threshold: v > 1", "threshold", "keyword.control.stdp"),
    ],
)
def test_places(line, word, scope):
    assert scope_of(line, word, "declarations", "clauses", "expression") == scope
