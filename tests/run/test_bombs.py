"""A few bytes that stand for more than any machine can hold: refused, or read in bounded memory.

Each command has 4 GB of memory, so that what would take the machine's ends it here.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from by_day import in_turn

from stdpdsl.runtime import draws, recordings
from stdpdsl.runtime import folder as folders
from stdpdsl.runtime.errors import SpecError
from stdpdsl.runtime.inputs import rated_steps
from stdpdsl.runtime.stimuli import stored_rows
from stdpdsl.runtime.synapses import file_columns
from stdpdsl.sweep import files as tables

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STARTER = (ROOT / "templates" / "new" / "starter.stdp").read_text("utf-8").replace("NAME", "demo")
SHORT = STARTER.replace("duration: 2 s", "duration: 200 ms")
MEMORY = 4_000_000_000


def stdpdsl(folder, *arguments):
    """The status of a command that has 4 GB, and what it said."""

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    done = subprocess.run(
        [sys.executable, "-m", "stdpdsl.cli", *map(str, arguments)],
        cwd=folder,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        preexec_fn=limit,
        timeout=100,
    )
    said = done.stdout + done.stderr
    assert "Traceback" not in said and "a bug of ours" not in said, said
    return done.returncode, said


def repeated(path, doublings):
    """Let a file's footer name its row groups again and again: it says that so many more rows are
    there, and they can be read."""
    rows, once = pq.read_metadata(path), pq.read_metadata(path)
    for _ in range(doublings):
        rows.append_row_groups(once)
        once = pq.read_metadata(_footer_of(rows, path))
    whole = path.read_bytes()
    data = whole[: -8 - int.from_bytes(whole[-8:-4], "little")]
    footer = _footer_of(rows, path).read_bytes()[4:]
    path.write_bytes(data + footer)
    _footer_of(rows, path).unlink()
    return rows.num_rows


def _footer_of(metadata, path):
    place = path.with_name("footer")
    metadata.write_metadata_file(place)
    return place


def few_bytes_of_many(path, columns, rows=4_000_000, doublings=12):
    """A file of constant columns that holds 16 billion rows."""
    table = pa.table({name: pa.repeat(pa.scalar(value), rows) for name, value in columns.items()})
    pq.write_table(table, path, row_group_size=rows, compression="zstd")
    found = repeated(path, doublings)
    assert found > 10**10 and path.stat().st_size < 20_000_000
    return found


def word_of_many(path, columns, name, length=500_000, rows=1_000_000, **options):
    """A file in which a word of so many characters is written once, and stands in each row."""
    words = pa.DictionaryArray.from_arrays(
        pa.repeat(pa.scalar(0, pa.int32()), rows), ["x" * length]
    )
    columns = {n: pa.repeat(pa.scalar(value), rows) for n, value in columns.items()}
    table = pa.table({**columns, name: words})
    pq.write_table(table, path, compression="zstd", store_schema=False, **options)
    assert path.stat().st_size < 1_000_000
    return rows


# What a spec names --------------------------------------------------------------------------------


def spec_with(folder, old, new):
    assert old in SHORT
    (folder / "s.stdp").write_text(SHORT.replace(old, new))


@pytest.mark.parametrize("name", ["spikes", "pairs"])
def test_rows_of_inputs(tmp_path, name):
    columns = {"spikes": {"time": 0.001, "neuron": 3}, "pairs": {"pre": 0, "post": 0}}[name]
    few_bytes_of_many(tmp_path / "x.parquet", columns)
    if name == "spikes":
        spec_with(tmp_path, "poisson: 20 Hz", 'spikes: from "x.parquet"')
    else:
        spec_with(tmp_path, "pattern: all_to_all", 'pattern: pairs from "x.parquet"')
    status, said = stdpdsl(tmp_path, "run", "s.stdp", "--target", "numpy")
    assert status == 1 and "x.parquet: has more than 50,000,000 rows, which is the limit" in said
    assert sorted(os.listdir(tmp_path)) == ["s.stdp", "x.parquet"]


def test_words_of_inputs(tmp_path):
    word_of_many(tmp_path / "x.parquet", {"neuron": 3}, "time")
    spec_with(tmp_path, "poisson: 20 Hz", 'spikes: from "x.parquet"')
    status, said = stdpdsl(tmp_path, "run", "s.stdp", "--target", "numpy")
    assert status == 1 and "the column time holds string, not numbers" in said


def test_words_beside_inputs_are_not_read(tmp_path):
    word_of_many(tmp_path / "x.parquet", {"time": 0.001, "neuron": 3}, "comment")
    spec_with(tmp_path, "poisson: 20 Hz", 'spikes: from "x.parquet"')
    status, said = stdpdsl(tmp_path, "run", "s.stdp", "--target", "numpy")
    # The file was read, as far as its second row.
    assert status == 1 and "x.parquet: row 2: neuron 3 spikes twice in the time step" in said


def empty_space(path, head=b""):
    """A file of 1 TB that takes no room on the disk."""
    path.write_bytes(head)
    os.truncate(path, 10**12)


@pytest.mark.parametrize(
    "make, words",
    [
        (empty_space, "has a line of 100,000 characters or more"),
        (lambda path: empty_space(path, b"time,neuron\n0,2\n"), "has a line of 100,000 characters"),
        (lambda path: path.write_text("time,neuron\n0.1,2\n0.1,x\n"), "line 3 has 0.1, x"),
        (lambda path: path.write_text("time,neuron\n0.1,1_0\n"), "line 2 has 0.1, 1_0"),
        (
            lambda path: path.write_text("neuron,w,time,delay\n1,2,3,4\n"),
            "has the columns time and neuron, and also w, delay, which is not read",
        ),
        (lambda path: path.write_text("time,neuron\n0.1,１\n"), "line 2 has 0.1, １"),
    ],
)
def test_lines_of_inputs(tmp_path, make, words):
    make(tmp_path / "x.csv")
    with pytest.raises(SpecError, match=f"x.csv: {words}"):
        file_columns(str(tmp_path / "x.csv"), ("time", "neuron"))


def of_shape(path, shape, data=b""):
    """A NumPy file that says that it has a shape."""
    with path.open("wb") as file:
        head = {"descr": "<f8", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, head)
        file.write(data)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda path: of_shape(path, (10**10, 10)), "it is not a complete NumPy file"),
        (
            lambda path: np.savez(path.open("wb"), a=np.zeros((2, 10))),
            "it is not a complete NumPy file",
        ),
        (lambda path: path.write_bytes(b""), "it is not a complete NumPy file"),
        (lambda path: np.save(path, np.full((2, 10), "x")), "holds <U1, not real numbers"),
        (lambda path: np.save(path, np.zeros((2, 9))), "has the shape 2 × 9"),
        (lambda path: np.save(path, np.full((2, 10), -1.0)), "a rate cannot be negative"),
    ],
)
def test_rates(tmp_path, make, words):
    make(tmp_path / "x.npy")
    spec_with(tmp_path, "poisson: 20 Hz", 'rates: from "x.npy" every 10 ms')
    status, said = stdpdsl(tmp_path, "run", "s.stdp", "--target", "numpy")
    assert status == 1 and "x.npy" in said and words in said and "1 error" in said


def test_rates_that_are_not_used_are_not_read(tmp_path, monkeypatch):
    """0.8 TB, of which the run takes two rows."""
    of_shape(tmp_path / "x.npy", (10**10, 10))
    os.truncate(tmp_path / "x.npy", (tmp_path / "x.npy").stat().st_size + 8 * 10**11)
    with (tmp_path / "x.npy").open("r+b") as file:
        file.seek(-8 * 10**11, os.SEEK_END)
        file.write(np.full(10, 1e9).tobytes())
    monkeypatch.setattr(draws, "SEED", 1, raising=False)
    x = SimpleNamespace(steps=200, dt=1e-4, warnings=[])
    rows = stored_rows(str(tmp_path / "x.npy"), 10)
    neuron, step = rated_steps(x, "inputs", [0], 10, rows, 10e-3, 0.0)
    assert sorted(set(step.tolist())) == list(range(100)) and len(neuron) == 1000


# A sweep's table ----------------------------------------------------------------------------------


def test_rows_of_a_sweep(tmp_path):
    few_bytes_of_many(tmp_path / "x.parquet", {"ratio": 1.0})
    with pytest.raises(ValueError, match="more than 1,000,000 rows"):
        tables.read_table(tmp_path / "x.parquet")


def test_columns_of_a_sweep(tmp_path):
    table = pa.table({f"x{k}": pa.repeat(pa.scalar(1.0), 100_000) for k in range(600)})
    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(ValueError, match="60,000,000 values, more than 50,000,000"):
        tables.read_table(tmp_path / "x.parquet")


def test_words_of_a_sweep(tmp_path):
    for options in ({}, {"use_dictionary": False, "column_encoding": {"x": "DELTA_BYTE_ARRAY"}}):
        if options:
            table = pa.table({"x": ["x" * 100] * 9})
            pq.write_table(table, tmp_path / "x.parquet", **options)
        else:
            word_of_many(tmp_path / "x.parquet", {}, "x")
        with pytest.raises(ValueError, match="characters|DELTA_BYTE_ARRAY"):
            tables.read_table(tmp_path / "x.parquet")


# Sounds -------------------------------------------------------------------------------------------


def wav(rate, samples, said=None):
    """Silence as a WAV file of 16 bits, which may say that it has more samples."""
    length = 2 * (samples if said is None else said)
    head = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate % 2**32, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", length)
    return b"RIFF" + struct.pack("<I", (len(body) + length) % 2**32) + body + bytes(2 * samples)


@pytest.mark.parametrize(
    "data, words",
    [
        (wav(1, 1000), "has 1 samples per second; from 1,000 to 1,000,000 are read"),
        (wav(2147483647, 1000), "has 2,147,483,647 samples"),
        (wav(1000, 3_000_000), "has more than 100,000,000 samples at 44100 Hz"),
        (None, "has 1,000,000,000,000 bytes; at most 1,000,000,000 are read"),
    ],
)
def test_recordings(tmp_path, data, words):
    if data is None:
        empty_space(tmp_path / "x.wav", wav(44100, 0))
    else:
        (tmp_path / "x.wav").write_bytes(data)
    with pytest.raises(SpecError, match=words):
        recordings.read_wav(tmp_path / "x.wav", 44100)


def test_labels(tmp_path):
    empty_space(tmp_path / "x.csv")
    with pytest.raises(
        SpecError, match="has 1,000,000,000,000 bytes; at most 100,000,000 are read"
    ):
        recordings.read_labels(tmp_path / "x.csv", "category")


# Results ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    (folder / "s.stdp").write_text(SHORT)
    assert stdpdsl(folder, "run", "s.stdp", "--target", "numpy")[0] == 0
    return folder / "s.results"


def forged(results, folder, table, make):
    """The results with another part of a table, of which the metadata speak."""
    shutil.copytree(results, folder)
    (part,) = (folder / table).iterdir()
    first = pq.read_table(part).slice(0, 1).to_pylist()[0]
    rows = make(part, first)
    metadata = json.loads((folder / "metadata.json").read_text("utf-8"))
    metadata["tables"][table] = rows
    metadata["footers"][table] = {part.name: folders.footer_checksum(part)}
    folders.write_metadata(folder / "metadata.json", metadata)


def long_words(part, first):
    name = next(n for n, value in first.items() if isinstance(value, str))
    rest = {n: value for n, value in first.items() if n != name}
    return word_of_many(part, rest, name, write_page_checksum=True)


def many_rows(part, first):
    return few_bytes_of_many(part, first)


COMMANDS = ["summary", "report", "diagnose", "compare"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, table, make",
    in_turn(
        [
            (name, table, make)
            for make in (many_rows, long_words)
            for name in COMMANDS
            for table in ("blocks", "weights", "trajectories", "spikes")
        ],
        5,
    ),
)
def test_results(results, tmp_path, name, table, make):
    forged(results, tmp_path / "r", table, make)
    more = {"compare": [results], "report": ["-o", tmp_path / "r.html"]}.get(name, [])
    status, said = stdpdsl(tmp_path, name, "r", *more)
    if table == "blocks" and name != "compare":
        assert status in (1, 2) and "memory" in said
    if status and name != "diagnose" and "DIFFERS" not in said:
        assert "memory" in said and not (tmp_path / "r.html").exists()


@pytest.mark.slow
def test_results_that_are_run_again(results, tmp_path):
    forged(results, tmp_path / "r", "weights", many_rows)
    status, said = stdpdsl(tmp_path, "reproduce", "r")
    assert status == 1 and "the values were not compared" in said


@pytest.mark.slow
def test_shards_that_are_merged(results, tmp_path):
    """Only the ends of their files are read."""
    for number in (1, 2):
        spec = tmp_path / "s.stdp"
        spec.write_text(SHORT)
        arguments = ("run", spec, "--target", "numpy", "--shard", f"{number}/2", "-o", "out")
        assert stdpdsl(tmp_path, *arguments)[0] == 0
    shard = tmp_path / "out.shards" / "0002-of-0002"
    shard.rename(tmp_path / "whole")
    forged(tmp_path / "whole", shard, "weights", many_rows)
    status, said = stdpdsl(tmp_path, "merge", "out.shards")
    assert status == 0, said


def test_metadata(results, tmp_path):
    for name in ("metadata.json", "job.json"):
        shutil.rmtree(tmp_path / "r", ignore_errors=True)
        shutil.copytree(results, tmp_path / "r")
        empty_space(tmp_path / "r" / name)
        for arguments in (["summary", "r"], ["merge", "r", "-o", "out"], ["reproduce", "r"]):
            if name == "metadata.json" or arguments[0] == "merge":
                status, said = stdpdsl(tmp_path, *arguments)
                assert status in (1, 2) and "error: " in said
