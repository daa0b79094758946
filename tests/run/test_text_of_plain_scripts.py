"""What `stdpdsl compile` writes: short, plain Brian2, with the network of `stdpdsl run`."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import pytest
from test_plain_scripts import GALLERY, SPECS, compiled

from stdpdsl.brian2.plain.layout import quoted, quoted_model
from stdpdsl.compiler import compile_source
from stdpdsl.ir import Equation
from stdpdsl.language.source import Source

STARTER = SPECS.parent / "templates" / "new" / "starter.stdp"
LONGEST, MEDIAN, WIDTH = 355, 208, 100
SHORTER = {"first": 160, "auditory_map": 250}
"""At most so many lines of what `stdpdsl new` writes, and of the main example."""


def test_scripts_are_short():
    lengths = {}
    for name in GALLERY:
        lines = compiled(name).script.splitlines()
        lengths[name] = len(lines)
        assert [line for line in lines if len(line) > WIDTH] == [], name
    text = STARTER.read_text(encoding="utf-8").replace("NAME", "first")
    starter = compile_source(Source("first.stdp", text), Path(), [], None, "numpy")
    lengths["first"] = len(starter.script.splitlines())
    assert {n: lengths[n] for n, k in SHORTER.items() if lengths[n] > k} == {}
    assert {n: k for n, k in lengths.items() if k > LONGEST} == {}
    assert statistics.median(lengths.values()) <= MEDIAN


def test_a_long_word_is_not_broken():
    """Brian2's code goes on in the next line after a space; a word has none."""
    word = "x" * 300
    assert quoted([f"v = {word} + 1"]) == f'"""v = \\\n    {word} + 1"""'
    assert eval(quoted([f"v = {word} + 1"])).split() == ["v", "=", word, "+", "1"]


@pytest.mark.parametrize("length", range(20, 90))
def test_flags_of_an_equation_stay_in_one_piece(length):
    terms = " + ".join(["v"] * (length // 4))
    flags = ("unless refractory",)
    equation = Equation("v", "differential", "volt", rhs=terms, flags=flags)
    assert "(unless refractory)" in eval(quoted_model([equation]))


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
@pytest.mark.parametrize("name", GALLERY)
@pytest.mark.in_turn(20)
def test_a_run_has_the_network_of_the_script(name, lowering):
    """There is one definition of it: network(state) and run(net, state), word for word. The script
    imports Brian2 at its top, and a run as late as it can. A run of one line stands in main()."""
    found = compiled(name, lowering)
    of_script, of_run = (
        {node.name: node for node in ast.parse(script).body if isinstance(node, ast.FunctionDef)}
        for script in (found.script, found.run_script)
    )
    for function in ("network", "run"):
        assert isinstance(of_run[function].body[1], ast.ImportFrom)
        of_run[function].body.pop(1)
    assert ast.unparse(of_script["network"]) == ast.unparse(of_run["network"])
    if "run" in of_script:
        assert ast.unparse(of_script["run"]) == ast.unparse(of_run["run"])
    else:  # one phase, in which nothing changes
        (line,) = map(ast.unparse, of_run["run"].body[1:])
        assert line in map(ast.unparse, of_script["main"].body)
