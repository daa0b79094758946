"""Sounds are made when they are heard anew, and not to know how long they are."""

from types import SimpleNamespace

import numpy as np
import pytest

from stdpdsl.runtime.heard import Sound, length_of_sound, rate_of

made = []


def tone(replicate, folder, p):
    made.append(p.tone.seconds)
    samples = np.full(round(1000 * p.tone.seconds) + replicate, 0.5)
    played = {"onset": np.zeros(1), "offset": np.ones(1), "stimulus": np.array([0])}
    return samples, played | {"label": [f"{p.tone.seconds} s"]}, 1000.0


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made.clear()


def sound(seconds=0.2, replicate=0, from_files=False):
    p = SimpleNamespace(tone=SimpleNamespace(seconds=seconds))
    return Sound(tone, replicate, ".", p, from_files)


def test_its_length_is_known_from_the_run_before():
    assert (sound().seconds, sound().samplerate, len(made)) == (0.2, 1000.0, 1)
    sounds = {("a", 0): sound(), ("a", 1): sound(0.2, 1), ("b", 0): sound(9)}
    assert length_of_sound("a", sounds) == 0.201 and rate_of("b", sounds) == 1000.0
    made.clear()
    again = sound()
    assert again.presentations["label"].tolist() == ["0.2 s"] and not made
    assert len(again.samples) == 200 and again.samples is again.samples
    assert made == [0.2]


def test_its_key_is_of_all_that_decides_it():
    keys = [sound().key, sound(0.3).key, sound(replicate=1).key]
    assert len(set(keys)) == 3 and sound().key == keys[0] and not made


def test_what_files_hold_is_read_to_know_it():
    assert sound(from_files=True).key == sound(from_files=True).key
    assert len(made) == 2
    assert sound(0.1, from_files=True).key != sound(from_files=True).key
