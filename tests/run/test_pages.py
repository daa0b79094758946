"""The pages for newcomers: every block of code in them runs, and what stands below is printed."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from stdpdsl import cli

SPECS = Path(__file__).parents[2] / "specs"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks_of(page):
    found = BLOCK.findall((SPECS / page).read_text(encoding="utf-8"))
    assert {kind for kind, _, _ in found} <= {"stdp", "console", "python", "text"}
    return found


def console(text):
    """Run the commands of a session; what stands below one is a part of what it says."""
    for part in re.split(r"^\$ stdpdsl ", text, flags=re.MULTILINE)[1:]:
        line, _, expected = part.partition("\n")
        command, _, rest = line.partition(" || ")
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status = cli.main(shlex.split(command))
        assert status == 0 or (rest == "true" and status == 1), (line, said.getvalue())
        assert expected.strip() in said.getvalue()


TURNS = pytest.mark.in_turn(1, among="pages that are run")


@pytest.mark.slow
@TURNS
def test_the_tutorial(tmp_path, monkeypatch):
    pytest.importorskip("pandas")
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    said, names = "", {}
    for kind, name, text in blocks_of("tutorial.md"):
        if kind == "stdp":
            Path(name).write_text(text, encoding="utf-8")
            assert cli.main(["fmt", "--check", name]) == 0
        elif kind == "console":
            console(text)
        elif kind == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(text, names)
            said = printed.getvalue()
        else:
            assert text == said
    assert Path("tones.html").exists() and Path("tuning.png").exists()


@pytest.mark.slow
def test_a_script_by_hand_has_the_weights_of_its_spec(tmp_path):
    from running import run_apart, script_of

    (_, _, by_hand), (_, _, spec) = (b for b in blocks_of("from_brian2.md"))
    names = {}
    exec(by_hand, names)
    weights = run_apart(tmp_path, script_of(spec))["weights"]
    assert len(weights) == 6 and len(names["weights"]) == 3
    for apre, wanted in names["weights"].items():
        mine = weights[np.isclose(weights.Apre, apre)].sort_values("pre")
        assert mine.w.to_numpy() == pytest.approx(wanted, rel=1e-12)
        assert np.all(mine.w != 1)


@pytest.mark.slow
@TURNS
def test_the_notebook_gives_its_outputs_again():
    for package in ("nbclient", "ipykernel", "ipywidgets", "xarray", "pandas", "matplotlib"):
        pytest.importorskip(package)
    import nbformat
    import page_outputs

    def texts(notebook):
        """What the cells say; a picture is only there or not."""
        return [
            [output["data"].get("text/plain", "") for output in cell.get("outputs", [])]
            for cell in notebook.cells
        ]

    kept = nbformat.read(page_outputs.NOTEBOOK, as_version=4)
    again = page_outputs.executed()
    assert texts(again) == texts(kept)
    drawn = [o for c in again.cells for o in c.get("outputs", []) if "image/png" in o["data"]]
    assert len(drawn) == 2
