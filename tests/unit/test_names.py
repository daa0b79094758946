"""Names of columns, of Brian2's objects and of files: what the language refuses, and why."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

import pytest
from diagnose import diagnose

from stdpdsl.compiler import check_text
from stdpdsl.language.builtins import MEASURES
from stdpdsl.language.reserved import RESERVED, is_macro, is_part
from stdpdsl.language.source import Source

SUPPORT = Path(__file__).parents[2] / "stdpdsl" / "runtime"

SPEC = """model names
neuron cell:
    parameters:
        T = 10 ms
    equations:
        dv/dt = -v/T : 1
    threshold: v > 1
    reset: v = 0
layer output:
    neuron: cell
    size: 2
layer OTHER:
    neuron: cell
    size: 2
sweep:
    grid:
        COLUMN = [1, 2]
measure:
    one of output = mean(rate)
    MEASURE of output = mean(rate)
run:
    duration: 1 s
"""


def errors(**names):
    text = SPEC
    for word, default in (("OTHER", "other"), ("COLUMN", "ratio"), ("MEASURE", "two")):
        text = text.replace(word, names.get(word.lower(), default))
    return [(d.code, d.message) for d in diagnose(text) if d.severity == "error"]


def test_harmless_names():
    assert errors() == []


@pytest.mark.parametrize(
    ("names", "code", "message"),
    [
        ({"other": "Output"}, "NAME026", "`Output` and `output` differ in case only"),
        ({"other": "output_stateupdater"}, "NAME008", "what Brian2 calls a part of `output`"),
        ({"other": "constants"}, "NAME008", "nothing can be called `constants`"),
        ({"other": "a" * 65}, "NAME008", "this name has 65 characters"),
        ({"other": "a__b"}, "NAME008", "`a__b` holds `__`"),
        ({"column": "syn__x"}, "NAME008", "`syn__x` holds `__`"),
        ({"column": "Block"}, "NAME014", "`Block` is a column that every result has"),
        (
            {"column": "output_rate"},
            "NAME014",
            "`output_rate` is what a measure of `output` is called",
        ),
        ({"column": "Output_CV"}, "NAME014", "`Output_CV` is what a measure of `output` is called"),
        ({"column": "ETIME"}, "NAME008", "a macro"),
        ({"column": "DBL_MAX"}, "NAME008", "is a macro of C"),
        ({"column": "unix"}, "NAME008", "a macro"),
        ({"column": "openmp_pragma"}, "NAME008", "a word of Brian2's code templates"),
        ({"measure": "ONE"}, "NAME002", "the measures `one` and `ONE` differ in case only"),
        ({"measure": "Ratio"}, "NAME014", "is a column of the sweep"),
        ({"measure": "output_spikes"}, "NAME014", "is what a measure of `output` is called"),
    ],
)
def test_refused(names, code, message):
    found = errors(**names)
    assert [c for c, _ in found] == [code] and message in found[0][1], found


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("syn__x", "NAME008"),
        ("a" * 65, "NAME008"),
        ("ETIME", "NAME008"),
        ("lambda", "NAME008"),
        ("Block", "NAME014"),
        ("output_rate", "NAME014"),
        ("ratio", ""),
    ],
)
def test_columns_of_a_file_have_the_same_names(head, code, tmp_path):
    (tmp_path / "c.csv").write_text(f"{head}\n1\n2\n")
    text = SPEC.replace("OTHER", "other").replace("MEASURE", "two")
    text = text.replace("    grid:\n        COLUMN = [1, 2]\n", '    from: "c.csv"\n')
    _, found = check_text(Source("spec.stdp", text), tmp_path, [])
    assert [d.code for d in found if d.severity == "error"] == ([code] if code else [])


@pytest.mark.parametrize(
    "names",
    [
        {"other": "a" * 64},
        {"other": "output_2"},
        {"other": "T"},
        {"column": "NMDA"},
        {"column": "W_MAX"},
        {"column": "outputs"},
        {"measure": "output_mean"},
    ],
)
def test_allowed(names):
    assert errors(**names) == []


def test_a_parameter_called_as_a_column_in_other_case_has_its_whole_name():
    text = SPEC.replace("COLUMN = [1, 2]", "output.T = [10, 20] ms")
    text = text.replace("OTHER", "other").replace("MEASURE", "two")
    from stdpdsl.compiler import compile_source
    from stdpdsl.language.source import Source

    table = compile_source(Source("spec.stdp", text), Path("."), [], "synapse", "numpy").plan
    assert "output.T" in table.render()


AMBIGUOUS = """model ambiguous
neuron cell:
    equations:
        v : 1
layer P:
    poisson: 20 Hz
    size: 4
layer A:
    neuron: cell
    size: 2
rule r:
    parameters:
        NAME = 2
    equations:
        w : 1
    on pre:
        deliver w
        w += NAME
connect P -> A as c:
    pattern: fixed_indegree(2)
    plasticity: r
    deliver: w to v
sweep:
    grid: c.NAME = [2, 3]
run:
    duration: 1 s
"""


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("k", ["SWEEP003"]),
        ("p", []),
        ("weight", []),
        ("preset", ["NAME008"]),
        ("delay", ["NAME008"]),
    ],
)
def test_a_column_does_not_set_a_parameter_and_an_attribute_at_once(name, codes):
    found = {d.code for d in diagnose(AMBIGUOUS.replace("NAME", name)) if d.severity == "error"}
    assert found >= set(codes) and bool(found) == bool(codes), found


def test_no_measure_ends_as_another_does():
    """So the column of a measure tells its component."""
    assert not [(a, b) for a in MEASURES for b in MEASURES if a.endswith(f"_{b}")]


def test_the_functions_of_a_script_are_apart_from_those_named_in_the_spec():
    """A script defines `sound_NAME` and the like; its own functions begin otherwise."""
    starts = ("values_of_", "edges_of_", "sound_", "filterbank_", "hear_")
    names = {
        name
        for path in SUPPORT.glob("*.py")
        for name in re.findall(r"^(?:def|class) (\w+)|^(\w+) = ", path.read_text(), re.MULTILINE)
        for name in name
        if name
    }
    assert len(names) > 100
    assert sorted(n for n in names if n.startswith(starts)) == []


def test_parts_of_objects():
    assert is_part("E_stateupdater", "E") and is_part("c_post", "c") and is_part("c_pre_1", "c")
    assert not is_part("E_2", "E") and not is_part("E_state", "E") and not is_part("Es", "E")


HEADERS = """iostream ctime vector stdlib.h fstream random cmath climits utility string set tuple
time.h math.h map limits cstdlib csignal algorithm stdint.h cstring queue cstdio cfloat""".split()


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_macros_of_this_machine_are_known(tmp_path):
    source = tmp_path / "all.cpp"
    source.write_text("".join(f"#include <{h}>\n" for h in HEADERS))
    command = ["g++", "-std=c++11", "-dM", "-E", str(source)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    macros = re.findall(r"^#define ([A-Za-z]\w*)(?: |$)", text, re.MULTILINE)
    assert len(macros) > 200
    assert [m for m in macros if m not in RESERVED and not is_macro(m)] == []


def test_words_of_brian2s_templates_are_known():
    """A variable is handed to a template by its name; what is called or has attributes there would
    be another thing."""
    brian2 = Path(import_module("brian2").__file__).parent
    jinja2 = pytest.importorskip("jinja2")
    from jinja2 import nodes

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    used = set()
    for path in brian2.rglob("templates/*"):
        if not path.is_file():
            continue
        tree = environment.parse(path.read_text())
        macros = {m.name for m in tree.find_all(nodes.Macro)}
        own = {n.name for n in tree.find_all(nodes.Name) if n.ctx == "store"}
        heads = [
            *(c.node for c in tree.find_all(nodes.Call)),
            *(g.node for g in tree.find_all(nodes.Getattr)),
        ]
        used |= {h.name for h in heads if isinstance(h, nodes.Name)} - macros - own
    assert "openmp_pragma" in used
    # Of the whole program's templates, which are handed no variables, or measured to do no harm.
    used -= {
        "array_specs",
        "c_data_type",
        "cpp_dtype",
        "dynamic_array_2d_specs",
        "dynamic_array_specs",
        "f",
        "g",
        "get_array_filename",
        "numpy_dtype",
        "prefs",
        "record_variables",
        "run_funcs",
        "super",
        "zip",
    }
    assert sorted(n for n in used if n not in RESERVED and not n.startswith("_")) == []
