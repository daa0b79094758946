"""Neural posterior estimation, `method: npe`, beside closed forms. What needs sbi is skipped where
it is not installed, as in CI."""

from __future__ import annotations

import json

import numpy as np
import pytest
from test_infer import CHANGES, ERROR, LAGS, SPEC

import stdpdsl
from stdpdsl.check.search_plan import NPE, Plan
from stdpdsl.cli import main
from stdpdsl.compiler import check_text
from stdpdsl.language.clauses.examples import example
from stdpdsl.language.source import Source
from stdpdsl.report.searching import found_by_search
from stdpdsl.search import engine, neural
from stdpdsl.search.samplers import SearchError
from stdpdsl.search.simulated import Simulated

SPEC = SPEC.replace(
    "    trials: 800\n    batch: 200\n", "    method: npe\n    trials: 3000\n    batch: 600\n"
)


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("importance_sampling", "npi", "there is no method `npi` of an inference"),
        ("importance_sampling", "tpe", "there is no method `tpe` of an inference"),
        (
            "importance_sampling\n    trials: 1000",
            "npe\n    trials: 100",
            "all 100 trials are one batch",
        ),
    ],
)
def test_what_is_wrong(old, new, message):
    text = example("infer").replace(old, new)
    folder = neural_examples()
    assert check_text(Source("s.stdp", example("infer")), folder, [])[1] == []
    (error,) = check_text(Source("s.stdp", text), folder, [])[1]
    assert error.code == "SEARCH005" and message in error.message


def neural_examples():
    from stdpdsl.resources import resource_dir

    return resource_dir("grammars") / "examples"


def files(folder):
    rows = [f"{1e3 * lag:g},{change},{ERROR}" for lag, change in zip(LAGS, CHANGES, strict=True)]
    (folder / "data.csv").write_text("lag [ms],change,error\n" + "\n".join(rows) + "\n")
    (folder / "spec.stdp").write_text(SPEC)
    return str(folder / "spec.stdp")


def test_without_the_extra_nothing_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(neural, "find_spec", lambda name: None)
    assert main(["search", files(tmp_path), "-o", str(tmp_path / "out")]) == 2
    assert "sbi is not installed: pip install 'stdpdsl[infer]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# Linear in three numbers of the cube, with normal errors: the posterior is normal, and well inside.
MATRIX = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, -1.0], [0.3, 0.0, 1.0], [1.0, -1.0, 0.5]])
SD = np.array([0.05, 0.08, 0.05, 0.1])


def linear(seed=1, observed=None, trials=2500):
    sampler = neural.Neural(Plan(NPE, trials, 500, seed, 0), 3)

    def look():
        values = sampler.points @ MATRIX.T
        data = MATRIX @ [0.5, 0.4, 0.6] if observed is None else observed
        return Simulated(np.arange(len(values)), values[:, None], data, SD, np.arange(4), {})

    sampler.look = look
    while sampler.is_learning:
        assert np.ptp(sampler.ask(500), axis=0).min() > 0.9
    return sampler


@pytest.mark.slow
def test_the_posterior_of_a_linear_model():
    """Its covariance is (A' S^-1 A)^-1."""
    pytest.importorskip("sbi")
    sampler = linear()
    points = np.concatenate([sampler.ask(500) for _ in range(4)])
    covariance = np.linalg.inv(MATRIX.T @ np.diag(SD**-2) @ MATRIX)
    sd = np.sqrt(np.diag(covariance))
    assert np.all(np.abs(points.mean(axis=0) - [0.5, 0.4, 0.6]) < 0.3 * sd)
    assert np.allclose(points.std(axis=0), sd, rtol=0.2)
    found = np.corrcoef(points.T)
    assert np.allclose(found, covariance / np.outer(sd, sd), atol=0.2)
    said = sampler.calibration
    assert said["cases"] == [200] and 160 <= said["inside"][0] <= 194
    assert all(160 <= n <= 194 for n in said["central"])


@pytest.mark.slow
def test_the_same_seed_asks_the_same():
    """Also where another sampler passes over batches that are there."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("sbi")
    a, b = linear(trials=1250), linear(trials=1250)
    first = [a.ask(10) for _ in range(3)]
    torch.manual_seed(5)
    torch.set_num_threads(2)
    before = torch.rand(1)
    torch.manual_seed(5)
    b.batches += 2
    assert np.array_equal(b.ask(10), first[2])
    assert torch.get_num_threads() == 2 and torch.equal(torch.rand(1), before)


def test_too_few_trials_teach_nothing():
    pytest.importorskip("sbi")
    sampler = neural.Neural(Plan(NPE, 100, 40, 1, 0), 2)
    while sampler.is_learning:
        sampler.ask(40)
    nothing, one = np.full((80, 1, 3), np.nan), np.ones(3)
    sampler.look = lambda: Simulated(np.arange(80), nothing, one, one, np.arange(3), {})
    with pytest.raises(SearchError, match="0 trials of the prior have a value"):
        sampler.ask(20)


@pytest.mark.slow
def test_a_spec_from_the_command_line(tmp_path, capsys):
    """Beside the same posterior on a grid."""
    pytest.importorskip("sbi")
    spec, out = files(tmp_path), tmp_path / "out"
    assert main(["search", spec, "-o", str(out), "--target", "numpy"]) == 0
    a, b = np.meshgrid((np.arange(400) + 0.5) / 400, (np.arange(400) + 0.5) / 400)
    tau = 0.005 * 10**b
    misfit = sum(
        ((a * np.exp(-lag / tau) - change) / ERROR) ** 2 / 2
        for lag, change in zip(LAGS, CHANGES, strict=True)
    )
    p = np.exp(-(misfit - misfit.min()))
    p /= p.sum()
    results = stdpdsl.load(out)
    posterior = results.posterior
    assert len(posterior) == 600 and np.allclose(posterior.weight, 1 / 600)
    assert set(posterior.trial) == set(range(2400, 3000))
    capsys.readouterr()
    assert main(["best", str(out), "--format", "json"]) == 0
    rows = {row["axis"]: row for row in json.loads(capsys.readouterr().out)}
    assert main(["best", str(out)]) == 0
    said = capsys.readouterr()
    assert (
        "calibration in 240 held-out simulations: the true values lay in the 90 % region"
        in said.err
    )
    for name, x in (("Apre", a), ("taupre", tau)):
        mean = (p * x).sum()
        sd = np.sqrt((p * (x - mean) ** 2).sum())
        assert abs(rows[name]["mean"] - mean) < 0.3 * sd
        assert 0.75 * sd < rows[name]["sd"] < 1.35 * sd
    says = " ".join(found_by_search(results).says)
    assert "by neural posterior estimation" in says and "held-out simulations" in says
    assert "data points lie in the central 90 %" in says


@pytest.mark.slow
def test_what_was_killed_goes_on(tmp_path, capsys, monkeypatch):
    """While the posterior is drawn: to the same trials, and to more of them."""
    pytest.importorskip("sbi")
    monkeypatch.setattr(neural, "EPOCHS", 5)
    spec = files(tmp_path)
    text = SPEC.replace("trials: 3000", "trials: 500").replace("batch: 600", "batch: 100")
    (tmp_path / "spec.stdp").write_text(text)
    out = tmp_path / "out"
    assert main(["search", spec, "-o", str(out), "--target", "numpy"]) == 0
    simulate, started = engine.run_generation, []

    def killed(batch, *rest):
        started.append(batch.number)
        if batch.number == 4:
            raise KeyboardInterrupt
        return simulate(batch, *rest)

    again = tmp_path / "again"
    command = ["search", spec, "-o", str(again), "--target", "numpy", "--workers", "1"]
    monkeypatch.setattr(engine, "run_generation", killed)
    try:
        main(command)
    except KeyboardInterrupt:
        pass
    assert started == [0, 1, 2, 3, 4]
    monkeypatch.setattr(engine, "run_generation", simulate)
    capsys.readouterr()
    assert main(["best", str(again)]) == 1
    assert "no trial has been drawn from the posterior yet" in capsys.readouterr().err
    assert main([*command, "--resume"]) == 0
    frames = [stdpdsl.load(folder).blocks.to_pandas() for folder in (out, again)]
    assert frames[0].equals(frames[1])
    assert main(["search", spec, "-o", str(again), "--more", "100", "--target", "numpy"]) == 0
    assert len(stdpdsl.load(again).posterior) == 200
    assert stdpdsl.load(again).blocks.to_pandas()[: len(frames[0])].equals(frames[0])
