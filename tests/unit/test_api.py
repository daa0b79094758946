"""Results and specs from Python."""

import subprocess
import sys

import numpy as np
import pyarrow.dataset as ds
import pytest
from seeing import product, write

import stdpdsl
from stdpdsl.brian2.sweep_code import sweep_lines
from stdpdsl.language.source import Source
from stdpdsl.results.errors import ResultsError

GRID = product(Apre=[0.01, 0.02, 0.04], tau=[0.02, 0.05])
STARTER = """model small

neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
    threshold: v > 1
    reset: v = 0

layer inputs:
    poisson: 50 Hz
    size: 4

layer output:
    neuron: cell
    size: 2

connect inputs -> output as learning:
    pattern: all_to_all
    plasticity: pair_additive
    deliver: w to v
    initial: w = uniform(0, wmax)

sweep:
    grid:
        learning.Apre = [0.005, 0.01, 0.02]  # the step
    derive:
        learning.Apost = -Apre * 1.05

run:
    duration: 50 ms
    dt: 0.1 ms
    seed: 1
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api") / "r"
    return stdpdsl.load(write(folder, GRID, spec=STARTER, units={"tau": "second"}))


def test_importing_is_light():
    code = (
        "import sys, stdpdsl; stdpdsl.__version__\n"
        "heavy = {'numpy', 'pyarrow', 'lark', 'pandas'}\n"
        "print(sorted(m for m in sys.modules if m.startswith('stdpdsl.') or m in heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n"
    assert {"compile", "run", "load", "Results"} <= set(dir(stdpdsl))
    with pytest.raises(AttributeError, match="no attribute 'walk'"):
        stdpdsl.walk  # noqa: B018


def test_a_filter_on_parameters(results):
    one = results.weights.filter(Apre=0.02, tau=20e-3, connection="ff")
    assert len(one) == 36
    assert one.to_pandas()["block"].unique().tolist() == [2]
    two = results.weights.filter(Apre=[0.01, 0.04]).select("block", "w")
    assert sorted(set(two.to_polars()["block"])) == [0, 1, 4, 5]
    assert two.columns == ["block", "w"]
    chained = results.weights.filter(Apre=0.02).filter(ds.field("w") > 0.5)
    assert 0 < len(chained) < 72
    assert len(results.spikes.filter(block=None)) == 40  # of the layer that exists once
    assert len(results.blocks.filter({"status": "ok"}, tau=0.05)) == 3
    assert len(results.blocks.filter(Apre=[])) == 0


def test_a_filter_reads_only_what_it_needs(results, monkeypatch):
    asked = []
    table = type(results).table

    def seen(self, name, columns=None, filter=None):
        asked.append((name, columns, filter is not None))
        return table(self, name, columns, filter)

    monkeypatch.setattr(type(results), "table", seen)
    lazy = results.weights.filter(Apre=0.02).select("w")
    assert asked == []
    lazy.to_arrow()
    assert asked == [("weights", ["w"], True)]


def test_a_filter_with_a_typo(results):
    with pytest.raises(ResultsError, match="weights has no column apre; did you mean `Apre`"):
        results.weights.filter(apre=0.02)
    with pytest.raises(ResultsError, match="has no column W"):
        results.weights.select("W")
    with pytest.raises(ResultsError, match="has no table nothing"):
        results.table("nothing")


def test_xarray_has_the_axes_as_dimensions(results):
    pytest.importorskip("xarray")
    blocks = results.blocks.to_xarray()
    assert dict(blocks.sizes) == {"Apre": 3, "tau": 2}
    assert blocks["tau"].attrs["units"] == "second"
    assert blocks["ff_after_mean"].sel(Apre=0.04, tau=0.05) == pytest.approx(0.8)
    weights = results.weights.to_xarray()
    assert dict(weights.sizes) == {"Apre": 3, "tau": 2, "pre": 6, "post": 6}
    samples = results.trajectories.filter(variable="w").to_xarray()
    assert samples.sizes["t"] == 11
    with pytest.raises(ResultsError, match="variable"):
        results.trajectories.to_xarray()
    assert results.spikes.to_xarray().sizes == {"spike": len(results.spikes)}


def test_xarray_of_random_samples_and_phases(tmp_path):
    pytest.importorskip("xarray")
    draw = np.random.default_rng(0)
    sweep = {"a": draw.uniform(size=9), "b": draw.uniform(size=9)}
    found = stdpdsl.load(write(tmp_path / "r", sweep)).blocks.to_xarray()
    assert dict(found.sizes) == {"block": 9}
    assert found["b"].dims == ("block",) and found["b"].values.tolist() == sweep["b"].tolist()
    folder = write(tmp_path / "p", GRID, phases=("train", "test"))
    assert stdpdsl.load(folder).blocks.to_xarray().sizes["phase"] == 2


def test_it_shows_itself(results):
    assert "6 blocks, 216 weights" in repr(results)
    assert "<b>small in " in results._repr_html_()
    html = results.weights._repr_html_()
    assert html.count("<tr>") == 11 and "the first 10 of 216 rows" in html
    assert repr(results.weights.filter(Apre=0.02)).startswith("<weights: 72 rows of connection")


def test_markup_in_names_is_escaped(tmp_path):
    sweep = {"word": np.array(["<script>", "b"])}
    found = stdpdsl.load(write(tmp_path / "r", sweep))
    assert "<script>" not in found.blocks._repr_html_()


# Specs ------------------------------------------------------------------------------------------


def test_compile_takes_text_and_values(tmp_path):
    compiled = stdpdsl.compile(STARTER, set={"duration": "20 ms"}, target="numpy")
    assert compiled.plan.target == "numpy"
    assert "0.02 s" in compiled.plan.render()
    path = tmp_path / "a.stdp"
    path.write_text(STARTER)
    assert stdpdsl.compile(path).script == stdpdsl.compile(str(path)).script
    with pytest.raises(stdpdsl.CompileError, match="SYN024"):
        stdpdsl.compile("model x\nlayer a:\n    siz: 3\n")
    with pytest.raises(FileNotFoundError):
        stdpdsl.load_spec(tmp_path / "none.stdp")


def test_other_values_for_a_sweep():
    spec = stdpdsl.load_spec(STARTER)
    text = spec.with_values(Apre=[0.1, 0.2]).text
    assert "        learning.Apre = [0.1, 0.2]  # the step\n" in text  # and its comment
    text = spec.with_values({"learning.taupre": ["10 ms", "20 ms"]}).text
    assert "sweep:\n    grid:\n        learning.taupre = [10 ms, 20 ms]\n    grid:" in text
    more = spec.with_values({"learning.wmax": np.array([1.0, 2.0])}, duration="1 s")
    plan = stdpdsl.compile(more).plan
    assert dict(plan.lines)["blocks"] == "6" and dict(plan.lines)["simulated time"] == "1 s"
    without = STARTER.partition("sweep:")[0] + "run:\n    duration: 50 ms\n"
    text = stdpdsl.load_spec(without).with_values({"learning.Apre": [0.1, 0.2]}).text
    assert text.endswith("\nsweep:\n    grid:\n        learning.Apre = [0.1, 0.2]\n")
    with pytest.raises(TypeError, match="write units as text"):
        spec.with_values(Apre=object())


def test_an_unswept_parameter_becomes_an_axis_that_compiles():
    spec = stdpdsl.load_spec(STARTER).with_values({"learning.taupre": ["10 ms", "20 ms"]})
    from stdpdsl.compiler import check_text

    checked, found = check_text(Source("x.stdp", spec.text), spec.folder, [])
    assert found == []


def test_run(tmp_path):
    heard = []
    results = stdpdsl.run(STARTER, target="numpy", set={"duration": "20 ms"}, on_event=heard.append)
    assert len(results.blocks) == 3
    assert {e["event"] for e in heard} >= {"stage", "progress"}
    assert results.metadata["time_reached"] == pytest.approx(0.02)
    folder = results.folder
    assert (folder / "spec.stdp").read_text() == STARTER
    del results
    assert not folder.exists()  # nobody holds them any more
    kept = stdpdsl.run(STARTER, tmp_path / "kept", target="numpy", set={"duration": "20 ms"})
    assert kept.folder == tmp_path / "kept"
    with pytest.raises(stdpdsl.RunError, match="already"):
        stdpdsl.run(STARTER, tmp_path / "kept", target="numpy")
    again = {"target": "numpy", "set": {"duration": "20 ms"}, "workers": 2, "resume": True}
    assert stdpdsl.run(STARTER, tmp_path / "kept", **again).folder == kept.folder
    with pytest.raises(stdpdsl.RunError, match="holds other results"):
        stdpdsl.run(STARTER, tmp_path / "kept", target="numpy", resume=True)


def test_rows_of_a_table(tmp_path):
    rows = [{"Apre": 0.01, "taupre [ms]": 10}, {"Apre": 0.1 + 0.2, "taupre [ms]": 2e1}]
    spec = stdpdsl.load_spec(STARTER)
    found = stdpdsl.compile(spec.with_rows(rows)).experiment
    assert found.rows == 2
    code = "\n".join(sweep_lines(found.sweep))
    assert "0.30000000000000004" in code and "0.02" in code and "*1.05" in code
    pandas = pytest.importorskip("pandas")
    assert str(spec.with_rows(pandas.DataFrame(rows))).count("| 0.01 | 10") == 1
    as_text = spec.with_rows([{"Apre": 0.01, "taupre": "10 ms"}])
    assert stdpdsl.compile(as_text).experiment.rows == 1
    no_sweep = STARTER[: STARTER.index("sweep:")] + STARTER[STARTER.index("run:") :]
    assert stdpdsl.compile(stdpdsl.load_spec(no_sweep).with_rows(rows)).experiment.rows == 2


@pytest.mark.parametrize("rows", [[], [{}], [{"Apre": 1}, {"Apost": 1}]])
def test_rows_that_are_no_table(rows):
    with pytest.raises(ValueError):
        stdpdsl.load_spec(STARTER).with_rows(rows)
