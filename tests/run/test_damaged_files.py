"""Damaged results and damaged parts of the cache: no command takes them for whole ones."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_faults import SHORT, command

from stdpdsl import cli
from stdpdsl.results.errors import ResultsError
from stdpdsl.results.reader import load
from stdpdsl.runtime import heard_cache

pytestmark = pytest.mark.real_process

# Results ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    process = command(folder, SHORT, "--target", "numpy")
    assert process.communicate()[1] == "" and process.returncode == 0
    return folder / "s.results"


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    """One bit of the data of some column."""
    at = len(data) // 3
    return data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :]


def in_a_page(data: bytes) -> bytes:
    """One bit of the values of the last column."""
    group = pq.read_metadata(pa.BufferReader(data)).row_group(0)
    column = group.column(group.num_columns - 1)
    start = column.dictionary_page_offset or column.data_page_offset
    at = start + column.total_compressed_size - 1
    return data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :]


DAMAGE = {
    "truncated": truncated,
    "empty": lambda data: b"",
    "noise": lambda data: bytes(np.random.default_rng(1).integers(0, 256, len(data), "u1")),
    "one bit": in_a_page,
    "another table": None,
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("table", ["blocks", "weights", "trajectories", "spikes"])
@pytest.mark.in_turn(4)
def test_damaged_tables_are_told(results, tmp_path, damage, table, capsys):
    broken = tmp_path / "r"
    shutil.copytree(results, broken)
    (path,) = (broken / table).glob("part-*.parquet")
    if DAMAGE[damage] is None:
        pq.write_table(pa.table({"x": [1, 2]}), path)
    else:
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
    for arguments in (
        ["summary", str(broken)],
        ["report", str(broken), "-o", str(tmp_path / "r.html")],
        ["diagnose", str(broken)],
        ["compare", str(broken), str(results)],
        ["compare", str(results), str(broken)],
    ):
        status = cli.main(arguments)
        said = capsys.readouterr()
        assert "Traceback" not in said.err and status != 70, (arguments, said.err)
        if table == "blocks" or arguments[0] == "compare":
            assert status in (1, 2), arguments
            assert str(broken) in said.err or "DIFFERS" in said.out
        assert status == 0 or not (tmp_path / "r.html").exists() or arguments[0] != "report"


FLIPS = int(os.environ.get("STDPDSL_FLIPS", 100))


def heads_of_pages(path: Path) -> list[int]:
    """Bytes that no checksum covers: what Parquet says of a page before its values."""
    found = pq.read_metadata(path)
    columns = [
        found.row_group(g).column(c)
        for g in range(found.num_row_groups)
        for c in range(found.num_columns)
    ]
    starts = {c.dictionary_page_offset for c in columns} | {c.data_page_offset for c in columns}
    return [start + byte for start in starts - {None} for byte in range(45)]


def read(folder: Path) -> str:
    found = load(folder)
    return repr([found.metadata, *(found.table(name).to_pydict() for name in found.tables)])


def test_no_bit_changes_in_silence(results, tmp_path):
    """Nor does one end the process, as Arrow would over some footers."""
    broken = shutil.copytree(results, tmp_path / "r")
    expected = read(broken)
    parts = sorted(broken.rglob("*.parquet"))
    files = [*parts, broken / "metadata.json"]
    places = [(path, byte) for path in files for byte in range(path.stat().st_size)]
    heads = [(path, byte) for path in parts for byte in heads_of_pages(path)]
    random = np.random.default_rng()
    told = 0
    for some in (places, heads):
        for path, byte in (some[k] for k in random.integers(len(some), size=FLIPS)):
            data = path.read_bytes()
            bit = 1 << int(random.integers(8))
            path.write_bytes(data[:byte] + bytes([data[byte] ^ bit]) + data[byte + 1 :])
            try:
                assert read(broken) == expected, (path, byte, bit)
            except ResultsError as error:
                assert str(broken) in str(error)
                told += 1
            path.write_bytes(data)
    assert told > FLIPS


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "other"}', '{"format": 1}'])
def test_damaged_metadata_are_told(results, tmp_path, text, capsys):
    broken = tmp_path / "r"
    shutil.copytree(results, broken)
    (broken / "metadata.json").write_text(text)
    for name in ("summary", "report", "diagnose", "reproduce"):
        assert cli.main([name, str(broken)]) in (1, 2)
        assert str(broken) in capsys.readouterr().err


# What is kept between runs ------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [truncated, flipped, lambda data: b""])
def test_damaged_spikes_of_a_nerve_are_made_again(tmp_path, damage):
    path, made = str(tmp_path / "kept.npz"), []

    def make():
        made.append(1)
        return [np.arange(1000.0), np.arange(5)]

    heard_cache.kept(path, "key", make)
    heard_cache.kept(path, "key", make)
    assert len(made) == 1
    Path(path).write_bytes(damage(Path(path).read_bytes()))
    again = heard_cache.kept(path, "key", make)
    assert len(made) == 2 and np.array_equal(again[0], np.arange(1000.0))


@pytest.mark.slow
@pytest.mark.parametrize("damage", [truncated, flipped])
@pytest.mark.in_turn(1)
def test_a_damaged_program_is_built_again(tmp_path, damage):
    kept = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    arguments = ["--target", "cpp_standalone", "--overwrite"]

    def run():
        process = command(tmp_path, SHORT, *arguments, env=kept)
        said, errors = process.communicate()
        assert process.returncode == 0, errors
        (path,) = (tmp_path / "s.results" / "weights").glob("part-*.parquet")
        return "compiling" in said, path.read_bytes()

    assert run()[0]
    compiled, first = run()
    assert not compiled
    (program,) = (tmp_path / "cache").rglob("main")
    program.write_bytes(damage(program.read_bytes()))
    compiled, again = run()
    assert compiled
    assert pq.read_table(pa.BufferReader(again)) == pq.read_table(pa.BufferReader(first))
