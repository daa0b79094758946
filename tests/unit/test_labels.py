"""Rates and labels from files: what is wrong with them is told before anything runs."""

from __future__ import annotations

import numpy as np
import pytest

from stdpdsl.compiler import check_text
from stdpdsl.language.source import Source

SPEC = """model m

neuron cell:
    equations:
        dv/dt = -v/(20 ms) : 1
    threshold: v > 1
    reset: v = 0

layer P:
    rates: RATES
    labels: LABELS
    size: 6

layer A:
    neuron: cell
    size: 2

connect P -> A as c:
    pattern: all_to_all
    weight: 0.1
    deliver: w to v

record:
    spikes of A

measure:
    score of A = MEASURE

run:
    phases:
        train: 20 ms
        test: 20 ms
"""
RATES, LABELS, MEASURE = '"i.npz" column images * 2 Hz every 10 ms', '"l.csv"', "accuracy(train)"


def found(folder, rates=RATES, labels=LABELS, measure=MEASURE, text=SPEC):
    text = text.replace("RATES", f"from {rates}").replace("MEASURE", measure)
    text = text.replace("LABELS", f"from {labels}")
    _, diagnostics = check_text(Source("spec.stdp", text), folder, [])
    return [f"{d.code} {d.span.text}: {d.message} ({d.help})" for d in diagnostics]


@pytest.fixture
def folder(tmp_path):
    np.savez(
        tmp_path / "i.npz",
        images=np.ones((4, 3, 2), np.uint8),
        flat=np.ones((4, 6)),
        turned=np.ones((6, 4)),
        minus=-np.ones((4, 6)),
        holes=np.full((4, 6), np.nan),
        digits=np.arange(4),
        more=np.arange(5),
        real=np.arange(4.0),
        one=np.ones(4),
        none=np.ones((0, 6)),
    )
    (tmp_path / "l.csv").write_text("label\nb\na\n7\n1.0\n")
    (tmp_path / "two.csv").write_text("name,number\na,1\nb,2\n,3\nd,4\n")
    (tmp_path / "short.csv").write_text("label\na\nb\n")
    return tmp_path


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"rates": '"i.npz" column flat every 10 ms, gap 2 ms, repeat'},
        {"rates": '"i.npz" column flat * 1 Hz + 2 Hz every 10 ms'},
        {"labels": '"i.npz" column digits'},
        {"labels": '"two.csv" column number'},
        {"measure": "2*accuracy(train) - 0.1"},
    ],
)
def test_what_is_right(folder, given):
    assert found(folder, **given) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rates": '"i.npz" column images * 2 every 10 ms'}, 'UNIT002 from "i.npz"'),
        ({"rates": '"i.npz" column images * 2 mV every 10 ms'}, 'UNIT002 from "i.npz"'),
        ({"rates": '"i.npz" column images + 2 Hz every 10 ms'}, "UNIT"),
        ({"rates": '"i.npz" column turned every 10 ms'}, "FILE006"),
        ({"rates": '"i.npz" column one every 10 ms'}, "FILE006"),
        ({"rates": '"i.npz" column none every 10 ms'}, "FILE006"),
        ({"rates": '"i.npz" column minus * 2 Hz every 10 ms'}, 'FILE003 "i.npz": [0, 0] of'),
        ({"rates": '"i.npz" column holes * 2 Hz every 10 ms'}, 'FILE003 "i.npz": [0, 0] of'),
        ({"rates": '"i.npz" every 10 ms'}, "FILE005"),
        ({"rates": '"none.npy" every 10 ms'}, "FILE001"),
        ({"rates": '"l.csv" every 10 ms'}, "FILE003"),
        ({"labels": '"none.csv"'}, "FILE001"),
        ({"labels": '"short.csv"'}, 'FILE006 "short.csv": `short.csv` has 2 labels, and `i.npz` 4'),
        ({"labels": '"two.csv"'}, "FILE005"),
        ({"labels": '"two.csv" column names'}, "FILE005 names: `two.csv` has no column `names`"),
        ({"labels": '"two.csv" column name'}, 'FILE003 "two.csv": row 3 below the head'),
        ({"labels": '"i.npz" column more'}, "FILE006"),
        ({"labels": '"i.npz" column real'}, "FILE002"),
        ({"labels": '"i.npz" column flat'}, "FILE002"),
        ({"labels": 'results "x" layer A'}, "FILE002"),
        ({"measure": "accuracy(rest)"}, "NAME001 rest: there is no phase `rest`"),
        ({"measure": "accuracy()"}, "TYPE006"),
        ({"measure": "accuracy(2)"}, "TYPE006"),
        ({"measure": "mean(accuracy(train))"}, "NAME012"),
    ],
)
def test_one_error_each(folder, given, message):
    (one,) = found(folder, **given)
    assert one.startswith(message), one


def test_where_labels_and_scores_stand(folder):
    without = SPEC.replace("    labels: LABELS\n", "")
    (one,) = found(folder, text=without)
    assert one.startswith("CLAUSE003 accuracy(train): the stimuli of `P` have no labels")
    (one,) = found(folder, text=SPEC.replace("    spikes of A", "    spikes of P"))
    assert "the spikes of `A` are not recorded" in one
    text = SPEC.replace("    size: 2", '    size: 2\n    labels: from "l.csv"')
    (one,) = found(folder, text=text)
    assert one.startswith("CLAUSE003 from") and "`A` has no stimuli" in one
    (one,) = found(folder, text=without.replace("score of A", "score of c"))
    assert one.startswith("NAME012 accuracy") and "measure of a layer" in one


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda image, path: image.save(path), ""),
        (lambda image, path: image.convert("RGB").save(path), "`b.png` is in colour or"),
        (lambda image, path: image.convert("LA").save(path), "`b.png` is in colour or"),
        (lambda image, path: image.resize((3, 2)).save(path), "`b.png` has 3 × 2 pixels, and the"),
        (lambda image, path: path.write_bytes(b"no image"), "`b.png` is not a complete PNG file"),
        (
            lambda image, path: path.write_bytes(path.with_name("a.png").read_bytes()[:50]),
            "`b.png` is not a complete PNG file",
        ),
        (
            lambda image, path: image.convert("L").save(path, "BMP"),
            "`b.png` is not a complete PNG file",
        ),
    ],
)
def test_folders_of_images(folder, damage, message):
    from PIL import Image

    image = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(3, 2))
    (folder / "seen").mkdir()
    for name in "acd":
        image.save(folder / "seen" / f"{name}.png")
    damage(image, folder / "seen" / "b.png")
    diagnostics = found(folder, rates='"seen/*.png" * 2 Hz every 10 ms')
    assert len(diagnostics) == bool(message)
    assert all(message in one and one.startswith('FILE002 "seen/*.png"') for one in diagnostics)
    (one,) = found(folder, rates='"none/*.png" * 2 Hz every 10 ms')
    assert one.startswith("FILE001") and "there is no such file" in one
    (one,) = found(folder, rates='"../*.png" * 2 Hz every 10 ms')
    assert one.startswith("FILE004")
