"""Sounds, filterbanks and what hears them in plain scripts: the same numbers as `stdpdsl run`."""

from __future__ import annotations

import csv
import tempfile
import warnings
from types import SimpleNamespace

import brian2 as b2
import numpy as np
import pytest
from brian2hears.filtering import linearfilterbank
from scipy.io import wavfile

from stdpdsl.brian2.equations import printed
from stdpdsl.brian2.plain.audio import AudioCode
from stdpdsl.brian2.plain.code import Code
from stdpdsl.brian2.plain.functions import functions_for
from stdpdsl.brian2.plain.layout import block
from stdpdsl.brian2.plain.names import Names
from stdpdsl.brian2.run_calls import filterbank_lines, sound_lines
from stdpdsl.compiler import _front
from stdpdsl.ir import constant
from stdpdsl.language.source import Source
from stdpdsl.lower import lower
from stdpdsl.runtime import (
    cochlea,
    draws,
    drives,
    filterbanks,
    filters,
    nerve,
    numerics,
    presentation,
    recordings,
    sounds,
)
from stdpdsl.runtime.exact import exact_by_variable

OF_SOUNDS = {**vars(sounds), **vars(recordings), **vars(presentation)}
OF_FILTERS = {**vars(filterbanks), **vars(filters), **vars(cochlea)}
STIMULI = {
    "pure": "tones(frequency = geomspace(98 Hz, 5.27 kHz, 7), duration = 50 ms)",
    "phases": "tones([500, 800] Hz, [20, 35] ms, phase = 0.5)",
    "one": "tones(1 kHz, 30 ms)",
    "complexes": "harmoniccomplex(f0 = [200, 300] Hz, duration = 20 ms)",
    "listed": "harmoniccomplex(200 Hz, 20 ms, amplitude = [1, 0.5, 0.2], phase = [0, 1, 2])",
    "white": "whitenoise(25 ms, count = 2)",
    "falling": "powerlawnoise(duration = [20.03, 25] ms, alpha = [0.5, 1.5], count = 2)",
    "pink": "pinknoise(20 ms)",
    "full": "pinknoise(20 ms, true, 2)",
    "faint": "brownnoise(20 ms, false)",
    "brown": "brownnoise(20 ms)",
    "rippled": "irns(delay = [2, 5] ms, gain = 0.8, niter = 3, duration = 20 ms)",
    "original": "irno(delay = 2 ms, gain = 0.8, niter = 3, duration = 20 ms, count = 2)",
    "click": "clicks(1 ms, peak = [60, 70] dB)",
    "train": "clicks(0.1 ms, n = 4, interval = 5 ms)",
    "named": "vowels(vowel = a, pitch = [100, 120] Hz, duration = 30 ms)",
    "by_word": "vowels(a, duration = 30 ms)",
    "words": "vowels([a, u], duration = 30 ms)",
    "reserved": "vowels(vowel = [i, u], duration = 30 ms)",
    "formed": "vowels(formants = [500, 1500] Hz, duration = 30 ms)",
    "still": "silence([10, 20] ms)",
    "wavs": 'files("*.wav")',
    "chosen": 'files("**/*.wav", labels = "meta.csv", categories = dog, folds = [1, 2],'
    " duration = 12 ms)",
    "both": 'files("**/*.wav", labels = "meta.csv", categories = [dog, rain])',
    "in_order": 'files("**/*.wav", "meta.csv", category, [dog, rain], [1, 2])',
}
FILTERS = {
    "narrow": "gammatone(cf = erbspace(100 Hz, 5 kHz, 10))",
    "wide": "gammatone(cf = 1 kHz, b = [0.5, 1, 2])",
    "one": "gammatone(1 kHz, ear_Q = 8.0)",
    "approximate": "approximate_gammatone(cf = [400, 900] Hz, bandwidth = 80 Hz)",
    "chirp": "log_gammachirp([400, 900] Hz, c = -2)",
    "linear": "linear_gammachirp([400, 900] Hz, time_constant = 2 ms, c = 10 Hz/ms, phase = 0.5)",
    "gabor": "linear_gaborchirp(400 Hz, 2 ms)",
    "twofold": "gammatone([400, 900] Hz)\n    then: asymmetric_compensation([400, 900] Hz, c = 2)",
    "slow": "gammatone([400, 900] Hz)\n    then: low_pass(1 kHz)",
    "repeated": "gammatone([400, 900] Hz)\n    then: gammatone(1 kHz)",
    "band": "butterworth(2, fc = [200, 500] Hz, btype = bandpass, fc_high = [400, 900] Hz)",
    "low": "butterworth(3, 1 kHz)",
    "high": "butterworth(3, 1 kHz, high)",
    "designed": "iir(passband = [500, 800] Hz, stopband = 1.5 kHz, gpass = 1 dB, gstop = 40 dB)",
    "outer": "middle_ear(gain = [1, 0.9])",
    "later": "fractional_delay(delays = [0, 0.2, 0.55] ms)",
    "short": "fractional_delay(0.2 ms, filter_length = 101)",
    "finite": "fir([0.5, 0, 0.25])",
    "drnl_two": "drnl([400, 900] Hz, type = human, g_p0 = 4)",
    "drnl_one": "drnl(900 Hz)",
    "compressive": "dcgc([400, 900, 2000] Hz, update_interval = 50, decay_tcst = 0.4 ms)",
    "inner": "tan_carney([400, 900] Hz, update_interval = 30)",
    "synapse": "middle_ear()\n    then: tan_carney([400, 900] Hz, update_interval = 30)"
    "\n    then: zhang_synapse([400, 900] Hz, spont = 60 Hz)",
}
HEAD = "model audio\nconstants:\n    a = 3\n    dog = 2\n    length = 40 ms\n    rate = 20 kHz\n"
TAIL = """
neuron ear:
    equations:
        I : 1
    threshold: I > 0
    reset: I = I
layer ears:
    neuron: ear
    size: 1
    scope: shared
    drive: I from {bank}
record:
    spikes of ears
run:
    duration: 30 ms
    seed: 3
"""


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch):
    """No compiler; and a generator of its own for what names a stream."""
    monkeypatch.setattr(linearfilterbank, "Cython", None)
    monkeypatch.setattr(filterbanks, "compiled_loops", lambda count: [])
    target = b2.prefs.codegen.target
    b2.prefs.codegen.target = "numpy"
    yield
    b2.prefs.codegen.target = target


def experiment(text, folder):
    checked, table, found = _front(Source("spec.stdp", text), folder, [], None, ())
    assert table is not None, [d.message for d in found]
    return lower(checked, table)


def audio_of(e):
    return AudioCode(e, Code(e), Names(e, frozenset()))


def script_of(e, steps=300, builds_itself=False):
    """The functions of a script about sounds, as a module."""
    audio = audio_of(e)
    given = [*audio.drives(), *(line for layer in audio.driven for line in audio.hearing(layer))]
    initial = "\n".join(["def initial(state, replicate):", *block([*given, "return state"], 4)])
    constants = "\n".join(audio.constants())
    body = "\n\n\n".join([constants, *audio.functions(builds_itself), initial])
    support, imports = functions_for(body)
    long = [line for line in f"{body}\n{support}".split("\n") if len(line) > 100]
    assert not long, long
    text = "\n".join([*imports, f"SEED, STEPS, DT = {e.seed}, {steps}, {e.dt!r}", support, body])
    module = {"__name__": "script"}
    exec(compile(text, "script", "exec"), module)
    return SimpleNamespace(**module), text


def sound_today(e, name, replicate, folder, monkeypatch):
    """Samples (Pa) and sample rate as today's script makes them."""
    monkeypatch.setattr(draws, "SEED", e.seed, raising=False)
    values = {p.name: eval(p.code, {"np": np}) for p in e.constants}
    code = next(sound_lines(s) for s in e.sounds if s.name == name)
    p = SimpleNamespace(constants=SimpleNamespace(**values))
    scope = {
        **OF_SOUNDS,
        "stream": draws.stream,
        "np": np,
        "replicate": replicate,
        "data": str(folder),
        "p": p,
    }
    body = "\n".join(f"    {line}" for line in code)
    exec(f"def make():\n{body}", scope)
    samples, _, rate = scope["make"]()
    return samples, rate


def bank_today(e, name, samples, rate, monkeypatch):
    """The filterbank's output as today's script makes it."""
    bank = next(b for b in e.filterbanks if b.name == name)
    sound = SimpleNamespace(samples=samples, samplerate=rate)
    scope = {
        **OF_FILTERS,
        "np": np,
        "erbspace": numerics.erbspace,
        "replicate": 0,
        "sounds": {(bank.sound, 0): sound},
    }
    exec("def make():\n" + "\n".join(f"    {line}" for line in filterbank_lines(bank)), scope)
    return np.vstack(list(scope["make"]()))


# Sounds -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Recordings of two sample rates and of all kinds of numbers."""
    folder = tmp_path_factory.mktemp("wavs")
    rng = np.random.default_rng(0)
    kinds = {
        "a-dog": (20000, 200, np.int16),
        "b-rain": (44100, 441, np.uint8),
        "c-dog": (20000, (300, 2), np.int32),
        "d-dog": (48000, 480, np.float32),
    }
    rows = []
    for fold, (name, (rate, shape, kind)) in enumerate(kinds.items(), start=1):
        x = rng.uniform(-1, 1, shape)
        if kind == np.uint8:
            x = 128 + 100 * x
        elif kind != np.float32:
            x = x * np.iinfo(kind).max
        wavfile.write(folder / f"{name}.wav", rate, x.astype(kind))
        rows.append([f"{name}.wav", fold, name.partition("-")[2]])
    with open(folder / "meta.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["filename", "fold", "category"], *rows])
    return folder


def sounds_spec(more=""):
    found = [HEAD]
    for name, stimuli in STIMULI.items():
        options = "" if name in ("still", "one") else "    level: 65 dB\n    ramp: 2 ms\n"
        options += "    repeats: 3\n    order: shuffled\n    gap: 7.3 ms\n" if name < "p" else ""
        rate = "44.1 kHz" if name == "pure" else "rate"
        ramp = options if name not in ("click", "train") else options.replace("2 ms", "0.5 ms")
        found.append(f"sound {name}:\n    stimuli: {stimuli}\n{ramp}    samplerate: {rate}\n")
        found.append(f"filterbank bank_{name}:\n    sound: {name}\n    filter: low_pass(1 kHz)\n")
    return "".join(found) + more + TAIL.format(bank="bank_pure")


def test_the_samples_of_every_sound(folder, monkeypatch):
    e = experiment(sounds_spec(), folder)
    script, _ = script_of(e)
    script_of_folder = script.recording.__globals__
    script_of_folder["DATA"] = str(folder)
    assert script.PURE_SAMPLERATE == 44100 and script.ONE_SAMPLERATE == 20000
    for name in STIMULI:
        samples, rate = sound_today(e, name, 0, folder, monkeypatch)
        made = getattr(script, audio_of(e).name(name))()
        np.testing.assert_array_equal(made, samples, err_msg=name)
        assert len(made) > 100, name


def test_sounds_of_replicates(folder, monkeypatch):
    e = experiment(sounds_spec("sweep:\n    replicates: 2\n"), folder)
    script, text = script_of(e)
    assert "def white(replicate)" in text and "def still()" in text and "def named(" in text
    made = [script.white(r) for r in (0, 1)]
    for r in (0, 1):
        np.testing.assert_array_equal(made[r], sound_today(e, "white", r, folder, monkeypatch)[0])
    assert not np.array_equal(*made)


def test_silence_stays_silent_whatever_its_level(folder):
    found = sounds_spec().replace("silence([10, 20] ms)\n", "silence(10 ms)\n    level: 60 dB\n")
    script, _ = script_of(experiment(found, folder))
    assert len(script.still()) and not np.any(script.still())


# Filterbanks --------------------------------------------------------------------------------------


def test_the_output_of_every_filterbank(folder, monkeypatch):
    found = [
        HEAD,
        "sound noise:\n    stimuli: whitenoise(length)\n    samplerate: 50 kHz\n    level: 60 dB\n",
    ]
    for name, chain in FILTERS.items():
        output = "    output: 3 * clip(x, 0, inf)\n" if name < "m" else ""
        found.append(f"filterbank {name}:\n    sound: noise\n    filter: {chain}\n{output}")
    e = experiment("".join(found) + TAIL.format(bank="low"), folder)
    script, _ = script_of(e)
    samples, rate = sound_today(e, "noise", 0, folder, monkeypatch)
    audio = audio_of(e)
    for name in FILTERS:
        scope = {**vars(script), "samples": samples, "length": len(samples)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec("\n".join(audio.output(name, "samples", "length", "heard")), scope)
            today = bank_today(e, name, samples, rate, monkeypatch)
        np.testing.assert_array_equal(scope["heard"], today, err_msg=name)
        assert np.any(today), name


# What hears ---------------------------------------------------------------------------------------

HEARD = """model heard
constants:
    v_rest = -70 mV
sound training:
    stimuli: tones(frequency = geomspace(220 Hz, 2.6 kHz, 3), duration = 25 ms)
    ramp: 5 ms
    gap: 5 ms
    level: 80 dB
    order: shuffled
    samplerate: 44.1 kHz
filterbank cochlea:
    sound: training
    filter: gammatone(cf = erbspace(100 Hz, 5 kHz, 10))
    output: 3 * clip(x, 0, inf)
neuron ear:
    parameters:
        tau_m = 10 ms
        gain = 1 volt
    equations:
        dv/dt = (v_rest + gain*I - v)/tau_m : volt (unless refractory)
        I : 1
    threshold: v > -60 mV
    reset: v = v_rest
    refractory: 5 ms
    initial: v = v_rest
layer AN:
    neuron: ear
    size: 10
    scope: shared
    drive: I from cochlea
layer A1:
    neuron: ear(tau_m = 3 ms)
    size: 10
    drive: I from cochlea
record:
    spikes of AN, A1
run:
    duration: training
    dt: 0.1 ms
    seed: 42
"""
MODEL = "dv/dt = (v_rest + gain*I - v)/tau_m : volt (unless refractory)\nI : 1"


def ears(number=10, initial=None, tau=10 * b2.ms):
    """By hand, for `run_nerve`."""

    def make(dt):
        group = b2.NeuronGroup(
            number,
            MODEL,
            threshold="v > -60*mV",
            reset="v = v_rest",
            refractory=5 * b2.ms,
            method=exact_by_variable,
            dt=dt,
            name="ears",
            namespace={"v_rest": -70 * b2.mV, "gain": 1 * b2.volt, "tau_m": tau},
        )
        group.v = -70 * b2.mV
        if initial is not None:
            group.v_ = initial
        return group

    return make


def heard_today(e, steps, monkeypatch, folder, replicate=0, make=None, records=()):
    samples, rate = sound_today(e, "training", replicate, folder, monkeypatch)
    chunks = [bank_today(e, "cochlea", samples, rate, monkeypatch)]
    length = int(np.ceil(steps * e.dt * rate))
    drive = drives.in_time([(0, iter(chunks))], length, 10)
    neuron, sample, recorded = nerve.run_nerve(
        make or ears(), {"I": drive}, rate, length, None, records
    )
    neuron, step, _ = nerve.spike_steps(neuron, sample, rate, e.dt)
    return neuron, step, recorded


def steps_of(e, monkeypatch, folder):
    samples, rate = sound_today(e, "training", 0, folder, monkeypatch)
    return int(np.ceil(len(samples) / rate / e.dt - 1e-6))


@pytest.mark.parametrize("more", [-400, 90])
def test_a_layer_that_hears(more, folder, monkeypatch):
    """Also where the run is shorter or longer than the sound."""
    e = experiment(HEARD, folder)
    steps = steps_of(e, monkeypatch, folder) + more
    script, _ = script_of(e, steps)
    neuron, step = script.hear_AN()
    expected = heard_today(e, steps, monkeypatch, folder)
    assert len(neuron) > 5
    np.testing.assert_array_equal(neuron, expected[0])
    np.testing.assert_array_equal(step, expected[1])


def test_a_layer_without_spikes_and_what_is_recorded(folder, monkeypatch):
    quiet = HEARD.replace("level: 80 dB", "level: 20 dB").replace(
        "record:", "record:\n    v, I of AN every 7 ms"
    )
    e = experiment(quiet, folder)
    script, _ = script_of(e, 300)
    assert audio_of(e).hearing(e.layers[0]) == ['neuron, step, state["record__0"] = hear_AN()']
    neuron, step, record = script.hear_AN()
    assert len(neuron) == len(step) == 0
    recorded = heard_today(e, 300, monkeypatch, folder, records=[(0, ["v", "I"], 0.007)])[2]
    _, t, values = recorded[0]
    np.testing.assert_array_equal(record["t"], t)
    for name in ("v", "I"):
        np.testing.assert_array_equal(record[name], values[name].T)
        assert np.ptp(record[name]) > 0


def test_replicates(folder, monkeypatch):
    """Each hears tones in an order of its own, and starts from draws of its own."""
    drawn = HEARD.replace("initial: v = v_rest", "initial: v = uniform(v_rest, -61 mV)")
    e = experiment(drawn.replace("record:", "sweep:\n    replicates: 2\nrecord:", 1), folder)
    script, text = script_of(e, 500)
    assert "def training(replicate)" in text and "def hear_AN(replicate)" in text
    scope = {**vars(script), "replicate": np.array([0, 1, 1])}
    exec("\n".join(audio_of(e).hearing(e.layers[0])), scope)
    expected = []
    monkeypatch.setattr(draws, "SEED", e.seed, raising=False)
    for r in (0, 1):
        u = draws.stream("AN", "v", r).random(10)
        first = -0.07 + (-0.061 - -0.07) * u
        expected.append(heard_today(e, 500, monkeypatch, folder, r, ears(initial=first))[:2])
    (n0, s0), (n1, s1) = expected
    rows = sorted([*zip(s0, n0, strict=True), *zip(s1, n1 + 10, strict=True)])
    np.testing.assert_array_equal(np.stack([scope["step"], scope["neuron"]], axis=1), rows)
    assert len(rows) > 5


def test_a_layer_that_draws_and_hears_two_sounds(folder, monkeypatch):
    """Draws at the sounds' rate, which is written in two ways."""
    text = HEARD.replace(
        "neuron ear:",
        """sound hiss:
    stimuli: whitenoise(20 ms)
    samplerate: 44100 Hz
filterbank band:
    sound: hiss
    filter: low_pass([1, 2] kHz)
    output: 1 kHz * clip(x, 0, 1)
neuron noisy:
    equations:
        rate : Hz
        I : 1
        n : 1
    threshold: poisson(rate)
    reset: n += 1
    every 2 ms: n -= I
layer hissing:
    neuron: noisy
    size: 2
    scope: shared
    drive: I from cochlea_of_two
    drive: rate from band
filterbank cochlea_of_two:
    sound: training
    filter: gammatone([300, 900] Hz)
neuron ear:""",
        1,
    ).replace("record:", "record:\n    spikes of hissing\n    n of hissing every 1 ms")
    e = experiment(text, folder)
    script, _ = script_of(e, 300)
    neuron, step, record = script.hear_hissing()

    tones, _ = sound_today(e, "training", 0, folder, monkeypatch)
    hiss, rate = sound_today(e, "hiss", 0, folder, monkeypatch)
    heard = bank_today(e, "band", hiss, rate, monkeypatch)
    length = 300 * 441 // 100
    heard = np.pad(heard, ((0, length - len(heard)), (0, 0)))
    key = draws.draw_key("hissing", "draw 1", 0)
    drawn = [draws.uniform_draw(key, k, np.arange(2)) for k in range(length)]
    sample, who = np.nonzero(np.array(drawn) < heard / 44100)
    np.testing.assert_array_equal(np.stack([sample * 100 // 441, who]), np.stack([step, neuron]))
    assert len(neuron) > 2
    # Counts, less the tones every 2 ms.
    tones = bank_today(e, "cochlea_of_two", tones, 44100.0, monkeypatch)
    at_end = np.bincount(neuron, minlength=2) - sum(tones[k * 441 // 5] for k in range(15))
    np.testing.assert_allclose(record["n"][-1], at_end, atol=1e-12)


@pytest.mark.parametrize("dt", ["0.1 ms", "10 us"])
def test_what_drives_a_layer_of_the_network(dt, folder, monkeypatch):
    e = experiment(HEARD.replace("dt: 0.1 ms", f"dt: {dt}"), folder)
    steps = 500 if e.dt == 1e-4 else 4000
    script, _ = script_of(e, steps)
    audio, layer = audio_of(e), e.layers[1]
    scope = {**vars(script), "state": {}, "dt": e.dt * b2.second, "TimedArray": b2.TimedArray}
    exec("\n".join(audio.drives()), scope)
    samples, rate = sound_today(e, "training", 0, folder, monkeypatch)
    chunks = [bank_today(e, "cochlea", samples, rate, monkeypatch)]
    expected = drives.drive_means(iter(chunks), rate, e.dt, steps, 10)
    np.testing.assert_array_equal(scope["state"]["cochlea"], expected)
    # In the network, neuron i of each block hears channel i.
    assert audio.column(layer) == ""
    space = {"v_rest": -70 * b2.mV, "gain": 1 * b2.volt, "tau_m": 3 * b2.ms}
    space |= eval("{" + ", ".join(audio.namespace(layer)) + "}", scope)
    equations = "\n".join(map(printed, audio.equations(layer)))
    group = b2.NeuronGroup(20, equations, namespace=space, dt=e.dt * b2.second, method="exact")
    heard = b2.StateMonitor(group, "I", record=True)
    b2.Network(group, heard).run(50 * e.dt * b2.second, namespace={})
    np.testing.assert_array_equal(heard.I.T, np.tile(expected[:50], 2))


def test_what_drives_replicates(folder, monkeypatch):
    e = experiment(HEARD.replace("record:", "sweep:\n    replicates: 2\nrecord:", 1), folder)
    script, _ = script_of(e, 500)
    audio, layer = audio_of(e), e.layers[1]
    scope = {**vars(script), "state": {}, "replicate": np.array([0, 1])}
    exec("\n".join(audio.drives()), scope)
    for r in (0, 1):
        samples, rate = sound_today(e, "training", r, folder, monkeypatch)
        chunks = [bank_today(e, "cochlea", samples, rate, monkeypatch)]
        expected = drives.drive_means(iter(chunks), rate, e.dt, 500, 10)
        mine = scope["state"]["cochlea"][:, 10 * r : 10 * r + 10]
        np.testing.assert_array_equal(mine, expected)
    scope |= {"shared": np.array([0, 1]), "B": 2}
    np.testing.assert_array_equal(eval(audio.column(layer), scope), np.arange(20))
    assert constant("drive__column", "integer") in audio.equations(layer)


def test_the_length_of_a_sound(folder):
    e = experiment(HEARD, folder)
    script, _ = script_of(e)
    audio = audio_of(e)
    seconds = eval(audio.duration(e.phases[0].sound), vars(script))
    assert seconds == pytest.approx(0.005 + 3 * (0.025 + 0.005), abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("builds_itself", [False, True])
def test_the_same_spikes_in_cpp(builds_itself, folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    e = experiment(HEARD, folder)
    steps = steps_of(e, monkeypatch, folder)
    script, _ = script_of(e, steps, builds_itself)
    expected = heard_today(e, steps, monkeypatch, folder)
    options = {"directory": None} if builds_itself else {"build_on_run": False}
    b2.set_device("cpp_standalone", **options)
    try:
        found = script.hear_AN()
        again = script.hear_AN()  # the device is as if nothing had been run
    finally:
        b2.device.reinit()
        b2.set_device("runtime")
    for neuron, step in (found, again):
        np.testing.assert_array_equal(neuron, expected[0])
        np.testing.assert_array_equal(step, expected[1])
    left = [*tmp_path.iterdir(), *(tmp_path / "tmp").glob("brian_standalone*")]
    assert left == [tmp_path / "tmp"]
