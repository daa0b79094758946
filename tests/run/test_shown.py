"""Stimuli that are shown: their responses, and how many of them a layer tells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from running import run_here, run_text, script_of
from test_plain_scripts import assert_equal_values, run_plain_here

from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source
from stdpdsl.results.reader import load

pytest.importorskip("brian2")

SPEC = """model shown

neuron cell:
    equations:
        dv/dt = -v/(20 ms) : 1
    threshold: v > 1
    reset: v = 0

layer P:
    rates: from "x.npz" column images * strength * 1 Hz every 20 ms, gap 5 ms
    labels: from "labels.csv" column label
    size: 16

layer A:
    neuron: cell
    size: 6

connect P -> A as learn:
    pattern: all_to_all
    weight: uniform(0, 1)
    deliver: w * 0.3 to v

sweep:
    grid: strength = [0.2, 0.6]

record:
    spikes of P, A

measure:
    score of A = accuracy(label)
    of_P of P = accuracy(label)
    above = score - 0.25

run:
    phases:
        label: 400 ms
        test: 410 ms
    dt: 0.5 ms
"""


def write_files(folder, rows=40):
    rng = np.random.default_rng(3)
    classes = rng.integers(0, 4, rows)
    images = rng.integers(0, 60, (rows, 4, 4)).astype(np.uint8)
    images[np.arange(rows), classes] = 255
    np.savez_compressed(folder / "x.npz", images=images, classes=classes)
    (folder / "labels.csv").write_text("n,label\n" + "".join(f"{c},{'dabc'[c]}\n" for c in classes))
    return images, np.array(list("dabc"))[classes]


def by_hand(spikes, labels, size, steps):
    """The score in each of two phases, from the table of spikes, label by label."""
    shown = {"label": range(20), "test": range(20, 40)}
    count = np.zeros((size, 40))
    for neuron, t in zip(spikes["neuron"], spikes["t"], strict=True):
        step = round(t / 0.5e-3)
        if step < 1600 and step % 40 < 30:
            count[neuron, step // 40] += 1
    names = sorted(set(labels))
    mine = {}
    for neuron in range(size):
        means = [
            np.mean([count[neuron, k] for k in shown["label"] if labels[k] == n]) for n in names
        ]
        if max(means) > 0:
            mine[neuron] = names[int(np.argmax(means))]
    scores = {}
    for phase, stimuli in shown.items():
        right = []
        for k in stimuli:
            votes = [[count[n, k] for n in mine if mine[n] == name] for name in names]
            means = [np.mean(v) if v else 0.0 for v in votes]
            right.append(max(means) > 0 and names[int(np.argmax(means))] == labels[k])
        scores[phase] = np.mean(right)
    return scores, mine


def test_the_score_is_that_of_the_spikes(tmp_path):
    _, labels = write_files(tmp_path)
    tables = run_text(tmp_path, SPEC)
    blocks = tables["blocks"].set_index(["block", "phase"])
    results = load(tmp_path / "out")
    for block in (0, 1):
        for layer, size, column in (("A", 6, "score"), ("P", 16, "of_P")):
            spikes = tables["spikes"].query(f"layer == '{layer}' and block == {block}")
            scores, mine = by_hand(spikes, labels, size, 820)
            for phase, score in scores.items():
                assert blocks.loc[(block, phase), column] == pytest.approx(score, abs=1e-15)
            found = results.assigned(layer, phase="label").query(f"block == {block}")
            assert dict(zip(found["neuron"], found["label"], strict=True)) == mine
    assert blocks.loc[(1, "test"), "of_P"] > 0.9 > 0.6 > blocks.loc[(1, "test"), "score"]
    assert np.allclose(blocks["above"], blocks["score"] - 0.25)
    responses = tables["responses"]
    assert set(responses["label"]) == set("abcd") and responses["value"].notna().all()
    assert len(responses) == 2 * (16 + 6) * 40
    row = responses.query("layer == 'P' and block == 1 and neuron == 3 and stimulus == 7").iloc[0]
    of_it = tables["spikes"].query("layer == 'P' and block == 1 and neuron == 3")["t"]
    assert row["value"] == pytest.approx(np.sum((of_it >= 0.14) & (of_it < 0.1549)) / 0.015)
    assert {"A_selectivity", "A_sparseness"} <= set(tables["blocks"])


def test_images_are_the_rates_laid_out(tmp_path):
    """The same spikes as from a table of the same numbers, in Hz, however it is written."""
    images, _ = write_files(tmp_path)
    rates = images.reshape(40, 16) * 0.6 * 1.0
    np.save(tmp_path / "rates.npy", rates)
    long = pd.DataFrame(
        {
            "t [ms]": np.repeat(np.arange(40) * 20, 16),
            "neuron": np.tile(np.arange(16), 40),
            "rate [kHz]": (rates / 1e3).ravel(),
        }
    )
    long.sample(frac=1, random_state=1).sort_values("t [ms]").to_csv(
        tmp_path / "r.csv", index=False
    )
    long.drop(columns="t [ms]").to_parquet(tmp_path / "r.parquet", index=False)
    text = SPEC.replace("[0.2, 0.6]", "[0.6]")
    expected = run_text(tmp_path, text)["spikes"].drop(columns=["strength"])
    for k, source in enumerate(('"rates.npy"', '"r.csv" column rate', '"r.parquet" column rate')):
        same = text.replace('"x.npz" column images * strength * 1 Hz', source)
        same = same.replace("score - 0.25", "score * strength").replace("scope: block", "")
        same = same.replace("    size: 16", "    size: 16\n    scope: block")
        found = run_text(tmp_path, same, name=f"out{k}")["spikes"].drop(columns=["strength"])
        if k:  # nearest to the decimals
            assert abs(len(found) - len(expected)) < 5
        else:
            pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_the_plain_script_and_blocks_alone(tmp_path):
    write_files(tmp_path)
    found = compile_source(Source("spec.stdp", SPEC), tmp_path, [], "synapse", "numpy")
    tables = run_here(tmp_path, found.run_script, "run", data=tmp_path)
    script = found.script.replace('DATA = "."', f"DATA = {str(tmp_path)!r}")
    plain = run_plain_here(tmp_path, script)
    both = [n for n in plain if n != "blocks"]
    assert_equal_values(*({n: found[n] for n in both} for found in (plain, tables)))
    shard = run_here(tmp_path, found.run_script, "shard", tmp_path, ["--shard", "2/2"])
    alone = run_text(tmp_path, SPEC.replace("[0.2, 0.6]", "[0.6]"), name="one")
    for name in ("blocks", "responses"):
        expected = tables[name].query("block == 1").reset_index(drop=True)
        pd.testing.assert_frame_equal(shard[name], expected, check_exact=True)
        pd.testing.assert_frame_equal(
            alone[name].drop(columns="block"), expected.drop(columns="block"), check_exact=True
        )


DRIVEN = """model driven

neuron cell:
    equations:
        dv/dt = (I - v)/(5 ms) : 1
        I : 1
    threshold: v > 1
    reset: v = 0

layer A:
    neuron: cell
    size: 4
    drive: I from "x.npy" * 3 every 20 ms
    labels: from "x.npz" column classes

record:
    spikes of A

measure:
    score of A = accuracy(label)

run:
    phases:
        label: 400 ms
        test: 400 ms
    dt: 0.5 ms
"""


def test_rows_that_drive_neurons_are_stimuli_if_they_have_labels(tmp_path):
    classes = np.random.default_rng(1).integers(0, 4, 40)
    np.save(tmp_path / "x.npy", np.eye(4)[classes])
    np.savez(tmp_path / "x.npz", classes=classes)
    tables = run_text(tmp_path, DRIVEN)
    assert tables["blocks"]["score"].tolist() == [1.0, 1.0]
    assert tables["blocks"]["A_selectivity"].min() > 0.7
    assert set(tables["responses"]["label"]) == set("0123")
    text = DRIVEN.replace('    labels: from "x.npz" column classes\n', "")
    text = text.replace("    score of A = accuracy(label)", "    score of A = max(rate)")
    assert "responses" not in run_text(tmp_path, text, name="without")


def test_of_a_phase_that_is_repeated_the_last_turn_counts(tmp_path):
    """In the first turn the rows drive neuron k, in the second neuron k + 1."""
    classes = np.arange(40) % 4
    rows = np.concatenate([np.eye(4)[classes[:20]], np.roll(np.eye(4)[classes[20:]], 1, axis=1)])
    np.save(tmp_path / "x.npy", rows)
    np.savez(tmp_path / "x.npz", classes=classes)
    phases = "        label: 400 ms\n        test: 400 ms\n"
    turns = "        repeat 2:\n            label: 200 ms\n            test: 200 ms\n"
    tables = run_text(tmp_path, DRIVEN.replace(phases, turns))
    assert tables["blocks"]["score"].tolist() == [1.0] * 4
    assert run_text(tmp_path, DRIVEN, name="once")["blocks"]["score"].tolist() == [1.0, 0.0]


def test_a_sound_has_labels_of_its_own(tmp_path):
    text = """model heard

sound s:
    stimuli: tones(frequency = [500, 2000] Hz, duration = 50 ms)
    repeats: 4
    level: 60 dB

filterbank cochlea:
    sound: s
    filter: gammatone(cf = [500, 2000] Hz)
    output: 20 * clip(x, 0, inf)

neuron nerve:
    equations:
        dv/dt = (I - v)/(5 ms) : 1
        I : 1
    threshold: v > 0.02
    reset: v = 0

layer A:
    neuron: nerve
    size: 2
    drive: I from cochlea

record:
    spikes of A

measure:
    score of A = accuracy(label)

run:
    phases:
        label: 200 ms
        test: 200 ms
    dt: 0.1 ms
"""
    assert run_text(tmp_path, text)["blocks"]["score"].tolist() == [1.0, 1.0]


def test_no_responses_where_the_rows_last_differently(tmp_path):
    write_files(tmp_path)
    text = SPEC.replace("every 20 ms", "every 20 ms * strength").replace("gap 5 ms", "gap 1 ms")
    with pytest.raises(AssertionError, match="CLAUSE003.*nothing shows stimuli, or more than one"):
        script_of(text, folder=tmp_path)
    for line in ("score of A", "of_P of P", "above"):
        text = "\n".join(x for x in text.split("\n") if not x.strip().startswith(line))
    text = text.replace("measure:\n", "measure:\n    most of A = max(rate)\n")
    assert "responses" not in run_text(tmp_path, text)


def test_a_folder_of_images(tmp_path):
    from PIL import Image

    images, _ = write_files(tmp_path)
    (tmp_path / "seen").mkdir()
    for k, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / "seen" / f"{k:02}.png")
    expected = run_text(tmp_path, SPEC)
    text = SPEC.replace('"x.npz" column images', '"seen/*.png"')
    found = compile_source(Source("spec.stdp", text), tmp_path, [], "synapse", "numpy")
    tables = run_here(tmp_path, found.run_script, "png", data=tmp_path)
    for name in ("blocks", "spikes", "responses"):
        pd.testing.assert_frame_equal(tables[name], expected[name], check_exact=True)
    script = found.script.replace('DATA = "."', f"DATA = {str(tmp_path)!r}")
    plain = run_plain_here(tmp_path, script)
    assert len(plain["spikes"]) == len(tables["spikes"])
    assert sorted(found.files) == ["labels.csv", *(f"seen/{k:02}.png" for k in range(40))]
