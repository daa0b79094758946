"""`refine:` in a sweep, beside a closed form: one pair of spikes changes a weight by
Apre exp(-lag/tau)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import Delaunay

import stdpdsl
from stdpdsl.cli import main
from stdpdsl.compiler import check_text
from stdpdsl.language.clauses.examples import example
from stdpdsl.language.parser import parse
from stdpdsl.language.printer import print_spec
from stdpdsl.language.source import Source
from stdpdsl.search.space import space_of

SPEC = """model pairs

layer pre:
    spikes: [(0, 10 ms)]
    size: 1

layer post:
    regular: 1 Hz from 10 ms + lag to 11 ms + lag
    size: 1

connect pre -> post as c:
    pattern: all_to_all
    plasticity: pair_additive(Apre = 0.1, wmax = 2)
    initial: w = 1

sweep:
    grid:
        lag = [1, 5, 20, 40] ms
        taupre = geomspace(5 ms, 50 ms, 3)
    replicates: 2
    refine: c_after_mean - c_before_mean to {to}

run:
    duration: 100 ms
    dt: 0.1 ms
"""


def search(tmp_path, to, name="out", *more):
    path = tmp_path / "s.stdp"
    path.write_text(SPEC.format(to=to))
    assert main(["search", str(path), "-o", str(tmp_path / name), "--target", "numpy", *more]) == 0
    return stdpdsl.load(tmp_path / name)


def test_neighbours_differ_by_no_more(tmp_path, capsys):
    results = search(tmp_path, "30 % in 300 trials")
    assert "no two neighbours differ by more than 30 % of the range" in capsys.readouterr().out
    blocks = results.blocks.to_pandas()
    assert len(blocks) == 2 * len(results.trials) and len(results.trials) < 300
    assert set(blocks.replicate) == {0, 1}
    # What was found is what the formula says, of a lag in whole steps.
    steps = np.floor((10e-3 + blocks.lag) / 1e-4 + 1e-6) - 100
    expected = 0.1 * np.exp(-steps * 1e-4 / blocks.taupre)
    found = blocks.c_after_mean - blocks.c_before_mean
    assert np.allclose(found, expected, rtol=1e-6)
    # The grid comes first, to the last bit.
    grid = blocks[(blocks.generation == 0) & (blocks.replicate == 0)]
    taus = np.geomspace(5e-3, 50e-3, 3)
    assert [(a, b) for a in (1e-3, 5e-3, 20e-3, 40e-3) for b in taus] == list(
        zip(grid.lag, grid.taupre, strict=True)
    )
    # Places in the grid, as it was written: lists evenly, and a geomspace by its logarithm.
    one = blocks[blocks.replicate == 0]
    x = np.interp(one.lag, [1e-3, 5e-3, 20e-3, 40e-3], [0, 1 / 3, 2 / 3, 1])
    y = np.interp(np.log(one.taupre), np.log(taus), [0, 0.5, 1])
    value = (one.c_after_mean - one.c_before_mean).to_numpy()
    sides = Delaunay(np.stack([x, y], axis=1)).simplices
    apart = [np.ptp(value[list(t)]) for t in sides]
    assert max(apart) <= 0.3 * np.ptp(value) + 1e-12


def test_it_ends_at_its_trials_and_goes_on(tmp_path, capsys, monkeypatch):
    results = search(tmp_path, "0.001 in 30 trials")
    assert len(results.trials) == 30
    assert "all trials were run, but some neighbours still differ" in capsys.readouterr().err
    more = search(tmp_path, "0.001 in 30 trials", "out", "--more", "10")
    assert len(more.trials) == 40
    usual = Source("s.stdp", SPEC.format(to="0.001"))
    assert space_of(usual, tmp_path, []).plan.trials == 120  # ten times the grid
    # A block is a spec of its own, without the refinement.
    monkeypatch.chdir(tmp_path)
    assert main(["best", "out", "--trial", "35", "-o", "one.stdp"]) == 0
    assert "refine" not in (tmp_path / "one.stdp").read_text()
    assert main(["run", "one.stdp", "-o", "one", "--target", "numpy"]) == 0
    blocks = more.blocks.to_pandas()
    found = stdpdsl.load("one").blocks.to_pandas().c_after_mean
    assert list(blocks[blocks.trial == 35].c_after_mean) == list(found)


def test_it_is_no_run_and_has_a_report(tmp_path, capsys):
    search(tmp_path, "10 % in 24 trials")
    assert main(["run", str(tmp_path / "s.stdp"), "-o", str(tmp_path / "run")]) != 0
    assert "this sweep is refined step by step" in capsys.readouterr().err
    page = tmp_path / "page.html"
    assert main(["report", str(tmp_path / "out"), "-o", str(page)]) == 0
    assert "The trials, from the smallest" in page.read_text()


EXAMPLE = example("refine")
SECOND = """search:
    over: c.taupost = uniform(5 ms, 9 ms)
    minimise: c_after_mean

"""


def test_it_is_printed_as_it_is_read():
    for to in ("5 %", "0.1 % in 30 trials", "0.1", "2 * 0.1 in 20 trials", "5 % 3", "7%  # end"):
        spec = parse(Source("s.stdp", SPEC.format(to=to)))
        assert parse(Source("s.stdp", print_spec(spec))) == spec


@pytest.mark.parametrize(
    "old, new, code, message",
    [
        ("to 5 %", "to 0 %", "SEARCH006", "above 0"),
        ("to 5 %", "to 5 Hz", "UNIT002", "the difference of two neighbours"),
        ("in 100 trials", "in 5 trials", "SEARCH006", "the grid alone has 9 points"),
        ("in 100 trials", "in 10.5 trials", "SEARCH006", "whole number"),
        ("c_after_mean to", "c_after to", "NAME", ""),
        ("[10, 20, 40] Hz", "[10] Hz", "SEARCH005", "two values at least"),
        ("    replicates: 2\n", "    grid: c.taupost = [10, 20] ms\n", "SEARCH005", "here are 3"),
        (
            "    grid:\n        rate = [10, 20, 40] Hz\n        c.t",
            "    zip:\n        c.t",
            "SEARCH005",
            "here are 0",
        ),
        ("run:", f"{SECOND}run:", "SEARCH001", "a spec has one search"),
    ],
)
def test_what_is_wrong(tmp_path, old, new, code, message):
    text = EXAMPLE.replace(old, new)
    assert text != EXAMPLE
    if "zip" in new:
        text = text.replace("poisson: rate", "poisson: 10 Hz")
    found = check_text(Source("s.stdp", text), tmp_path, [])[1]
    assert any(d.code.startswith(code) and message in d.message for d in found), found
