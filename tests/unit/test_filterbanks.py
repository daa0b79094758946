"""Each filter of brian2hears: it runs with the pinned versions, and as brian2hears has it."""

import inspect
import warnings

import brian2hears as hears
import numpy as np
import pytest
from brian2 import Hz, Network, prefs, second
from brian2hears.filtering import linearfilterbank
from scipy import signal

from stdpdsl.language.builtins_audio import FILTERS, REQUIRED
from stdpdsl.runtime import cochlea, filterbanks, filters
from stdpdsl.runtime.errors import SpecError

FS = 44100.0
CF = np.array([150.0, 500.0, 1500.0, 4000.0])


@pytest.fixture(scope="module")
def sound():
    """A quarter of a second of noise, at some 60 dB."""
    return 0.02 * np.random.default_rng(0).standard_normal(11025)


@pytest.fixture(autouse=True)
def plain_loops(monkeypatch):
    """brian2hears' own NumPy loop on their side, no compiler on either."""
    monkeypatch.setattr(linearfilterbank, "Cython", None)
    monkeypatch.setattr(filterbanks, "compiled_loops", lambda count: [])


MADE_BY = {**vars(filters), **vars(cochlea)}


def ours(sound, *chain, rate=FS, output=None):
    chain = [(MADE_BY[name], parameters) for name, parameters in chain]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tan_carney: "the sample rate should be 50kHz"
        return np.vstack(list(filterbanks.filterbank(sound, rate, chain, output)))


def source(sound, rate=FS):
    return hears.Sound(sound[:, None], samplerate=rate * Hz)


def theirs(bank, rows):
    """Their samples, in their usual buffers."""
    bank.buffer_init()
    ends = [*range(0, rows, 1000), rows]
    return np.vstack([bank.buffer_fetch(a, b) for a, b in zip(ends, ends[1:], strict=False)])


def test_the_table_and_the_functions_agree():
    for name, function in FILTERS.items():
        signature = list(inspect.signature(MADE_BY[name]).parameters.values())[1:]
        named = [p for p in signature if p.kind != p.VAR_KEYWORD]
        defaults = [REQUIRED if p.default is p.empty else p.default for p in named]
        own = function.parameters[: len(named)]
        assert [(p.name, p.default) for p in own] == list(
            zip([p.name for p in named], defaults, strict=True)
        ), name
        if len(named) == len(signature):
            assert len(function.parameters) == len(named), name
        assert all(function.parameter(c).many for c in function.channels), name


# To the last bit ---------------------------------------------------------------------------------

LINEAR = {
    "gammatone": ({"cf": CF}, lambda s: hears.Gammatone(s, CF)),
    "approximate_gammatone": (
        {"cf": CF, "bandwidth": CF / 9 + 24.7},
        lambda s: hears.ApproximateGammatone(s, CF, CF / 9 + 24.7),
    ),
    "log_gammachirp": ({"f": CF, "c": -2.0}, lambda s: hears.LogGammachirp(s, CF, c=-2.0)),
    "asymmetric_compensation": ({"f": CF}, lambda s: hears.AsymmetricCompensation(s, CF)),
    "low_pass": ({"fc": CF}, lambda s: hears.LowPass(s, CF)),
}


@pytest.mark.parametrize("name", LINEAR)
def test_linear_filters_are_equal_to_the_last_bit(sound, name):
    parameters, bank = LINEAR[name]
    made = ours(sound, (name, parameters))
    assert made.shape == (len(sound), len(CF))
    np.testing.assert_array_equal(made, theirs(bank(source(sound)), len(sound)))


def test_a_chain_and_its_output(sound):
    made = ours(
        sound,
        ("gammatone", {"cf": CF}),
        ("low_pass", {"fc": 1000.0}),
        output=lambda x: 3 * np.clip(x, 0, np.inf),
    )
    bank = hears.LowPass(hears.Gammatone(source(sound), CF), 1000.0)
    bank = hears.FunctionFilterbank(bank, lambda x: 3 * np.clip(x, 0, np.inf))
    np.testing.assert_array_equal(made, theirs(bank, len(sound)))


def test_drnl(sound):
    for type_ in ("human", "guinea pig"):
        made = ours(sound, ("drnl", {"cf": CF, "type": type_, "g_p0": 4.0}))
        bank = hears.DRNL(source(sound), CF, type=type_, param={"g_p0": 4.0})
        np.testing.assert_array_equal(made, theirs(bank, len(sound)))


def test_chunks_do_not_show(sound, monkeypatch):
    chain = ("gammatone", {"cf": CF}), ("drnl", {"cf": CF})
    whole = ours(sound, *chain)
    updated = "dcgc", {"cf": CF, "update_interval": 50}
    controlled = ours(sound[:600], updated)
    monkeypatch.setattr(filterbanks, "ROWS_PER_CHUNK", 777)
    np.testing.assert_array_equal(ours(sound, *chain), whole)
    monkeypatch.setattr(filterbanks, "ROWS_PER_CHUNK", 120)
    np.testing.assert_array_equal(ours(sound[:600], updated), controlled)


# To rounding ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["linear_gammachirp", "linear_gaborchirp"])
def test_chirps(sound, name):
    parameters = {"f": CF, "time_constant": 0.002, "c": 1e4, "phase": 0.5}
    kind = {
        "linear_gammachirp": hears.LinearGammachirp,
        "linear_gaborchirp": hears.LinearGaborchirp,
    }
    bank = kind[name](source(sound), CF, 0.002, c=1e4, phase=0.5)
    expected = theirs(bank, len(sound))
    made = ours(sound, (name, parameters))
    np.testing.assert_allclose(made, expected, atol=1e-14)
    bank = kind[name](source(sound), CF, 0.002, c=1e4, phase=0.5)
    direct = np.convolve(sound, bank.impulse_response[2])[: len(sound)]
    np.testing.assert_allclose(made[:, 2], direct, atol=1e-14)


def test_finite_responses(sound):
    made = ours(sound, ("fir", {"impulse_response": [0.5, 0.0, 0.25]}))
    expected = 0.5 * sound
    expected[2:] += 0.25 * sound[:-2]
    np.testing.assert_allclose(made[:, 0], expected, atol=1e-15)
    delays = np.array([0.0, 10.0, 10.5]) / FS
    made = ours(sound, ("fractional_delay", {"delays": delays}))
    np.testing.assert_allclose(made[1024:, 0], sound[:-1024], atol=1e-14)
    np.testing.assert_allclose(made[1034:, 1], sound[:-1034], atol=1e-14)
    assert made.shape == (len(sound), 3)


def test_butterworth(sound):
    for btype in ("low", "high"):
        made = ours(sound, ("butterworth", {"order": 2, "fc": CF, "btype": btype}))
        bank = hears.Butterworth(source(sound), len(CF), 2, CF, btype=btype)
        np.testing.assert_allclose(made, theirs(bank, len(sound)), atol=1e-10)
    low, high = CF[1:], CF[1:] * 1.5
    for btype in ("bandpass", "bandstop"):
        parameters = {"order": 2, "fc": low, "fc_high": high, "btype": btype}
        made = ours(sound, ("butterworth", parameters))
        bank = hears.Butterworth(source(sound), 3, 2, np.array([low, high]), btype=btype)
        np.testing.assert_allclose(made, theirs(bank, len(sound)), atol=1e-9)


def test_iir(sound):
    design = {"passband": 1000.0, "stopband": 1500.0, "gpass": 1.0, "gstop": 40.0}
    # brian2hears' IIRFilterbank hands scipy arrays, which numpy 2.5 refuses to take as numbers.
    expected = signal.lfilter(*signal.iirdesign(1000, 1500, 1.0, 40.0, fs=FS), sound)
    made = ours(sound, ("iir", design))
    np.testing.assert_allclose(made[:, 0], expected, atol=1e-11)
    low = {"passband": CF, "stopband": CF * 2, "gpass": 1.0, "gstop": 30.0}
    band = {"passband": 800.0, "passband_high": 1200.0, "stopband": 600.0, "stopband_high": 1500.0}
    for ftype in ("butter", "cheby1", "cheby2"):
        assert ours(sound, ("iir", low | {"ftype": ftype})).shape == (len(sound), 4)
        options = {"gpass": 1.0, "gstop": 30.0, "ftype": ftype, "btype": "bandpass"}
        filtered = ours(sound, ("iir", band | options))[:, 0]
        spectrum = np.abs(np.fft.rfft(filtered)) / np.abs(np.fft.rfft(sound))
        f = np.fft.rfftfreq(len(sound), 1 / FS)
        assert np.median(spectrum[(f > 850) & (f < 1150)]) == pytest.approx(1, abs=0.15)
        assert np.median(spectrum[(f > 3000)]) < 0.05


# Models of the cochlea, made for 50 kHz ---------------------------------------------------------


@pytest.fixture
def theirs_with_any_scipy(monkeypatch):
    """brian2hears' MiddleEar hands scipy its sample rate with a unit, which scipy refuses."""
    bilinear = signal.bilinear
    monkeypatch.setattr("scipy.signal.bilinear", lambda b, a, fs: bilinear(b, a, float(fs)))


def test_middle_ear(sound, theirs_with_any_scipy):
    made = ours(sound, ("middle_ear", {}))
    np.testing.assert_array_equal(made, theirs(hears.MiddleEar(source(sound)), len(sound)))
    made = ours(sound, ("middle_ear", {"gain": [1.0, 2.0]}))
    np.testing.assert_allclose(made[:, 1], 2 * made[:, 0], rtol=1e-12)


@pytest.mark.parametrize("interval", [50, 1])
def test_tan_carney(sound, interval, theirs_with_any_scipy):
    short, rate = sound[:600], 50e3
    chain = ("middle_ear", {}), ("tan_carney", {"cf": CF, "update_interval": interval})
    made = ours(short, *chain, rate=rate)
    ear = hears.MiddleEar(source(short, rate))
    bank = hears.TanCarney(ear, CF, update_interval=interval)
    np.testing.assert_array_equal(made, theirs(bank, len(short)))
    assert np.isfinite(made).all() and made.std() > 0


@pytest.mark.parametrize("interval", [50, 1])
def test_dcgc(sound, interval):
    short = sound[:600]
    made = ours(short, ("dcgc", {"cf": CF, "update_interval": interval, "b1": 1.9}))
    bank = hears.DCGC(source(short), CF * Hz, interval, {"b1": 1.9})
    np.testing.assert_array_equal(made, theirs(bank, len(short)))
    assert np.isfinite(made).all() and made.std() > 0


def test_zhang_synapse(sound):
    from brian2 import StateMonitor

    short, rate = sound[:600], 50e3
    hair_cell = ("middle_ear", {}), ("tan_carney", {"cf": CF, "update_interval": 50})
    made = ours(short, *hair_cell, ("zhang_synapse", {"cf": CF}), rate=rate)
    voltage = hears.Sound(ours(short, *hair_cell, rate=rate), samplerate=rate * Hz)
    target, prefs.codegen.target = prefs.codegen.target, "numpy"
    try:
        group = hears.ZhangSynapseRate(voltage, CF)
        monitor = StateMonitor(group, "s", record=True, when="start", order=1)
        Network(group, monitor).run(len(short) / rate * second)
    finally:
        prefs.codegen.target = target
    np.testing.assert_allclose(made, np.asarray(monitor.s).T, rtol=1e-9)
    assert made.max() > 55 and made.min() > 0


# What cannot be ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ([("gammatone", {"cf": CF, "b": [1.0, 2.0]})], "cf has 4, b has 2"),
        ([("gammatone", {"cf": CF}), ("low_pass", {"fc": [1.0, 2.0]})], "its source has 4"),
        ([("butterworth", {"order": 2, "fc": 30000.0})], "between 0 and 22050"),
        ([("butterworth", {"order": 2, "fc": 300.0, "btype": "bandpass"})], "the upper edges"),
        ([("butterworth", {"order": 2, "fc": 300.0, "fc_high": 1.0})], "no upper edges"),
        ([("dcgc", {"cf": 500.0})], "two or more"),
        ([("log_gammachirp", {"f": CF, "ncascades": 3})], "for ncascades = 4 only"),
        ([("drnl", {"cf": 500.0, "type": "cat"})], "neither 'human'"),
        ([("fractional_delay", {"delays": 1.0, "filter_length": 10})], "too few"),
    ],
)
def test_what_cannot_be_filtered(sound, chain, message):
    with pytest.raises(SpecError, match=message):
        ours(sound, *chain)


@pytest.mark.slow
def test_the_compiled_loops(sound, monkeypatch):
    """Where filters control one another, Cython does the work: equal but for rounding."""
    from brian2hears.filtering.linearfilterbank import CythonLinearFilterbankApply

    chain = "dcgc", {"cf": CF, "update_interval": 10}
    slow = ours(sound[:500], chain)
    monkeypatch.setattr(
        filterbanks, "compiled_loops", lambda count: [CythonLinearFilterbankApply()] * count
    )
    np.testing.assert_allclose(ours(sound[:500], chain), slow, rtol=1e-6, atol=1e-9)
