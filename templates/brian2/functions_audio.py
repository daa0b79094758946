"""Short functions of plain scripts about sounds, filters and what hears them.

Pressures are in Pa, times in s, frequencies in Hz. The formulae are those of brian2hears.
"""

import csv
import glob
import os
from fractions import Fraction

import numpy as np
from functions import DATA

FORMANTS = {  # Hz, from Duda's MakeVowel in Slaney's Auditory Toolbox
    "a": (730.0, 1090.0, 2440.0),
    "i": (270.0, 2290.0, 3010.0),
    "u": (300.0, 870.0, 2240.0),
}


# Sounds -------------------------------------------------------------------------------------------


def tone(frequency, duration, samplerate, phase=0.0):
    """A pure tone of 1 Pa peak."""
    t = np.arange(round(duration * samplerate)) / samplerate
    return np.sin(phase + 2 * np.pi * frequency * t)


def harmonic_complex(f0, duration, samplerate, amplitude=1.0, phase=0.0):
    """Tones at the multiples of f0: one for each amplitude (Pa) or phase (rad) of a list, or up to
    half the sample rate."""
    count = max(np.size(amplitude), np.size(phase))
    if count == 1:
        count = int(samplerate / (2 * f0))
    sound = np.zeros(round(duration * samplerate))
    for k in range(count):
        a, p = np.broadcast_to(amplitude, count)[k], np.broadcast_to(phase, count)[k]
        sound += a * tone((k + 1) * f0, duration, samplerate, p)
    return sound


def power_law_noise(duration, alpha, samplerate, rng):
    """Noise of power 1/f**alpha. Little et al. (2007), Biomed Eng Online 6:23."""
    n = round(duration * samplerate)
    pairs = (n - 1) // 2  # frequencies that have a conjugate
    f = np.fft.fftfreq(n, d=1 / samplerate).astype(complex)
    positive = rng.standard_normal(pairs) + 1j * rng.standard_normal(pairs)
    positive *= 1 / f[1 : pairs + 1] ** (alpha / 2)
    middle = rng.standard_normal(1 - n % 2) / abs(f[n // 2]) ** (alpha / 2)
    return np.fft.ifft(np.concatenate([[1], positive, middle, np.conj(positive)[::-1]])).real


def full_range(sound):
    """A sound scaled and shifted to reach from -1 to 1."""
    return ((sound - sound.min()) / np.ptp(sound) - 0.5) * 2


def rippled_noise(delay, gain, iterations, duration, samplerate, rng, add):
    """Iterated rippled noise: what is added to itself later (circularly) is the "same" noise or the
    "original" one. Yost (1996), JASA 100:511."""
    n = round(duration * samplerate)
    echo = gain * np.exp(-1j * 2 * np.pi * np.fft.fftfreq(n, 1 / samplerate) * delay)
    if add == "same":
        ripples = (1 + echo) ** iterations
    else:
        ripples = sum(echo**k for k in range(iterations + 1))
    return np.fft.ifft(np.fft.fft(rng.standard_normal(n)) * ripples).real


def click_train(duration, samplerate, n=1, interval=None, peak=None):
    """Clicks of 1 Pa, or of a peak (dB peak SPL re 28 uPa), their onsets one interval (s) apart."""
    period = round((duration if interval is None else interval) * samplerate)
    click = np.where(np.arange(period) < round(duration * samplerate), 1.0, 0.0)
    return np.tile(click, n) * (1.0 if peak is None else 28e-6 * 10 ** (peak / 20))


def vowel(formants, pitch, duration, samplerate):
    """An artificial vowel of peak 1 Pa: glottal pulses through resonances at the formants. Duda's
    MakeVowel in Slaney's Auditory Toolbox, Interval Research report 1998-010."""
    from scipy.signal import lfilter

    y = np.zeros(round(duration * samplerate))
    points = np.arange(0, len(y) - 1, samplerate / pitch)
    before = np.floor(points).astype(int)
    y[before] = (before + 1) - points
    y[before + 1] = points - before
    a = np.exp(-250.0 * 2 * np.pi / samplerate)
    y = lfilter([1], [1, 0, -a * a], y)
    for f in formants:
        q = f / 50.0  # a bandwidth of 50 Hz
        rho = np.exp(-np.pi * (f / samplerate) / q)
        theta = 2 * np.pi * (f / samplerate) * np.sqrt(1 - 1 / (4.0 * q * q))
        a2, a3 = -2 * rho * np.cos(theta), rho * rho
        y = lfilter([1 + a2 + a3], [1, a2, a3], y)
    return y / np.max(np.abs(y))


def wav_files(pattern):
    """Paths of the WAV files that match a pattern, sorted."""
    paths = sorted(glob.glob(pattern, root_dir=DATA, recursive=True))
    paths = [path for path in paths if path.lower().endswith((".wav", ".wave"))]
    if not paths:
        raise FileNotFoundError(f"no WAV file matches {pattern} in {os.path.abspath(DATA)}")
    return paths


def labelled(paths, labels, categories=None, folds=None):
    """The paths of given categories and folds, by a CSV file in ESC-50's layout."""
    with open(os.path.join(DATA, labels), newline="", encoding="utf-8-sig") as file:
        rows = {row["filename"]: row for row in csv.DictReader(file)}
    chosen = [(path, rows[os.path.basename(path)]) for path in paths]
    return [
        path
        for path, row in chosen
        if (categories is None or row["category"] in categories)
        and (folds is None or int(row["fold"]) in folds)
    ]


def recording(path, samplerate):
    """The samples of a WAV file: mono, whole numbers as -1 to 1, resampled where need be."""
    from scipy.io import wavfile
    from scipy.signal import resample_poly

    rate, sound = wavfile.read(os.path.join(DATA, path))
    if sound.dtype == np.uint8:
        sound = (sound - 128.0) / 128.0
    elif sound.dtype.kind == "i":
        sound = sound / 2.0 ** (8 * sound.itemsize - 1)
    sound = sound.astype(float)
    if sound.ndim > 1:
        sound = sound.mean(axis=1)
    ratio = Fraction(samplerate).limit_denominator(1000) / int(rate)
    return sound if ratio == 1 else resample_poly(sound, ratio.numerator, ratio.denominator)


def fitted(sound, duration, samplerate):
    """A sound cut to a duration (s), or with zeros after it."""
    n = round(duration * samplerate)
    return np.concatenate([sound[:n], np.zeros(max(n - len(sound), 0))])


# Filterbanks --------------------------------------------------------------------------------------


def in_sections(source, sections):
    """A linear filterbank of second-order sections, one array of scipy's for each channel."""
    from brian2hears import LinearFilterbank

    longest = max(len(sos) for sos in sections)
    unit = np.array([[1.0, 0, 0, 1, 0, 0]])
    sos = np.array([np.vstack([sos, *[unit] * (longest - len(sos))]) for sos in sections])
    b, a = sos[:, :, :3], sos[:, :, 3:]
    return LinearFilterbank(source, b.transpose(0, 2, 1), a.transpose(0, 2, 1))


def butterworth(source, order, edges, btype):
    """Butterworth filters by the edges of each channel. Narrow bands need second-order sections;
    brian2hears.Butterworth has one polynomial."""
    from scipy.signal import butter

    nyquist = float(source.samplerate) / 2
    return in_sections(source, [butter(order, x / nyquist, btype, output="sos") for x in edges])


def iir(source, passbands, stopbands, gpass, gstop, ftype):
    """Filters of the lowest order that lose at most gpass (dB) in the passband and at least gstop
    in the stopband. brian2hears.IIRFilterbank has one polynomial."""
    from scipy.signal import iirdesign

    nyquist = float(source.samplerate) / 2
    bands = zip(passbands, stopbands, gpass, gstop, strict=True)
    return in_sections(source, [
        iirdesign(inner / nyquist, outer / nyquist, loss, attenuation, ftype=ftype, output="sos")
        for inner, outer, loss, attenuation in bands
    ])  # fmt: skip


def middle_ear(source, gains):
    """The middle ear of Tan & Carney (2003), JASA 114:2007: two pole pairs and a double zero, gain
    1 at 1 kHz. As brian2hears.MiddleEar, which newer versions of scipy refuse."""
    from brian2hears import LinearFilterbank
    from scipy import signal

    poles = np.array([-250 + 400j, -250 - 400j, -2000 + 6000j, -2000 - 6000j]) * 2 * np.pi
    b, a = signal.zpk2tf([-200, -200], poles, 1.5e9)
    b /= np.abs(signal.freqs(b, a, [1000 * 2 * np.pi])[1])
    b, a = signal.bilinear(b, a, float(source.samplerate))
    return LinearFilterbank(source, b * np.c_[gains], np.tile(a, (len(gains), 1)))


def fractional_delay(source, delays, length=None):
    """Each channel later by its delay, and all by half the length of their filters (samples)."""
    from brian2hears import FIRFilterbank
    from brian2hears.filtering.fractionaldelay import fractional_delay_ir

    rate = float(source.samplerate)
    if length is None:
        length = max(2048, 2 * int(np.ceil(rate * np.max(np.abs(delays))) * 1.25) + 1)
    return FIRFilterbank(source, np.array([fractional_delay_ir(d, rate, length) for d in delays]))


def zhang_synapse(source, cf, spont=50.0, A_SS=130.0, tau_ST=0.06, tau_R=0.002, A_RST=6.0,
                  PTS=8.627, P_Imax=0.6):  # fmt: skip
    """The firing rate (Hz) of the hair cell's synapse from the cell's voltage, without
    refractoriness: Zhang et al. (2001), JASA 109:648, whose names these are."""
    from brian2hears import FunctionFilterbank

    A_ON = PTS * A_SS
    A_R = (A_ON - A_SS) * A_RST / (1 + A_RST)
    A_ST = A_ON - A_SS - A_R
    P_rest = P_Imax * spont / A_ON
    C_G = spont * (A_ON - spont) / (A_ON * P_rest * (1 - spont / A_SS))
    gamma_1, gamma_2 = C_G / spont, C_G / A_SS
    k_1, k_2 = -1 / tau_R, -1 / tau_ST
    V_I = sum(
        (1 - P_Imax / P_rest)
        / (gamma_1 * (A * (k - other) / (C_G * P_Imax) + other / (P_rest * gamma_1)
                      - other / (P_Imax * gamma_2)))
        for A, k, other in ((A_R, k_1, k_2), (A_ST, k_2, k_1))
    ) / 2  # fmt: skip
    alpha = gamma_2 / (k_1 * k_2)
    beta = -(k_1 + k_2) * alpha
    theta_1, theta_2, theta_3 = alpha * P_Imax / V_I, V_I / P_Imax, gamma_2 - 1 / P_Imax
    P_L = ((beta - theta_2 * theta_3) / theta_1 - 1) * P_Imax
    P_G = 1 / (theta_3 - 1 / P_L)
    p_1 = P_rest / np.log(2)
    saturation = np.maximum(2 + 3 * np.log10(cf / 1000.0), 1.5)
    saturation *= 20.0 * (spont + 1) / (spont + 5) * P_Imax
    exponent = np.abs(np.log(2) * saturation / P_rest)
    p_2 = np.where(exponent >= 100, exponent, np.log(np.expm1(np.minimum(exponent, 100))))
    C_I = np.full(len(cf), spont / P_rest)  # the immediate store, and the local one
    C_L = np.full(len(cf), spont / P_rest * (P_rest + P_L) / P_L)
    dt = 1 / float(source.samplerate)

    def release(voltage):
        nonlocal C_I, C_L
        drive = p_2 * voltage
        softened = np.log(1 + np.exp(np.clip(drive, -1e100, 100)))
        P_I = p_1 * np.where(drive >= 100, drive, softened)
        rates = np.empty_like(P_I)
        for k, permeability in enumerate(P_I):
            rates[k] = C_I * permeability
            inflow, refill = P_L * (C_L - C_I), P_G * (C_G - C_L)
            C_I = C_I + dt * (inflow - permeability * C_I) / V_I
            C_L = C_L + dt * (refill - inflow) / V_I
        return rates

    return FunctionFilterbank(source, release)


# What hears ---------------------------------------------------------------------------------------


def step_means(values, first):
    """The mean of the samples in each time step, whose first samples are given: array (steps,
    channels). A step without a sample has the one before."""
    counts = np.diff(first)
    means = values[np.maximum(first[:-1] - 1, 0)]
    filled = counts > 0
    sums = np.add.reduceat(values[: first[-1]], first[:-1][filled], axis=0)
    means[filled] = sums / counts[filled, np.newaxis]
    return means


def side_by_side(copies, size):
    """The spikes of all copies of a layer, by time: (neuron, step)."""
    neuron = np.concatenate([neuron + k * size for k, (neuron, *_) in enumerate(copies)])
    step = np.concatenate([step for _, step, *_ in copies])
    order = np.lexsort([neuron, step])
    return neuron[order], step[order]
