"""Every spec that ships, run for a short time."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from running import run_here

import stdpdsl
from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source
from stdpdsl.verify import VERIFICATIONS

SPECS = Path(__file__).parents[2] / "specs"


def run(folder, name, duration, lowering="synapse"):
    source = Source(f"{name}.stdp", (SPECS / f"{name}.stdp").read_text(encoding="utf-8"))
    compiled = compile_source(source, SPECS, [f"duration={duration}"], lowering, "numpy")
    assert compiled.diagnostics == []
    return run_here(folder, compiled.run_script, data=SPECS)


def test_all_specs_are_listed():
    """And each of them is run: here, in test_recordings.py, or by a verification."""
    names = {path.stem for path in SPECS.glob("*.stdp")}
    listed = re.findall(r"^\| `(\w+)\.stdp` \| \w", (SPECS / "README.md").read_text("utf-8"), re.M)
    assert listed == sorted(names)
    others = ("test_recordings.py", "test_earlier_results.py")
    tests = [Path(__file__), *map(Path(__file__).with_name, others)]
    text = "".join(path.read_text(encoding="utf-8") for path in tests)
    replayed = {Path(r.spec).stem for v in VERIFICATIONS.values() for r in v.replays}
    assert replayed <= names
    untried = names - replayed
    assert [n for n in untried if f'"{n}"' not in text and f'"{n}.stdp"' not in text] == []


def test_the_auditory_map_gets_right_what_the_thread_got_wrong(tmp_path):
    tables = run(tmp_path, "auditory_map", "600 ms")
    blocks, weights, spikes = tables["blocks"], tables["weights"], tables["spikes"]
    # Each block hears all ten channels, and the very same nerve.
    assert blocks["AN_spikes"].nunique() == 1 and blocks["AN_spikes"][0] > 0
    assert spikes[spikes["layer"] == "AN"]["block"].isna().all()
    feedforward = weights[weights["connection"] == "feedforward"]
    assert (feedforward.groupby("block")["pre"].nunique() == 10).all()
    # The inhibitory layer is in the network, and runs.
    assert (blocks["Inh_spikes"] > 0).all()
    # The four blocks start equal and end different.
    groups = feedforward.groupby(["Apre", "ratio"])
    assert len({tuple(g["w_initial"]) for _, g in groups}) == 1
    assert len({tuple(g["w"]) for _, g in groups}) >= 3
    assert (feedforward["w"].between(0, 0.04)).all()
    last = tables["trajectories"].query("variable == 'w'").groupby(["block", "pre", "post"]).last()
    assert np.array_equal(
        last["value"], feedforward.set_index(["block", "pre", "post"]).sort_index()["w"]
    )


def test_inhibition_stays_inside_its_block():
    source = Source("a.stdp", (SPECS / "auditory_map.stdp").read_text(encoding="utf-8"))
    script = compile_source(source, SPECS, ["duration=1 ms"], "synapse", "numpy").run_script
    namespace = {"__name__": "script"}
    exec(compile(script, "script.py", "exec"), namespace)
    row = namespace["sweep"]()
    x = namespace["Data"](row, range(4), {0: 0}, 1e-4, str(SPECS))
    edges = namespace["edges_of_excite"](x, row, namespace["parameters"](row))
    assert len(edges.i) == 4 * 90 and (edges.i != edges.j).all()
    assert (edges.pre // 10 == edges.post // 10).all()
    edges = namespace["edges_of_inhibit"](x, row, namespace["parameters"](row))
    assert np.array_equal(edges.pre, edges.post) and len(edges.pre) == 40


def test_the_stdp_window_is_the_classic_curve(tmp_path):
    """One pairing per second: A exp(-|lag|/tau) on each side, from the paper's equations."""
    weights = run(tmp_path, "stdp_window", "900 ms")["weights"]
    weights = weights[weights["connection"] == "stdp"]
    # The teacher's spike at 50 ms crosses the threshold of `post` in the step after it.
    lag = 0.0501 - (0.001 + np.rint(weights["arrival"] / 1e-4) * 1e-4)
    change = weights["w"] - weights["w_initial"]
    expected = np.where(lag >= -1e-9, 0.005 * np.exp(-lag / 0.02), -0.00525 * np.exp(lag / 0.02))
    assert np.allclose(change, expected, rtol=1e-9, atol=1e-15)
    assert (change > 0).any() and (change < 0).any()


@pytest.mark.parametrize(
    ("name", "duration", "size"), [("balanced_network", "60 ms", 3), ("song_2000", "80 ms", 2)]
)
@pytest.mark.slow
def test_the_others_run(tmp_path, name, duration, size):
    blocks = run(tmp_path, name, duration)["blocks"]
    assert (blocks["status"] == "ok").all() and len(blocks) == size
    assert blocks.filter(like="_spikes").sum().gt(0).all()


def test_the_digit_networks_weights_are_normalised(tmp_path):
    """The last step of this run is the one at whose end `every 350 ms` scales the weights."""
    tables = run(tmp_path, "diehl_cook_2015", "350.5 ms")
    learnt = tables["weights"].query("connection == 'learning'")
    sums = learnt.groupby(["block", "post"])[["w_initial", "w"]].sum()
    assert len(sums) == 18
    np.testing.assert_allclose(sums["w"], 6, rtol=1e-12)
    # More than scaled: what spiked before the target has gained.
    scaled = (
        learnt["w_initial"]
        * (6 / sums["w_initial"]).reindex(learnt.set_index(["block", "post"]).index).to_numpy()
    )
    assert (np.abs(learnt["w"] - scaled) > 1e-3).mean() > 0.5


def shorter(text, folder, phases):
    """The spec of the digits with other phases, and what it reads."""
    for name, duration in phases.items():
        text = re.sub(rf"^( +{name}: )[^,\n]+", rf"\g<1>{duration}", text, flags=re.MULTILINE)
    (folder / "digits.stdp").write_text(text, encoding="utf-8")
    shutil.copy(SPECS / "digits.npz", folder)
    return folder / "digits.stdp"


def test_the_digits_are_shown_and_told(tmp_path):
    text = (SPECS / "digits.stdp").read_text(encoding="utf-8")
    text = re.sub(r"eta = \[.*\]", "eta = [0, 0.03]", text)
    path = shorter(text, tmp_path, {"train": "400 ms", "label": "600 ms", "test": "400 ms"})
    results = stdpdsl.run(path, output=tmp_path / "out", target="numpy")
    blocks = results.blocks.to_pandas().set_index(["eta", "phase"])
    assert (
        blocks.loc[(0, "train"), "learning_change"] < blocks.loc[(0.03, "train"), "learning_change"]
    )
    assert (blocks["learning_change"].xs("test", level="phase") < 1e-12).all()
    assert blocks["score"].between(0, 1).all()
    labels = results.responses.to_pandas().groupby("stimulus")["label"].first()
    assert labels.tolist() == [str(d) for d in np.load(SPECS / "digits.npz")["digits"][:7]]


@pytest.mark.slow
@pytest.mark.in_turn(1, among="what takes longest")
def test_digits_that_were_never_shown_are_told_better_after_learning(tmp_path):
    """Beside chance, 0.1, and the same network with random weights."""
    text = re.sub(
        r"eta = \[.*\]", "eta = [0, 0.001]", (SPECS / "digits.stdp").read_text(encoding="utf-8")
    )
    path = shorter(text, tmp_path, {})
    results = stdpdsl.run(path, output=tmp_path / "out", target="cpp_standalone")
    score = results.blocks.filter(phase="test").to_pandas().set_index("eta")["score"]
    assert score[0] > 0.5 and score[0.001] > 0.78 and score[0.001] > score[0] + 0.1


def test_the_digits_are_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    found, ours = datasets.load_digits(), np.load(SPECS / "digits.npz")
    assert sorted(map(bytes, found.images.astype(np.uint8))) == sorted(map(bytes, ours["images"]))


@pytest.mark.slow
def test_bars_reach_the_barrels_of_the_kremer_model(tmp_path):
    """Who fires while the first bar passes follows from where the neuron is and what it prefers."""
    tables = run(tmp_path, "kremer_2011", "60 ms")
    weights, spikes = tables["weights"], tables["spikes"]
    feedforward = weights[weights["connection"] == "feedforward"]
    column, line = feedforward["post"] % 21 // 7, feedforward["post"] // 21 // 7
    assert (feedforward["pre"] // 64 == column + 3 * line).all()
    assert len(feedforward) / (3 * 441 * 64) == pytest.approx(0.5, abs=0.01)
    inhibit = weights[weights["connection"] == "inhibit"]
    apart = np.hypot(
        inhibit["pre"] % 12 / 4 - inhibit["post"] % 21 / 7,
        inhibit["pre"] // 12 / 4 - inhibit["post"] // 21 / 7,
    )
    assert np.sqrt((apart**2).mean() / 2) == pytest.approx(0.2, rel=0.1)
    four = spikes[spikes["layer"] == "four"]
    preferred = 2 * np.pi * (four["neuron"] % 64) / 64
    towards = np.arctan2(np.sin(preferred).mean(), np.cos(preferred).mean())
    assert (np.cos(preferred - towards) > 0).mean() > 0.95  # one direction, and a half-circle
    along = (four["neuron"] // 64 % 3 - 1) * np.cos(towards)
    along += (four["neuron"] // 64 // 3 - 1) * np.sin(towards)
    speed = np.polyfit(four["t"], along, 1)[0] * 0.005
    assert speed == pytest.approx(1, abs=0.15)
