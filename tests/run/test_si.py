"""A decimal number with a unit is the double nearest to it in SI, in whichever form it came, in the
table of blocks and in what Brian2 computes with."""

from fractions import Fraction
from random import Random

import brian2
import duckdb
import openpyxl
import pandas as pd
import polars as pl
import pytest
from running import run_here, script_of

from stdpdsl.api import Spec
from stdpdsl.compiler import _front, library
from stdpdsl.language.numeric import evaluate
from stdpdsl.language.overrides import typed_expression
from stdpdsl.language.source import Source
from stdpdsl.lower.expressions import Brian2Printer, NumpyPrinter
from stdpdsl.window.request import asked

# Of these, the product of number and scale is another double.
HARD = ["3 nS", "7 nS", "350 ms", "30 nS", "0.3 us", "1.1 mV", "-52 mV", "3.462 mV", "8.1e-2 pF"]
POWERS = {"nS": -9, "ms": -3, "us": -6, "mV": -3, "pF": -12, "kHz": 3, "nS/cm**2": -5, "second": 0}


def nearest(text):
    """By exact arithmetic, rounded once."""
    number, unit = text.split(" ")
    return float(Fraction(number) * Fraction(10) ** POWERS[unit])


def drawn(count):
    rng = Random(1)
    for _ in range(count):
        number = f"{rng.randrange(1, 10 ** rng.randint(1, 6))}e{rng.randint(-6, 3)}"
        number = number if rng.random() < 0.5 else repr(float(number))
        yield f"{number} {rng.choice(list(POWERS))}"


@pytest.mark.parametrize("form", ["{q}", "{n}*{u}", "-(-{q})", "clip({q}, -inf*{s}, inf*{s})"])
def test_a_quantity_is_the_nearest_double(form):
    for text in [*HARD, *drawn(1000)]:
        number, unit = text.split(" ")
        if "{n}" in form and "/" in unit:
            continue
        expr = typed_expression("x", form.format(q=text, n=number, u=unit, s=1))
        assert evaluate(expr, {}) == nearest(text), text
        assert eval(NumpyPrinter().show(expr), {"np": __import__("numpy")}) == nearest(text), text
        if form in ("{q}", "{n}*{u}"):
            code = Brian2Printer().show(typed_expression("x", text))
            assert float(eval(code, vars(brian2))) == nearest(text), (text, code)


def test_what_the_script_says_is_readable():
    shown = {t: Brian2Printer().show(typed_expression("x", t)) for t in ("20 ms", "3 nS", "350 ms")}
    assert shown == {"20 ms": "20*ms", "3 nS": "3e-09*siemens", "350 ms": "0.35*second"}


SPEC = """model si
neuron n:
    parameters:
        g = 1 nS
    equations:
        seen : siemens
        said : siemens
        held : siemens in [0, 7] nS
    initial: held = 1 second * siemens/second
    every 1 ms:
        seen = g
        said = 3 nS
layer L:
    neuron: n
    size: 1
record: seen, said, held of L every 1 ms
sweep:
{sweep}
run:
    duration: 2 ms
    dt: 1 ms
"""
LISTED = "    grid: L.g = [3, 7] nS"
FORMS = {
    "list": LISTED,
    "items": "    grid: L.g = [3 nS, 7*nS]",
    "table": "    table:\n        | L.g [nS] |\n        | 3 |\n        | 7 |",
    "csv": '    from: "t.csv"',
    "parquet": '    from: "t.parquet"',
    "xlsx": '    from: "t.xlsx"',
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("si")
    (folder / "t.csv").write_text("L.g [nS]\n3\n7.0\n")
    pd.DataFrame({"L.g [nS]": [3, 7]}).to_parquet(folder / "t.parquet")
    book = openpyxl.Workbook()
    for row in (["L.g [nS]"], [3], [7]):
        book.active.append(row)
    book.save(folder / "t.xlsx")
    return folder


def column(folder, text, sets=()):
    _, table, problems = _front(Source("s.stdp", text), folder, list(sets), None, ())
    assert table is not None, problems
    return list(table.columns["g"])


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_sweep(folder, form):
    assert column(folder, SPEC.format(sweep=FORMS[form])) == [3e-9, 7e-9]


def test_settings_and_python(folder):
    assert column(folder, SPEC.format(sweep=LISTED), ["L.g=[3, 30] nS"]) == [3e-9, 3e-8]
    with_values = Spec(SPEC.format(sweep=LISTED)).with_values({"L.g": ["3 nS", "30 nS"]})
    assert column(folder, with_values.text) == [3e-9, 3e-8]


def test_arguments_of_a_window():
    (items,) = asked("pair_additive", ["taupre=[350, 3] ms"], library()).axes.values()
    assert [evaluate(item, {}) for item in items] == [0.35, 0.003]


def test_the_row_is_found_by_the_number_of_the_spec(folder, tmp_path):
    tables = run_here(tmp_path, script_of(SPEC.format(sweep=LISTED), folder=folder))
    blocks, samples = tables["blocks"], tables["trajectories"]
    place = str(tmp_path / "out" / "blocks" / "*.parquet")
    assert list(blocks[blocks.g == 3e-9].block) == [0]
    found = pl.scan_parquet(place).filter(pl.col("g") == 3e-9).collect()
    assert found["block"].to_list() == [0]
    assert duckdb.sql(f"select block from '{place}' where g = 3e-9").fetchall() == [(0,)]
    last = samples[samples.t == samples.t.max()]
    value = last.set_index(["block", "variable"])["value"]
    assert value[1, "seen"] == 7e-9 and value[0, "said"] == 3e-9 and value[0, "held"] == 7e-9
