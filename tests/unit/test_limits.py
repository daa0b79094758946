"""What is too large is refused with the limit and the place; nothing is built to find that out."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stdpdsl import cli, compiler
from stdpdsl.compiler import check_text, compile_source
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.language.source import Source
from stdpdsl.sweep import files as tables

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STARTER = (ROOT / "templates" / "new" / "starter.stdp").read_text("utf-8").replace("NAME", "demo")
VOLTAGE = "        dv/dt = (v_rest - v)/tau_m : volt (unless refractory)\n"
AXIS = "[0.9, 1.05, 1.2]"
GRID = f"    grid:\n        learning.Apre = [0.005, 0.01, 0.02]\n        ratio = {AXIS}\n"


def found(text: str, folder: Path = Path(".")) -> list[str]:
    try:
        compile_source(Source("s.stdp", text), folder, [], "synapse", "numpy")
    except CompileError as error:
        return [f"{d.code} {d.span.line}: {d.message}" for d in error.diagnostics]
    return []


def changed(old: str, new: str) -> str:
    assert old in STARTER
    return STARTER.replace(old, new, 1)


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("= 10 ms", "= 10 ms * 9**9**9", "TYPE013 14: this is too large for a number"),
        ("= 10 ms", "= 1e400 ms", "SYN023 14: `1e400` is too large for a number"),
        ("= 10 ms", "= 10 ms*" + "9" * 5000, "SYN023 14: `999"),
        ("= 10 ms", "= 10 ms**999999999", "SYN034 14: `999999999` is not a unit's exponent"),
        ("size: 10", "size: 10**12", "COST001 45: 1 trillion neurons"),
        ("size: 10", "size: 100000000", "the limit is 50 million"),
        ("size: 10\n", "size: 40000000\n", "COST003"),
        ("poisson: 20 Hz\n    size: 10\n", "poisson: 900 Hz\n    size: 40000000\n", "COST006 43"),
        (AXIS, "linspace(0, 1, 10**9)", "SWEEP012 62: this makes a list of 1,000,000,000 values"),
        (AXIS, "linspace(0, 1, 9999999)", "29,999,997 rows; the limit is 1,000,000"),
        (GRID, "    random: 10**12 samples\n        ratio = uniform(0, 1)\n", "SWEEP006"),
        (GRID + "    derive", GRID + "    replicates: 10**12\n    derive", "SWEEP006"),
        ("duration: 2 s", "duration: 1e29 s", "COST005 70: the run takes"),
        ("dt: 0.1 ms", "dt: 1e-29 s", "the limit is 2.15 billion"),
        ("every 100 ms", "every 0.1 ms in blocks 10**9", "SWEEP016"),
    ],
)
def test_numbers(old, new, words):
    assert words in " | ".join(found(changed(old, new)))


def doubling(n: int, line: str) -> str:
    return "".join(line.format(k, k + 1, k + 1) for k in range(n))


def test_names_that_stand_for_ever_more():
    """Each line doubles the formula; 10 are fine, and 40 would be a trillion terms."""
    line = "        y{} = y{} + y{} : volt\n"
    for n, refused in ((10, False), (40, True)):
        new = VOLTAGE.replace("v_rest - v", "y0 - v") + doubling(n, line)
        said = found(changed(VOLTAGE, f"{new}        y{n} = v : volt\n"))
        assert [s[:7] for s in said] == ["COST007"] * refused
        if refused:
            assert "terms, more than 10,000" in said[0]


@pytest.mark.parametrize("kind", ["equations", "parameters", "derive"])
def test_long_chains(kind):
    """A thousand names of which each uses the next: too deep for what follows."""
    old, first, line, last = {
        "equations": (
            VOLTAGE,
            VOLTAGE.replace("v_rest - v", "y0 - v"),
            "        y{} = y{} + v : volt\n",
            "        y{} = v : volt\n",
        ),
        "parameters": (
            "        tau_m = 10 ms\n",
            "        tau_m = y0\n",
            "        y{} = y{}\n",
            "        y{} = 10 ms\n",
        ),
        "derive": (
            "        learning.Apost = -Apre * ratio\n",
            "        learning.Apost = y0\n",
            "        y{} = y{}\n",
            "        y{} = -Apre * ratio\n",
        ),
    }[kind]

    def chain(n):
        return first + "".join(line.format(k, k + 1) for k in range(n)) + last.format(n)

    assert found(changed(old, chain(20))) == []
    said = found(changed(old, chain(1000)))
    assert len(said) == 1 and "COST007" in said[0] and "nests too deeply" in said[0]


def test_files_without_end(tmp_path, monkeypatch, capsys):
    assert cli.main(["check", "/dev/zero"]) == 1
    assert "more than 4,000,000" in capsys.readouterr().out


def table(folder: Path, name: str) -> str:
    said = found(changed(GRID, f'    from: "{name}"\n'), folder)
    assert len(said) == 1, said
    return said[0]


def test_tables_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 50)
    columns = {"learning.Apre": [0.1] * 60, "ratio": [float(k) for k in range(60)]}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    (tmp_path / "t.csv").write_text("".join(f"{a},{b}\n" for a, b in rows))
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(tmp_path / "t.xlsx")
    for end in ("parquet", "csv", "xlsx"):
        assert "is not a table: it has more than 50 rows" in table(tmp_path, f"t.{end}"), end
    monkeypatch.setattr(tables, "MAX_ROWS", 60)
    for end in ("parquet", "csv", "xlsx"):
        assert found(changed(GRID, f'    from: "t.{end}"\n'), tmp_path) == [], end
    monkeypatch.setattr(tables, "MAX_BYTES", 500)
    assert "bytes, more than 500" in table(tmp_path, "t.csv")


def test_a_workbook_that_unpacks_to_more(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w", zipfile.ZIP_DEFLATED) as file:
        with file.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(250):
                part.write(bytes(1_000_000))
    assert (tmp_path / "t.xlsx").stat().st_size < 1_000_000
    assert "bytes when unpacked, more than 200,000,000" in table(tmp_path, "t.xlsx")


# Work in proportion to the text -------------------------------------------------------------------


def calls(function, *arguments) -> int:
    """Calls of Python functions: the same on each machine, whatever else it does."""
    import sys

    count = 0

    def profile(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
    return count


GROWING = {
    "layers and connections": lambda n: (
        STARTER
        + "".join(
            f"layer o{k}:\n    neuron: cell\n    size: 1\n\nconnect inputs -> o{k} as c{k}:\n"
            "    pattern: all_to_all\n    plasticity: additive\n    deliver: w * 15 mV to v\n"
            for k in range(n)
        )
    ),
    "constants": lambda n: (
        STARTER
        + "\nconstants:\n"
        + "".join(f"    c{k} = {f'c{k - 1} + ' if k else ''}1 ms\n" for k in range(n))
    ),
    "errors": lambda n: (
        STARTER + "\nconstants:\n" + "".join(f"    c{k} = {k} mss + unknown{k}\n" for k in range(n))
    ),
    "syntax errors": lambda n: STARTER + "".join(f"layer x{k}:\n    size 4\n" for k in range(n)),
    "equations": lambda n: changed(
        VOLTAGE, VOLTAGE + "".join(f"        y{k} = v*{k} : volt\n" for k in range(n))
    ),
    "statements": lambda n: changed(
        "        apre += Apre\n",
        "".join(f"        x{k} = apre + {k}\n        apre += x{k}\n" for k in range(n)),
    ),
    "rows": lambda n: changed(
        GRID,
        "    table:\n        | learning.Apre | ratio |\n"
        + "".join(f"        | {k}e-6 | 1 |\n" for k in range(1, n)),
    ),
    "rules": lambda n: (
        STARTER
        + "".join(
            f"\nrule r{k}:\n    equations:\n        w : 1\n    on pre: deliver w\n"
            for k in range(n)
        )
    ),
    "records": lambda n: changed(
        "    spikes of output\n",
        "    spikes of output\n"
        + "".join(f"    w of learning every {k + 1} s\n" for k in range(n)),
    ),
    "phases": lambda n: changed(
        "    duration: 2 s\n",
        "    phases:\n" + "".join(f"        p{k}: 10 ms, plasticity off\n" for k in range(n)),
    ),
}


@pytest.mark.parametrize("kind", GROWING)
@pytest.mark.in_turn(3)
def test_twice_the_text_is_twice_the_work(kind):
    compiler.library()

    def work(n):
        return calls(check_text, Source("s.stdp", GROWING[kind](n)), Path("."), [])

    work(10)  # what is done once, such as imports
    none, once, twice = work(1), work(150), work(300)
    assert twice - none < 2.3 * (once - none)
