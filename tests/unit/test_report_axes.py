"""The report: each kind of sweep has the figures that show it."""

import re

import numpy as np
import pytest
from report_page import GRID, ONLY, page
from seeing import product, write

from stdpdsl.report.data import Data, binned
from stdpdsl.report.sweeps import round_numbers
from stdpdsl.results.axes import Axis
from stdpdsl.results.reader import load

pytest.importorskip("matplotlib")


def samples(count):
    """Three parameters at random."""
    draw = np.random.default_rng(0)
    return {name: draw.uniform(0, 1, count) for name in ("a", "b", "c")}


def test_one_axis_is_a_curve_with_the_spread_of_replicates(tmp_path):
    sweep = product(replicate=[0, 1, 2], tau=[0.01, 0.02, 0.04])
    spread = lambda k: 0.3 + 0.1 * (k % 3) + 0.02 * (k // 3)  # noqa: E731
    folder = write(tmp_path / "r", sweep, units={"tau": "second"}, outcome=spread, tables=ONLY)
    text, found = page(folder)
    assert "ff: mean weight against tau" in found.figures()
    said = "".join(found.text)
    assert "from 0.32 (at tau = 10 ms) to 0.52 (at tau = 40 ms)" in said  # means of three
    assert "Means of 3 replicates" in said
    assert "tau (ms)" in said  # on the axis


@pytest.mark.parametrize("logarithmic", [True, False])
def test_a_geometric_axis_is_logarithmic(tmp_path, logarithmic):
    from stdpdsl.results.axes import design_of

    values = np.geomspace(1e-3, 1, 7) if logarithmic else np.linspace(1e-3, 1, 7)
    design = design_of(load(write(tmp_path / "r", {"Apre": values}, tables=ONLY)))
    assert [axis.geometric for axis in design.axes] == [logarithmic]


def test_three_axes_are_panels(tmp_path):
    sweep = product(a=[1.0, 2.0, 3.0], b=[1.0, 2.0, 4.0], c=[0.1, 0.2])
    text, found = page(write(tmp_path / "r", sweep, tables=ONLY))
    assert "ff: mean weight over a and b" in found.figures()
    said = "".join(found.text)
    assert "c = 0.1" in said and "c = 0.2" in said
    assert "What matters" in said


def test_random_samples_are_effects_of_each_parameter(tmp_path):
    sweep = samples(30)
    text, found = page(write(tmp_path / "r", sweep, tables=ONLY))
    title = "ff: mean weight along each parameter"
    assert title in found.figures()
    drawn = re.search(f'aria-label="{title}".*?</svg>', text, re.DOTALL)
    assert "<image" not in drawn[0]  # the dots have the page's colours, in light and dark
    dots = re.findall(r'd="((?:M [\d.]+ [\d.]+\s+L [\d.]+ [\d.]+\s+)+)"', drawn[0])
    assert [len(d.split("M")) - 1 for d in dots if d.count("M") > 1] == [30, 30, 30]
    two = {name: sweep[name] for name in ("a", "b")}
    text, found = page(write(tmp_path / "two", two, tables=ONLY))
    assert "ff: mean weight over a and b" in found.figures()


def test_one_block_without_a_sweep(tmp_path):
    text, found = page(write(tmp_path / "r", {}))
    said = "".join(found.text)
    assert "Nothing was varied" in said
    assert "Checks" in said or "checks passed" in said
    assert found.figures().count("spikes, and mean rate over time") == 2


def test_presets_are_words(tmp_path):
    sweep = {
        "preset": np.array(["visual", "hippocampus", "visual", "hippocampus"]),
        "eta": np.array([1.0, 1.0, 2.0, 2.0]),
    }
    text, found = page(write(tmp_path / "r", sweep, tables=ONLY))
    assert "hippocampus" in "".join(found.text)
    alone = {"preset": np.array(["visual", "hippocampus"])}
    text, found = page(write(tmp_path / "alone", alone, tables=ONLY))
    assert "ff: mean weight against preset" in found.figures()


def test_a_thousand_blocks_stay_small_and_more_are_sampled(tmp_path):
    sweep = product(Apre=np.geomspace(1e-4, 1e-1, 40), ratio=np.linspace(0.5, 2, 25))
    text, found = page(write(tmp_path / "r", sweep))
    assert len(text.encode()) < 5e6
    sweep = product(Apre=np.geomspace(1e-4, 1e-1, 60), ratio=np.linspace(0.5, 2, 50))
    text, found = page(write(tmp_path / "more", sweep, tables=ONLY))
    assert "The table shows 2,000 of 3,000 rows" in "".join(found.text)


def test_the_chosen_blocks_are_the_extremes(tmp_path):
    far = lambda k: 0.1 + 0.05 * abs(k - 6)  # noqa: E731
    folder = write(tmp_path / "r", GRID, outcome=far, tables=ONLY)
    chosen = Data(load(folder)).chosen
    assert 6 in chosen and 0 in chosen and len(chosen) == 3


def test_a_second_axis_of_few_values_is_lines(tmp_path):
    sweep = product(frequency=[0.1, 10.0, 20.0, 40.0, 50.0], lag=[-0.01, 0.01])
    units = {"frequency": "hertz", "lag": "second"}
    text, found = page(write(tmp_path / "r", sweep, units=units, tables=ONLY))
    assert "ff: mean weight against frequency" in found.figures()
    assert {"lag (ms)", "frequency (Hz)"} <= {t.strip() for t in found.text}


def test_more_than_two_axes_are_also_lines(tmp_path):
    text, found = page(write(tmp_path / "r", samples(1600), tables=ONLY))
    over = "ff: mean weight of every block, over all parameters"
    assert over in found.figures()
    assert "1,500 of 1,600 blocks" in "".join(found.text)
    assert len(text.encode()) < 5e6
    assert over not in page(write(tmp_path / "two", GRID, tables=ONLY))[1].figures()


def test_more_dots_than_a_page_holds_are_a_sample_that_says_so(tmp_path):
    draw = np.random.default_rng(0)
    sweep = {name: draw.uniform(0, 1, 1600) for name in ("a", "b", "c")}
    text, found = page(write(tmp_path / "r", sweep, tables=ONLY))
    assert "The dots show 1,500 of 1,600 blocks" in "".join(found.text)
    assert len(text) < 3e6


@pytest.mark.parametrize(
    ("values", "at", "texts"),
    [
        (np.geomspace(1e-4, 1e-2, 20), [0, 9.5, 19], ["0.0001", "0.001", "0.01"]),
        (np.linspace(0.8, 1.4, 13), [0, 4, 8, 12], ["0.8", "1", "1.2", "1.4"]),
        ([1, 2, 3, 10, 20, 30], None, None),  # uneven: a tick stands at a value or nowhere
    ],
)
def test_the_numbers_along_a_map_are_round(values, at, texts):
    found = round_numbers(Axis("a", "", np.asarray(values, float)), 5)
    assert (found is None) == (at is None)
    if at is not None:
        assert found[0] == pytest.approx(at)
        assert found[1] == texts


def test_what_is_drawn_explains_no_more_than_it_does():
    """Each of 300 trials has 12 rows of data: a + b decides with equal parts, c nothing, but which
    trial a row belongs to follows from each of them."""
    rng = np.random.default_rng(1)
    a, b, c = np.repeat(rng.random((3, 300)), 12, axis=1)
    for values, part in ((a, 0.5), (c, 0.0)):
        where = binned(np.unique(values, return_inverse=True)[1].ravel(), drawn=True)
        means = np.array([np.mean((a + b)[where == k]) for k in where])
        assert len(np.unique(where)) == 8
        assert abs(np.var(means) / np.var(a + b) - part) < 0.12
    assert binned(np.arange(19), drawn=True) is None
