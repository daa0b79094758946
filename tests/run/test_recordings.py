"""`auditory_recordings` on recordings that are made here: mono and stereo, two sample rates."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.io import wavfile

from stdpdsl.compiler import check_text, compile_source
from stdpdsl.language.source import Source

SPEC = Path(__file__).parents[2] / "specs" / "auditory_recordings.stdp"
RATES = {"1-1-A-0": (44100, 1), "1-2-A-1": (44100, 2), "2-3-A-0": (22050, 1), "2-4-A-1": (22050, 2)}
SECONDS = 0.1


def source() -> Source:
    return Source(SPEC.name, SPEC.read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path) -> Path:
    """Sounds of 0.1 s in `sounds/`, with their CSV in ESC-50's layout."""
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    rows = []
    for k, (name, (rate, channels)) in enumerate(RATES.items()):
        t = np.arange(round(SECONDS * rate)) / rate
        wave = 0.5 * np.sin(2 * np.pi * (300 + 400 * k) * t) * (1 - t / SECONDS)
        # The channels differ, and their mean is the wave.
        data = np.stack([1.5 * wave, 0.5 * wave], axis=1) if channels == 2 else wave
        wavfile.write(sounds / f"{name}.wav", rate, np.rint(data * 32767).astype(np.int16))
        fold, clip, take, target = name.split("-")
        rows.append([f"{name}.wav", fold, target, ["dog", "rain"][int(target)], True, clip, take])
    head = ["filename", "fold", "target", "category", "esc10", "src_file", "take"]
    with open(sounds / "esc50.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])
    return tmp_path


@pytest.mark.slow
def test_it_hears_every_recording(folder):
    assert check_text(source(), folder, [])[1] == []
    compiled = compile_source(source(), folder, [], "synapse", "numpy")
    (folder / "script.py").write_text(compiled.run_script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "script.py", "--out", "out"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tables = {p.name: pd.read_parquet(p) for p in (folder / "out").iterdir() if p.is_dir()}
    blocks, spikes = tables["blocks"], tables["spikes"]
    assert len(blocks) == 4 and (blocks["status"] == "ok").all()
    # A gap, and four recordings with a gap behind each, twice; the nerve hears each of them.
    (part,) = (folder / "out" / "blocks").glob("*.parquet")
    about = json.loads(pq.read_schema(part).metadata[b"stdpdsl"])
    length = 0.02 + 2 * len(RATES) * (SECONDS + 0.02)
    assert about["time_reached"] == pytest.approx(length, abs=2e-3)
    heard = spikes[spikes["layer"] == "AN"]["t"]
    presented = np.unique(((heard - 0.02) // (SECONDS + 0.02)).astype(int))
    assert presented.tolist() == list(range(2 * len(RATES)))
    weights = tables["weights"].query("connection == 'feedforward'")
    assert weights.groupby(["Apre", "ratio"])["w"].mean().nunique() >= 3


def test_without_recordings_the_check_says_what_to_do(tmp_path):
    found = check_text(source(), tmp_path, [])[1]
    assert [(d.code, d.message) for d in found] == [
        ("FILE001", "no WAV file matches `sounds/*.wav`"),
        ("FILE001", "cannot read `sounds/esc50.csv`: there is no such file"),
    ]
    assert "put recordings there" in found[0].help
    assert all("the spec's folder" in d.help for d in found)
