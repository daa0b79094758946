"""The report: every kind of run gives a page, every kind of figure is drawn, nothing is fetched."""

import re
import subprocess
import sys

import numpy as np
import pytest
from report_page import FEW, GRID, ONLY, SPEC, page
from seeing import product, write

from stdpdsl import cli
from stdpdsl.report import report
from stdpdsl.report.data import Data
from stdpdsl.report.networks import bins_of, histogram
from stdpdsl.report.rows import pick
from stdpdsl.report.trajectories import is_fast, one_by_one, stacked
from stdpdsl.results.errors import ResultsError
from stdpdsl.results.reader import load

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    units = {"Apre": "1", "ratio": "1"}
    return write(tmp_path_factory.mktemp("grid") / "r", GRID, spec=SPEC, units=units)


@pytest.fixture(scope="module")
def whole(grid):
    return page(grid)


def test_two_axes_are_maps_and_blocks_stand_side_by_side(whole):
    text, found = whole
    figures = found.figures()
    for owner in ("ff: mean weight", "A1: mean rate", "ff: spread of weights (sd)"):
        assert f"{owner} over Apre and ratio" in figures
    assert figures.count("weight matrices before and after, and the change") == 3
    assert figures.count("distribution of weights before and after") == 3
    assert figures.count("w over time") == 3
    assert figures.count("spikes, and mean rate over time") == 3 + 1  # and the shared layer
    assert figures.count("v (V) over time") + figures.count("v over time") == 1  # in block 0 only
    said = "".join(found.text)
    assert "ff: mean weight: from 0.2 (at Apre = 0.001, ratio = 0.9) to 0.8" in said
    assert "IN_rate" in said  # among what is the same in every block
    assert len(set(re.findall(r' id="([^"]+)"', text))) == len(re.findall(r' id="([^"]+)"', text))


def test_it_is_one_file_that_fetches_nothing(whole):
    text, found = whole
    for tag, attributes in found.seen:
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            value = attributes.get(name, "#")
            assert value.startswith(("#", "data:")), (tag, value)
        assert tag not in ("link", "iframe", "object", "base")
    assert not re.search(r"@import|url\((?!#)", text)
    namespaces = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert set(re.findall(r"https?://[^\"'\s<)]+", text)) <= namespaces


def test_phases(tmp_path):
    text, found = page(write(tmp_path / "r", GRID, phases=("train", "test"), tables=ONLY))
    said = found.text
    assert "train and test" in said  # the weights are the same at the ends of both
    assert ", in phase test: from" in text  # the rates are not
    assert found.table().count("train") == found.table().count("test") == 12


def test_blocks_that_are_not_finite(tmp_path):
    outcome = lambda k: np.nan if k in (2, 5) else 0.1 + k / 20  # noqa: E731
    text, found = page(write(tmp_path / "r", GRID, outcome=outcome))
    said = "".join(found.text)
    assert "2 rows with values that are not finite" in said
    assert "NaN or infinity in 2 of 12 blocks (2, 5)" in said
    everywhere = write(tmp_path / "all", GRID, outcome=lambda k: np.nan)
    assert "NaN or infinity in every block" in "".join(page(everywhere)[1].text)


def test_without_weights_or_anything(tmp_path):
    text, found = page(write(tmp_path / "r", {}, tables=("blocks", "spikes")))
    assert not any("weight matrices" in f for f in found.figures())
    text, found = page(write(tmp_path / "b", GRID, tables=ONLY))
    assert "ff: mean weight over Apre and ratio" in found.figures()
    assert "Neither weights" in "".join(found.text)


def test_blocks_that_are_asked_for(grid):
    text, found = page(grid, blocks=(1, 7))
    assert found.figures().count("w over time") == 2
    with pytest.raises(ResultsError, match="there is no block 12, only 0 to 11"):
        report(load(grid), (12,))


def test_hostile_names_are_only_text(tmp_path):
    bad = "<script>alert(1)</script>\"&'"
    sweep = {bad: np.array([1.0, 2.0, 3.0]), "word": np.array(["<b>", "$x^2$", "</svg>"])}
    folder = write(
        tmp_path / "r",
        sweep,
        spec=f'"""{bad}"""\nmodel x\n',
        units={bad: "<i>"},
        metadata={"model": bad, "target": bad},
    )
    text, found = page(folder)
    assert [tag for tag, _ in found.seen].count("script") == 1
    assert "i" not in [tag for tag, _ in found.seen]
    assert "".join(found.text).count(bad) >= 4  # the title, the head, the purpose, the spec


def test_the_command(tmp_path, monkeypatch, capsys):
    grid = write(tmp_path / "r", FEW, tables=ONLY)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", str(grid), "-o", "x.html", "--blocks", "0,2"]) == 0
    assert re.match(r"wrote x.html \(\d\.\d MB\)\n", capsys.readouterr().out)
    assert "<!DOCTYPE html>" in (tmp_path / "x.html").read_text()
    assert cli.main(["report", str(tmp_path)]) == 1
    assert "holds no stdpdsl results" in capsys.readouterr().err
    assert cli.main(["report", str(grid), "-o", "no/x.html"]) == 2
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert cli.main(["report", str(grid), "--open"]) == 0
    assert opened == [(tmp_path / "r.html").as_uri()]


BROWSER = """#!/bin/sh
for word in "$@"; do
    case "$word" in
        --print-to-pdf=*) printf '%%PDF-1.4\\n%%%%EOF\\n' > "${word#--print-to-pdf=}" ;;
    esac
done
"""


def test_as_pdf(tmp_path, monkeypatch, capsys):
    """A browser prints it; what is no report of ours is not replaced, and without a browser, or
    with one that prints nothing, nothing is written."""
    grid = write(tmp_path / "r", FEW, tables=ONLY)
    monkeypatch.chdir(tmp_path)
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    monkeypatch.setenv("PATH", f"{bin_}")
    assert cli.main(["report", str(grid), "--pdf"]) == 1
    assert "printing needs Chromium, Chrome or Edge" in capsys.readouterr().err
    (bin_ / "chromium").write_text("#!/bin/sh\n")
    (bin_ / "chromium").chmod(0o755)
    assert cli.main(["report", str(grid), "-o", "x.pdf"]) == 1
    assert "did not print the page" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.pdf"))
    (bin_ / "chromium").write_text(BROWSER)
    assert cli.main(["report", str(grid), "--pdf"]) == 0
    assert cli.main(["report", str(grid), "-o", "r.pdf"]) == 0  # replaces its own
    found = (tmp_path / "r.pdf").read_bytes()
    assert found.startswith(b"%PDF") and b"% stdpdsl report " in found
    (tmp_path / "r.pdf").write_bytes(found + b"x")
    assert cli.main(["report", str(grid), "--pdf"]) == 2


def test_without_matplotlib_it_says_what_to_install(grid):
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        f"from stdpdsl import cli; sys.exit(cli.main(['report', {str(grid)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install matplotlib" in done.stderr


def test_fixed_weights_are_no_outcome(tmp_path):
    given = np.linspace(0.2, 0.8, 12)  # swept, and never changed
    columns = {"ff_before_mean": given, "ff_after_mean": given, "ff_after_sd": [0.1] * 12}
    text, found = page(write(tmp_path / "r", GRID, columns=columns, tables=ONLY))
    assert found.figures() == ["A1: mean rate over Apre and ratio"]
    assert "Weights that did not change: ff." in "".join(found.text)


@pytest.mark.slow
def test_responses_are_maps_or_curves(tmp_path):
    own = {"tables": ("blocks", "responses")}
    tuning = "response of each neuron to each stimulus"
    text, found = page(write(tmp_path / "map", GRID, **own, stimuli=4))
    assert found.figures().count(tuning) == 3
    said = {t.strip() for t in found.text}
    assert "A1: mean rate of each neuron at each stimulus (Hz)" in said
    assert {"100 Hz", "800 Hz", "neuron", "rate (Hz)"} <= said
    text, found = page(write(tmp_path / "few", GRID, **own, stimuli=3, neurons=3))
    assert "neuron 2" in {t.strip() for t in found.text}
    text, found = page(
        write(tmp_path / "ph", GRID, **own, stimuli=4, phases=("pre", "learn", "post"))
    )
    assert {"pre", "post"} <= {t.strip() for t in found.text}
    assert not any(
        t == tuning for t in page(write(tmp_path / "one", GRID, **own, stimuli=1))[1].figures()
    )


def test_the_measures_of_a_spec_come_first(tmp_path):
    columns = {"contrast": np.linspace(0, 1, 12)}
    folder = write(tmp_path / "r", GRID, columns=columns, own=columns, tables=ONLY)
    text, found = page(folder)
    assert found.figures()[0] == "contrast over Apre and ratio"


def test_blocks_that_were_recorded_stand_side_by_side(tmp_path):
    sweep = {"a": np.arange(9.0)}
    folder = write(tmp_path / "r", sweep)
    assert Data(load(folder)).recorded == list(range(9))  # all of them: that chooses none
    assert Data(load(folder)).chosen == [0, 4, 8]
    few = Data(load(write(tmp_path / "few", sweep, recorded=[2, 7])))
    assert few.recorded == few.chosen == [2, 7]


def test_a_bar_of_all_synapses_does_not_flatten_the_other_blocks():
    draw = np.random.default_rng(0)
    w = np.concatenate([np.full(500, 1.0), draw.uniform(0, 1, 500)])
    rows = {"block": np.repeat([0.0, 1.0], 500), "w": w, "w_initial": draw.uniform(0, 1, 1000)}
    edges, highest = bins_of(rows)
    flat = np.histogram(w[500:], edges)[0].max()
    assert flat < highest < 4 * flat < 500
    assert ">500<" in histogram(pick(rows, rows["block"] == 0), edges, highest, "", "h")
    assert ">500<" not in histogram(pick(rows, rows["block"] == 1), edges, highest, "", "h")


def test_a_few_neurons_have_a_panel_each():
    """Ten potentials over each other hide one another; a hundred have a mean and its spread."""
    t = np.linspace(0, 1, 101)
    for count, alone in ((1, False), (2, True), (10, True), (100, False)):
        neuron, when = np.repeat(np.arange(count), len(t)), np.tile(t, count)
        nothing = np.full(len(when), np.nan)
        rows = {"block": 0 * when, "pre": nothing, "post": nothing, "neuron": neuron, "t": when}
        rows["value"] = neuron + np.sin(9 * when)
        assert one_by_one(rows) is alone
        if alone:
            assert stacked(rows, rows, False, "v (mV)", "s").count(">neuron<") == 1
    weights = {**rows, "pre": 0 * when, "neuron": nothing}
    assert not one_by_one(weights)


def test_lines_that_coincide_are_both_seen(tmp_path):
    """The lower line is the wider one."""
    sweep = product(lag=[-0.01, 0.01], frequency=[0.1, 10.0, 20.0, 40.0, 50.0])
    flat = write(tmp_path / "r", sweep, outcome=lambda k: 0.1 * (k % 5), tables=ONLY)
    text, _ = page(flat)
    drawn = re.findall(r'd="M[^"]*"[^>]*stroke: var\(--c([12])\); stroke-width: ([\d.]+)', text)
    assert {"1": 3.0, "2": 1.5}.items() <= {(c, float(w)) for c, w in drawn}


def test_what_changes_faster_than_a_line_shows_is_shown_at_the_end():
    t = np.linspace(0, 100, 4001)
    nothing = np.full(len(t), np.nan)
    rows = {"block": np.zeros(len(t)), "pre": nothing, "post": nothing, "neuron": 0 * t, "t": t}
    assert is_fast(rows | {"value": np.sin(2 * np.pi * t * 7.3)})
    assert not is_fast(rows | {"value": np.sin(2 * np.pi * t / 50)})
    assert not is_fast(rows | {"value": 0 * t})
