"""What a run would do, and how long it would take on each target."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace

from .check.costs import Estimate, Part
from .dataclass import dataclass
from .ir import Connection, Experiment, Layer
from .lower.integration import in_words as methods_in_words
from .lower.integration import methods_of
from .machine.cores import usable_cores
from .machine.memory import available_memory, size_of
from .sweep.table import SweepTable

TARGETS = ("numpy", "cython", "cpp_standalone")
DRAWN = "draw__"  # a function of ours that makes a draw


@dataclass(frozen=True)
class Work:
    """The work of a run. `objects` are the Brian2 objects that act in each step, with `equations`
    to integrate. `runs` counts the steps in which the code of a pathway runs; `draws` counts those
    in which a threshold draws random numbers. Everything else is summed over all blocks and the
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
    draws: float = 0.0


def work_of(experiment: Experiment, found: Estimate) -> Work:
    """The work of a run. A sound of unknown length is taken to be long."""
    steps = UNKNOWN_STEPS if found.steps is None else found.steps
    work = Work(
        objects=len(experiment.relays),
        equations=0,
        steps=steps,
        synapses=found.synapses,
        rows=found.recorded_rows,
    )
    layers = {p.name: p for p in found.layers}
    synapses = {p.name: p.count for p in found.connections}
    for layer in experiment.layers:
        work = _with_layer(work, layer, layers[layer.name].count, steps * found.dt)
    for connection in experiment.connections:
        work = _with_connection(work, connection, layers, synapses[connection.name], found.dt)
    return work


def _with_layer(work: Work, layer: Layer, count: float, seconds: float) -> Work:
    group = layer.group
    if layer.kind != "neurons" or group is None:
        heard = seconds * count if layer.kind == "driven" else 0.0
        return replace(work, objects=work.objects + 1, heard=work.heard + heard)
    odes = sum(e.kind == "differential" for e in group.equations)
    draws = group.threshold is not None and DRAWN in group.threshold
    return replace(
        work,
        objects=work.objects + 1 + 2 * (group.threshold is not None) + len(group.events),
        equations=work.equations + odes,
        neurons=work.neurons + work.steps * count * max(1, odes),
        draws=work.draws + work.steps * draws,
    )


def _with_connection(
    work: Work, connection: Connection, layers: Mapping[str, Part], synapses: float, dt: float
) -> Work:
    each_step = len(connection.summed) + sum(
        e.kind == "differential" and "event-driven" not in e.flags for e in connection.equations
    )
    acting = len(connection.pathways) + len(connection.summed)
    runs = events = 0.0
    for pathway in connection.pathways:
        side = layers[getattr(connection, pathway.side)]
        runs -= work.steps * math.expm1(-side.rate * side.count * dt)
        events += side.rate * work.steps * dt * synapses
    return replace(
        work,
        objects=work.objects + acting + (connection.integration is not None),
        equations=work.equations + each_step,
        stepwise=work.stepwise + work.steps * synapses * each_step,
        runs=work.runs + runs,
        events=work.events + events,
    )


@dataclass(frozen=True)
class Speed:
    """Seconds of processor time: to start a process, and for it to begin another shard; for Python
    and for the compilers to build a program, and more of both per object; per object and per
    equation in each step; and per unit of each other kind of work. What was heard is kept for later
    runs and all shards. `uncached`: how many times longer neurons and synapses take if their state
    is larger than CACHED."""

    start: float
    again: float
    build: float
    build_object: float
    compile: float
    compile_object: float
    object_step: float
    equation_step: float
    run: float
    neuron: float
    stepwise: float
    event: float
    synapse: float
    row: float
    heard: float
    draw: float
    uncached: float


# Fitted to measurements of `python -m tests.benchmarks.plans` with Brian2 2.9, on a machine of
# PACE.
SPEEDS = {
    "numpy": Speed(
        start=2.0,
        again=2.0,
        build=0,
        build_object=0,
        compile=0,
        compile_object=0,
        object_step=9e-6,
        equation_step=1.6e-5,
        run=7e-5,
        neuron=8e-9,
        stepwise=2.5e-8,
        event=4e-8,
        synapse=1e-6,
        row=2e-7,
        heard=0.12,
        draw=7e-5,
        uncached=1,
    ),
    "cython": Speed(
        start=2.0,
        again=2.0,
        build=1,
        build_object=6.8,
        compile=0,
        compile_object=0,
        object_step=4e-6,
        equation_step=3e-6,
        run=1e-4,
        neuron=1e-8,
        stepwise=1e-8,
        event=2e-7,
        synapse=1e-6,
        row=2e-7,
        heard=0.03,
        draw=1e-6,
        uncached=1,
    ),
    "cpp_standalone": Speed(
        start=0.5,
        again=0.1,
        build=1.3,
        build_object=0.03,
        compile=2.5,
        compile_object=0.08,
        object_step=5e-8,
        equation_step=0,
        run=3.5e-6,
        neuron=1e-9,
        stepwise=1.5e-9,
        event=1e-8,
        synapse=2.5e-7,
        row=7e-8,
        heard=0.007,
        draw=0,
        uncached=1.6,
    ),
}
PACE = 0.0042
"""Seconds that `pace` takes on the machine of these measurements."""
COMMAND = 0.5
"""Seconds that the command itself takes, whatever it runs."""
WORTH = 2.0
"""Seconds that several processes must save."""
SHARD_BYTES = 250e6
"""Of a shard, as counted by `costs`; a worker takes a few times as much."""
CACHED = 64e6
"""Bytes of a shard's neurons and synapses, as counted by `costs`, up to which the size does not
slow a program down. With 118 MB, each took a fifth longer; with 236 MB, two thirds longer."""
UNKNOWN_STEPS = 600_000
UNKNOWN = "depends on the sound"


@dataclass(frozen=True)
class Plan:
    """The chosen target, how the blocks are cut into shards, the largest number of shards, how many
    run at a time, the time this takes, lines of (what, how much), and the time on each target (s),
    if known."""

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
        """Times are for this machine at its present speed."""
        slower = pace() / PACE
        times = ", ".join(f"{t} {in_words(slower * s)}" for t, s in self.seconds.items())
        if compiling := self.times.build(self.target):
            times += f" ({in_words(slower * compiling)} of it to compile, unless that is kept)"
        lines = *self.lines, ("estimated time", times if self.seconds else UNKNOWN)
        width = max(len(name) for name, _ in lines)
        return "".join(f"{name:<{width}}  {value}\n" for name, value in lines)


def pace() -> float:
    """Seconds for a hundred thousand additions: the least of several, because other processes come
    and go."""
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
    """How long a run would take. `anew`: each shard is compiled separately. With two or more
    `cores`, two compilers work at a time, and the first process starts beside the command."""

    found: Estimate
    work: Work
    anew: bool
    cores: int = 2

    @property
    def most(self) -> int:
        """The largest possible number of shards."""
        return 1 if self.found.coupled else self.found.blocks

    def build(self, target: str) -> float:
        """Seconds to compile what may already be cached. A plan does not check that: the last bits
        of a run depend on its target, which must not depend on earlier runs."""
        speed = SPEEDS[target]
        python = speed.build + speed.build_object * self.work.objects
        compilers = speed.compile + speed.compile_object * self.work.objects
        return python + compilers / min(2, self.cores)

    def seconds(self, target: str, shards: int, workers: int, built: bool = False) -> float:
        """With shards that run several at a time, each on its own core. `built`: the program and
        what was heard are cached from an earlier run."""
        speed, work = SPEEDS[target], self.work
        rounds = math.ceil(shards / workers)
        state = sum(p.bytes for p in (*self.found.layers, *self.found.connections))
        each_step = speed.neuron * work.neurons + speed.stepwise * work.stepwise
        shared = (each_step + speed.event * work.events) * (
            speed.uncached if state > shards * CACHED else 1
        )
        shared += speed.synapse * work.synapses + speed.row * work.rows
        fixed = speed.object_step * work.objects + speed.equation_step * work.equations
        each = fixed * work.steps + speed.run * work.runs
        each += speed.draw * work.draws + shared / shards
        once = COMMAND if self.cores == 1 else max(0.0, COMMAND - speed.start)
        once += 0 if built else speed.heard * work.heard
        builds = 0 if built else rounds if self.anew else 1
        # Only a process without Brian2, which a program does without, runs several shards.
        once += speed.start + (speed.start if self.anew else speed.again) * (rounds - 1)
        return once + builds * self.build(target) + rounds * each

    def shards(self, target: str, workers: int, memory: float) -> int:
        """As many shards as cost at most a tenth more than the fastest number, because finished
        shards survive an interruption; one if more would gain nothing; more if one would not fit
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
    """`auto` becomes the fastest target on this machine. `workers` is the number of processes at a
    time, 0 for one per core."""
    cores = usable_cores()
    times = Times(found, work_of(experiment, found), lowering == "namespace", cores)
    workers = workers or cores
    memory = available_memory()
    cuts = {name: times.shards(name, workers, memory) for name in TARGETS}
    predicted = {name: times.seconds(name, cuts[name], workers) for name in TARGETS}
    chosen = target
    if target == "auto":
        compiles = shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")
        # For one process and two cores: the last bits must not depend on how many there are.
        usual = replace(times, cores=2)
        alone = {name: usual.seconds(name, 1, 1) for name in TARGETS}
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
