"""Names of every sort at every position where one may stand: what the language allows, runs, and
names change no number and share no column."""

from __future__ import annotations

import builtins
import keyword
import random
import re
from importlib import import_module
from pathlib import Path

import pytest
from by_day import DAY, in_turn
from naming import PLAIN, accepted, with_names, without_names
from running import run_apart, run_here, script_of

from stdpdsl.compiler import compile_source
from stdpdsl.language import reserved
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.language.source import Source

ROOT = Path(__file__).parents[2]


DUCKDB = """all analyse and any array as asc between both by case cast check collate column
constraint create cross default desc distinct end except exists from full group having in index
inner into is join key left like limit natural not null offset on only or order outer primary
references right select some table then to true union unique user using when where window with"""


def words_of(*paths):
    """Every word that starts a name in our own files."""
    text = " ".join(p.read_text(encoding="utf-8") for p in paths)
    return set(re.findall(r"\b[A-Za-z]\w{0,30}\b", text))


def word_lists():
    """Names by where they mean something already."""
    import numpy
    import sympy

    brian2 = import_module("brian2")
    support = ROOT / "stdpdsl" / "runtime"
    scripts = [*support.glob("*.py"), ROOT / "templates" / "brian2" / "script.py.j2"]
    return {
        "python": {*keyword.kwlist, *keyword.softkwlist, *dir(builtins)},
        "c++": {*reserved._CPP.split(), *reserved._CPP_MACROS.split()},
        "brian2": {
            *dir(brian2),
            *reserved._ATTRIBUTES.split(),
            *reserved._TEMPLATES.split(),
            *reserved._SYNAPSES.split(),
            *reserved._BRIAN2.split(),
        },
        "numpy": set(dir(numpy)),
        "sympy": set(dir(sympy)),
        "duckdb": set(DUCKDB.split()),
        "language": words_of(*(ROOT / "grammars").glob("*.lark")),
        "scripts": words_of(*scripts),
    }


def errors_of(text):
    try:
        compile_source(Source("spec.stdp", text), Path("."), [], "synapse", "numpy")
    except CompileError as error:
        return [d for d in error.diagnostics if d.severity == "error"]
    return []


def drawn(seed, per_list=5):
    """A spec's worth of names: from each list some, at positions of chance."""
    draw = random.Random(seed)
    words: dict[str, None] = {}
    for _, names in sorted(word_lists().items()):
        good = sorted(n for n in names if n.isascii() and n.isidentifier())
        words |= dict.fromkeys(draw.sample(good, min(per_list, len(good))))
    plain = [*PLAIN]
    draw.shuffle(plain)
    return dict(zip(plain, words, strict=False))


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    return without_names(run_here(folder, script_of(with_names({}))))


@pytest.fixture(scope="module")
def expected_of(tmp_path_factory):
    """The same of a compiled target, whose `exp` may round otherwise."""
    found = {}

    def get(target):
        if target not in found:
            script = script_of(with_names({}), target=target)
            folder = tmp_path_factory.mktemp(target)
            found[target] = without_names(run_apart(folder, script, target=target))
        return found[target]

    return get


def check(tables, expected):
    for name, rows in tables.items():
        columns = [c.lower() for c in rows.columns]
        assert len(set(columns)) == len(columns), (name, columns)
    assert without_names(tables) == expected


# Found by such draws, or reported. The first layer, column and measure of two of a kind stands.
KNOWN = [
    {
        "a_layer": "phases",
        "b_layer": "copy",
        "an_input": "steps",
        "a_tau": "T",
        "a_state": "Block",
        "a_trace": "DELAY",
        "a_column": "g",
        "a_swept_constant": "G",
        "a_connection": "numbers",
        "b_connection": "p",
        "a_measure": "Status",
        "b_measure": "status",
        "an_event": "spike",
    },
    {
        "a_layer": "output",
        "b_layer": "output_stateupdater",
        "a_column": "output_rate",
        "solved": "source",
        "a_weight": "order",
        "a_trace": "name",
        "a_state": "state",
        "a_port": "event_driven",
        "a_level": "pre",
        "a_threshold": "ETIME",
        "a_tau": "unix",
        "an_amplitude": "openmp_pragma",
    },
    {
        "a_layer": "E",
        "b_layer": "e",
        "a_connection": "data",
        "b_connection": "row",
        "a_weight": "learning",
        "a_trace": "sending",
        "a_state": "lastupdate",
        "an_added": "held_in",
    },
    {
        "a_layer": "a" * 64,
        "solved": "b" * 64,
        "a_connection": "c" * 64,
        "an_added": "d" * 64,
        "a_phase": "p" * 300,
        "b_layer": "constants",
        "an_input": "q" * 64,
    },
    {
        "a_weight": "x",
        "a_trace": "x_now",
        "a_state": "syn_x",
        "solved": "x_after_0",
        "computed": "x_at_end",
        "stored": "number_0",
        "an_event": "draw_key_1",
    },
]


@pytest.mark.parametrize("names", KNOWN, ids=lambda names: "-".join(names.values())[:40])
@pytest.mark.in_turn(2)
def test_known_names(tmp_path, names, expected):
    names = accepted(names, errors_of)
    check(run_here(tmp_path, script_of(with_names(names))), expected)


@pytest.mark.parametrize("seed", range(2))
def test_drawn_names(tmp_path, seed, expected):
    names = accepted(drawn(seed), errors_of)
    assert len(names) > 10
    check(run_here(tmp_path, script_of(with_names(names))), expected)


@pytest.mark.slow
@pytest.mark.parametrize("seed", in_turn(range(2, 60), 3))
def test_more_drawn_names(tmp_path, seed, expected):
    check(run_here(tmp_path, script_of(with_names(accepted(drawn(seed), errors_of)))), expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed, target",
    in_turn([(seed, t) for seed in range(100, 104) for t in ("cython", "cpp_standalone")], 1),
)
def test_compiled_targets(tmp_path, seed, target, expected_of):
    names = accepted(drawn(seed), errors_of)
    tables = run_apart(tmp_path, script_of(with_names(names), target=target), target=target)
    check(tables, expected_of(target))


MANY = """model many
neuron cell:
    parameters:
        {parameters}
    equations:
        dv/dt = -v/(10 ms) : 1
        {variables}
    threshold: v > 1
    reset: v = 0
    every 1 ms:
        {statements}
layer cells:
    neuron: cell
    size: 1
record:
    {recorded} of cells every 1 ms
run:
    duration: 1 ms
    dt: 1 ms
"""


@pytest.mark.slow
def test_every_word_of_c_as_a_variable_of_compiled_code(tmp_path):
    """Words of C++ and Brian2 that are not refused, in one program: an eighth of them each day."""
    lists = word_lists()
    from stdpdsl.check.names import reason

    words = sorted(
        w
        for w in {*lists["c++"], *lists["brian2"], *lists["scripts"]}
        if w.isidentifier()
        and reason(w) is None
        and not w.startswith("_")
        and "__" not in w
        and len(w) > 1
        and w not in "and or not deliver normalise spikes set v cells".split()
    )[DAY % 8 :: 8]
    assert len(words) > 75
    half = len(words) // 2
    parameters, variables = words[:half], words[half : 2 * half]
    lines = "\n        ".join
    text = MANY.format(
        parameters=lines(f"{w} = {n}" for n, w in enumerate(parameters)),
        variables=lines(f"{w} : 1" for w in variables),
        statements=lines(f"{w} = {p} + 1" for w, p in zip(variables, parameters, strict=True)),
        recorded=", ".join(variables),
    )
    rows = run_apart(tmp_path, script_of(text, target="cpp_standalone"), target="cpp_standalone")
    last = rows["trajectories"].query("t > 0.0005").set_index("variable")["value"]
    assert [last[w] for w in variables] == [n + 1.0 for n in range(half)]
