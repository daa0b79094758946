"""What a run would do, and how long it would take on each target."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass

from .check.costs import Estimate
from .check.limits import available_memory, size_of
from .execution.machine import usable_cores
from .ir import Experiment
from .sweep import SweepTable

TARGETS = ("numpy", "cython", "cpp_standalone")


@dataclass(frozen=True)
class Speed:
    """Seconds: to import and build, per step of a group or of synapses, per step of a neuron."""

    start: float
    build_part: float
    part: float
    neuron: float


# Measured on two cores with Brian2 2.9 (the starter spec, and the network of tests/benchmarks).
SPEEDS = {
    "numpy": Speed(3.0, 0.0, 3e-5, 2e-8),
    "cython": Speed(3.0, 6.0, 2e-5, 6e-9),
    "cpp_standalone": Speed(8.0, 0.8, 3e-7, 4e-9),
}


PROCESS = 1.5
"""Seconds that a shard costs besides its simulation, once the program is there."""
WORTH = 2.0
"""Seconds that several processes must save."""
SHARD_BYTES = 250e6
"""Of a shard, as `costs` counts them; a worker holds a few times that."""
UNKNOWN_STEPS = 600_000


@dataclass(frozen=True)
class Plan:
    """The target that was chosen, how the blocks are cut into shards, of how many at most, how many
    of these run at a time, and lines of (what, how much)."""

    model: str
    target: str
    blocks: int
    shards: int
    most: int
    workers: int
    lines: tuple[tuple[str, str], ...]

    def render(self) -> str:
        width = max(len(name) for name, _ in self.lines)
        return "".join(f"{name:<{width}}  {value}\n" for name, value in self.lines)


@dataclass(frozen=True)
class Times:
    """How long a run of `parts` groups and synapses would take; what hears a sound of unknown
    length is taken to be long. `anew`: each shard is compiled for itself."""

    found: Estimate
    parts: int
    anew: bool

    @property
    def most(self) -> int:
        """Shards that there can be."""
        return 1 if self.found.coupled else self.found.blocks

    def seconds(self, target: str, shards: int, workers: int) -> float:
        """With shards that run some at a time."""
        speed, found = SPEEDS[target], self.found
        steps = UNKNOWN_STEPS if found.steps is None else found.steps
        rounds = math.ceil(shards / workers)
        build = speed.start + self.parts * speed.build_part
        each = steps * (self.parts * speed.part + found.neurons / shards * speed.neuron)
        return build + rounds * each + (rounds - 1) * (build if self.anew else PROCESS)

    def shards(self, target: str, workers: int, memory: float) -> int:
        """As many shards as cost at most a tenth more than the fastest number, for what finishes
        survives an interruption; one where more would gain nothing; more where one would not fit
        into memory (bytes) beside the others."""
        most = self.most
        numbers = [1, *(workers * 2**k for k in range(12) if workers * 2**k <= most)]
        time = {n: self.seconds(target, n, workers) for n in numbers}
        best = min(time.values())
        chosen = 1
        if time[1] > best + WORTH:
            chosen = max(n for n in numbers if time[n] <= 1.1 * best)
        fitting = self.found.memory_bytes / min(SHARD_BYTES, memory / (4 * workers))
        if fitting > chosen:
            chosen = math.ceil(fitting / workers) * workers
        return max(1, min(chosen, most))


def make_plan(
    experiment: Experiment, table: SweepTable, found: Estimate, target: str, lowering: str,
    workers: int = 0,
) -> Plan:  # fmt: skip
    """`auto` becomes the fastest target that this machine has. `workers` are processes at a time, 0
    for as many as there are cores."""
    parts = 2 * len(experiment.layers) + 3 * len(experiment.connections)
    time = Times(found, parts, lowering == "namespace")
    workers = workers or usable_cores()
    memory = available_memory()
    cuts = {name: time.shards(name, workers, memory) for name in TARGETS}
    times = {name: time.seconds(name, cuts[name], workers) for name in TARGETS}
    chosen = target
    if target == "auto":
        compiles = shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")
        # Of one process: the last bits must not depend on how many there are.
        alone = {name: time.seconds(name, 1, 1) for name in TARGETS}
        short = found.steps is not None and alone["numpy"] <= alone["cpp_standalone"]
        chosen = "numpy" if short or not compiles else "cpp_standalone"
    shards, seconds, unknown = cuts[chosen], found.seconds, "depends on the sound"
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
        ("simulated time", unknown if seconds is None else f"{seconds:g} s"),
        ("time step", f"{experiment.dt:g} s"),
        ("recorded rows", unknown if seconds is None else f"about {found.recorded_rows:,.0f}"),
        ("memory", f"about {size_of(found.memory_bytes)}"),
        ("results", unknown if seconds is None else f"about {size_of(found.result_bytes)}"),
        ("estimated time", unknown if seconds is None else ", ".join(
            f"{name} {in_words(time)}" for name, time in times.items())),
        ("target", chosen),
        ("shards", f"{shards:,}, {workers:,} at a time" if shards > 1 else "1"),
    )  # fmt: skip
    return Plan(experiment.model, chosen, table.rows, shards, time.most, workers, lines)


def in_words(seconds: float) -> str:
    """A rough time, such as `about 40 s` or `about 3 h`."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"about {seconds / size:.2g} {unit}"
    return f"about {max(1, round(seconds))} s"
