"""Phases that end for a block when a condition holds: against Brian2 by hand, run in pieces, whose
objects are made inactive at the check at which it holds; each block alone, on every target."""

import subprocess
import sys
from pathlib import Path

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
from test_start_again import assert_alone, plain_of

from stdpdsl.compiler import compile_source
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.language.source import Source
from stdpdsl.runtime import until

# With a step of 2**-13 s all times are exact, and so are their differences.
STEP = 2.0**-13
MODEL = """model waits

neuron cell:
    equations:
        dv/dt = (-70 mV - v)/(10 ms) : volt (unless refractory)
        dth/dt = -th/(100 ms) : volt
        seen : second
    threshold: v > -60 mV + th
    reset:
        v = -70 mV
        th += 0.01 mV/ms*clip(t - seen, 0 ms, 100 ms)
        seen = t
    refractory: 3 ms
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
    delay: 11.7 ms

connect A1 -> A1 as lateral:
    pattern: all_to_all where i != j
    weight: 0.5 mV
    deliver: -w to v
    dendritic delay: 7.8125 ms

sweep:
    table:
        | ff.Apre | need | fast [Hz] |
{rows}

record:
    spikes of A1, inputs
    w, apre of ff every 7.8125 ms
    v of A1 every 0.9765625 ms
    rate of A1 every 15.625 ms

run:
    dt: 0.1220703125 ms
    phases:
        show: 512*{step} ms, until count of A1 >= need every 16*{step} ms
        rest: 128*{step} ms
        repeat 2:
            train: 512*{step} ms, until rate of A1 > fast every 64*{step} ms
        move: 512*{step} ms, until mean(w) of ff > 0.38 + 4*Apre every 32*{step} ms
        last: 256*{step} ms
"""
ROWS = [(0.01, 3, 30), (0.03, 12, 1), (0.02, 1000, 1000)]
SPIKES = [(n, round(1.03 + 3.7 * k + 1.1 * n, 2)) for k in range(79) for n in range(3)]
PHASES = [
    ("show", 512, 16),
    ("rest", 128, 0),
    ("train 1", 512, 64),
    ("train 2", 512, 64),
    ("move", 512, 32),
    ("last", 256, 0),
]


def spec(rows=ROWS):
    spikes = ", ".join(f"({n}, {t} ms)" for n, t in SPIKES)
    lines = "\n".join(f"        | {a} | {b} | {c} |" for a, b, c in rows)
    return MODEL.replace("{step}", "0.1220703125").format(spikes=spikes, rows=lines)


class ByHand:
    """The network of one block."""

    def __init__(self, Apre):
        brian2.start_scope()
        brian2.prefs.codegen.target = "numpy"
        brian2.prefs.codegen.loop_invariant_optimisations = False
        dt = STEP * second
        n, t = np.array([k for k, _ in SPIKES]), np.array([t for _, t in SPIKES]) * 1e-3
        self.inputs = SpikeGeneratorGroup(3, n, np.floor(t / STEP + 1e-9) * STEP * second, dt=dt)
        self.cells = NeuronGroup(
            4,
            """dv/dt = (-70*mV - v)/(10*ms) : volt (unless refractory)
            dth/dt = -th/(100*ms) : volt
            seen : second""",
            threshold="v > -60*mV + th",
            refractory=3 * ms,
            method="euler",
            dt=dt,
            reset="v = -70*mV; th += 0.01*mV/ms*clip(t - seen, 0*ms, 100*ms); seen = t",
        )
        self.ff = Synapses(
            self.inputs,
            self.cells,
            """w : 1
            dapre/dt = -apre/(20*ms) : 1 (event-driven)
            dapost/dt = -apost/(20*ms) : 1 (event-driven)""",
            on_pre="""v_post += w*8*mV
            apre += Apre
            w = clip(w + apost, 0, 1)""",
            on_post="""apost += -0.0105
            w = clip(w + apre, 0, 1)""",
            namespace={"Apre": Apre},
            dt=dt,
        )
        self.ff.connect(i=np.repeat([0, 1, 2], 4), j=np.tile(range(4), 3))
        self.ff.pre.delay = 96 * STEP * second
        self.lateral = Synapses(self.cells, self.cells, on_pre="v_post -= 0.5*mV", dt=dt)
        self.lateral.connect("i != j")
        self.lateral.pre.delay = 64 * STEP * second
        for order, pathway in enumerate([self.ff.pre, self.lateral.pre, self.ff.post]):
            pathway.order = order
        self.cells.v, self.ff.w = -70 * mV, 0.4
        self.spikes = SpikeMonitor(self.cells)
        self.states = StateMonitor(self.cells, "v", record=True, dt=8 * STEP * second)
        self.weights = StateMonitor(self.ff, "w", record=True, dt=64 * STEP * second)
        self.own = [self.cells, self.ff, self.lateral, self.spikes, self.states, self.weights]
        self.net = Network(self.inputs, *self.own)

    def run(self, steps):
        self.net.run(steps * STEP * second, namespace={})

    def wait(self, steps):
        """Nothing acts but the clock and the inputs; what is a time goes on."""
        for one in self.own:
            one.active = False
        self.run(steps)
        for one in self.own:
            one.active = True
        self.cells.lastspike += steps * STEP * second
        self.cells.seen += steps * STEP * second
        self.ff.lastupdate += steps * STEP * second

    def spike_count(self):
        return int(self.spikes.num_spikes)


def by_hand(block):
    """The network after its run, and in which step of each phase it stopped (0: it did not)."""
    Apre, need, fast = ROWS[block]
    h, stopped = ByHand(Apre), []
    for name, steps, every in PHASES:
        first, done, stop = h.spike_count(), 0, 0
        if not every:
            h.run(steps)
        while every and done < steps:
            before = h.spike_count()
            h.run(every)
            done += every
            holds = {
                "show": lambda first=first: h.spike_count() - first >= need,
                "train": lambda before=before: (
                    (h.spike_count() - before) / (4 * (64 * STEP)) > fast
                ),
                "move": lambda: np.mean(h.ff.w) > 0.38 + 4 * Apre,
            }[name.split()[0]]
            if holds():
                stop = done
                h.wait(steps - done)
                break
        stopped.append(stop)
    return h, stopped


@pytest.fixture(scope="module")
def waited(tmp_path_factory):
    return run_text(tmp_path_factory.mktemp("waited"), spec())


@pytest.mark.parametrize("block", [0, 1, 2])
def test_a_block_waits_as_brian2_does_whose_objects_are_inactive(waited, block):
    h, stopped = by_hand(block)
    of_block = {name: t[t["block"] == block] for name, t in waited.items() if "block" in t}
    after = of_block["blocks"].set_index("phase")["stopped_after"]
    wanted = [stop * STEP if stop else np.nan for stop in stopped]
    np.testing.assert_array_equal(after[[name for name, _, _ in PHASES]], wanted)
    assert (sum(stop > 0 for stop in stopped) >= 3) == (block < 2)
    spikes = of_block["spikes"].query("layer == 'A1'").sort_values(["t", "neuron"])
    order = np.lexsort((h.spikes.i, h.spikes.t / second))
    assert len(spikes) > 20
    np.testing.assert_array_equal(spikes["neuron"], np.asarray(h.spikes.i)[order])
    np.testing.assert_array_equal(spikes["t"], (h.spikes.t / second)[order])
    np.testing.assert_array_equal(
        of_block["weights"].query("connection == 'ff'").sort_values(["pre", "post"])["w"], h.ff.w
    )
    samples = of_block["trajectories"]
    for variable, monitor, last in (
        ("v", h.states.v / brian2.volt, h.cells.v / brian2.volt),
        ("w", h.weights.w, h.ff.w),
    ):
        found = samples[samples["variable"] == variable]
        found = found.sort_values(["neuron", "pre", "post", "t"])["value"].to_numpy()
        wanted = np.column_stack([monitor, last])
        np.testing.assert_array_equal(found.reshape(len(wanted), -1), wanted)
    ran = np.array([stop or steps for stop, (_, steps, _) in zip(stopped, PHASES, strict=True)])
    counts = of_block["blocks"]["A1_spikes"].to_numpy()
    assert counts.sum() == len(spikes)
    np.testing.assert_allclose(of_block["blocks"]["A1_rate"], counts / (4 * ran * STEP))
    heard = waited["spikes"].query("layer == 'inputs'")
    assert len(heard) == len(SPIKES)  # what is shared goes on for all


def test_a_rate_is_that_of_the_time_that_was_run(waited):
    """Bins in which a block only waits are left out, and one that it ran in part is whole."""
    for block in range(len(ROWS)):
        of_block = {
            n: waited[n][waited[n]["block"] == block] for n in ("trajectories", "blocks", "spikes")
        }
        rate = of_block["trajectories"].query("variable == 'rate'")
        ran = dict.fromkeys(rate["t"], 0.0)
        blocks = of_block["blocks"].set_index("phase")["stopped_after"]
        begin = 0
        for name, steps, _ in PHASES:
            stop = blocks[name]
            end = begin + (steps if np.isnan(stop) else round(stop / STEP))
            for t in ran:
                low = round(t / STEP)
                ran[t] += max(0, min(end, low + 128) - max(begin, low)) * STEP
            begin += steps
        spikes = of_block["spikes"].query("layer == 'A1'")["t"]
        ran = {t: seconds for t, seconds in ran.items() if seconds}
        assert rate["t"].tolist() == [*ran] and len(ran) < 19
        counts = [np.sum((spikes >= t) & (spikes < t + 128 * STEP)) for t in ran]
        wanted = np.array(counts) / (4 * np.array([*ran.values()]))
        np.testing.assert_allclose(rate["value"], wanted)


@pytest.mark.parametrize("block", [0, 1, 2])
def test_a_block_alone_is_that_of_the_sweep(tmp_path, waited, block):
    """It may skip what the others have not yet ended."""
    alone = run_here(tmp_path, script_of(spec(ROWS[block : block + 1])), "alone")
    alone["spikes"] = alone["spikes"].query("layer == 'A1'")
    whole = {**waited, "spikes": waited["spikes"].query("layer == 'A1'")}
    assert_alone(alone, whole, block)


def test_both_lowerings_and_the_plain_scripts(tmp_path, waited):
    assert_same(run_here(tmp_path, script_of(spec(), "namespace"), "namespace"), waited)
    for lowering in ("synapse", "namespace"):
        plain = plain_of(spec(), tmp_path, lowering)
        assert_equal_values(run_plain_here(tmp_path, plain), waited)


# A network with all that changes --------------------------------------------------------------

RICH = """model rich

neuron cell:
    equations:
        dv/dt = (-70 mV - v + I)/(10 ms) : volt (unless refractory)
        dg/dt = -g/(5 ms) : volt
        I : volt
        chosen : integer (shared)
        seen : second
    threshold: v > -60 mV
    reset:
        v = -70 mV
        seen = t
    refractory: 2 ms
    initial: v = uniform(-70 mV, -60 mV)
    every 7 ms: chosen = integers(0, 3)
    every 5 ms: v += normal(0 mV, 1 mV)

neuron teacher:
    equations:
        dv/dt = -v/(10 ms) : 1
    threshold: v > 0.5
    reset: v = 0

layer P:
    poisson: 60 Hz
    size: 12

layer Q:
    poisson: q
    size: 3

layer T:
    neuron: teacher
    size: 2
    scope: {scope}

layer A:
    neuron: cell
    size: 4

connect P -> T as teach:
    pattern: all_to_all
    weight: 0.3
    deliver: w to v

connect P -> A as learn:
    pattern: random(0.7) independent per block
    plasticity: pair_additive(wmax = 2)
    deliver: w * 1.5 mV to v
    initial: w = uniform(0, wmax)
    delay: uniform(0 ms, 20 ms)
    every 35 ms: normalise w per post to 9

connect T -> A as helped:
    pattern: all_to_all
    plasticity: triplet.visual_cortex_minimal(wmax = 1)
    deliver: w * 1 mV to v
    initial: w = 0.5
    dendritic delay: 4 ms

connect Q -> A as push:
    pattern: all_to_all
    weight: 3 mV
    deliver: w to v

connect A -> A as gap:
    pattern: all_to_all where i != j
    deliver continuously: 0.05 * (v_pre - v_post) to I

sweep:
    grid:
        learn.Apre = [0.02, 0.2]
        q = [5, 40] Hz

measure:
    late of A = max(rate)

record:
    spikes of A, P, Q, T
    w of learn every 5 ms
    v of A every 1 ms
    rate of A[1:3] every 10 ms in phase show

run:
    seed: 3
    phases:
        settle: 20 ms, store rested
        repeat 2:
            show: 60 ms, until count of A >= 6 every 2 ms, restore rested of A.v and P
            rest: 20 ms, plasticity off
        more: 80 ms, until max(w) of learn >= wmax every 4 ms, store after
        less: 80 ms, until min(v) of A < -66 mV every 1 ms
        again: 40 ms, restore after except learn.w
"""
BLOCKS = [(0.02, 5), (0.02, 40), (0.2, 5), (0.2, 40)]


def rich(scope="shared", block=None):
    text = RICH.replace("{scope}", scope).replace(" and P\n", "\n")
    if block is not None:
        Apre, q = BLOCKS[block]
        text = text.replace("[0.02, 0.2]", f"[{Apre}]").replace("[5, 40] Hz", f"[{q}] Hz")
    return text


def own(tables):
    """The rows that belong to blocks."""
    return {
        n: t[t["block"].notna()].reset_index(drop=True) if "block" in t else t
        for n, t in tables.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["shared", "block"])
def test_all_that_changes_waits(tmp_path, scope):
    whole = own(run_text(tmp_path, rich(scope), name="whole"))
    stops = whole["blocks"].pivot(index="block", columns="phase", values="stopped_after")
    assert stops["show 1"].nunique() > 1 and stops["less"].notna().any()
    for block in (0, 3):
        text = rich(scope, block)
        assert_alone(own(run_text(tmp_path, text, name=f"alone{block}")), whole, block)
    apart = run_here(tmp_path, script_of(rich(scope), "namespace"), "apart")
    assert_same(own(apart), whole)
    plain = run_plain_here(tmp_path, plain_of(rich(scope), tmp_path))
    assert_equal_values(own(plain), whole)


TURNS = pytest.mark.in_turn(1, among="waiting in C++")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "text"),
    [
        pytest.param("cpp_standalone", spec(), id="given-cpp_standalone", marks=TURNS),
        pytest.param("cython", spec(), id="given-cython", marks=CYTHON.marks),
        pytest.param("cpp_standalone", rich("block"), id="rich-cpp_standalone", marks=TURNS),
        pytest.param("cython", rich("block"), id="rich-cython", marks=pytest.mark.long),
    ],
)
def test_waiting_on_every_target(tmp_path, target, text):
    whole = own(run_apart(tmp_path, script_of(text), "whole", target))
    here = own(run_text(tmp_path, text, name="here"))
    after = (t["blocks"]["stopped_after"] for t in (whole, here))
    np.testing.assert_array_equal(*after)
    one = spec(ROWS[1:2]) if text == spec() else rich("block", 1)
    assert_alone(own(run_apart(tmp_path, script_of(one), "alone", target)), whole, 1)
    path = tmp_path / "plain.py"
    path.write_text(plain_of(text, tmp_path, target=target), encoding="utf-8")
    subprocess.run(
        [sys.executable, path, "-o", tmp_path / "plain", "--target", target],
        cwd=tmp_path,
        check=True,
    )
    assert_equal_values(own(tables_in(tmp_path / "plain")), whole)


def test_shards_are_the_whole(tmp_path, waited):
    script = script_of(spec())
    parts = [run_here(tmp_path, script, f"part{k}", more=["--shard", f"{k}/3"]) for k in (1, 2, 3)]
    for name in ("blocks", "weights"):
        joined = pd.concat([part[name] for part in parts], ignore_index=True)
        pd.testing.assert_frame_equal(joined, waited[name], check_exact=True)


def test_its_state_is_not_kept():
    for options in ({"keep_state": True}, {"earlier": "00"}):
        with pytest.raises(CompileError) as found:
            compile_source(
                Source("spec.stdp", spec()), Path("."), [], "synapse", "numpy", **options
            )
        refused = [d for d in found.value.diagnostics if d.severity == "error"]
        assert [d.code for d in refused] == ["CLAUSE002"] * 3


def test_a_run_that_is_interrupted_does_not_seem_whole(tmp_path, monkeypatch):
    """Brian2 ends a run as if it were done; no rest of a phase is skipped then."""
    real = until.Waiting.end_of_step

    def interrupted(self):
        real(self)
        if 0 < np.sum(self.stopped > 0) < len(self.stopped):
            self.parts.network.stop()

    monkeypatch.setattr(until.Waiting, "end_of_step", interrupted)
    with pytest.raises(AssertionError, match="the run ended at"):
        run_text(tmp_path, spec())


def test_scripts_hold_what_a_script_may_hold():
    assert audit(script_of(spec())) == []


REFUSED = {
    "count of A2 >= 5 every 16 ms": ("NAME001", "A2"),
    "count of inputs >= 5 every 16 ms": ("CLAUSE003", "inputs"),
    "rate of ff > 5 Hz every 16 ms": ("NAME001", "ff"),
    "speed of A1 > 5 every 16 ms": ("NAME015", "speed"),
    "mean of A1 > 5 every 16 ms": ("CLAUSE001", "mean"),
    "count(v) of A1 > 5 every 16 ms": ("CLAUSE003", "v"),
    "mean(u) of A1 > 5 every 16 ms": ("NAME011", "u"),
    "mean(apre) of ff > 5 every 16 ms": ("NAME011", "apre"),
    "mean(v) of A1 > 5 every 16 ms": ("UNIT002", "5"),
    "rate of A1 > 5 every 16 ms": ("UNIT002", "5"),
    "count of A1 >= 5 mV every 16 ms": ("UNIT002", "mV"),
    "count of A1 >= 5 every 16": ("UNIT002", "16"),
    "count of A1 >= 5 every 0.35 ms": ("RUN009", "0.35 ms"),
    "count of A1 >= 5 every 0 ms": ("TYPE013", "0 ms"),
    "count of A1 >= 5 every 1 s": ("TYPE013", "1 s"),
    "count of A1 == 5 every 16 ms": ("TYPE013", "until count of A1 == 5 every 16 ms"),
    "count of A1 >= uniform(1, 5) every 16 ms": ("TYPE007", "uniform(1, 5)"),
    'count of A1 >= from "x.npy" every 16 ms': ("TYPE016", 'from "x.npy"'),
    "count of A1 >= 5 every tick": ("BLOCK005", "tick"),
    "count of A1 >= 5 every 16 ms, until rate of A1 > 5 Hz every 16 ms": (
        "NAME002",
        "until rate of A1 > 5 Hz every 16 ms",
    ),
    "count of A1 >= 5": ("SYN001", ""),
}


SMALL = """model small

constants:
    tick = 16 ms

rule learns:
    equations:
        w : 1
        dapre/dt = -apre/(20 ms) : 1
    on pre:
        deliver w
        apre += 0.1
    on post: w += apre

neuron cell:
    equations:
        dv/dt = -v/(10 ms) : volt
    threshold: v > 10 mV
    reset: v = 0 mV

layer inputs:
    poisson: 20 Hz
    size: 3

layer A1:
    neuron: cell
    size: 4

connect inputs -> A1 as ff:
    pattern: all_to_all
    plasticity: learns
    deliver: w * 1 mV to v

sweep:
    grid: tick = [16, 32] ms

run:
    phases:
        show: 100 ms, until {condition}
"""


@pytest.mark.parametrize("condition", REFUSED)
def test_conditions_that_cannot_be(condition, check_text):
    text = SMALL.replace("{condition}", condition)
    found = [d for d in check_text(text) if d.severity == "error"]
    assert [(d.code, d.span.text) for d in found] == [REFUSED[condition]]
