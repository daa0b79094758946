"""The posterior that `stdpdsl search` finds, beside the same likelihood on a grid."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import stdpdsl
from stdpdsl.cli import main
from stdpdsl.report.searching import found_by_search

SPEC = """model pairs

layer pre:
    spikes: [(0, 10 ms)]
    size: 1

layer post:
    regular: 1 Hz from 10 ms + lag to 11 ms + lag
    size: 1

connect pre -> post as c:
    pattern: all_to_all
    plasticity: pair_additive(wmax = 2)
    initial: w = 1

infer:
    over:
        Apre = uniform(0, 1)
        taupre = loguniform(5 ms, 50 ms)
    data: from "data.csv"
    compare: c_after_mean - c_before_mean to change within error
    trials: 800
    batch: 200
    seed: 2

run:
    duration: 100 ms
    dt: 1 ms
"""
LAGS, CHANGES, ERROR = np.array([5, 10, 20, 40]) * 1e-3, np.array([0.37, 0.33, 0.2, 0.08]), 0.03


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("infer")
    rows = [f"{1e3 * lag:g},{change},{ERROR}" for lag, change in zip(LAGS, CHANGES, strict=True)]
    (folder / "data.csv").write_text("lag [ms],change,error\n" + "\n".join(rows) + "\n")
    (folder / "spec.stdp").write_text(SPEC)
    spec, output = str(folder / "spec.stdp"), str(folder / "out")
    assert main(["search", spec, "-o", output, "--target", "numpy"]) == 0
    return folder


@pytest.mark.slow
def test_the_posterior_is_that_of_a_grid(found, capsys):
    a, b = np.meshgrid((np.arange(400) + 0.5) / 400, (np.arange(400) + 0.5) / 400)
    tau = 0.005 * 10**b
    misfit = sum(
        ((a * np.exp(-lag / tau) - change) / ERROR) ** 2 / 2
        for lag, change in zip(LAGS, CHANGES, strict=True)
    )
    p = np.exp(-(misfit - misfit.min()))
    p /= p.sum()
    posterior = stdpdsl.load(found / "out").posterior
    w = posterior.weight
    assert abs(w.sum() - 1) < 1e-9 and 1 / (w**2).sum() > 200
    assert main(["best", str(found / "out"), "--format", "json"]) == 0
    rows = {row["axis"]: row for row in json.loads(capsys.readouterr().out)}
    for name, x in (("Apre", a), ("taupre", tau)):
        mean = (p * x).sum()
        sd = np.sqrt((p * (x - mean) ** 2).sum())
        assert abs(rows[name]["mean"] - mean) < 0.2 * sd
        assert abs(rows[name]["sd"] - sd) < 0.2 * sd
        assert abs((w * posterior[name]).sum() - rows[name]["mean"]) < 1e-9
        assert rows[name]["5 %"] < rows[name]["median"] < rows[name]["95 %"]


@pytest.mark.slow
def test_the_report_shows_the_posterior(found):
    assert main(["report", str(found / "out"), "-o", str(found / "out.html")]) == 0
    text = (found / "out.html").read_text()
    assert "each pair of axes" in text and "independent samples of the posterior" in text


def test_best_says_how_many_samples_it_is_worth(found, capsys):
    assert main(["best", str(found / "out")]) == 0
    said = capsys.readouterr()
    assert said.out.split()[:3] == ["axis", "mean", "sd"]
    assert "effective sample size" in said.err and "of 800 trials" in said.err


def test_errors_are_needed(tmp_path, capsys):
    (tmp_path / "data.csv").write_text("lag [ms],change,error\n5,0.1,0.1\n")
    (tmp_path / "spec.stdp").write_text(SPEC.replace(" within error", ""))
    assert main(["search", str(tmp_path / "spec.stdp"), "-o", str(tmp_path / "out")]) == 1
    assert "`within`" in capsys.readouterr().err


@pytest.mark.slow
def test_the_example(tmp_path):
    folder = Path(__file__).parents[2] / "specs" / "searches"
    assert main(["search", str(folder / "infer_stdp.stdp"), "-o", str(tmp_path / "out")]) == 0
    posterior = stdpdsl.load(tmp_path / "out").posterior
    truth = {"Apre": 0.5, "Apost": -0.25, "taupre": 0.017, "taupost": 0.034}
    for name, value in truth.items():
        assert 0.005 < posterior.weight[posterior[name] < value].sum() < 0.995


def test_the_report_holds_the_data_against_the_posterior(found):
    """The errors are normal, so how far new data are off is chi squared, whatever is simulated."""
    from scipy.stats import chi2

    results = stdpdsl.load(found / "out")
    says = found_by_search(results).says[-1]
    assert f"of {len(LAGS)} data points lie in the central 90 %" in says
    weighted = results.posterior.merge(results.trials)
    p = (weighted.weight * chi2.sf(2 * weighted.misfit, len(LAGS))).sum()
    assert abs(float(re.search(r"(\d+)% of the predicted", says)[1]) / 100 - p) < 0.05
