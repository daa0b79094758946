"""Sounds: makers of stimuli, and the sequence that presents them.

A maker returns (stimuli, labels): one float64 array of pressures in Pa and one text per stimulus.
Arguments are SI floats (Hz, s, rad; levels in dB SPL). An argument may be a list: the makers' lists
advance together, and a single value serves all stimuli. A duration becomes the nearest whole number
of samples. The formulae are those of brian2hears 0.9.2 unless a maker says otherwise.
"""

import csv
import glob
import os
import struct
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np

from .errors import fail

REFERENCE_PRESSURE = 2e-5  # Pa, 0 dB SPL
CLICK_REFERENCE = 28e-6  # Pa, 0 dB peak SPL of a click, as brian2hears has it
# Of recordings, which may come from a stranger.
WAV_BYTES = 1_000_000_000
WAV_RATES = (1_000, 1_000_000)  # Hz
WAV_SAMPLES = 100_000_000
SAMPLES_OF_FILES = 500_000_000  # of all together
LABELS_BYTES = 100_000_000
FORMANTS = {  # Hz, from Duda's MakeVowel in Slaney's Auditory Toolbox
    "a": (730.0, 1090.0, 2440.0),
    "i": (270.0, 2290.0, 3010.0),
    "u": (300.0, 870.0, 2240.0),
}


# Arguments --------------------------------------------------------------------------------------


def in_parallel(maker, **arguments):
    """One dict of arguments per stimulus: lists advance together, single values are repeated."""
    lists = {
        name: list(value)
        for name, value in arguments.items()
        if isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value) > 0
    }
    lengths = {name: len(value) for name, value in lists.items() if len(value) != 1}
    if 0 in lengths.values():
        fail(f"{maker}: the list {min(lengths, key=lambda name: lengths[name])} is empty")
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        fail(f"{maker}: lists that advance together differ in length: {counts}")
    count = max(lengths.values(), default=1)
    columns = {
        name: (lists[name] * count if len(lists[name]) == 1 else lists[name])
        if name in lists
        else [value] * count
        for name, value in arguments.items()
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def sample_count(duration, samplerate):
    """The whole number of samples nearest to `duration` (s) at `samplerate` (Hz); at least one."""
    count = int(np.rint(duration * samplerate))
    if count < 1:
        fail(f"a stimulus of {duration:g} s has no sample at {samplerate:g} Hz")
    return count


def below_nyquist(maker, frequency, samplerate):
    """Fail if a component of `frequency` (Hz) cannot be sampled at `samplerate` (Hz)."""
    if not 0 <= frequency <= samplerate / 2:
        fail(
            f"{maker}: {frequency:g} Hz is not between 0 and {samplerate / 2:g} Hz, "
            f"half the sample rate"
        )


# Tones ------------------------------------------------------------------------------------------


def sine(frequency, count, phase, samplerate):
    """sin(phase + 2 pi frequency t): `count` samples of a tone of 1 Pa peak."""
    t = np.arange(count) / samplerate
    return np.sin(phase + 2.0 * np.pi * frequency * t)


def tones(frequency, duration, phase=0.0, *, samplerate):
    """Pure tones of peak 1 Pa: frequency (Hz), duration (s), phase (rad)."""
    stimuli, labels = [], []
    for one in in_parallel("tones", frequency=frequency, duration=duration, phase=phase):
        below_nyquist("tones", one["frequency"], samplerate)
        count = sample_count(one["duration"], samplerate)
        stimuli.append(sine(one["frequency"], count, one["phase"], samplerate))
        labels.append(f"{one['frequency']:g} Hz")
    return stimuli, labels


def harmoniccomplex(f0, duration, amplitude=1.0, phase=0.0, *, samplerate):
    """Harmonic complexes: fundamental f0 (Hz), duration (s).

    `amplitude` (Pa) and `phase` (rad) are single values for all harmonics up to half the sample
    rate, or lists with one value per harmonic, whose length is then the number of harmonics.
    """
    stimuli, labels = [], []
    for one in in_parallel("harmoniccomplex", f0=f0, duration=duration):
        below_nyquist("harmoniccomplex", one["f0"], samplerate)
        count = sample_count(one["duration"], samplerate)
        amplitudes, phases = harmonics(one["f0"], amplitude, phase, samplerate)
        sound = np.zeros(count)
        for k, (a, p) in enumerate(zip(amplitudes, phases, strict=True), start=1):
            sound += a * sine(k * one["f0"], count, p, samplerate)
        stimuli.append(sound)
        labels.append(f"{one['f0']:g} Hz")
    return stimuli, labels


def harmonics(f0, amplitude, phase, samplerate):
    """Amplitudes (Pa) and phases (rad) of the harmonics of `f0` (Hz)."""
    if f0 <= 0:
        fail(f"harmoniccomplex: the fundamental f0 is {f0:g} Hz, not above 0")
    amplitudes, phases = np.atleast_1d(amplitude), np.atleast_1d(phase)
    listed = {len(values) for values in (amplitudes, phases) if len(values) > 1}
    if len(listed) > 1:
        fail(
            f"harmoniccomplex: {len(amplitudes)} amplitudes but {len(phases)} phases; "
            f"give one of each per harmonic"
        )
    count = listed.pop() if listed else int(np.floor(samplerate / (2 * f0)))
    below_nyquist("harmoniccomplex", count * f0, samplerate)
    return np.broadcast_to(amplitudes, count), np.broadcast_to(phases, count)


# Noises: drawn from `rng`, a NumPy Generator ----------------------------------------------------


def whitenoise(duration, count=1, *, samplerate, rng):
    """`count` Gaussian white noises of rms 1 Pa: duration (s)."""
    stimuli = [
        rng.standard_normal(sample_count(one["duration"], samplerate))
        for one in in_parallel("whitenoise", duration=duration)
        for _ in range(int(count))
    ]
    return stimuli, [f"whitenoise {k}" for k in range(len(stimuli))]


def powerlawnoise(duration, alpha, normalise=False, count=1, *, samplerate, rng):
    """Noises whose power per Hz falls as 1/f**alpha: duration (s).

    `normalise` scales each to the range -1 to 1 Pa; without it they are as faint as the formula
    makes them, so give the sound a `level`. After Little et al. (2007), Biomed Eng Online 6:23.
    """
    stimuli = [
        power_law(sample_count(one["duration"], samplerate), one["alpha"], samplerate, rng)
        for one in in_parallel("powerlawnoise", duration=duration, alpha=alpha)
        for _ in range(int(count))
    ]
    if normalise:
        stimuli = [full_range(sound) for sound in stimuli]
    return stimuli, [f"powerlawnoise {k}" for k in range(len(stimuli))]


def pinknoise(duration, normalise=False, count=1, *, samplerate, rng):
    """1/f noises: powerlawnoise with alpha = 1."""
    stimuli, _ = powerlawnoise(duration, 1.0, normalise, count, samplerate=samplerate, rng=rng)
    return stimuli, [f"pinknoise {k}" for k in range(len(stimuli))]


def brownnoise(duration, normalise=False, count=1, *, samplerate, rng):
    """1/f**2 noises: powerlawnoise with alpha = 2."""
    stimuli, _ = powerlawnoise(duration, 2.0, normalise, count, samplerate=samplerate, rng=rng)
    return stimuli, [f"brownnoise {k}" for k in range(len(stimuli))]


def power_law(count, alpha, samplerate, rng):
    """`count` samples of one power-law noise, made in the frequency domain."""
    half = count // 2
    pairs = half if count % 2 else max(half - 1, 0)  # frequencies that have a conjugate
    frequencies = np.fft.fftfreq(count, d=1.0 / samplerate).astype(complex)
    positive = rng.standard_normal(pairs) + 1j * rng.standard_normal(pairs)
    positive *= 1.0 / frequencies[1 : pairs + 1] ** (alpha / 2.0)
    middle = np.zeros(0)
    if count % 2 == 0:
        middle = rng.standard_normal(1) / abs(frequencies[half]) ** (alpha / 2.0)
    spectrum = np.concatenate([[1.0], positive, middle, np.conj(positive)[::-1]])
    return np.real(np.fft.ifft(spectrum))


def full_range(sound):
    """`sound` scaled and shifted to reach from -1 to 1."""
    return ((sound - sound.min()) / np.ptp(sound) - 0.5) * 2


def irns(delay, gain, niter, duration, count=1, *, samplerate, rng):
    """Iterated rippled noises, "add same": niter times the noise plus gain times itself, delay
    (s) later; duration (s).

    Yost (1996), JASA 100:511. The delay is circular, so that there is no onset without ripples.
    (brian2hears' own `irns` agrees for niter = 1 only: it multiplies its sum into itself.)
    """
    return rippled_noises("irns", delay, gain, niter, duration, count, samplerate, rng)


def irno(delay, gain, niter, duration, count=1, *, samplerate, rng):
    """Iterated rippled noises, "add original": niter times the first noise plus gain times the
    last result, delay (s) later; duration (s). Yost (1996), JASA 100:511.
    """
    return rippled_noises("irno", delay, gain, niter, duration, count, samplerate, rng)


def rippled_noises(kind, delay, gain, niter, duration, count, samplerate, rng):
    """The stimuli and labels of `irns` and `irno`."""
    stimuli, labels = [], []
    rows = in_parallel(kind, delay=delay, gain=gain, niter=niter, duration=duration)
    for one in rows:
        for _ in range(int(count)):
            samples = sample_count(one["duration"], samplerate)
            spectrum = np.fft.fft(rng.standard_normal(samples))
            w = 2 * np.pi * np.fft.fftfreq(samples, 1.0 / samplerate)
            echo = one["gain"] * np.exp(-1j * w * one["delay"])
            spectrum *= ripples(kind, echo, int(one["niter"]))
            stimuli.append(np.real(np.fft.ifft(spectrum)))
            labels.append(f"{kind} {one['delay']:g} s")
    return stimuli, labels


def ripples(kind, echo, niter):
    """The transfer function of `niter` iterations of one echo: (1 + e)**n or 1 + e + … + e**n."""
    if kind == "irns":
        return (1 + echo) ** niter
    return sum(echo**k for k in range(niter + 1))


# Clicks, vowels, silence ------------------------------------------------------------------------


def clicks(duration, n=1, interval=None, peak=None, *, samplerate):
    """Trains of n clicks, each of `duration` (s), their onsets `interval` (s) apart.

    The amplitude is 1 Pa, or what `peak` (dB peak SPL re 28 uPa) says. A train lasts n intervals;
    a single click without an interval lasts its own duration.
    """
    stimuli, labels = [], []
    rows = in_parallel("clicks", duration=duration, n=n, interval=interval, peak=peak)
    for one in rows:
        stimuli.append(click_train(one["duration"], int(one["n"]), one["interval"], samplerate))
        if one["peak"] is not None:
            stimuli[-1] *= CLICK_REFERENCE * 10 ** (one["peak"] / 20.0)
        labels.append(f"{int(one['n'])} clicks" if one["n"] != 1 else "click")
    return stimuli, labels


def click_train(duration, n, interval, samplerate):
    """n clicks of 1 Pa and `duration` (s), their onsets `interval` (s) apart."""
    if interval is None:
        if n != 1:
            fail(f"clicks: {n} clicks need an interval")
        interval = duration
    width, period = sample_count(duration, samplerate), sample_count(interval, samplerate)
    if n < 1 or period < width:
        fail(f"clicks: {n} clicks of {duration:g} s do not fit intervals of {interval:g} s")
    one = np.zeros(period)
    one[:width] = 1.0
    return np.tile(one, n)


def vowels(vowel=None, formants=None, pitch=100.0, duration=1.0, *, samplerate):
    """Artificial vowels by the source-filter model, peak 1 Pa: pitch (Hz), duration (s).

    Either `vowel` ("a", "i" or "u", or a list of them) or one list of `formants` (Hz). After
    Duda's MakeVowel in Slaney's Auditory Toolbox, Interval Research report 1998-010.
    """
    if (vowel is None) == (formants is None):
        fail("vowels: give either vowel or formants")
    stimuli, labels = [], []
    for one in in_parallel("vowels", vowel=vowel, pitch=pitch, duration=duration):
        if vowel is not None and one["vowel"] not in FORMANTS:
            fail(f"vowels: '{one['vowel']}' is not one of {', '.join(FORMANTS)}")
        peaks = formants if vowel is None else FORMANTS[one["vowel"]]
        count = sample_count(one["duration"], samplerate)
        stimuli.append(voiced(np.atleast_1d(peaks), one["pitch"], count, samplerate))
        labels.append(one["vowel"] if vowel is not None else f"{one['pitch']:g} Hz")
    return stimuli, labels


def voiced(formants, pitch, count, samplerate):
    """`count` samples: glottal pulses at `pitch` (Hz) through resonances at `formants` (Hz)."""
    from scipy.signal import lfilter

    below_nyquist("vowels", max(formants), samplerate)
    below_nyquist("vowels", pitch, samplerate)
    if count < 2 or pitch <= 0:
        fail("vowels: a vowel needs a pitch above 0 Hz and two samples")
    points = np.arange(0, count - 1, samplerate / pitch)
    before = np.floor(points).astype(int)
    y = np.zeros(count)
    y[before] = (before + 1) - points
    y[before + 1] = points - before
    a = np.exp(-250.0 * 2 * np.pi / samplerate)
    y = lfilter([1], [1, 0, -a * a], y)
    bandwidth = 50.0  # Hz
    for f in formants:
        cft, q = f / samplerate, f / bandwidth
        rho = np.exp(-np.pi * cft / q)
        theta = 2 * np.pi * cft * np.sqrt(1 - 1 / (4.0 * q * q))
        a2, a3 = -2 * rho * np.cos(theta), rho * rho
        y = lfilter([1 + a2 + a3], [1, a2, a3], y)
    return y / np.max(np.abs(y))


def silence(duration, *, samplerate):
    """Stimuli of zeros, for a control: duration (s)."""
    rows = in_parallel("silence", duration=duration)
    stimuli = [np.zeros(sample_count(one["duration"], samplerate)) for one in rows]
    return stimuli, ["silence"] * len(stimuli)


# Recordings -------------------------------------------------------------------------------------


def files(
    pattern,
    labels=None,
    column="category",
    categories=None,
    folds=None,
    duration=None,
    *,
    folder,
    samplerate,
):
    """The WAV files under `folder` that match `pattern` (`**` for any depth), sorted by path.

    Stereo becomes the mean of its channels, integers become -1 to 1 Pa, any rate is resampled to
    `samplerate` (Hz). `duration` (s) cuts each or pads it with zeros. `labels` is a CSV file under
    `folder` in ESC-50's layout (filename, fold, target, category, …): the text in `column` becomes
    the label, and `categories` and `folds` keep only the files with those. Without it a file's
    label is its name.
    """
    paths = sorted(glob.glob(pattern, root_dir=folder, recursive=True))
    paths = [path for path in paths if path.lower().endswith((".wav", ".wave"))]
    if not paths:
        fail(f"no WAV file matches '{pattern}' in {Path(folder).resolve()}")
    names = {path: Path(path).stem for path in paths}
    if labels is None and (categories is not None or folds is not None):
        fail("files: categories and folds need a labels file")
    if labels is not None:
        table = read_labels(Path(folder) / labels, column)
        names = chosen_files(paths, table, labels, column, categories, folds)
    stimuli, total = [], 0
    for path in names:
        stimuli.append(read_wav(Path(folder) / path, samplerate))
        total += len(stimuli[-1])
        if total > SAMPLES_OF_FILES:
            fail(f"the files that match '{pattern}' have more than {SAMPLES_OF_FILES:,} samples")
    if duration is not None:
        count = sample_count(duration, samplerate)
        stimuli = [np.concatenate([x[:count], np.zeros(max(count - len(x), 0))]) for x in stimuli]
    return stimuli, list(names.values())


def read_labels(path, column):
    """The rows of a labels file by file name: {"1-100032-A-0.wav": {"category": "dog", …}, …}."""
    try:
        few_bytes(path, LABELS_BYTES)
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        fail(f"cannot read the labels file {path}: {error.strerror}")
    except (UnicodeDecodeError, csv.Error) as error:
        fail(f"the labels file {path} is not CSV in UTF-8: {error}")
    if not rows:
        fail(f"the labels file {path} has no rows")
    for needed in ("filename", column):
        if needed not in rows[0]:
            found = ", ".join(str(name) for name in rows[0])
            fail(f"the labels file {path} has no column '{needed}'; it has {found}")
    return {row["filename"]: row for row in rows}


def chosen_files(paths, table, labels, column, categories, folds):
    """The label of each path that `categories` and `folds` keep, in the order of `paths`."""
    chosen = {}
    for path in paths:
        row = table.get(Path(path).name)
        if row is None:
            fail(f"the labels file {labels} has no row for {Path(path).name}")
        if categories is not None and row.get("category") not in np.atleast_1d(categories):
            continue
        if folds is not None and row.get("fold") not in [str(int(f)) for f in np.atleast_1d(folds)]:
            continue
        chosen[path] = row[column]
    if not chosen:
        fail(f"the labels file {labels} leaves none of {len(paths)} files with these categories")
    return chosen


def few_bytes(path, most):
    """Refuse a file that is too long to be read."""
    size = os.path.getsize(path)
    if size > most:
        fail(f"{path} has {size:,} bytes; at most {most:,} are read")


def read_wav(path, samplerate):
    """One WAV file as mono samples in -1 to 1 at `samplerate` (Hz)."""
    from scipy.io import wavfile

    try:
        few_bytes(path, WAV_BYTES)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Chunk .* not understood")
            warnings.filterwarnings("error", message="Reached EOF prematurely")
            rate, data = wavfile.read(path)
    except wavfile.WavFileWarning as error:
        fail(f"{path} is cut off: {error}")
    except (OSError, ValueError, EOFError, MemoryError, struct.error) as error:
        fail(f"cannot read {path}: {error}")
    if rate <= 0 or len(data) == 0:
        fail(f"{path} has no samples")
    # Between far rates a short file would become a long sound, or take a long filter.
    low, high = WAV_RATES
    if not low <= rate <= high:
        fail(f"{path} has {rate:,} samples per second; from {low:,} to {high:,} are read")
    if max(data.size, len(data) / rate * samplerate) > WAV_SAMPLES:
        fail(f"{path} has more than {WAV_SAMPLES:,} samples at {samplerate:g} Hz")
    sound = unit_range(data)
    if sound.ndim > 1:
        sound = sound.mean(axis=1)
    if not np.isfinite(sound).all():
        fail(f"{path} has samples that are not finite")
    return resampled(sound, rate, samplerate)


def unit_range(data):
    """Samples as float64: integers scaled to -1 to 1 (8-bit WAV is unsigned), floats unchanged."""
    if data.dtype == np.uint8:
        return (data.astype(np.float64) - 128.0) / 128.0
    if np.issubdtype(data.dtype, np.integer):
        return data / float(2 ** (8 * data.dtype.itemsize - 1))
    return data.astype(np.float64)


def resampled(sound, rate, samplerate):
    """`sound` from `rate` to `samplerate` (Hz) by a polyphase filter (scipy's resample_poly)."""
    from scipy.signal import resample_poly

    ratio = Fraction(samplerate).limit_denominator(1000) / int(rate)
    if ratio == 1:
        return sound
    return resample_poly(sound, ratio.numerator, ratio.denominator)


# Presentation -----------------------------------------------------------------------------------


def sequence(
    stimuli,
    labels,
    *,
    samplerate,
    ramp=0.0,
    gap=0.0,
    level=None,
    repeats=1,
    order="sequential",
    rng=None,
):
    """The stimuli one after another: (samples in Pa, presentations).

    A gap (s) of silence comes first and after each stimulus. Each is ramped at both ends with a
    cos**2 flank of `ramp` (s). `level` (dB SPL) is then that of each stimulus without its gaps, as
    `sound.level = …` sets it for one sound in brian2hears; silence stays silent.
    `order`: "sequential" plays the list `repeats` times over; "shuffled" mixes all presentations,
    by draws from `rng`. Presentations are columns: onset and offset (s), stimulus, label.
    """
    played = presentation_order(len(stimuli), int(repeats), order, rng)
    ramped = [with_ramps(sound, ramp, samplerate) for sound in stimuli]
    if level is not None:
        set_levels(ramped, level)
    silent = int(np.rint(gap * samplerate))
    lengths = np.array([len(sound) for sound in stimuli])[played]
    onsets = silent + np.concatenate([[0], np.cumsum(lengths + silent)[:-1]])
    samples = np.zeros(silent + int(np.sum(lengths + silent)))
    for onset, k in zip(onsets, played, strict=True):
        samples[onset : onset + len(ramped[k])] = ramped[k]
    presentations = {
        "onset": onsets / samplerate,
        "offset": (onsets + lengths) / samplerate,
        "stimulus": played,
        "label": [labels[k] for k in played],
    }
    return samples, presentations


def presentation_order(count, repeats, order, rng):
    """Which stimulus is presented when: indices of `count` stimuli, each `repeats` times."""
    played = np.tile(np.arange(count), repeats)
    if order == "sequential":
        return played
    if order == "shuffled":
        return played[np.argsort(rng.random(len(played)), kind="stable")]
    return fail(f"the order '{order}' is neither sequential nor shuffled")


def with_ramps(sound, ramp, samplerate):
    """A copy of `sound` with flanks sin(pi u/2)**2 of `ramp` (s) at both ends."""
    count = int(np.rint(ramp * samplerate))
    if count > len(sound):
        fail(f"a ramp of {ramp:g} s is longer than a stimulus of {len(sound) / samplerate:g} s")
    flank = np.sin(np.pi * np.linspace(0.0, 1.0, count) / 2) ** 2
    sound = sound.copy()
    sound[:count] *= flank
    sound[len(sound) - count :] *= flank[::-1]
    return sound


def set_levels(stimuli, level):
    """Scale each stimulus (Pa) in place so that its rms about the mean is `level` (dB SPL)."""
    loud = [sound for sound in stimuli if np.ptp(sound) > 0]
    if not loud:
        fail(f"a silent sound cannot be set to {level:g} dB")
    for sound in loud:
        rms = np.sqrt(np.mean((sound - np.mean(sound)) ** 2))
        sound *= 10 ** ((level - 20.0 * np.log10(rms / REFERENCE_PRESSURE)) / 20.0)
