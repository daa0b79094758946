"""Reading a dataset back, and the names of its columns."""

import csv
import io
import json

import numpy as np
import pyarrow.dataset as ds
import pytest

from stdpdsl.language.columns import FIXED_COLUMNS, column_names, state_names
from stdpdsl.results.errors import ResultsError
from stdpdsl.results.reader import TABLES, load
from stdpdsl.runtime import results as support
from stdpdsl.views.summary import summary


@pytest.fixture
def folder(tmp_path):
    sweep = {"Apre": np.array([0.1, 1e-5, 0.02]), "tau_m": np.array([0.01, 0.02, 0.01])}
    units = {"tau_m": "s", "A1_rate": "Hz"}
    tables = {"blocks": {"A1_rate": "float64"}, "spikes": {}}
    with support.Results(tmp_path / "r", sweep, units, {"seed": 1}, tables) as results:
        columns = {"A1_rate": np.array([12.3456789, 0.0, np.nan]), "status": ["ok", "ok", "nan"]}
        results.blocks(np.arange(3), columns)
        results.spikes("A1", np.arange(3), np.arange(3), np.arange(3) * 0.1)
        results.commit()
    return tmp_path / "r"


def test_the_two_sides_agree():
    fixed = {name for columns in support.FIXED_COLUMNS.values() for name in columns}
    assert set(FIXED_COLUMNS) == fixed | {"stable_after", "stopped_after"}  # where blocks stop
    assert set(TABLES) == set(support.FIXED_COLUMNS)


def test_column_names():
    assert column_names(["feedforward.Apre", "ratio"]) == {
        "feedforward.Apre": "Apre",
        "ratio": "ratio",
    }
    two = column_names(["A1.tau_m", "B.tau_m", "X.delay", "f.A", "g.a"])
    assert all(path == name for path, name in two.items())


def test_state_names():
    assert state_names(["apre", "x", "t"], ["Apre"]) == {
        "apre": "apre_state",
        "x": "x",
        "t": "t_state",
    }


def test_load(folder):
    results = load(folder)
    assert results.metadata["seed"] == 1
    assert results.units["tau_m"] == "s"
    assert results.tables == ("blocks", "spikes")
    few = results.table("spikes", columns=["t"], filter=ds.field("Apre") > 0.01)
    assert few.to_pydict() == {"t": [0.0, 0.2]}
    with pytest.raises(ResultsError, match="no table weights, only blocks, spikes"):
        results.table("weights")


def test_missing_unfinished_and_damaged_folders(folder, tmp_path):
    with pytest.raises(ResultsError, match="no such folder"):
        load(tmp_path / "nowhere")
    (tmp_path / "x.partial-12").mkdir()
    with pytest.raises(ResultsError, match="unfinished"):
        load(tmp_path / "x.partial-12")
    with pytest.raises(ResultsError, match="no stdpdsl results"):
        load(tmp_path)
    part = folder / "spikes" / "part-00000.parquet"
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(ResultsError, match="spikes: is damaged"):
        load(folder).table("spikes")
    part.unlink()
    with pytest.raises(ResultsError, match="spikes: is (damaged|incomplete)"):
        load(folder).table("spikes")
    text = (folder / "metadata.json").read_text()
    for broken in (text[:-9], "[]", "{}"):
        (folder / "metadata.json").write_text(broken)
        with pytest.raises(ResultsError, match="metadata.json: is damaged"):
            load(folder)
    (folder / "metadata.json").write_text(text.replace("results 3", "results 9"))
    with pytest.raises(ResultsError, match="results 9"):
        load(folder)


def test_summary_table(folder):
    assert summary(load(folder)) == (
        "block  status   Apre  tau_m [s]  A1_rate [Hz]\n"
        "    0  ok        0.1       0.01        12.346\n"
        "    1  ok      1e-05       0.02             0\n"
        "    2  nan      0.02       0.01           nan\n"
    )


def test_summary_has_what_differs_and_fits(folder):
    """As two blocks have one rate, it is left out; where the terminal is too narrow, so is more."""
    results = load(folder)
    lines = summary(results, width=60).splitlines()
    assert lines[0] == "block  status   Apre  tau_m [s]  A1_rate [Hz]" and len(lines) == 4
    lines = summary(results, width=40).splitlines()
    assert lines[0] == "block  status   Apre  tau_m [s]"
    assert lines[5:] == ["1 more column: 1 that did not fit; next:", "--all"]
    lines = summary(results, width=60, where="block < 1").splitlines()
    assert lines[0] == "block  status  Apre  tau_m [s]"


def test_summary_folds_to_the_terminal(folder):
    lines = summary(load(folder), width=30, whole=True).splitlines()
    assert lines[0] == "block  status   Apre"
    assert lines[5] == "block  tau_m [s]  A1_rate [Hz]"
    assert max(map(len, lines)) <= 30


def test_summary_sorts(folder):
    rows = json.loads(summary(load(folder), "json", sort="-Apre"))
    assert [row["block"] for row in rows] == [0, 2, 1]
    assert [row["A1_rate"] for row in rows] == [12.3456789, "nan", 0.0]
    rows = list(csv.DictReader(io.StringIO(summary(load(folder), "csv", sort="tau_m"))))
    assert [row["block"] for row in rows] == ["0", "2", "1"]
    with pytest.raises(ResultsError, match="no column rate to sort by, only block"):
        summary(load(folder), sort="rate")
