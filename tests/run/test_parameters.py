"""Results that need no spec to be read: parameters, and what each column is."""

import json

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from running import run_text

from stdpdsl.cli import main
from stdpdsl.results.errors import ResultsError
from stdpdsl.results.reader import load

SPEC = """
model parameters

constants:
    T_m = 3 ms
    K = 2

neuron cell:
    parameters:
        tau_m = 10 ms
        big = inf
        tau_Ca = K * tau_m
        tau_ca = 1 ms
    equations:
        dv/dt = (-70 mV - v)/tau_m : volt
    threshold: v > -60 mV
    reset: v = -70 mV
    initial: v = -70 mV
layer P:
    poisson: 20 Hz
    size: 10
layer A:
    neuron: cell
    size: 4
layer B:
    neuron: cell(tau_m = T_m)
    size: 1
connect P -> A as c:
    pattern: random(p = 0.5)
    plasticity: pair_additive(taupost = 30 ms)
    deliver: w * 8 mV to v
    initial: w = uniform(0, start)
    delay: 1 ms
sweep:
    grid:
        A.tau_m = [10, 20] ms
        start = [0.5, 1]
        c.delay = [1, 2] ms
    derive: c.Apost = -Apre
    replicates: 2
measure:
    strong of c = fraction(w > 0.8 * wmax)
record:
    spikes of P, A
    w of c every 50 ms
run:
    phases:
        a: 100 ms
        b: 50 ms, set c.wmax = 2
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parameters")
    run_text(folder, SPEC)
    return folder / "out"


def test_every_parameter_of_each_block(folder):
    found = load(folder).parameters
    assert found.index.names == ["block", "phase"] and len(found) == 32
    assert list(found.columns) == [
        *("start", "c.delay", "replicate", "T_m", "K"),
        *("A.tau_m", "A.big", "A.tau_Ca", "A.tau_ca_parameter"),
        *("B.tau_m", "B.big", "B.tau_Ca", "B.tau_ca_parameter"),
        *("c.taupre", "c.taupost", "c.Apre", "c.Apost", "c.wmax"),
    ]
    for block in range(16):
        tau = 0.01 if block % 8 < 4 else 0.02
        for phase, wmax in (("a", 1.0), ("b", 2.0)):
            assert found.loc[block, phase].to_dict() == {
                "start": 0.5 if block % 4 < 2 else 1.0,
                "c.delay": 0.001 if block % 2 == 0 else 0.002,
                "replicate": block // 8,
                "T_m": 0.003,
                "K": 2.0,
                "A.tau_m": tau,
                "A.big": float("inf"),
                "A.tau_Ca": 2 * tau,
                "A.tau_ca_parameter": 0.001,
                "B.tau_m": 0.003,
                "B.big": float("inf"),
                "B.tau_Ca": 0.006,
                "B.tau_ca_parameter": 0.001,
                "c.taupre": 0.02,
                "c.taupost": 0.03,
                "c.Apre": 0.01,
                "c.Apost": -0.01,
                "c.wmax": wmax,
            }
    units = found.attrs["units"]
    assert (units["A.tau_Ca"], units["c.delay"], units["c.wmax"]) == ("second", "second", "1")


def test_fixed_parameters_are_data_in_the_metadata(folder):
    said = json.loads((folder / "metadata.json").read_text())["parameters"]
    fixed = {name: one["value"] for name, one in said.items() if "value" in one}
    assert fixed == {
        "T_m": 0.003,
        "K": 2.0,
        "A.big": "inf",
        "A.tau_ca_parameter": 0.001,
        "B.tau_m": 0.003,
        "B.big": "inf",
        "B.tau_Ca": 0.006,
        "B.tau_ca_parameter": 0.001,
        "c.taupre": 0.02,
        "c.taupost": 0.03,
        "c.Apre": 0.01,
    }
    assert said["A.tau_m"] == {"unit": "second"}


def test_other_readers_find_the_parameters(folder):
    query = f"""select count(*) from '{folder}/blocks/*.parquet' join
                '{folder}/parameters/*.parquet' using (block, phase) where "A.tau_Ca" > 0.03"""
    assert duckdb.sql(query).fetchall() == [(16,)]
    assert pl.read_parquet(folder / "parameters" / "*.parquet")["c.wmax"].sum() == 16 * 3
    assert pd.read_parquet(folder / "parameters")["A.tau_Ca"].max() == 0.04


def test_each_column_of_each_table_is_described_in_the_file(folder):
    results = load(folder)
    metadata = results.metadata["columns"]
    for table in results.tables:
        schema = pq.read_schema(folder / table / "part-00000.parquet")
        for field in schema:
            said = {k.decode(): v.decode() for k, v in field.metadata.items()}
            assert said == metadata[table][field.name]
            assert said["description"] and said["kind"] in (
                "fixed",
                "swept",
                "measure",
                "parameter",
                "variable",
            )
            assert "unit" in said or field.name in ("w", "w_initial", "value")
    blocks = results.described("blocks")
    assert blocks["tau_m"] == {
        "kind": "swept",
        "unit": "second",
        "description": "tau_m of A",
        "path": "A.tau_m",
        "sets": "A.tau_m",
    }
    assert blocks["start"]["kind"] == "swept" and "sets" not in blocks["start"]
    assert blocks["strong"]["description"].startswith("fraction(w > 0.8 * wmax) of c")
    assert blocks["c_after_mean"]["description"] == "c: mean weight"
    assert blocks["A_rate"]["unit"] == "hertz" and blocks["status"]["kind"] == "fixed"


def test_summary_lists_the_columns(folder, capsys):
    assert main(["summary", str(folder), "--columns"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["table", "column", "kind", "unit", "description"]
    assert ["blocks", "A_rate", "measure", "hertz", "A:", "mean", "rate"] in map(str.split, lines)
    assert main(["summary", str(folder), "--columns", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    results = load(folder)
    assert [(row["table"], row["column"]) for row in rows] == [
        (table, column) for table in results.tables for column in results.columns(table)
    ]
    assert main(["summary", str(folder), "--columns", "--sort", "A_rate"]) == 2


def test_results_without_parameters_say_so(folder, tmp_path):
    from stdpdsl.runtime.results import Results

    with Results(tmp_path / "old", {}, {}, {}, {"blocks": {}}) as results:
        results.blocks([0], {"status": ["ok"]})
        results.commit()
    with pytest.raises(ResultsError, match="does not contain its parameters"):
        _ = load(tmp_path / "old").parameters


def test_a_model_without_phases_has_a_row_per_block(tmp_path):
    text = SPEC.partition("    phases:")[0] + "    duration: 20 ms\n"
    run_text(tmp_path, text.replace("    replicates: 2\n", ""), name="plain")
    found = load(tmp_path / "plain").parameters
    assert found.index.name == "block" and found.index.tolist() == list(range(8))
    assert found["A.tau_m"].tolist() == [0.01] * 4 + [0.02] * 4
