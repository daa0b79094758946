"""Filters of a filterbank that are linear: gammatones and chirps, Butterworth's and others."""

import numpy as np

from .errors import fail
from .filterbanks import channel_count, per_channel


def gammatone(source, cf, b=1.019, erb_order=1, ear_Q=9.26449, min_bw=24.7):
    """Fourth-order gammatones at centre frequencies cf (Hz), bandwidth b ERB.

    Slaney (1993), Apple technical report 35; ERB after Glasberg & Moore (1990), min_bw in Hz.
    """
    import brian2hears as hears

    count = channel_count(source, cf=cf, b=b)
    return hears.Gammatone(
        source, per_channel(count, cf), per_channel(count, b), erb_order, ear_Q, min_bw
    )


def approximate_gammatone(source, cf, bandwidth, order=4):
    """Gammatones as cascades of `order` identical filters: cf, bandwidth (Hz).

    Hohmann (2002), Acta Acustica united with Acustica 88:433.
    """
    import brian2hears as hears

    count = channel_count(source, cf=cf, bandwidth=bandwidth)
    return hears.ApproximateGammatone(
        source, per_channel(count, cf), per_channel(count, bandwidth), int(order)
    )


def log_gammachirp(source, f, b=1.019, c=1, ncascades=4):
    """Gammachirps with a logarithmic sweep that ends at f (Hz), slope c, bandwidth b ERB.

    Unoki et al. (2001), Acoust Sci & Tech 22:399. `ncascades` is fixed at 4 by brian2hears.
    """
    import brian2hears as hears

    if int(ncascades) != 4:
        fail("log_gammachirp: brian2hears has coefficients for ncascades = 4 only")
    count = channel_count(source, f=f, b=b, c=c)
    return hears.LogGammachirp(
        source, per_channel(count, f), per_channel(count, b), per_channel(count, c), 4
    )


def asymmetric_compensation(source, f, b=1.019, c=1, ncascades=4):
    """Asymmetric compensation filters at f (Hz), which turn gammatones into gammachirps.

    Unoki et al. (2001), Acoust Sci & Tech 22:399.
    """
    import brian2hears as hears

    count = channel_count(source, f=f, b=b, c=c)
    return hears.AsymmetricCompensation(
        source, per_channel(count, f), per_channel(count, b), per_channel(count, c), int(ncascades)
    )


def low_pass(source, fc):
    """First-order low-pass filters with cutoffs fc (Hz), from Meddis' MAP toolbox."""
    import brian2hears as hears

    return hears.LowPass(source, per_channel(channel_count(source, fc=fc), fc))


def butterworth(source, order, fc, btype="low", fc_high=None):
    """Butterworth filters: cutoff fc (Hz) for btype "low" and "high", edges fc to fc_high (Hz) for
    "bandpass" and "bandstop". They are second-order sections, because narrow bands need them
    (brian2hears uses one polynomial)."""
    from scipy import signal

    edges = filter_edges("butterworth", source, btype, fc, fc_high)
    nyquist = float(source.samplerate) / 2
    sections = [
        signal.butter(int(order), band_edges(edge, nyquist), btype, output="sos") for edge in edges
    ]
    return sections_bank(source, sections)


def iir(
    source,
    passband,
    stopband,
    gpass,
    gstop,
    btype="low",
    ftype="ellip",
    passband_high=None,
    stopband_high=None,
):
    """Filters of the lowest order that lose at most gpass (dB) in the passband and at least gstop
    (dB) in the stopband, both edges in Hz; `…_high` are the upper edges of "bandpass" and
    "bandstop". ftype: "ellip", "butter", "cheby1" or "cheby2" (scipy.signal.iirdesign; brian2hears'
    own IIRFilterbank fails with numpy 2.5)."""
    from scipy import signal

    lists = {"passband": passband, "stopband": stopband, "gpass": gpass, "gstop": gstop}
    upper = {"passband_high": passband_high, "stopband_high": stopband_high}
    lists.update({name: edges for name, edges in upper.items() if edges is not None})
    count = channel_count(source, **lists)
    passing = filter_edges("iir", source, btype, per_channel(count, passband), passband_high)
    stopping = filter_edges("iir", source, btype, per_channel(count, stopband), stopband_high)
    losses = zip(per_channel(count, gpass), per_channel(count, gstop), strict=True)
    nyquist = float(source.samplerate) / 2
    sections = [
        signal.iirdesign(
            band_edges(inner, nyquist),
            band_edges(outer, nyquist),
            loss,
            attenuation,
            ftype=ftype,
            output="sos",
        )
        for inner, outer, (loss, attenuation) in zip(passing, stopping, losses, strict=True)
    ]
    return sections_bank(source, sections)


def filter_edges(name, source, btype, low, high):
    """One edge (Hz) or one pair of edges per channel."""
    if btype not in ("low", "high", "bandpass", "bandstop"):
        fail(f"{name}: btype is '{btype}', not low, high, bandpass or bandstop")
    if (high is None) != (btype in ("low", "high")):
        fail(f"{name}: {btype} filters need {'no ' if high is not None else 'the '}upper edges")
    count = channel_count(source, low=low, **({} if high is None else {"high": high}))
    if high is None:
        return [(edge,) for edge in per_channel(count, low)]
    return list(zip(per_channel(count, low), per_channel(count, high), strict=True))


def band_edges(edges, nyquist):
    """Edges (Hz) as fractions of half the sample rate, for scipy's designs."""
    if not all(0 < edge < nyquist for edge in edges):
        fail(f"filter edges {edges} Hz are not all between 0 and {nyquist:g} Hz")
    return edges[0] / nyquist if len(edges) == 1 else [edge / nyquist for edge in edges]


def sections_bank(source, sections):
    """A LinearFilterbank of second-order sections; shorter channels are padded with unit
    sections."""
    import brian2hears as hears

    longest = max(len(sos) for sos in sections)
    unit = np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]])
    padded = np.array([np.vstack([sos, *[unit] * (longest - len(sos))]) for sos in sections])
    b, a = padded[:, :, :3], padded[:, :, 3:]
    return hears.LinearFilterbank(source, b.transpose(0, 2, 1), a.transpose(0, 2, 1))


def middle_ear(source, gain=1):
    """The middle ear of Tan & Carney (2003), JASA 114:2007: two pole pairs and a double zero, gain
    1 at 1 kHz (0.962512703689 is that of their own program).

    Same as brian2hears.MiddleEar, which fails with newer versions of scipy.
    """
    import brian2hears as hears
    from scipy import signal

    count = channel_count(source, gain=gain)
    zeros = np.array([-200, -200])
    poles = np.array([-250 + 400j, -250 - 400j, -2000 + 6000j, -2000 - 6000j])
    b, a = signal.zpk2tf(zeros, poles * 2 * np.pi, 1.5e9)
    b /= np.abs(signal.freqs(b, a, [1000 * 2 * np.pi])[1])
    b, a = signal.bilinear(b, a, float(source.samplerate))
    gains = per_channel(count, gain)
    return hears.LinearFilterbank(source, b * gains[:, None], np.tile(a, (count, 1)))


# Filters with a finite impulse response -----------------------------------------------------------


def linear_gammachirp(source, f, time_constant, c=1, phase=0):
    """Gammachirps whose frequency is f + c t (Hz, Hz/s): envelope with time_constant (s), phase
    (rad).

    Wagner et al. (2009), J Neurophysiol 102:1227.
    """
    import brian2hears as hears

    return hears.LinearGammachirp(source, *chirps(source, f, time_constant, c, phase))


def linear_gaborchirp(source, f, time_constant, c=1, phase=0):
    """As linear_gammachirp, with a Gaussian envelope of time_constant (s)."""
    import brian2hears as hears

    return hears.LinearGaborchirp(source, *chirps(source, f, time_constant, c, phase))


def chirps(source, f, time_constant, c, phase):
    """The arguments of a chirp filterbank, one value per channel."""
    count = channel_count(source, f=f, time_constant=time_constant, c=c, phase=phase)
    return [per_channel(count, values) for values in (f, time_constant, c, phase)]


def fractional_delay(source, delays, filter_length=None):
    """Delay each channel by its delay (s), and all channels by half the filter_length (samples)."""
    import brian2hears as hears
    from brian2hears.filtering.fractionaldelay import fractional_delay_ir

    count = channel_count(source, delays=delays)
    rate = float(source.samplerate)
    longest = int(np.ceil(rate * np.max(np.abs(delays))))
    length = max(2048, 2 * int(longest * 1.25) + 1) if filter_length is None else int(filter_length)
    if length / 2 <= longest:
        fail(f"fractional_delay: {length} samples are too few for these delays")
    responses = [fractional_delay_ir(d, rate, length) for d in per_channel(count, delays)]
    return hears.FIRFilterbank(source, np.array(responses))


def fir(source, impulse_response):
    """Filter every channel with one finite impulse response, a list with one value per sample."""
    import brian2hears as hears

    return hears.FIRFilterbank(source, np.asarray(impulse_response, dtype=np.float64))
