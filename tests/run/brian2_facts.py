"""Measures, for one target, how Brian2 behaves where the generated scripts rely on it.

    python brian2_facts.py numpy|cython|cpp_standalone FOLDER

writes FOLDER/facts.json; `test_brian2_facts.py` says what it should hold. One process for each
target: a device and the preferences are global.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    device,
    ms,
    prefs,
    second,
    set_device,
)
from brian2.core.variables import Constant

DT = 0.1 * ms
FLAGS = [
    "-w",
    "-O1",
    "-ffp-contract=off",
    "-std=c++11",
]  # a list replaces the default, -ffast-math too
EVENT_DRIVEN = "dx/dt = -x/taux : 1 (event-driven)\n"


def effective(obj):
    """{owner: {name: value}}: what its code objects took from namespaces for the last run."""
    return {
        owner.name: {
            name: float(var.get_value())
            for code in owner.code_objects
            for name, var in code.variables.items()
            if isinstance(var, Constant) and not name.startswith(("_", "N"))
        }
        for owner in [obj, *obj.contained_objects]
        if owner.code_objects
    }


class Lowering:
    """One pair rule in three blocks: with parameters, or with an object and a namespace each."""

    APRE = [0.0101, 0.0123, 0.0077]
    APOST = [-0.0105, -0.009, -0.011]
    TAU_PRE = [0.0201, 0.0168, 0.0333]
    TAU_POST = [0.0207, 0.0337, 0.0189]
    STATE = """
    w : 1
    dx/dt = -x/taupre : 1 (event-driven)
    dy/dt = -y/taupost : 1 (event-driven)
    """
    PARAMETERS = "apre : 1 (constant)\napost : 1 (constant)\n"
    PARAMETERS += "taupre : second (constant)\ntaupost : second (constant)\n"
    ON_PRE = "x += apre\nw = clip(w + y, 0, 1)"
    ON_POST = "y += apost\nw = clip(w + x*(1.0 - w)/(1.0 + apre), 0, 1)"
    BLOCKS, SOURCES = 3, 5

    def __init__(self):
        rng = np.random.default_rng(1)
        self.w = rng.random((self.BLOCKS, self.SOURCES))
        self.steps = rng.choice(900, 60 * self.SOURCES, replace=False).reshape(60, -1) + 1
        self.pre = self.generator("low_pre", self.SOURCES, self.steps)
        self.posts = [
            self.generator(f"low_post{b}", 1, np.arange(7 + b, 950, 31 + b)[:, None])
            for b in range(self.BLOCKS)
        ]
        self.post = self.generator(
            "low_post",
            self.BLOCKS,
            *[np.arange(7 + b, 950, 31 + b) for b in range(self.BLOCKS)],
        )
        self.one = Synapses(
            self.pre,
            self.post,
            self.STATE + self.PARAMETERS,
            on_pre=self.ON_PRE,
            on_post=self.ON_POST,
            method="exact",
            namespace={},
            name="low_one",
        )
        self.one.connect(
            i=np.tile(np.arange(self.SOURCES), self.BLOCKS),
            j=np.repeat(np.arange(self.BLOCKS), self.SOURCES),
        )
        self.one.w = self.w.ravel()
        self.one.apre = np.repeat(self.APRE, self.SOURCES)
        self.one.apost = np.repeat(self.APOST, self.SOURCES)
        self.one.taupre = np.repeat(self.TAU_PRE, self.SOURCES) * second
        self.one.taupost = np.repeat(self.TAU_POST, self.SOURCES) * second
        self.each = []
        for b in range(self.BLOCKS):
            one = Synapses(
                self.pre,
                self.posts[b],
                self.STATE,
                on_pre=self.ON_PRE,
                on_post=self.ON_POST,
                method="exact",
                namespace={
                    "apre": self.APRE[b],
                    "apost": self.APOST[b],
                    "taupre": self.TAU_PRE[b] * second,
                    "taupost": self.TAU_POST[b] * second,
                },
                name=f"low_each{b}",
            )
            one.connect()
            one.w = self.w[b]
            self.each.append(one)

    @staticmethod
    def generator(name, n, *steps):
        if len(steps) == 1:
            steps = [steps[0][:, k] for k in range(n)]
        indices = np.concatenate([np.full(len(s), k) for k, s in enumerate(steps)])
        return SpikeGeneratorGroup(n, indices, np.concatenate(steps) * DT, sorted=False, name=name)

    def objects(self):
        return [self.pre, self.post, *self.posts, self.one, *self.each]

    def facts(self):
        return {
            f"lowering_{v}": [
                np.asarray(getattr(self.one, v)[:]).tolist(),
                np.concatenate([np.asarray(getattr(s, v)[:]) for s in self.each]).tolist(),
            ]
            for v in "wxy"
        }


class Arithmetic:
    """Integer division, literals, and what happens to them in `x = x*...`."""

    EXPRESSIONS = {
        "third": "1.0/3.0",
        "share": "(1.0*i)/N",
        "literal": "0.12345678901234567*u",
        "square": "u**2",
        "modulo": "(7*i) % 5",
        "clipped_u": "clip(u, 0.3, 1.2)",
        "step": "timestep(t, dt)",
        "trap_int_division": "1/3",
        "trap_int_numerator": "16777217/u",
        "trap_real_modulo": "u // 0.3",
    }

    def __init__(self):
        names = self.EXPRESSIONS
        self.u = np.array([0.1, 0.35, 0.9, 1.7, 3.3])
        self.group = NeuronGroup(
            5, "u : 1\n" + "".join(f"{n} : 1\n" for n in names), namespace={}, name="arithmetic"
        )
        self.group.u = self.u
        self.group.run_regularly(
            "\n".join(f"{n} = {e}" for n, e in names.items()), name="arithmetic_code"
        )
        self.spike = SpikeGeneratorGroup(1, [0], [1] * DT, name="literal_spike")
        self.target = NeuronGroup(1, "q : 1", name="literal_target")
        # Each on_pre is one way to say the same product or the same sum.
        self.ways = Synapses(
            self.spike,
            self.target,
            "a : 1\nb : 1\nc : 1\nd : 1\nkept : 1",
            on_pre="""
            a = a*0.12345678901234567
            b *= 0.12345678901234567
            c = c + 0.1 + 0.2
            kept = d + 0.1 + 0.2
            d = kept
            """,
            name="literal_ways",
        )
        self.ways.connect()
        for v in "abcd":
            setattr(self.ways, v, np.array([0.3]))

    def objects(self):
        return [self.group, self.spike, self.target, self.ways]

    def facts(self):
        out = {
            f"arithmetic_{n}": np.asarray(getattr(self.group, n)[:]).tolist()
            for n in self.EXPRESSIONS
        }
        for v in "abcd":
            out[f"literal_{v}"] = float(getattr(self.ways, v)[0])
        return out


class Sequence:
    """Copies in `on_pre`, and the order of pathways whose names say the opposite."""

    def __init__(self):
        self.spike = SpikeGeneratorGroup(3, [0, 1, 2], [1, 1, 1] * DT, name="seq_spike")
        self.target = NeuronGroup(3, "q : 1", name="seq_target")
        self.copies = Synapses(
            self.spike,
            self.target,
            "x : 1\nu : 1\nz1 : 1\nz2 : 1",
            on_pre="a = x\nb = u + 0.0\nx += 1.0\nu += 1.0\nz1 = a\nz2 = b",
            name="seq_copies",
        )
        self.order = Synapses(
            self.spike,
            self.target,
            "l : 1",
            on_pre={"zz": "l = 10*l + 1", "aa": "l = 10*l + 2", "mm": "l = 10*l + 3"},
            name="seq_order",
        )
        self.order.connect(j="i")
        self.copies.connect(j="i")
        for path, order in (("zz", -30), ("mm", -20), ("aa", -10)):
            getattr(self.order, path).order = order
        self.order.zz.delay = np.array([0.0, 0.5, 1.0]) * ms
        self.order.mm.delay = np.array([0.0, 0.5, 0.96]) * ms
        self.order.aa.delay = np.array([0.0, 0.54, 1.04]) * ms
        self.monitor = StateMonitor(
            self.order, "l", record=[0, 1, 2], when="end", name="seq_monitor"
        )
        self.scalar = Synapses(
            self.spike,
            self.target,
            "l : 1",
            on_pre={"p": "l = t_in_timesteps"},
            delay={"p": 0.35 * ms},
            name="seq_scalar",
        )
        self.scalar.connect(j="i")

    def objects(self):
        return [self.spike, self.target, self.copies, self.order, self.monitor, self.scalar]

    def facts(self):
        changed = np.diff(np.asarray(self.monitor.l), axis=1) != 0
        return {
            "copy_bare": np.asarray(self.copies.z1[:]).tolist(),
            "copy_plus_zero": np.asarray(self.copies.z2[:]).tolist(),
            "pathway_order": np.asarray(self.order.l[:]).tolist(),
            "delayed_to": [int(np.flatnonzero(row)[0]) + 1 for row in changed],
            "scalar_delay": np.asarray(self.scalar.l[:]).tolist(),
        }


class Normalisation:
    """Weights scaled to a sum for each target cell, every seven steps, by two event pathways."""

    def __init__(self):
        self.pre = SpikeGeneratorGroup(
            3, [0, 1, 2, 0, 1, 2], np.array([3, 4, 5, 13, 14, 15]) * DT, name="norm_pre"
        )
        self.post = NeuronGroup(
            4,
            "w_sum : 1",
            threshold="t_in_timesteps % 5 == 4",
            reset="",
            events={"renorm": "t_in_timesteps % 7 == 6"},
            namespace={},
            name="norm_post",
        )
        self.post.set_event_schedule("renorm", when="end", order=-10)
        self.post.run_on_event("renorm", "w_sum = 0.0", when="end", order=-9)
        self.synapses = Synapses(
            self.pre,
            self.post,
            "w : 1\ngoal : 1",
            on_pre="w += 0.1",
            on_post={
                "post": "w += 0.01",
                "norm_sum": "w_sum_post += w",
                "norm_scale": "w = w*(goal/w_sum_post)",
            },
            on_event={"norm_sum": "renorm", "norm_scale": "renorm"},
            namespace={},
            name="norm_weights",
        )
        for path, order in (("norm_sum", -8), ("norm_scale", -7)):
            getattr(self.synapses, path).when = "end"
            getattr(self.synapses, path).order = order
        self.synapses.connect()
        self.w = np.random.default_rng(3).random((3, 4))
        self.synapses.w = self.w.ravel()
        self.synapses.goal = np.tile([1.0, 2.0, 3.0, 4.0], 3)
        self.monitor = StateMonitor(
            self.synapses, "w", record=np.arange(12), when="end", order=100, name="norm_monitor"
        )

    def objects(self):
        return [self.pre, self.post, self.synapses, self.monitor]

    def expected(self, steps):
        w, out = self.w.copy(), []
        spikes = {3: 0, 4: 1, 5: 2, 13: 0, 14: 1, 15: 2}
        for step in range(steps):
            if step in spikes:
                w[spikes[step]] += 0.1
            if step % 5 == 4:
                w += 0.01
            if step % 7 == 6:
                total = np.zeros(4)
                for row in w:  # one after the other: pairwise sums differ
                    total = total + row
                w = w * (np.array([1.0, 2.0, 3.0, 4.0]) / total)
            out.append(w.ravel().copy())
        return np.array(out).T

    def facts(self):
        got = np.asarray(self.monitor.w)[:, :25]
        return {"normalised": bool(np.array_equal(got, self.expected(25)))}


class Summed:
    """One summed variable, its subgroups written by one Synapses object for each block."""

    def __init__(self):
        self.source = NeuronGroup(3, "q : 1", name="z_sum_source")
        self.source.q = np.array([1.0, 2.0, 3.0])
        self.source.run_regularly("q += 0.5", when="start", name="z_sum_code")
        # The names would put the sum after the state update.
        self.target = NeuronGroup(
            6, "I : 1\ndv/dt = (I - v)/second : 1", method="euler", name="a_sum"
        )
        self.blocks = []
        for b in range(3):
            one = Synapses(
                self.source,
                self.target[2 * b : 2 * b + 2],
                "I_post = k*q_pre : 1 (summed)\nk : 1",
                namespace={},
                name=f"z_sum{b}",
            )
            one.summed_updaters["I_post"].order = -1
            one.connect()
            one.k = 0.1 * np.arange(6) + b
            self.blocks.append(one)
        self.monitor = StateMonitor(
            self.target, ("I", "v"), record=True, when="end", name="sum_monitor"
        )

    def objects(self):
        return [self.source, self.target, *self.blocks, self.monitor]

    def facts(self):
        current, v = np.asarray(self.monitor.I)[:, :20], np.asarray(self.monitor.v)[:, :20]
        q = np.array([1.0, 2.0, 3.0])
        want, state, good = [], np.zeros(6), True
        for step in range(20):
            q = q + 0.5
            want = [
                sum(q[p] * (0.1 * (2 * p + j) + b) for p in range(3))
                for b in range(3)
                for j in range(2)
            ]
            state = state + 1e-4 * (np.array(want) - state)
            good &= np.allclose(current[:, step], want, rtol=1e-12)
            good &= np.allclose(v[:, step], state, rtol=1e-9)
        return {"summed": bool(good)}


class Phases:
    """Several runs: what may change between them, and what a resting pathway does with spikes."""

    def __init__(self):
        self.pre = SpikeGeneratorGroup(
            2, np.tile([0, 1], 16), np.repeat(np.arange(16), 2) * 5 * DT, name="phase_pre"
        )
        self.target = NeuronGroup(2, "q : 1", name="phase_target")
        self.synapses = Synapses(
            self.pre,
            self.target,
            EVENT_DRIVEN
            + """w : 1
            w_1 : 1
            eta : 1 (shared, constant)
            x_now = x*exp((-1.0/taux)*(t - lastupdate)) : 1
            """,
            on_pre="x += 1.0\nw += rate*eta",
            method="exact",
            namespace={"taux": 2 * ms, "rate": 0.1},
            name="phase_weights",
        )
        self.synapses.connect(j="i")
        self.synapses.w = np.array([0.1, 0.2])
        self.synapses.eta = 2.0
        self.synapses.pre.delay = np.array([0, 12]) * DT
        self.monitor = StateMonitor(
            self.synapses, ("x_now", "w"), record=[0, 1], dt=0.3 * ms, name="phase_monitor"
        )
        self.effective = []

    def objects(self):
        return [self.pre, self.target, self.synapses, self.monitor]

    def runs(self, run):
        s = self.synapses
        run(2 * ms)
        self.effective.append(effective(s)[s.pre.name])
        s.w_1 = "w"
        s.namespace["rate"] = 0.5
        run(2 * ms)
        self.effective.append(effective(s)[s.pre.name])
        s.pre.active = False
        run(2 * ms)
        s.pre.active = True
        s.w = np.array([10.0, 20.0])
        s.x = "0.5*x_now"
        s.lastupdate = "t"
        s.namespace["taux"] = 4 * ms
        s.eta = 3.0
        run(2 * ms)
        self.effective.append(effective(s)[s.pre.name])

    def expected(self):
        """x_now at each sample, by a loop over the steps."""
        rate, eta, tau = 0.1, 2.0, 2e-3
        x, w, queue = np.zeros(2), np.array([0.1, 0.2]), [{}, {}]
        delays, offset, xs, ws = [0, 12], 0, [], []
        w_1 = None
        for step in range(80):
            if step == 20:
                w_1, rate = w.copy(), 0.5
            if step == 60:
                x, w, tau, eta = 0.5 * x, np.array([10.0, 20.0]), 4e-3, 3.0
            if step % 3 == 0:
                xs.append(x.copy())
                ws.append(w.copy())
            if not 40 <= step < 60:
                for k in range(2):
                    if step % 5 == 0:
                        due = offset + delays[k]
                        queue[k][due] = queue[k].get(due, 0) + 1
                    if queue[k].pop(offset, 0):
                        x[k] += 1.0
                        w[k] += rate * eta
                offset += 1  # a queue at rest stands still, so its spikes arrive late
            x = x * math.exp(-1e-4 / tau)
        return np.array(xs).T, np.array(ws).T, w_1

    def facts(self):
        xs, ws, w_1 = self.expected()
        return {
            "phases_x_now": bool(
                np.allclose(np.asarray(self.monitor.x_now), xs, rtol=1e-9, atol=1e-12)
            ),
            "phases_w": bool(np.allclose(np.asarray(self.monitor.w), ws, rtol=1e-12)),
            "phases_snapshot": bool(np.allclose(np.asarray(self.synapses.w_1[:]), w_1, rtol=1e-12)),
            "phases_effective": self.effective,
        }


class Timing:
    """Spike bins and table rows at two clocks; refractoriness."""

    STEPS = 5000

    def __init__(self):
        self.groups = []
        for name, dt in (("cortex", DT), ("sound", 1 / (44100 * Hz))):
            rows = np.arange(self.STEPS, dtype=float)
            table = TimedArray(np.stack([rows, -rows], 1), dt=dt, name=f"{name}_table")
            slow = TimedArray(rows[: self.STEPS // 10], dt=10 * dt, name=f"{name}_slow")
            group = NeuronGroup(
                2,
                "I : 1\nwrong : integer",
                dt=dt,
                namespace={"drive": table, "slow": slow},
                name=f"{name}_read",
            )
            group.run_regularly(
                "I = drive(t, i)\n"
                "wrong += int(I != (1 - 2*i)*t_in_timesteps) + int(slow(t) != t_in_timesteps//10)",
                dt=dt,
                when="start",
                name=f"{name}_code",
            )
            steps = np.unique(np.random.default_rng(5).integers(0, 900, 400))
            spikes = SpikeGeneratorGroup(1, 0 * steps, steps * dt, dt=dt, name=f"{name}_spikes")
            monitor = SpikeMonitor(spikes, name=f"{name}_monitor")
            self.groups.append((name, float(dt), table, group, steps, spikes, monitor))
        self.refractory = NeuronGroup(
            5,
            "refr : second (constant)",
            threshold="True",
            reset="",
            refractory="refr",
            namespace={},
            name="refractory_group",
        )
        self.refractory.refr = np.array([5.0, 0.3, 0.7, 2.35, 0.0]) * ms
        self.refractory_monitor = SpikeMonitor(self.refractory, name="refractory_monitor")

    def objects(self):
        mine = [o for g in self.groups for o in (g[3], g[5], g[6])]
        return [*mine, self.refractory, self.refractory_monitor]

    def facts(self):
        out = {}
        for name, dt, _, group, steps, _, monitor in self.groups:
            out[f"{name}_rows_wrong"] = np.asarray(group.wrong[:]).tolist()
            seen = np.round(np.asarray(monitor.t / second) / dt).astype(int)
            out[f"{name}_spikes"] = bool(np.array_equal(seen, steps))
        trains = self.refractory_monitor.spike_trains()
        out["refractory_steps"] = [
            np.unique(np.round(np.diff(np.asarray(trains[k] / ms)) / 0.1).astype(int)).tolist()
            for k in range(5)
        ]
        return out


class NotNumbers:
    """What NaN survives, and the closed form that divides by a difference of time constants."""

    def __init__(self):
        self.group = NeuronGroup(
            3, "u : 1\nclipped : 1\nstring : 1", namespace={}, name="nan_group"
        )
        self.group.u = np.array([np.nan, 1.5, np.inf])
        self.group.string = "inf - inf"
        self.group.run_regularly("clipped = clip(u, 0, 1)", name="nan_code")
        self.exact = NeuronGroup(
            2,
            """
            dv/dt = (g - v)/tau_m : 1
            dg/dt = -g/tau_s : 1
            tau_m : second (constant)
            tau_s : second (constant)
            """,
            method="exact",
            namespace={},
            name="nan_exact",
        )
        self.exact.tau_m = np.array([10, 10]) * ms
        self.exact.tau_s = np.array([10, 5]) * ms
        self.exact.g = 1.0

    def objects(self):
        return [self.group, self.exact]

    def facts(self):
        return {
            "nan_clip": np.asarray(self.group.clipped[:]).tolist(),
            "nan_string": float(self.group.string[0]),
            "equal_taus": np.asarray(self.exact.v[:]).tolist(),
        }


def measure(target: str, folder: Path) -> dict:
    prefs.codegen.loop_invariant_optimisations = False
    prefs.codegen.cpp.extra_compile_args = FLAGS
    prefs.codegen.runtime.cython.cache_dir = str(folder / "cython")
    prefs.codegen.runtime.cython.multiprocess_safe = False
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    if target == "cpp_standalone":
        set_device("cpp_standalone", build_on_run=False)
    else:
        prefs.codegen.target = target
    defaultclock.dt = DT
    phases = Phases()
    parts = [
        Lowering(),
        Arithmetic(),
        Sequence(),
        Normalisation(),
        Summed(),
        Timing(),
        NotNumbers(),
    ]
    # A run compiles every code object of its network anew: only what needs several runs gets them.
    several = Network(phases.objects())
    phases.runs(lambda duration: several.run(duration, namespace={}))
    Network([o for part in parts for o in part.objects()]).run(100 * ms, namespace={})
    if target == "cpp_standalone":
        device.build(directory=str(folder / "standalone"), with_output=False)
    return {k: v for part in [phases, *parts] for k, v in part.facts().items()}


if __name__ == "__main__":
    where = Path(sys.argv[2])
    (where / "facts.json").write_text(json.dumps(measure(sys.argv[1], where)))
