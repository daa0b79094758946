"""The makers of sounds, against brian2hears sample by sample, and recordings from files."""

import inspect

import brian2hears as hears
import numpy as np
import pytest
from brian2 import Hz, ms
from scipy.io import wavfile

from stdpdsl.language.builtins_audio import REQUIRED, SOUNDS
from stdpdsl.runtime import numerics, presentation, sounds
from stdpdsl.runtime.errors import SpecError
from stdpdsl.runtime.recordings import files

FS = 44100.0


def stream(seed=0):
    return np.random.default_rng(seed)


def samples(sound):
    return np.asarray(sound).ravel()


def test_the_table_and_the_functions_agree():
    for name, function in SOUNDS.items():
        signature = inspect.signature(getattr(sounds, name, files)).parameters.values()
        given = tuple(p.name for p in signature if p.kind == p.KEYWORD_ONLY)
        assert set(given) == set(function.given), name
        spec = [(p.name, p.default) for p in signature if p.kind != p.KEYWORD_ONLY]
        empty = inspect.Parameter.empty
        assert [(n, REQUIRED if d is empty else d) for n, d in spec] == [
            (p.name, p.default) for p in function.parameters
        ], name


# Against brian2hears ----------------------------------------------------------------------------


def test_tones():
    made, labels = sounds.tones([98.0, 5270.0], 0.5, samplerate=FS)
    for sound, f in zip(made, (98, 5270), strict=True):
        assert np.array_equal(sound, samples(hears.tone(f * Hz, 500 * ms)))
    assert labels == ["98 Hz", "5270 Hz"]
    shifted, _ = sounds.tones(440.0, 0.1, phase=0.5, samplerate=48000.0)
    theirs = hears.tone(440 * Hz, 100 * ms, phase=0.5, samplerate=48000 * Hz)
    assert np.array_equal(shifted[0], samples(theirs))


def test_harmonic_complexes():
    made, _ = sounds.harmoniccomplex([110.0, 220.0], 0.1, samplerate=FS)
    for sound, f0 in zip(made, (110, 220), strict=True):
        np.testing.assert_array_equal(sound, samples(hears.harmoniccomplex(f0 * Hz, 100 * ms)))
    made, _ = sounds.harmoniccomplex(200.0, 0.1, [1.0, 0.5], 0.3, samplerate=FS)
    theirs = hears.harmoniccomplex(200 * Hz, 100 * ms, amplitude=[1, 0.5], phase=0.3)
    np.testing.assert_array_equal(made[0], samples(theirs))


def test_clicks():
    made, _ = sounds.clicks(1e-4, 5, 0.01, samplerate=FS)
    one = samples(hears.click(0.1 * ms))
    assert len(made[0]) == 5 * 441 and made[0].sum() == 5 * len(one)
    np.testing.assert_array_equal(np.flatnonzero(np.diff(made[0]) > 0) + 1, 441 * np.arange(1, 5))
    loud, labels = sounds.clicks(1e-4, peak=[60.0, 80.0], samplerate=FS)
    for sound, peak in zip(loud, (60, 80), strict=True):
        theirs = hears.click(0.1 * ms, peak=peak * hears.dB)
        np.testing.assert_array_equal(sound, samples(theirs))
    assert labels == ["click", "click"]


def test_vowels():
    made, labels = sounds.vowels(["a", "i", "u"], pitch=120.0, duration=0.2, samplerate=FS)
    for sound, name in zip(made, "aiu", strict=True):
        theirs = hears.vowel(name, pitch=120 * Hz, duration=200 * ms)
        np.testing.assert_allclose(sound, samples(theirs), rtol=0, atol=1e-12)
    assert labels == ["a", "i", "u"]
    by_formants, _ = sounds.vowels(formants=[730.0, 1090.0, 2440.0], duration=0.2, samplerate=FS)
    by_name, _ = sounds.vowels("a", duration=0.2, samplerate=FS)
    np.testing.assert_array_equal(by_formants[0], by_name[0])


@pytest.mark.parametrize("count", [4410, 4411])
@pytest.mark.parametrize("alpha", [1.0, 2.0, 0.5])
def test_power_law_noise_from_the_same_draws(monkeypatch, alpha, count):
    theirs = stream()
    monkeypatch.setattr("brian2hears.sounds.randn", lambda *shape: theirs.standard_normal(shape))
    expected = hears.powerlawnoise(count / FS * 1000 * ms, alpha)
    made, _ = sounds.powerlawnoise(count / FS, alpha, samplerate=FS, rng=stream())
    np.testing.assert_allclose(made[0], samples(expected), rtol=1e-12, atol=1e-18)


def test_noise_spectra():
    rng = stream(1)
    for maker, slope in ((sounds.whitenoise, 0), (sounds.pinknoise, -1), (sounds.brownnoise, -2)):
        noise = maker(4.0, samplerate=FS, rng=rng)[0][0]
        power = np.abs(np.fft.rfft(noise)) ** 2
        f = np.fft.rfftfreq(len(noise), 1 / FS)
        edges = np.geomspace(100, 10000, 12)
        bands = [power[(f >= a) & (f < b)].mean() for a, b in zip(edges, edges[1:], strict=False)]
        fitted = np.polyfit(np.log(np.sqrt(edges[1:] * edges[:-1])), np.log(bands), 1)[0]
        assert fitted == pytest.approx(slope, abs=0.1)


def test_rippled_noise(monkeypatch):
    theirs = stream()
    monkeypatch.setattr("brian2hears.sounds.randn", lambda *shape: theirs.standard_normal(shape))
    expected = hears.irns(5 * ms, 0.8, 1, 100 * ms)
    made, _ = sounds.irns(0.005, 0.8, 1, 0.1, samplerate=FS, rng=stream())
    np.testing.assert_allclose(made[0], samples(expected), atol=1e-12)
    noise = stream().standard_normal(4000)  # a delay of 40 samples: four times added to itself
    for _ in range(4):
        noise = noise + 0.8 * np.roll(noise, 40)
    made, _ = sounds.irns(0.005, 0.8, 4, 0.5, samplerate=8000.0, rng=stream())
    np.testing.assert_allclose(made[0], noise, atol=1e-9)
    first = noise = stream().standard_normal(4000)
    for _ in range(4):
        noise = first + 0.8 * np.roll(noise, 40)
    made, _ = sounds.irno(0.005, 0.8, 4, 0.5, samplerate=8000.0, rng=stream())
    np.testing.assert_allclose(made[0], noise, atol=1e-9)


def test_noises_are_reproducible_and_leave_numpy_alone():
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    a, labels = sounds.whitenoise([0.1, 0.2], count=2, samplerate=FS, rng=stream(3))
    b, _ = sounds.whitenoise([0.1, 0.2], count=2, samplerate=FS, rng=stream(3))
    assert [len(x) for x in a] == [4410, 4410, 8820, 8820] and len(set(labels)) == 4
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert not np.array_equal(a[0], a[1])
    assert np.array_equal(before, np.random.get_state()[1])
    peak = sounds.pinknoise(0.1, normalise=True, samplerate=FS, rng=stream())[0][0]
    assert peak.max() == 1 and peak.min() == -1


def test_erbspace():
    theirs = np.asarray(hears.erbspace(100 * Hz, 5000 * Hz, 10))
    np.testing.assert_array_equal(numerics.erbspace(100.0, 5000.0, 10), theirs)
    assert np.isfinite(numerics.erbspace(100.0, 5000.0, 1)).all()


# The sequence -----------------------------------------------------------------------------------


def test_the_sequence_of_the_thread():
    frequencies = [300, 700, 1100]
    sequence = silence = hears.silence(20 * ms)
    for f in frequencies:
        tone = hears.tone(f * Hz, 100 * ms)
        tone.ramp(when="both", duration=10 * ms)
        tone.level = 65 * hears.dB
        sequence = hears.Sound.sequence(sequence, tone, silence)
    stimuli, labels = sounds.tones(np.array(frequencies, float), 0.1, samplerate=FS)
    ours, presented = presentation.sequence(
        stimuli, labels, samplerate=FS, ramp=0.01, gap=0.02, level=65.0
    )
    np.testing.assert_array_equal(ours, samples(sequence))
    np.testing.assert_allclose(presented["onset"], [0.02, 0.14, 0.26])
    np.testing.assert_allclose(presented["offset"], [0.12, 0.24, 0.36])
    assert presented["label"] == ["300 Hz", "700 Hz", "1100 Hz"]


@pytest.mark.parametrize("gap", [0.0, 0.02, 0.9])
def test_a_level_is_that_of_each_stimulus_whatever_the_gaps(gap):
    tones, labels = sounds.tones([300.0, 700.0], [0.1, 0.3], samplerate=FS)
    stimuli, labels = [tones[0], 7 * tones[1], np.zeros(1000)], [*labels, "silence"]
    ours, presented = presentation.sequence(
        stimuli, labels, samplerate=FS, ramp=0.01, gap=gap, level=65.0, repeats=2
    )
    for onset, offset, label in zip(
        presented["onset"], presented["offset"], presented["label"], strict=True
    ):
        sound = ours[round(onset * FS) : round(offset * FS)]
        if label == "silence":
            assert not sound.any()
        else:
            theirs = hears.Sound(sound, samplerate=FS * Hz)
            assert float(theirs.level) == pytest.approx(65, abs=1e-10)


def test_orders_and_repeats():
    stimuli, labels = sounds.tones([200.0, 300.0, 400.0], 0.01, samplerate=FS)
    samples_, presented = presentation.sequence(stimuli, labels, samplerate=FS, repeats=2)
    assert list(presented["stimulus"]) == [0, 1, 2, 0, 1, 2]
    assert len(samples_) == 6 * 441 and presented["onset"][0] == 0
    options = {"samplerate": FS, "repeats": 10, "order": "shuffled"}
    one, shuffled = presentation.sequence(stimuli, labels, **options, rng=stream(1))
    two, _ = presentation.sequence(stimuli, labels, **options, rng=stream(1))
    other, _ = presentation.sequence(stimuli, labels, **options, rng=stream(2))
    assert np.array_equal(one, two) and not np.array_equal(one, other)
    assert list(np.bincount(shuffled["stimulus"])) == [10, 10, 10]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sounds.tones([1.0, 2.0], [1.0, 2.0, 3.0], samplerate=FS), "differ in length"),
        (lambda: sounds.tones([], 1.0, samplerate=FS), "empty"),
        (lambda: sounds.tones(30000.0, 1.0, samplerate=FS), "30000 Hz is not between 0 and 22050"),
        (lambda: sounds.tones(300.0, 1e-6, samplerate=FS), "no sample"),
        (lambda: sounds.harmoniccomplex(0.0, 1.0, samplerate=FS), "not above 0"),
        (lambda: sounds.clicks(0.1, 3, samplerate=FS), "need an interval"),
        (lambda: sounds.clicks(0.1, 3, 0.05, samplerate=FS), "do not fit"),
        (lambda: sounds.vowels("o", samplerate=FS), "'o' is not one of a, i, u"),
        (lambda: sounds.vowels(samplerate=FS), "either vowel or formants"),
        (lambda: presentation.sequence([np.ones(9)], [""], samplerate=FS, ramp=1.0), "longer than"),
        (lambda: presentation.sequence([np.zeros(9)], [""], samplerate=FS, level=65.0), "silent"),
    ],
)
def test_what_cannot_be_made(call, message):
    with pytest.raises(SpecError, match=message):
        call()


# Recordings -------------------------------------------------------------------------------------


@pytest.fixture
def recordings(tmp_path):
    """A tone of 500 Hz and peak 0.5 in many formats, and a labels file in ESC-50's layout."""
    folder = tmp_path / "audio"
    folder.mkdir()

    def tone(rate):
        return 0.5 * np.sin(2 * np.pi * 500 * np.arange(rate // 5) / rate)

    def write(name, rate, data):
        wavfile.write(folder / name, rate, data)

    write("1-a.wav", 44100, np.round(tone(44100) * 32767).astype(np.int16))
    write("1-b.wav", 48000, tone(48000).astype(np.float32))
    write("2-c.wav", 22050, np.round(tone(22050) * (2**31 - 1)).astype(np.int32))
    write("2-d.wav", 8000, (np.round(tone(8000) * 127) + 128).astype(np.uint8))
    stereo = np.stack([tone(44100), np.zeros(8820)], axis=1) * 32767
    write("2-e.wav", 44100, np.round(stereo).astype(np.int16))
    (folder / "notes.txt").write_text("not a sound")
    rows = [
        ("1-a", 1, 0, "dog"),
        ("1-b", 1, 1, "rain"),
        ("2-c", 2, 0, "dog"),
        ("2-d", 2, 1, "rain"),
    ]
    lines = [f"{name}.wav,{fold},{target},{text},True" for name, fold, target, text in rows]
    lines = ["filename,fold,target,category,esc10", *lines, "2-e.wav,2,2,cow,False"]
    (tmp_path / "esc50.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_any_rate_and_format(recordings):
    made, labels = files("audio/*", folder=recordings, samplerate=FS)
    assert labels == ["1-a", "1-b", "2-c", "2-d", "2-e"]
    expected = 0.5 * np.sin(2 * np.pi * 500 * np.arange(8820) / FS)
    inner = slice(1000, -1000)  # away from the resampling filter's ends
    for sound, scale in zip(made, (1, 1, 1, 1, 0.5), strict=True):
        assert len(sound) == 8820
        tolerance = 1e-2 if sound is made[3] else 1e-3
        np.testing.assert_allclose(sound[inner], scale * expected[inner], atol=tolerance)


def test_labels_and_choices(recordings):
    def chosen(**options):
        return files("audio/*.wav", "esc50.csv", folder=recordings, samplerate=FS, **options)[1]

    assert chosen() == ["dog", "rain", "dog", "rain", "cow"]
    assert chosen(categories="dog") == ["dog", "dog"]
    assert chosen(folds=[1], column="target") == ["0", "1"]
    made, _ = files("audio/1-a.wav", duration=0.5, folder=recordings, samplerate=FS)
    assert len(made[0]) == 22050 and not made[0][8820:].any()
    made, _ = files("audio/1-a.wav", duration=0.1, folder=recordings, samplerate=FS)
    assert len(made[0]) == 4410


def test_files_that_cannot_be_used(recordings):
    def reading(message, *arguments, **options):
        with pytest.raises(SpecError, match=message):
            files(*arguments, folder=recordings, samplerate=FS, **options)

    reading("no WAV file matches 'none/", "none/*.wav")
    reading("no WAV file matches", "audio/*.txt")
    reading("cannot read the labels file", "audio/*.wav", "missing.csv")
    reading("no column 'kind'; it has filename", "audio/*.wav", "esc50.csv", column="kind")
    reading("leaves none of 5", "audio/*.wav", "esc50.csv", categories="bird")
    reading("need a labels file", "audio/*.wav", folds=1)
    (recordings / "few.csv").write_text("filename,category\n1-a.wav,dog\n")
    reading("no row for 1-b.wav", "audio/*.wav", "few.csv")
    (recordings / "empty.csv").write_text("")
    reading("has no rows", "audio/*.wav", "empty.csv")
    (recordings / "audio" / "0.wav").write_bytes(b"RIFF____WAVEjunk")
    reading("cannot read", "audio/0.wav")
    (recordings / "audio" / "0.wav").write_bytes(b"")
    reading("cannot read", "audio/0.wav")
    wavfile.write(recordings / "audio" / "0.wav", 8000, np.zeros(0, np.int16))
    reading("no samples", "audio/0.wav")


@pytest.mark.parametrize("kept", [-1, 4000, 46, 44, 40, 20])
def test_a_recording_that_is_cut_off_is_no_sound(tmp_path, kept):
    wavfile.write(tmp_path / "a.wav", 8000, np.arange(4000, dtype=np.int16))
    whole = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(whole[:kept])
    with pytest.raises(SpecError, match=r"a\.wav is cut off|cannot read .*a\.wav"):
        files("*.wav", folder=tmp_path, samplerate=FS)
