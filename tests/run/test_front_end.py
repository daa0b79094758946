"""Sound to filterbank to nerve: the spikes of a plain brian2hears script, at the sound's rate."""

import math
from fractions import Fraction

import brian2 as b2
import brian2hears as hears
import numpy as np
import pytest
from brian2 import Hz, Network, NeuronGroup, SpikeMonitor, ms, mV, second, volt

from stdpdsl.runtime import (
    drives,
    filterbanks,
    filters,
    heard_cache,
    nerve,
    numerics,
    presentation,
    sounds,
)
from stdpdsl.runtime.errors import SpecError

FS = 44100.0
FREQUENCIES = [220.0, 900.0, 2600.0]
MODEL = """
dv/dt = (v_rest + gain*I - v)/tau_m : volt (unless refractory)
I : 1
"""
NERVE = {
    "model": MODEL,
    "threshold": "v > v_threshold",
    "reset": "v = v_rest",
    "refractory": 5 * ms,
    "method": "euler",
    "namespace": {"v_rest": -70 * mV, "v_threshold": -60 * mV, "gain": 1 * volt, "tau_m": 10 * ms},
}


@pytest.fixture(autouse=True)
def numpy_target():
    """NumPy, unless a test says otherwise; whatever a test leaves behind is put right."""
    b2.prefs.codegen.target = "numpy"
    yield
    b2.set_device("runtime")
    b2.prefs.codegen.target = "auto"


def thread_sound():
    """The thread's sound, short: two tones, ramped, with gaps, at 65 dB."""
    stimuli, labels = sounds.tones(FREQUENCIES, 0.08, samplerate=FS)
    return presentation.sequence(stimuli, labels, samplerate=FS, ramp=0.01, gap=0.02, level=65.0)[0]


def cochlea(sound, low=100.0):
    """The thread's filterbank: gammatones, rectified, three times larger."""
    cf = numerics.erbspace(low, 5000.0, 10)
    return filterbanks.filterbank(
        sound, FS, [(filters.gammatone, {"cf": cf})], lambda x: 3 * np.clip(x, 0, np.inf)
    )


def auditory_nerve(neurons=10):
    def make(dt):
        group = NeuronGroup(neurons, dt=dt, name="AN", **NERVE)
        group.v = -70 * mV
        return group

    return make


def plain_script():
    """As a user of brian2hears writes it: (neuron, sample) of each spike."""
    silence = hears.silence(20 * ms)
    sequence = silence
    for f in FREQUENCIES:
        tone = hears.tone(f * Hz, 80 * ms)
        tone.ramp(when="both", duration=10 * ms)
        tone.level = 65 * hears.dB
        sequence = hears.Sound.sequence(sequence, tone, silence)
    bank = hears.Gammatone(sequence, hears.erbspace(100 * Hz, 5000 * Hz, 10))
    cells = hears.FunctionFilterbank(bank, lambda x: 3 * np.clip(x, 0, np.inf))
    group = hears.FilterbankGroup(cells, "I", **NERVE)
    group.v = -70 * mV
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(sequence.duration, namespace={})
    return np.array(spikes.i[:]), np.rint(np.asarray(spikes.t / second) * FS).astype(int)


@pytest.fixture(scope="module")
def plain():
    """The plain script's spikes, with brian2hears' own NumPy loop: no compiler needed."""
    from brian2hears.filtering import linearfilterbank

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linearfilterbank, "Cython", None)
        b2.prefs.codegen.target = "numpy"
        return plain_script()


# The spikes -------------------------------------------------------------------------------------


def test_the_spikes_of_a_plain_script(plain):
    sound = thread_sound()
    spikes = nerve.run_nerve(auditory_nerve(), {"I": cochlea(sound)}, FS, len(sound))
    assert len(plain[0]) > 10 and len(np.unique(plain[0])) == 3
    np.testing.assert_array_equal(spikes[:2], plain)


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("cpp_standalone", marks=pytest.mark.slow),
        pytest.param("cython", marks=pytest.mark.compiled),
    ],
)
def test_the_same_spikes_compiled(plain, target, tmp_path):
    folder = tmp_path / "nerve" if target == "cpp_standalone" else None
    if folder is None:
        b2.prefs.codegen.target = target
    sound = thread_sound()
    spikes = nerve.run_nerve(auditory_nerve(), {"I": cochlea(sound)}, FS, len(sound), folder)
    np.testing.assert_array_equal(spikes[:2], plain)
    assert type(b2.get_device()).__name__ == "RuntimeDevice"
    assert folder is None or not list(folder.glob("*.float64"))


@pytest.mark.slow
def test_networks_after_a_standalone_nerve(tmp_path):
    """The network that follows may run on any device, with names as if it had come first."""
    sound = thread_sound()
    neuron, sample, _ = nerve.run_nerve(
        auditory_nerve(), {"I": cochlea(sound)}, FS, len(sound), tmp_path / "nerve"
    )
    neuron, step, _ = nerve.spike_steps(neuron, sample, FS, 1e-4)

    def network():
        source = b2.SpikeGeneratorGroup(10, neuron, step * 0.1 * ms, dt=0.1 * ms, name="AN")
        monitor = SpikeMonitor(source)
        Network(source, monitor).run(len(sound) / FS * second, namespace={})
        return monitor

    monitor = network()
    np.testing.assert_array_equal(monitor.i, neuron)
    del monitor
    b2.set_device("cpp_standalone", directory=str(tmp_path / "main"), build_on_run=False)
    monitor = network()
    b2.get_device().build(directory=str(tmp_path / "main"), with_output=False)
    np.testing.assert_array_equal(monitor.i, neuron)
    np.testing.assert_array_equal(np.rint(monitor.t / (0.1 * ms)), step)
    b2.get_device().reinit()


def test_replicates_side_by_side():
    sound = thread_sound()
    reversed_ = sound[::-1].copy()
    both = {"I": drives.side_by_side([cochlea(sound), cochlea(reversed_)])}
    neuron, sample, _ = nerve.run_nerve(auditory_nerve(20), both, FS, len(sound))
    for k, one in enumerate((sound, reversed_)):
        alone = nerve.run_nerve(auditory_nerve(), {"I": cochlea(one)}, FS, len(one))[:2]
        mine = (neuron >= 10 * k) & (neuron < 10 * (k + 1))
        np.testing.assert_array_equal((neuron[mine] - 10 * k, sample[mine]), alone)


def test_beyond_the_sound_the_drive_is_zero():
    sound = thread_sound()
    drive = drives.in_time([(1000, cochlea(sound))], len(sound) + 5000, 10)
    neuron, sample, _ = nerve.run_nerve(auditory_nerve(), {"I": drive}, FS, len(sound) + 5000)
    alone = nerve.run_nerve(auditory_nerve(), {"I": cochlea(sound)}, FS, len(sound))[:2]
    np.testing.assert_array_equal(neuron, alone[0])
    np.testing.assert_array_equal(sample, alone[1] + 1000)


def test_drives_in_time():
    def drive(value, rows):
        return (np.full((size, 2), value) for size in rows)

    pieces = [(2, drive(1.0, [2, 2])), (9, drive(2.0, [3, 3])), (12, drive(3.0, [5]))]
    rows = np.vstack(list(drives.in_time(pieces, 14, 2)))[:, 0]
    np.testing.assert_array_equal(rows, [0, 0, 1, 1, 1, 1, 0, 0, 0, 2, 2, 2, 3, 3])
    assert np.vstack(list(drives.in_time([], 3, 2))).shape == (3, 2)
    draws = np.vstack(list(drives.uniform_rows(10, 3, np.random.default_rng(0), chunk=4)))
    np.testing.assert_array_equal(draws, np.random.default_rng(0).random((10, 3)))


def test_a_poisson_nerve():
    """A nerve that draws: the draws are a drive of their own."""
    rate, rows = 200.0, 44100

    def make(dt):
        return NeuronGroup(
            5, "rate : Hz\nu : 1", threshold="u < rate*dt", reset="", dt=dt, namespace={}
        )

    driven = {
        "rate": iter([np.full((rows, 5), rate)]),
        "u": drives.uniform_rows(rows, 5, np.random.default_rng(2)),
    }
    neuron, sample, _ = nerve.run_nerve(make, driven, FS, rows)
    expected = np.argwhere(np.random.default_rng(2).random((rows, 5)) < rate / FS)
    np.testing.assert_array_equal(np.stack([sample, neuron], axis=1), expected)


# Time -------------------------------------------------------------------------------------------


def test_spikes_enter_the_step_that_holds_them():
    sample = np.arange(0, 44101)
    neuron = np.zeros_like(sample)
    kept, step, dropped = nerve.spike_steps(neuron, sample, FS, 1e-4)
    exact = [k * 10000 // 44100 for k in range(44101)]  # k/44100 s, in tenths of a millisecond
    np.testing.assert_array_equal(step, np.unique(exact))
    assert step[-1] == 10000 and dropped == 44101 - 10001 and not kept.any()


def test_steps_that_are_multiples_of_samples():
    """48 kHz and 0.125 ms: k/48000/dt is whole for every sixth sample, though floats may not be."""
    sample = np.arange(0, 10**7, 6)
    _, step, dropped = nerve.spike_steps(np.zeros_like(sample), sample, 48e3, 0.125e-3)
    np.testing.assert_array_equal(step, sample // 6)
    assert dropped == 0
    neuron, step, dropped = nerve.spike_steps(
        np.array([1, 0, 1, 0]), np.array([0, 1, 2, 30]), 48e3, 0.125e-3
    )
    np.testing.assert_array_equal((neuron, step), [(0, 1, 0), (0, 0, 5)])
    assert dropped == 1


@pytest.mark.parametrize(("dt", "exact"), [(1e-4, "4.41"), (5e-4, "22.05"), (1e-5, "0.441")])
def test_means_of_the_samples_in_a_step(dt, exact):
    """Against the definition: the mean of the samples in [t, t + dt), else the one before."""
    drive = np.random.default_rng(0).random((200, 3))
    samples_per_step = Fraction(exact)
    steps = int(250 / samples_per_step)
    padded = np.vstack([drive, np.zeros((100, 3))])
    expected = np.zeros((steps, 3))
    for n in range(steps):
        start, end = n * samples_per_step, (n + 1) * samples_per_step
        inside = [k for k in range(300) if start <= k < end]
        expected[n] = padded[inside or [math.ceil(start) - 1]].mean(axis=0)
    whole = drives.drive_means([drive], FS, dt, steps, 3)
    np.testing.assert_allclose(whole, expected, rtol=1e-14)
    for size in (7, 1):
        chunks = (drive[a : a + size] for a in range(0, 200, size))
        np.testing.assert_array_equal(drives.drive_means(chunks, FS, dt, steps, 3), whole)


def test_means_of_steps_that_are_samples():
    drive = np.random.default_rng(0).random((200, 3))
    np.testing.assert_array_equal(drives.drive_means([drive], FS, 1 / FS, 200, 3), drive)


# Kept for the next run --------------------------------------------------------------------------


def test_the_stage_is_kept(tmp_path):
    made = []

    def make():
        made.append(1)
        return np.arange(3), np.array(["a", "b"])

    path = tmp_path / "nerve.npz"
    key = heard_cache.fingerprint("model", 44100.0, np.arange(4.0))
    for _ in range(2):
        numbers, texts = heard_cache.kept(path, key, make)
        np.testing.assert_array_equal(numbers, [0, 1, 2])
        np.testing.assert_array_equal(texts, ["a", "b"])
    assert len(made) == 1
    heard_cache.kept(path, heard_cache.fingerprint("model", 44100.0, np.arange(5.0)), make)
    assert len(made) == 2
    path.write_bytes(path.read_bytes()[:100])
    heard_cache.kept(path, key, make)
    assert len(made) == 3
    assert {p.name for p in tmp_path.iterdir()} == {"nerve.npz", "nerve.lock"}


def test_a_disk_too_small(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 1000})()
    monkeypatch.setattr(drives.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(SpecError, match="the drive needs 0.4 GB in"):
        drives.write_rows(str(tmp_path / "I.float64"), [], 5_000_000, 10)
