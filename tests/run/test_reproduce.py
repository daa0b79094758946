"""A result is run again from its own metadata, and whatever differs is named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from stdpdsl import cli
from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source
from stdpdsl.results.reader import load
from stdpdsl.runtime import folder as folders
from stdpdsl.runtime.versions import all_versions

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STARTER = (ROOT / "templates" / "new" / "starter.stdp").read_text("utf-8").replace("NAME", "demo")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Results of a spec that reads a file, with other values than it says."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "edges.csv").write_text("pre,post\n0,0\n3,0\n7,0\n")
    text = STARTER.replace("pattern: all_to_all", 'pattern: pairs from "edges.csv"')
    (folder / "s.stdp").write_text(text)
    arguments = ["run", str(folder / "s.stdp"), "-o", str(folder / "r"), "--target", "numpy"]
    arguments += ["--parameters", "namespace", "--set", "duration=200 ms", "--set", "tau_m=15 ms"]
    assert cli.main(arguments) == 0
    return folder


def test_the_metadata_hold_all_of_it(made):
    said = load(made / "r").metadata
    assert said["set"] == ["duration=200 ms", "tau_m=15 ms"]
    assert (said["lowering"], said["target"], said["seed"]) == ("namespace", "numpy", 1)
    assert set(said["versions"]) == {
        "brian2",
        "libc",
        "numpy",
        "pyarrow",
        "python",
        "scipy",
        "stdpdsl",
        "sympy",
    }


def test_what_else_decides_a_bit_is_among_the_versions():
    """Cython and the C++ compiler where they have a part, brian2hears where it is used."""
    compiled = all_versions("1", "cpp_standalone", hears=True)
    assert re.search(r"\d+\.\d+", compiled["compiler"]) and compiled["brian2hears"] != "none"
    assert {"cython", "compiler"} <= set(all_versions("1", "cython", hears=False))
    assert "compiler" not in all_versions("1", "numpy", hears=False)


def test_equal(made, capsys):
    assert cli.main(["reproduce", str(made / "r"), "--data", str(made)]) == 0
    said = capsys.readouterr().out
    assert "DIFFERS" not in said
    for part in ("spec", "metadata", "blocks", "weights", "trajectories", "spikes"):
        assert f"same     {part}" in said


def test_its_files_are_asked_for(made, tmp_path, capsys):
    assert cli.main(["reproduce", str(made / "r"), "--data", str(tmp_path)]) == 1
    assert "FILE001" in capsys.readouterr().err
    assert cli.main(["reproduce", str(tmp_path)]) == 2


def test_what_differs_is_named(made, tmp_path, capsys):
    """One weight that was changed by hand, and another version of numpy."""
    import shutil

    changed = shutil.copytree(made / "r", tmp_path / "r")
    (path,) = (changed / "weights").glob("part-*.parquet")
    table = pq.read_table(path)
    values = table["w"].to_pylist()
    values[0] += 1e-9
    place = table.schema.get_field_index("w")
    table = table.set_column(place, table.schema.field("w"), [values])
    pq.write_table(table, path)
    said = json.loads((changed / "metadata.json").read_text())
    said["versions"]["numpy"] = "1.0"
    said["footers"]["weights"] = {path.name: folders.footer_checksum(path)}
    folders.write_metadata(changed / "metadata.json", said)
    assert cli.main(["reproduce", str(changed), "--data", str(made)]) == 1
    text = capsys.readouterr().out
    assert "DIFFERS  metadata: versions.numpy: 1.0 | " in text
    assert "w: 1 of 27 values differ, by 1e-9 at most" in text
    assert "same     spikes" in text


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
def test_one_spec_is_one_script(lowering):
    """Whatever order Python keeps sets and hashes in."""
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from stdpdsl.compiler import compile_source;"
        " from stdpdsl.language.source import Source; p = Path(sys.argv[1]);"
        " sys.stdout.write(compile_source("
        f"Source(p.name, p.read_text('utf-8')), p.parent, [], {lowering!r}, 'numpy').run_script)"
    )
    for spec in ("auditory_map", "clopath_2010", "zenke_2015"):
        path = ROOT / "specs" / f"{spec}.stdp"
        here = compile_source(
            Source(path.name, path.read_text("utf-8")), path.parent, [], lowering, "numpy"
        ).run_script
        for seed in ("1", "2"):
            there = subprocess.run(
                [sys.executable, "-c", code, str(path)],
                capture_output=True,
                cwd=ROOT,
                env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin", "PYTHONPATH": str(ROOT)},
            )
            assert there.stdout.decode() == here, there.stderr.decode()
