"""Sounds: makers of stimuli.

A maker returns (stimuli, labels): for each stimulus, one float64 array of pressures in Pa and one
text. Arguments are SI floats (Hz, s, rad; levels in dB SPL). An argument may be a list. A maker's
lists advance together, and a single value applies to all stimuli. A duration is rounded to the
nearest whole number of samples. The formulae are those of brian2hears 0.9.2 unless a maker says
otherwise.
"""

import numpy as np

from .errors import fail

CLICK_REFERENCE = 28e-6  # Pa, 0 dB peak SPL of a click, as in brian2hears
FORMANTS = {  # Hz, from Duda's MakeVowel in Slaney's Auditory Toolbox
    "a": (730.0, 1090.0, 2440.0),
    "i": (270.0, 2290.0, 3010.0),
    "u": (300.0, 870.0, 2240.0),
}


# Arguments ----------------------------------------------------------------------------------------


def in_parallel(maker, **arguments):
    """One dict of arguments per stimulus. Lists advance together; single values are repeated."""
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


# Tones --------------------------------------------------------------------------------------------


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


# Noises: drawn from `rng`, a NumPy Generator ------------------------------------------------------


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

    `normalise` scales each to the range -1 to 1 Pa. Without it they are as faint as the formula
    makes them, so set a `level` for the sound. After Little et al. (2007), Biomed Eng Online 6:23.
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
    pairs = half if count % 2 else max(half - 1, 0)  # frequencies that have a complex conjugate
    frequencies = np.fft.fftfreq(count, d=1.0 / samplerate).astype(complex)
    positive = rng.standard_normal(pairs) + 1j * rng.standard_normal(pairs)
    positive *= 1.0 / frequencies[1 : pairs + 1] ** (alpha / 2.0)
    middle = np.zeros(0)
    if count % 2 == 0:
        middle = rng.standard_normal(1) / abs(frequencies[half]) ** (alpha / 2.0)
    spectrum = np.concatenate([[1.0], positive, middle, np.conj(positive)[::-1]])
    return np.real(np.fft.ifft(spectrum))


def full_range(sound):
    """`sound` scaled and shifted to the range from -1 to 1."""
    return ((sound - sound.min()) / np.ptp(sound) - 0.5) * 2


def irns(delay, gain, niter, duration, count=1, *, samplerate, rng):
    """Iterated rippled noises, "add same": add to the noise gain times itself, delay (s) later,
    niter times; duration (s).

    Yost (1996), JASA 100:511. The delay is circular, so the ripples are present from the onset.
    (brian2hears' own `irns` agrees for niter = 1 only: it multiplies its sum into itself.)
    """
    return rippled_noises("irns", delay, gain, niter, duration, count, samplerate, rng)


def irno(delay, gain, niter, duration, count=1, *, samplerate, rng):
    """Iterated rippled noises, "add original": add to the first noise gain times the last result,
    delay (s) later, niter times; duration (s). Yost (1996), JASA 100:511."""
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


# Clicks, vowels, silence --------------------------------------------------------------------------


def clicks(duration, n=1, interval=None, peak=None, *, samplerate):
    """Trains of n clicks, each of `duration` (s), with onsets `interval` (s) apart.

    The amplitude is 1 Pa, unless `peak` (dB peak SPL re 28 uPa) sets it. A train lasts n intervals;
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
    """n clicks of 1 Pa and `duration` (s), with onsets `interval` (s) apart."""
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
