"""What a run would do, and how long it would take on each target."""

from __future__ import annotations

import math
import shutil
import time
from dataclasses import dataclass

from .check.costs import Estimate
from .ir import Experiment
from .lower.integration import in_words as methods_in_words
from .lower.integration import methods_of
from .machine.cores import usable_cores
from .machine.memory import available_memory, size_of
from .sweep.table import SweepTable

TARGETS = ("numpy", "cython", "cpp_standalone")


@dataclass(frozen=True)
class Work:
    """What a run does. `objects` are Brian2's that act in each step, with `equations` to integrate;
    `runs` counts the steps in which the code of a pathway runs. All else is over all blocks and the
    whole run: equations of neurons and of synapses integrated for one step, spikes that arrive at
    synapses, synapses made, rows recorded, seconds of sound heard by a neuron."""

    objects: int
    equations: int
    steps: float
    runs: float = 0.0
    neurons: float = 0.0
    stepwise: float = 0.0
    events: float = 0.0
    synapses: float = 0.0
    rows: float = 0.0
    heard: float = 0.0


def work_of(experiment: Experiment, found: Estimate) -> Work:
    """The work of a run; what hears a sound of unknown length is taken to be long."""
    steps = UNKNOWN_STEPS if found.steps is None else found.steps
    seconds = steps * found.dt
    layers = {p.name: p for p in found.layers}
    synapses = {p.name: p.count for p in found.connections}
    objects, equations, heard = len(experiment.relays), 0, 0.0
    runs, neurons, stepwise, events = 0.0, 0.0, 0.0, 0.0
    for layer in experiment.layers:
        count, group = layers[layer.name].count, layer.group
        if layer.kind != "neurons" or group is None:
            objects += 1
            heard += seconds * count if layer.kind == "driven" else 0.0
            continue
        objects += 1 + 2 * (group.threshold is not None) + len(group.events)
        odes = sum(e.kind == "differential" for e in group.equations)
        equations += odes
        neurons += steps * count * max(1, odes)
    for c in experiment.connections:
        each_step = len(c.summed) + sum(
            e.kind == "differential" and "event-driven" not in e.flags for e in c.equations
        )
        objects += len(c.pathways) + len(c.summed) + (c.integration is not None)
        equations += each_step
        stepwise += steps * synapses[c.name] * each_step
        for pathway in c.pathways:
            side = layers[getattr(c, pathway.side)]
            runs -= steps * math.expm1(-side.rate * side.count * found.dt)
            events += side.rate * seconds * synapses[c.name]
    return Work(
        objects,
        equations,
        steps,
        runs,
        neurons,
        stepwise,
        events,
        found.synapses,
        found.recorded_rows,
        heard,
    )


@dataclass(frozen=True)
class Speed:
    """Seconds of processor time: of a process; to build a program, and more per object of it; in
    each step, per object and per equation; and for one of each other kind of work. What was heard
    is kept for later runs and all shards."""

    start: float
    build: float
    build_object: float
    object_step: float
    equation_step: float
    run: float
    neuron: float
    stepwise: float
    event: float
    synapse: float
    row: float
    heard: float


# Fitted to what `python tests/benchmarks/plans.py` measured with Brian2 2.9, on a machine of PACE.
SPEEDS = {
    "numpy": Speed(
        start=2.7,
        build=0,
        build_object=0,
        object_step=7.5e-6,
        equation_step=1.4e-5,
        run=1.3e-4,
        neuron=2e-8,
        stepwise=2e-8,
        event=2.5e-7,
        synapse=1e-6,
        row=2e-7,
        heard=0.12,
    ),
    "cython": Speed(
        start=2.7,
        build=1,
        build_object=6.8,
        object_step=4e-6,
        equation_step=3e-6,
        run=1e-4,
        neuron=1e-8,
        stepwise=1e-8,
        event=2e-7,
        synapse=1e-6,
        row=2e-7,
        heard=0.03,
    ),
    "cpp_standalone": Speed(
        start=0.6,
        build=2.5,
        build_object=0.75,
        object_step=5e-8,
        equation_step=0,
        run=3.5e-6,
        neuron=1.5e-9,
        stepwise=1.5e-9,
        event=1e-8,
        synapse=4e-7,
        row=1e-7,
        heard=0.01,
    ),
}
PACE = 0.0042
"""Seconds that `pace` takes where the above hold."""
COMMAND = 0.6
"""Seconds of the command itself, whatever it runs."""
WORTH = 2.0
"""Seconds that several processes must save."""
SHARD_BYTES = 250e6
"""Of a shard, as `costs` counts them; a worker holds a few times that."""
UNKNOWN_STEPS = 600_000
UNKNOWN = "depends on the sound"


@dataclass(frozen=True)
class Plan:
    """The target that was chosen, how the blocks are cut into shards, of how many at most, how many
    of these run at a time, how long that takes, lines of (what, how much), and how long each target
    would take (s), if that is known."""

    model: str
    target: str
    blocks: int
    shards: int
    most: int
    workers: int
    times: Times
    lines: tuple[tuple[str, str], ...]
    seconds: dict[str, float]

    def render(self) -> str:
        """Times are those of this machine, as fast as it is at present."""
        slower = pace() / PACE
        times = ", ".join(f"{t} {in_words(slower * s)}" for t, s in self.seconds.items())
        if compiling := self.times.build(self.target):
            times += f" ({in_words(slower * compiling)} of it to compile, unless that is kept)"
        lines = *self.lines, ("estimated time", times if self.seconds else UNKNOWN)
        width = max(len(name) for name, _ in lines)
        return "".join(f"{name:<{width}}  {value}\n" for name, value in lines)


def pace() -> float:
    """Seconds that a hundred thousand additions take: the least of some, as what else runs here
    comes and goes."""
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        total = 0
        for number in range(100_000):
            total += number
        taken.append(time.perf_counter() - started)
    return min(taken)


@dataclass(frozen=True)
class Times:
    """How long a run would take. `anew`: each shard is compiled for itself."""

    found: Estimate
    work: Work
    anew: bool

    @property
    def most(self) -> int:
        """Shards that there can be."""
        return 1 if self.found.coupled else self.found.blocks

    def build(self, target: str) -> float:
        """Seconds to compile what may be kept already. A plan does not ask whether it is: the last
        bits of a run depend on its target, which must not depend on the runs before."""
        speed = SPEEDS[target]
        return speed.build + speed.build_object * self.work.objects

    def seconds(self, target: str, shards: int, workers: int, built: bool = False) -> float:
        """With shards that run some at a time, each on a core of its own. `built`: the program is
        kept from an earlier run, and so is what was heard."""
        speed, work = SPEEDS[target], self.work
        rounds = math.ceil(shards / workers)
        shared = (
            speed.neuron * work.neurons
            + speed.stepwise * work.stepwise
            + speed.event * work.events
            + speed.synapse * work.synapses
            + speed.row * work.rows
        )
        each_step = speed.object_step * work.objects + speed.equation_step * work.equations
        each = speed.start + each_step * work.steps + speed.run * work.runs + shared / shards
        once = COMMAND if built else COMMAND + speed.heard * work.heard
        builds = 0 if built else rounds if self.anew else 1
        return once + builds * self.build(target) + rounds * each

    def shards(self, target: str, workers: int, memory: float) -> int:
        """As many shards as cost at most a tenth more than the fastest number, for what finishes
        survives an interruption; one where more would gain nothing; more where one would not fit
        into memory (bytes) beside the others."""
        most = self.most
        numbers = [1, *(workers * 2**k for k in range(12) if workers * 2**k <= most)]
        taken = {n: self.seconds(target, n, workers) for n in numbers}
        best = min(taken.values())
        chosen = 1
        if taken[1] > best + WORTH:
            chosen = max(n for n in numbers if taken[n] <= 1.1 * best)
        fitting = self.found.memory_bytes / min(SHARD_BYTES, memory / (4 * workers))
        if fitting > chosen:
            chosen = math.ceil(fitting / workers) * workers
        return max(1, min(chosen, most))


def make_plan(
    experiment: Experiment,
    table: SweepTable,
    found: Estimate,
    target: str,
    lowering: str,
    workers: int = 0,
) -> Plan:
    """`auto` becomes the fastest target that this machine has. `workers` are processes at a time, 0
    for as many as there are cores."""
    times = Times(found, work_of(experiment, found), lowering == "namespace")
    workers = workers or usable_cores()
    memory = available_memory()
    cuts = {name: times.shards(name, workers, memory) for name in TARGETS}
    predicted = {name: times.seconds(name, cuts[name], workers) for name in TARGETS}
    chosen = target
    if target == "auto":
        compiles = shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")
        # Of one process: the last bits must not depend on how many there are.
        alone = {name: times.seconds(name, 1, 1) for name in TARGETS}
        short = found.steps is not None and alone["numpy"] <= alone["cpp_standalone"]
        chosen = "numpy" if short or not compiles else "cpp_standalone"
    shards, seconds = cuts[chosen], found.seconds
    workers = min(workers, shards)
    synapses = ", ".join(
        f"{p.name} {'at most ' if p.at_most else ''}{p.count:,.0f}" for p in found.connections
    )
    lines = (
        ("model", experiment.model),
        ("blocks", f"{table.rows:,}"),
        ("columns", ", ".join(table.columns) or "-"),
        ("neurons", f"{found.neurons:,.0f}"),
        ("synapses", f"{found.synapses:,.0f}" + (f" ({synapses})" if synapses else "")),
        ("simulated time", UNKNOWN if seconds is None else f"{seconds:g} s"),
        ("time step", f"{experiment.dt:g} s"),
        *(
            (f"integration of {name}", words)
            for name, words in methods_in_words(methods_of(experiment))
        ),
        ("recorded rows", UNKNOWN if seconds is None else f"about {found.recorded_rows:,.0f}"),
        ("memory", f"about {size_of(found.memory_bytes)}"),
        ("results", UNKNOWN if seconds is None else f"about {size_of(found.result_bytes)}"),
        ("target", chosen),
        ("shards", f"{shards:,}, {workers:,} at a time" if shards > 1 else "1"),
    )
    return Plan(
        experiment.model,
        chosen,
        table.rows,
        shards,
        times.most,
        workers,
        times,
        lines,
        {} if seconds is None else predicted,
    )


def in_words(seconds: float) -> str:
    """A rough time, such as `about 40 s` or `about 3 h`."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"about {seconds / size:.2g} {unit}"
    return f"about {max(1, round(seconds))} s"
