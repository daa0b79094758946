"""Phases that are repeated and that set variables: against Brian2 by hand, block by block."""

import subprocess
import sys

import brian2
import numpy as np
import pandas as pd
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    mV,
    second,
)
from by_day import CYTHON
from running import assert_same, run_apart, run_here, run_text, script_of, tables_in
from script_audit import audit
from test_plain_scripts import assert_equal_values, run_plain_here

from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source
from stdpdsl.runtime.draws import seeded_stream

MODEL = """model again

neuron cell:
    parameters:
        tau = 10 ms
    equations:
        dv/dt = (-70 mV - v)/tau : volt (unless refractory)
        dth/dt = -th/(100 ms) : volt
    threshold: v > -60 mV + th
    reset:
        v = -70 mV
        th += 1 mV
    refractory: 2 ms
    method: euler
    initial: v = -70 mV

layer inputs:
    spikes: [{spikes}]
    size: 3

layer A1:
    neuron: cell
    size: 4

connect inputs -> A1 as ff:
    pattern: all_to_all
    plasticity: pair_additive(wmax = 1)
    deliver: w * 8 mV to v
    initial: w = 0.4
    delay: 1.5 ms

sweep:
    table:
        | ff.Apre | start [mV] | wide |
{rows}

record:
    spikes of A1
    w, apre of ff every 10 ms
    v of A1 every 1 ms

run:
    dt: 0.1 ms
    seed: 7
"""
ROWS = [(0.01, -70, 1.0), (0.03, -65, 0.6)]
TRAIN = """    phases:
        settle: 20 ms, plasticity off
        repeat 3:
            train: 40 ms, set A1.v = uniform(start, -61 mV), set apre = 0.001, set ff.w = 0.5*wide
            rest: 10 ms, ff off, set th = 0 mV, set A1.tau = 20 ms
        test: 30 ms, ff frozen, set A1.tau = 10 ms
"""
SPIKES = [(n, round(1.03 + 3.7 * k + 1.1 * n, 2)) for k in range(54) for n in range(3)]


def spec(phases=TRAIN, rows=ROWS):
    spikes = ", ".join(f"({n}, {t} ms)" for n, t in SPIKES)
    lines = "\n".join(f"        | {a} | {b} | {c} |" for a, b, c in rows)
    return MODEL.format(spikes=spikes, rows=lines) + phases


class ByHand:
    """The network of one block."""

    dt = 0.1 * ms
    reset = "v = -70*mV; th += 1*mV"

    def __init__(self, Apre):
        brian2.start_scope()
        brian2.prefs.codegen.target = "numpy"
        brian2.prefs.codegen.loop_invariant_optimisations = False
        dt = self.dt
        n, t = np.array([k for k, _ in SPIKES]), np.array([t for _, t in SPIKES])
        self.inputs = SpikeGeneratorGroup(3, n, t * ms, dt=dt)
        self.cells = NeuronGroup(
            4,
            """dv/dt = (-70*mV - v)/tau : volt (unless refractory)
            dth/dt = -th/(100*ms) : volt
            seen : second
            tau : second (constant)""",
            threshold="v > -60*mV + th",
            reset=self.reset,
            refractory=2 * ms,
            method="euler",
            dt=dt,
        )
        self.ff = Synapses(
            self.inputs,
            self.cells,
            """w : 1
            on : 1 (shared)
            learns : 1 (shared)
            dapre/dt = -apre/(20*ms) : 1 (event-driven)
            dapost/dt = -apost/(20*ms) : 1 (event-driven)""",
            on_pre="""apre += Apre
            v_post += on*w*8*mV
            w = clip(w + learns*apost, 0, 1)""",
            on_post="""apost += -0.0105
            w = clip(w + learns*apre, 0, 1)""",
            namespace={"Apre": Apre},
            dt=dt,
        )
        self.ff.connect(i=np.repeat([0, 1, 2], 4), j=np.tile(range(4), 3))
        self.ff.pre.delay = 1.5 * ms
        self.cells.v, self.cells.tau = -70 * mV, 10 * ms
        self.ff.w, self.ff.on, self.ff.learns = 0.4, 1, 1
        self.spikes = SpikeMonitor(self.cells)
        self.states = StateMonitor(self.cells, "v", record=True, dt=1 * ms)
        self.net = Network(self.inputs, self.cells, self.ff, self.spikes, self.states)

    def run(self, duration):
        self.net.run(duration, namespace={})


def trained_by_hand(block):
    Apre, start, wide = ROWS[block]
    h = ByHand(Apre)
    h.ff.learns = 0
    h.run(20 * ms)
    h.ff.learns = 1
    for turn in (1, 2, 3):
        u = seeded_stream(7, "A1", "v", f"train {turn}", 0).random(4)
        h.cells.v = (start * 1e-3 + (-0.061 - start * 1e-3) * u) * brian2.volt
        h.ff.apost = "apost*exp(-(t - lastupdate)/(20*ms))"
        h.ff.lastupdate = "t"
        h.ff.apre, h.ff.w, h.ff.on = 0.001, 0.5 * wide, 1
        h.run(40 * ms)
        h.cells.th, h.cells.tau, h.ff.on = 0 * mV, 20 * ms, 0
        h.run(10 * ms)
    h.cells.tau, h.ff.on, h.ff.learns = 10 * ms, 1, 0
    h.run(30 * ms)
    return h


def compare(h, found, block):
    """The spikes, the potentials and the weights of a block are those by hand, to the last bit."""
    of_block = {name: t[t["block"] == block] for name, t in found.items() if "block" in t}
    spikes = of_block["spikes"].sort_values(["t", "neuron"])
    assert len(spikes) == h.spikes.num_spikes > 20
    order = np.lexsort((h.spikes.i, h.spikes.t / second))
    np.testing.assert_array_equal(spikes["neuron"], np.asarray(h.spikes.i)[order])
    np.testing.assert_array_equal(spikes["t"], (h.spikes.t / second)[order])
    w = of_block["weights"].sort_values(["pre", "post"])["w"]
    np.testing.assert_array_equal(w, h.ff.w)
    v = of_block["trajectories"].query("variable == 'v'").sort_values(["neuron", "t"])["value"]
    by_hand = np.column_stack([h.states.v / brian2.volt, h.cells.v / brian2.volt])
    np.testing.assert_array_equal(v.to_numpy().reshape(4, -1), by_hand)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return run_text(tmp_path_factory.mktemp("trained"), spec())


@pytest.mark.parametrize("block", [0, 1])
def test_repeated_phases_that_set_variables_are_those_by_hand(trained, block):
    compare(trained_by_hand(block), trained, block)


def test_results_name_the_phase_and_its_turn(trained):
    names = ["settle", "train 1", "rest 1", "train 2", "rest 2", "train 3", "rest 3", "test"]
    assert trained["blocks"].query("block == 0")["phase"].tolist() == names
    assert set(trained["spikes"]["phase"]) <= {*names}
    parameters = trained["parameters"].query("block == 0").set_index("phase")["A1.tau"]
    assert parameters["train 1"] == 0.01 and parameters["train 2"] == 0.02


TABLES = ("blocks", "weights", "spikes", "trajectories")


def assert_alone(alone, whole, block):
    """The only block of a run is a block of another."""
    for name in TABLES:
        mine = whole[name][whole[name]["block"] == block].drop(columns="block")
        theirs = alone[name][alone[name]["block"] == 0].drop(columns="block")
        pd.testing.assert_frame_equal(
            mine.reset_index(drop=True), theirs.reset_index(drop=True), check_exact=True
        )


def plain_of(text, folder, lowering="synapse", target="numpy"):
    return compile_source(Source("spec.stdp", text), folder, [], lowering, target).script


def test_a_block_alone_and_both_lowerings(tmp_path, trained):
    assert_alone(run_here(tmp_path, script_of(spec(rows=ROWS[1:])), "alone"), trained, 1)
    assert_same(run_here(tmp_path, script_of(spec(), "namespace"), "namespace"), trained)


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
def test_the_plain_script_has_the_same_numbers(tmp_path, trained, lowering):
    plain = plain_of(spec(), tmp_path, lowering)
    assert "for turn in range(1, 4):" in plain
    assert_equal_values(run_plain_here(tmp_path, plain), trained)


def on_target(folder, target, text_of):
    """A spec on a target: a block alone is that of the sweep, and the plain script has the same
    numbers."""
    whole = run_apart(folder, script_of(text_of(ROWS)), f"on_{target}", target)
    alone = run_apart(folder, script_of(text_of(ROWS[1:])), f"alone_{target}", target)
    assert_alone(alone, whole, 1)
    path = folder / f"plain_on_{target}.py"
    path.write_text(plain_of(text_of(ROWS), folder, target=target), encoding="utf-8")
    out = folder / f"plain_{target}"
    subprocess.run([sys.executable, path, "-o", out], cwd=folder, check=True)
    assert_equal_values(tables_in(out), whole)


@pytest.mark.slow
@pytest.mark.parametrize("target", [CYTHON, "cpp_standalone"])
@pytest.mark.in_turn(1, among="phases as programs")
def test_repeated_phases_on_every_target(tmp_path, target):
    on_target(tmp_path, target, lambda rows: spec(rows=rows))


def test_what_another_phase_of_the_turn_has_set_holds_in_the_next_turn(tmp_path):
    """`first` sets one parameter and `second` another: in the second turn both hold."""
    phases = """    phases:
        repeat 2:
            first: 10 ms, set ff.wmax = 0.9, set ff.w = wmax/2
            second: 10 ms, set ff.taupre = 15 ms, set A1.v = -70 mV
            third: 10 ms, set ff.wmax = 0.3
"""
    text = spec(phases)
    found = run_text(tmp_path, text)
    each = found["parameters"].query("block == 0").set_index("phase")
    assert each["ff.taupre"].tolist() == [0.02, 0.015, 0.015, 0.015, 0.015, 0.015]
    assert each["ff.wmax"].tolist() == [0.9, 0.9, 0.3, 0.9, 0.9, 0.3]
    assert_equal_values(run_plain_here(tmp_path, plain_of(text, tmp_path)), found)
    assert found["weights"]["w"].max() <= 0.3


# States that are stored and restored, against Brian2's store() and restore() --------------------
#
# Brian2 sets the clock back, and ours goes on: with a step of 2**-13 s all times are exact, and so
# are their differences.

STEP = 2.0**-13
RESTORING = (
    MODEL.replace("    dt: 0.1 ms\n", "    dt: 0.1220703125 ms\n")
    + """    phases:
        settle: 128*{step} ms, store fresh at start, store settled
        repeat 2:
            train: 256*{step} ms, restore settled except ff.w and A1.th
        of_one: 256*{step} ms, ff frozen, restore settled of A1 and ff.apre
        again: 256*{step} ms, ff frozen, restore fresh
""".replace("{step}", "0.1220703125")
)
SOME = """        settle: 128*{step} ms, store settled
        train: 256*{step} ms
        of_one: 256*{step} ms, ff frozen, restore settled of A1 and ff.apre
""".replace("{step}", "0.1220703125")
RESTORING = (
    RESTORING.replace("th/(100 ms) : volt", "th/(100 ms) : volt\n        seen : second")
    .replace("th += 1 mV", "th += 0.01 mV/ms*clip(t - seen, 0 ms, 100 ms)\n        seen = t")
    .replace("v of A1 every 1 ms", "v of A1 every 0.9765625 ms")
    .replace("every 10 ms", "every 7.8125 ms")
)


def restoring_spec(rows=ROWS):
    spikes = ", ".join(f"({n}, {t} ms)" for n, t in SPIKES)
    lines = "\n".join(f"        | {a} | {b} | {c} |" for a, b, c in rows)
    return RESTORING.format(spikes=spikes, rows=lines)


class Restored(ByHand):
    """Runs a stretch of the given spikes from a stored state."""

    dt = STEP * second
    reset = "v = -70*mV; th += 0.01*mV/ms*clip(t - seen, 0*ms, 100*ms); seen = t"

    def __init__(self, Apre):
        super().__init__(Apre)
        n, t = np.array([k for k, _ in SPIKES]), np.array([t for _, t in SPIKES]) * 1e-3
        self.given = n, np.floor(t / STEP + 1e-9)
        self.states = StateMonitor(self.cells, "v", record=True, dt=8 * STEP * second)
        self.weights = StateMonitor(self.ff, "w", record=True, dt=64 * STEP * second)
        self.net = Network(self.inputs, self.cells, self.ff, self.spikes, self.states, self.weights)

    def stretch(self, first, steps):
        """Run so many steps with the spikes that are given from step `first` on."""
        n, step = self.given
        mine = (step >= first) & (step < first + steps)
        now = round(float(self.net.t / second) / STEP)
        seen = len(self.spikes.t), self.states.v.shape[1], self.weights.w.shape[1]
        self.inputs.set_spikes(n[mine], (step[mine] - first + now) * STEP * second, sorted=False)
        self.run(steps * STEP * second)
        spikes = np.asarray(self.spikes.t[seen[0] :] / second) + (first - now) * STEP
        v, w = self.states.v[:, seen[1] :] / brian2.volt, self.weights.w[:, seen[2] :]
        return np.asarray(self.spikes.i[seen[0] :]), spikes, v, w


def restored_by_hand(block):
    """(neuron, t, v, w) of each phase."""
    h = Restored(ROWS[block][0])
    found = []
    relax(h)
    h.net.store("fresh")
    found.append(h.stretch(0, 128))
    relax(h)  # for a later phase restores some of the traces
    h.net.store("settled")
    for first in (128, 384):
        w, th = np.array(h.ff.w), np.array(h.cells.th)
        h.net.restore("settled")
        h.ff.w, h.cells.th = w, th * brian2.volt
        found.append(h.stretch(first, 256))
    restore_some(h)
    found.append(h.stretch(640, 256))
    h.net.restore("fresh")
    h.ff.learns = 0
    found.append(h.stretch(896, 256))
    return found


def some_restored_by_hand(block):
    """(neuron, t, v, w) of each phase of SOME."""
    h = Restored(ROWS[block][0])
    found = [h.stretch(0, 128)]
    relax(h)
    h.net.store("settled")
    found.append(h.stretch(128, 256))
    restore_some(h)
    found.append(h.stretch(384, 256))
    return found


def restore_some(h):
    """`of A1 and ff.apre`: all else is as it was, at the time to which Brian2 has gone back."""
    relax(h)
    now = {n: np.array(v) for n, v in h.ff.get_states(units=False).items()}
    under_way = h.ff.pre.queue._full_state()
    h.net.restore("settled")
    relax(h)
    apre = np.array(h.ff.apre)
    h.ff.set_states({n: now[n] for n in ("w", "apost")}, units=False)
    h.ff.apre = apre
    h.ff.pre.queue._restore_from_full_state(under_way)
    h.ff.learns = 0


def relax(h):
    """Bring the traces up to date."""
    h.ff.apre = "apre*exp(-(t - lastupdate)/(20*ms))"
    h.ff.apost = "apost*exp(-(t - lastupdate)/(20*ms))"
    h.ff.lastupdate = "t"


@pytest.fixture(scope="module")
def restored(tmp_path_factory):
    return run_text(tmp_path_factory.mktemp("restored"), restoring_spec())


@pytest.fixture(scope="module")
def some_restored(tmp_path_factory):
    text = restoring_spec()
    text = text[: text.index("        settle:")] + SOME
    return run_text(tmp_path_factory.mktemp("some"), text)


@pytest.mark.parametrize("block", [0, 1])
def test_states_are_restored_as_brian2_restores_them(restored, block):
    names = ["settle", "train 1", "train 2", "of_one", "again"]
    assert_phases(restored, block, names, restored_by_hand(block))


@pytest.mark.parametrize("block", [0, 1])
def test_a_trace_of_several_is_restored_as_brian2_restores_it(some_restored, block):
    """No other phase restores them all, so this one alone asks for them as they are then."""
    names = ["settle", "train", "of_one"]
    assert_phases(some_restored, block, names, some_restored_by_hand(block))


def assert_phases(tables, block, names, stretches):
    samples = (
        tables["trajectories"].query("block == @block").sort_values(["neuron", "pre", "post", "t"])
    )
    for name, (neuron, t, v, w) in zip(names, stretches, strict=True):
        mine = tables["spikes"].query("block == @block and phase == @name")
        mine = mine.sort_values(["t", "neuron"])
        order = np.lexsort((neuron, t))
        assert len(mine) > 3 or name == "settle"
        np.testing.assert_array_equal(mine["neuron"], neuron[order])
        np.testing.assert_array_equal(mine["t"], t[order])
        for variable, by_hand in (("v", v), ("w", w)):
            mine = samples[(samples["phase"] == name) & (samples["variable"] == variable)]
            values = mine["value"].to_numpy()
            values = values.reshape(len(by_hand), -1)[:, : by_hand.shape[1]]
            np.testing.assert_array_equal(values, by_hand)


@pytest.mark.slow
def test_restored_blocks_alone_and_both_lowerings(tmp_path, restored):
    alone = run_here(tmp_path, script_of(restoring_spec(ROWS[1:])), "alone")
    assert_alone(alone, restored, 1)
    script = script_of(restoring_spec(), "namespace")
    assert_same(run_here(tmp_path, script, "namespace"), restored)
    for lowering in ("synapse", "namespace"):
        plain = plain_of(restoring_spec(), tmp_path, lowering)
        assert_equal_values(run_plain_here(tmp_path, plain), restored)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["cython", "cpp_standalone"])
@pytest.mark.in_turn(1, among="phases as programs")
def test_restored_states_on_every_target(tmp_path, target):
    on_target(tmp_path, target, restoring_spec)


def test_scripts_hold_what_a_script_may_hold():
    for text in (spec(), restoring_spec()):
        assert audit(script_of(text)) == []


DRAWN_EACH_TURN = """model drawn
neuron cell:
    equations: x : 1
layer A:
    neuron: cell
    size: 4
record:
    x of A every 1 ms
run:
    phases:
        repeat 3:
            draw: 1 ms, set A.x = uniform(0, 1)
            wait: 1 ms
"""


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
def test_each_turn_draws_anew(tmp_path, lowering):
    """Also where nothing else that the turns set differs between them."""
    samples = run_text(tmp_path, DRAWN_EACH_TURN, lowering)["trajectories"]
    drawn = samples[samples["phase"].str.startswith("draw")]["value"]
    assert len(drawn) == drawn.nunique() == 12
    waits = samples[samples["phase"].str.startswith("wait") & (samples["t"] < 5.5e-3)]["value"]
    assert set(waits) == set(drawn)
