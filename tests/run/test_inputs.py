"""Given spikes and rates: the steps in which they act, and what is refused or warned of."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from stdpdsl.language.comments import formatted
from stdpdsl.language.source import Source
from stdpdsl.runtime import draws
from stdpdsl.runtime.errors import SpecError
from stdpdsl.runtime.inputs import listed_steps, rated_steps, regular_steps, spikes_from_file


def data(steps=100, dt=1e-3):
    return SimpleNamespace(steps=steps, dt=dt, warnings=[])


def of_brian2(neuron, time, dt, seconds, size=10):
    """{(neuron, step)} of Brian2's own SpikeGeneratorGroup; ValueError where it refuses."""
    import brian2
    from brian2 import second

    brian2.start_scope()
    brian2.prefs.codegen.target = "numpy"
    group = brian2.SpikeGeneratorGroup(size, neuron, time * second, dt=dt * second)
    monitor = brian2.SpikeMonitor(group)
    brian2.Network(group, monitor).run(seconds * second)
    steps = np.rint(np.asarray(monitor.t / second) / dt).astype(int)
    return set(zip(np.asarray(monitor.i).tolist(), steps.tolist(), strict=True))


@pytest.mark.parametrize("dt", [1e-3, 1e-4, 2.5e-5])
def test_given_spikes_act_when_those_of_brian2_do(dt):
    """Drawn times: on steps, within rounding of them, and between them; some after the run."""
    rng = np.random.default_rng(7)
    steps = rng.choice(1300, 300, replace=False)
    offsets = rng.choice([0, 1e-9, -1e-9, 1e-4, -1e-4, 0.3, 0.5, 0.99], 300)
    time, neuron = np.abs(steps * dt + offsets * dt), rng.integers(0, 10, 300)
    keys = np.stack([neuron, np.floor(time / dt + 1e-3)])
    kept = np.sort(np.unique(keys, axis=1, return_index=True)[1])  # one in a step
    time, neuron = time[kept], neuron[kept]
    x = data(1000, dt)
    ours = listed_steps(x, "P", [0], 10, neuron, time)
    found = set(zip(*(part.tolist() for part in ours), strict=True))
    assert found == of_brian2(neuron, time, dt, 1000 * dt)
    assert 150 < len(found) < len(time)
    outside, between = x.warnings
    assert f"{len(time) - len(found)} of {len(time)} spikes lie outside" in outside
    assert "lie between two time steps" in between


@pytest.mark.parametrize(
    ("neuron", "time", "message"),
    [
        ([0, 0], [2.1e-3, 2.2e-3], "spike 2: neuron 0 spikes twice in the time step"),
        ([0], [-1e-6], "spike 1: a spike at -1e-06 s"),
        ([3, 10], [0.0, 0.0], "spike 2: a spike of neuron 10"),
    ],
)
def test_what_brian2_refuses_is_refused(neuron, time, message):
    with pytest.raises(SpecError, match=message):
        listed_steps(data(), "P", [0], 10, neuron, time)
    from brian2.core.base import BrianObjectException

    with pytest.raises((ValueError, BrianObjectException)):
        of_brian2(np.array(neuron), np.array(time), 1e-3, 0.01)


def test_two_of_one_neuron_with_another_between_them():
    """Brian2 looks at neighbours only, and lets this pass."""
    with pytest.raises(SpecError, match="spike 3: neuron 0 spikes twice in the time step"):
        listed_steps(data(), "P", [0], 10, [0, 1, 0], [2.1e-3, 2.2e-3, 2.3e-3])


def table(folder, times):
    path = Path(folder) / "spikes.csv"
    path.write_text("time,neuron\n" + "".join(f"{t},0\n" for t in times), encoding="utf-8")
    return str(path)


def test_files(tmp_path):
    x = data(1000)
    neuron, step = spikes_from_file(x, "P", [0, 0], 1, table(tmp_path, [0.002, 0.004, 1.5]))
    assert neuron.tolist() == [0, 1, 0, 1] and step.tolist() == [2, 2, 4, 4]
    (text,) = x.warnings
    assert "1 of 3 spikes lie outside the run of 1 s" in text and "ms" not in text
    x = data(1000)
    spikes_from_file(x, "P", [0], 1, table(tmp_path, [12.5, 250, 900]))
    assert "3 of 3" in x.warnings[0] and x.warnings[0].endswith("are these in ms?")
    with pytest.raises(SpecError, match="spikes.csv: row 2: a spike at -1e-06 s"):
        spikes_from_file(data(), "P", [0], 1, table(tmp_path, [0.1, -1e-6]))
    with pytest.raises(SpecError, match="row 3: neuron 0 spikes twice in the time step"):
        spikes_from_file(data(), "P", [0], 1, table(tmp_path, [0.1, 0.2, 0.2004]))


def test_regular_spikes():
    """300 Hz: one in the step that holds it, as Brian2 would have the times."""
    time = 0.0015 + np.arange(300) / 300
    neuron, step = regular_steps(data(1000), "R", [0], 2, 300.0, 0.0015, np.inf)
    expected = of_brian2(np.zeros(300, int), time, 1e-3, 1.0)
    for i in (0, 1):
        assert {(0, s) for s in step[neuron == i].tolist()} == expected
    x = data()
    assert not len(regular_steps(x, "R", [0], 2, 20.0, 5.0, np.inf)[0])
    assert x.warnings == ["R: regular spikes start after the end of the run at 0.1 s"]
    with pytest.raises(SpecError, match="negative"):
        regular_steps(data(), "R", [0], 2, 20.0, -1e-6, np.inf)


@pytest.fixture
def rates(tmp_path, monkeypatch):
    monkeypatch.setattr(draws, "SEED", 1, raising=False)

    def steps(rows, x, every, gap=0.0, repeat=False):
        """The steps in which row k, that lets neuron k spike at every step, is played."""
        path = tmp_path / "r.npy"
        np.save(path, np.eye(rows) / x.dt)
        neuron, step = rated_steps(x, "A", [0], rows, np.load(path), every, gap, repeat)
        return [step[neuron == k].tolist() for k in range(rows)]

    return steps


def test_rows_of_rates_do_not_drift(rates):
    """Steps of 3 ms and rows of 10 ms: each step has the row in whose time it begins."""
    x = data(14, 3e-3)
    assert rates(4, x, 10e-3) == [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12, 13]]
    assert "its 4 rows end at 0.04 s" in x.warnings[0]
    x = data(100_000, 1e-4)  # 10 s; a third of a second is no whole number of steps
    for k, steps in enumerate(rates(30, x, 1 / 3)):
        assert steps[0] == int(np.ceil(k / 3e-4 - 1e-3))
        assert steps == list(range(steps[0], steps[-1] + 1))


def test_rows_of_rates_are_played_once_or_again(rates):
    x = data(100)
    assert rates(2, x, 20e-3, 5e-3) == [list(range(15)), list(range(20, 35))]
    text, fast = x.warnings
    assert "A: with 1000 Hz a neuron spikes in 100% of the time steps" in fast
    assert "its 2 rows with their gaps end at 0.04 s" in text and "`repeat`" in text
    x = data(100)
    again = rates(2, x, 20e-3, 5e-3, True)
    assert again[0] == [*range(15), *range(40, 55), *range(80, 95)]
    assert again[1] == [*range(20, 35), *range(60, 75)] and len(x.warnings) == 1
    x = data(30)
    rates(3, x, 20e-3)
    assert x.warnings[0].endswith("plays 2 of 3 rows")
    with pytest.raises(SpecError, match="`gap` must be shorter than `every`"):
        rates(2, data(), 20e-3, 20e-3)


def test_the_word_repeat(check_text):
    text = """model r

layer A:
    rates: from "r.npy" every 10 ms{end}
    size: 2

run:
    duration: 50 ms
"""
    for end in ("", ", repeat", ", gap 2 ms", ", gap 2 ms, repeat"):
        source = Source("r.stdp", text.format(end=end))
        assert formatted(source) == source.text
        assert not [d for d in check_text(source.text) if d.severity == "error"], end
    (found,) = [d for d in check_text(text.format(end=", gap 12 ms")) if d.severity == "error"]
    assert found.code == "TYPE013" and "`every 22 ms`" in found.help
    assert found.span.text == "12 ms"
