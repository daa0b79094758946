"""Filterbanks: brian2hears' filters on a mono sound, computed in chunks of bounded memory.

A filter is a function of a source (a brian2hears object) and SI floats (Hz, s) that returns the
next brian2hears object; a parameter that may differ between channels takes a number or a list. A
source of one channel is repeated for each channel of the filter that follows.
"""

import numpy as np

from .errors import fail

ROWS_PER_CHUNK = 8192  # samples: 0.19 s at 44.1 kHz
NEGLIGIBLE = 1e-200  # a filter state below this is 0: denormal numbers are slow


# The chain --------------------------------------------------------------------------------------


def filterbank(samples, samplerate, filters, output=None):
    """Yield the filtered sound in chunks of (rows, channels), as many rows in all as `samples`.

    samples: pressures (Pa) at `samplerate` (Hz). filters: [(filter, {parameter: value}), …] in the
    order in which the sound passes them. output: an elementwise function of the last one's array.
    """
    bank = filter_chain(samples, samplerate, filters)
    rows = chunk_length(bank)
    for start in range(0, len(samples), rows):
        chunk = np.asarray(bank.buffer_fetch(start, min(start + rows, len(samples))))
        yield chunk if output is None else np.broadcast_to(output(chunk), chunk.shape)


def filter_chain(samples, samplerate, filters):
    """The brian2hears object at the end of the chain, ready to be read from its first sample."""
    import brian2hears as hears
    from brian2 import Hz
    from brian2hears.filtering import linearfilterbank

    bank = hears.Sound(np.asarray(samples, dtype=np.float64)[:, None], samplerate=samplerate * Hz)
    cython = linearfilterbank.Cython
    linearfilterbank.Cython = None  # or each filter would start a compiler for its inner loop
    try:
        for make, parameters in filters:
            bank = make(bank, **parameters)
    finally:
        linearfilterbank.Cython = cython
    speed_up(bank)
    bank.buffer_init()
    return bank


def chunk_length(bank):
    """Samples per chunk: whole intervals of filters that are updated, or chunks would show."""
    intervals = [getattr(part, "maximum_buffer_size", 1) for part in parts_of_chain(bank)]
    common = int(np.lcm.reduce(intervals))
    return max(ROWS_PER_CHUNK // common, 1) * common


def speed_up(bank):
    """Give each linear filter of the chain its fastest inner loop.

    That is scipy's, but for chains whose filters control one another: those advance by a few
    samples at a time, and there brian2hears' own Cython loop is faster.
    """
    import brian2hears as hears

    parts = parts_of_chain(bank)
    linear = [part for part in parts if isinstance(part, hears.LinearFilterbank)]
    if any(isinstance(part, hears.ControlFilterbank) for part in parts):
        for part, loop in zip(linear, compiled_loops(len(linear)), strict=False):
            part.cython_func, part.use_cython = loop, True
    else:
        for part in linear:
            part.buffer_apply = fast_linear(part)


def parts_of_chain(bank):
    """`bank` and everything that it reads from."""
    found, waiting = [], [bank]
    while waiting:
        part = waiting.pop()
        if any(part is known for known in found):
            continue
        found.append(part)
        for name in ("source", "output", "inputs"):
            inner = getattr(part, name, None)
            waiting.extend(inner if isinstance(inner, (list, tuple)) else [inner])
        waiting = [part for part in waiting if part is not None]
    return found


def compiled_loops(count):
    """brian2hears' Cython loop, `count` times; none where Cython cannot compile."""
    from brian2.codegen.runtime.cython_rt.cython_rt import CythonCodeObject
    from brian2hears.filtering.linearfilterbank import CythonLinearFilterbankApply

    return [CythonLinearFilterbankApply()] * count if CythonCodeObject.is_available() else []


def fast_linear(bank):
    """A replacement of a LinearFilterbank's `buffer_apply`: scipy's lfilter, channel by channel.

    It does the operations of brian2hears' NumPy loop in the same order, so its samples are equal
    to the last bit (but for states below 1e-200), some hundred times faster.
    """
    from scipy.signal import lfilter

    def apply(x):
        b, a, state = bank.filt_b, bank.filt_a, bank.filt_state
        state[np.abs(state) < NEGLIGIBLE] = 0.0
        filtered = np.empty((x.shape[1], x.shape[0]))
        for c in range(b.shape[0]):
            y = np.ascontiguousarray(x[:, c])
            for k in range(b.shape[2]):
                y, state[c, :-1, k] = lfilter(b[c, :, k], a[c, :, k], y, zi=state[c, :-1, k])
            filtered[c] = y
        return np.ascontiguousarray(filtered.T)

    return apply


def channel_count(source, **parameters):
    """How many channels a filter has: the length of its lists, else its source's channels."""
    lengths = {name: np.size(value) for name, value in parameters.items() if np.size(value) > 1}
    counts = set(lengths.values()) | ({source.nchannels} if source.nchannels > 1 else set())
    if len(counts) > 1:
        given = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        fail(f"a filter's lists must have one value per channel: {given}; its source has "
             f"{source.nchannels} channels")  # fmt: skip
    return counts.pop() if counts else 1


def per_channel(count, values):
    """`values` as one float64 per channel."""
    return np.broadcast_to(np.asarray(values, dtype=np.float64).ravel(), count).copy()


# Linear filters ---------------------------------------------------------------------------------


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
    "bandpass" and "bandstop". Second-order sections, which narrow bands need (brian2hears has one
    polynomial).
    """
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
    """Filters of the lowest order that loses at most gpass (dB) in the passband and at least gstop
    (dB) in the stopband, both edges in Hz; `…_high` are the upper edges of "bandpass" and
    "bandstop". ftype: "ellip", "butter", "cheby1" or "cheby2" (scipy.signal.iirdesign;
    brian2hears' own IIRFilterbank fails with numpy 2.5).
    """
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
    """A LinearFilterbank of second-order sections, shorter channels filled with unit sections."""
    import brian2hears as hears

    longest = max(len(sos) for sos in sections)
    unit = np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]])
    padded = np.array([np.vstack([sos, *[unit] * (longest - len(sos))]) for sos in sections])
    b, a = padded[:, :, :3], padded[:, :, 3:]
    return hears.LinearFilterbank(source, b.transpose(0, 2, 1), a.transpose(0, 2, 1))


def middle_ear(source, gain=1):
    """The middle ear of Tan & Carney (2003), JASA 114:2007: two pole pairs and a double zero, gain
    1 at 1 kHz (0.962512703689 is that of their own program).

    As brian2hears.MiddleEar, which newer versions of scipy refuse.
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


# Filters with a finite impulse response ---------------------------------------------------------


def linear_gammachirp(source, f, time_constant, c=1, phase=0):
    """Gammachirps whose frequency is f + c t (Hz, Hz/s): envelope time_constant (s), phase (rad).

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
    """Each channel later by its delay (s), and all by half the filter_length (samples)."""
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
    """Every channel through one finite impulse response, a list with one value per sample."""
    import brian2hears as hears

    return hears.FIRFilterbank(source, np.asarray(impulse_response, dtype=np.float64))


# Nonlinear models of the cochlea ----------------------------------------------------------------


def drnl(source, cf, type="human", **param):
    """The dual-resonance nonlinear filter of Lopez-Poveda & Meddis (2001), JASA 110:3107, at cf
    (Hz), for type "human" or "guinea pig" (Sumner et al. 2003). Further arguments replace the
    papers' coefficients.
    """
    import brian2hears as hears

    if type not in ("human", "guinea pig"):
        fail(f"drnl: type is '{type}', neither 'human' nor 'guinea pig'")
    count = channel_count(source, cf=cf)
    return hears.DRNL(one_per_channel(source, count), per_channel(count, cf), type, param)


def dcgc(source, cf, update_interval=1, **param):
    """The dynamic compressive gammachirp of Irino & Patterson (2001), JASA 109:2008, at two or more
    cf (Hz), its filters updated every update_interval samples. Further arguments replace the
    paper's values; decay_tcst is in s.
    """
    import brian2hears as hears
    from brian2 import Hz, second

    count = channel_count(source, cf=cf)
    if count < 2:
        fail("dcgc: the control path needs two or more centre frequencies")
    if "decay_tcst" in param:
        param["decay_tcst"] = param["decay_tcst"] * second
    source = one_per_channel(source, count)
    return hears.DCGC(source, per_channel(count, cf) * Hz, int(update_interval), param)


def tan_carney(source, cf, update_interval=1, **param):
    """The inner hair cell's voltage after Tan & Carney (2003), JASA 114:2007, at cf (Hz): made for
    50 kHz, behind `middle_ear`. Its filters are updated every update_interval samples.
    """
    import brian2hears as hears

    count = channel_count(source, cf=cf)
    source = one_per_channel(source, count)
    return hears.TanCarney(source, per_channel(count, cf), int(update_interval), param or None)


def one_per_channel(source, count):
    """`source` with `count` channels: a mono source is repeated."""
    import brian2hears as hears

    return source if source.nchannels == count else hears.Repeat(source, count)


def zhang_synapse(
    source,
    cf,
    spont=50.0,
    A_SS=130.0,
    tau_ST=0.06,
    tau_R=0.002,
    A_RST=6.0,
    PTS=8.627,
    P_Imax=0.6,
):
    """The firing rate (Hz, without refractoriness) of the hair cell's synapse of Zhang et al.
    (2001), JASA 109:648, from the cell's voltage, at cf (Hz): brian2hears' ZhangSynapseRate, whose
    equations these are. spont and A_SS are rates (Hz), the taus in s.
    """
    import brian2hears as hears

    count = channel_count(source, cf=cf)
    A_ON = PTS * A_SS
    A_R = (A_ON - A_SS) * A_RST / (1 + A_RST)
    A_ST = A_ON - A_SS - A_R
    P_rest = P_Imax * spont / A_ON
    C_G = spont * (A_ON - spont) / (A_ON * P_rest * (1 - spont / A_SS))
    gamma_1, gamma_2 = C_G / spont, C_G / A_SS
    kappa_1, kappa_2 = -1 / tau_R, -1 / tau_ST
    V_I = sum(
        (1 - P_Imax / P_rest)
        / (
            gamma_1
            * (
                amplitude * (k - other) / (C_G * P_Imax)
                + other / (P_rest * gamma_1)
                - other / (P_Imax * gamma_2)
            )
        )
        for amplitude, k, other in ((A_R, kappa_1, kappa_2), (A_ST, kappa_2, kappa_1))
    ) / 2  # fmt: skip
    alpha = gamma_2 / (kappa_1 * kappa_2)
    beta = -(kappa_1 + kappa_2) * alpha
    theta_1, theta_2, theta_3 = alpha * P_Imax / V_I, V_I / P_Imax, gamma_2 - 1 / P_Imax
    P_L = ((beta - theta_2 * theta_3) / theta_1 - 1) * P_Imax
    P_G = 1 / (theta_3 - 1 / P_L)
    C_I = spont / P_rest
    stores = {
        "immediate": np.full(count, C_I),
        "local": np.full(count, C_I * (P_rest + P_L) / P_L),
    }
    return hears.FunctionFilterbank(
        one_per_channel(source, count),
        synaptic_release(
            stores,
            p_1=P_rest / np.log(2),
            p_2=release_slope(per_channel(count, cf), spont, P_Imax, P_rest),
            flows=(P_L, P_G, C_G, V_I),
            dt=1 / float(source.samplerate),
        ),
    )


def release_slope(cf, spont, P_Imax, P_rest):
    """p_2 of Zhang et al. (2001), after their equation A16 and the authors' program: cf in Hz."""
    saturation = np.maximum(2 + 3 * np.log10(cf / 1000.0), 1.5)
    saturation *= 20.0 * (spont + 1) / (spont + 5) * P_Imax
    exponent = np.abs(np.log(2) * saturation / P_rest)
    return np.where(exponent >= 100, exponent, np.log(np.expm1(np.minimum(exponent, 100))))


def synaptic_release(stores, p_1, p_2, flows, dt):
    """A function from voltages (rows, channels) to rates (Hz), one Euler step of dt (s) per row."""
    P_L, P_G, C_G, V_I = flows

    def release(voltage):
        drive = p_2 * voltage
        softened = np.log(1 + np.exp(np.clip(drive, -1e100, 100)))
        P_I = p_1 * np.where(drive >= 100, drive, softened)
        immediate, local = stores["immediate"], stores["local"]
        rates = np.empty_like(P_I)
        for k, permeability in enumerate(P_I):
            rates[k] = immediate * permeability
            inflow = P_L * (local - immediate)
            refill = P_G * (C_G - local)
            immediate = immediate + dt * (inflow - permeability * immediate) / V_I
            local = local + dt * (refill - inflow) / V_I
        stores["immediate"], stores["local"] = immediate, local
        return rates

    return release
