"""Sobol' and Morris indices beside closed forms: a pair of spikes changes a weight by the product
of an amplitude and exp(-lag/tau)."""

from __future__ import annotations

import json

import numpy as np
import pytest

import stdpdsl
from stdpdsl.cli import main

SPEC = """model pairs

layer pre:
    spikes: [(0, 10 ms)]
    size: 1

layer post:
    spikes: [(0, 25 ms)]
    size: 1

connect pre -> post as c:
    pattern: all_to_all
    plasticity: pair_additive(wmax = 3)
    initial: w = 1

sweep:
    random: 4 samples
        Apre = uniform(0, 1)
        taupre = loguniform(5 ms, 50 ms)
        unused = uniform(0, 1)
    replicates: 2

run:
    duration: 40 ms
    dt: 1 ms
"""


def sensitivity(folder, capsys, *more):
    (folder / "spec.stdp").write_text(SPEC)
    arguments = ["sensitivity", str(folder / "spec.stdp"), "-o", str(folder / "out")]
    arguments += ["--target", "numpy", "--format", "json", *more]
    status = main(arguments)
    assert status == 0, capsys.readouterr().err
    return {(e["measure"], e["axis"]): e for e in json.loads(capsys.readouterr().out)}


def test_sobol_indices_are_those_of_the_product(tmp_path, capsys):
    found = sensitivity(tmp_path, capsys, "--samples", "256")
    a = (np.arange(2000) + 0.5) / 2000
    g = np.exp(-0.015 / (0.005 * 10**a))
    # Of f(a) g(b): V = E f2 E g2 - (Ef Eg)2, first index of a: Var f (Eg)2 / V.
    ef, ef2, eg, eg2 = a.mean(), (a**2).mean(), g.mean(), (g**2).mean()
    variance = ef2 * eg2 - (ef * eg) ** 2
    first = {"Apre": (ef2 - ef**2) * eg**2, "taupre": (eg2 - eg**2) * ef**2, "unused": 0.0}
    both = (ef2 - ef**2) * (eg2 - eg**2)
    for axis, part in first.items():
        one = found["c_change", axis]
        total = (part + both * (axis != "unused")) / variance
        assert abs(one["first"] - part / variance) < max(0.05, one["first_conf"])
        assert abs(one["total"] - total) < max(0.05, one["total_conf"])
    assert ("pre_rate", "Apre") not in found  # is the same everywhere
    assert len(stdpdsl.load(tmp_path / "out").blocks) == 256 * 5 * 2
    again = sensitivity(tmp_path, capsys, "--samples", "256", "--resume")  # runs nothing
    assert again == found


def test_morris_effects(tmp_path, capsys):
    found = sensitivity(tmp_path, capsys, "--method", "morris", "--samples", "60")
    # Along Apre the change is linear: its slope is exp(-15 ms/tau) at one of four levels of tau.
    slopes = np.exp(-0.015 / (0.005 * 10 ** np.linspace(0, 1, 4)))
    one = found["c_change", "Apre"]
    assert abs(one["first"] - slopes.mean()) < 3 * slopes.std() / np.sqrt(60)
    assert abs(one["total"] - slopes.std()) < 0.3 * slopes.std()
    assert found["c_change", "unused"]["first"] == 0


def test_what_cannot_be_asked(tmp_path, capsys):
    text = SPEC.replace("random: 4 samples", "grid:").replace("uniform(0, 1)", "[0, 1]")
    (tmp_path / "spec.stdp").write_text(text.replace("loguniform(5 ms, 50 ms)", "[5, 50] ms"))
    assert main(["sensitivity", str(tmp_path / "spec.stdp"), "-o", str(tmp_path / "out")]) == 1
    assert "no axis of this spec has a distribution" in capsys.readouterr().err


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_it_is_printed(tmp_path, capsys, method):
    (tmp_path / "spec.stdp").write_text(SPEC)
    arguments = ["sensitivity", str(tmp_path / "spec.stdp"), "-o", str(tmp_path / "out")]
    assert main([*arguments, "--target", "numpy", "--samples", "4", "--method", method]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["measure", "axis"] and any("c_change" in x for x in lines)
