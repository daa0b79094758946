"""What two runs differ in, and what they do not."""

import json

import numpy as np
from seeing import product, write

from stdpdsl import cli
from stdpdsl.results.reader import load
from stdpdsl.views.compare import compare, render

GRID = product(Apre=[0.01, 0.02, 0.04], ratio=[0.9, 1.1])


def parts(a, b):
    return {d.part: d for d in compare(load(a), load(b))}


def test_the_same_run_is_the_same_to_the_last_bit(tmp_path):
    nan = lambda k: np.nan if k == 1 else 0.3  # noqa: E731
    a, b = (write(tmp_path / name, GRID, outcome=nan) for name in "ab")
    found = parts(a, b)
    assert all(one.same for one in found.values())
    assert found["weights"].lines == ("216 rows, identical to the last bit",)


def test_one_bit_is_a_difference(tmp_path):
    a = write(tmp_path / "a", GRID)
    value = 0.2 + 0.6 * np.arange(6) / 5
    value[0] = np.nextafter(value[0], 1)
    b = write(tmp_path / "b", GRID, columns={"ff_after_mean": value})
    found = parts(a, b)
    assert not found["blocks"].same and found["weights"].same
    (line,) = found["blocks"].lines
    assert line.startswith("ff_after_mean: 1 of 6 values differ, by 2.78e-17 at most")


def test_spec_versions_and_flags(tmp_path):
    a = write(tmp_path / "a", GRID, spec="model small\nx = 1\n")
    more = {"versions": {"numpy": "2.2"}, "target": "cython", "seed": 4}
    b = write(tmp_path / "b", GRID, spec="model small\nx = 2\n", metadata=more)
    found = parts(a, b)
    assert found["spec"].lines == ("-x = 1", "+x = 2")
    assert set(found["metadata"].lines) == {
        "versions.numpy: 2.3 | 2.2",
        "target: numpy | cython",
        "seed: 3 | 4",
    }
    assert found["weights"].same


def test_blocks_are_matched_by_their_parameters(tmp_path):
    """A part of a sweep, in another order, is compared with the same parameters of the whole."""
    whole = write(tmp_path / "a", GRID)
    order = [4, 1]
    part = {name: values[order] for name, values in GRID.items()}
    mean = {"ff_after_mean": (0.2 + 0.6 * np.arange(6) / 5)[order]}
    b = write(tmp_path / "b", part, outcome=lambda k: 0.2 + 0.6 * order[k] / 5, columns=mean)
    found = parts(whole, b)
    assert found["blocks"].lines == (
        "6 | 2 rows",
        "4 rows have no counterpart with the same Apre, ratio",
    )
    assert found["weights"].lines == (
        "216 | 72 rows",
        "144 rows have no counterpart with the same connection, Apre, ratio, pre, post",
    )


def test_columns_and_tables_that_only_one_has(tmp_path):
    a = write(tmp_path / "a", GRID)
    b = write(tmp_path / "b", {"tau": np.arange(6.0)}, tables=("blocks", "weights"))
    found = parts(a, b)
    assert "only A has Apre, ratio" in found["weights"].lines
    assert "only B has tau" in found["weights"].lines
    assert found["spikes"].lines == ("B does not have this table",)


def test_the_command(tmp_path, capsys):
    a, b = write(tmp_path / "a", GRID), write(tmp_path / "b", GRID, metadata={"seed": 4})
    assert cli.main(["compare", str(a), str(a)]) == 0
    assert "DIFFERS" not in capsys.readouterr().out
    assert cli.main(["compare", str(a), str(b)]) == 1
    assert "DIFFERS  metadata: seed: 3 | 4\n" in capsys.readouterr().out
    assert cli.main(["compare", str(a), str(b), "--format", "json"]) == 1
    assert [d["part"] for d in json.loads(capsys.readouterr().out)][:2] == ["spec", "metadata"]
    assert cli.main(["compare", str(a), str(tmp_path)]) == 2
    assert render(compare(load(a), load(b))).count("\nsame  ") == 4  # the tables
