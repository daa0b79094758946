"""The dataset that a script writes, and what pandas, polars and DuckDB read from it."""

import json
import os

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stdpdsl.runtime import result_table as table
from stdpdsl.runtime import results as support
from stdpdsl.runtime.errors import RunFailed
from stdpdsl.runtime.folder import TABLES as TABLES_OF_A_RUN
from stdpdsl.runtime.folder import ResultsError
from stdpdsl.runtime.results import Results

SWEEP = {
    "Apre": np.array([1e-5, 1e-5, 0.1, 0.1]),
    "ratio": np.array([1, 4, 1, 4]),
    "rule": np.array(["add", "add", "mult", "mult"]),
    "frozen": np.array([False, True, False, True]),
}
UNITS = {"Apre": "1", "tau": "s", "value": "V", "feedforward.apre_state": "1"}
TABLES = {
    "blocks": {"feedforward_w_mean": "float64", "A1_spikes": "int64"},
    "weights": {"apre_state": "float64", "on": "bool"},
    "trajectories": {},
    "spikes": {},
}


def fill(results):
    """Four blocks of six synapses in one connection, two in another; spikes; a trajectory."""
    block = np.repeat([3, 1, 0, 2], 6)  # as a caller may give them
    synapse = np.tile(np.arange(6), 4)
    w = block + synapse / 10
    state = {"apre_state": w * 2, "on": synapse > 2}
    delay = np.full(24, 1e-3)
    results.weights("feedforward", block, synapse // 3, synapse % 3, delay, w / 2, w, state)
    block = np.repeat([0, 1, 2, 3], 2)
    results.weights("inhibit", block, np.tile([0, 1], 4), np.tile([0, 1], 4), 0.0, 1.0, 1.0)
    results.spikes("A1", np.array([2, 0, 2, 1]), np.array([5, 1, 0, 3]), np.arange(4) * 1e-3)
    results.spikes("AN", None, np.array([7, 8]), np.array([0.5, 0.6]))
    v = np.arange(12.0).reshape(4, 3)
    neuron = np.array([0, 0, 1, 1])
    t = np.array([0.0, 0.1, 0.2])
    results.trajectories("v", t, v, block=[1, 0, 1, 0], layer="A1", neuron=neuron)
    results.blocks(
        np.arange(4),
        {
            "feedforward_w_mean": np.array([0.25, 1.25, 2.25, np.nan]),
            "A1_spikes": np.array([1, 1, 2, 0]),
            "status": np.array(["ok", "ok", "ok", "nan"]),
        },
    )


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "out" / "study"
    with Results(path, SWEEP, UNITS, {"spec": "model x\n", "seed": 42}, TABLES) as results:
        fill(results)
        results.metadata["time_reached"] = 1.5
        results.commit()
    return path


def test_pandas_reads_types_nulls_and_order(folder):
    weights = pd.read_parquet(folder / "weights")
    assert list(weights.columns) == [
        *("connection", "block", "pre", "post", "delay", "w_initial", "w"),
        *("Apre", "ratio", "rule", "frozen", "apre_state", "on"),
    ]
    assert len(weights) == 32
    assert weights["block"].is_monotonic_increasing
    assert weights.dtypes[["w", "Apre", "ratio", "frozen"]].astype(str).tolist() == [
        *("float64", "float64", "int64", "bool")
    ]
    inhibit = weights[weights.connection == "inhibit"]
    assert inhibit["apre_state"].isna().all() and inhibit["on"].isna().all()
    assert (inhibit["w"] == 1.0).all()
    one = weights.query("Apre == 0.1 and ratio == 4 and connection == 'feedforward'")
    assert one["block"].unique().tolist() == [3]
    assert one["w"].tolist() == [3 + k / 10 for k in range(6)]
    assert one["rule"].unique().tolist() == ["mult"]


def test_polars_reads_spikes_of_shared_layers_without_a_block(folder):
    spikes = pl.read_parquet(folder / "spikes" / "*.parquet")
    assert spikes.schema["block"] == pl.Int64
    assert spikes.schema["layer"] == pl.String
    shared = spikes.filter(pl.col("layer") == "AN")
    assert shared["block"].null_count() == 2 and shared["Apre"].null_count() == 2
    assert shared["t"].to_list() == [0.5, 0.6]
    own = spikes.filter(pl.col("layer") == "A1")
    assert own["block"].to_list() == [0, 1, 2, 2]
    assert own["neuron"].to_list() == [1, 3, 5, 0]  # as recorded, within a block
    assert own["ratio"].to_list() == [1, 4, 1, 1]


def test_duckdb_filters_by_parameters(folder):
    query = f"""select avg(w) from '{folder}/weights/*.parquet'
                where Apre = 0.1 and ratio = 1 and connection = 'feedforward'"""
    assert duckdb.sql(query).fetchall()[0] == pytest.approx((2.25,))
    query = f"select key, value from parquet_kv_metadata('{folder}/weights/*.parquet')"
    found = {bytes(k).decode(): bytes(v).decode() for k, v in duckdb.sql(query).fetchall()}
    assert json.loads(found["stdpdsl"])["seed"] == 42


def test_trajectories_have_a_row_per_sample(folder):
    rows = pd.read_parquet(folder / "trajectories")
    assert rows["block"].tolist() == [0] * 6 + [1] * 6
    assert rows["neuron"].tolist() == [0] * 3 + [1] * 3 + [0] * 3 + [1] * 3
    assert rows["t"].tolist() == [0.0, 0.1, 0.2] * 4
    assert rows["value"].tolist() == [3, 4, 5, 9, 10, 11, 0, 1, 2, 6, 7, 8]
    assert rows["connection"].isna().all() and rows["pre"].isna().all()
    assert set(rows["layer"]) == {"A1"} and set(rows["variable"]) == {"v"}


def test_blocks_keep_nan_apart_from_null(folder):
    table = pq.read_table(folder / "blocks")
    assert table["feedforward_w_mean"].null_count == 0
    assert np.isnan(table["feedforward_w_mean"].to_numpy()[3])
    assert table["status"].to_pylist() == ["ok", "ok", "ok", "nan"]


def test_units_and_metadata_are_in_every_file(folder):
    files = sorted(folder.glob("*/*.parquet"))
    assert [file.parent.name for file in files] == ["blocks", "spikes", "trajectories", "weights"]
    for file in files:
        schema = pq.read_schema(file)
        metadata = json.loads(schema.metadata[b"stdpdsl"])
        assert metadata["spec"] == "model x\n"
        assert metadata["time_reached"] == 1.5
        assert metadata["units"]["Apre"] == "1"
        assert schema.field("Apre").metadata[b"unit"] == b"1"
        assert not any(pa.types.is_dictionary(field.type) for field in schema)
        stored = pl.read_parquet_metadata(file)["stdpdsl"]
        assert json.loads(stored)["units"]["t"] == "s"
    schema = pq.read_schema(folder / "spikes" / "part-00000.parquet")
    assert schema.field("t").metadata[b"unit"] == b"s"
    written = json.loads((folder / "metadata.json").read_text())
    assert written["tables"] == {"blocks": 4, "weights": 32, "trajectories": 12, "spikes": 6}
    assert sorted(os.listdir(folder.parent)) == ["study"]


def test_encodings(folder):
    group = pq.ParquetFile(folder / "weights" / "part-00000.parquet").metadata.row_group(0)
    columns = {group.column(k).path_in_schema: group.column(k) for k in range(group.num_columns)}
    assert "BYTE_STREAM_SPLIT" in columns["w"].encodings
    assert "RLE_DICTIONARY" in columns["Apre"].encodings
    assert {column.compression for column in columns.values()} == {"ZSTD"}


def test_phases_and_replicates(tmp_path):
    sweep = {"replicate": np.array([0, 0, 1, 1]), "Apre": np.array([1.0, 2.0, 1.0, 2.0])}
    tables = {"blocks": {"A1_spikes": "int64"}, "spikes": {}, "trajectories": {}}
    with Results(tmp_path / "r", sweep, {}, {}, tables, phases=True) as results:
        results.spikes("AN", None, np.array([1, 2]), np.array([0.1, 0.2]), "train", replicate=1)
        results.spikes("A1", np.array([0]), np.array([0]), np.array([0.3]), np.array(["test"]))
        results.trajectories(
            "v",
            [0.0, 1.0],
            np.zeros((1, 2)),
            block=[2],
            layer="A1",
            neuron=[0],
            phase=np.array(["train", "test"]),
        )
        for phase in ("train", "test"):
            columns = {"A1_spikes": np.arange(4), "status": "ok"}
            results.blocks(np.arange(4), columns, phase=phase)
        results.commit()
    spikes = pd.read_parquet(tmp_path / "r" / "spikes")
    assert spikes["phase"].tolist() == ["train", "train", "test"]
    assert spikes["replicate"].tolist() == [1, 1, 0]
    assert spikes["Apre"].isna().tolist() == [True, True, False]
    blocks = pd.read_parquet(tmp_path / "r" / "blocks")
    assert blocks["phase"].tolist() == ["train", "test"] * 4
    assert blocks["block"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert pd.read_parquet(tmp_path / "r" / "trajectories")["phase"].tolist() == ["train", "test"]


@pytest.mark.parametrize("in_memory", [0, 500, 10**9])
@pytest.mark.parametrize("per_group", [1, 7, 64, 10**6])
def test_row_groups_are_bounded_and_sorted_however_rows_come(
    tmp_path, monkeypatch, per_group, in_memory
):
    monkeypatch.setattr(table, "ROWS_PER_GROUP", per_group)
    monkeypatch.setattr(table, "BYTES_IN_MEMORY", in_memory)
    random = np.random.default_rng(1)
    calls = []
    with Results(tmp_path / "r", {"x": np.arange(5.0)}, {}, {}, {"spikes": {}}) as results:
        for number in range(12):
            block = random.integers(0, 5, size=number)
            t = random.random(number)
            names = np.array([f"layer {k % 3}" for k in range(number)], dtype=object)
            results.spikes(names, block, np.full(number, number), t)
            calls.append(pd.DataFrame({"block": block, "neuron": number, "t": t, "layer": names}))
            t[:] = -1  # the simulator's array lives on
        results.commit()
    expected = pd.concat(calls).sort_values("block", kind="stable", ignore_index=True)
    found = pd.read_parquet(tmp_path / "r" / "spikes")
    pd.testing.assert_frame_equal(
        found[["block", "neuron", "t", "layer"]], expected, check_dtype=False
    )
    assert (found["x"] == found["block"]).all()
    file = pq.ParquetFile(tmp_path / "r" / "spikes" / "part-00000.parquet")
    sizes = [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)]
    assert max(sizes) <= per_group
    assert not list((tmp_path / "r").glob("*waiting"))


@pytest.mark.parametrize("in_memory", [0, 500, 10**9])
@pytest.mark.parametrize("per_group", [1, 7, 10**6])
def test_samples_are_rows_wherever_a_group_ends(tmp_path, monkeypatch, per_group, in_memory):
    monkeypatch.setattr(table, "ROWS_PER_GROUP", per_group)
    monkeypatch.setattr(table, "BYTES_IN_MEMORY", in_memory)
    random = np.random.default_rng(1)
    expected = []
    tables = {"trajectories": {}}
    with Results(tmp_path / "r", {"x": np.arange(5.0)}, {}, {}, tables, phases=True) as results:
        for number, samples in enumerate([4, 1, 3, 0, 5]):
            block = random.integers(0, 5, size=number) if number % 2 else np.arange(number)
            t = np.arange(samples) / 10
            value = random.random((samples, number)).T  # as a monitor has it
            phase = np.array(["train", "test"] * 3, dtype=object)[:samples]
            neuron = np.arange(number) + 10
            results.trajectories(
                f"v{number}", t, value, block=block, layer="A1", neuron=neuron, phase=phase
            )
            for k, s in np.ndindex(number, samples):
                row = (block[k], neuron[k], f"v{number}", phase[s], t[s], value[k, s])
                expected.append(row)
            value[:] = -1
        results.commit()
    expected.sort(key=lambda row: row[0])
    found = pd.read_parquet(tmp_path / "r" / "trajectories")
    names = ["block", "neuron", "variable", "phase", "t", "value"]
    assert list(found[names].itertuples(index=False, name=None)) == expected
    assert (found["x"] == found["block"]).all()
    assert len(expected) == 27 and found["pre"].isna().all()


def test_empty_tables_have_their_columns(tmp_path):
    with Results(tmp_path / "r", {"x": np.arange(2.0)}, {}, {}, {"spikes": {}}) as results:
        results.spikes("A1", np.array([], int), np.array([], int), np.array([]))
        results.commit()
    assert len(pd.read_parquet(tmp_path / "r" / "spikes")) == 0
    assert "x" in pd.read_parquet(tmp_path / "r" / "spikes").columns


def test_a_failure_leaves_nothing(tmp_path):
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), Results(tmp_path / "r", SWEEP, {}, {}, TABLES) as results:
            fill(results)
            raise error
        assert os.listdir(tmp_path) == []


def test_leaving_without_commit_saves_nothing(tmp_path):
    with Results(tmp_path / "r", SWEEP, {}, {}, TABLES) as results:
        fill(results)
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_one_clear_message(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(RunFailed, match="r: results cannot be written: No space left"):
        with Results(tmp_path / "r", SWEEP, {}, {}, TABLES) as results:
            fill(results)
            results.commit()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("sweep", "own", "name"),
    [
        ({"w": np.zeros(2)}, {}, "w"),
        ({"Apre": np.zeros(2)}, {"apre": "float64"}, "apre"),  # DuckDB would take one for the other
        ({"x": np.zeros(2)}, {"pre": "float64"}, "pre"),
    ],
)
def test_columns_that_some_reader_would_confuse_are_refused(tmp_path, sweep, own, name):
    with pytest.raises(ValueError, match=name):
        Results(tmp_path / "r", sweep, {}, {}, {"weights": own})


def test_undeclared_columns_and_ragged_rows_are_refused(tmp_path):
    with Results(tmp_path / "r", {"x": np.arange(2.0)}, {}, {}, {"spikes": {}}) as results:
        with pytest.raises(ValueError, match="2 values for 3 rows of 1"):
            results.spikes("A1", np.zeros(3, int), np.zeros(2, int), np.zeros(3))
        with pytest.raises(ValueError, match="replicate"):
            results.spikes("A1", None, np.zeros(3, int), np.zeros(3), replicate=1)


def test_existing_folders(tmp_path, folder):
    def write(path, overwrite=False):
        with Results(path, {"x": np.arange(2.0)}, {}, {}, {"spikes": {}}, False, overwrite) as r:
            r.commit()

    (tmp_path / "file").write_text("mine")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    for path, words in [
        (tmp_path / "file", "is a file"),
        (tmp_path / "mine", "contains no stdpdsl results"),
        (folder, "already holds results"),
    ]:
        with pytest.raises(ResultsError, match=words):
            write(path)
    with pytest.raises(ResultsError, match="contains no stdpdsl results"):
        write(tmp_path / "mine", overwrite=True)
    write(tmp_path / "empty")
    assert (tmp_path / "empty" / "metadata.json").exists()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ResultsError, match="did not write, .*: notes.txt"):
        write(folder, overwrite=True)
    (folder / "notes.txt").unlink()
    write(folder, overwrite=True)
    assert not (folder / "weights").exists() and (folder / "spikes").exists()
    assert sorted(os.listdir(folder.parent)) == ["study"]


def test_results_are_kept_when_the_folder_filled_meanwhile(tmp_path):
    path = tmp_path / "r"
    with pytest.raises(ResultsError, match="the new results are in .*partial"):
        with Results(path, {"x": np.arange(2.0)}, {}, {}, {"spikes": {}}) as results:
            path.mkdir()
            (path / "notes.txt").write_text("mine")
            results.commit()
    assert (results.partial / "spikes" / "part-00000.parquet").exists()
    assert (path / "notes.txt").read_text() == "mine"


def test_every_table_may_be_replaced():
    """`--overwrite` leaves alone what no run has written."""
    assert set(support.FIXED_COLUMNS) == set(TABLES_OF_A_RUN)
