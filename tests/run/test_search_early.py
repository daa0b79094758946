"""Trials that end early, beside the same trials run to their end."""

from __future__ import annotations

import numpy as np
import pytest

import stdpdsl
from stdpdsl.cli import main
from stdpdsl.report.searching import found_by_search

SPEC = """model early

neuron cell:
    equations:
        dv/dt = (-70 mV - v) / (10 ms) : volt
    threshold: v > -60 mV
    reset: v = -70 mV
    initial: v = -70 mV

layer P:
    regular: {rate}
    size: 1

layer A:
    neuron: cell
    size: 1

layer B:
    neuron: cell
    size: 1

connect P -> A as c:
    pattern: one_to_one
    on pre: v_post += kick * 1 mV

connect P -> B:
    pattern: one_to_one
    on pre: v_post += kick * share * 1 mV

sweep:
    table:
        | share |
        | 0.1   |
        | 1     |

search:
    over:
        kick = uniform(0, 20)
    minimise: mean(off)
    method: {method}
    trials: 16
    batch: 8
{early}    seed: 1

record:
    spikes of A, B

measure:
    off of B = (mean(rate) / (80 Hz) - 1)**2

run:
    duration: 200 ms
    dt: 1 ms
"""
EARLY = "    stop trials: silent or saturated after 50 ms\n"


def searched(folder, name, *more, method="random", early=EARLY, old="", new="", rate="100 Hz"):
    path = folder / f"{name}.stdp"
    path.write_text(SPEC.format(method=method, early=early, rate=rate).replace(old, new))
    output = folder / name
    assert main(["search", str(path), "-o", str(output), "--target", "numpy", *more]) == 0
    return stdpdsl.load(output)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("early")
    return searched(folder, "early"), searched(folder, "whole", early="")


def test_what_is_silent_in_all_blocks_ends_and_the_rest_is_as_it_was(both):
    """Kicks at 100 Hz add up to kick/(1 - 1/e), which decay for one step before they are held
    against 10 mV: B is silent in both blocks below 6.98 mV, of five kicks below 7.03 mV."""
    early, whole = (results.trials for results in both)
    assert np.array_equal(early.kick, whole.kick)
    ended = early.ended == "silent"
    assert 3 < ended.sum() < 13 and set(early.ended) == {"", "silent"}
    least = 10 * (1 - np.exp(-1)) * np.exp(0.1)
    assert ended[early.kick < least].all() and not ended[early.kick > 1.01 * least].any()
    blocks = both[1].blocks.to_pandas()
    spikes = both[1].spikes.to_pandas().query("layer == 'B' and t < 0.05")
    alive = set(blocks.set_index("block").trial[spikes.block.unique()])
    assert set(early.trial[~ended]) == alive
    objective = "mean(off)"
    assert np.isnan(early[objective][ended]).all()
    assert np.array_equal(early[objective][~ended], whole[objective][~ended])
    assert set(both[0].blocks.to_pandas().trial) == alive
    assert both[0].best.number == both[1].best.number
    assert not list(both[0].folder.parent.glob("early.*[!p]"))


@pytest.mark.slow
def test_more_trials_and_workers_give_the_same(both, tmp_path):
    path = tmp_path / "half.stdp"
    path.write_text(
        SPEC.format(method="random", early=EARLY, rate="100 Hz").replace("trials: 16", "trials: 8")
    )
    asks = ["search", str(path), "-o", str(tmp_path / "half"), "--target", "numpy"]
    assert main([*asks, "--workers", "2"]) == 0
    assert main([*asks, "--more", "8"]) == 0
    assert stdpdsl.load(tmp_path / "half").trials.equals(both[0].trials)


def test_the_report_counts_them(both):
    ended = int((both[0].trials.ended == "silent").sum())
    says = found_by_search(both[0]).says
    assert f"{ended} ended after 50 ms of the run: {ended} silent" in says


@pytest.mark.slow
def test_a_batch_that_ends_whole_has_no_best(tmp_path, capsys):
    path = tmp_path / "dead.stdp"
    path.write_text(
        SPEC.format(method="tpe", early=EARLY, rate="100 Hz").replace(
            "uniform(0, 20)", "uniform(0, 1)"
        )
    )
    out = tmp_path / "dead"
    assert main(["search", str(path), "-o", str(out), "--target", "numpy"]) == 3
    assert "all ended early, silent" in capsys.readouterr().err
    results = stdpdsl.load(out)
    assert np.isnan(results.trials["mean(off)"]).all()
    with pytest.raises(stdpdsl.ResultsError, match="all ended early"):
        results.best  # noqa: B018


@pytest.mark.slow
def test_what_is_saturated_or_not_finite_ends(tmp_path):
    """At 1 kHz each kick above 10 mV is a spike; log(kick - 15) is NaN below 15."""
    hot = searched(tmp_path, "hot", old="| 0.1 ", new="| 0.9 ", rate="1000 Hz").trials
    assert set(hot.ended[hot.kick > 12]) == {"saturated"}
    text = SPEC.format(method="random", early=EARLY, rate="100 Hz")
    text = text.replace("kick * share * 1 mV", "log(kick - 15) * 1 mV")
    path = tmp_path / "lost.stdp"
    path.write_text(text)
    assert main(["search", str(path), "-o", str(tmp_path / "lost"), "--target", "numpy"]) in (0, 3)
    lost = stdpdsl.load(tmp_path / "lost").trials
    assert set(lost.ended[lost.kick < 15]) == {"not finite"}


def test_a_grid_is_refined_until_neighbours_hardly_differ(tmp_path):
    """Weights end about where they begin: from 0 to 20, so nine trials are 2.5 apart."""
    text = SPEC.replace("    minimise: mean(off)", "    maximise: c_after_mean").replace(
        "    on pre: v_post += kick * 1 mV",
        "    plasticity: pair_additive(wmax = 100)\n    deliver: w * 1 mV to v\n"
        "    initial: w = kick",
    )
    text = text.replace("trials: 16", "trials: 60").replace("batch: 8", "batch: 5")
    path, out = tmp_path / "fine.stdp", tmp_path / "fine"
    path.write_text(
        text.format(method="refine", early="    stop: no difference above 3\n", rate="100 Hz")
    )
    asks = ["search", str(path), "-o", str(out), "--target", "numpy"]
    assert main(asks) == 0
    trials = stdpdsl.load(out).trials
    assert len(trials) == 10
    assert np.diff(trials.c_after_mean.sort_values()).max() < 3
    assert main([*asks, "--resume"]) == 0
    assert stdpdsl.load(out).trials.equals(trials)
