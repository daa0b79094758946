"""Filters of a filterbank that model the cochlea and its hair cells; none of them is linear."""

import numpy as np

from .errors import fail
from .filterbanks import channel_count, per_channel


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
    cf (Hz). Its filters are updated every update_interval samples. Further arguments replace the
    paper's values; decay_tcst is in s."""
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
    """The inner hair cell's voltage after Tan & Carney (2003), JASA 114:2007, at cf (Hz). The model
    was made for 50 kHz and follows `middle_ear`. Its filters are updated every update_interval
    samples."""
    import brian2hears as hears

    count = channel_count(source, cf=cf)
    source = one_per_channel(source, count)
    return hears.TanCarney(source, per_channel(count, cf), int(update_interval), param or None)


def one_per_channel(source, count):
    """`source` with `count` channels; a mono source is repeated."""
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
    """The firing rate (Hz, without refractoriness) at the hair cell's synapse of Zhang et al.
    (2001), JASA 109:648, computed from the cell's voltage at cf (Hz). The equations are those of
    brian2hears' ZhangSynapseRate. spont and A_SS are rates (Hz), the taus are in s."""
    import brian2hears as hears

    count = channel_count(source, cf=cf)
    A_ON = PTS * A_SS
    A_R = (A_ON - A_SS) * A_RST / (1 + A_RST)
    A_ST = A_ON - A_SS - A_R
    P_rest = P_Imax * spont / A_ON
    C_G = spont * (A_ON - spont) / (A_ON * P_rest * (1 - spont / A_SS))
    gamma_1, gamma_2 = C_G / spont, C_G / A_SS
    kappa_1, kappa_2 = -1 / tau_R, -1 / tau_ST
    V_I = (
        sum(
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
        )
        / 2
    )
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
