"""`results.plot` and `to_neo`: what is drawn is what the tables say."""

import numpy as np
import pytest
from seeing import product, write

import stdpdsl
from stdpdsl.results.errors import ResultsError

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

SPEC = """model small
layer IN:
    poisson: 1 Hz
    size: 6
"""
GRID = product(replicate=[0, 1], Apre=np.geomspace(1e-3, 1e-1, 4), tau=[0.01, 0.02, 0.03])


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plot") / "r"
    return stdpdsl.load(write(folder, GRID, units={"tau": "second"}, spec=SPEC, stimuli=4))


@pytest.fixture(autouse=True)
def closed():
    yield
    import matplotlib.pyplot as pyplot

    pyplot.close("all")


def image(ax):
    return np.ma.filled(ax.images[0].get_array().astype(float), np.nan)


def test_a_heatmap_holds_the_means_over_replicates(results):
    ax = results.plot.heatmap("ff_after_mean")
    blocks = results.blocks.to_pandas()
    wanted = blocks.pivot_table("ff_after_mean", "tau", "Apre").to_numpy()
    assert image(ax) == pytest.approx(wanted)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Apre", "tau (ms)")
    turned = results.plot.heatmap("ff_after_mean", x="tau")
    assert image(turned) == pytest.approx(wanted.T)
    assert ax.figure.axes[1].get_ylabel() == "ff: mean weight"


def test_curves_are_lines_of_another_axis(results):
    ax = results.plot.curves("A1_rate", lines="tau")
    blocks = results.blocks.to_pandas()
    wanted = blocks.pivot_table("A1_rate", "Apre", "tau")
    assert len(ax.lines) == 3 and ax.get_xscale() == "log"
    for line, (_, values) in zip(ax.lines, wanted.items(), strict=True):
        assert line.get_ydata() == pytest.approx(values.to_numpy())
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["10", "20", "30"]
    assert ax.get_ylabel() == "A1: mean rate (Hz)"


@pytest.mark.parametrize("when", ["before", "after", "change"])
def test_the_matrix_of_a_block(results, when):
    w = results.weights.filter(block=5).to_pandas()
    w["shown"] = {"before": w.w_initial, "after": w.w, "change": w.w - w.w_initial}[when]
    ax = results.plot.weights("ff", 5, when)
    assert image(ax) == pytest.approx(w.pivot(index="post", columns="pre", values="shown"))


def test_single_blocks(results):
    import matplotlib.pyplot as pyplot

    mine = pyplot.figure().subplots()
    assert results.plot.distribution("ff", 3, ax=mine) is mine
    assert sum(patch.get_height() for patch in mine.containers[0]) == 36  # all synapses
    ax = results.plot.trajectories("ff.w", 3)
    rows = results.trajectories.filter(variable="w", block=3).to_pandas()
    assert ax.lines[-1].get_ydata() == pytest.approx(rows.groupby("t")["value"].mean())
    ax = results.plot.raster("A1", 3)
    spikes = results.spikes.filter(layer="A1", block=3).to_pandas()
    assert ax.lines[0].get_xdata() == pytest.approx(spikes.t)
    assert len(results.plot.raster("IN", 3).lines[0].get_xdata()) == 40  # exists once
    ax = results.plot.responses("A1", 2)
    assert image(ax) == pytest.approx(
        22.0 * (np.arange(6)[:, None] % 4 == np.arange(4))
        + 2 * (np.arange(6)[:, None] % 4 != np.arange(4))
    )
    assert ax.get_xticklabels()[-1].get_text() == "800 Hz"


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda p: p.heatmap("ff_after_men"), "did you mean `ff_after_mean`"),
        (lambda p: p.heatmap("A1_rate", x="Apost"), "Apost is not an axis of the sweep"),
        (lambda p: p.weights("gg"), "weights has no rows of connection gg in block 0"),
        (lambda p: p.weights("ff", when="now"), "`when` must be one of before, after, change"),
        (lambda p: p.curves("A1_rate", phase="test"), "there is no phase test"),
    ],
)
def test_what_is_not_there(results, call, said):
    with pytest.raises(ResultsError, match=said):
        call(results.plot)


def test_neo_has_every_spike_and_the_parameters(results):
    pytest.importorskip("neo")
    block = results.spikes.to_neo()
    rows = results.spikes.to_pandas()
    assert block.name == "small"
    seen = 0
    for segment in block.segments:
        number = segment.annotations["block"]
        mine = rows[rows.block.isna() if number is None else rows.block == number]
        if number is not None:
            assert segment.annotations["Apre"] == mine.Apre.iloc[0]
        for train in segment.spiketrains:
            notes = train.annotations
            wanted = mine[(mine.layer == notes["layer"]) & (mine.neuron == notes["neuron"])].t
            assert train.times.rescale("s").magnitude == pytest.approx(np.sort(wanted))
            assert float(train.t_stop) == 1.0
            seen += len(train)
    assert seen == len(rows) > 100
    some = results.spikes.filter(layer="A1", block=3).to_neo()
    assert [s.name for s in some.segments] == ["block 3"]
    with pytest.raises(ResultsError, match="only spikes and trajectories"):
        results.blocks.to_neo()


@pytest.mark.slow
def test_a_bar_shows_how_far_a_run_is(capsys):
    pytest.importorskip("tqdm")
    text = SPEC + "record:\n    spikes of IN\nrun:\n    duration: 10 ms\n"
    stdpdsl.run(text, target="numpy", progress=True)
    assert "100%" in capsys.readouterr().err
