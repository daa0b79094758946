"""Bad input as a user would give it, through the command: exit code 1, nothing written, no
traceback, and a message that names the place and the fix."""

from __future__ import annotations

import os
import re
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from diagnose import diagnose

from stdpdsl import cli
from stdpdsl.language.diagnostics import render
from stdpdsl.sweep.files import read_table

ROOT = Path(__file__).parents[2]
STARTER = (ROOT / "templates" / "new" / "starter.stdp").read_text("utf-8").replace("NAME", "demo")
AXES = """    grid:
        learning.Apre = [0.005, 0.01, 0.02]
        ratio = [0.9, 1.05, 1.2]
"""
NUMBERS = b"learning.Apre,ratio\n"


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refused(capsys, *arguments: str, name: str = "s.stdp") -> str:
    """What `run` says, which leaves everything as it is."""
    before = sorted(os.listdir())
    assert cli.main(["run", name, *arguments]) == 1
    assert sorted(os.listdir()) == before
    text = capsys.readouterr().err
    assert "Traceback" not in text
    return text


def changed(old: str, new: str) -> str:
    assert old in STARTER
    return STARTER.replace(old, new, 1)


@pytest.mark.parametrize(
    "data, place, words",
    [
        (b"", ":1:1: error[SYN004]", "declares nothing"),
        (b"# only this\n", ":1:1: error[SYN004]", "declares nothing"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), ":1: error", "not text in UTF-8"),
        (STARTER.encode("utf-16"), ":1: error", "it looks like UTF-16); save it as UTF-8"),
        (b"model a\x00\n", ":1:8: error[SYN036]", "U+0000"),
        (STARTER.replace("    ", "\t").encode(), ":9:1: error[SYN002]", "indent with spaces"),
        (STARTER.replace("\n", "\r").encode(), ":1:", "lines end with a line feed"),
    ],
    ids=["empty", "comment", "binary", "utf16", "nul", "tabs", "cr"],
)
def test_files_that_are_no_spec(data, place, words, capsys):
    Path("s.stdp").write_bytes(data)
    text = refused(capsys)
    assert text.startswith(f"s.stdp{place}") and words in text


def test_a_folder_and_nothing(capsys):
    os.mkdir("folder.stdp")
    assert refused(capsys, name="folder.stdp") == "folder.stdp: error: is a folder\n"
    assert refused(capsys, name="no.stdp") == "no.stdp: error: there is no such file or folder\n"


@pytest.mark.parametrize("text", [STARTER.replace("\n", "\r\n"), "\ufeff" + STARTER])
def test_line_ends_and_marks_of_other_systems_are_fine(text, capsys):
    Path("s.stdp").write_bytes(text.encode())
    assert cli.main(["check", "s.stdp"]) == 0
    assert capsys.readouterr().out == "1 spec checked: 0 errors, 0 warnings\n"


@pytest.mark.parametrize(
    "deep",
    [
        "(" * 5000 + "10 ms" + ")" * 5000,
        "-" * 20000 + "10 ms",
        "+".join(["10 ms"] * 20000),
        "10 ms*2" + "**2" * 3000,
    ],
    ids=["brackets", "signs", "sum", "powers"],
)
def test_deep_nesting(deep, capsys):
    Path("s.stdp").write_text(changed("tau_m = 10 ms", f"tau_m = {deep}"))
    text = refused(capsys)
    assert "error[SYN028]" in text and "names of their own" in text


def test_a_list_in_a_list(capsys):
    Path("s.stdp").write_text(changed("[0.9, 1.05, 1.2]", "[" * 90 + "1" + "]" * 90))
    assert "s.stdp:62:18: error[TYPE008]: a list is not allowed here" in refused(capsys)


@pytest.mark.parametrize(
    "old, new, place, words",
    [
        ("refractory: 2 ms", "refractory: 2 mV", "19:19: error[UNIT002]", "expected time, found v"),
        ("refractory: 2 ms", "refractory: 2 msec", "19:19: error[UNIT001]", "did you mean `ms`?"),
        ("w += apost", "w += aposst", "37:14: error[NAME004]", "did you mean `apost`?"),
        ("    size: 10\n", "    size: 10\n    size: 11\n", "46:5: error[SYN026]", "given twice"),
        ("    size: 1\n", "    size: 1\n    scope: shared\n", "62:9: error[BLOCK003]", "scope: bl"),
        ("ratio = [0.9, 1.05, 1.2]", "ratio = []", "62:17: error[SWEEP007]", "at least one"),
        ("    derive:", "    where: ratio > 9\n    derive:", "63:12: error[SWEEP007]", "keeps"),
        ("[0.9, 1.05, 1.2]", "[0.9, 0.9]", "59:1: error[SWEEP015]", "replicates: 2"),
        ("[0.9, 1.05, 1.2]", "[0.9, inf]", "62:9: error[SWEEP014]", "finite number"),
        ("[0.9, 1.05, 1.2]", "[0.9, 1/0]", "62:23: error[SWEEP012]", "divides by zero"),
        ("[0.9, 1.05, 1.2]", "[0.9, １]", "62:23: error[SYN010]", "`１` has no meaning"),
        ("[0.9, 1.05, 1.2]", "[0.9, 1e400]", "62:23: error[SYN023]", "too large"),
        ("[0.9, 1.05, 1.2]", "linspace(0, 1, 4000000)", "59:1: error[SWEEP006]", "limit is 1,000,"),
        ("    derive:", "    replicates: 2000000\n    derive:", "59:1: error[SWEEP006]", "rows"),
        (
            AXES,
            "    random: 10000000 samples\n        learning.Apre = uniform(0, 1)\n"
            "        ratio = uniform(0, 1)\n",
            "60:13: error[SWEEP006]",
            "fewer samples",
        ),
        (
            AXES,
            "    table:\n        | ratio | x |\n        | 1 | 2 |\n        | 3 |\n",
            "63:9: error[SYN035]",
            "1 cell, the table has 2 columns",
        ),
        (
            AXES,
            "    zip:\n        learning.Apre = [1, 2]\n        ratio = [1, 2, 3]\n",
            "62:17: error[SWEEP009]",
            "same length",
        ),
        ("duration: 2 s", "duration: 1e12 s", "68:5: error[COST003]", "record less often"),
        ("size: 10", "size: 100000000000", "45:11: error[COST001]", "fewer blocks"),
    ],
)
def test_specs(old, new, place, words, capsys):
    Path("s.stdp").write_text(changed(old, new))
    text = refused(capsys)
    assert f"s.stdp:{place}" in text and words in text


@pytest.mark.parametrize(
    "data, code, words",
    [
        (None, "FILE001", "there is no such file\n"),
        (b"", "FILE002", "it is empty"),
        (NUMBERS, "SWEEP007", "`p.csv` has no rows"),
        (NUMBERS + b"0.1,1\n0.2\n", "FILE002", "line 3 has 1 cell where the head has 2"),
        (NUMBERS + b"0.1,low\n", "FILE003", "has `low` in the column `ratio`"),
        (NUMBERS + b"0.1,\n", "FILE003", "has nothing in the column `ratio`"),
        (NUMBERS + b"0.1,1_0\n", "FILE003", "has `1_0` in the column `ratio`"),
        (NUMBERS + "0.1,１\n".encode(), "FILE003", "has `１` in the column `ratio`"),
        (NUMBERS + b"0.1,nan\n", "SWEEP014", "`ratio` is nan in row 0"),
        (NUMBERS + b"0.1,1\n0.1,1\n", "SWEEP015", "rows 0 and 1 of the sweep are identical"),
        (b"learning.Apre [mV],ratio\n1,2\n", "UNIT002", "expected no unit, found voltage"),
        (b"learning.Apre [furlong],ratio\n1,2\n", "UNIT001", "there is no unit `furlong`"),
        (b"learning.Aprre,ratio\n1,2\n", "SWEEP004", "did you mean `Apre`?"),
        (b"ratio,ratio\n1,2\n", "FILE002", "it has 2 columns `ratio`"),
        (b"ratio,\n1,2\n", "FILE002", "its column 2 has no name"),
        (b"learning.Apre;ratio\n1;2\n", "FILE002", "separated by `;`, not by commas"),
        (b"\xff\xfe\x00ab", "FILE002", "it is not text in UTF-8"),
    ],
)
def test_tables(data, code, words, capsys):
    Path("s.stdp").write_text(changed(AXES, '    from: "p.csv"\n'))
    if data is not None:
        Path("p.csv").write_bytes(data)
    text = refused(capsys)
    assert f"s.stdp:60:11: error[{code}]" in text or "s.stdp:59:1: error[SWEEP015]" in text
    assert words in text


def test_tables_of_other_kinds(capsys):
    def said(name: str) -> str:
        Path("s.stdp").write_text(changed(AXES, f'    from: "{name}"\n'))
        text = refused(capsys)
        assert "s.stdp:60:11: error[FILE00" in text
        return text

    Path("p.parquet").write_bytes(b"PAR1 and nothing else")
    assert "it is not a Parquet file" in said("p.parquet")
    pq.write_table(pa.table({"ratio": [1.0, None]}), "p.parquet")
    assert "row 2 below the head of `p.parquet` has nothing" in said("p.parquet")
    pq.write_table(pa.table({"ratio": [[1, 2], [3]]}), "p.parquet")
    assert "its column `ratio` contains list<element: int64>, not numbers" in said("p.parquet")
    pq.write_table(pa.table({}), "p.parquet")
    assert "it has no columns" in said("p.parquet")
    pd.DataFrame({"ratio": [1, 2]}, index=[5, 7]).to_parquet("p.parquet")
    assert "a pandas index without a name" in said("p.parquet")
    Path("p.xlsx").write_bytes(b"PK")
    assert "it is not an XLSX file" in said("p.xlsx")
    openpyxl.Workbook().save("p.xlsx")
    assert "it is empty" in said("p.xlsx")
    Path("p.txt").write_text("ratio\n1\n")
    assert "ends in .csv, .parquet or .xlsx" in said("p.txt")
    os.mkdir("d.csv")
    assert "it is a folder" in said("d.csv")


@pytest.mark.parametrize(
    "setting, place, words",
    [
        ("duration=1", ":10: error[UNIT002]", "give it its unit: `1 ms`"),
        ("duration = 1 mV", ":14: error[UNIT002]", "expected time, found voltage"),
        ("output.tau_m=20 mV", ":17: error[UNIT002]", "`cell` declares it so"),
        ("v_rest=-65", ":9: error[UNIT002]", "expected voltage, found no unit"),
        ("outpt.tau_m=20 ms", ":1: error[NAME001]", "did you mean `output.tau_m`?"),
        ("output.tau=20 ms", ":12: error[NAME003]", "did you mean `tau_m`?"),
        (" v_rst=-65 mV", ":2: error[NAME001]", "did you mean `v_rest`?"),
        ("learning.Apost=0.1", ":1: error[SWEEP002]", "set by the sweep"),
        ("Apost=0.1", ":1: error[SWEEP002]", "leave out the column"),
        ("ratio=[1, 2 mV]", ":13: error[UNIT008]", "all items of a list have the same unit"),
        ("tau_m=[10, 20] ms", ":7: error[SYN001]", "a list is an axis of the sweep"),
        ("inputs.size=3", ":1: error[NAME003]", "change it in the spec"),
        ("seed=1.5", ":6: error[TYPE004]", "whole number"),
        ("learning.taupre=(10 ms", ":17: error[SYN014]", "never closed"),
    ],
)
def test_settings(setting, place, words, capsys):
    Path("s.stdp").write_text(STARTER)
    text = refused(capsys, "--set", setting)
    assert text.startswith(f"--set:1{place}") and words in text
    assert setting in text


def test_settings_that_are_right(capsys):
    Path("s.stdp").write_text(STARTER)
    given = ("duration=1 s", "tau_m=20 ms", "inputs.rate=30 Hz", "v_rest=-65 mV", "seed=3")
    assert cli.main(["plan", "s.stdp", *(a for g in given for a in ("--set", g))]) == 0
    assert re.search(r"^simulated time +1 s$", capsys.readouterr().out, re.M)


@pytest.mark.parametrize(
    "given, blocks",
    [
        (("ratio=[1, 2]",), 6),
        (("learning.Apre = geomspace(1e-3, 1e-1, 4)", "ratio=1.5"), 4),
        (("Apre=0.01", "seed=3"), 3),
    ],
)
def test_axes_take_other_values(given, blocks, capsys):
    Path("s.stdp").write_text(STARTER)
    assert cli.main(["plan", "s.stdp", *(a for g in given for a in ("--set", g))]) == 0
    said = capsys.readouterr().out
    assert re.search(rf"^blocks +{blocks}$", said, re.MULTILINE)
    assert re.search(r"^columns +Apre, ratio, Apost$", said, re.MULTILINE)


SLIPS = [
    ("threshold: v > -55 mV", "threshold: v > -55", "give it its unit: `-55 mV`"),
    ("Apost = -0.0105", "Apost = -0,0105", "the decimal sign is a point: `0.0105`"),
    ("ratio = [0.9, 1.05]", "ratio = 0.9, 1.05 # two", "in brackets: `[0.9, 1.05]`"),
    ("A.tau_m = [10, 20] ms", "A.tau_m = 10, 20 ms", "in brackets: `[10, 20] ms`"),
    ("deliver w\n", "deliver W\n", "did you mean `w`?"),
    ("-Apre * ratio", "-learning.Apre * ratio", "named by its last part: `Apre`"),
    ("pattern: all_to_all", "pattern: all-to-all", "did you mean `all_to_all`?"),
    ("w += apre", "w =+ apre", "write `+=`, or `= +` if that is intended"),
    ("w += apre", "w =- apre - 1", "write `-=`, or `= -` if that is intended"),
    ("(v_rest - v)/tau_m", "(v_rest - v)/tau_m + 1*mV", "voltage per time and voltage"),
    ("tau_m = 10 ms", "tau_m = [10, 20] ms", "a list is an axis of the sweep"),
    ("    grid:\n", "    random 3:\n", "`random: 3 samples`"),
    ("    grid:\n", "    random:\n", "`random: 3 samples`"),
    ("w = uniform(0, wmax)", "w = rand()*wmax", "write `uniform(0, 1)`"),
]


@pytest.mark.parametrize("right, wrong, words", SLIPS)
def test_slips_of_the_pen(right, wrong, words):
    text = STARTER.replace("[0.9, 1.05, 1.2]", "[0.9, 1.05]")
    if right not in text:
        text = text.replace("        ratio =", "        A.tau_m = [10, 20] ms\n        ratio =")
        text = text.replace("output", "A")
    assert right in text and words not in render(diagnose(text))
    assert words in render(diagnose(text.replace(right, wrong, 1)))


def test_a_minus_sign_may_stand_right_behind_the_sign(check_text):
    assert check_text(STARTER.replace("    reset: v = v_rest", "    reset: v =-70 mV")) == []


def test_an_index_of_pandas_is_a_column(tmp_path):
    """Also a range, which a Parquet file has in its metadata alone."""
    for index in (pd.RangeIndex(10, 30, 10, name="tau [ms]"), pd.Index([10, 20], name="tau [ms]")):
        pd.DataFrame({"ratio": [1, 2]}, index=index).to_parquet(tmp_path / "p.parquet")
        found = read_table(tmp_path / "p.parquet")
        assert found == {"ratio": [1, 2], "tau [ms]": [10, 20]}
