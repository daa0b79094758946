"""Searches from the command line, beside a closed form: one pair of spikes changes a weight by
Apre exp(-lag/tau), so the amplitude and the time constant that give two changes are known."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import stdpdsl
from stdpdsl.cli import main

MODEL = """model pairs

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

{search}

run:
    duration: 100 ms
    dt: 1 ms
"""
FIT = """fit:
    over:
        Apre = loguniform(1e-3, 1)
        taupre = uniform(5 ms, 50 ms)
    data: from "data.csv"
    compare: c_after_mean - c_before_mean to change within error
    method: {method}
    trials: {trials}
    batch: {batch}
    seed: 3
"""
AMPLITUDE, TAU = 0.13, 0.02  # s


def spec(tmp_path, method="cma_es", trials=60, batch=20, search=FIT):
    rows = [f"{lag},{float(AMPLITUDE * np.exp(-lag * 1e-3 / TAU))!r},0.01" for lag in (10, 40)]
    (tmp_path / "data.csv").write_text("lag [ms],change,error\n" + "\n".join(rows) + "\n")
    path = tmp_path / "pairs.stdp"
    text = search.format(method=method, trials=trials, batch=batch)
    path.write_text(MODEL.format(search=text))
    return path


def search(path, output, *more):
    return main(["search", str(path), "-o", str(output), "--target", "numpy", *more])


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    path = spec(folder)
    assert search(path, folder / "out") == 0
    return path, folder / "out"


def test_a_search_is_one_dataset(found, monkeypatch):
    path, output = found
    monkeypatch.chdir(path.parent)
    results = stdpdsl.load(output)
    blocks = results.blocks.to_pandas()
    assert list(blocks.block) == list(range(120))
    assert list(blocks.trial) == np.repeat(np.arange(60), 2).tolist()
    assert list(blocks.generation) == np.repeat(np.arange(3), 40).tolist()
    assert set(results.weights.to_pandas().block) == set(range(120))
    change = blocks.Apre * np.exp(-blocks.lag / blocks.taupre)
    assert np.allclose(blocks.c_after_mean - 1, change, rtol=1e-12)
    error = ((change - blocks.change) / blocks.error) ** 2
    assert np.allclose(results.trials.error, error.groupby(blocks.trial).mean(), rtol=1e-9)
    assert results.best.number == results.trials.error.idxmin()
    assert results.trials.error[40:].median() < 0.5 * results.trials.error[:20].median()
    assert not (output.parent / "out.generation").exists()
    assert not (output.parent / "out.generation.shards").exists()


def test_the_best_spec_gives_the_very_numbers(found, monkeypatch, tmp_path):
    path, output = found
    monkeypatch.chdir(path.parent)
    best = stdpdsl.load(output).best
    again = stdpdsl.run(best.to_spec(), target="numpy").blocks.to_pandas()
    assert np.array_equal(again.c_after_mean, best.blocks.to_pandas().c_after_mean)
    assert main(["best", str(output), "-o", str(tmp_path / "best.stdp")]) == 0
    assert (tmp_path / "best.stdp").read_text() == best.text


def test_best_trials_are_printed(found, monkeypatch, capsys):
    path, output = found
    monkeypatch.chdir(path.parent)
    assert main(["best", str(output), "--format", "json", "--count", "3"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [r["error"] for r in rows] == sorted(stdpdsl.load(output).trials.error)[:3]
    assert main(["best", str(output), "--count", "1"]) == 0
    assert f" {rows[0]['trial']} " in capsys.readouterr().out


def test_workers_and_more_trials_change_no_trial(found, tmp_path, monkeypatch):
    path, output = found
    monkeypatch.chdir(path.parent)
    assert search(spec(path.parent, trials=20), tmp_path / "two", "--workers", "2") == 0
    whole = stdpdsl.load(output).trials
    spec(path.parent)  # the text as it was
    few = stdpdsl.load(tmp_path / "two").blocks.to_pandas()
    first = stdpdsl.load(output).blocks.to_pandas()[:40]
    assert few.equals(first)
    assert search(path, output) == 2  # what to do with results that are there is not said
    assert search(path, output, "--more", "5") == 0
    more = stdpdsl.load(output).trials
    assert len(more) == 65 and more[:60].equals(whole)


@pytest.mark.slow
def test_a_killed_search_goes_on(found, tmp_path, monkeypatch):
    path, output = found
    monkeypatch.chdir(path.parent)
    command = [
        sys.executable,
        "-c",
        "from stdpdsl.cli import main; import sys; sys.exit(main())",
        "search",
        str(path),
        "-o",
        str(tmp_path / "out"),
        "--target",
        "numpy",
    ]
    process = subprocess.Popen(command, start_new_session=True)
    waited = time.time() + 120
    while not (tmp_path / "out.generation.shards").exists() or not (tmp_path / "out").exists():
        assert time.time() < waited and process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert 0 < len(stdpdsl.load(tmp_path / "out").trials) < 60
    assert search(path, tmp_path / "out", "--resume") == 0
    whole = stdpdsl.load(output).trials[:60]
    assert stdpdsl.load(tmp_path / "out").trials.equals(whole)


@pytest.mark.slow
def test_a_crash_between_files_and_list_loses_nothing(found, tmp_path, monkeypatch):
    """Parts that no metadata list are not read, and go when the search goes on."""
    path, output = found
    monkeypatch.chdir(path.parent)
    assert search(spec(path.parent, trials=20), tmp_path / "out") == 0
    stray = tmp_path / "out" / "blocks" / "part-00001.parquet"
    stray.write_bytes((tmp_path / "out" / "blocks" / "part-00000.parquet").read_bytes())
    assert len(stdpdsl.load(tmp_path / "out").trials) == 20
    assert search(path, tmp_path / "out", "--more", "5") == 0
    spec(path.parent)
    assert len(stdpdsl.load(tmp_path / "out").trials) == 25


def test_another_search_in_the_folder_is_refused(found, tmp_path, capsys):
    path, output = found
    other = spec(tmp_path, method="tpe")
    assert search(other, output, "--resume") == 2
    said = capsys.readouterr().err
    assert "holds a different search" in said and "method: tpe" in said


SEARCH = """sweep:
    grid: lag = [10, 40] ms

search:
    over: Apre = uniform(0, 1)
    {what}
    method: {method}
    trials: {trials}
    batch: {batch}
"""


@pytest.mark.parametrize(
    "what, status, words",
    [
        ("minimise: mean(c_change)/(pre_rate - pre_rate)", 3, "NaN or infinite in all"),
        ("minimise: mean(c_change)\n    subject to: c_change < -1", 0, "no trial meets"),
    ],
)
def test_what_has_no_answer_is_said(tmp_path, monkeypatch, capsys, what, status, words):
    monkeypatch.chdir(tmp_path)
    path = spec(tmp_path, "random", 8, 4, SEARCH.replace("{what}", what))
    assert search(path, tmp_path / "out") == status
    assert main(["best", "out"]) == 0
    assert words in capsys.readouterr().err
    assert len(stdpdsl.load(tmp_path / "out").trials) == 8
    assert main(["best", "out", "-o", "best.stdp"]) == 1


def test_a_constraint_is_met(tmp_path, monkeypatch, capsys):
    """The largest change below 0.3: Apre exp(-10 ms/20 ms) = 0.3, the larger of the two."""
    monkeypatch.chdir(tmp_path)
    what = "maximise: c_change\n    subject to: max(c_change) < 0.3"
    path = spec(tmp_path, "sobol", 64, 64, SEARCH.replace("{what}", what))
    assert search(path, tmp_path / "out") == 0
    best = stdpdsl.load("out").best
    assert main(["best", "out"]) == 0 and "at an end" not in capsys.readouterr().err
    assert 0.27 < best.values["Apre"] * np.exp(-0.5) < 0.3


def test_a_front_of_two_objectives(tmp_path, monkeypatch):
    """Each amplitude is on it where one change is to be large and the other small."""
    monkeypatch.chdir(tmp_path)
    what = "maximise: max(c_change)\n    minimise: min(c_change)"
    path = spec(tmp_path, "grid", 5, 5, SEARCH.replace("{what}", what))
    assert search(path, tmp_path / "out") == 0
    front = stdpdsl.load("out").front
    assert [one.values["Apre"] for one in front] == [0, 0.25, 0.5, 0.75, 1]


def test_it_is_no_run(found, capsys):
    assert main(["run", str(found[0]), "-o", str(found[1].parent / "run")]) == 1
    assert "stdpdsl search" in capsys.readouterr().err


def test_the_report_shows_the_search(found):
    path, output = found
    html = output.parent / "out.html"
    assert main(["report", str(output), "-o", str(html)]) == 0
    text = html.read_text()
    best = stdpdsl.load(output).best
    assert f"the best is trial {best.number}: error = " in text
    for title in ("Course of the search", "a dot per trial", "a line per trial"):
        assert title in text
    axes = re.search('<ul class="axes soft">(.*?)</ul>', text, re.DOTALL)[1]
    assert re.findall("<li>(\\w+):", axes) == ["Apre", "taupre", "lag"]


@pytest.mark.slow
def test_shards_of_a_search_that_was_killed_do_not_stop_another(tmp_path, monkeypatch):
    """What a killed search has left is overwritten by one that is no continuation of it."""
    monkeypatch.chdir(tmp_path)
    assert search(spec(tmp_path, "random", 4, 4), tmp_path / "out") == 0
    (tmp_path / "out").rename(tmp_path / "other")
    shards = tmp_path / "out.generation.shards"
    (shards / "0001-of-0002").mkdir(parents=True)
    (shards / "job.json").write_text('{"format": "stdpdsl job 1", "shards": 2}')
    assert search(spec(tmp_path, "random", 4, 4), tmp_path / "out") == 0
    assert not shards.exists()
    one, two = (stdpdsl.load(tmp_path / name).trials for name in ("out", "other"))
    assert one.equals(two)


@pytest.mark.slow
def test_trials_that_stand_still_end_early(tmp_path, monkeypatch):
    """After the one pair of spikes; what never moved may still begin to."""
    monkeypatch.chdir(tmp_path)
    what = SEARCH.replace("{what}", "maximise: c_change").replace("uniform(0, 1)", "integers(0, 2)")
    path = spec(tmp_path, "random", 8, 8, what)
    text = path.read_text().replace("duration: 100 ms", "duration: 1 s")
    path.write_text(text)
    assert search(path, tmp_path / "out", "--until-stable", "0.01") == 0
    blocks = stdpdsl.load("out").blocks.to_pandas()
    assert set(blocks[blocks.Apre == 1].status) == {"stable"}
    assert set(blocks[blocks.Apre == 0].status) == {"ok"}
    assert search(path, tmp_path / "out", "--more", "4") == 2  # asks for whole runs
    assert search(path, tmp_path / "out", "--more", "4", "--until-stable", "0.01") == 0
    assert len(stdpdsl.load("out").trials) == 12


def test_a_best_trial_at_the_end_of_an_axis_is_told(tmp_path, monkeypatch, capsys):
    """The change grows with Apre, whose end is at 1."""
    monkeypatch.chdir(tmp_path)
    path = spec(tmp_path, "grid", 5, 5, SEARCH.replace("{what}", "maximise: c_change"))
    assert search(path, tmp_path / "out") == 0
    assert main(["best", "out"]) == 0
    assert "the best lies at an end of Apre" in capsys.readouterr().err


def test_a_block_of_a_search_is_a_spec(found, tmp_path, monkeypatch):
    path, output = found
    monkeypatch.chdir(path.parent)
    assert main(["extract", str(output), "--block", "7", "-o", str(tmp_path / "b.stdp")]) == 0
    again = stdpdsl.run(tmp_path / "b.stdp", target="numpy").blocks.to_pandas()
    block = stdpdsl.load(output).blocks.filter(block=7).to_pandas()
    assert again.c_after_mean[0] == block.c_after_mean[0]


def test_a_search_is_not_reproduced_as_a_run(found, capsys):
    for command in (["reproduce"], ["diagnose", "--refine"]):
        assert main([*command, str(found[1])]) == 2
        assert "stdpdsl best" in capsys.readouterr().err


@pytest.mark.slow
def test_on_a_cluster_the_trials_are_the_same(found, tmp_path_factory, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    from test_cluster import Machines

    path, output = found
    monkeypatch.chdir(path.parent)
    machines = Machines(tmp_path_factory.mktemp("machines"))
    try:
        for _ in range(2):
            machines.worker()
        spec(path.parent, trials=40)
        assert search(path, tmp_path / "out", "--cluster", machines.address) == 0
    finally:
        machines.end()
        spec(path.parent)
    there = stdpdsl.load(tmp_path / "out").blocks.to_pandas()
    assert there.equals(stdpdsl.load(output).blocks.to_pandas()[:80])
