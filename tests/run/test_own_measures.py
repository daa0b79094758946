"""`measure:`: what a spec measures is what its tables say; and what cannot be measured is told."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from running import run_here, script_of

from stdpdsl.compiler import check_text
from stdpdsl.language.diagnostics import render
from stdpdsl.language.parser import parse
from stdpdsl.language.printer import print_spec
from stdpdsl.language.source import Source

SPEC = """model measured
constants:
    limit = 0.5
neuron cell:
    equations:
        dv/dt = (-70 mV - v)/(10 ms) : volt
    threshold: v > -60 mV
    reset: v = -70 mV
    initial: v = -70 mV
layer inputs:
    poisson: 30 Hz
    size: 10
layer out:
    neuron: cell
    size: 4
connect inputs -> out as ff:
    pattern: all_to_all
    plasticity: pair_additive
    deliver: w * 8 mV to v
    initial: w = uniform(0, wmax)
sweep:
    grid:
        ff.Apre = [0.01, 0.05]
        ff.wmax = [1, 2]
        goal = {goals} Hz
    replicates: 2
measure:
{measures}
record:
    spikes of inputs, out
run:
    phases:
        train: 300 ms
        test: 200 ms, plasticity off, set ff.wmax = 3
    dt: 0.1 ms
    seed: 1
"""
MEASURES = """\
    contrast = loudest/(quiet + 1 Hz) + limit
    strong of ff = fraction(w > 0.5*wmax and i != j)
    gained of ff = (mean(w) - mean(w_before))/wmax
    ends of ff = max(w) - min(w) + max(0, -1)
    off of out = sd(rate - goal*i)
    miss of out = abs(mean(rate) - goal)
    loudest of out = max(rate)
    quiet of inputs = min(rate)
    nested of ff = sum(w*contrast)/N_pre_
    growth = ff_after_mean/ff_before_mean
    above of ff = fraction(w > ff_after_mean)
    far = abs(out_rate - goal) + out_cv*inputs_rate
""".replace("/N_pre_", "/40")
FULL = SPEC.replace("{measures}", MEASURES)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run_here(tmp_path_factory.mktemp("m"), script_of(FULL.replace("{goals}", "[10, 20]")))


def test_they_are_what_the_tables_say(whole):
    weights, spikes, blocks = whole["weights"], whole["spikes"], whole["blocks"]
    assert len(blocks) == 2 * 16
    for row in blocks.itertuples():
        w = weights[weights.block == row.block]
        now, seconds = (w.w, 0.3) if row.phase == "train" else (w.w, 0.2)
        before = w.w_initial if row.phase == "train" else w.w  # it is off in the test
        wmax = row.wmax if row.phase == "train" else 3
        strong = ((now > 0.5 * wmax) & (w.pre != w.post)).mean()
        assert row.strong == pytest.approx(strong)
        assert row.gained == pytest.approx((now.mean() - before.mean()) / wmax, abs=1e-12)
        assert row.ends == pytest.approx(now.max() - now.min())
        mine = spikes[(spikes.phase == row.phase) & (spikes.layer == "out")]
        counts = np.bincount(mine[mine.block == row.block].neuron, minlength=4) / seconds
        assert row.loudest == pytest.approx(counts.max())
        assert row.miss == pytest.approx(abs(counts.mean() - row.goal))
        assert row.off == pytest.approx(np.std(counts - row.goal * np.arange(4)))
        mine = spikes[(spikes.phase == row.phase) & (spikes.layer == "inputs")]
        mine = mine[mine.replicate == row.replicate]
        quiet = np.bincount(mine.neuron, minlength=10).min() / seconds
        assert row.quiet == pytest.approx(quiet)
        assert row.contrast == pytest.approx(row.loudest / (quiet + 1) + 0.5)
        assert row.nested == pytest.approx(now.sum() * row.contrast / 40)
        assert row.growth == row.ff_after_mean / row.ff_before_mean
        assert row.above == pytest.approx((now > now.mean()).mean())
        assert row.far == abs(row.out_rate - row.goal) + row.out_cv * row.inputs_rate
    assert (blocks.query("phase == 'train'").gained != 0).all()


def test_a_part_of_the_sweep_and_the_other_lowering_have_the_same_bits(tmp_path, whole):
    other = run_here(tmp_path, script_of(FULL.replace("{goals}", "[20]"), "namespace"))["blocks"]
    mine = whole["blocks"].query("goal == 20").drop(columns="block").reset_index(drop=True)
    pd.testing.assert_frame_equal(other.drop(columns="block"), mine, check_exact=True)


def test_units_are_in_the_results_and_shown(tmp_path):
    from stdpdsl.results.labels import measure
    from stdpdsl.results.reader import load

    run_here(tmp_path, script_of(FULL.replace("{goals}", "[20]")))
    results = load(tmp_path / "out")
    assert measure("miss", results.units) == ("", "miss", "Hz")
    assert {"miss", "strong", "ff_after_mean"} <= set(results.measures)


def test_it_prints_as_it_is_read():
    text = FULL.replace("{goals}", "[20]")
    printed = print_spec(parse(Source("a.stdp", text)))
    assert "    strong of ff = fraction(w > 0.5 * wmax and i != j)\n" in printed
    assert parse(Source("b.stdp", printed)) == parse(Source("a.stdp", text))


@pytest.mark.parametrize(
    "line, code, said",
    [
        ("x of ff = mean(w) + 1 mV", "UNIT003", "cannot be added"),
        ("x of ff = w", "NAME004", "each element has its own: `mean(w)`"),
        ("x of ff = mean(rate)", "NAME004", "`ff` has no rate"),
        ("x of out = mean(w)", "NAME004", "`out` has no weight"),
        ("x of ff = mean(mean(w))", "NAME012", "around a value of its elements"),
        ("x = mean(1)", "NAME012", "a measure of a layer or connection"),
        ("x of ff = fraction(w)", "TYPE002", "takes"),
        ("x of ff = mean(w > 1)", "TYPE003", "this is a condition"),
        ("x of ff = mean(w) > 1", "TYPE003", "this is a condition"),
        ("x of ff = mean(w, w)", "TYPE005", "takes 1 argument"),
        ("x of gg = mean(w)", "NAME001", "known: `ff`"),
        ("x = ff_after_maen", "NAME004", "did you mean `ff_after_mean`?"),
        ("x = ff_after_mean + out_rate", "UNIT003", "no unit and rate cannot be added"),
        ("x = ff_settled", "NAME004", "it is measured where `record:` has `w of ff every …`"),
        ("x of inputs = mean(rate - out_rate)", "BLOCK005", "`inputs` is shared"),
        ("x = lost", "NAME004", "`lost` is not declared"),
        ("x = x + 1", "NAME018", "`x` depends on itself"),
        ("goal = 1", "NAME014", "a column of the sweep"),
        ("Status = 1", "NAME014", "every result has"),
        ("out_rate = 1", "NAME014", "is what a measure of `out` is called"),
        ("x of inputs = mean(rate - goal)", "BLOCK005", "`inputs` is shared"),
        ("x of ff = uniform(0, 1)", "TYPE007", "draws a random number"),
    ],
)
def test_what_cannot_be_measured(line, code, said):
    text = SPEC.replace("{measures}", f"    {line}\n").replace("{goals}", "[10, 20]")
    found = check_text(Source("spec.stdp", text), Path("."), [])[0].diagnostics
    errors = [d for d in found if d.severity == "error"]
    assert [d.code for d in errors] == [code], render(found)
    assert said in render(errors)


def test_two_measures_of_one_name():
    text = SPEC.replace("{measures}", "    x = 1\n    x = 2\n").replace("{goals}", "[10]")
    found = check_text(Source("spec.stdp", text), Path("."), [])[0].diagnostics
    assert "NAME002" in {d.code for d in found}


def test_what_it_may_use_is_what_is_measured():
    """In each spec of the gallery."""
    from stdpdsl.brian2.result_tables import measure_columns
    from stdpdsl.check.measures import measured
    from stdpdsl.compiler import _front
    from stdpdsl.lower import lower

    specs = sorted((Path(__file__).parents[2] / "specs").glob("*.stdp"))
    for path in specs:
        source = Source(path.name, path.read_text(encoding="utf-8"))
        checked, table, _ = _front(source, path.parent, [], None, ())
        if table is None:  # its recordings, or the results that it starts from, are not there
            assert path.stem in ("auditory_recordings", "diehl_cook_2015_test")
            continue
        experiment = lower(checked, table)
        columns = set(measure_columns(experiment)) - {m.name for m in experiment.measures}
        assert set(measured(checked.symbols)) == columns, path.name
